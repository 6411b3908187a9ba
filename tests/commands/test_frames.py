"""Frames, links between them, and files filled row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from statalike.errors import StataError
from tests.commands.typed import session, small


def test_a_prefix_runs_a_command_in_another_frame_and_comes_back() -> None:
    made = small()
    made.run(
        "frame create other\nframe other: set obs 3\nframe other: generate y = _n", quietly=True
    )
    assert list(made.data) == ["id", "group", "x", "name"]
    assert made.output("frame other {\n count\n}\ncount") == "  3\n  8\n"
    with pytest.raises(StataError):
        made.run("frame other: drop nosuch")
    assert made.output("frame pwf") == "  (current frame is default)\n"


def test_frames_are_listed_with_their_sizes() -> None:
    made = session("frame create a\nframe rename default b")
    assert made.output("frame dir") == "  a  0 x 0\n  b  0 x 0\n"
    assert made.r["frames"] == "a b"


def test_observations_are_posted_to_a_frame() -> None:
    made = session('frame create r str5 s double d\nframe post r ("a") (1/4)\nframe change r')
    assert made.data.to_dict("list") == {"s": ["a"], "d": [0.25]}


def test_a_copy_is_independent() -> None:
    made = small()
    made.run("frame copy default other\nframe other: drop x\nframe put id if id > 6, into(two)")
    assert "x" in made.data
    made.run("frame change two")
    assert made.data["id"].tolist() == [7, 8]


def test_variables_come_over_a_link() -> None:
    made = small()
    made.run(
        "frame create sides\nframe change sides\nset obs 2\ngenerate byte side = _n\n"
        'generate z = side * 10\ngenerate str3 t = "t" + string(side)\nframe change default\n'
        "replace group = 3 in 8",
        quietly=True,
    )
    assert made.output("frlink m:1 group, frame(sides side)") == (
        "  (1 observation in frame default unmatched)\n"
    )
    assert made.output("frget z t, from(sides)") == "(2 variables copied from linked frame)\n"
    assert made.data["z"].tolist()[:7] == [10.0] * 4 + [20.0] * 3
    assert made.data["t"].tolist() == ["t1"] * 4 + ["t2"] * 3 + [""]
    made.run("frget zz = z, from(sides)\nframe drop sides", quietly=True)
    assert "zz" in made.data


def test_a_file_of_results(tmp_path: Path) -> None:
    made = session(f'postfile p str5 s double d float f using "{tmp_path}/r"')
    for number in range(3):
        made.run(f'post p ("a{number}") ({number} / 3) (.)')
    made.run(f'postclose p\nuse "{tmp_path}/r"')
    assert made.data["d"].tolist() == [0, 1 / 3, 2 / 3]
    assert made.data["s"].tolist() == ["a0", "a1", "a2"]


ERRORS = [
    ("frame create default", "frame default already defined", 110),
    ("frame create 1a", "1a invalid name", 198),
    ("frame change nosuch", "frame nosuch not found", 111),
    ("frame nosuch: count", "frame nosuch not found", 111),
    ("frame nosuch", "invalid subcommand nosuch", 198),
    ("frame drop default", "default is the current frame; it may not be dropped", 110),
    ("frame drop nosuch", "frame nosuch not found", 111),
    ("frame copy default a b", "invalid syntax", 198),
    ("frame copy default a, foo", "option foo not allowed", 198),
    ("frame put x", "option into() required", 198),
    ("frame create r a b\nframe post r (1)", "too few expressions; 2 variables and 1 values", 198),
    ('frame create r a\nframe post r ("x")', "type mismatch", 109),
    ("frlink m:m id, frame(default)", "invalid syntax", 198),
    ("frlink m:1 id, frame(nosuch)", "frame nosuch not found", 111),
    ("frget x, from(id)", "id is not a link variable made by frlink", 111),
    ("post nosuch (1)", "post nosuch not found", 111),
    ("postclose nosuch", "post nosuch not found", 111),
    ("postfile p a", "using required", 100),
]


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str, code: int) -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_keys_that_identify_nothing() -> None:
    made = small()
    made.run("frame copy default other")
    with pytest.raises(StataError) as caught:
        made.run("frlink m:1 group, frame(other)")
    assert caught.value.code == 459
