"""What ``display`` shows: texts, numbers, expressions and directives on a line ([P] display)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from statalike.data.formats import display_number, format_value
from statalike.errors import StataError, invalid_syntax
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression_prefix
from statalike.language.quoting import closing_quote
from statalike.output.styled import Line, Segment, Style
from statalike.output.text_width import centered, columns_of, left_justified, right_justified
from statalike.state import State

_STYLES = {
    **dict.fromkeys(("text", "txt", "tex", "te"), Style.TEXT),
    **dict.fromkeys(("result", "resul", "resu", "res"), Style.RESULT),
    **dict.fromkeys(("error", "erro", "err"), Style.ERROR),
    **dict.fromkeys(("input", "inpu", "inp"), Style.INPUT),
    **dict.fromkeys(("green", "gr"), Style.TEXT),
    **dict.fromkeys(("yellow", "ye"), Style.RESULT),
    **dict.fromkeys(("red",), Style.ERROR),
    **dict.fromkeys(("white",), Style.INPUT),
}
_AS = re.compile(r"(?:as|in)\s+(\w+)")
_FORMAT = re.compile(r"%-?t[^\s\"`()]*|%[-0~]*\d*(?:[.,]\d+)?\w*")
_DIRECTIVES = {
    "newline": 1,
    "skip": 1,
    "column": 3,
    "dup": 1,
    "continue": 1,
    "quote": 1,
    "char": 2,
}
_DIRECTIVE = re.compile(r"_([a-z]+)\b")
#: what makes a text in quotes the beginning of an expression
_OPERATOR = re.compile(r"\s*(?:[+*&|<>]|[=!~]=)")
_SMCL = re.compile(r"\{(\w+)(?:\s+([^{}:]*))?(?::([^{}]*))?\}")
_CHARACTERS = {"|": "|", "-": "-", "-(": "{", ")-": "}", "S|": "$", "'g": "`"}
_SMCL_STYLES = frozenset(
    "txt text res result err error inp input cmd com bf it sf ul ulon uloff hi".split()  # noqa: SIM905
)


def displayed_text(state: State, text: str) -> str:
    """What ``display`` would show, without styles: the macro function ``: display``."""
    styled, _, _ = displayed_line(state, text, column=0)
    return "".join(segment.text for segment in styled)


def displayed_line(state: State, text: str, *, column: int) -> tuple[Line, str, bool]:
    """The styled line, its end ("" after ``_continue``), and whether it is an error message.

    ``column`` is how far the line that it continues reaches already.
    """
    shown = _Shown(state, column)
    rest = text.strip()
    while rest:
        rest = shown.take(rest).strip()
    return tuple(shown.segments), shown.end, shown.as_error


@dataclass
class _Shown:
    """The line so far, and what the directives say of what comes next."""

    state: State
    column: int
    segments: list[Segment] = field(default_factory=list)
    style: Style | None = None
    end: str = "\n"
    as_error: bool = False
    copies: int = 1
    format: str = ""

    def take(self, rest: str) -> str:
        """Show the first part of the text; what comes after it."""
        if rest[0] == ",":
            if not rest.startswith(",,"):
                self.put(" ", Style.TEXT)
            return rest.lstrip(",")
        style = _AS.match(rest)
        if style and style[1] in _STYLES:
            self.style = _STYLES[style[1]]
            self.as_error = self.as_error or self.style is Style.ERROR
            return rest[style.end() :]
        if rest.startswith(('"', '`"')):
            close = closing_quote(rest, 0)
            if close < 0:
                raise StataError(132, "too few quotes")
            if not _OPERATOR.match(rest, close):
                mark = 1 if rest[0] == '"' else 2
                self.quoted(rest[mark : close - mark])
                return rest[close:]
        directive = _DIRECTIVE.match(rest)
        name = _directive(directive[1]) if directive else ""
        if directive and name:
            argument, after = _argument(rest[directive.end() :])
            self.directive(name, argument)
            return after
        if rest[0] == "%":
            found = _FORMAT.match(rest)
            assert found is not None
            self.format = found[0]
            return rest[found.end() :]
        if rest[0] == "=" and not rest.startswith("=="):
            rest = rest[1:].lstrip()
        expression, after = parse_expression_prefix(rest)
        self.value(evaluate_scalar(expression, StateContext(self.state)))
        return after

    def put(self, piece: str, style: Style) -> None:
        piece *= self.copies
        self.copies = 1
        self.segments.append(Segment(piece, style))
        _, newline, last = piece.rpartition("\n")
        self.column = columns_of(last) + (0 if newline else self.column)

    def quoted(self, text: str) -> None:
        text = _without_smcl(text, self.column, self.state.console.linesize)
        if self.format:
            text, self.format = format_value(text, self.format), ""
        self.put(text, self.style or Style.TEXT)

    def value(self, value: float | str) -> None:
        if self.format:
            text, self.format = format_value(value, self.format), ""
        else:
            text = value if isinstance(value, str) else display_number(value)
        plain = self.style in (None, Style.TEXT)
        self.put(text, Style.RESULT if plain else self.style or Style.RESULT)

    def directive(self, name: str, argument: str) -> None:
        count = 1 if name in ("continue", "quote") else _count(self.state, argument)
        match name:
            case "newline":
                self.put("\n" * count, Style.TEXT)
            case "skip":
                self.put(" " * count, Style.TEXT)
            case "column":
                self.put(" " * max(count - 1 - self.column, 0), Style.TEXT)
            case "dup":
                self.copies = count
            case "continue":
                self.end = ""
            case "quote":
                self.put('"', self.style or Style.TEXT)
            case _:
                self.put(_character(count), self.style or Style.TEXT)


def _directive(word: str) -> str:
    """The full name of a directive typed without its underscore, or nothing."""
    for name, shortest in _DIRECTIVES.items():
        if name.startswith(word) and len(word) >= shortest:
            return name
    return ""


def _character(code: int) -> str:
    if not 1 <= code <= 255:
        raise invalid_syntax()
    return bytes([code]).decode("latin-1")


def _argument(text: str) -> tuple[str, str]:
    """The text inside the parentheses that follow a directive, and what comes after."""
    if not text.startswith("("):
        return "", text
    depth = 0
    for position, mark in enumerate(text):
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            return text[1:position], text[position + 1 :]
    raise StataError(132, "too many '(' or '['")


def _count(state: State, text: str) -> int:
    if not text:
        return 1
    expression, rest = parse_expression_prefix(text.strip())
    value = evaluate_scalar(expression, StateContext(state))
    if isinstance(value, str) or rest.strip() or not 0 <= value <= 32767:
        raise invalid_syntax()
    return int(value)


def _without_smcl(text: str, column: int, linesize: int) -> str:
    """SMCL directives in a text carried out as far as plain text can show them.

    What is no directive stays as it stands.
    """
    if "{" not in text:
        return text
    shown = ""
    position = 0
    for found in _SMCL.finditer(text):
        shown += text[position : found.start()]
        position = found.end()
        piece = _smcl(found, column + columns_of(shown), linesize)
        shown += found[0] if piece is None else piece
    return shown + text[position:]


def _smcl(found: re.Match[str], column: int, linesize: int) -> str | None:
    """What a directive shows from a column on; None for what is no directive."""
    name, argument, inner = found[1], (found[2] or "").strip(), found[3]
    number = int(argument) if argument.isascii() and argument.isdigit() else None
    if number is not None and number > linesize:
        return None
    match name:
        case "hline":
            return "-" * (max(linesize - column, 0) if number is None else number)
        case "space" | "dup" if number is not None:
            return (inner or " ") * number
        case "col" if number is not None:
            return " " * max(number - 1 - column, 0)
        case "ralign" if number is not None:
            return right_justified(inner or "", number)
        case "lalign" if number is not None:
            return left_justified(inner or "", number)
        case "center" | "centre" if number is not None:
            return centered(inner or "", number)
        case "c":
            return _CHARACTERS.get(argument, "+")
    return (inner or "") if name in _SMCL_STYLES else None
