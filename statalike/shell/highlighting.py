"""Highlighting of Stata code: a Pygments lexer whose words are those of the command register."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
    _TokenType,
)

from statalike.commands.registry import Command, find_command, find_subcommand
from statalike.language.functions.registry import FUNCTIONS
from statalike.shell.command_line import CONTROL_WORDS, options_of

_SYSTEM_NAMES = frozenset(["_n", "_N", "_pi", "_rc", "_b", "_se", "_cons", "_all"])
_QUALIFIERS = frozenset(("if", "in", "using"))
_CONTROL = frozenset((*CONTROL_WORDS, "forval", "forv"))

_TOKENS = re.compile(
    r"""
      (?P<block>/\*.*?(?:\*/|\Z))
    | (?P<continued>(?:(?<=\s)|^)///[^\n]*\n?)
    | (?P<comment>(?:(?<=\s)|^)//[^\n]*)
    | (?P<compound>`"[^\n]*?(?:"'|(?=\n)|\Z))
    | (?P<string>"[^"\n]*(?:"|(?=\n)|\Z))
    | (?P<macro>`[\w:=+\-*/. ()]*'|\$\{?\w+\}?)
    | (?P<newline>\n)
    | (?P<blank>[^\S\n]+)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])|\d+|(?<![\w.])\.[a-z]?(?!\w))
    | (?P<word>[^\W\d]\w*|\#d\w*)
    | (?P<operator>\|\||==|!=|~=|<=|>=|\#\#|[-+*/^&|!~<>=\#@%?.])
    | (?P<mark>[()\[\]{},:;])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_MACRO = re.compile(r"`\w+'|\$\{?\w+\}?")
_KINDS: dict[str, _TokenType] = {
    "block": Comment.Multiline,
    "continued": Comment.Single,
    "comment": Comment.Single,
    "macro": Name.Variable,
    "blank": Whitespace,
    "number": Number,
    "operator": Operator,
    "other": Text,
}


class StataLexer(Lexer):
    """Tokens of Stata code: commands, options, functions, macros, texts, numbers, comments."""

    name = "Stata syntax (statalike)"
    aliases: ClassVar[list[str]] = ["statalike"]
    filenames: ClassVar[list[str]] = []
    url = "https://pypi.org/project/statalike"

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        scan = _Scan()
        position = 0
        while position < len(text):
            if scan.at_start and text.startswith("*", position):
                end = text.find("\n", position)
                end = len(text) if end < 0 else end
                yield position, Comment.Single, text[position:end]
                position = end
                continue
            found = _TOKENS.match(text, position)
            assert found is not None
            kind, token = found.lastgroup or "other", found[0]
            if kind in ("string", "compound"):
                yield from _string(position, token)
                scan.take_other()
            elif kind == "word":
                called = text.startswith("(", found.end())
                yield position, scan.word(token, called), token
            elif kind == "newline":
                scan = _Scan()
                yield position, Whitespace, token
            elif kind == "mark":
                yield position, Punctuation, token
                scan.mark(token)
            else:
                yield position, _KINDS[kind], token
                if kind == "operator" and token == "||":
                    scan.after_comma = False
                if kind not in ("blank", "block", "continued", "comment"):
                    scan.take_other()
            position = found.end()


def _string(position: int, token: str) -> Iterator[tuple[int, _TokenType, str]]:
    """A text in quotes, with the macros in it."""
    start = 0
    for found in _MACRO.finditer(token):
        if found.start() > start:
            yield position + start, String, token[start : found.start()]
        yield position + found.start(), Name.Variable, found[0]
        start = found.end()
    if start < len(token):
        yield position + start, String, token[start:]


class _Scan:
    """What the tokens of a command so far say about the next one."""

    def __init__(self) -> None:
        self.at_start = True
        self.command: Command | None = None
        self.family: Command | None = None
        self.prefix = False
        self.after_comma = False
        self.depth = 0

    def word(self, token: str, called: bool) -> _TokenType:
        """The token type of a word; ``called`` when a parenthesis follows it."""
        if self.at_start:
            return self._first_word(token)
        if self.family is not None:
            command = find_subcommand(self.family.name, token)
            self.family, self.command = None, command
            return Keyword if command is not None else Name
        if self.depth == 0 and token in _QUALIFIERS and not self.after_comma:
            return Operator.Word
        if self.depth == 0 and self.after_comma:
            return Name.Attribute if self._is_option(token) else Name
        if called and token in FUNCTIONS:
            return Name.Function
        return Name.Builtin if token in _SYSTEM_NAMES else Name

    def _first_word(self, token: str) -> _TokenType:
        if token in _CONTROL or token.startswith("#d"):
            self.at_start = token == "else"
            return Keyword.Reserved
        command = find_command(token)
        self.at_start = False
        if command is None:
            return Name
        if command.form == "family":
            self.family = command
        elif command.form == "prefix":
            self.at_start = command.syntax == "colon optional"
            self.prefix = not self.at_start
        else:
            self.command = command
        return Keyword

    def _is_option(self, token: str) -> bool:
        return any(option.matches(token) for option in options_of(self.command))

    def mark(self, token: str) -> None:
        """A bracket, comma or colon."""
        if token == ":" and self.depth == 0 and (self.prefix or self.at_start):
            self.at_start, self.prefix, self.after_comma = True, False, False
            return
        if token in "([{":
            self.depth += 1
        elif token in ")]}":
            self.depth = max(0, self.depth - 1)
        elif token == "," and self.depth == 0:
            self.after_comma = not self.after_comma
        self.take_other()

    def take_other(self) -> None:
        """Something that is no word."""
        self.at_start = False
        self.family = None
