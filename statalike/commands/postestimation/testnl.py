"""``testnl``: Wald tests of nonlinear hypotheses ([R] testnl).

For the hypotheses R(b) = q with Jacobian G of R, the statistic is

    W = (R(b) - q)' (G V G')^{-1} (R(b) - q),

chi-squared with as many degrees of freedom as G V G' has rank; option ``df()`` makes it F.
"""

from __future__ import annotations

import numpy as np

from statalike.commands.postestimation.hypotheses import residual_degrees_of_freedom
from statalike.commands.postestimation.nonlinear_functions import nonlinear_functions
from statalike.commands.postestimation.separate_tests import (
    add_separate_tests,
    separate_tests_adjustment,
)
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.engine.wald_test import WaldStatistic, adjusted_p_values, wald_test
from statalike.language import ast
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_equality, parse_expression_groups
from statalike.output.nonlinear_test import NonlinearTest, nonlinear_test
from statalike.results.stores import Results
from statalike.state import State


@command(
    "testnl",
    syntax="anything(equalok everything) [, Mtest Mtest(string) ITERate(integer 100) DF(real 0)]",
    unsupported="NOSVYadjust",
    help="test nonlinear hypotheses about coefficients",
    section="Postestimation",
)
def testnl(state: State, arguments: Arguments) -> None:
    texts = [text for _, text in parse_expression_groups(arguments.body)]
    differences: list[tuple[ast.Expression, str]] = []
    shown: list[str] = []
    for text in texts:
        first, *others = parse_equality(text)
        sides = [side.strip() for side in _sides(text)]
        for side, other in zip(others, sides[1:], strict=True):
            differences.append((ast.Binary("-", first, side), text))
            shown.append(f"{sides[0]} = {other}")
    found = nonlinear_functions(state, differences)
    V = state.e.matrices["V"].values
    df = residual_degrees_of_freedom(Results(), arguments)
    denominator = df if df < MISSING else None
    count = len(found.values)
    covariance = found.covariance(V)

    def tested(rows: list[int]) -> WaldStatistic:
        return wald_test(
            found.values[rows],
            covariance[np.ix_(rows, rows)],
            np.eye(len(rows)),
            np.zeros(len(rows)),
            denominator,
        )

    whole = tested(list(range(count)))
    adjustment = separate_tests_adjustment(arguments)
    singles: list[WaldStatistic] = []
    if adjustment is not None:
        singles = [tested([i]) for i in range(count)]
    p = adjusted_p_values([single.p for single in singles], adjustment or "noadjust")
    state.r = _results(whole, singles, p, adjustment)
    state.console.print()
    state.console.print_lines(
        nonlinear_test(
            NonlinearTest(tuple(shown), whole, tuple(singles), tuple(p), adjustment or ""),
            state.settings.linesize,
        )
    )


def _sides(text: str) -> list[str]:
    """The texts of the sides of an equality, as the parser cut them."""
    pieces = [expression.span for expression in parse_equality(text)]
    sides, position = [], 0
    for _, length in pieces:
        rest = text[position:]
        indent = len(rest) - len(rest.lstrip(" ="))
        start = position + indent
        sides.append(text[start : start + length])
        position = start + length
    return sides


def _results(
    whole: WaldStatistic, singles: list[WaldStatistic], p: list[float], adjustment: str | None
) -> Results:
    scalars = {"df": float(whole.df)}
    if whole.denominator is None:
        scalars["chi2"] = whole.statistic
    else:
        scalars |= {"F": whole.statistic, "df_r": whole.denominator}
    scalars["p"] = whole.p
    scalars = {k: v if np.isfinite(v) else MISSING for k, v in scalars.items()}
    results = Results(scalars=scalars)
    if adjustment is not None:
        add_separate_tests(results, singles, p, adjustment)
    return results
