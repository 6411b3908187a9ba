"""Lists in macros: the functions of ``: list`` ([P] macro lists).

A list is words between blanks, where quotes bind several words into one; the words keep their
order, and repeats count unless a function takes them out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from statalike.errors import StataError, invalid_syntax
from statalike.language.parser import quoted_words
from statalike.language.quoting import unquoted

_UNARY = re.compile(r"(uniq|dups|sort|retokenize|clean|sizeof)\s+(\w+)")
_POSITION = re.compile(r"posof\s+(.+?)\s+in\s+(\w+)")
_BINARY = re.compile(r"(\w+)\s*(\||&|-|===|==|\bin\b)\s*(\w+)")


def words_of(text: str) -> list[str]:
    """The words of a list, without their quotes."""
    return [unquoted(word) for word in quoted_words(text)]


def list_text(words: list[str]) -> str:
    """Words as a list; those with blanks are quoted."""
    return " ".join(f'`"{word}"\'' if " " in word or not word else word for word in words)


def unique(words: list[str]) -> list[str]:
    """Each word once, at its first place."""
    return list(dict.fromkeys(words))


def repeated(words: list[str]) -> list[str]:
    """The words beyond the first of their kind."""
    seen: set[str] = set()
    left = []
    for word in words:
        if word in seen:
            left.append(word)
        seen.add(word)
    return left


def union(first: list[str], second: list[str]) -> list[str]:
    """``first | second``: the first, and what the second has more of."""
    counted = Counter(first)
    added = []
    for word in second:
        if counted[word] > 0:
            counted[word] -= 1
        else:
            added.append(word)
    return first + added


def intersection(first: list[str], second: list[str]) -> list[str]:
    """``first & second``: words of the first that the second has as often."""
    counted = Counter(second)
    kept = []
    for word in first:
        if counted[word] > 0:
            counted[word] -= 1
            kept.append(word)
    return kept


def difference(first: list[str], second: list[str]) -> list[str]:
    """``first - second``: each word of the second takes one of its kind out of the first."""
    counted = Counter(second)
    kept = []
    for word in first:
        if counted[word] > 0:
            counted[word] -= 1
        else:
            kept.append(word)
    return kept


def list_function(text: str, contents: Callable[[str], str]) -> str:
    """The value of a function of lists; ``contents`` gives a macro's contents by its name.

    ``uniq A``, ``dups A``, ``sort A``, ``retokenize A``, ``clean A``, ``sizeof A``, ``A | B``,
    ``A & B``, ``A - B``, ``A == B``, ``A === B``, ``A in B``, ``posof "word" in A``.  r(198) for
    anything else.
    """
    text = text.strip()
    found = _UNARY.fullmatch(text)
    if found is not None:
        return _of_one(found[1], words_of(contents(found[2])))
    found = _POSITION.fullmatch(text)
    if found is not None:
        words = words_of(contents(found[2]))
        word = unquoted(found[1])
        return str(words.index(word) + 1 if word in words else 0)
    found = _BINARY.fullmatch(text)
    if found is None:
        raise invalid_syntax()
    return _of_two(found[2], words_of(contents(found[1])), words_of(contents(found[3])))


def _of_one(name: str, words: list[str]) -> str:
    match name:
        case "uniq":
            return list_text(unique(words))
        case "dups":
            return list_text(repeated(words))
        case "sort":
            return list_text(sorted(words))
        case "sizeof":
            return str(len(words))
        case _:
            return list_text(words)


def _of_two(operator: str, first: list[str], second: list[str]) -> str:
    match operator:
        case "|":
            return list_text(union(first, second))
        case "&":
            return list_text(intersection(first, second))
        case "-":
            return list_text(difference(first, second))
        case "==":
            return str(int(Counter(first) == Counter(second)))
        case "===":
            return str(int(first == second))
        case "in":
            return str(int(not difference(first, second)))
    raise StataError(198, f"{operator} unknown list operator")
