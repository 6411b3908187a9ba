"""Linear combinations of a nonlinear model: what is a coefficient's and what a random effect's.

``i.a##c.x c.z#(U[id] V[id>b])`` has the terms ``i.a``, ``c.x``, ``i.a#c.x`` with coefficients, and
the random effects U and V, each times z.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from statalike.data.dataset import Dataset
from statalike.design.columns import CONSTANT, Column, Continuous, FactorLevel, Part
from statalike.design.terms import Element, Factor, Measure, Term, element_key, model_terms
from statalike.errors import StataError
from statalike.language.ast import (
    Group,
    Interaction,
    LinearCombination,
    Operated,
    RandomEffect,
    VariableItem,
    VariablePattern,
)
from statalike.language.unparse import varlist_text


@dataclass(frozen=True)
class EffectTerm:
    """A random effect times a column, the constant for a random intercept."""

    effect: str
    column: Column

    @property
    def name(self) -> str:
        """``U``, ``c.x#U``."""
        if self.column.constant:
            return self.effect
        name = self.column.name
        return f"{'c.' if '.' not in name else ''}{name}#{self.effect}"


@dataclass(frozen=True)
class LinearTerms:
    """The terms with coefficients, whether there is a constant, and the random effects."""

    terms: tuple[Term, ...]
    constant: bool
    effects: tuple[EffectTerm, ...]


def linear_terms(
    linear: LinearCombination, data: Dataset, effect_names: Collection[str]
) -> LinearTerms:
    """The terms of a linear combination; a bare name among ``effect_names`` is a random effect.

    r(198) for random effects of factors with several levels; r(111) for unknown variables.
    """
    fixed: list[VariableItem] = []
    effects: list[EffectTerm] = []
    constant = linear.constant
    for item in expanded_items(linear.items):
        name = effect_of(item, effect_names)
        if name is not None:
            effects.append(EffectTerm(name, _slope(item, data)))
        elif isinstance(item, VariablePattern) and item.text == "_cons":
            constant = True
        else:
            fixed.append(item)
    return LinearTerms(model_terms(tuple(fixed), data), constant, tuple(effects))


def expanded_items(items: tuple[VariableItem, ...]) -> Iterator[VariableItem]:
    """The items with ``a##b`` and parentheses written out, each once."""
    seen: set[VariableItem] = set()
    for item in items:
        for single in _expanded(item):
            if single not in seen:
                seen.add(single)
                yield single


def _expanded(item: VariableItem) -> Iterator[VariableItem]:
    match item:
        case Group(items=items):
            for inner in items:
                yield from _expanded(inner)
        case Interaction(left=left, right=right, full=full):
            first, second = list(_expanded(left)), list(_expanded(right))
            if full:
                yield from first
                yield from second
            for a in first:
                for b in second:
                    yield Interaction(a, b, span=item.span)
        case Operated(operators=operators, variables=variables) if len(variables) > 1:
            for variable in variables:
                yield Operated(operators, (variable,), span=item.span)
        case _:
            yield item


def effect_of(item: VariableItem, effect_names: Collection[str]) -> str | None:
    """The random effect of an item, at the end of a product if it is one; None without any."""
    match item:
        case RandomEffect(name=name):
            return name
        case VariablePattern(text=text) if text in effect_names:
            return text
        case Interaction(left=left, right=right):
            if effect_of(left, effect_names) is not None:
                raise StataError(
                    198,
                    f"{varlist_text((item,))}: the random effect must be the last factor",
                    span=item.span,
                )
            return effect_of(right, effect_names)
    return None


def _slope(item: VariableItem, data: Dataset) -> Column:
    """The column that the effect at the end of an item multiplies."""
    elements: list[Element] = []
    while isinstance(item, Interaction):
        elements += _single_elements(item.left, data)
        item = item.right
    return Column(tuple(map(_part, elements))) if elements else CONSTANT


def _single_elements(item: VariableItem, data: Dataset) -> list[Element]:
    if isinstance(item, Interaction):
        return [*_single_elements(item.left, data), *_single_elements(item.right, data)]
    terms = model_terms((Group((item,)),), data)
    elements = [element for term in terms for element in term.elements]
    if len(terms) > 1 or any(isinstance(e, Factor) and not e.single for e in elements):
        text = varlist_text((item,))
        raise StataError(
            198,
            f"{text} not allowed with random effects",
            hint="each level of a factor needs a random effect of its own: 1.f#U1[id] 2.f#U2[id]",
            span=item.span,
        )
    return elements


def _part(element: Element) -> Part:
    if isinstance(element, Measure):
        return Continuous(element.variable, element.operators)
    assert element.levels is not None
    return FactorLevel(element.variable, element.levels[0])


def belongs_to(column: Column, terms: tuple[Term, ...]) -> bool:
    """Whether a column is one of those that the terms stand for."""
    key = tuple(sorted(_column_key(part) for part in column.parts))
    return any(
        key == term.key and all(_level_chosen(column, element) for element in term.elements)
        for term in terms
    )


def _column_key(part: Part) -> tuple[str, str]:
    if isinstance(part, FactorLevel):
        return element_key(Factor(part.variable))
    return element_key(Measure(part.variable, part.operators))


def _level_chosen(column: Column, element: Element) -> bool:
    if isinstance(element, Measure) or element.levels is None:
        return True
    return all(
        part.level in element.levels
        for part in column.factor_levels
        if part.variable == element.variable
    )
