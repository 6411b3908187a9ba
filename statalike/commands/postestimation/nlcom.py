"""``nlcom``: nonlinear combinations of coefficients by the delta method ([R] nlcom)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from statalike.commands.estimation.coefficient_rows import coefficient_rows, result_table
from statalike.commands.estimation.display_options import (
    confidence_level,
    table_options,
)
from statalike.commands.postestimation.hypotheses import residual_degrees_of_freedom
from statalike.commands.postestimation.nonlinear_functions import nonlinear_functions
from statalike.commands.registry import command
from statalike.data.names import check_name
from statalike.errors import StataError, last_estimates_not_found
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_expression, parse_expression_groups
from statalike.output.coefficient_table import (
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.output.styled import Line, line, result
from statalike.output.text_width import wrap_paragraph
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

NAME_COLUMN = 12


@command(
    "nlcom",
    syntax="[anything(equalok everything)] [, POST noHEader ITERate(integer 100) DF(real 0) "
    "Level(cilevel) noCI noPValues cformat(string) pformat(string) sformat(string) COEFLegend]",
    help="nonlinear combinations of coefficients",
    section="Postestimation",
)
def nlcom(state: State, arguments: Arguments) -> None:
    """``iterate()`` bounds the search for step sizes, of which exact derivatives need none."""
    if not arguments.body:
        if state.e.macros.get("cmd") != "nlcom":
            raise last_estimates_not_found()
        _show(state, state.e, arguments.options)
        return
    groups = parse_expression_groups(arguments.body)
    names = [name or f"_nl_{i}" for i, (name, _) in enumerate(groups, 1)]
    for name in names:
        check_name(name)
    if len(set(names)) < len(names):
        raise StataError(198, "expressions must have different names")
    texts = [text for _, text in groups]
    found = nonlinear_functions(state, [(parse_expression(text), text) for text in texts])
    stripes = tuple(Stripe("", name) for name in names)
    results = Results()
    results.matrices["b"] = NamedMatrix.row(found.values, stripes)
    covariance = found.covariance(state.e.matrices["V"].values)
    results.matrices["V"] = NamedMatrix.square(covariance, stripes)
    results.scalars["rank"] = float(np.linalg.matrix_rank(covariance, hermitian=True))
    if "N" in state.e.scalars:
        results.scalars["N"] = state.e.scalars["N"]
    if arguments.typed("df"):
        results.scalars["df_r"] = residual_degrees_of_freedom(state.e, arguments)
    results.macros["depvar"] = state.e.macros.get("depvar", "")
    _show(state, results, arguments.options, dict(zip(names, texts, strict=True)))
    if arguments.flag("post"):
        results.macros |= {"cmd": "nlcom", "properties": "b V", "title": "Nonlinear combinations"}
        results.sample = state.e.sample
        state.e = results


def _show(
    state: State,
    results: Results,
    options: Mapping[str, Any],
    expressions: Mapping[str, str] | None = None,
) -> None:
    """The expressions under their names, then the table; r() has what e() would have."""
    level = confidence_level(options, state.settings)
    table = result_table(results, level)
    state.r = results.copy()
    state.r.scalars["level"] = level
    state.r.matrices["table"] = table
    console, linesize = state.console, state.settings.linesize
    console.print()
    if expressions and not options.get("noheader"):
        for name, text in expressions.items():
            console.print_lines(named_expression(name, text, linesize))
        console.print()
    rows = coefficient_rows(results, "", level, lambda _: False)
    shown = CoefficientTable(
        (CoefficientSection(rows),),
        dependent=results.macros.get("depvar", ""),
        statistic_title="t" if "df_r" in results.scalars else "z",
        level=level,
    )
    console.print_lines(coefficient_table(shown, table_options(options, state.settings)))


def named_expression(name: str, text: str, linesize: int) -> list[Line]:
    """``       _nl_1: _b[x]/_b[z]``; what does not fit goes on below the expression."""
    first, *others = wrap_paragraph(text, max(linesize - NAME_COLUMN - 2, 20), 0)
    lines = [line(f"{name:>{NAME_COLUMN}}: ", result(first))]
    lines += [line(" " * (NAME_COLUMN + 2), result(row)) for row in others]
    return lines
