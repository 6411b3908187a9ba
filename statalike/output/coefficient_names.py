"""Names of coefficients as a table shows them: factor variables in blocks, levels by label.

A name as e(b) has it (``1b.group#2.month``, ``c.age#c.age``, ``L2.x``, ``o.x``) is taken apart
into components; consecutive coefficients that differ only in their levels make one block, headed
by the variables' names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Labels = Callable[[str, int], str]
"""The value label of a level of a variable, or an empty string."""

_COMPONENT = re.compile(r"^(?:(\d+)?([a-z]*)([A-Z][A-Z0-9]*)?\.)?([^.]+)$")


def no_labels(variable: str, level: int) -> str:
    return ""


@dataclass(frozen=True)
class Component:
    """One variable of a term: a level of a factor, or a continuous variable.

    ``operator`` is the time-series operator, ``flags`` the letters c, b, n, o of the stripe.
    """

    variable: str
    level: int | None = None
    flags: str = ""
    operator: str = ""

    @property
    def is_factor(self) -> bool:
        return self.level is not None

    @property
    def operated(self) -> str:
        return f"{self.operator}.{self.variable}" if self.operator else self.variable


def components_of(name: str) -> tuple[Component, ...]:
    """The components of a coefficient's name; one plain component when it is no term."""
    found: list[Component] = []
    for part in name.split("#"):
        match = _COMPONENT.match(part)
        if match is None:
            return (Component(name),)
        level, flags, operator, variable = match.groups()
        found.append(
            Component(variable, None if level is None else int(level), flags or "", operator or "")
        )
    return tuple(found)


def simplified(name: str) -> str:
    """A name without the marks b, n and o: ``1b.group#co.x`` becomes ``1.group#c.x``."""
    parts: list[str] = []
    components = components_of(name)
    for component in components:
        prefix = component.operator
        if component.is_factor:
            prefix = f"{component.level}{component.operator}"
        elif len(components) > 1:
            prefix = f"c{component.operator}"
        parts.append(f"{prefix}.{component.variable}" if prefix else component.variable)
    return "#".join(parts)


@dataclass
class Block:
    """Consecutive coefficients under one header.

    ``members`` are positions in the sequence of names; ``labels`` the text before each; an empty
    ``header`` means that the rows stand by themselves.  ``joined`` labels hold several levels.
    """

    header: list[str] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    labels: list[list[str]] = field(default_factory=list)
    blank_before: bool = False
    blank_after: bool = False
    is_level: bool = False


def blocks_of(names: Sequence[str], labels: Labels) -> list[Block]:
    """The names in blocks, in order."""
    parsed = [components_of(name) for name in names]
    blocks: list[Block] = []
    start = 0
    while start < len(parsed):
        key = _key(parsed, start)
        end = start + 1
        while key and end < len(parsed) and _key(parsed, end) == key:
            end += 1
        blocks.append(_block(parsed, range(start, end), labels))
        start = end
    return blocks


def _key(parsed: Sequence[tuple[Component, ...]], i: int) -> tuple[str, ...]:
    components = parsed[i]
    if len(components) > 1:
        if not any(c.is_factor for c in components):
            return ()
        return tuple(("i." if c.is_factor else "c.") + c.operated for c in components)
    only = components[0]
    if only.is_factor:
        return ("i." + only.operated,)
    near = [parsed[j][0] for j in (i - 1, i + 1) if 0 <= j < len(parsed) and len(parsed[j]) == 1]
    lagged = only.operator or any(
        c.operator and c.variable == only.variable and not c.is_factor for c in near
    )
    return ("ts", only.variable) if lagged else ()


def _block(parsed: Sequence[tuple[Component, ...]], members: range, labels: Labels) -> Block:
    first = parsed[members[0]]
    rows = [parsed[i] for i in members]
    key = _key(parsed, members[0])
    if key[:1] == ("ts",):
        texts = [[_operator_text(row[0].operator)] for row in rows]
        return Block([first[0].variable], list(members), texts, True, True)
    if len(first) == 1 and not first[0].is_factor:
        return Block([], list(members), [[first[0].variable]])
    if not any(component.is_factor for component in first):
        pieces = [f"c.{component.operated}" for component in first]
        return Block([], list(members), [pieces], True, True)
    texts = _level_texts(rows, labels)
    if len(first) == 1:
        level = first[0].level
        if len(rows) == 1 and level is not None and not labels(first[0].variable, level):
            return Block([], list(members), [[f"{level}{first[0].operator}.{first[0].variable}"]])
        return Block([first[0].operated], list(members), texts, True, len(rows) > 1, is_level=True)
    header = [c.operated if c.is_factor else f"c.{c.operated}" for c in first]
    return Block(header, list(members), texts, True, True, is_level=True)


def _operator_text(operator: str) -> str:
    if not operator:
        return "--."
    return f"{operator}1." if operator in ("L", "F", "D", "S") else f"{operator}."


def _level_texts(rows: Sequence[tuple[Component, ...]], labels: Labels) -> list[list[str]]:
    """The levels of each row: parts to be joined by ``#`` when a factor is labelled.

    Levels of factors without labels stand in columns, each as wide as its longest number.
    """
    factors = [i for i, component in enumerate(rows[0]) if component.is_factor]
    table: list[list[str]] = []
    labelled = False
    for row in rows:
        texts = []
        for i in factors:
            component = row[i]
            level = component.level if component.level is not None else 0
            label = labels(component.variable, level)
            labelled = labelled or bool(label)
            texts.append(label or str(level))
        table.append(texts)
    if labelled:
        return table
    widths = [max(len(texts[j]) for texts in table) for j in range(len(factors))]
    return [
        [" ".join(text.rjust(w) for text, w in zip(texts, widths, strict=True)).strip()]
        for texts in table
    ]
