"""The columns of a design matrix: a product of indicators and variables, under Stata's name.

A column knows its name as it stands in e(b) (``weight``, ``2.month``, ``1b.group``,
``1.girl#c.age``, ``o.x``, ``L.gnp``, ``_cons``), can be read back from that name, and can be
evaluated on any dataset that has its variables ([U] 11.4.3 Factor variables).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.time_series import lagged
from statalike.errors import StataError


@dataclass(frozen=True)
class FactorLevel:
    """The indicator that ``variable`` equals ``level``.

    ``mark`` is ``b`` for the base level, ``bn`` for the lowest level of a factor without a base,
    ``o`` for a level left out, and empty otherwise.
    """

    variable: str
    level: int
    mark: str = ""

    @property
    def name(self) -> str:
        return f"{self.level}{self.mark}.{self.variable}"


@dataclass(frozen=True)
class Continuous:
    """A variable as it is, or under time-series operators such as ``L2`` or ``LD``."""

    variable: str
    operators: str = ""
    omitted: bool = False

    def name(self, in_interaction: bool) -> str:
        mark = ("c" if in_interaction else "") + ("o" if self.omitted else "")
        prefix = mark + self.operators
        return f"{prefix}.{self.variable}" if prefix else self.variable


Part: TypeAlias = FactorLevel | Continuous

_LEVEL = re.compile(r"(\d+)(bn|b|o)?\Z")
_OPERATORS = re.compile(r"(c?)(o?)((?:[LFDS]\d*)*)\Z")


@dataclass(frozen=True)
class Column:
    """A product of parts; no parts at all is the constant.

    ``empty`` marks a combination of levels without observations in the estimation sample; it is
    not part of the name, so that a column read back from its name does not know it.
    """

    parts: tuple[Part, ...]
    empty: bool = field(default=False, compare=False)

    @cached_property
    def name(self) -> str:
        if not self.parts:
            return "_cons"
        several = len(self.parts) > 1
        return "#".join(
            part.name if isinstance(part, FactorLevel) else part.name(several)
            for part in self.parts
        )

    @property
    def label(self) -> str:
        """The name as notes write it, base levels marked, omission not: ``1b.a#2.b``."""
        parts: list[str] = []
        for part in self.parts:
            if isinstance(part, FactorLevel):
                parts.append(replace(part, mark="b" if part.mark == "b" else "").name)
            else:
                parts.append(replace(part, omitted=False).name(len(self.parts) > 1))
        return "#".join(parts) or "_cons"

    @cached_property
    def omitted(self) -> bool:
        """True for base, empty and collinear columns: their coefficient is zero by design."""
        marks = [
            part.mark if isinstance(part, FactorLevel) else ("o" if part.omitted else "")
            for part in self.parts
        ]
        return "o" in marks or (bool(marks) and all(mark == "b" for mark in marks))

    @property
    def constant(self) -> bool:
        return not self.parts

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.variable for part in self.parts))

    @property
    def factor_levels(self) -> tuple[FactorLevel, ...]:
        return tuple(part for part in self.parts if isinstance(part, FactorLevel))

    def left_out(self) -> Column:
        """The same column marked as omitted: ``x`` → ``o.x``, ``2.a`` → ``2o.a``."""
        return Column(
            tuple(
                (part if part.mark == "b" else replace(part, mark="o"))
                if isinstance(part, FactorLevel)
                else replace(part, omitted=True)
                for part in self.parts
            )
        )

    def evaluate(self, data: Dataset, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The column's values (n,) on the chosen rows of a dataset, missing where a part is."""
        result: np.ndarray | None = None
        for part in self.parts:
            values = _part_values(part, data)[rows]
            if result is None:
                result = values
            else:
                missing = (result >= MISSING) | (values >= MISSING)
                product = result * np.where(missing, 1.0, values)
                result = np.where(missing, MISSING, product)
        if result is None:
            return np.ones(len(np.empty(data.n)[rows]))
        return result

    @classmethod
    def parse(cls, name: str) -> Column:
        """Read a column back from its name in e(b)."""
        if name == "_cons":
            return cls(())
        return cls(tuple(_parse_part(part) for part in name.split("#")))


CONSTANT = Column(())


@lru_cache(maxsize=4096)
def _parse_part(text: str) -> Part:
    prefix, point, variable = text.rpartition(".")
    if not point:
        return Continuous(variable)
    level = _LEVEL.match(prefix)
    if level:
        return FactorLevel(variable, int(level[1]), level[2] or "")
    operators = _OPERATORS.match(prefix)
    if not operators:
        raise StataError(198, f"{text} invalid name")
    return Continuous(variable, operators[3], bool(operators[2]))


def _part_values(part: Part, data: Dataset) -> np.ndarray:
    variable = data.variable(part.variable)
    if variable.storage.is_string:
        raise StataError(109, f"{part.variable}: string variables may not be used here")
    if isinstance(part, Continuous):
        return lagged(data, part.variable, part.operators) if part.operators else variable.numbers()
    values = variable.numbers()
    indicator = (values == part.level).astype(float)
    missing = values >= MISSING
    if missing.any():
        indicator[missing] = MISSING
    return indicator
