"""Syntax tree → text that parses to the same tree, with no more parentheses than it needs."""

from __future__ import annotations

from typing import Final

from statalike.data.missing import missing_text
from statalike.language.ast import (
    Binary,
    Call,
    Clause,
    Coefficient,
    CommandLine,
    CustomContrast,
    Definition,
    Expression,
    Group,
    IndexRange,
    Interaction,
    LabelValue,
    LinearCombination,
    Name,
    NamedExpression,
    NestedEffect,
    Number,
    NumberList,
    NumberSequence,
    ObservationRange,
    Operated,
    OperatorVariable,
    Option,
    Parameter,
    Prediction,
    RandomEffect,
    SimpleEffect,
    StoredResult,
    String,
    Subscript,
    Unary,
    VariableItem,
    VariableList,
    VariablePattern,
    VariableProduct,
    VariableRange,
)

#: How tightly an operator binds; ``-`` and ``+`` before a value bind less than ``^``, ``!`` more.
_BINDING: Final = {
    "|": 1,
    "&": 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "^": 7,
}
_SIGNED: Final = 6
_INVERTED: Final = 8
_VALUE: Final = 9


def expression_text(expression: Expression) -> str:
    """An expression as it may be typed."""
    match expression:
        case Binary("^", left, right):
            return f"{_at_least(left, _BINDING['^'])}^{_exponent(right)}"
        case Binary(operator, left, right):
            binding = _BINDING[operator]
            return f"{_at_least(left, binding)} {operator} {_at_least(right, binding + 1)}"
        case Unary("!", operand):
            return f"!{_exponent(operand)}"
        case Unary(sign, operand):
            return f"{sign}{_at_least(operand, _SIGNED)}"
        case Number(value, text):
            return text or number_literal(value)
        case String(text):
            return quoted(text)
        case Name(name):
            return name
        case Call(function, arguments):
            return f"{function}({', '.join(map(expression_text, arguments))})"
        case StoredResult(store, name):
            return f"{store}({name})"
        case Coefficient():
            return _coefficient(expression)
        case Subscript(base, indices):
            return f"{expression_text(base)}[{', '.join(map(expression_text, indices))}]"
        case OperatorVariable(operators, name):
            return f"{operators}.{name}"
        case Prediction(options):
            return f"predict({options})"
        case LabelValue(text, label):
            return f"{quoted(text)}:{label}"
        case IndexRange(first, last):
            ends = ("" if end is None else expression_text(end) for end in (first, last))
            return "..".join(ends)
        case VariableProduct(factors):
            return "#".join(map(expression_text, factors))
        case Parameter(group, name, start):
            begin = "" if start is None else f"={number_literal(start)}"
            return f"{{{group}{':' if group else ''}{name}{begin}}}"
        case NamedExpression(name, lagged):
            return f"{'L.' if lagged else ''}{{{name}:}}"
        case LinearCombination(items):
            return f"{{{varlist_text(items)}}}"
        case Definition():
            return f"{{{definition_text(expression)}}}"


def definition_text(definition: Definition) -> str:
    """A named expression or linear combination as ``define()`` takes it, without braces."""
    body = definition.body
    if isinstance(body, LinearCombination):
        return f"{definition.name}: {linear_combination_text(body)}"
    return f"{definition.name}: {expression_text(body)}"


def linear_combination_text(linear: LinearCombination) -> str:
    """The terms of a linear combination and its options."""
    options = " ".join(["xb"] * linear.explicit + ["noconstant"] * (not linear.constant))
    return f"{varlist_text(linear.items)}{', ' if options else ''}{options}"


def number_literal(value: float) -> str:
    """The shortest literal that reads as ``value``; ``.`` and ``.a`` for missing values."""
    missing = missing_text(value)
    if missing is not None:
        return missing
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def quoted(text: str) -> str:
    """Text in double quotes, compound ones when it has quotes itself."""
    return f'`"{text}"\'' if '"' in text else f'"{text}"'


def _binding(expression: Expression) -> int:
    match expression:
        case Binary(operator):
            return _BINDING[operator]
        case Unary("!"):
            return _INVERTED
        case Unary():
            return _SIGNED
        case _:
            return _VALUE


def _at_least(expression: Expression, binding: int) -> str:
    text = expression_text(expression)
    return text if _binding(expression) >= binding else f"({text})"


def _exponent(expression: Expression) -> str:
    """What follows ``^`` or ``!``, where a sign needs no parentheses."""
    if isinstance(expression, Unary) and expression.operator != "!":
        return f"{expression.operator}{_exponent(expression.operand)}"
    return _at_least(expression, _INVERTED)


def _coefficient(coefficient: Coefficient) -> str:
    kind, equation, name = coefficient.kind, coefficient.equation, coefficient.name
    if not equation:
        return f"_{kind}[{name}]"
    if ":" in equation or ":" in name:
        return f"[{equation}]_{kind}[{name}]"
    return f"_{kind}[{equation}:{name}]"


# --- lists -------------------------------------------------------------------------------------


def varlist_text(variables: VariableList) -> str:
    """A variable list as it may be typed."""
    return " ".join(map(_item, variables))


def _item(item: VariableItem) -> str:
    match item:
        case VariablePattern(text):
            return text
        case VariableRange(first, last):
            return f"{first.text}-{last.text}"
        case Operated(operators, (VariablePattern(text),)):
            return f"{operators}.{text}"
        case Operated(operators, variables):
            return f"{operators}.({varlist_text(variables)})"
        case Interaction(left, right, full):
            return f"{_item(left)}{'##' if full else '#'}{_item(right)}"
        case Group(items):
            return f"({varlist_text(items)})"
        case SimpleEffect(effect, within):
            return f"{_item(effect)}@{_item(within)}"
        case NestedEffect(effect, within):
            return f"{_item(effect)}|{_item(within)}"
        case CustomContrast(variables, coefficients, matrix):
            names = "#".join(map(_item, variables))
            numbers = " ".join(map(number_literal, coefficients))
            return f"{{{names} {matrix or numbers}}}"
        case RandomEffect(name, levels):
            return f"{name}[{'>'.join(levels)}]"


def numlist_text(numbers: NumberList) -> str:
    """A numlist as it may be typed."""
    return " ".join(map(_element, numbers))


def _element(element: Number | NumberSequence) -> str:
    if isinstance(element, Number):
        return expression_text(element)
    first, last = expression_text(element.first), expression_text(element.last)
    if element.step is None:
        return f"{first}/{last}"
    return f"{first}({expression_text(element.step)}){last}"


# --- command lines -----------------------------------------------------------------------------


def command_text(line: CommandLine) -> str:
    """A command line as it may be typed."""
    clauses = [clause_text(clause) for clause in (line.clause, *line.equations)]
    separator = "" if clauses[0].startswith(",") else " "
    return f"{line.name}{separator}{' || '.join(clauses)}".strip()


def clause_text(clause: Clause) -> str:
    """A clause as it may be typed: list, assignment, ``if``, ``in``, weight, ``using``, options."""
    parts = [clause.body] if clause.body else []
    if clause.assignment is not None:
        parts.append(f"= {clause.assignment}")
    if clause.condition is not None:
        parts.append(f"if {expression_text(clause.condition)}")
    if clause.observations is not None:
        parts.append(f"in {_observations(clause.observations)}")
    if clause.weight is not None:
        weight = expression_text(clause.weight.expression)
        parts.append(f"[{clause.weight.kind}={weight}]")
    if clause.using is not None:
        parts.append(f"using {quoted(clause.using)}")
    text = " ".join(parts)
    if clause.has_comma or clause.options:
        text += ", " + " ".join(map(option_text, clause.options))
    return text.rstrip()


def option_text(option: Option) -> str:
    """An option as it may be typed."""
    return option.name if option.argument is None else f"{option.name}({option.argument})"


def _observations(observations: ObservationRange) -> str:
    return f"{observations.first}/{observations.last}"
