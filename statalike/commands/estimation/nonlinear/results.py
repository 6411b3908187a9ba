"""From a fitted nonlinear mixed model to e(), under the names of [ME] menl, Stored results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from statalike.commands.estimation.coefficient_rows import expanded
from statalike.commands.estimation.distributions import chi2_tail
from statalike.commands.estimation.mixed_results import rank_of_variance
from statalike.commands.estimation.nonlinear.description import (
    NonlinearDescription,
    hierarchy_text,
)
from statalike.commands.estimation.nonlinear.reported import reported_blocks, reported_stripes
from statalike.commands.estimation.nonlinear.residual_description import post_residuals
from statalike.commands.estimation.random_effects_rows import delta_method
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.engine.nonlinear.fit import NonlinearMixedFit
from statalike.output.estimation_header import GroupSummary
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results

GROUP_COLUMNS = ("N_g", "min", "avg", "max")


@dataclass(frozen=True)
class ModelTexts:
    """A model as it was typed, which reading it back from e() begins from.

    ``definitions`` and ``initial`` are the texts after the names; ``legend`` is how output shows
    the named expressions.
    """

    command_line: str
    mean: str
    definitions: Mapping[str, str]
    initial: Mapping[str, str]
    legend: Mapping[str, str]
    order: str = ""
    missing: bool = False


@dataclass(frozen=True)
class GroupSizes:
    """Observations per group of what a row of the grouping table is about."""

    name: str
    sizes: np.ndarray


@dataclass(frozen=True)
class ModelCounts:
    """Observations of a sample: all of them, and those whose outcome is missing."""

    observations: int
    missing: int = 0
    groups: Sequence[GroupSizes] = field(default_factory=tuple)


def stored_results(
    description: NonlinearDescription,
    fit: NonlinearMixedFit,
    counts: ModelCounts,
    texts: ModelTexts,
    data: Dataset,
) -> Results:
    """e() of ``menl``."""
    results = Results()
    _post_estimates(results, description, fit, counts)
    _post_groups(results, counts)
    _post_texts(results, description, texts)
    post_residuals(results, description.residuals)
    _post_model_test(results, description)
    scalars, macros = results.scalars, results.macros
    scalars["ll"] = fit.log_likelihood
    scalars["rank"] = float(rank_of_variance(results.matrices["V"].values))
    scalars["rc"] = 0.0 if fit.converged else 430.0
    scalars["converged"] = float(fit.converged)
    macros["cmd"] = "menl"
    macros["depvar"] = description.outcome
    method = fit.method.upper()
    macros["title"] = f"Mixed-effects {method} nonlinear regression"
    macros["method"] = "REML" if fit.method == "reml" else "MLE"
    macros["ivars"] = " ".join(dict.fromkeys(name for path in description.paths for name in path))
    macros["hierarchy"] = hierarchy_text(description.blocks)
    macros["revars"] = " ".join(description.effects)
    macros["chi2type"] = "Wald"
    macros["vce"] = "conventional"
    macros["opt"] = "lbates"
    macros["crittype"] = criterion(fit.method == "reml", bool(description.blocks))
    macros["properties"] = "b V"
    macros["estat_cmd"] = "menl_estat"
    macros["predict"] = "menl_p"
    macros["marginsok"] = "YHat MU PARAMeters"
    macros["marginsnotok"] = "Residuals RSTAndard REFfects"
    macros["marginsdefault"] = "predict(yhat fixedonly)"
    for deviations, suffix in ((True, "sd"), (False, "var")):
        blocks = reported_blocks(results, data, standard_deviations=deviations)
        k_f = len(description.fixed)
        names = (*results.matrices["b"].columns[:k_f], *reported_stripes(blocks))
        parameters = [parameter for block in blocks for parameter in block.parameters]
        values = np.array([parameter.estimate for parameter in parameters])
        jacobian = np.array([parameter.gradient for parameter in parameters])
        whole = results.matrices["V"].values.copy()
        whole[k_f:, k_f:] = delta_method(jacobian, whole[k_f:, k_f:])
        b = np.concatenate([results.matrices["b"].values[0, :k_f], values])
        results.matrices[f"b_{suffix}"] = NamedMatrix.row(b, names)
        results.matrices[f"V_{suffix}"] = NamedMatrix.square(whole, names)
    for level, covariances in enumerate(fit.covariances):
        of_level = [b for b in description.blocks if b.path == description.paths[level]]
        names = tuple(Stripe("", name) for block in of_level for name in block.effects)
        matrix = np.zeros((len(names), len(names)))
        start = 0
        for covariance in covariances:
            end = start + len(covariance)
            matrix[start:end, start:end] = covariance
            start = end
        results.matrices[f"cov_{level + 1}"] = NamedMatrix.square(matrix, names)
    return results


def criterion(restricted: bool, random_effects: bool) -> str:
    """What the iteration log calls the objective."""
    name = "log restricted-likelihood" if restricted else "log likelihood"
    return f"Linearization {name}" if random_effects else name.capitalize()


def _post_estimates(
    results: Results, description: NonlinearDescription, fit: NonlinearMixedFit, counts: ModelCounts
) -> None:
    b, variance = expanded(fit.fixed, fit.fixed_covariance, description.estimated)
    k_f, k_r = len(b), len(fit.estimates)
    names = description.stripes
    V = np.zeros((k_f + k_r, k_f + k_r))
    V[:k_f, :k_f] = np.where(np.isfinite(variance), variance, 0.0)
    V[k_f:, k_f:] = np.where(np.isfinite(fit.parameter_covariance), fit.parameter_covariance, 0.0)
    results.matrices["b"] = NamedMatrix.row(np.concatenate([b, fit.estimates]), names)
    results.matrices["V"] = NamedMatrix.square(V, names)
    fixed_equations = dict.fromkeys(name.equation for name in names[:k_f])
    random = fit.parameters[: sum(b.covariance().parameter_count for b in description.blocks)]
    variances = sum(parameter.kind == "lnsd" for parameter in random)
    results.scalars.update(
        {
            "N": float(counts.observations),
            "k": float(k_f + k_r),
            "k_f": float(k_f),
            "k_r": float(k_r),
            "k_rs": float(variances),
            "k_rc": float(len(random) - variances),
            "k_res": float(k_r - len(random)),
            "k_eq": float(len(dict.fromkeys(name.equation for name in names))),
            "k_feq": float(len(fixed_equations)),
            "k_req": float(len(description.paths)),
            "k_reseq": 1.0,
        }
    )
    if counts.missing:
        observed = float(counts.observations - counts.missing)
        results.scalars.update(
            {"N_nonmiss": observed, "N_miss": float(counts.missing), "N_ic": observed}
        )
        results.macros["key_N_ic"] = "nonmissing obs"


def _post_groups(results: Results, counts: ModelCounts) -> None:
    """e(hierstats): a row for each level, or for what else the grouping table tells of."""
    if not counts.groups:
        return
    rows = np.array(
        [[len(g.sizes), g.sizes.min(), g.sizes.mean(), g.sizes.max()] for g in counts.groups],
        dtype=float,
    )
    results.matrices["hierstats"] = NamedMatrix(
        rows,
        tuple(Stripe("", group.name) for group in counts.groups),
        tuple(Stripe("", name) for name in GROUP_COLUMNS),
    )


def group_summaries(results: Results) -> tuple[GroupSummary, ...]:
    """How the observations fall into groups, from e(hierstats)."""
    if "hierstats" not in results.matrices:
        return ()
    stored = results.matrices["hierstats"]
    return tuple(
        GroupSummary(stripe.name, int(row[0]), *(float(value) for value in row[1:]))
        for stripe, row in zip(stored.rows, stored.values, strict=True)
    )


def _post_texts(results: Results, description: NonlinearDescription, texts: ModelTexts) -> None:
    macros = results.macros
    macros["cmdline"] = texts.command_line
    macros["eq_depvar"] = texts.mean
    macros["expressions"] = " ".join(texts.legend)
    for name, text in texts.legend.items():
        macros[f"expr_{name}"] = text
    macros["defined"] = " ".join(texts.definitions)
    for name, text in texts.definitions.items():
        macros[f"define_{name}"] = text
    macros["tsinits"] = " ".join(texts.initial)
    for name, text in texts.initial.items():
        macros[f"tsinit_{name}"] = text
    macros["lagged"] = " ".join(description.specification.lagged)
    if texts.order:
        macros["tsorder"] = texts.order
    if texts.missing:
        macros["tsmissing"] = "tsmissing"
    for name in ("defined", "tsinits", "lagged"):
        if not macros[name]:
            del macros[name]


def _post_model_test(results: Results, description: NonlinearDescription) -> None:
    """The Wald test that all coefficients of linear forms but their constants are zero."""
    tested = np.array(
        [
            column is not None
            and not stripe.equation.startswith("/")
            and not (column.constant or column.omitted)
            for stripe, column in description.fixed
        ],
        dtype=bool,
    )
    slopes = np.flatnonzero(tested)
    chi2 = MISSING
    if len(slopes):
        b = results.matrices["b"].values[0, slopes]
        V = results.matrices["V"].values[np.ix_(slopes, slopes)]
        try:
            chi2 = float(b @ np.linalg.solve(V, b))
        except np.linalg.LinAlgError:
            chi2 = MISSING
    results.scalars["df_m"] = float(len(slopes))
    results.scalars["chi2"] = chi2
    results.scalars["p"] = chi2_tail(len(slopes), chi2) if chi2 < MISSING else MISSING
