"""What kind of thing may stand at the cursor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from statalike.commands.registry import Command, find_command
from statalike.shell.command_line import (
    Place,
    Words,
    options_of,
    place_in,
    specification_of,
    words_of,
)


class Kind(Enum):
    """Kinds of things that can be completed."""

    NOTHING = "nothing"
    COMMAND = "command"
    SUBCOMMAND = "subcommand"
    OPTION = "option"
    OPTION_VALUE = "option value"
    VARIABLE = "variable"
    EXPRESSION = "expression"
    LOCAL = "local macro"
    GLOBAL = "global macro"
    GLOBAL_NAME = "name of a global macro"
    SCALAR = "scalar"
    MATRIX = "matrix"
    ESTIMATES = "stored estimates"
    VALUE_LABEL = "value label"
    SETTING = "setting"
    EXAMPLE = "example dataset"
    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True)
class Context:
    """The kind of thing at the cursor, the part of it typed already and where that begins.

    ``command`` is the command at hand and ``family`` the first word of one whose second word is
    being typed; ``option`` the full name of the option whose value it is; ``quoted`` tells that a
    quote stands before the word.
    """

    kind: Kind
    word: str = ""
    start: int = 0
    command: Command | None = None
    family: str = ""
    option: str = ""
    quoted: bool = False


#: what the first argument of a command is, where its syntax does not say
_ARGUMENTS = {
    "use": Kind.FILE,
    "save": Kind.FILE,
    "saveold": Kind.FILE,
    "do": Kind.FILE,
    "run": Kind.FILE,
    "include": Kind.FILE,
    "erase": Kind.FILE,
    "rm": Kind.FILE,
    "type": Kind.FILE,
    "copy": Kind.FILE,
    "estimates use": Kind.FILE,
    "estimates save": Kind.FILE,
    "graph export": Kind.FILE,
    "import delimited": Kind.FILE,
    "import excel": Kind.FILE,
    "import sas": Kind.FILE,
    "import spss": Kind.FILE,
    "cd": Kind.FOLDER,
    "mkdir": Kind.FOLDER,
    "dir": Kind.FOLDER,
    "ls": Kind.FOLDER,
    "webuse": Kind.EXAMPLE,
    "sysuse": Kind.EXAMPLE,
    "lrtest": Kind.ESTIMATES,
    "suest": Kind.ESTIMATES,
    "estimates restore": Kind.ESTIMATES,
    "estimates replay": Kind.ESTIMATES,
    "estimates stats": Kind.ESTIMATES,
    "estimates table": Kind.ESTIMATES,
    "estimates drop": Kind.ESTIMATES,
    "estimates describe": Kind.ESTIMATES,
    "estimates store": Kind.ESTIMATES,
    "matrix list": Kind.MATRIX,
    "matrix drop": Kind.MATRIX,
    "scalar list": Kind.SCALAR,
    "scalar drop": Kind.SCALAR,
    "macro list": Kind.GLOBAL_NAME,
    "macro dir": Kind.GLOBAL_NAME,
    "macro drop": Kind.GLOBAL_NAME,
    "label list": Kind.VALUE_LABEL,
    "label drop": Kind.VALUE_LABEL,
    "label define": Kind.VALUE_LABEL,
    "help": Kind.COMMAND,
    "set": Kind.SETTING,
    "local": Kind.NOTHING,
    "global": Kind.NOTHING,
}
_OF_OPTION_KIND = {
    "varname": Kind.VARIABLE,
    "varlist": Kind.VARIABLE,
    "exp": Kind.EXPRESSION,
    "string": Kind.OPTION_VALUE,
    "passthru": Kind.OPTION_VALUE,
}
_VARIABLE_BODIES = frozenset(("varlist", "varname", "anything", "namelist", "name"))
_FILE_KINDS = frozenset((Kind.FILE, Kind.FOLDER))

_LOCAL = re.compile(r"`(\w*)$")
_GLOBAL = re.compile(r"\$\{?(\w*)$")
_NAME = re.compile(r"(?:[^\W\d]\w*)?$")
_FILE_NAME = re.compile(r"[^\s,\"]*$")
_USING = re.compile(r"(?:^|\s)using\s+\"?$")
_EXPRESSION = re.compile(r"(?:^|[\s)])if[\s(]|=")
_LIST_HEADER = re.compile(r"\s+\w+\s+(?:of\s+var\w*\s|in\s)")


def context_at(text: str, cursor: int) -> Context:
    """What may stand at ``cursor`` in ``text``, which may be several lines."""
    before = text[:cursor]
    for kind, pattern in ((Kind.LOCAL, _LOCAL), (Kind.GLOBAL, _GLOBAL)):
        macro = pattern.search(before)
        if macro:
            return Context(kind, macro[1], macro.start(1))
    words = words_of(before)
    if words.body == len(before) and words.subcommand is None:
        return Context(Kind.COMMAND, words.name, words.start)
    family = find_command(words.name) if words.subcommand is not None else None
    if family is not None and words.body == len(before):
        word = words.subcommand or ""
        return Context(
            Kind.SUBCOMMAND, word, len(before) - len(word), words.command, family=family.name
        )
    place = place_in(before[words.body :])
    if place.quote is not None:
        return _in_quotes(before, words, place)
    kind, option = _kind(words, place)
    pattern = _FILE_NAME if kind in (*_FILE_KINDS, Kind.EXAMPLE) else _NAME
    found = pattern.search(before)
    assert found is not None
    return Context(kind, found[0], found.start(), words.command, option=option)


def _in_quotes(before: str, words: Words, place: Place) -> Context:
    """Inside quotes only the names of files are completed."""
    assert place.quote is not None
    start = words.body + place.quote
    kind = _argument(words.command, place.clause)
    if _USING.search(before[:start]):
        kind = Kind.FILE
    if kind not in _FILE_KINDS or place.after_comma:
        kind = Kind.NOTHING
    return Context(kind, before[start:], start, words.command, quoted=True)


def _kind(words: Words, place: Place) -> tuple[Kind, str]:
    """The kind at the end of a command's text outside quotes; the option it is the value of."""
    if words.prefix is not None:
        return Kind.VARIABLE, ""
    if place.option:
        return _in_option(words.command, place)
    if place.after_comma and place.depth == 0:
        return Kind.OPTION, ""
    if _USING.search(place.clause[: _file_name_start(place.clause)]):
        return Kind.FILE, ""
    if words.command is None:
        return _of_unknown(words.name, place.clause), ""
    if _EXPRESSION.search(place.clause):
        return Kind.EXPRESSION, ""
    return _argument(words.command, place.clause), ""


def _file_name_start(clause: str) -> int:
    found = _FILE_NAME.search(clause)
    assert found is not None
    return found.start()


def _in_option(command: Command | None, place: Place) -> tuple[Kind, str]:
    """The first word in an option's text is one of its own words, further ones are variables."""
    for option in options_of(command):
        if option.matches(place.option):
            kind = _OF_OPTION_KIND.get(option.kind, Kind.NOTHING)
            if kind is Kind.OPTION_VALUE and len(place.clause.split(" ")) > 1:
                kind = Kind.VARIABLE
            return kind, option.name
    return Kind.NOTHING, place.option


def _argument(command: Command | None, clause: str) -> Kind:
    """What a command's arguments are."""
    if command is None:
        return Kind.VARIABLE
    if command.name in _ARGUMENTS:
        return _ARGUMENTS[command.name]
    specification = specification_of(command)
    if specification is None:
        return Kind.EXPRESSION
    if specification.body_kind in _VARIABLE_BODIES:
        return Kind.VARIABLE
    return Kind.NOTHING


def _of_unknown(name: str, clause: str) -> Kind:
    """After a word that is no command: the headers of loops and of ``if``."""
    if name in ("if", "while"):
        return Kind.EXPRESSION
    if name == "foreach":
        return Kind.VARIABLE if _LIST_HEADER.match(clause) else Kind.NOTHING
    if name.startswith("forv"):
        return Kind.NOTHING
    return Kind.EXPRESSION if _EXPRESSION.search(clause) else Kind.VARIABLE
