"""Tables of ``estat vif``, ``estat hettest``, ``estat ovtest`` and ``estat summarize``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.missing import MISSING
from statalike.output.coefficient_names import Labels, no_labels
from statalike.output.coefficient_table import CoefficientRow, term_lines
from statalike.output.number_columns import count_text, degrees_of_freedom_text, trimmed
from statalike.output.styled import BLANK, Line, Segment, line, result


def inflation_table(
    names: Sequence[str], factors: Sequence[float], labels: Labels = no_labels
) -> list[Line]:
    """Variance inflation factors with their reciprocals, and their mean."""
    divider = line(f"{'-' * 13}+{'-' * 22}")
    rows = [CoefficientRow(name, factor) for name, factor in zip(names, factors, strict=True)]
    mean = sum(factors) / len(factors)
    return [
        line("    Variable |       VIF       1/VIF  "),
        divider,
        *term_lines(rows, labels, _inflation),
        divider,
        line("    Mean VIF |", result(trimmed(mean, "%9.2f").rjust(10))),
    ]


def _inflation(row: CoefficientRow) -> list[Segment]:
    factor = row.coefficient
    reciprocal = 0.0 if factor >= MISSING else 1 / factor
    text = trimmed(factor, "%9.2f").rjust(10) + trimmed(reciprocal, "%9.6f").rjust(12)
    return [result(text)]


@dataclass(frozen=True)
class SpecificationTest:
    """A test of a regression's assumptions: its title, what it is of, and its null hypothesis.

    ``denominator`` is None for chi-squared.
    """

    title: str
    details: tuple[str, ...]
    hypothesis: str
    statistic: float
    df: float
    p: float
    denominator: float | None = None


def specification_test(test: SpecificationTest) -> list[Line]:
    """The lines of the test, the statistic and its p-value aligned at their equals signs."""
    if test.denominator is None:
        names = [f"chi2({degrees_of_freedom_text(test.df)})", "Prob > chi2"]
    else:
        denominator = degrees_of_freedom_text(test.denominator)
        names = [f"F({degrees_of_freedom_text(test.df)}, {denominator})", "Prob > F"]
    values = [trimmed(test.statistic, "%6.2f"), trimmed(test.p, "%6.4f")]
    width = max(len(name) for name in names)
    return [
        line(test.title),
        *(line(detail) for detail in test.details),
        BLANK,
        line(f"H0: {test.hypothesis}"),
        BLANK,
        *(
            line(f"{name:>{width}} = ", result(f"{value:>6}"))
            for name, value in zip(names, values, strict=True)
        ),
    ]


@dataclass(frozen=True)
class VariableSummary:
    """Moments of one column of a model, under its name in e(b)."""

    name: str
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float


SUMMARY_WIDTH = 67


def estimation_summary(
    command: str, observations: float, rows: Sequence[VariableSummary], labels: Labels
) -> list[Line]:
    """The table of ``estat summarize``."""
    head = f"Estimation sample {command}"
    count = f"Number of obs = {count_text(observations):>10}"
    by_name = {row.name: row for row in rows}

    def numbers(row: CoefficientRow) -> list[Segment]:
        own = by_name[row.name]
        cells = (own.mean, own.standard_deviation, own.minimum, own.maximum)
        widths = (13, 14, 13, 13)
        texts = [trimmed(v, "%9.0g").rjust(w) for v, w in zip(cells, widths, strict=True)]
        return [result("".join(texts))]

    listed = [CoefficientRow(row.name, row.mean) for row in rows]
    body = term_lines(listed, labels, numbers)
    rule = line("  " + "-" * SUMMARY_WIDTH)
    return [
        line(f"  {head}{count.rjust(SUMMARY_WIDTH - len(head))}"),
        BLANK,
        rule,
        line("      Variable |         Mean      Std. dev.         Min          Max"),
        line(f"  {'-' * 13}+{'-' * 53}"),
        *((Segment("  "), *row) for row in body),
        rule,
    ]
