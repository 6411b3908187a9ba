"""What ``pwcompare`` prints: margins, their groups, and comparisons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.estimation.coefficient_rows import WaldInference, value_labels
from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.postestimation.adjusted_inference import inference_row
from statalike.commands.postestimation.combination_inference import CombinationInference
from statalike.commands.postestimation.comparison_options import Adjustment
from statalike.commands.postestimation.contrast_tables import comparison_table_options
from statalike.language.arguments import Arguments
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.output.comparison_counts import comparison_counts
from statalike.output.notes import note
from statalike.output.styled import BLANK, Line, width
from statalike.state import State

#: methods whose error rates hold for groups of equal sizes
FOR_BALANCED_DATA = ("tukey", "snk", "duncan", "dunnett")


@dataclass(frozen=True)
class ComparedMargins:
    """The margins of a term in an equation, and their comparisons.

    ``members`` are the places of the margins among all margins, ``comparisons`` those of the
    comparisons; ``pairs`` (m, 2) are positions among the term's margins.
    """

    equation: str
    name: str
    names: tuple[str, ...]
    labels: tuple[str, ...]
    members: range
    comparisons: range
    pairs: np.ndarray
    unbalanced: bool


@dataclass(frozen=True)
class PairwiseReport:
    """What the tables show: terms, inference about comparisons and margins, letters of groups.

    ``letters`` are by the places of margins; ``eform`` is the title of exponentiated comparisons.
    """

    compared: Sequence[ComparedMargins]
    effects: WaldInference
    margins: WaldInference
    letters: Mapping[int, str]
    adjustment: Adjustment
    eform: str
    inference: CombinationInference


def pairwise_tables(state: State, arguments: Arguments, report: PairwiseReport) -> list[Line]:
    """All tables that the options ask for, a blank line before each."""
    lines: list[Line] = []
    if report.adjustment.adjusts:
        counts = [
            (title, [(each.name, len(each.comparisons)) for each in terms])
            for title, terms in _sections(report)
        ]
        lines += [BLANK, *comparison_counts(counts, "comparisons")]
    tables: list[list[Line]] = []
    if arguments.flag("cimargins"):
        tables.append(_margins_table(state, arguments, report, groups=False))
    if arguments.flag("groups"):
        groups = _margins_table(state, arguments, report, groups=True)
        if report.letters:
            level = 100 - confidence_level(arguments.options, state.settings)
            groups += note(
                "Margins sharing a letter in the group label are not significantly different at "
                f"the {level:g}% level.",
                width(groups[0]),
            )
        else:
            groups += note("Too many groups to be shown by letters.", width(groups[0]))
        tables.append(groups)
    asked = any(arguments.flag(name) for name in ("effects", "cieffects", "pveffects"))
    if asked or not tables:
        tables.append(_effects_table(state, arguments, report))
    for table in tables:
        lines += [BLANK, *table]
    if report.adjustment.method in FOR_BALANCED_DATA and any(e.unbalanced for e in report.compared):
        lines += note(
            f"The {report.adjustment.method} method requires balanced data for proper level "
            "coverage. A factor was found to be unbalanced.",
            width(tables[-1][0]),
        )
    return lines


def _sections(report: PairwiseReport) -> list[tuple[str, list[ComparedMargins]]]:
    """The terms of each equation."""
    found: dict[str, list[ComparedMargins]] = {}
    for each in report.compared:
        found.setdefault(each.equation, []).append(each)
    return list(found.items())


def _table(
    state: State,
    arguments: Arguments,
    report: PairwiseReport,
    rows: Callable[[ComparedMargins], list[CoefficientRow]],
    coefficient_title: str,
    above: str,
) -> CoefficientTable:
    """A table of each term's ``rows``, sorted if asked for, ``above`` the tests and intervals."""

    def shown(each: ComparedMargins) -> list[CoefficientRow]:
        found = rows(each)
        if arguments.flag("sort"):
            found.sort(key=lambda row: row.coefficient)
        return found

    return CoefficientTable(
        tuple(
            CoefficientSection(tuple(row for each in terms for row in shown(each)), equation)
            for equation, terms in _sections(report)
        ),
        statistic_title="t" if report.inference.by_f else "z",
        level=confidence_level(arguments.options, state.settings),
        labels=value_labels(state.data),
        coefficient_title=coefficient_title,
        test_above=above,
        interval_above=above,
    )


def _margins_table(
    state: State, arguments: Arguments, report: PairwiseReport, *, groups: bool
) -> list[Line]:
    def rows(each: ComparedMargins) -> list[CoefficientRow]:
        return [
            replace(
                inference_row(report.margins, member, name=name),
                letters=report.letters.get(member, ""),
            )
            for member, name in zip(each.members, each.names, strict=True)
        ]

    title = report.adjustment.title if groups else "Unadjusted"
    table = _table(state, arguments, report, rows, "Margin", title)
    df = report.inference.small and not groups
    options = comparison_table_options(state, arguments, pvalues=False, interval=True, df=df)
    return coefficient_table(table, replace(options, groups=groups))


def _effects_table(state: State, arguments: Arguments, report: PairwiseReport) -> list[Line]:
    def rows(each: ComparedMargins) -> list[CoefficientRow]:
        found = []
        for place, (i, j) in zip(each.comparisons, each.pairs.tolist(), strict=True):
            label = f"{each.labels[i].strip()} vs {each.labels[j]}"
            found.append(
                inference_row(report.effects, place, name=label, heading=each.name, label=label)
            )
        return found

    both = arguments.flag("effects")
    pvalues = both or arguments.flag("pveffects")
    title = report.adjustment.title
    table = _table(state, arguments, report, rows, report.eform or "Contrast", title)
    options = comparison_table_options(
        state,
        arguments,
        pvalues=pvalues,
        interval=both or arguments.flag("cieffects") or not pvalues,
        df=report.inference.small,
    )
    return coefficient_table(table, options)
