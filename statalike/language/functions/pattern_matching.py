"""Regular expressions: ``regexm()``, ``regexr()``, ``regexs()`` and their Unicode versions.

Patterns are Python's, which contain the extended regular expressions of ``regexm()`` and nearly
all of the ICU syntax of ``ustrregexm()``.  ``regexs(n)`` gives the n-th subexpression of the last
match of the same observation, in the same command or an earlier one.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language.ast import Expression
from statalike.language.functions.registry import syntactic, textual
from statalike.language.regular_expressions import Found
from statalike.language.values import Value, as_numbers, as_strings, numbers, texts

if TYPE_CHECKING:
    from statalike.language.evaluation import Evaluation


@functools.lru_cache(maxsize=256)
def compiled(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    """The pattern, or r(198) when it is none."""
    try:
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise StataError(198, f"regexp: {error.msg}") from None


def _search(text: str, pattern: str, ignore_case: bool) -> Found:
    match = compiled(pattern, ignore_case).search(text)
    return None if match is None else (match[0], *(group or "" for group in match.groups()))


@syntactic("regexm", "v v [v]", "ustrregexm", "regexmatch")
def regexm(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """1 where the pattern is found; the match is kept for ``regexs()``."""
    values = [evaluation.value(argument) for argument in arguments]
    ignore = len(values) == 3 and numbers(values[2]) != 0.0
    text, pattern = texts(values[0]), texts(values[1])
    matches = evaluation.context.matches
    if isinstance(text, str) and isinstance(pattern, str):
        matches.latest = _search(text, pattern, bool(ignore))
        matches.by_row.clear()
        return float(matches.latest is not None)
    found = [
        _search(each, expression, bool(ignore))
        for each, expression in zip(
            as_strings(text, evaluation.size), as_strings(pattern, evaluation.size), strict=True
        )
    ]
    matches.by_row.update(zip(evaluation.absolute().tolist(), found, strict=True))
    if found:
        matches.latest = found[-1]
    return np.array([match is not None for match in found])


@syntactic("regexs", "v", "ustrregexs", "regexcapture")
def regexs(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """Subexpression n of the last match, 0 for all of it; empty when there is none."""
    n = numbers(evaluation.value(arguments[0]))
    matches = evaluation.context.matches
    if evaluation.single or not matches.by_row:
        found = matches.latest
        if evaluation.single and matches.by_row:
            position = int(evaluation.absolute()[0])
            found = matches.by_row.get(position, matches.latest)
        if isinstance(n, float):
            return _subexpression(found, n)
    rows = evaluation.absolute().tolist()
    numbers_wanted = as_numbers(n, evaluation.size).tolist()
    result = np.empty(evaluation.size, dtype=object)
    result[:] = [
        _subexpression(matches.by_row.get(row, matches.latest), wanted)
        for row, wanted in zip(rows, numbers_wanted, strict=True)
    ]
    return result


def _subexpression(found: Found, n: float) -> str:
    if found is None or n >= MISSING or not 0 <= int(n) < len(found):
        return ""
    return found[int(n)]


@textual("regexr", "s s s", "regexreplace")
def regexr(text: str, pattern: str, replacement: str) -> str:
    """The first match replaced by a text, taken literally."""
    return compiled(pattern).sub(lambda _: replacement, text, count=1)


@textual("regexreplaceall", "s s s")
def regexreplaceall(text: str, pattern: str, replacement: str) -> str:
    """Every match replaced; ``\\1`` stands for the first subexpression."""
    return _replaced(text, pattern, replacement, False, 0)


@textual("ustrregexra", "s s s [n]")
def ustrregexra(text: str, pattern: str, replacement: str, ignore: float = 0.0) -> str:
    """Every match replaced; ``$1`` stands for the first subexpression."""
    return _replaced(text, pattern, replacement, ignore != 0, 0)


@textual("ustrregexrf", "s s s [n]")
def ustrregexrf(text: str, pattern: str, replacement: str, ignore: float = 0.0) -> str:
    """The first match replaced; ``$1`` stands for the first subexpression."""
    return _replaced(text, pattern, replacement, ignore != 0, 1)


def _replaced(text: str, pattern: str, replacement: str, ignore_case: bool, count: int) -> str:
    def substitute(match: re.Match[str]) -> str:
        groups = (match[0], *match.groups(default=""))

        def group(reference: re.Match[str]) -> str:
            number = int(reference[1])
            return groups[number] if number < len(groups) else ""

        return re.sub(r"[$\\](\d)", group, replacement)

    return compiled(pattern, ignore_case).sub(substitute, text, count=count)
