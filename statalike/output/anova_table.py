"""The analysis-of-variance table of ``anova`` and its table of repeated measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.output.number_columns import count_text, trimmed
from statalike.output.styled import BLANK, Line, line, placed, result
from statalike.output.text_width import abbreviate

BAR = 25
LEAST_NAME = 10
RIGHT = 52


@dataclass(frozen=True)
class AnovaRow:
    """A line of the table; the mean square is made from the two numbers given."""

    name: str
    sum_of_squares: float
    df: float
    f: float = MISSING
    p: float = MISSING


@dataclass(frozen=True)
class AnovaTable:
    """``sections`` are the terms, those with a common error term that ends a section together;
    the last one is followed by the residual.
    """

    observations: float
    root_mse: float
    r_squared: float
    adjusted_r_squared: float
    model: AnovaRow
    sections: tuple[tuple[AnovaRow, ...], ...]
    residual: AnovaRow
    total: AnovaRow
    sum_of_squares_title: str = "Partial SS"


@dataclass(frozen=True)
class RepeatedTest:
    """A test of a term that contains repeated variables, with its four p-values."""

    name: str
    df: float
    f: float = MISSING
    p: tuple[float, ...] = ()


@dataclass(frozen=True)
class RepeatedBlock:
    """The tests of the terms that share the same repeated ``variables``."""

    variables: tuple[str, ...]
    huynh_feldt: float
    greenhouse_geisser: float
    box: float
    tests: tuple[RepeatedTest, ...]


@dataclass(frozen=True)
class RepeatedMeasures:
    """Who the subjects are, and the tests for each set of repeated variables."""

    error_term: str
    levels: int
    df: float
    lowest: str
    pooled_over: str = ""
    blocks: tuple[RepeatedBlock, ...] = field(default=())


def anova_table(table: AnovaTable) -> list[Line]:
    """The header and the table, without blank lines around them."""
    names = ["Source", "Model", "Residual", "Total"]
    names += [row.name for section in table.sections for row in section]
    width = _name_width(names)
    rule = _rule(width)
    bar = line(" " * BAR + "|")
    lines = [*_header(table), BLANK, *_title(table.sum_of_squares_title)]
    lines += [rule, _row(table.model), bar]
    for number, section in enumerate(table.sections):
        if number:
            lines.append(rule)
        lines += [_row(row) for row in section]
    if any(table.sections):
        lines.append(bar)
    return [*lines, _row(table.residual), rule, _row(table.total)]


def term_test_table(rows: Sequence[AnovaRow], sum_of_squares_title: str) -> list[Line]:
    """A term and what it is tested by, as ``test`` shows them after ``anova``."""
    width = _name_width([row.name for row in rows])
    return [*_title(sum_of_squares_title), _rule(width), *(_row(row) for row in rows)]


def repeated_measures(repeated: RepeatedMeasures) -> list[Line]:
    """The subjects, then factors of departure from sphericity and tests for each block."""
    lines = [
        _described("Between-subjects error term", repeated.error_term),
        _described("Levels", f"{repeated.levels:<10}({repeated.df:.0f} df)"),
        _described("Lowest b.s.e. variable", repeated.lowest),
    ]
    if repeated.pooled_over:
        text = f"{repeated.pooled_over:<10}(for repeated {_variables(repeated.blocks[0])})"
        lines.append(_described("Covariance pooled over", text))
    for block in repeated.blocks:
        lines += [BLANK, *_block(block)]
    return lines


# --- parts of the table of sums of squares -----------------------------------------------------


def _header(table: AnovaTable) -> list[Line]:
    """Counts on the left, fit on the right."""
    rows = [
        ("Number of obs", count_text(table.observations), "R-squared", table.r_squared),
        ("Root MSE", trimmed(table.root_mse, "%9.6g"), "Adj R-squared", table.adjusted_r_squared),
    ]
    return [
        line(
            f"{' ' * BAR}{left:<13} = ",
            result(f"{value:>10}"),
            f"    {right:<13} = ",
            result(trimmed(fraction, "%6.4f").rjust(7)),
        )
        for left, value, right, fraction in rows
    ]


def _title(sum_of_squares_title: str) -> list[Line]:
    source = "Source".rjust(BAR - 1)
    titles = f"{sum_of_squares_title.rjust(11)}         df         MS        F    Prob>F"
    return [line(f"{source} |{titles}")]


def _row(row: AnovaRow) -> Line:
    mean = row.sum_of_squares / row.df if row.df > 0 else MISSING
    numbers = _ten_digits(row.sum_of_squares).rjust(11)
    numbers += f"{row.df:>11.0f}"
    numbers += (_ten_digits(mean) if mean < MISSING else "").rjust(12)
    if row.f < MISSING:
        numbers += trimmed(row.f, "%9.2f").rjust(10) + trimmed(row.p, "%6.4f").rjust(8)
    else:
        numbers += "  "
    name = abbreviate(row.name, BAR - 1).rjust(BAR - 1)
    return line(f"{name} |", result(numbers))


def _ten_digits(value: float) -> str:
    return format_value(value, "%10.0g").strip()


def _name_width(names: Sequence[str]) -> int:
    return min(max(LEAST_NAME, *(len(name) for name in names)), BAR - 1)


def _rule(width: int) -> Line:
    return line(" " * (BAR - 1 - width) + "-" * (width + 1) + "+" + "-" * RIGHT)


# --- parts of the table of repeated measures ---------------------------------------------------


def _described(label: str, value: str) -> Line:
    return line(f"{label:>27}:  ", result(value))


def _variables(block: RepeatedBlock) -> str:
    return "variable" if len(block.variables) == 1 else "variables"


_FACTORS = 42


def _block(block: RepeatedBlock) -> list[Line]:
    factors = [("Huynh-Feldt epsilon", block.huynh_feldt)]
    factors += [("Greenhouse-Geisser epsilon", block.greenhouse_geisser)]
    factors += [("Box's conservative epsilon", block.box)]
    width = _name_width([test.name for test in block.tests])
    rule = " " * (BAR - 1 - width)
    heading = f"Repeated {_variables(block)}: "
    lines = [line(heading, result("#".join(block.variables)))]
    for label, value in factors:
        number = trimmed(value, "%7.4f").rjust(7)
        lines.append(placed((_FACTORS, f"{label:<26} = "), (_FACTORS + 29, result(number))))
        if label.startswith("Huynh") and 1 < value < MISSING:
            lines.append(placed((_FACTORS, "*Huynh-Feldt epsilon reset to 1.0000")))
    lines += [
        BLANK,
        placed((BAR + 19, "------------ Prob > F ------------")),
        line(f"{'Source':>{BAR - 1}} |     df      F    Regular    H-F      G-G      Box"),
        _rule(width),
        *(_repeated_row(test) for test in block.tests),
        line(rule + "-" * (width + 2 + RIGHT)),
    ]
    return lines


def _repeated_row(test: RepeatedTest) -> Line:
    name = abbreviate(test.name, BAR - 1).rjust(BAR - 1)
    numbers = f"{test.df:>7.0f}"
    if test.p:
        numbers += trimmed(test.f, "%8.2f").rjust(9)
        numbers += "".join(trimmed(p, "%6.4f").rjust(9) for p in test.p)
    return line(f"{name} |", result(numbers))
