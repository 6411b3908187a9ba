"""What ``contrast`` prints: joint tests of terms, then the single contrasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.estimation.coefficient_rows import WaldInference
from statalike.commands.estimation.display_options import confidence_level, table_options
from statalike.commands.postestimation.adjusted_inference import inference_row
from statalike.commands.postestimation.combination_inference import (
    CombinationInference,
    JointStatistic,
)
from statalike.commands.postestimation.comparison_options import Adjustment
from statalike.commands.postestimation.contrast_matrices import TermContrasts, TermRow
from statalike.data.missing import MISSING
from statalike.design.contrast_terms import ContrastTerm
from statalike.engine.multiple_comparisons import Family, adjusted_p_values
from statalike.language.arguments import Arguments
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    TableOptions,
    coefficient_table,
)
from statalike.output.comparison_counts import comparison_counts
from statalike.output.joint_tests import JointTest, joint_tests
from statalike.output.notes import note
from statalike.output.styled import BLANK, Line, width
from statalike.state import State


@dataclass(frozen=True)
class TestedTerm:
    """A term in an equation: its contrasts, their places among all contrasts, its tests.

    ``rows`` are the tests of parts of the term where there is more than one.
    """

    equation: str
    contrasts: TermContrasts
    members: range
    joint: JointStatistic
    rows: tuple[tuple[TermRow, JointStatistic], ...]

    @property
    def term(self) -> ContrastTerm:
        return self.contrasts.term


@dataclass(frozen=True)
class ContrastReport:
    """What the tables show: terms and their tests, and inference about single contrasts.

    ``eform`` is the title of exponentiated contrasts, empty for plain ones; ``families`` tells for
    each term the family its contrasts are adjusted in.  ``error_method`` and ``above`` are words
    above the standard errors and the contrasts, whose column is called ``title``.
    """

    terms: Sequence[TestedTerm]
    shown: WaldInference
    adjustment: Adjustment
    families: Sequence[Family]
    eform: str
    inference: CombinationInference
    overall: JointStatistic | None = None
    error_method: str = ""
    above: str = ""
    title: str = "Contrast"


def contrast_tables(state: State, arguments: Arguments, report: ContrastReport) -> list[Line]:
    """All tables that the options ask for, a blank line before each."""
    lines: list[Line] = []
    if not arguments.flag("nowald"):
        table = _wald_table(arguments, report)
        lines += [BLANK, *table]
        if report.adjustment.adjusts:
            lines += note(
                f"{report.adjustment.title}-adjusted p-values are reported for tests on individual "
                "contrasts only.",
                width(table[0]),
            )
    chosen = [term for term in report.terms if _shows_effects(term.term, arguments)]
    if not chosen:
        return lines
    sections = _sections(chosen)
    if report.adjustment.adjusts:
        counts = [
            (title, [(term.term.name, len(term.members)) for term in terms])
            for title, terms in sections
        ]
        lines += [BLANK, *comparison_counts(counts, "contrasts")]
    return [*lines, BLANK, *_effects_table(state, arguments, report, sections)]


def _shows_effects(term: ContrastTerm, arguments: Arguments) -> bool:
    """Single contrasts are shown when asked for, and where operators have asked for them."""
    if arguments.flag("noeffects"):
        return False
    asked = any(arguments.flag(name) for name in ("effects", "cieffects", "pveffects"))
    return asked or bool(term.compared and term.operated)


def _sections(terms: Sequence[TestedTerm]) -> list[tuple[str, list[TestedTerm]]]:
    """The terms of each equation."""
    found: dict[str, list[TestedTerm]] = {}
    for term in terms:
        found.setdefault(term.equation, []).append(term)
    return list(found.items())


# --- joint tests -------------------------------------------------------------------------------


def _wald_table(arguments: Arguments, report: ContrastReport) -> list[Line]:
    families = dict(zip(map(id, report.terms), report.families, strict=True))
    sections = [
        (
            title,
            [
                row
                for term in terms
                for row in _test_rows(term, arguments, report.adjustment, families[id(term)])
            ],
        )
        for title, terms in _sections(report.terms)
    ]
    if report.overall is not None:
        sections[-1][1].append(_joint_test("Overall", report.overall))
    return joint_tests(
        sections,
        f=report.inference.by_f,
        ddf=report.inference.small,
        denominator=report.inference.residual,
        adjustment=report.adjustment.title if report.adjustment.adjusts else "",
        squish=arguments.flag("vsquish"),
    )


def _test_rows(
    term: TestedTerm, arguments: Arguments, adjustment: Adjustment, family: Family
) -> list[JointTest]:
    """A term's tests under its name, or on one line with it when there is but one."""
    name = term.term.name
    if not term.rows or (arguments.flag("noatlevels") and term.term.within):
        return [_joint_test(name, term.joint)]
    rows = [JointTest(name)]
    for row, statistic in term.rows:
        adjusted = MISSING
        if adjustment.adjusts and statistic.df == 1:
            adjusted = _adjusted(statistic, adjustment, family)
        rows.append(_joint_test(row.label, statistic, level=True, adjusted=adjusted))
    return [*rows, _joint_test("Joint", term.joint, level=True)]


def _adjusted(statistic: JointStatistic, adjustment: Adjustment, family: Family) -> float:
    """The p-value of a test with one degree of freedom, adjusted as that of its t statistic."""
    root = statistic.statistic**0.5
    known = statistic.denominator < MISSING
    df = np.array([statistic.denominator if known else np.inf])
    value = float(adjusted_p_values(adjustment.method, np.array([root]), df, family)[0])
    return value if np.isfinite(value) else MISSING


def _joint_test(
    name: str, found: JointStatistic, *, level: bool = False, adjusted: float = MISSING
) -> JointTest:
    return JointTest(
        name,
        found.df,
        found.statistic,
        found.p,
        found.denominator,
        level=level,
        note="" if found.testable else "(not testable)",
        adjusted=adjusted,
    )


# --- single contrasts --------------------------------------------------------------------------


def _effects_table(
    state: State,
    arguments: Arguments,
    report: ContrastReport,
    sections: Sequence[tuple[str, Sequence[TestedTerm]]],
) -> list[Line]:
    both = arguments.flag("effects")
    pvalues = both or arguments.flag("pveffects")
    interval = both or arguments.flag("cieffects") or not pvalues
    title = report.adjustment.title if report.adjustment.adjusts else ""
    table = CoefficientTable(
        tuple(
            CoefficientSection(
                tuple(
                    row
                    for term in terms
                    for row in _effect_rows(term, report.shown, sort=arguments.flag("sort"))
                ),
                equation,
            )
            for equation, terms in sections
        ),
        coefficient_title=report.eform or report.title,
        statistic_title="t" if report.inference.by_f else "z",
        level=confidence_level(arguments.options, state.settings),
        error_method=report.error_method,
        coefficient_above=report.above,
        test_above=title,
        interval_above=title,
    )
    return coefficient_table(
        table,
        comparison_table_options(
            state, arguments, pvalues=pvalues, interval=interval, df=report.inference.small
        ),
    )


def comparison_table_options(
    state: State, arguments: Arguments, *, pvalues: bool, interval: bool, df: bool
) -> TableOptions:
    """The display options of a table of contrasts, comparisons or margins.

    Degrees of freedom have no room beside both tests and intervals.
    """
    options = table_options(arguments.options, state.settings)
    df = df and not (pvalues and interval)
    return replace(options, pvalues=pvalues, interval=interval, df=df)


def _effect_rows(term: TestedTerm, shown: WaldInference, *, sort: bool) -> list[CoefficientRow]:
    name = term.term.name
    labelled = list(zip(term.members, term.contrasts.labels, strict=True))
    if name and any(label for _, label in labelled):
        rows = [
            inference_row(shown, position, name=label, heading=name, label=label)
            for position, label in labelled
        ]
    else:
        rows = [inference_row(shown, position, name=name) for position, _ in labelled]
    return sorted(rows, key=lambda row: row.coefficient) if sort else rows
