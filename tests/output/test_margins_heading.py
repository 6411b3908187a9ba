"""The block above tables of margins, character for character."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    TableOptions,
    coefficient_table,
)
from statalike.output.margins_heading import (
    FixedGroup,
    FixedValue,
    MarginsHeading,
    margins_heading,
)
from statalike.output.number_columns import NumberFormats
from statalike.output.styled import plain_text
from tests.shared import needs_shared, shared_path

LINEAR = "Linear prediction, fixed portion, predict()"


def one(*values: FixedValue) -> tuple[FixedGroup, ...]:
    return (FixedGroup("", values),)


@needs_shared
@pytest.mark.parametrize("name", ["margins-1", "margins-2", "margins-4"])
def test_terminal_output(name: str) -> None:
    """Heading and table as Stata prints them, with the numbers that it printed."""
    printed = shared_path("conformance", "layout", f"{name}.txt").read_text("utf-8").rstrip("\n")
    rows = printed.split("\n")
    start = next(k for k, row in enumerate(rows) if k and not row.startswith(("*", ".", ">")))
    expected = "\n".join(rows[start:]).strip("\n")
    made = {
        "margins-1": _slopes_at_sizes,
        "margins-2": _slopes_by_type,
        "margins-4": _predictions,
    }[name](rows)
    assert made == expected


def _numbers(rows: list[str]) -> list[list[float]]:
    """The numbers after the bar of every row of the table that has some."""
    found: list[list[float]] = []
    for row in rows:
        _, bar, after = row.partition("|")
        words = after.split()
        if bar and words and words[0].lstrip("-").replace(".", "").isdigit():
            found.append([float(word) for word in words])
    return found


def _table(rows: list[str], names: list[str], **said: object) -> str:
    made = []
    for name, numbers in zip(names, _numbers(rows), strict=True):
        margin, error, *test = numbers[:-2]
        statistic, p = test or (0.0, 0.0)
        lower, upper = numbers[-2:]
        made.append(CoefficientRow(name, margin, error, statistic, p, lower, upper))
    labels = {("schtype", k): text for k, text in enumerate(("Private", "Public", "Catholic"), 1)}
    table = CoefficientTable(
        (CoefficientSection(tuple(made), str(said.get("section", ""))),),
        coefficient_title=str(said.get("title", "Margin")),
        error_method="Delta-method",
        labels=lambda variable, level: labels.get((variable, level), ""),
    )
    options = TableOptions(
        pvalues=bool(said.get("pvalues", True)), formats=NumberFormats(coefficient="%9.2f")
    )
    return plain_text(coefficient_table(table, options))


def _slopes_at_sizes(rows: list[str]) -> str:
    heading = MarginsHeading(
        "Average marginal effects",
        3026,
        expressions=(LINEAR,),
        facts=(("dy/dx wrt", "ses"),),
        points=tuple(one(FixedValue("stucomp", float(k))) for k in range(1, 9)),
    )
    names = [f"{k}{'bn' if k == 1 else ''}._at" for k in range(1, 9)]
    table = _table(rows, names, title="dy/dx", section="ses")
    return f"{plain_text(margins_heading(heading))}\n\n{table}"


def _slopes_by_type(rows: list[str]) -> str:
    heading = MarginsHeading(
        "Average marginal effects",
        2973,
        expressions=(LINEAR,),
        facts=(("dy/dx wrt", "ses"), ("Over", "schtype")),
        points=(one(),),
    )
    names = ["1bn.schtype", "2.schtype", "3.schtype"]
    table = _table(rows, names, title="dy/dx", section="ses")
    return f"{plain_text(margins_heading(heading))}\n\n{table}"


def _predictions(rows: list[str]) -> str:
    heading = MarginsHeading("Adjusted predictions", 600, expressions=(LINEAR,))
    names = [f"{k}{'bn' if k == 1 else ''}._at" for k in range(1, 5)]
    table = _table(rows, names, pvalues=False)
    return f"{plain_text(margins_heading(heading))}\n\n{table}"


def test_names_and_numbers_of_the_legend_stand_in_columns() -> None:
    heading = MarginsHeading(
        "Adjusted predictions",
        753,
        model_variance="OIM",
        expressions=("Pr(lfp), predict()",),
        points=(
            one(
                FixedValue("k5", 0.2377158, "(mean)"),
                FixedValue("wc", 0.0),
                FixedValue("0.hc", 0.6082337, "(mean)"),
            ),
            one(FixedValue("drug", np.nan, "(asbalanced)"), FixedValue("x", np.nan, "x + 1")),
            one(),
        ),
    )
    assert plain_text(margins_heading(heading)).split("\n")[1:] == [
        "Model VCE: OIM",
        "",
        "Expression: Pr(lfp), predict()",
        "1._at: k5   = .2377158 (mean)",
        "       wc   =        0",
        "       0.hc = .6082337 (mean)",
        "2._at: drug (asbalanced)",
        "       x    = x + 1",
        "3._at: (asobserved)",
    ]


def test_several_statistics_and_subpopulations() -> None:
    heading = MarginsHeading(
        "Predictive margins", 48409, 1200, expressions=("Pr(y==1), predict(pr)", "Pr(y==2), b")
    )
    text = plain_text(margins_heading(heading)).split("\n")
    assert text[0] == "Predictive margins" + " " * 38 + "Number of obs = 48,409"
    assert text[1].endswith("Subpop. no. obs = 1,200") and len(text[1]) == 78
    assert text[3:] == ["1._predict: Pr(y==1), predict(pr)", "2._predict: Pr(y==2), b"]
    assert len(margins_heading(heading, legend=False)) == 2


def test_an_equation_may_have_a_remark_in_place_of_rows() -> None:
    base = CoefficientSection(
        (CoefficientRow("1bn._at", 0.0, status="base"),), "0.b", "(base outcome)"
    )
    other = CoefficientSection((CoefficientRow("1bn._at", 1.5, 0.5, 3, 0.003, 0.5, 2.5),), "1.b")
    lines = plain_text(coefficient_table(CoefficientTable((base, other)))).split("\n")
    assert lines[3] == "0.b          |  (base outcome)"
    assert lines[5] == "1.b          |"
