"""The block above a table of estimates: title, sample, groups, log likelihood and model test.

Stata 18 has two looks.  ``mixed`` and other commands with a *compact* header align the numbers of
the right-hand side to the widest of them; the ``me`` commands keep a column of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.data.missing import is_missing
from statalike.output.number_columns import (
    count_text,
    degrees_of_freedom_text,
    probability_text,
    trimmed,
)
from statalike.output.styled import BLANK, Line, line, placed, result, rule
from statalike.output.text_width import abbreviate

HEADER_WIDTH = 78


@dataclass(frozen=True)
class GroupSummary:
    """How the observations fall into the groups of one level."""

    name: str
    groups: int
    minimum: float
    average: float
    maximum: float


@dataclass(frozen=True)
class ModelTest:
    """The test that all coefficients but the constant are zero.

    ``denominator`` is None for chi-squared tests.  ``kind`` is ``Wald``, ``LR`` or empty (F).
    """

    df: float
    value: float
    p: float
    denominator: float | None = None
    kind: str = "Wald"

    @property
    def name(self) -> str:
        df = degrees_of_freedom_text(self.df)
        if self.denominator is None:
            return f"{self.kind} chi2({df})".strip()
        return f"F({df}, {_denominator_text(self.denominator)})"

    @property
    def probability_name(self) -> str:
        return "Prob > chi2" if self.denominator is None else "Prob > F"


def _denominator_text(value: float) -> str:
    return "." if bool(is_missing(value)) else f"{value:.2f}"


@dataclass(frozen=True)
class DegreesOfFreedomSummary:
    """The method of the denominator degrees of freedom and their spread over coefficients."""

    method: str
    minimum: float
    average: float
    maximum: float


@dataclass(frozen=True)
class Entry:
    """One number of the right-hand block; ``inner`` (min, avg, max) stands at the label's end."""

    label: str = ""
    value: str = ""
    inner: str = ""

    @property
    def label_width(self) -> int:
        return len(self.label) + (len(self.inner) + 1 if self.inner else 0)


@dataclass(frozen=True)
class HeaderRow:
    """A line of the header: text on the left, an entry on the right."""

    left: str = ""
    entry: Entry | None = None


@dataclass(frozen=True)
class EstimationHeader:
    """What the header of a mixed-effects model says.

    ``details`` are lines under the title such as ``Family: Gaussian``; ``counts`` are further
    numbers under the number of observations such as ``("Uncensored", "13,188")``.
    ``integration`` is the method and the number of points (None for the Laplace method).
    """

    title: str
    observations: float
    groups: tuple[GroupSummary, ...] = ()
    test: ModelTest | None = None
    log_likelihood: float | None = None
    log_likelihood_name: str = "Log likelihood"
    degrees_of_freedom: DegreesOfFreedomSummary | None = None
    details: tuple[str, ...] = ()
    counts: tuple[tuple[str, str], ...] = ()
    integration: tuple[str, int | None] | None = None
    group_title: str = "Group variable"


def mixed_header(header: EstimationHeader) -> list[Line]:
    """The header of ``mixed``.

    The right-hand labels share one width, and so do its numbers; both end at column 78.
    """
    many = len(header.groups) > 1
    above = [HeaderRow(header.title, Entry("Number of obs", count_text(header.observations)))]
    above += [HeaderRow("", Entry(label, value)) for label, value in header.counts]
    if len(header.groups) == 1:
        above += _group_rows(header.groups[0])
    below = _degrees_of_freedom_rows(header) + _test_rows(header)
    entries = [row.entry for row in above + below if row.entry is not None]
    label_width = max((entry.label_width for entry in entries), default=0)
    value_width = max((len(entry.value) for entry in entries), default=0)
    lines = [_compact(row, label_width, value_width) for row in above]
    if many:
        lines += [BLANK, *grouping_information(header.groups, header.group_title), BLANK]
    return lines + [_compact(row, label_width, value_width) for row in below]


def _group_rows(group: GroupSummary) -> list[HeaderRow]:
    return [
        HeaderRow(
            f"Group variable: {group.name}", Entry("Number of groups", count_text(group.groups))
        ),
        HeaderRow("", Entry("Obs per group:")),
        *(HeaderRow("", entry) for entry in _group_size_entries(group)),
    ]


def _group_size_entries(group: GroupSummary) -> list[Entry]:
    return [
        Entry(value=count_text(group.minimum), inner="min"),
        Entry(value=f"{group.average:,.1f}", inner="avg"),
        Entry(value=count_text(group.maximum), inner="max"),
    ]


def _degrees_of_freedom_rows(header: EstimationHeader) -> list[HeaderRow]:
    summary = header.degrees_of_freedom
    if summary is None:
        return []
    return [
        HeaderRow(
            f"DF method: {summary.method}", Entry("DF:", f"{summary.minimum:,.2f}", inner="min")
        ),
        HeaderRow("", Entry(value=f"{summary.average:,.2f}", inner="avg")),
        HeaderRow("", Entry(value=f"{summary.maximum:,.2f}", inner="max")),
    ]


def _test_rows(header: EstimationHeader) -> list[HeaderRow]:
    left = ""
    if header.log_likelihood is not None:
        value = format_value(header.log_likelihood, "%10.0g")
        left = f"{header.log_likelihood_name} = {value}"
    if header.test is None:
        return [HeaderRow(left)] if left else []
    test = header.test
    return [
        HeaderRow("", Entry(test.name, trimmed(test.value, "%9.2f"))),
        HeaderRow(left, Entry(test.probability_name, probability_text(test.p))),
    ]


def _label(entry: Entry, width: int) -> str:
    return entry.label + entry.inner.rjust(width - len(entry.label))


def _compact(row: HeaderRow, label_width: int, value_width: int, width: int = HEADER_WIDTH) -> Line:
    if row.entry is None:
        return line(row.left)
    column = width - label_width - value_width - 3
    if not row.entry.value:
        return placed((0, row.left), (column, row.entry.label))
    return placed(
        (0, row.left),
        (column, f"{_label(row.entry, label_width)} = "),
        (width - value_width, result(row.entry.value.rjust(value_width))),
    )


def compact_header(rows: Sequence[HeaderRow], width: int = HEADER_WIDTH) -> list[Line]:
    """Any header whose right-hand numbers are aligned to the widest of them.

    ``logit``, ``margins`` and ``svy`` have it; ``width`` is that of the table below.
    """
    entries = [row.entry for row in rows if row.entry is not None]
    label_width = max((entry.label_width for entry in entries), default=0)
    value_width = max((len(entry.value) for entry in entries), default=0)
    return [_compact(row, label_width, value_width, width) for row in rows]


_WIDE_COLUMN = 48
_WIDE_LABEL = 17
_WIDE_VALUE = 10


def wide_line(row: HeaderRow) -> Line:
    """A header line of the ``me`` commands: labels of 17, numbers of 10, from column 48."""
    if row.entry is None:
        return line(row.left)
    if not row.entry.value:
        return placed((0, row.left), (_WIDE_COLUMN, row.entry.label))
    return placed(
        (0, row.left),
        (_WIDE_COLUMN, f"{_label(row.entry, _WIDE_LABEL)} = "),
        (_WIDE_COLUMN + _WIDE_LABEL + 3, result(row.entry.value.rjust(_WIDE_VALUE))),
    )


def mixed_effects_header(header: EstimationHeader) -> list[Line]:
    """The header of ``melogit``, ``meglm`` and the other ``me`` commands."""
    lefts = [header.title, *header.details]
    single = header.groups[0] if len(header.groups) == 1 else None
    entries: list[Entry] = [Entry("Number of obs", count_text(header.observations))]
    entries += [Entry(label, value) for label, value in header.counts]
    rows = [
        HeaderRow(lefts[i] if i < len(lefts) else "", entries[i] if i < len(entries) else None)
        for i in range(max(len(lefts), len(entries)))
    ]
    lines = [wide_line(row) for row in rows]
    if single is not None:
        group_rows = _group_rows(single)
        lines += [wide_line(group_rows[0]), BLANK]
        lines += [wide_line(row) for row in group_rows[1:]]
    elif header.groups:
        lines += [BLANK, *grouping_information(header.groups, header.group_title)]
    if header.integration is not None:
        method, points = header.integration
        entry = None if points is None else Entry("Integration pts.", str(points))
        lines += [BLANK, wide_line(HeaderRow(f"Integration method: {method}", entry))]
    return [*lines, BLANK, *(wide_line(row) for row in _test_rows(header))]


def grouping_information(
    groups: Sequence[GroupSummary], title: str = "Group variable", *, indent: int = 8
) -> list[Line]:
    """The table of several levels: number of groups and observations per group.

    ``title`` is ``Group variable``, or ``Path`` when levels are paths such as ``school>class``.
    """
    margin = " " * indent
    bar = f"{'-' * 16}+{'-' * 44}"
    lines = [
        line(f"{margin}Grouping information"),
        line(margin, *rule(61)),
        line(f"{margin}{'|':>17}     No. of       Observations per group"),
        line(f"{margin}{title:>15} |     groups    Minimum    Average    Maximum"),
        line(margin + bar),
    ]
    for group in groups:
        numbers = (
            f"{count_text(group.groups):>11}{count_text(group.minimum):>11}"
            f"{group.average:>11,.1f}{count_text(group.maximum):>11}"
        )
        lines.append(line(f"{margin}{abbreviate(group.name, 15):>15} |", result(numbers)))
    return [*lines, line(margin, *rule(61))]


def cluster_line(clusters: int, variable: str, table_width: int = HEADER_WIDTH) -> Line:
    """``(Std. err. adjusted for 37 clusters in id)``, ending where the table ends."""
    text = f"(Std. err. adjusted for {clusters:,} clusters in {variable})"
    return line(text.rjust(table_width))
