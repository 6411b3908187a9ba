"""Macro expansion: `` `local' ``, ``$global`` and the forms that compute.

Text without a backquote or dollar is returned as it is.  Otherwise references are replaced from
the left, inner ones first, so `` `x`i'' `` looks up the macro whose name ends in the value of
``i``; what a macro holds is expanded again, unless it is asked for with ``macval()``.

===================  ==========================================================
`` `name' ``         the local macro; nothing when it is not defined
``$name ${name}``    the global macro
`` `=exp' ``         the value of an expression
`` `:function' ``    an extended macro function
`` `++i' `i++' ``    the value after or before adding one; ``--`` subtracts
`` `macval(x)' ``    the contents of ``x``, not expanded again
``\\` \\$``            a backquote or dollar that starts no macro
===================  ==========================================================

A backquote before a double quote opens a compound quote and is left alone, as is a backquote that
has no closing quote.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from statalike.errors import StataError

#: References within contents within contents; a macro that contains itself ends here.
DEEPEST_EXPANSION: Final = 64

#: Characters a line may grow to; contents that double at each level end here.
LONGEST_LINE: Final = 4_227_143

_REFERENCE: Final = re.compile(
    r"\\[`$]|`(\w+)'|`(?!\")|\$\{|\$([^\W\d]\w*)|\$(?=`)",
)
_INNER: Final = re.compile(r"\\`|`\"|`|\"'|'")
_NAME: Final = re.compile(r"\w+")


class MacroScope(Protocol):
    """What expansion asks of the session."""

    def local(self, name: str) -> str | None:
        """The contents of a local macro, None when it is not defined."""

    def global_(self, name: str) -> str | None:
        """The contents of a global macro, None when it is not defined."""

    def evaluate(self, expression: str) -> str:
        """The value of an expression as text."""

    def extended(self, function: str) -> str:
        """The value of an extended macro function: the text after the colon."""

    def increment(self, name: str, step: int, before: bool) -> str:
        """Add ``step`` to a local macro; its value after, or unless ``before``, before that."""


def expand(text: str, scope: MacroScope) -> str:
    """``text`` with its macros replaced.  Raises what evaluating a reference raises."""
    if "`" not in text and "$" not in text:
        return text
    return _expand(text, scope, 0)


def _expand(text: str, scope: MacroScope, depth: int) -> str:
    if depth > DEEPEST_EXPANSION:
        raise StataError(198, "macros nested too deeply")
    parts: list[str] = []
    position, length = 0, 0
    pairs: dict[int, int] | None = None
    while (found := _REFERENCE.search(text, position)) is not None:
        start = found.start()
        parts.append(text[position:start])
        reference, name, global_name = found[0], found[1], found[2]
        position = found.end()
        if name is not None:
            value = _contents(scope.local(name), scope, depth)
        elif global_name is not None:
            value = _contents(scope.global_(global_name), scope, depth)
        elif reference[0] == "\\":
            value = reference[1]
        elif reference == "${":
            value, position = _braced_global(text, position, scope, depth)
        else:
            pairs = _pairs(text) if pairs is None else pairs
            end = pairs.get(start if reference == "`" else start + 1, -1)
            if end >= 0 and reference == "$":
                value = _named_global(
                    _expand(text[position : end + 1], scope, depth + 1), scope, depth
                )
                position = end + 1
            elif reference == "$":
                value = "$"
            elif end < 0:
                value = "`"
            else:
                inner = _expand(text[position:end], scope, depth + 1)
                value, position = _local(inner, scope, depth), end + 1
        parts.append(value)
        length += len(value)
        if length > LONGEST_LINE:
            raise StataError(920, "macro length exceeded")
    parts.append(text[position:])
    return "".join(parts)


def _contents(contents: str | None, scope: MacroScope, depth: int) -> str:
    if not contents:
        return ""
    if "`" not in contents and "$" not in contents:
        return contents
    return _expand(contents, scope, depth + 1)


def _local(reference: str, scope: MacroScope, depth: int) -> str:
    """The value of a reference between quotes whose inner references are expanded already."""
    text = reference.strip()
    if text.startswith("="):
        return scope.evaluate(text[1:].strip())
    if text.startswith(":"):
        return scope.extended(text[1:].strip())
    if text.startswith("macval(") and text.endswith(")"):
        return scope.local(text[7:-1].strip()) or ""
    if text[:2] in ("++", "--"):
        return scope.increment(text[2:].strip(), 1 if text[0] == "+" else -1, True)
    if text[-2:] in ("++", "--"):
        return scope.increment(text[:-2].strip(), 1 if text[-1] == "+" else -1, False)
    return _contents(scope.local(text), scope, depth)


def _braced_global(text: str, position: int, scope: MacroScope, depth: int) -> tuple[str, int]:
    """The value of ``${...}`` and the position after it."""
    end = text.find("}", position)
    if end < 0:
        return "${", position
    name = _expand(text[position:end], scope, depth + 1).strip()
    return _contents(scope.global_(name), scope, depth), end + 1


def _named_global(text: str, scope: MacroScope, depth: int) -> str:
    """A dollar before a local macro: the global whose name the text begins with."""
    found = _NAME.match(text)
    if found is None:
        return f"${text}"
    return _contents(scope.global_(found[0]), scope, depth) + text[found.end() :]


def _pairs(text: str) -> dict[int, int]:
    """For each backquote that opens a reference, where the quote stands that closes it.

    Quotes of references and of compound strings inside it have their own partners.
    """
    pairs: dict[int, int] = {}
    waiting: list[tuple[str, int]] = []
    for found in _INNER.finditer(text):
        mark = found[0]
        if mark in ("`", '`"'):
            waiting.append((mark, found.start()))
        elif mark != "\\`" and waiting:
            opening, start = waiting[-1]
            if opening == "`":
                pairs[start] = found.end() - 1
                waiting.pop()
            elif mark == "\"'":
                waiting.pop()
    return pairs
