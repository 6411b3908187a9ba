"""Half-typed command lines: prefixes, the command, and where in it a position stands.

The parser proper wants complete lines; what is typed at a prompt is not complete yet, so this
reads as much as there is and never fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from statalike.commands.registry import Command, find_command, find_subcommand
from statalike.errors import StataError
from statalike.language.quoting import closing_quote, marks
from statalike.language.specification import OptionSpecification, Specification

#: words that begin blocks and are read by the interpreter itself
CONTROL_WORDS = ("foreach", "forvalues", "while", "if", "else", "program", "end")

_CONTINUED = re.compile(r"///[^\n]*\n")
_FIRST_WORD = re.compile(r"\s*(\w*)")
_COLON_BEFORE_COMMAND = re.compile(r"\s*:?\s*")
_QUOTE = re.compile(r'`"|"')


@dataclass(frozen=True)
class Words:
    """The command at the end of a text, cut after its prefixes.

    ``start`` is where its first word begins in the text, ``body`` where the rest begins;
    ``name`` is the first word and ``command`` what it stands for.  For a family such as ``estat``
    ``subcommand`` is the second word and ``command`` what both stand for.  ``prefix`` is the
    prefix command whose colon is still to come.
    """

    start: int
    body: int
    name: str = ""
    subcommand: str | None = None
    command: Command | None = None
    prefix: Command | None = None


def _without_continuation(text: str) -> str:
    """The text with ``///`` and its line end blanked out, of the same length."""
    return _CONTINUED.sub(lambda found: " " * len(found[0]), text)


def words_of(text: str) -> Words:
    """The last command of ``text`` and its prefixes."""
    text = _without_continuation(text)
    position = text.rfind("\n") + 1
    while True:
        found = _FIRST_WORD.match(text, position)
        assert found is not None
        name, start, body = found[1], found.start(1), found.end()
        if name == "else" and body < len(text):
            position = body
            continue
        command = find_command(name) if name else None
        if command is None or command.form == "family":
            return _with_subcommand(text, Words(start, body, name, None, command))
        if command.form != "prefix" or body == len(text):
            return Words(start, body, name, None, command)
        after = _after_prefix(command, text, body)
        if after is None:
            return Words(start, body, name, None, command, prefix=command)
        position = after


def _after_prefix(command: Command, text: str, body: int) -> int | None:
    """Where the command after a prefix begins; None before the prefix's colon."""
    if command.syntax == "colon optional":
        found = _COLON_BEFORE_COMMAND.match(text, body)
        assert found is not None
        return found.end()
    for mark, position, depth in marks(text[body:]):
        if mark == ":" and depth == 0:
            return body + position + 1
    return None


def _with_subcommand(text: str, words: Words) -> Words:
    if words.command is None or words.body == len(text):
        return words
    found = _FIRST_WORD.match(text, words.body)
    assert found is not None
    command = find_subcommand(words.command.name, found[1])
    return Words(words.start, found.end(), words.name, found[1], command)


def specification_of(command: Command | None) -> Specification | None:
    """What a command takes; None for commands that take text of their own kind."""
    if command is None or not command.syntax or command.form in ("prefix", "family"):
        return None
    try:
        return command.specification
    except StataError:
        return None


def options_of(command: Command | None) -> list[OptionSpecification]:
    """The options of a command and of its equations."""
    specification = specification_of(command)
    if specification is None:
        return []
    inner = specification.equations.options if specification.equations else ()
    return [option for option in (*specification.options, *inner) if option.supported]


@dataclass(frozen=True)
class Place:
    """Where the end of a command's text after its name stands.

    ``after_comma``: among the options.  ``option``: inside the parentheses of that option.
    ``depth``: how many brackets are open.  ``quote``: where the text in quotes begins that is not
    closed yet.  ``clause``: the text of the part at hand: after the last ``||`` or comma, or inside
    the option's parentheses.
    """

    after_comma: bool = False
    option: str = ""
    depth: int = 0
    quote: int | None = None
    clause: str = ""


def place_in(text: str) -> Place:
    """The place of the end of ``text``, the text of a command after its name."""
    quote = open_quote(text)
    end = len(text) if quote is None else quote - 1
    after_comma, option, outermost, begun, open_brackets = False, "", 0, 0, 0
    for mark, position, depth in marks(text[:end]):
        if mark == "||" and depth == 0:
            after_comma, begun = False, position + 2
        elif mark == "," and depth == 0:
            after_comma, begun = not after_comma, position + 1
        elif mark in "([{":
            open_brackets = depth + 1
            if depth == 0:
                outermost = position
                begun = position + 1 if after_comma else begun
        elif mark in ")]}":
            open_brackets = depth
            if depth == 0 and after_comma:
                begun = position + 1
    if after_comma and open_brackets:
        named = re.search(r"(\w+)$", text[:outermost])
        option = named[1] if named else ""
    return Place(after_comma, option, open_brackets, quote, text[begun:end])


def open_quote(text: str) -> int | None:
    """The position after the quote that opens a string without end; None when all are closed."""
    position = 0
    while found := _QUOTE.search(text, position):
        position = closing_quote(text, found.start())
        if position < 0:
            return found.end()
    return None
