"""``ereturn post``, ``repost`` and ``display``: estimates that a program made ([P] ereturn)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    equation_names,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import (
    DISPLAY_OPTIONS,
    confidence_level,
    table_options,
)
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.regress_display import exponentiated
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.errors import StataError, invalid_syntax, last_estimates_not_found
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.output.coefficient_table import (
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


def _matrix(state: State, name: str) -> NamedMatrix:
    found = state.memory.matrices.get(name)
    if found is None:
        raise StataError(111, f"matrix {name} not found")
    return found


def _vector(matrix: NamedMatrix) -> NamedMatrix:
    if matrix.shape[0] != 1:
        raise StataError(503, "conformability error", hint="e(b) is a row vector")
    return replace(matrix, rows=(Stripe("", "y1"),))


def _covariance(matrix: NamedMatrix, b: NamedMatrix) -> NamedMatrix:
    """A covariance matrix that fits e(b): r(503) by its size, r(507) by its names, r(505)."""
    if matrix.shape != (b.shape[1], b.shape[1]):
        raise StataError(503, "conformability error")
    if matrix.columns != b.columns or matrix.rows != b.columns:
        raise StataError(507, "name conflict")
    if not np.allclose(matrix.values, matrix.values.T, rtol=1e-8, atol=1e-300):
        raise StataError(505, "matrix not symmetric")
    return matrix


def _sample(state: State, name: str) -> np.ndarray:
    variable = state.data.variable(name)
    numbers = variable.numbers()
    return (numbers != 0) & (numbers < MISSING)


@command(
    "ereturn post",
    "ereturn po",
    syntax="[anything(equalok)] [, Depname(string) Obs(integer 0) Dof(real 0) Esample(varname) "
    "PROPerties(string) noCLEAR]",
    unsupported="FINDomitted BUILDfvinfo",
    help="make estimation results of a vector and a matrix",
)
def ereturn_post(state: State, arguments: Arguments) -> None:
    """``ereturn post [b [V]]``: the matrices move into a new e(), the sample becomes a mark."""
    names = arguments.body.split()
    if len(names) > 2:
        raise StataError(
            198, "constraints of ereturn post not yet supported" if len(names) == 3 else "invalid"
        )
    kept = state.e if arguments.flag("noclear") else Results()
    results = kept.copy()
    results.sample = None
    if names:
        b = _vector(_matrix(state, names[0]))
        results.matrices["b"] = b
        if len(names) == 2:
            results.matrices["V"] = _covariance(_matrix(state, names[1]), b)
    obs, dof = arguments.integer("obs"), arguments.number("dof")
    if arguments.typed("obs"):
        results.scalars["N"] = float(obs or 0)
    if arguments.typed("dof"):
        results.scalars["df_r"] = float(dof or 0)
    results.macros["properties"] = arguments.string("properties") or " ".join(
        ("b", "V")[: len(names)]
    )
    if arguments.string("depname"):
        results.macros["depvar"] = arguments.string("depname") or ""
    sample = arguments.string("esample")
    mask = None if sample is None else _sample(state, sample)
    state.e = results
    for name in names:
        state.memory.matrices.pop(name, None)
    if sample is not None and mask is not None:
        set_estimation_sample(state, mask)
        state.data.drop([sample])


@command(
    "ereturn repost",
    "ereturn repost",
    syntax="[anything(equalok)] [, Esample(varname) PROPerties(string) REName]",
    unsupported="FINDomitted BUILDfvinfo Resize",
    help="change the estimates in e()",
)
def ereturn_repost(state: State, arguments: Arguments) -> None:
    """``ereturn repost b = A V = C``: other values for what e() has; with ``rename`` names too."""
    if "b" not in state.e.matrices:
        raise last_estimates_not_found()
    words = arguments.body.replace("=", " = ").split()
    if len(words) % 3 or any(word != "=" for word in words[1::3]):
        raise invalid_syntax()
    given = dict(zip(words[0::3], words[2::3], strict=True))
    if not set(given) <= {"b", "V"}:
        raise invalid_syntax()
    results = state.e.copy()
    if "b" in given:
        b = _vector(_matrix(state, given["b"]))
        old = results.matrices["b"]
        if b.shape != old.shape:
            raise StataError(503, "conformability error")
        if b.columns != old.columns and not arguments.flag("rename"):
            raise StataError(507, "name conflict")
        results.matrices["b"] = b
        if "V" in results.matrices and "V" not in given:
            values = results.matrices["V"].values
            results.matrices["V"] = NamedMatrix.square(values, b.columns)
    if "V" in given:
        V = _covariance(_matrix(state, given["V"]), results.matrices["b"])
        results.matrices["V"] = V
    if arguments.string("properties"):
        results.macros["properties"] = arguments.string("properties") or ""
    state.e = results
    for name in given.values():
        state.memory.matrices.pop(name, None)
    sample = arguments.string("esample")
    if sample is not None:
        set_estimation_sample(state, _sample(state, sample))
        state.data.drop([sample])


@command(
    "ereturn display",
    "ereturn di",
    syntax=f"[, EForm(string) First NEQ(integer 0) {DISPLAY_OPTIONS}]",
    unsupported="PLUS",
    help="show the table of the estimates in e()",
)
def ereturn_display(state: State, arguments: Arguments) -> None:
    """The table of e(b) and e(V), by t with e(df_r); refreshes r(table)."""
    results = state.e
    if "b" not in results.matrices:
        raise last_estimates_not_found()
    if "V" not in results.matrices:
        k = results.matrices["b"].shape[1]
        shown = results.copy()
        shown.matrices["V"] = NamedMatrix.square(np.zeros((k, k)), results.matrices["b"].columns)
        results = shown
    options = arguments.options
    level = confidence_level(options, state.settings)
    state.r = Results(scalars={"level": level}, matrices={"table": result_table(results, level)})
    empty = emptiness(state.data, estimation_sample(state))
    names = equation_names(results.matrices["b"])
    if arguments.flag("first"):
        names = names[:1]
    elif arguments.integer("neq"):
        names = names[: arguments.integer("neq")]
    sections = []
    for name in names:
        rows = coefficient_rows(results, name, level, empty)
        if arguments.string("eform"):
            rows = tuple(exponentiated(row) for row in rows)
        sections.append(CoefficientSection(rows, title=name))
    table = CoefficientTable(
        tuple(sections),
        dependent=results.macros.get("depvar", ""),
        coefficient_title=arguments.string("eform") or "Coefficient",
        statistic_title="t" if "df_r" in results.scalars else "z",
        level=level,
        error_method=results.macros.get("vcetype", ""),
        labels=value_labels(state.data),
    )
    state.console.print_lines(coefficient_table(table, table_options(options, state.settings)))
