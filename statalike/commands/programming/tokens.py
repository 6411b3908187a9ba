"""``tokenize``, ``gettoken``, ``numlist``, ``unab``: texts taken apart ([P] tokenize, gettoken)."""

from __future__ import annotations

import itertools
import re

from statalike.commands.registry import command
from statalike.errors import StataError, invalid_name, invalid_syntax
from statalike.language.arguments import Arguments
from statalike.language.ast import Clause, CommandLine
from statalike.language.numlist import number_text, read_numlist
from statalike.language.option_values import read_list
from statalike.language.parser import split_comma, split_options
from statalike.language.quoting import closing_quote, unquoted
from statalike.language.specification import ListRule, Specification
from statalike.language.unparse import varlist_text
from statalike.language.variable_lists import Operators
from statalike.results.stores import Results
from statalike.state import State

_TOKENIZE = Specification.parse("[, Parse(string asis)]")
_GETTOKEN = Specification.parse("[, Parse(string asis) QUOtes QED(name) MATch(name) BIND]")
_UNAB = Specification.parse("[, MIN(integer 1) MAX(integer 120000) NAME(string)]")
_TARGET = re.compile(r"\(\s*(global|local)\s*\)\s*(\w+)|(\w+)")


def _options(state: State, specification: Specification, text: str | None) -> Arguments:
    clause = Clause("", options=split_options(text or ""))
    return specification.read(CommandLine("", clause), state.data)


def next_token(text: str, breaks: str) -> tuple[str, str]:
    """The first token of a text and what follows it.

    Tokens end at the characters of ``breaks``, each of which but a blank is a token itself; text
    in quotes is one token, with its quotes.  Blanks among the breaks are passed over.
    """
    if " " in breaks:
        text = text.lstrip(" \t")
    if not text:
        return "", ""
    if text[0] in breaks:
        return text[0], text[1:]
    position = 0
    while position < len(text) and text[position] not in breaks:
        if text.startswith(('"', '`"'), position):
            closing = closing_quote(text, position)
            if closing < 0:
                raise StataError(132, "too few quotes")
            if position == 0:
                return text[:closing], text[closing:]
            position = closing
        else:
            position += 1
    return text[:position], text[position:]


def bound_token(text: str, breaks: str) -> tuple[str, str]:
    """Like :func:`next_token`, with what stands in parentheses or brackets in one token."""
    token, rest = next_token(text, breaks)
    depth = _depth(token)
    while depth > 0 and rest:
        blanks = len(rest) - len(rest.lstrip(" \t"))
        more, after = next_token(rest, breaks)
        token += rest[:blanks] + more if " " in breaks else more
        rest = after
        depth = _depth(token)
    return token, rest


def _depth(text: str) -> int:
    return sum(text.count(mark) for mark in "([") - sum(text.count(mark) for mark in ")]")


def _breaks(text: str | None) -> str:
    """The characters in ``parse("...")``; a blank without the option."""
    return " " if text is None else unquoted(text)


@command(
    "tokenize",
    "token",
    form="text",
    help="cut a text into the macros 1, 2, ...",
    section="Programming",
)
def tokenize(state: State, text: str) -> None:
    given, options = split_comma(text)
    breaks = _breaks(_options(state, _TOKENIZE, options).string("parse"))
    rest = unquoted(given)
    tokens: list[str] = []
    while True:
        token, rest = next_token(rest, breaks)
        if not token:
            break
        tokens.append(unquoted(token))
    macros = state.macros
    for number, token in enumerate(tokens, 1):
        if token:
            macros[str(number)] = token
        else:
            macros.pop(str(number), None)
    for number in itertools.count(len(tokens) + 1):
        if macros.pop(str(number), None) is None:
            return


@command(
    "gettoken",
    "gettoken",
    form="text",
    help="take the first word off a macro",
    section="Programming",
)
def gettoken(state: State, text: str) -> None:
    """``gettoken first [rest] : source [, parse("chars")]``; r(198) for another form."""
    targets, colon, remainder = text.partition(":")
    source, options = split_comma(remainder)
    if not colon:
        raise invalid_syntax()
    places = [_place(state, found) for found in _TARGET.finditer(targets)]
    origin = _place(state, _TARGET.fullmatch(source.strip()))
    if not 1 <= len(places) <= 2:
        raise invalid_syntax()
    given = _options(state, _GETTOKEN, options)
    breaks = _breaks(given.string("parse"))
    content = origin[0].get(origin[1], "")
    cut = bound_token if given.flag("bind") else next_token
    token, rest = cut(content, breaks)
    matched = given.string("match")
    if matched is not None:
        parenthesis = ""
        if token.startswith("("):
            token, rest = _parenthesised(content.lstrip(" "))
            parenthesis = "("
        _set(state.macros, matched, parenthesis)
    quoted = token.startswith(('"', '`"'))
    if given.string("qed") is not None:
        _set(state.macros, given.string("qed") or "", "1" if quoted else "0")
    shown = token if given.flag("quotes") else unquoted(token) if quoted else token
    _set(*places[0], shown)
    if len(places) == 2:
        _set(*places[1], rest)


def _parenthesised(text: str) -> tuple[str, str]:
    depth = 0
    for position, mark in enumerate(text):
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            return text[1:position], text[position + 1 :]
    raise StataError(132, "too many '(' or '['")


def _place(state: State, found: re.Match[str] | None) -> tuple[dict[str, str], str]:
    if found is None:
        raise invalid_syntax()
    return (state.globals if found[1] == "global" else state.macros), found[2] or found[3]


def _set(macros: dict[str, str], name: str, value: str) -> None:
    if value:
        macros[name] = value
    else:
        macros.pop(name, None)


@command(
    "numlist",
    "numlist",
    form="text",
    help="expand a list of numbers into r(numlist)",
    section="Programming",
)
def numlist(state: State, text: str) -> None:
    given, options = split_comma(text)
    rule = Specification.parse(f"[, NUMbers(numlist {_rule_words(options)})]")
    numbers = read_numlist(unquoted(given), rule.options[0].numbers)
    state.r = Results(macros={"numlist": " ".join(number_text(each) for each in numbers)})


_RULES = ("ascending", "integer", "missingokay", "min", "max", "range", "sort")


def _rule_words(options: str | None) -> str:
    """The options of ``numlist`` as the modifiers that a declaration has."""
    words = []
    for option in split_options(options or ""):
        full = next((rule for rule in _RULES if rule.startswith(option.name)), None)
        if full is None:
            raise StataError(198, f"option {option.name} not allowed")
        if full == "range":
            words.append(f"range({option.argument})")
        else:
            words.append(full if option.argument is None else f"{full}={option.argument}")
    return " ".join(words)


def _unabbreviate(state: State, text: str, operators: Operators) -> None:
    target, colon, rest = text.partition(":")
    name = target.strip()
    if not colon or not name.isidentifier():
        raise invalid_name(name) if name and colon else invalid_syntax()
    given, options = split_comma(rest)
    limits = _options(state, _UNAB, options)
    rule = ListRule(
        minimum=limits.integer("min") or 0,
        maximum=limits.integer("max"),
        operators=operators,
        may_be_empty=limits.integer("min") == 0,
    )
    full = read_list(given, rule, state.data)
    _set(state.macros, name, varlist_text(full))


@command("unab", "unab", form="text", help="full names of variables", section="Programming")
def unab(state: State, text: str) -> None:
    """``unab macro : varlist``: the names in full; r(111), r(102), r(103)."""
    _unabbreviate(state, text, Operators())


@command("tsunab", "tsunab", form="text", help="full names, time-series operators too")
def tsunab(state: State, text: str) -> None:
    _unabbreviate(state, text, Operators(time_series=True))


@command("fvunab", "fvunab", form="text", help="full names, factor variables too")
def fvunab(state: State, text: str) -> None:
    _unabbreviate(state, text, Operators(factor=True, time_series=True))


@command("macro shift", "macro s", form="text", help="move the positional macros down")
def macro_shift(state: State, text: str) -> None:
    """``2`` becomes ``1``, ``3`` becomes ``2`` and so on, ``#`` places down."""
    if text and not text.isdigit():
        raise invalid_syntax()
    step, macros = int(text or 1), state.macros
    numbers = sorted(int(name) for name in macros if name.isdigit() and name != "0")
    for number in numbers:
        value = macros.pop(str(number))
        if number > step:
            macros[str(number - step)] = value


@command("lookfor", "lookfor", form="text", help="find variables by their names and labels")
def lookfor(state: State, text: str) -> None:
    """Variables whose name or label has one of the texts, as ``describe`` shows them."""
    from statalike.language.parser import split_words

    words = [word.lower() for word in split_words(text)]
    if not words:
        raise StataError(198, "nothing to look for")
    found = [
        variable.name
        for variable in state.data.variables.values()
        if any(word in f"{variable.name} {variable.label}".lower() for word in words)
    ]
    if found:
        state.interpreter.run_line(f"describe {' '.join(found)}")
    state.r = Results(macros={"varlist": " ".join(found)} if found else {})
