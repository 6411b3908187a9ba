"""``suest``: several regressions as one model, with a joint robust covariance ([R] suest).

The estimates of all models are stacked. With V the model-based covariances in blocks and u_i the
scores of observation i in all models, zero in those that do not use it, the joint covariance is
m / (m - 1) V (sum u_i u_i') V over m observations or clusters (White 1982; Weesie 1999).  A
regression contributes its coefficients, equation ``name_mean``, and the logarithm of its residual
variance, ``name_lnvar``, whose scores are x e / s^2 and (e^2 / s^2 - 1) / 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import linalg

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    equation_names,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import confidence_level, table_options
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.postestimation.regression_data import RegressionData, regression_data
from statalike.commands.postestimation.stored_estimates import estimates_named, expand_names
from statalike.commands.registry import command
from statalike.design.groups import group_codes
from statalike.engine.robust_variance import robust_variance
from statalike.errors import StataError, last_estimates_not_found
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.output.coefficient_table import (
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
    table_width,
)
from statalike.output.estimation_header import Entry, HeaderRow, cluster_line, compact_header
from statalike.output.number_columns import count_text
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@command(
    "suest",
    syntax="[anything] [, Robust VCE(string) Level(cilevel) cformat(string) pformat(string) "
    "sformat(string) noCI noPValues COEFLegend]",
    unsupported="SVY DIr EForm(string)",
    help="several regressions with a joint robust covariance",
    section="Postestimation",
)
def suest(state: State, arguments: Arguments) -> None:
    if not arguments.body:
        if state.e.macros.get("cmd") != "suest":
            raise last_estimates_not_found()
        _show(state, arguments.options)
        return
    names = expand_names(state, arguments.body.split())
    cluster = _cluster(state, arguments)
    models = [_regression(state, name) for name in names]
    sample = np.logical_or.reduce([model.sample for model in models])
    rows = np.flatnonzero(sample)
    values, blocks, scores, stripes = [], [], [], []
    for name, model in zip(names, models, strict=True):
        b, V, own = _parts(model, rows)
        values.append(b)
        blocks.append(V)
        scores.append(own)
        called = "_" if name == "." else name
        stripes += [Stripe(f"{called}_mean", s.name) for s in model.results.matrices["b"].columns]
        stripes.append(Stripe(f"{called}_lnvar", "_cons"))
    codes = None
    if cluster:
        codes = np.unique(group_codes(state.data, cluster, sample), return_inverse=True)[1].ravel()
    found = robust_variance(linalg.block_diag(*blocks), np.hstack(scores), codes)
    results = Results(
        scalars={"N": float(len(rows)), "rank": float(np.linalg.matrix_rank(found.covariance))},
        macros={
            "cmd": "suest",
            "cmdline": arguments.text,
            "names": " ".join(names),
            "vce": "cluster" if cluster else "robust",
            "vcetype": "Robust",
            "title": f"Simultaneous results for {', '.join(names)}",
            "properties": "b V",
        },
        matrices={
            "b": NamedMatrix.row(np.concatenate(values), tuple(stripes)),
            "V": NamedMatrix.square(found.covariance, tuple(stripes)),
        },
    )
    if cluster:
        results.macros["clustvar"] = cluster
        results.scalars["N_clust"] = float(found.units)
    state.e = results
    set_estimation_sample(state, sample)
    _show(state, arguments.options)


def _cluster(state: State, arguments: Arguments) -> str:
    """The variable of ``vce(cluster)``, or an empty text; r(198)."""
    words = (arguments.string("vce") or "").split()
    if not words or (len(words) == 1 and len(words[0]) > 0 and "robust".startswith(words[0])):
        return ""
    if len(words) == 2 and len(words[0]) >= 2 and "cluster".startswith(words[0]):
        return state.data.unabbreviate(words[1])
    raise StataError(198, f"vcetype {' '.join(words)} not allowed")


def _regression(state: State, name: str) -> RegressionData:
    """The data of a stored regression; r(322) for other estimators and variances."""
    results = estimates_named(state, name)
    producer = results.macros.get("cmd", "")
    if producer != "regress":
        raise StataError(322, f"{name}: suest after {producer} not yet supported")
    if results.macros.get("vce") != "ols" or "wtype" in results.macros:
        raise StataError(
            322,
            f"{name} was estimated with a nonstandard vce",
            hint="suest needs regressions without weights and with vce(ols)",
        )
    active = state.e
    try:
        state.e = results
        return regression_data(state, sample=True)
    finally:
        state.e = active


def _parts(model: RegressionData, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates (k,), their model-based covariance (k, k) and scores (n, k) of the chosen rows.

    Coefficients that were not estimated have neither variance nor scores.
    """
    results = model.results
    b, V = results.matrices["b"].values[0], results.matrices["V"].values
    variance = model.residual_variance
    residuals = np.where(model.sample, model.outcome - model.linear_prediction, 0.0)[rows]
    inside = model.sample[rows]
    scores = np.zeros((len(rows), len(b) + 1))
    estimated = np.flatnonzero(model.design.estimated)
    scores[:, estimated] = model.matrix[rows] * (residuals / variance)[:, None]
    scores[:, -1] = np.where(inside, (residuals**2 / variance - 1) / 2, 0.0)
    whole = linalg.block_diag(V, np.array([[2 / model.observations]]))
    return np.append(b, np.log(variance)), whole, scores


def _show(state: State, options: Mapping[str, Any]) -> None:
    results = state.e
    level = confidence_level(options, state.settings)
    state.r = Results(scalars={"level": level}, matrices={"table": result_table(results, level)})
    empty = emptiness(state.data, estimation_sample(state))
    table = CoefficientTable(
        tuple(
            CoefficientSection(coefficient_rows(results, equation, level, empty), equation)
            for equation in equation_names(results.matrices["b"])
        ),
        level=level,
        error_method="Robust",
        labels=value_labels(state.data),
    )
    display = table_options(options, state.settings)
    width = table_width(table, display)
    entry = Entry("Number of obs", count_text(results.scalars["N"]))
    console = state.console
    console.print()
    console.print_lines(compact_header([HeaderRow(results.macros["title"], entry)], width))
    console.print()
    if "clustvar" in results.macros:
        clusters = int(results.scalars["N_clust"])
        console.print_lines([cluster_line(clusters, results.macros["clustvar"], width)])
    console.print_lines(coefficient_table(table, display))
