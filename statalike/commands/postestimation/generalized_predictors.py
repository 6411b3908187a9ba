"""Linear predictors after a generalized mixed model, and how random effects enter them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from statalike.commands.estimation.generalized.description import GeneralizedDescription
from statalike.commands.postestimation.generalized_estimates import (
    estimated_point,
    spread_effects,
)
from statalike.commands.postestimation.predict import PredictRequest
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.engine.families.family import Array
from statalike.engine.generalized.posterior import Estimate, PosteriorRules
from statalike.errors import StataError
from statalike.results.stores import Results
from statalike.state import State

#: random effects at posterior means or modes, at zero, or integrated out
Conditioning = Literal["mean", "mode", "fixed", "marginal"]

_CONDITIONAL: dict[str, Conditioning] = {
    "ebmeans": "mean",
    "ebmodes": "mode",
    "fixedonly": "fixed",
}
_FLAGS: dict[str, Conditioning] = {
    "marginal": "marginal",
    "fixedonly": "fixed",
    "ebmeans": "mean",
    "means": "mean",
    "ebmodes": "mode",
    "modes": "mode",
}


def conditioning(request: PredictRequest, description: GeneralizedDescription) -> Conditioning:
    """How the options of a prediction say that random effects enter; r(198).

    The default is posterior means, after crossed effects, which have none, posterior modes.
    """
    chosen: set[Conditioning] = {kind for name, kind in _FLAGS.items() if request.flag(name)}
    given = request.arguments.options.get("conditional")
    if given and chosen:
        raise StataError(198, "only one of conditional() or marginal is allowed")
    if given and given is not True:
        chosen.add(_named(str(given).strip()))
    if len(chosen) > 1:
        raise StataError(198, "only one way to treat random effects is allowed")
    if not chosen:
        return "mode" if description.crossed else "mean"
    (kind,) = chosen
    if kind == "mean" and description.crossed:
        raise StataError(198, "posterior means not yet supported with crossed random effects")
    return kind


def _named(typed: str) -> Conditioning:
    for full, kind in _CONDITIONAL.items():
        if len(typed) >= 4 and full.startswith(typed):
            return kind
    raise StataError(198, f"conditional({typed}) not allowed")


def posterior_rules(request: PredictRequest) -> PosteriorRules:
    """The quadrature points of a prediction, those of the estimation without ``intpoints()``, and
    what ``tolerance()`` and ``iterate()`` say; r(198).
    """
    options = request.arguments.options
    points, tolerance, iterations = (
        options[name][0] if options.get(name) else None
        for name in ("intpoints", "tolerance", "iterate")
    )
    count = int(request.state.e.macros.get("n_quad", "7") if points is None else points)
    if not 1 <= count <= 195:
        raise StataError(198, "intpoints() must be between 1 and 195")
    return PosteriorRules(count, tolerance, None if iterations is None else int(iterations))


@dataclass(frozen=True)
class RandomPart:
    """Random effects as a prediction has them: how they enter, and by which quadrature."""

    kind: Conditioning
    rules: PosteriorRules


def fixed_predictor(request: PredictRequest, description: GeneralizedDescription) -> Array:
    """Xb with the offset, unless ``nooffset``, for every observation; missing where unknown."""
    state = request.state
    b = state.e.matrices["b"].values[0, : len(description.fixed.names)]
    matrix, missing = description.fixed.complete_matrix(state.data)
    values = matrix @ b[description.fixed.estimated]
    if description.offset and not request.flag("nooffset"):
        known = state.data.numbers(description.offset) < MISSING
        if description.exposure:
            known &= state.data.numbers(description.offset) > 0.0
        offset = description.offset_values(state.data, known)
        assert offset is not None
        values[known] += offset
        missing |= ~known
    return np.where(missing, MISSING, values)


def standard_error(state: State, description: GeneralizedDescription) -> Array:
    """The standard error of Xb for every observation (n,), missing where a covariate is."""
    estimated = np.flatnonzero(description.fixed.estimated)
    V = state.e.matrices["V"].values[np.ix_(estimated, estimated)]
    matrix, missing = description.fixed.complete_matrix(state.data)
    spread = np.sqrt(np.maximum(np.einsum("ij,ij->i", matrix @ V, matrix), 0.0))
    return np.where(missing, MISSING, spread)


def conditional_predictor(
    request: PredictRequest,
    description: GeneralizedDescription,
    random: RandomPart,
    shows_points: bool = True,
) -> Array:
    """Xb + Zu at the posterior means or modes, or without random effects; says so."""
    fixed = fixed_predictor(request, description)
    if random.kind == "fixed" or not description.levels:
        return fixed
    estimate: Estimate = "mode" if random.kind == "mode" else "mean"
    console = request.state.console
    console.print(
        f"(predictions based on fixed effects and posterior {estimate}s of random effects)"
    )
    if estimate == "mean" and shows_points:
        console.print(points_note(random.rules))
    missing = fixed >= MISSING
    total = np.where(missing, 0.0, fixed)
    for effect in spread_effects(request.state, description, estimate, random.rules):
        # A covariate of zero needs no effect.
        used = effect.covariate != 0.0
        absent = used & ((effect.values >= MISSING) | (effect.covariate >= MISSING))
        known = used & ~absent
        total[known] += effect.values[known] * effect.covariate[known]
        missing |= absent
    return np.where(missing, MISSING, total)


def points_note(rules: PosteriorRules) -> str:
    """What is said of a prediction made by quadrature."""
    return f"(using {rules.points} quadrature points)"


def prior_standard_deviation(state: State, description: GeneralizedDescription) -> Array:
    """The standard deviation ``sqrt(z'Dz)`` of Zu for every observation, missing where unknown."""
    data = state.data
    variance, missing = np.zeros(data.n), np.zeros(data.n, dtype=bool)
    for covariates, root in random_covariates(data, state.e, description):
        absent = np.any(covariates >= MISSING, axis=1)
        covariates[absent] = 0.0
        variance += np.sum((covariates @ root) ** 2, axis=1)
        missing |= absent
    return np.where(missing, MISSING, np.sqrt(variance))


def random_covariates(
    data: Dataset, results: Results, description: GeneralizedDescription
) -> list[tuple[Array, Array]]:
    """Covariates z (n, q) of random effects that vary together, and the Cholesky factor (q, q) of
    their covariance matrix."""
    found: list[tuple[Array, Array]] = []
    roots = iter(estimated_point(results, description).roots)
    for _, equations in description.levels:
        # Effects of crossed terms have a matrix for each equation, others for each level.
        parts = [(own,) for own in equations] if description.crossed else [equations]
        for part in parts:
            columns = [
                column.evaluate(data) if column is not None else np.ones(data.n)
                for equation in part
                for column in (equation.columns or (None,))
            ]
            found.append((np.stack(columns, axis=1), next(roots)))
    return found
