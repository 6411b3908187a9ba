"""What is typed at the prompt: when it is complete, how its further lines are prompted."""

from __future__ import annotations

from statalike.echo import numbered_prompt
from statalike.language.source import SourceReader, Unit

FIRST_PROMPT = ". "
FURTHER_PROMPT = "> "


def is_complete(text: str, delimiter: str = "cr") -> bool:
    """Whether a text can be run: no block, comment or continued line is open at its end."""
    return not _read(text, delimiter).incomplete


def further_prompt(text: str, delimiter: str = "cr") -> str:
    """The prompt of the line after ``text``; in a block it tells the command's number."""
    reader = _read(text, delimiter)
    if not reader.in_block:
        return FURTHER_PROMPT
    block = reader.finish()[-1]
    return numbered_prompt((1 if block.terminator == "end" else 2) + _commands_in(block))


def _commands_in(block: Unit) -> int:
    """How many numbers the commands of a block have used up, ends of inner blocks included."""
    return sum(
        bool(part.text) + _commands_in(part) + bool(part.closing) for part in block.body or ()
    )


def read_entry(text: str, delimiter: str = "cr") -> tuple[list[Unit], str]:
    """The commands of a text and the delimiter after it; what is unfinished has a problem."""
    reader = SourceReader(delimiter)
    units = [unit for line in text.split("\n") for unit in reader.feed(line)]
    if reader.incomplete:
        units += reader.finish()
    return units, reader.delimiter


def leaves_blank_line(unit: Unit) -> bool:
    """Whether a blank line follows a command's output, as after all but blank lines."""
    return any(line.strip() for line in unit.lines)


def _read(text: str, delimiter: str) -> SourceReader:
    reader = SourceReader(delimiter)
    for line in text.split("\n"):
        reader.feed(line)
    return reader
