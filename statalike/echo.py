"""The lines that a command is shown by: its source after the prompts of a log.

A command stands after ``. `` and its further lines after ``> ``.  The commands of a loop or program
are numbered; a comment or an empty line takes the number's place without using it up, and the
command after it has a bare ``. ``, as in Stata's logs.
"""

from __future__ import annotations

from collections.abc import Iterator

from statalike.language.source import Unit

PROMPT = ". "


def numbered_prompt(number: int) -> str:
    """The prompt of a command in a loop: ``  2. ``."""
    return f"{number:3d}. "


def echoed(unit: Unit) -> Iterator[tuple[str, str]]:
    """Prompt and text of a command; the text of several lines has them divided by newlines."""
    yield PROMPT, "\n".join(unit.lines)
    if unit.body is not None:
        numbers = _Numbers(1 if unit.terminator == "end" else 2)
        yield from _echoed_body(unit, numbers)


def unnumbered(unit: Unit) -> Iterator[tuple[str, str]]:
    """Prompt and text of the lines of a block that is passed over."""
    yield PROMPT, "\n".join(unit.lines)
    for part in unit.body or ():
        yield from unnumbered(part)
    if unit.closing:
        yield PROMPT, "\n".join(unit.closing)


class _Numbers:
    """Numbered prompts, each until the command after it has been shown."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._given = False

    def prompt(self, *, is_command: bool) -> str:
        shown = PROMPT if self._given else numbered_prompt(self._next)
        self._given = not is_command
        self._next += is_command
        return shown


def _echoed_body(unit: Unit, numbers: _Numbers) -> Iterator[tuple[str, str]]:
    for part in unit.body or ():
        yield numbers.prompt(is_command=bool(part.text)), "\n".join(part.lines)
        if part.body is not None:
            yield from _echoed_body(part, numbers)
    if unit.closing:
        yield numbers.prompt(is_command=True), "\n".join(unit.closing)
