"""Codebook entries, character for character."""

from __future__ import annotations

from statalike.output.codebook import CodebookEntry, CodebookTabulation, codebook_entry
from tests.output.fixtures import expected, printed


def test_continuous_variable() -> None:
    entry = CodebookEntry(
        "price",
        "Price",
        "Numeric (int)",
        74,
        74,
        0,
        range=(3291, 15906),
        units="1",
        mean=6165.256757,
        standard_deviation=2949.495885,
        percentiles=(3895, 4195, 5006.5, 6342, 11385),
    )
    assert printed(codebook_entry(entry)) == expected("codebook_1")


def test_a_wider_line() -> None:
    entry = CodebookEntry(
        "schid",
        "School ID",
        "Numeric (float)",
        519,
        23,
        0,
        range=(6053, 72991),
        units="1",
        mean=35488.7,
        standard_deviation=26056.7,
        percentiles=(6327, 7801, 25642, 62821, 72080),
    )
    assert printed(codebook_entry(entry, 90)) == expected("codebook_2")


def test_labelled_values() -> None:
    entry = CodebookEntry(
        "foreign",
        "Car origin",
        "Numeric (byte)",
        74,
        2,
        0,
        value_label="origin",
        range=(0, 1),
        units="1",
        tabulation=CodebookTabulation([52, 22], ["0", "1"], ["Domestic", "Foreign"]),
    )
    text = printed(codebook_entry(entry)).split("\n")
    assert text[5] == "                 Label: origin"
    assert text[-3:] == [
        "            Tabulation: Freq.   Numeric  Label",
        "                           52         0  Domestic",
        "                           22         1  Foreign",
    ]


def test_string_variable() -> None:
    entry = CodebookEntry(
        "make",
        "",
        "String (str18), but longest is str17",
        74,
        74,
        2,
        examples=["Cad. Deville", "Volvo 260"],
        warning="Variable has embedded blanks.",
    )
    text = printed(codebook_entry(entry)).split("\n")
    assert text[1].endswith("(unlabeled)")
    assert text[6] == '         Unique values: 74                       Missing "": 2/74'
    assert text[8:10] == [
        '              Examples: "Cad. Deville"',
        '                        "Volvo 260"',
    ]
