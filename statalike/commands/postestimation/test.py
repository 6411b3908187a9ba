"""``test`` and ``testparm``: Wald tests of linear hypotheses ([R] test)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from statalike.commands.postestimation.constrained_coefficients import constrained_coefficients
from statalike.commands.postestimation.hypotheses import (
    LinearForm,
    equation_named,
    equations_of,
    estimated_coefficients,
    read_restrictions,
    residual_degrees_of_freedom,
    restrictions_of,
    unit_form,
)
from statalike.commands.postestimation.separate_tests import (
    add_separate_tests,
    separate_tests_adjustment,
)
from statalike.commands.postestimation.small_sample import active_inference, small_sample_test
from statalike.commands.postestimation.test_of_terms import test_of_terms
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.design.columns import Column, Continuous, FactorLevel
from statalike.design.terms import Factor, Measure, Term, model_terms
from statalike.engine.wald_test import WaldStatistic, adjusted_p_values, wald_test
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_command_line, split_comma
from statalike.language.specification import Specification
from statalike.output import wald_test as output
from statalike.output.separate_tests import separate_tests
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.restrictions import LinearRestrictions
from statalike.results.stores import Results
from statalike.state import State

OPTIONS = (
    "[, Accumulate NOTest CONStant COMmon COEF Mtest Mtest(string) MATVLC(name) DF(real 0) SMALL]"
)
UNSUPPORTED = "MINimum NOSVYadjust"


# The text stays as typed: in ``[a=b]: x`` the brackets are not those of a weight.
@command(
    "test",
    "te",
    form="text",
    syntax=f"[anything] {OPTIONS}",
    unsupported=UNSUPPORTED,
    help="test linear hypotheses about coefficients",
    section="Postestimation",
)
def test(state: State, text: str) -> None:
    body, options = split_comma(text)
    arguments = Specification.parse(OPTIONS, unsupported=UNSUPPORTED).read(
        parse_command_line(f"test, {options or ''}"), state.data
    )
    estimates = estimated_coefficients(state.e)
    if state.e.macros.get("cmd") == "anova" and test_of_terms(state, body):
        return
    before = state.memory.tested
    if before is not None and before.estimates is not estimates:
        before = None
    if not body:
        if before is None:
            raise StataError(302, "last test not found")
        restrictions = before
    else:
        restrictions = read_restrictions(
            state, body, constant=arguments.flag("constant"), common=arguments.flag("common")
        )
        if arguments.flag("accumulate"):
            if before is None:
                raise StataError(302, "last test not found")
            restrictions = before.followed_by(restrictions)
    state.memory.tested = restrictions
    if arguments.flag("notest"):
        state.console.print()
        state.console.print_lines(
            output.restriction_lines(restrictions.texts, state.settings.linesize)
        )
        return
    _test(state, restrictions, arguments)
    if arguments.flag("coef"):
        state.console.print()
        state.console.print_lines(constrained_coefficients(state, restrictions, arguments))
    name = arguments.string("matvlc")
    if name:
        combinations = restrictions.weights
        covariance = combinations @ state.e.matrices["V"].values @ combinations.T
        stripes = tuple(Stripe("", f"c{i}") for i in range(1, len(covariance) + 1))
        state.memory.matrices[name] = NamedMatrix.square(covariance, stripes)


@command(
    "testparm",
    syntax="varlist(fv ts) [, EQual EQUATion(string) DF(real 0) SMALL]",
    unsupported="NOSVYadjust",
    help="test that all coefficients of variables are zero",
    section="Postestimation",
)
def testparm(state: State, arguments: Arguments) -> None:
    b = estimated_coefficients(state.e)
    equation = arguments.string("equation")
    if equation:
        equations: tuple[str, ...] = (equation_named(b, equation.strip()),)
    else:
        equations = equations_of(b)
    positions = {
        position
        for term in model_terms(arguments.terms, state.data)
        for position in _columns_of(term, b, equations)
    }
    forms = [unit_form(position, len(b.columns)) for position in sorted(positions)]
    if arguments.flag("equal"):
        first, *others = forms or [LinearForm(np.zeros(len(b.columns)), 0.0)]
        forms = [other.plus(first, -1.0) for other in others]
    if not forms:
        raise StataError(
            111,
            "no such variables;\nthe specified varlist does not identify any testable coefficients",
        )
    restrictions = restrictions_of(b, forms)
    state.memory.tested = restrictions
    _test(state, restrictions, arguments)


def _columns_of(term: Term, b: NamedMatrix, equations: tuple[str, ...]) -> Iterator[int]:
    """The positions of the estimated coefficients that belong to a term."""
    wanted = Counter(_key(element) for element in term.elements)
    levels = {
        element.variable: element.levels
        for element in term.elements
        if isinstance(element, Factor) and element.levels is not None
    }
    for equation in equations:
        for position, stripe in enumerate(b.columns):
            if stripe.equation != equation or stripe.name == "_cons":
                continue
            column = _column(stripe.name)
            if column is None or column.omitted:
                continue
            chosen = all(
                part.level in levels.get(part.variable, (part.level,))
                for part in column.factor_levels
            )
            if chosen and Counter(_key(part) for part in column.parts) == wanted:
                yield position


def _key(element: Factor | Measure | FactorLevel | Continuous) -> tuple[str, str]:
    if isinstance(element, Factor | FactorLevel):
        return "factor", element.variable
    return element.operators or "measure", element.variable


def _column(name: str) -> Column | None:
    """A column from its name; None for parameters that are not columns, such as ``/cut1``."""
    try:
        return Column.parse(name)
    except StataError:
        return None


def _test(state: State, restrictions: LinearRestrictions, arguments: Arguments) -> None:
    """Carry out a test, print it and leave it in r(); F when it has denominator df.

    With ``mtest()`` of ``test`` the restrictions are tested one by one as well.
    """
    found = _carried_out(state, restrictions, arguments)
    state.r = _results(found)
    shown = output.WaldTest(
        restrictions.texts,
        found.df,
        _settled(found.statistic),
        _settled(found.p),
        found.denominator,
        tuple(position + 1 for position in found.dropped),
    )
    adjustment = separate_tests_adjustment(arguments) if "mtest" in arguments.defaults else None
    state.console.print()
    if adjustment is None:
        state.console.print_lines(output.wald_test(shown, state.settings.linesize))
        return
    singles = [
        _carried_out(state, restrictions.only(position), arguments)
        for position in range(len(restrictions))
    ]
    p = adjusted_p_values([each.p for each in singles], adjustment)
    add_separate_tests(state.r, singles, p, adjustment)
    state.console.print_lines(output.restriction_lines(shown.restrictions, state.settings.linesize))
    state.console.print()
    state.console.print_lines(separate_tests(found, singles, p, adjustment))


def _carried_out(
    state: State, restrictions: LinearRestrictions, arguments: Arguments
) -> WaldStatistic:
    inference = active_inference(state, arguments)
    if inference is not None:
        return small_sample_test(inference, restrictions)
    df = residual_degrees_of_freedom(state.e, arguments)
    return wald_test(
        restrictions.estimates.values[0],
        state.e.matrices["V"].values,
        restrictions.weights,
        restrictions.constants,
        df if df < MISSING else None,
    )


def _results(found: WaldStatistic) -> Results:
    scalars = {"drop": float(bool(found.dropped))}
    for number, position in enumerate(found.dropped, 1):
        scalars[f"dropped_{number}"] = float(position + 1)
    if found.denominator is None:
        scalars["chi2"] = _settled(found.statistic)
    else:
        scalars["df_r"] = found.denominator
        scalars["F"] = _settled(found.statistic)
    scalars["df"] = float(found.df)
    scalars["p"] = _settled(found.p)
    return Results(scalars=scalars)


def _settled(value: float) -> float:
    return value if np.isfinite(value) else MISSING
