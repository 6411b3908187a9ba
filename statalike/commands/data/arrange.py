"""``order`` and ``rename``: the order and the names of the variables ([D] order, rename)."""

from __future__ import annotations

import re
from collections.abc import Callable

from statalike.commands.registry import command
from statalike.data.names import has_wildcard, is_name
from statalike.errors import StataError, invalid_syntax
from statalike.language.arguments import Arguments
from statalike.language.ast import Clause, CommandLine
from statalike.language.parser import split_comma, split_options
from statalike.language.specification import Specification
from statalike.output.text_width import wrap_words
from statalike.state import State

_RENAME_OPTIONS = Specification.parse(
    "[, Lower Upper Proper]",
    unsupported="ADDnumber ADDnumber(integer) RENumber RENumber(integer) SORT DRYrun R",
)
_CASES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "proper": lambda name: name[:1].upper() + name[1:].lower(),
}
_GROUPS = re.compile(r"\(([^()]*)\)\s*(?:\(([^()]*)\)|([^\s()]+))?")
_WILD = re.compile(r"[*?=]")


@command(
    "order",
    "order",
    syntax="varlist [, first last Before(varname) After(varname) ALPHAbetic SEQuential]",
    help="change the order of the variables",
    section="Data",
)
def order(state: State, arguments: Arguments) -> None:
    before, after = arguments.string("before"), arguments.string("after")
    places = [arguments.flag("first"), arguments.flag("last"), bool(before), bool(after)]
    if sum(places) > 1:
        raise StataError(198, "only one of first, last, before(), and after() is allowed")
    names = list(dict.fromkeys(arguments.varlist))
    if arguments.flag("sequential"):
        names.sort(key=in_sequence)
    elif arguments.flag("alphabetic"):
        names.sort()
    state.data.order(names, last=arguments.flag("last"), before=before, after=after)


def in_sequence(name: str) -> tuple[str, int]:
    """``x2`` before ``x10``."""
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    return stem, int(digits) if digits else -1


@command(
    "rename",
    "ren",
    form="text",
    syntax="anything [, Lower Upper Proper]",
    help="change the names of variables",
    section="Data",
)
def rename(state: State, text: str) -> None:
    """``rename old new``, ``rename (old old) (new new)``, ``rename old*, lower``."""
    body, after = split_comma(text)
    options = Clause("", options=split_options(after or ""))
    arguments = _RENAME_OPTIONS.read(CommandLine("rename", options), state.data)
    cases = [case for case in _CASES if arguments.flag(case)]
    if len(cases) > 1:
        raise StataError(198, f"options {' and '.join(cases)} may not be combined")
    if cases:
        changes = {name: _CASES[cases[0]](name) for name in _listed(state, body)}
    else:
        changes = new_names(state, body)
    changes = {old: new for old, new in changes.items() if old != new}
    _check_names(changes, state.console.linesize)
    state.data.rename_all(changes)


def _listed(state: State, text: str) -> list[str]:
    found = _GROUPS.fullmatch(text.strip())
    return state.data.expand(found[1] if found else text)


def new_names(state: State, text: str) -> dict[str, str]:
    """Old and new names of ``a b``, ``(a b) (c d)`` and patterns such as ``x* y*``.

    In a new name ``*`` and ``?`` are what the old pattern's stood for, ``=`` is the old name.
    """
    text = text.strip()
    if text.startswith("("):
        found = _GROUPS.fullmatch(text)
        if found is None or (found[2] or found[3]) is None:
            raise invalid_syntax()
        old, new = found[1].split(), (found[2] or found[3]).split()
    else:
        words = text.split()
        if len(words) != 2:
            raise invalid_syntax()
        old, new = words[:1], words[1:]
    if len(new) == 1 and _WILD.search(new[0]) and len(old) >= 1:
        new = new * len(old)
    if not any(has_wildcard(word) for word in old):
        old = state.data.expand(old)
    if len(old) != len(new):
        raise StataError(198, "lists of old and new names are not of the same length")
    changes: dict[str, str] = {}
    for pattern, target in zip(old, new, strict=True):
        changes.update(_matched(state, pattern, target))
    return changes


def _matched(state: State, pattern: str, target: str) -> dict[str, str]:
    """What a pattern's wildcards stood for, put in the place of the new name's ``*``."""
    if not has_wildcard(pattern):
        name = state.data.unabbreviate(pattern)
        return {name: _WILD.sub(name, target)}
    expression = re.compile(
        "".join(
            {"*": "(.*)", "~": "(.*)", "?": "(.)"}.get(mark) or re.escape(mark) for mark in pattern
        )
    )
    changes = {}
    for name in state.data.expand([pattern]):
        found = expression.fullmatch(name)
        assert found is not None
        changes[name] = _filled(target, name, found.groups())
    return changes


def _filled(target: str, name: str, parts: tuple[str, ...]) -> str:
    """A new name with its marks replaced in turn."""
    following = iter(parts)
    return _WILD.sub(lambda mark: name if mark[0] == "=" else next(following, ""), target)


def _check_names(changes: dict[str, str], linesize: int) -> None:
    """r(198) with Stata's explanation when a new name is none."""
    bad = [(old, new) for old, new in changes.items() if not is_name(new)]
    if not bad:
        return
    shown = [f"{old} to {new}" for old, new in bad[:2]]
    attempt = " and ".join(shown) if len(bad) < 3 else ", ".join([*shown, "..."])
    kind = "That is an invalid Stata variable name."
    if len(bad) > 1:
        kind = "Those are invalid Stata variable names."
    first = f"{len(bad)} new variable name{'' if len(bad) == 1 else 's'} invalid"
    explained = wrap_words(f"You attempted to rename {attempt}. \ue000{kind}", linesize - 6)
    lines = [f"    {text}".replace("\ue000", " ") for text in explained]
    raise StataError(198, "\n".join([first, *lines]))
