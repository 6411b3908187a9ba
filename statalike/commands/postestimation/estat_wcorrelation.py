"""``estat wcorrelation``: correlations within a cluster ([ME] estat wcorrelation)."""

from __future__ import annotations

import re

import numpy as np

from statalike.commands.data.list import cells
from statalike.commands.estimation.linear_mixed import (
    LinearMixedDescription,
    covariance_matrices,
    residual_parameters,
    residual_variance,
)
from statalike.commands.estimation.random_categories import (
    RandomCategories,
    whole_covariance,
)
from statalike.commands.postestimation.correlations import correlations
from statalike.commands.postestimation.estat_mixed import active_mixed
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.formats import Format, format_value
from statalike.design.design import Design
from statalike.engine.linear.whitening import residual_covariance
from statalike.errors import StataError, invalid_syntax
from statalike.evaluation import StateContext, estimation_sample
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression
from statalike.output.listing import ListColumn, ListOptions, listing
from statalike.output.matrix_display import RuledMatrix, ruled_matrix
from statalike.output.styled import Line
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

_AT = re.compile(r"(\w+)\s*=\s*([^,\s]+)\s*,?\s*")


@command(
    "estat wcorrelation",
    "estat wcor",
    syntax="[, at(string) all COVariance LIst Format(string) NOSORT]",
    unsupported="ITERate(integer 50) TOLerance(real 1e-6) NRTOLerance(real 1e-5) NONRTOLerance "
    "TITle(string) NOBLank LINEs(string) ROWtitle(string) TWidth(integer 12)",
    help="standard deviations and correlations within a cluster",
    section="Postestimation",
)
def estat_wcorrelation(state: State, arguments: Arguments) -> None:
    description = active_mixed(state, "wcorrelation")
    sample = estimation_sample(state)
    if sample is None:
        raise StataError(459, "estimation sample not found")
    everything = bool(arguments.options.get("all"))
    at = str(arguments.options.get("at") or "")
    if everything and at:
        raise StataError(198, "options at() and all may not be combined")
    data = state.data
    if everything:
        rows, where = np.flatnonzero(sample), ""
    else:
        values = (
            _read_at(state, at, description) if at else _first_cluster(data, description, sample)
        )
        rows = np.flatnonzero(sample & _matching(data, values))
        if not len(rows):
            raise StataError(2000, "no observations")
        path = ", ".join(f"{name} = {_shown(data, name, v)}" for name, v in values.items())
        where = f" for {path}" if path else ""
    if not arguments.options.get("nosort"):
        rows = _sorted(data, description, rows)
    covariance, G, Z, R = marginal_covariance(state.e, description, data, rows)
    spread = np.sqrt(np.diag(covariance))
    display_format = str(arguments.options.get("format") or "%6.3f")
    Format.parse(display_format)
    console, linesize = state.console, state.settings.linesize
    numbers = [str(i) for i in range(1, len(rows) + 1)]
    results = Results()
    names = tuple(Stripe("", number) for number in numbers)

    def show(values: np.ndarray, labels: list[str], *, lower: bool) -> None:
        console.print_lines(
            ruled_matrix(
                RuledMatrix(
                    values, labels, numbers, "obs", display_format, lower=lower, rule_to_end=True
                ),
                linesize,
            )
        )

    if arguments.options.get("covariance"):
        console.print(f"\nCovariances{where}:\n")
        show(covariance, numbers, lower=True)
        results.matrices["Cov"] = NamedMatrix.square(covariance, names)
    else:
        console.print(f"\nStandard deviations and correlations{where}:\n")
        console.print("Standard deviations:\n")
        show(spread[None, :], ["sd"], lower=False)
        console.print("\nCorrelations:\n")
        show(correlations(covariance), numbers, lower=True)
        results.matrices["sd"] = NamedMatrix(spread[None, :], (Stripe("", "sd"),), names)
        results.matrices["Corr"] = NamedMatrix.square(correlations(covariance), names)
    if arguments.options.get("list"):
        console.print("\nData:\n")
        console.print_lines(_data(state, description, rows))
    results.matrices["G"] = NamedMatrix.plain(G)
    results.matrices["Z"] = NamedMatrix.plain(Z)
    results.matrices["R"] = NamedMatrix.square(R, names)
    state.r = results


def _data(state: State, description: LinearMixedDescription, rows: np.ndarray) -> list[Line]:
    """The chosen observations' level variables, outcome and covariates, numbered from 1."""
    names = [name for name in description.level_names if name != "_all"]
    names += [*description.outcome.variables, *description.fixed.variables]
    names += description.random_variables
    columns = [ListColumn(name, cells(state, name, rows)) for name in dict.fromkeys(names)]
    options = ListOptions(linesize=state.settings.linesize)
    return list(listing(columns, range(1, len(rows) + 1), options))


def _shown(data: Dataset, name: str, value: float | str) -> str:
    return format_value(value, data.variable(name).format).strip()


def _read_at(
    state: State, text: str, description: LinearMixedDescription
) -> dict[str, float | str]:
    values: dict[str, float | str] = {}
    position = 0
    text = text.strip()
    while position < len(text):
        found = _AT.match(text, position)
        if not found:
            raise invalid_syntax()
        name = state.data.unabbreviate(found[1])
        if name not in description.level_names:
            raise StataError(198, f"{found[1]} is not a level variable in this model")
        values[name] = evaluate_scalar(parse_expression(found[2]), StateContext(state))
        position = found.end()
    return values


def _first_cluster(
    data: Dataset, description: LinearMixedDescription, sample: np.ndarray
) -> dict[str, float | str]:
    """The values of the level variables at the first observation used."""
    first = int(np.argmax(sample))
    names = [name for name in description.level_names if name != "_all"]
    return {name: data.variable(name).value(first) for name in names}


def _matching(data: Dataset, values: dict[str, float | str]) -> np.ndarray:
    matches = np.ones(data.n, dtype=bool)
    for name, value in values.items():
        variable = data.variable(name)
        if variable.is_string != isinstance(value, str):
            raise StataError(109, "type mismatch")
        column = variable.strings() if variable.is_string else variable.numbers()
        matches &= np.asarray(column == value, dtype=bool)
    return matches


def _sorted(data: Dataset, description: LinearMixedDescription, rows: np.ndarray) -> np.ndarray:
    keys = [
        data.variable(name).values[rows]
        for name in reversed(description.level_names)
        if name != "_all"
    ]
    return rows[np.lexsort(keys)] if keys else rows


def marginal_covariance(
    results: Results, description: LinearMixedDescription, data: Dataset, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """``Z G Z' + R`` of the outcomes in the chosen rows, with G, Z and R.

    Columns of Z are the random effects of each group that the rows meet, outermost level first;
    of the categories of a variable, those that they meet.
    """
    columns: list[np.ndarray] = []
    blocks: list[np.ndarray] = []
    same = np.zeros(len(rows), dtype=np.intp)
    named = dict(description.levels)
    matrices = dict(zip(named, covariance_matrices(results, description), strict=True))
    for name in description.level_names:
        if name != "_all":
            code = np.unique(data.variable(name).values[rows], return_inverse=True)[1]
            same = np.unique(same * (code.max() + 1) + code, return_inverse=True)[1]
        if name not in named:
            continue
        for equation, matrix in zip(named[name], matrices[name], strict=True):
            if isinstance(equation, RandomCategories):
                code = np.unique(data.numbers(equation.variable)[rows], return_inverse=True)[1]
                cells, cell = np.unique(same * len(rows) + code, return_inverse=True)
                columns.append(np.eye(len(cells))[cell])
                met = np.bincount(cells // len(rows))
                blocks += [whole_covariance(matrix, int(count)) for count in met]
                continue
            covariates = Design(equation.columns).matrix(data, rows)
            for group in range(int(same.max()) + 1):
                columns.append(covariates * (same == group)[:, None])
                blocks.append(matrix)
    size = sum(len(block) for block in blocks)
    G = np.zeros((size, size))
    start = 0
    for block in blocks:
        G[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    Z = np.hstack(columns) if columns else np.zeros((len(rows), 0))
    R = residual_variance(results) * np.eye(len(rows))
    if description.residuals is not None:
        codes = [_codes(data, name, rows) for name in description.level_names]
        errors = description.residuals.errors(data, rows, codes)
        values = residual_parameters(results)
        R = residual_covariance(errors, values[1:], residual_variance(results), len(rows))
    return Z @ G @ Z.T + R, G, Z, R


def _codes(data: Dataset, name: str, rows: np.ndarray) -> np.ndarray:
    if name == "_all":
        return np.zeros(len(rows), dtype=np.intp)
    return np.unique(data.variable(name).values[rows], return_inverse=True)[1]
