"""Tables that set several models or several terms side by side, and further headings."""

from __future__ import annotations

from statalike.data.missing import MISSING
from statalike.output.estimates_table import (
    ComparedRow,
    ComparedSection,
    EstimatesTable,
    estimates_table,
)
from statalike.output.estimation_header import Entry, HeaderRow, compact_header
from statalike.output.html_text import html_text
from statalike.output.joint_tests import JointTest, joint_tests
from statalike.output.random_effects_table import (
    RandomEffectsBlock,
    RandomEffectsRow,
    RandomEffectsTable,
    random_effects_table,
)
from statalike.output.regression_header import RegressionHeader, regression_header
from statalike.output.styled import error_line, line, result
from tests.output.fixtures import expected, printed, typed


def compared(text: str, stars: str = "", *, parameter: bool = False) -> tuple[ComparedRow, ...]:
    """Rows of one number for each model."""
    return tuple(
        ComparedRow(
            name,
            [(value,) for value in numbers],
            stars=[stars] * len(numbers) if stars else (),
            parameter=parameter,
        )
        for name, numbers in typed(text)
    )


def test_stars() -> None:
    rows = compared(
        """
        age_base | 0.214
        2.site   | -3.316
        3.site   | -8.095
        4.site   | -11.510
        5.site   | -15.866
        _cons    | 8.233
    """,
        "***",
    )
    table = EstimatesTable(
        ("M1",),
        (
            ComparedSection(rows, "height"),
            ComparedSection(compared("_cons | 0.387", "***"), "lns1_1_1"),
            ComparedSection(compared("_cons | 1.064", "***"), "lnsig_e"),
        ),
        formats=("%9.3f",),
        starred=True,
        legend="Legend: * p<0.05; ** p<0.01; *** p<0.001",
    )
    rule, text = printed(estimates_table(table)).split("\n", 1)
    assert rule == "-" * 29
    assert text == expected("estimates_table_1")


def test_parameters_of_two_commands() -> None:
    rows = compared("""
        loginc   | .56220088 .56220292
        distance | -.07659154 -.07659161
        dropout  | -1.9977529 -1.9977619
        college  | 1.0336304 1.0336349
        _cons    | -3.36984 -3.369853
    """)
    free = compared("/lnsig2u | .4372018 .")
    variances = compared("var(_cons[mother]) | . 1.5484071", parameter=True)
    table = EstimatesTable(
        ("xt", "me"), (ComparedSection(rows, "hosp"), ComparedSection((*free, *variances)))
    )
    # the group's name is longer than the column has room for
    assert printed(estimates_table(table)) == expected("estimates_table_3")


def test_standard_errors_below_and_panels() -> None:
    row = ComparedRow("x", [(1.5, 0.25)] * 9)
    omitted = ComparedRow("o.z", [(MISSING, MISSING)] * 9, text=["(omitted)"] * 9)
    table = EstimatesTable(
        tuple(f"m{i}" for i in range(9)),
        (ComparedSection((row, omitted)),),
        formats=("%7.2f", "%7.3f"),
        legend="Legend: b/se",
    )
    text = printed(estimates_table(table)).split("\n")
    assert text[3:6] == [
        "           x |" + "    1.50  " * 6,
        "             |" + "   0.250  " * 6,
        "           z |" + " (omitted)  " * 6,
    ]
    assert all(len(row) <= 79 for row in text if "omitted" not in row)
    assert text[-1].endswith("Legend: b/se")


def test_joint_test_of_an_interaction() -> None:
    tests = [("read", [JointTest("schtype#c.ses", 2, 11.82, 0.0027)])]
    assert "Margins: asbalanced\n\n" + printed(joint_tests(tests)) == expected("contrast_4")


def test_joint_tests_of_simple_effects() -> None:
    rows = [
        JointTest("a@b"),
        JointTest("1", 1, 2.5, 0.12, 20.5, level=True),
        JointTest("Joint", 2, 3.5, 0.05, 20.5, level=True),
    ]
    text = printed(joint_tests([("", rows)], f=True, ddf=True)).split("\n")
    assert text[1] == "             |         df        ddf           F        P>F"
    assert text[3] == "         a@b |"
    assert text[5] == "      Joint  |          2      20.50        3.50     0.0500"


def test_regress() -> None:
    header = RegressionHeader(
        69, 1232.823713, 6, 1107.379184, 62, 11.50, 0.0, 0.5268, 0.4810, 4.2262
    )
    assert printed(regression_header(header)) == expected("regress_1")


def test_survey() -> None:
    left = ["Number of strata = 30", "Number of PSUs   = 60", *[""] * 6]
    right = [
        ("Number of obs", "10,013"),
        ("Population size", "113,415,086"),
        ("Subpop. no. obs", "1,086"),
        ("Subpop. size", "11,189,236"),
        ("Design df", "30"),
        ("F(2, 29)", "50.12"),
        ("Prob > F", "0.0000"),
        ("R-squared", "0.1131"),
    ]
    rows = [HeaderRow(text, Entry(*pair)) for text, pair in zip(left, right, strict=True)]
    assert printed(compact_header(rows)) == expected("header_survey")


def test_survey_mean_is_as_wide_as_its_table() -> None:
    rows = [
        HeaderRow("Number of strata = 31", Entry("Number of obs", "10,351")),
        HeaderRow("Number of PSUs   = 62", Entry("Population size", "117,157,513")),
        HeaderRow("", Entry("Design df", "31")),
    ]
    assert printed(compact_header(rows, 62)) == expected("header_survey_mean")


def test_margins() -> None:
    rows = [HeaderRow("Average marginal effects", Entry("Number of obs", "3,026"))]
    assert printed(compact_header(rows)) == (
        "Average marginal effects                                 Number of obs = 3,026"
    )


def test_legend_of_random_effects() -> None:
    row = RandomEffectsRow("var(U0)", 0.0316416, legend="_b[/subject:var(U0)]")
    block = RandomEffectsBlock("subject: Independent", (row,))
    text = printed(random_effects_table(RandomEffectsTable((block,), legend=True))).split("\n")
    assert text[1] == "  Random-effects parameters  |   Estimate  Legend"
    assert text[4] == "                     var(U0) |   .0316416  _b[/subject:var(U0)]"


def test_html_keeps_every_character() -> None:
    text = html_text([line("a < b & c  ", result("1")), error_line("no")])
    assert text == (
        '<pre style="line-height:1.2;overflow-x:auto">a &lt; b &amp; c  '
        '<span style="font-weight:bold">1</span>\n'
        '<span style="color:#c00000">no</span></pre>'
    )
