"""Variable lists with factor operators → the terms of a model ([U] 11.4.3 Factor variables).

``a##b`` stands for ``a b a#b``; ``factor_columns`` turns the terms into columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.dataset import Dataset
from statalike.errors import StataError, invalid_syntax
from statalike.language.ast import (
    CustomContrast,
    Group,
    Interaction,
    NestedEffect,
    Operated,
    RandomEffect,
    SimpleEffect,
    VariableItem,
    VariableList,
    VariablePattern,
    VariableRange,
)


@dataclass(frozen=True)
class Factor:
    """A categorical variable in a term.

    ``base`` is a level, ``first``, ``last``, ``freq`` or ``none``; ``levels`` restricts the term
    to the named levels; ``single`` marks ``2.group``, an indicator that stands by itself.
    """

    variable: str
    base: int | str = "first"
    levels: tuple[int, ...] | None = None
    single: bool = False
    omitted: bool = False


@dataclass(frozen=True)
class Measure:
    """A continuous variable in a term, with its time-series operators."""

    variable: str
    operators: str = ""
    omitted: bool = False


Element = Factor | Measure


@dataclass(frozen=True)
class Term:
    """A product of factors and continuous variables; factors stand first."""

    elements: tuple[Element, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(element.variable for element in self.elements))

    @property
    def key(self) -> TermKey:
        """What the term is a product of, whatever the order and the bases."""
        return tuple(sorted(element_key(element) for element in self.elements))


TermKey = tuple[tuple[str, str], ...]


def element_key(element: Element) -> tuple[str, str]:
    """An element without its base: what decides whether two terms are the same product."""
    if isinstance(element, Factor):
        return ("factor", element.variable)
    return ("measure", f"{element.operators}.{element.variable}")


def model_terms(
    items: VariableList, data: Dataset, *, categorical: bool = False
) -> tuple[Term, ...]:
    """The terms that a variable list stands for, in Stata's order and without repetition.

    A variable without operator is a measure, or a factor in a ``categorical`` list.
    """
    terms: dict[tuple[Element, ...], Term] = {}
    for item in items:
        for term in _expand(item, data, in_interaction=categorical):
            terms.setdefault(term.elements, term)
    return tuple(terms.values())


def _expand(item: VariableItem, data: Dataset, in_interaction: bool) -> list[Term]:
    match item:
        case VariablePattern() | VariableRange():
            names = _names(item, data)
            if in_interaction:
                return [Term((Factor(name),)) for name in names]
            return [Term((Measure(name),)) for name in names]
        case Group(items=items):
            return [term for part in items for term in _expand(part, data, in_interaction)]
        case SimpleEffect() | CustomContrast() | RandomEffect():
            raise invalid_syntax()
        case NestedEffect(effect=effect, within=within):
            inner, outer = (_expand(part, data, True) for part in (effect, within))
            return [_product(a, b) for a in inner for b in outer]
        case Operated(operators=operators, variables=variables):
            return [term for part in variables for term in _operated(operators, part, data)]
        case Interaction(left=left, right=right, full=full):
            first = _expand(left, data, True)
            second = _expand(right, data, True)
            products = [_product(a, b) for a in first for b in second]
            return [*first, *second, *products] if full else products
    raise TypeError(item)


def _names(item: VariablePattern | VariableRange, data: Dataset) -> Sequence[str]:
    if isinstance(item, VariableRange):
        return data.expand([f"{item.first.text}-{item.last.text}"])
    return data.expand([item.text])


def _product(a: Term, b: Term) -> Term:
    """A factor by itself is the factor; a measure by itself is its square."""
    elements = (*a.elements, *b.elements)
    factors = dict.fromkeys(element for element in elements if isinstance(element, Factor))
    measures = [element for element in elements if isinstance(element, Measure)]
    if len(factors) + len(measures) > 8:
        raise StataError(198, "too many interaction terms; at most 8 are allowed")
    return Term((*factors, *measures))


_LEVEL = re.compile(r"i?(\d+)(bn|b|o)?\Z")
_BASE = re.compile(r"i?b(?:n|(\d+)|\((first|last|freq|none)\))\Z")
_LEVELS = re.compile(r"i?\(([\d\s/]+)\)\Z")
_TIME = re.compile(r"[lfds]\d*(?:\.?[lfds]\d*)*\Z")
_TIMES = re.compile(r"([lfds])\((.+)\)\Z")


def _operated(operators: str, item: VariableItem, data: Dataset) -> list[Term]:
    """One operator text applied to one item of its list."""
    if isinstance(item, Operated | Interaction | Group):
        inner = _expand(item, data, in_interaction=True)
        return [
            Term(tuple(_reoperate(operators, element) for element in term.elements))
            if len(term.elements) == 1
            else term
            for term in inner
        ]
    if isinstance(item, SimpleEffect | NestedEffect | CustomContrast | RandomEffect):
        raise invalid_syntax()
    terms: list[Term] = []
    for name in _names(item, data):
        terms += [Term((element,)) for element in _elements(operators, name)]
    return terms


def _reoperate(operators: str, element: Element) -> Element:
    return _elements(operators, element.variable)[0]


def _elements(operators: str, name: str) -> list[Element]:
    text = operators.lower()
    if text == "i":
        return [Factor(name)]
    if text == "c":
        return [Measure(name)]
    if text in ("o", "co"):
        return [Measure(name, omitted=True)]
    if text == "io":
        return [Factor(name, omitted=True)]
    level = _LEVEL.match(text)
    if level:
        return [_single(name, int(level[1]), level[2] or "")]
    omitted = re.match(r"i?o(\d+)\Z", text)
    if omitted:
        return [Factor(name, levels=(int(omitted[1]),), single=True, omitted=True)]
    base = _BASE.match(text)
    if base:
        if base[1]:
            return [Factor(name, int(base[1]))]
        return [Factor(name, base[2] or "none")]
    levels = _LEVELS.match(text)
    if levels:
        return [Factor(name, levels=tuple(_integers(levels[1])))]
    time = text[1:] if text.startswith("c") else text
    if time.startswith("."):
        time = time[1:]
    several = _TIMES.match(time)
    if several:
        return [
            Measure(name, _time_operators(f"{several[1]}{number}"))
            for number in _integers(several[2])
        ]
    if _TIME.match(time):
        return [Measure(name, _time_operators(time))]
    raise StataError(198, f"{operators}. invalid operator")


def _single(name: str, level: int, mark: str) -> Factor:
    return Factor(
        name,
        base=level if mark == "b" else "none",
        levels=(level,),
        single=True,
        omitted=mark == "o",
    )


def _integers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split():
        first, slash, last = part.partition("/")
        numbers += range(int(first), int(last) + 1) if slash else [int(first)]
    return numbers


def _time_operators(text: str) -> str:
    """``l1`` → ``L``, ``l.d`` → ``LD``, ``l0`` → none."""
    parts = re.findall(r"([lfds])(\d*)", text)
    return "".join(
        f"{letter.upper()}{'' if digits in ('', '1') else digits}"
        for letter, digits in parts
        if digits != "0"
    )
