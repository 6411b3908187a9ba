"""When an entry is complete, and how its further lines are prompted."""

from __future__ import annotations

import pytest

from statalike.shell.entry import further_prompt, is_complete, leaves_blank_line, read_entry


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("", True),
        ("display 1", True),
        ("display 1 ///", False),
        ("display 1 ///\n+ 2", True),
        ("foreach v in a b {", False),
        ("foreach v in a b {\ndisplay 1", False),
        ("foreach v in a b {\ndisplay 1\n}", True),
        ("/* a comment", False),
        ("program greet", False),
        ("program greet\ndisplay 1\nend", True),
        ('display "{"', True),
        ("}", True),
    ],
)
def test_completeness(text: str, complete: bool) -> None:
    assert is_complete(text) is complete


def test_with_semicolons_a_line_end_ends_nothing() -> None:
    assert not is_complete("display 1", ";")
    assert is_complete("display 1;", ";")
    assert is_complete("", ";")


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("display 1 ///", "> "),
        ("/* a", "> "),
        ("foreach v in a {", "  2. "),
        ("foreach v in a {\ndisplay 1", "  3. "),
        ("foreach v in a {\ndisplay 1 ///", "> "),
        ("foreach v in a {\n\n* comment", "  2. "),
        ("foreach v in a {\nforeach w in b {\ndisplay 1\n}", "  5. "),
        ("display 1\nforeach v in a {", "  2. "),
        ("program greet", "  1. "),
        ("program greet\ndisplay 1", "  2. "),
    ],
)
def test_further_prompts(text: str, prompt: str) -> None:
    assert further_prompt(text) == prompt


def test_an_entry_may_hold_several_commands() -> None:
    units, delimiter = read_entry("display 1\nforeach v in a {\ndisplay 2\n}\n#delimit ;")
    assert [unit.text for unit in units] == ["display 1", "foreach v in a {", "#delimit ;"]
    assert delimiter == ";"


def test_what_is_unfinished_has_a_problem() -> None:
    units, _ = read_entry("foreach v in a {")
    assert units[0].problem is not None and units[0].problem.code == 612


def test_blank_lines_after_output() -> None:
    first, second, third = read_entry("display 1\n\n* comment")[0]
    assert leaves_blank_line(first)
    assert not leaves_blank_line(second)
    assert leaves_blank_line(third)
