"""Texts in parentheses one after the other: ``(x) (y + 1)``."""

from __future__ import annotations

from statalike.errors import invalid_syntax
from statalike.language.quoting import check_balance, marks


def parenthesised(text: str) -> list[str]:
    """What stands in each pair of parentheses; r(198) for anything between them, r(132)."""
    unbalanced = check_balance(text)
    if unbalanced is not None:
        raise unbalanced
    inside: list[str] = []
    start = end = 0
    for mark, position, depth in marks(text):
        if depth == 0 and mark == "(":
            if text[end:position].strip():
                raise invalid_syntax()
            start = position + 1
        elif depth == 0 and mark == ")":
            inside.append(text[start:position].strip())
            end = position + 1
    if text[end:].strip() or not inside:
        raise invalid_syntax()
    return inside
