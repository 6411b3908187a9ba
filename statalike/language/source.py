"""Physical lines → commands: comments, continuation, delimiters and blocks.

A :class:`Unit` is one command with comments taken out and its lines joined, macros not yet
expanded.  ``foreach``, ``if`` and the like with a ``{`` at the end of the line, ``program`` and
``input`` are one unit with their inner commands as ``body``.

Comments are Stata's: ``*`` where a command begins; ``//`` at the start of a line or after a
blank, to the end of the line; ``///`` likewise, and the next line continues this one; ``/* */``,
nested, over any number of lines.  None of them counts inside double quotes, but ``/*`` does count
inside a ``*`` comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from statalike.errors import StataError
from statalike.language.quoting import closing_quote

_DELIMIT = re.compile(r"#d(?:e(?:l(?:i(?:m(?:it?)?)?)?)?)?\s*(;|cr)\s*;?\s*(?://.*)?", re.DOTALL)
_MARKS = re.compile(r'`"|"|//|/\*|\*/|;')
_COMMENT_MARKS = re.compile(r"/\*|\*/")


def _abbreviated(word: str, shortest: int) -> str:
    """A pattern for a command's name down to its shortest abbreviation."""
    return "|".join(word[:length] for length in range(len(word), shortest - 1, -1))


_PREFIXES = rf"""(?:(?:{_abbreviated("capture", 3)}|{_abbreviated("quietly", 3)}
    |{_abbreviated("noisily", 1)})\b\s*+(?::\s*+)?)*+"""
_PROGRAM = re.compile(
    rf"""{_PREFIXES}(?:{_abbreviated("program", 2)})\s+
    (?!(?:{_abbreviated("drop", 4)}|{_abbreviated("dir", 2)}|{_abbreviated("list", 1)})\b)\S""",
    re.VERBOSE,
)
_INPUT = re.compile(rf"{_PREFIXES}(?:{_abbreviated('input', 3)})(?:\s|,|$)", re.VERBOSE)
_OTHER_LANGUAGE = re.compile(r"(?:mata|python)\s*:?")


@dataclass(frozen=True)
class Unit:
    """One command as it stood in the source.

    ``text`` is the logical command; it is empty for blank lines and comments.  ``lines`` are the
    raw lines it (or a block's header) was written on and ``number`` the first one's, from 1.
    A block has its commands in ``body`` (the raw lines, for ``input`` and other languages),
    ``terminator`` is ``}`` or ``end`` and ``closing`` the raw lines of the terminator.
    ``problem`` is the error to raise instead of running the unit.
    """

    text: str
    lines: tuple[str, ...] = ()
    number: int = 1
    body: tuple[Unit, ...] | None = None
    terminator: str = ""
    closing: tuple[str, ...] = ()
    problem: StataError | None = None

    @property
    def header(self) -> str:
        """The command without the ``{`` that opens its block."""
        return self.text[:-1].rstrip() if self.terminator == "}" else self.text

    def source_lines(self) -> Iterator[str]:
        """All raw lines of the unit, those of its body and its terminator included."""
        yield from self.lines
        for unit in self.body or ():
            yield from unit.source_lines()
        yield from self.closing


def read_source(text: str, delimiter: str = "cr") -> Iterator[Unit]:
    """The commands of a do-file.

    What cannot be read (an unmatched brace, an unfinished comment) becomes a unit with a
    ``problem``, so that the commands before it run first, as in Stata.
    """
    reader = SourceReader(delimiter)
    for line in text.splitlines():
        yield from reader.feed(line)
    yield from reader.finish()


class SourceReader:
    """Reads lines one at a time; commands come out as soon as they are complete.

    ``delimiter`` is ``cr`` or ``;`` and changes when ``#delimit`` is read.
    """

    def __init__(self, delimiter: str = "cr") -> None:
        self._lines = _LogicalLines(delimiter)
        self._open: list[_OpenBlock] = []

    @property
    def delimiter(self) -> str:
        return self._lines.delimiter

    @property
    def incomplete(self) -> bool:
        """Whether the lines so far end inside a command or block."""
        return bool(self._open) or self._lines.pending

    @property
    def depth(self) -> int:
        """How many blocks are open."""
        return len(self._open)

    @property
    def in_block(self) -> bool:
        """Whether the next line starts a command inside a block, where prompts are numbered."""
        return bool(self._open) and not self._lines.pending

    def feed(self, line: str) -> list[Unit]:
        """The top-level units that ``line`` completes."""
        units: list[Unit] = []
        if self._open and self._open[-1].raw and not self._lines.pending:
            self._raw_line(line.rstrip("\r\n"), units)
            return units
        for logical in self._lines.feed(line.rstrip("\r\n")):
            self._take(logical, units)
        return units

    def finish(self) -> list[Unit]:
        """What is left at the end of the source; unfinished blocks have a ``problem``."""
        units: list[Unit] = []
        for logical in self._lines.finish():
            self._take(logical, units)
        while self._open:
            problem = StataError(612, "unexpected end of file")
            self._close((), units, problem)
        return units

    def _raw_line(self, line: str, units: list[Unit]) -> None:
        self._lines.number += 1
        if line.strip() in ("end", "end;"):
            self._close((line,), units)
        else:
            self._open[-1].body.append(Unit(line.strip(), (line,), self._lines.number))

    def _take(self, logical: Unit, units: list[Unit]) -> None:
        text = logical.text
        if text.startswith("}"):
            self._close_brace(logical, units)
        elif text == "end" and self._open:
            self._close_program(logical, units)
        elif text.endswith("{"):
            self._open.append(_OpenBlock(logical, "}"))
        elif _PROGRAM.match(text):
            self._open.append(_OpenBlock(logical, "end"))
        elif _INPUT.match(text) or _OTHER_LANGUAGE.fullmatch(text):
            self._open.append(_OpenBlock(logical, "end", raw=True))
        else:
            self._add(logical, units)

    def _close_brace(self, logical: Unit, units: list[Unit]) -> None:
        problem = None
        if logical.text != "}":
            problem = StataError(
                198, "program error:  code follows on the same line as close brace"
            )
        if self._open and self._open[-1].terminator == "}":
            self._close(logical.lines, units, problem)
            return
        problem = StataError(198, "program error:  matching open brace not found")
        self._add(replace(logical, problem=problem), units)

    def _close_program(self, logical: Unit, units: list[Unit]) -> None:
        """``end`` also ends blocks that were left open inside the program."""
        problem = None
        if not any(block.terminator == "end" for block in self._open):
            self._add(logical, units)
            return
        while self._open[-1].terminator != "end":
            problem = StataError(198, "program error:  matching close brace not found")
            self._close((), units, problem)
        self._close(logical.lines, units, problem)

    def _close(
        self, closing: tuple[str, ...], units: list[Unit], problem: StataError | None = None
    ) -> None:
        block = self._open.pop()
        unit = replace(
            block.header,
            body=tuple(block.body),
            terminator=block.terminator,
            closing=closing,
            problem=problem or next((u.problem for u in block.body if u.problem), None),
        )
        self._add(unit, units)

    def _add(self, unit: Unit, units: list[Unit]) -> None:
        if self._open:
            self._open[-1].body.append(unit)
        else:
            units.append(unit)


@dataclass
class _OpenBlock:
    header: Unit
    terminator: str
    raw: bool = False
    body: list[Unit] = field(default_factory=list)


class _LogicalLines:
    """Takes out comments and joins lines into commands."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.number = 0
        self._text: list[str] = []
        self._raw: list[str] = []
        self._first = 1
        self._comment_depth = 0
        self._star = False
        self._continued = False

    @property
    def pending(self) -> bool:
        """Whether a command has begun that the next line may go on with."""
        if self._comment_depth or self._continued:
            return True
        return self.delimiter == ";" and bool("".join(self._text).strip() or self._star)

    def feed(self, line: str) -> Iterator[Unit]:
        self.number += 1
        if not self._raw:
            self._first = self.number
        self._raw.append(line)
        if not self._comment_depth and not self._star and self._is_blank():
            found = _DELIMIT.fullmatch(line.strip())
            if found:
                self.delimiter = found[1]
                yield self._emit(f"#delimit {found[1]}")
                return
        self._continued = False
        yield from self._scan(line)
        if self._comment_depth or self._continued or self.delimiter == ";":
            self._text.append(" ")
        else:
            yield self._emit()

    def finish(self) -> Iterator[Unit]:
        if self._comment_depth:
            problem = StataError(612, "unexpected end of file")
            yield replace(self._emit(), problem=problem)
        elif self._raw or not self._is_blank():
            yield self._emit()

    def _is_blank(self) -> bool:
        return not any(part.strip() for part in self._text)

    def _emit(self, text: str | None = None) -> Unit:
        if text is None:
            text = "" if self._star else "".join(self._text).strip()
        unit = Unit(text, tuple(self._raw), self._first)
        self._text, self._raw, self._comment_depth = [], [], 0
        self._star = self._continued = False
        return unit

    def _scan(self, line: str) -> Iterator[Unit]:
        """Collect the text of a line outside comments; units that end at a ``;``."""
        position, start = 0, 0
        while True:
            if self._comment_depth:
                position = start = self._skip_comment(line, position)
                if self._comment_depth:
                    return
            if not self._star and self._is_blank():
                self._star = line[start:].lstrip().startswith("*")
            found = _MARKS.search(line, position)
            if found is None:
                self._text.append(line[start:])
                return
            mark, at = found[0], found.start()
            position = found.end()
            if mark == "/*":
                self._text.append(line[start:at])
                self._text.append(" ")
                self._comment_depth = 1
            elif mark == "//":
                if at == 0 or line[at - 1].isspace():
                    self._text.append(line[start:at])
                    self._continued = line.startswith("///", at)
                    return
                position = at + 1
            elif mark in ('"', '`"'):
                if not self._star:
                    closing = closing_quote(line, at)
                    position = closing if closing >= 0 else len(line)
            elif mark == ";" and self.delimiter == ";":
                self._text.append(line[start:at])
                yield self._emit()
                start = position
                if line[start:].strip():
                    self._first = self.number

    def _skip_comment(self, line: str, position: int) -> int:
        """The position after the comment that is open, or the end of the line."""
        while self._comment_depth:
            found = _COMMENT_MARKS.search(line, position)
            if found is None:
                return len(line)
            self._comment_depth += 1 if found[0] == "/*" else -1
            position = found.end()
        return position
