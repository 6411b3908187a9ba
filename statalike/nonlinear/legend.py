"""Named expressions as output shows them: without blanks, inner definitions by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from statalike.language.ast import (
    Definition,
    Expression,
    LinearCombination,
    Operated,
    VariableItem,
    VariablePattern,
)
from statalike.language.expressions import children
from statalike.language.unparse import varlist_text
from statalike.nonlinear.linear_terms import effect_of, expanded_items
from statalike.nonlinear.specification import NonlinearSpecification


def legend_texts(
    sources: Iterable[tuple[str, Expression]], specification: NonlinearSpecification
) -> dict[str, str]:
    """The text of each named expression by its name, in the order of the characters of the names.

    ``sources`` are the texts that were parsed and their trees.  Linear combinations of a constant
    alone are left out.
    """
    found: dict[str, str] = {}
    for text, root in sources:
        for definition in _definitions(root):
            if definition.name in found:
                continue
            body = definition.body
            if not isinstance(body, LinearCombination):
                found[definition.name] = _squeezed(text, body)
            elif not _only_constant(body):
                found[definition.name] = _linear(body, specification)
    return dict(sorted(found.items()))


def _definitions(expression: Expression) -> Iterator[Definition]:
    """Every definition within an expression, an outer one before those inside it."""
    if isinstance(expression, Definition):
        yield expression
        yield from _definitions(expression.body)
        return
    for part in children(expression):
        yield from _definitions(part)


def _outermost(expression: Expression) -> Iterator[Definition]:
    if isinstance(expression, Definition):
        yield expression
        return
    for part in children(expression):
        yield from _outermost(part)


def _squeezed(text: str, body: Expression) -> str:
    pieces: list[str] = []
    position = body.span[0]
    for inner in _outermost(body):
        pieces += [text[position : inner.span[0]], f"{{{inner.name}:}}"]
        position = inner.span[1]
    pieces.append(text[position : body.span[1]])
    return "".join("".join(pieces).split())


def _only_constant(linear: LinearCombination) -> bool:
    return all(isinstance(i, VariablePattern) and i.text == "_cons" for i in linear.items)


def _linear(linear: LinearCombination, specification: NonlinearSpecification) -> str:
    """Terms written out; ``xb`` as typed, but not after factor variables alone."""
    items = list(expanded_items(linear.items))
    options: list[str] = []
    if linear.explicit and not all(_factor(item, specification) for item in items):
        options.append("xb")
    if not linear.constant:
        options.append("noconstant")
    return varlist_text(tuple(items)) + (f", {' '.join(options)}" if options else "")


def _factor(item: VariableItem, specification: NonlinearSpecification) -> bool:
    if effect_of(item, specification.effects) is not None:
        return False
    return isinstance(item, Operated) and item.operators.startswith("i")
