"""statalike on one workload, fitting in turns: the whole command, or its engine alone.

``python -m benchmarks.statalike_fits command WORKLOAD`` types the command at a session
that has the data in memory; timed is everything from parsing the line to the last character of
the table, which is kept from the terminal.  ``engine`` in place of ``command`` times the fit from
arrays: outcome, design matrices, integer group codes.  Both are started by `benchmarks.run`.
"""

import contextlib
import importlib
import io
import sys

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from benchmarks.generalized_models import model_of
from benchmarks.generalized_workloads import GeneralizedWorkload
from benchmarks.linear_workloads import Workload
from benchmarks.turns import Fit, serve
from benchmarks.workloads import WORKLOADS, AnyWorkload
from statalike import __version__
from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.generalized.fit import GeneralizedFitOptions, fit_generalized_mixed_model
from statalike.engine.linear.crossed_fit import fit_crossed_effects_model
from statalike.engine.linear.crossed_model import (
    CrossedEffectsModel,
    CrossedLevel,
    RandomFactor,
)
from statalike.engine.linear.fit import fit_linear_mixed_model
from statalike.engine.linear.group_scores import group_scores
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.linear.small_sample import small_sample_inference
from statalike.engine.linear.weights import TotalWeights
from statalike.engine.nested_groups import nested_groups
from statalike.engine.residual_structures import AutoregressiveResiduals
from statalike.engine.robust_variance import robust_variance


def command(workload: AnyWorkload) -> Fit:
    """The command at a session that has read the data."""
    session = importlib.import_module("statalike").Session()
    with contextlib.redirect_stdout(io.StringIO()):
        session.run(f'use "{workload.dta}", clear')
        if isinstance(workload, GeneralizedWorkload) and workload.preparation:
            session.run(workload.preparation)

    def fit() -> float:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            session.run(workload.command)
        return float(session.e["ll"])

    return fit


Arrays = dict[str, np.ndarray]


def columns_of(data: pd.DataFrame) -> Arrays:
    return {str(name): data[name].to_numpy(dtype=np.float64) for name in data}


def design(columns: Arrays, names: tuple[str, ...]) -> np.ndarray:
    """A design matrix; the constant is the last column of every design, as in Stata."""
    ones = np.ones(len(columns["y"]))
    return np.asfortranarray(np.column_stack([*(columns[name] for name in names), ones]))


def nested_model_of(workload: Workload, data: pd.DataFrame) -> LinearMixedModel:
    """The arrays of a workload with nested levels."""
    columns = columns_of(data)

    def level(group: str, slope: str | None) -> Level:
        structure = Unstructured(2) if slope else Identity(1)
        effects = RandomEffects(design(columns, (slope,) if slope else ()), structure)
        return Level(columns[group].astype(np.int64), (effects,))

    *outer, inner = workload.groups
    levels = [*(level(group, None) for group in outer), level(inner, workload.slope)]
    weights = None
    if workload.weights:
        totals = [np.multiply.reduce([columns[w] for w in workload.weights])]
        for position in range(1, len(workload.weights)):
            totals.append(np.multiply.reduce([columns[w] for w in workload.weights[position:]]))
        weights = TotalWeights(totals[0], tuple(totals[:0:-1]))
    errors = None
    if workload.time:
        family = ResidualFamily(AutoregressiveResiduals(1))
        groups = tuple(one.groups for one in levels)
        errors = ResidualErrors(family, groups, columns[workload.time])
    fixed = design(columns, workload.fixed)
    return LinearMixedModel(columns["y"], fixed, tuple(levels), errors, weights)


def crossed_model_of(workload: Workload, data: pd.DataFrame) -> CrossedEffectsModel:
    """The arrays of crossed random intercepts, the innermost as a level of its own."""
    columns = columns_of(data)
    *factors, inner = (columns[group].astype(np.int64) - 1 for group in workload.groups)
    everything = np.zeros(len(data), dtype=np.int64)
    effects = tuple(RandomFactor(codes, Identity(int(codes.max()) + 1)) for codes in factors)
    intercept = RandomEffects(design(columns, ()), Identity(1))
    levels = CrossedLevel(everything, effects), CrossedLevel(inner, (intercept,))
    return CrossedEffectsModel(columns["y"], design(columns, workload.fixed), levels)


def generalized_engine(workload: GeneralizedWorkload) -> Fit:
    """The fit of a generalized model with standard errors, from arrays."""
    model, constant = model_of(workload, pd.read_stata(workload.dta))
    method = "laplace" if workload.points == 1 else "mvaghermite"
    options = GeneralizedFitOptions(method, workload.points)  # type: ignore[arg-type]

    def fit() -> float:
        result = fit_generalized_mixed_model(model, options, constant)
        if not result.converged:
            raise RuntimeError("not converged")
        return result.log_likelihood

    return fit


def engine(workload: AnyWorkload) -> Fit:
    """The fit with standard errors, from arrays; robust ones of weighted data, and degrees of
    freedom if they are wanted.
    """
    if isinstance(workload, GeneralizedWorkload):
        return generalized_engine(workload)
    data = pd.read_stata(workload.dta)
    if workload.crossed:
        return crossed_engine(crossed_model_of(workload, data), workload.restricted)
    model = nested_model_of(workload, data)
    highest = nested_groups([level.groups for level in model.levels]).group(0)

    def fit() -> float:
        result = fit_linear_mixed_model(model, "reml" if workload.restricted else "ml")
        if not result.converged:
            raise RuntimeError("not converged")
        if workload.df_method:
            inference = small_sample_inference(
                model,
                result.covariances,
                result.residual_variance,
                likelihood=result.likelihood,
            )
            inference.degrees_of_freedom(np.eye(len(result.coefficients)))
        if workload.weights:
            scores = group_scores(model, result.coefficients, result.estimates, highest)
            bread = block_diag(result.coefficient_covariance, result.parameter_covariance)
            robust_variance(bread, scores)
        return float(result.log_likelihood)

    return fit


def crossed_engine(model: CrossedEffectsModel, restricted: bool) -> Fit:
    """The same of crossed effects."""

    def fit() -> float:
        result = fit_crossed_effects_model(model, "reml" if restricted else "ml")
        if not result.converged:
            raise RuntimeError("not converged")
        return float(result.log_likelihood)

    return fit


PARTS = {"command": command, "engine": engine}


def main() -> None:
    part, name = sys.argv[1], sys.argv[2]
    serve(__version__, PARTS[part](WORKLOADS[name]))


if __name__ == "__main__":
    main()
