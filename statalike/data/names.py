"""Names of variables: what is allowed, abbreviations, wildcards and ranges.

[U] 11.3 (names), 11.4 (varlists).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from statalike.errors import StataError, ambiguous_abbreviation, invalid_name, variable_not_found

LONGEST_NAME = 32

_RESERVED_WORDS = """
    _all _b byte _coef _cons double float if in int long _n _N _pi _pred _rc _skip strL using with
"""
RESERVED = frozenset(_RESERVED_WORDS.split())
_STRING_TYPE = re.compile(r"str\d+")
_WILDCARD = re.compile(r"[*?~]")


def is_name(text: str) -> bool:
    """Whether a variable may be called so: 1 to 32 letters, digits and underscores, no digit
    first, none of the reserved words."""
    if not 0 < len(text) <= LONGEST_NAME or text in RESERVED or _STRING_TYPE.fullmatch(text):
        return False
    first = text[0]
    return (first == "_" or first.isalpha()) and all(c == "_" or c.isalnum() for c in text)


def check_name(text: str) -> str:
    """``text`` when it may name a variable, else r(198) ``text invalid name``."""
    if not is_name(text):
        raise invalid_name(text)
    return text


def has_wildcard(text: str) -> bool:
    return _WILDCARD.search(text) is not None


def unabbreviate(name: str, names: Iterable[str], *, abbreviations: bool = True) -> str:
    """The full name that ``name`` stands for: itself, or the only name that begins with it.

    ``abbreviations=False`` (``set varabbrev off``) takes full names only.  r(111) when nothing
    or more than one name fits.
    """
    names = names if isinstance(names, dict) else list(names)
    if name in names:
        return name
    fitting = [full for full in names if full.startswith(name)] if abbreviations and name else []
    if len(fitting) == 1:
        return fitting[0]
    raise ambiguous_abbreviation(name) if fitting else variable_not_found(name, names)


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that fit a pattern of ``*`` (any characters) and ``?`` (one character), in order;
    ``~`` is a ``*`` that must leave one name only.  r(111) when none does."""
    wild = {"*": ".*", "~": ".*", "?": "."}
    expression = re.compile("".join(wild.get(c) or re.escape(c) for c in pattern), re.DOTALL)
    names = list(names)
    fitting = [name for name in names if expression.fullmatch(name)]
    if not fitting:
        raise variable_not_found(pattern, [] if pattern.startswith(tuple("*?~")) else names)
    if "~" in pattern and len(fitting) > 1:
        raise ambiguous_abbreviation(pattern)
    return fitting


def name_range(first: str, last: str, names: Sequence[str]) -> list[str]:
    """The names from ``first`` to ``last`` (full names) in dataset order; r(111) when reversed."""
    start, stop = names.index(first), names.index(last)
    if start > stop:
        raise StataError(111, "variables out of order", hint=f"{last} comes before {first}")
    return list(names[start : stop + 1])


def expand(word: str, names: Iterable[str], *, abbreviations: bool = True) -> list[str]:
    """The names one word of a varlist stands for, in dataset order.

    A name or its abbreviation, ``_all``, a pattern, or a range ``first-last`` of names or
    abbreviations.
    """
    known = names if isinstance(names, dict) else list(names)
    if word in ("_all", "*"):
        return list(known)
    if word in known:
        return [word]
    if "-" in word:
        first, _, last = word.partition("-")
        ends = [_single(end, known, abbreviations) for end in (first, last)]
        return name_range(ends[0], ends[1], list(known))
    if has_wildcard(word):
        return matching(word, known)
    return [unabbreviate(word, known, abbreviations=abbreviations)]


def _single(word: str, known: Iterable[str], abbreviations: bool) -> str:
    if not has_wildcard(word):
        return unabbreviate(word, known, abbreviations=abbreviations)
    fitting = matching(word, known)
    if len(fitting) > 1:
        raise ambiguous_abbreviation(word)
    return fitting[0]
