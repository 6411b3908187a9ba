"""Lists of observations, character for character."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from statalike.output.listing import ListColumn, ListOptions, listing
from tests.output.fixtures import expected, printed


def columns(text: str) -> list[ListColumn]:
    """Columns from rows of words; ``_`` stands for a blank."""
    head, *rows = (row.split() for row in text.strip().splitlines())
    return [ListColumn(name, [row[j] for row in rows]) for j, name in enumerate(head)]


SCHOOLS = columns("""
    schid   ses homework schtype ratio math
     6327   .56 1 Private 23 56
     6327     1 1 Private 23 61
     6327  -.44 3 Private 23 39
     6467  -.27 0 Private 19 42
     6467 -1.07 1 Private 19 46
     6467   -.3 3 Private 19 61
     6467  -.49 3 Private 19 67
     6467  1.16 4 Private 19 67
     7194   .25 0 Public 21 42
     7194  -.53 0 Public 21 43
     7194  -.89 0 Public 21 62
""")


def test_rules_between_groups() -> None:
    ids = SCHOOLS[0].cells
    breaks = [i > 0 and ids[i] != ids[i - 1] for i in range(len(ids))]
    assert printed(listing(SCHOOLS, range(50, 61), ListOptions(breaks=breaks))) == (
        expected("list_1")
    )


def test_observation_numbers_of_four_digits() -> None:
    found = columns("schoolnr sn\n2 7\n47 8\n103 4\n258 7")
    assert printed(listing(found, [32, 337, 841, 2282])) == expected("list_3")


def test_clean() -> None:
    found = columns("""
        district ni pi mle re
         3  2        1         .  .2077022
        26 13 .3846154  .0580263  .0169653
        33 14 .4285714 -.1926461 -.0822259
        37 13 .5384616  .7878245  .3139492
        38 14 .2857143 -.4925295 -.1938299
        42 11 .5454546  .5789949  .2049814
        49  4        0         .  -.192383
    """)
    numbers = [138, 845, 1101, 1215, 1228, 1335, 1600]
    assert printed(listing(found, numbers, ListOptions(clean=True))) == expected("list_4")


def test_a_rule_after_five() -> None:
    found = columns("""
        schoolid stuid write ses stucomp
        1 1 553 55.38129 3.350059
        1 2 530 61.13125 3.350059
        1 3 604 47.61407 3.350059
        1 4 433 48.26278 3.350059
        1 5 370  47.9762 3.350059
    """)
    assert printed(listing(found, range(1, 6))) == "\n".join(expected("list_5").split("\n")[8:])
    longer = [ListColumn("x", [str(i) for i in range(12)])]
    assert printed(listing(longer, range(1, 13))).count("|----|") == 3
    assert printed(listing(longer, range(1, 13), ListOptions(separator=0))).count("|----|") == 1


def test_a_box_for_each_observation_when_the_table_is_too_wide() -> None:
    values = {
        "maletotalperc": ".5116206",
        "femtotalperc": ".4883794",
        "malewhiteperc": ".5130497",
        "femwhiteperc": ".4869503",
        "maleblackperc": ".5078017",
        "femblackperc": ".4921983",
        "maleindianperc": ".5100116",
        "femindianperc": ".4899884",
        "maleasianperc": ".5029027",
        "femasianperc": ".4970973",
        "maleislandperc": ".5167261",
        "femislandperc": ".4832739",
    }
    wide = [ListColumn(name, [value]) for name, value in values.items()]
    assert printed(listing(wide, [1], ListOptions(abbreviation=100))) == expected("list_6")
    two = [ListColumn(column.name, [*column.cells, "1"]) for column in wide]
    text = printed(listing(two, [1, 2], ListOptions(abbreviation=100))).split("\n")
    assert text[10] == ""
    assert text[12].startswith("  2. | maletotalperc |")


def test_names_are_abbreviated_and_strings_may_stand_left() -> None:
    found = [ListColumn("intercept", ["1"]), ListColumn("make", ["AMC"], left=True)]
    assert printed(listing(found, [1])) == (
        "     +-----------------+\n"
        "     | interc~t   make |\n"
        "     |-----------------|\n"
        "  1. |        1   AMC  |\n"
        "     +-----------------+"
    )


def test_no_numbers_dividers_and_repeated_headers() -> None:
    found = [ListColumn("a", ["1", "2"]), ListColumn("b", ["3", "4"])]
    options = ListOptions(numbers=False, divider=True, header_every=1)
    assert printed(listing(found, [1, 2], options)) == (
        "  +-------+\n"
        "  | a | b |\n"
        "  |---+---|\n"
        "  | 1 | 3 |\n"
        "  |---+---|\n"
        "  | a | b |\n"
        "  |---+---|\n"
        "  | 2 | 4 |\n"
        "  +-------+"
    )
    bare = ListOptions(numbers=False, clean=True, header=False)
    assert printed(listing(found, [1, 2], bare)) == "    1   3  \n    2   4  "
    assert printed(listing(found, [])) == ""


WORD = st.text("abcdefgh_", min_size=1, max_size=12)


@given(st.lists(WORD, min_size=1, max_size=15, unique=True), st.integers(60, 200))
def test_every_line_has_the_same_width_and_fits(names: list[str], linesize: int) -> None:
    found = [ListColumn(name, [name[::-1], "1"]) for name in names]
    options = ListOptions(linesize=linesize, abbreviation=32)
    lines = printed(listing(found, [1, 2], options)).split("\n")
    widths = {len(row) for row in lines if row}
    assert len(widths) == 1
    assert widths.pop() <= linesize


def test_characters_of_two_columns() -> None:
    found = [ListColumn("name", ["日本", "é"]), ListColumn("x", ["1", "2"])]
    assert printed(listing(found, [1, 2], ListOptions(clean=True))) == (
        "       name   x  \n  1.   日本   1  \n  2.      é   2  "
    )
