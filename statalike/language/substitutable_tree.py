"""From the grammar's rules for substitutable expressions to their nodes ([ME] menl)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from statalike.errors import StataError
from statalike.language.ast import (
    Definition,
    Expression,
    InitialCondition,
    Interaction,
    LinearCombination,
    NamedExpression,
    Number,
    Operated,
    Parameter,
    PredictedExpression,
    RandomEffect,
    Span,
    StartingValue,
    VariableItem,
    VariableProduct,
)

Children: TypeAlias = list[Any]

_SHORTEST_NOCONSTANT = len("nocons")


class SubstitutableTree:
    """Callbacks for the rules of substitutable expressions."""

    def variable_product(self, children: Children) -> VariableProduct:
        factors = tuple(self.operator_variable([child]) for child in children[::2])
        return VariableProduct(factors, span=span_of(children))

    def operator_variable(self, children: Children) -> Any:
        """As in every expression."""
        raise NotImplementedError

    def parameter(self, children: Children) -> Parameter:
        group, _, name = _without_blanks(children[1]).rpartition(":")
        start = None if len(children) == 3 else float(children[3])
        return Parameter(group, name, start, span=span_of(children))

    def named_expression(self, children: Children) -> NamedExpression:
        return NamedExpression(_name(children[1]), span=span_of(children))

    def lagged_expression(self, children: Children) -> NamedExpression:
        operator, span = str(children[0]), span_of(children)
        name = _name(children[2])
        if operator.lower() not in ("l.", "l1."):
            raise StataError(
                198,
                f"{operator}{{{name}:}} not allowed",
                hint="named expressions may have the one-period lag operator L. only",
                span=span,
            )
        return NamedExpression(name, lagged=True, span=span)

    def effect_in_braces(self, children: Children) -> LinearCombination:
        return LinearCombination((children[1],), constant=False, span=span_of(children))

    def random_effect(self, children: Children) -> RandomEffect:
        levels = [str(level) for level in children[2:-1:2]]
        signs = {str(sign) for sign in children[3:-1:2]}
        span = span_of(children)
        if len(signs) > 1:
            raise StataError(198, f"{children[0]}[]: levels must be nested by > or by <", span=span)
        if signs == {"<"}:
            levels.reverse()
        return RandomEffect(str(children[0]), tuple(levels), span=span)

    def effect_product(self, children: Children) -> Interaction:
        """``c.x#U[id]`` in braces of its own."""
        operator, variable, _, operand = children
        factor = Operated(
            str(operator)[:-1].lower(), (variable,), span=span_of([operator, variable])
        )
        return Interaction(factor, operand, span=span_of(children))

    def definition_in_braces(self, children: Children) -> Definition:
        definition: Definition = children[1]
        return Definition(definition.name, definition.body, span=span_of(children))

    def linear_definition(self, children: Children) -> Definition:
        items: tuple[VariableItem, ...] = children[1]
        constant, explicit = True, False
        for option in children[3:]:
            typed = str(option)
            if typed == "xb":
                explicit = True
            elif "noconstant".startswith(typed) and len(typed) >= _SHORTEST_NOCONSTANT:
                constant = False
            else:
                raise StataError(198, f"option {typed} not allowed", span=span_of([option]))
        start, end = span_of([children[0], *items[-1:], *children[2:]])
        body = LinearCombination(items, constant, explicit, span=(items[0].span[0], end))
        return Definition(_name(children[0]), body, span=(start, end))

    def expression_definition(self, children: Children) -> Definition:
        return Definition(_name(children[0]), children[1], span=span_of(children))

    def initial_condition(self, children: Children) -> InitialCondition:
        return InitialCondition(_name(children[1]), children[4], span=span_of(children))

    def predictions(self, children: Children) -> tuple[PredictedExpression, ...]:
        return tuple(children)

    def predicted_expression(self, children: Children) -> PredictedExpression:
        return PredictedExpression(str(children[1]), _name(children[4]), span=span_of(children))

    # --- starting values ---

    def starting_values(self, children: Children) -> tuple[StartingValue, ...]:
        return tuple(children)

    def starting_value(self, children: Children) -> StartingValue:
        names: list[str] = []
        for child in children[:-1]:
            if isinstance(child, list):
                names += child
            elif str(child) != "=":
                names.append(_without_blanks(child))
        value: Expression = children[-1]
        return StartingValue(tuple(names), value, span=span_of(children[-1:]))

    def starting_group(self, children: Children) -> list[str]:
        """``{a b}``, ``{lc:x _cons}``, ``{lc:}``: a group's name goes on to those after it."""
        names: list[str] = []
        group = ""
        for child in children[1:-1]:
            typed = _without_blanks(child)
            if typed.endswith(":"):
                group = typed
                continue
            own, colon, _ = typed.rpartition(":")
            group = own + colon if colon else group
            names.append(typed if colon else group + typed)
        return names or [group]

    def starting_numbers(self, children: Children) -> tuple[Number, ...]:
        return tuple(Number(float(child), str(child), span=span_of([child])) for child in children)


def span_of(children: Sequence[Any]) -> Span:
    """Where tokens and nodes stand, from the first of them to the last."""
    first, last = children[0], children[-1]
    start = first.span[0] if hasattr(first, "span") else first.start_pos
    end = last.span[1] if hasattr(last, "span") else last.end_pos
    return start, end


def _name(header: Any) -> str:
    return str(header).rstrip().removesuffix(":").rstrip()


def _without_blanks(token: Any) -> str:
    return "".join(str(token).split())
