"""``by``, ``quietly``, ``noisily``, ``capture`` and ``version``."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.errors import StataError
from tests.commands.typed import session, small
from tests.do_files import log_of

SHOWN = [
    ("quietly display 1", ""),
    ("quietly: display 1", ""),
    ("qui noisily display 1", "1\n"),
    ("noisily display 1", "1\n"),
    ("n di 1", "1\n"),
    ("quietly noisily quietly display 1", ""),
    ("quietly", ""),
    ("capture display 1", ""),
    ("capture noisily display 1", "1\n"),
    ("capture nosuch\ndisplay _rc", "199\n"),
    ("capture: error 5\ndisplay _rc", "5\n"),
    ("capture error 5\ncapture display 1\ndisplay _rc", "0\n"),
    ("capture error 5\ndisplay 1\ndisplay _rc", "1\n5\n"),
    ("capture noisily error 5\ndisplay _rc", "not sorted\n5\n"),
    ("capture noisily nosuch", "command nosuch is unrecognized\n"),
    ("capture noisily sumarize", "command sumarize is unrecognized\n    did you mean summarize?\n"),
    ("capture quietly display 1\ndisplay _rc", "0\n"),
    ("capture noisily display 1 _c\ndisplay 2", "12\n"),
    ("quietly capture noisily error 5", "not sorted\n"),
    ("capture {\n display 1\n error 5\n display 2\n}\ndisplay _rc", "5\n"),
    ("capture noisily {\n display 1\n error 5\n display 2\n}\ndisplay _rc", "1\nnot sorted\n5\n"),
    ("quietly {\n display 1\n noisily display 2\n quietly noisily display 3\n}", "2\n3\n"),
    ("noisily {\n quietly {\n  display 1\n }\n display 2\n}", "2\n"),
    ("capture capture error 5\ndisplay _rc", "0\n"),
    ("version", "version 18.0\n"),
    ("version 16.1\ndisplay c(version)", "16.1\n"),
    ("version 17: display 1", "1\n"),
    ("version 14, missing\ndisplay 1", "1\n"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_what_is_shown(text: str, shown: str) -> None:
    assert session().output(text) == shown


def test_the_code_of_a_captured_error_is_not_shown() -> None:
    assert log_of("capture noisily error 5") == "not sorted\n"
    assert log_of("quietly error 5") == "not sorted\nr(5);\n"


def test_an_error_after_an_open_line() -> None:
    assert log_of('display "a" _continue\nerror 5') == "a\nnot sorted\nr(5);\n"


# -- by


def test_groups_are_shown_one_by_one() -> None:
    rule = "-" * 79
    assert small().output("by group: count") == (
        f"\n{rule}\n-> group = left\n  4\n\n{rule}\n-> group = right\n  4\n"
    )


def test_several_keys_labels_and_missing_values() -> None:
    made = small()
    made.run("set linesize 60")
    heads = [line for line in made.output("bysort group x: count").splitlines() if "->" in line]
    assert heads[0] == "-> group = left, x = 1"
    assert heads[-1] == "-> group = right, x = ."
    assert "-" * 60 in made.output("by group: count").splitlines()


def test_text_keys() -> None:
    assert "-> name = a1\n" in small().output("bysort name: count")


def values(made_by: str, name: str = "q") -> list[float]:
    made = small()
    made.run(made_by, quietly=True)
    return [float(value) for value in made.state.data.numbers(name)]


def test_numbers_within_groups() -> None:
    assert values("by group: generate q = _n") == [1, 2, 3, 4] * 2
    assert values("by group: generate q = _N") == [4] * 8
    assert values("by group: generate q = id[1]") == [1] * 4 + [5] * 4
    assert values("bysort group (id): generate q = id[_N]") == [4] * 4 + [8] * 4
    assert values("by group: egen q = max(id)") == [4] * 4 + [8] * 4
    assert values("gsort -id\nby group, sort: generate q = _N", "group") == [1] * 4 + [2] * 4


def test_a_prefix_may_stand_between() -> None:
    assert small().output("by group: quietly count").count("->") == 2
    assert values("by group: quietly generate q = _n") == [1, 2, 3, 4] * 2
    assert values("quietly by group: generate q = _n") == [1, 2, 3, 4] * 2


def test_sorting_is_remembered() -> None:
    made = small()
    made.run("bysort group (x): generate q = _n")
    assert made.state.data.sorted_by == ("group", "x")
    made.run("by group: generate r = _n\nby group x: generate s = _n")
    np.testing.assert_array_equal(made.data["r"], made.data["q"])


def test_rc0_goes_on_after_an_error() -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.output("by group: mixed id if group == 3 || id:")
    assert caught.value.code == 2000
    shown = made.output("by group, rc0: mixed id if group == 3 || id:")
    assert shown.count("->") == shown.count("no observations\n") == 2


def test_no_observations() -> None:
    assert session("clear\ngenerate x = 1").output("by x: count") == ""


def test_what_by_leaves_behind() -> None:
    made = small()
    with pytest.raises(StataError):
        made.run("by group: generate q = nosuch")
    assert made.state.by_groups is None and made.state.by_rows is None
    with pytest.raises(StataError):
        made.output("by group: summarize x if nosuch")
    assert made.output("count") == "  8\n"


ERRORS = [
    ("gsort -id\nby id: count", 5, "not sorted"),
    ("by nosuch: count", 111, "variable nosuch not found"),
    ("by: count", 100, "varlist required"),
    ("by group count", 198, "by must be followed by a colon and a command"),
    ("by group:", 198, "invalid syntax"),
    ("by group: nosuch", 199, "command nosuch is unrecognized"),
    ("by group: describe", 190, "describe may not be combined with by"),
    ("by group: display 1", 190, "display may not be combined with by"),
    ("by group: by id: count", 190, "by may not be combined with by"),
    ("by group, nosuch: count", 198, "option nosuch not allowed"),
    ("bysort group (id: count", 198, "bysort must be followed by a colon and a command"),
    ("bysort (id): count", 100, "varlist required"),
    ("bysort group (id) x: count", 198, "invalid syntax"),
    ("version 99", 9, "this is version 18.0 of the language; it cannot run version 99.0 programs"),
    ("version nan", 198, "invalid syntax"),
    ("version 18: nosuch", 199, "command nosuch is unrecognized"),
    ("version 18 display 1", 198, "invalid syntax"),
    ("quietly nosuch", 199, "command nosuch is unrecognized"),
    ("regress x {\n}", 198, "regress may not be followed by a block"),
]


@pytest.mark.parametrize(("text", "code", "message"), ERRORS)
def test_errors(text: str, code: int, message: str) -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.run(text)
    assert (caught.value.code, caught.value.message) == (code, message)
    assert made.state.console.shown
