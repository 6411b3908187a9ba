"""The mean of a nonlinear model and its named expressions as functions of parameters and effects.

An expression is walked once.  Parts that depend on data alone are evaluated then and there, by the
rules of every other expression; the rest becomes a graph of operations
(:mod:`statalike.nonlinear.graph`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statalike.data.missing import MISSING
from statalike.design.columns import CONSTANT, Column
from statalike.engine.nonlinear.mean_function import MeanDerivatives
from statalike.errors import StataError, invalid_syntax
from statalike.language import functions
from statalike.language.ast import (
    Binary,
    Call,
    Definition,
    Expression,
    LinearCombination,
    NamedExpression,
    Parameter,
    Unary,
)
from statalike.language.context import Context
from statalike.language.derivative_rules import (
    FUNCTIONS,
    MULTIPLY,
    NEGATE,
    NOT,
    OPERATORS,
    Array,
    Rule,
    Value,
    differenced,
    extreme,
)
from statalike.language.expressions import evaluate
from statalike.language.values import numbers
from statalike.nonlinear.graph import (
    Carried,
    Constant,
    EffectDirection,
    Graph,
    Lag,
    LinearDirection,
    Operation,
    ParameterDirection,
)
from statalike.nonlinear.linear_terms import belongs_to, linear_terms
from statalike.nonlinear.specification import (
    NonlinearSpecification,
    named_reference,
    subexpressions,
)

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class CoefficientColumns:
    """The columns of a linear combination and the number of each one's parameter, -1 for columns
    that are left out."""

    columns: tuple[Column, ...]
    parameters: tuple[int, ...]

    def position(self, name: str) -> int | None:
        """The column of this name, whatever its marks of base levels."""
        wanted = Column.parse(name).label.replace("b.", ".")
        for position, column in enumerate(self.columns):
            if column.label.replace("b.", ".") == wanted:
                return position
        return None


@dataclass(frozen=True)
class ParameterNumbers:
    """Which of the p parameters and q random effects each name stands for.

    ``free`` goes by group and name.
    """

    combinations: Mapping[str, CoefficientColumns]
    free: Mapping[tuple[str, str], int]
    effects: Mapping[str, int]
    count: int


@dataclass(frozen=True)
class EvaluationRows:
    """The N observations of a dataset that an evaluation sees, as positions, in any order.

    ``chosen`` (n,) are those whose mean is wanted, as positions among the N, and ``effect_source``
    (N,) the chosen one that each takes its random effects from.  ``periods`` and ``previous`` are
    as in :class:`~statalike.nonlinear.graph.Graph`.
    """

    rows: Rows
    chosen: Rows | None = None
    effect_source: Rows | None = None
    periods: tuple[Rows, ...] = ()
    previous: Rows | None = None


@dataclass
class NonlinearFunctions:
    """The mean of the outcome and the named expressions of a model on some observations.

    ``roots`` are the nodes of the graph by name, the outcome's for the mean.
    """

    graph: Graph
    roots: Mapping[str, int]
    rows: EvaluationRows
    parameter_count: int
    effect_count: int

    def values(self, name: str, fixed: Array, effects: Array) -> Array:
        """A named expression (n,) at parameters (p,) and effects (n, q); nan where undefined."""
        found = self.graph.evaluate(fixed, self._all_effects(effects), slopes=False)
        return self._chosen(found.values[self.roots[name]])

    def derivatives(self, name: str, fixed: Array, effects: Array) -> MeanDerivatives:
        """A named expression with its derivatives in parameters, (n, p), and effects, (n, q)."""
        found = self.graph.evaluate(fixed, self._all_effects(effects), slopes=True)
        root = self.roots[name]
        size = self.graph.size
        by_parameter = np.zeros((size, self.parameter_count), order="F")
        by_effect = np.zeros((size, self.effect_count), order="F")
        with np.errstate(all="ignore"):
            for direction, slope in found.slopes[root].items():
                match self.graph.nodes[direction]:
                    case ParameterDirection(index=index):
                        by_parameter[:, index] += slope
                    case EffectDirection(index=index):
                        by_effect[:, index] += slope
                    case LinearDirection(columns=columns, indices=indices, effects=terms):
                        for column, index in zip(columns.T, indices, strict=True):
                            by_parameter[:, index] += slope * column
                        for index, multiplier in terms:
                            by_effect[:, index] += slope * multiplier
        return MeanDerivatives(
            self._chosen(found.values[root]),
            self._chosen_rows(by_parameter),
            self._chosen_rows(by_effect),
        )

    def mean(self, outcome: str) -> NamedFunction:
        """One of them as the engine's mean function."""
        return NamedFunction(self, outcome)

    def _all_effects(self, effects: Array) -> Array:
        source = self.rows.effect_source
        return effects if source is None else effects[source]

    def _chosen(self, value: Value) -> Array:
        return self._chosen_rows(np.broadcast_to(np.asarray(value, dtype=float), self.graph.size))

    def _chosen_rows(self, values: Array) -> Array:
        return values if self.rows.chosen is None else values[self.rows.chosen]


@dataclass(frozen=True)
class NamedFunction:
    """A named expression behind the engine's protocol of a mean function."""

    functions: NonlinearFunctions
    name: str

    def evaluate(self, fixed: Array, effects: Array) -> Array:
        """Its values (n,)."""
        return self.functions.values(self.name, fixed, effects)

    def derivatives(self, fixed: Array, effects: Array) -> MeanDerivatives:
        """Its values and derivatives."""
        return self.functions.derivatives(self.name, fixed, effects)


def nonlinear_functions(
    specification: NonlinearSpecification,
    parameters: ParameterNumbers,
    context: Context,
    rows: EvaluationRows,
) -> NonlinearFunctions:
    """Make the mean and every named expression of a model into functions on some observations.

    Raises r(111) for names and coefficients that are not found, r(109) for texts, r(133) for
    unknown functions.
    """
    builder = _GraphBuilder(specification, parameters, context, rows)
    names = (*specification.named, specification.outcome)
    roots = {name: builder.named(name) for name in names}
    for name in specification.lagged:
        initial = None
        if name in specification.initial:
            initial = builder.node(specification.initial[name])
        builder.graph.carried[name] = Carried(roots[name], initial)
    builder.graph.finish()
    return NonlinearFunctions(
        builder.graph, roots, rows, parameters.count, len(specification.effects)
    )


@dataclass
class _GraphBuilder:
    """The walk over the expressions of a model."""

    specification: NonlinearSpecification
    parameters: ParameterNumbers
    context: Context
    rows: EvaluationRows
    graph: Graph = field(init=False)
    _named: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = Graph(
            len(self.rows.rows), periods=self.rows.periods, previous=self.rows.previous
        )

    def named(self, name: str) -> int:
        """The node of a named expression, a linear combination or the mean."""
        if name not in self._named:
            if name in self.specification.combinations:
                syntax = self.specification.combinations[name].syntax
                self._named[name] = self._linear(name, syntax)
            else:
                self._named[name] = self.node(self.specification.body(name))
        return self._named[name]

    def node(self, expression: Expression) -> int:
        """The node of an expression; r(109) for a text."""
        if not self._has_parameters(expression):
            return self._data(expression)
        reference = named_reference(expression, self.specification.outcome)
        if reference is not None:
            return self._reference(reference)
        match expression:
            case Definition(name=name, body=body):
                if isinstance(body, LinearCombination) and body != self.specification.body(name):
                    return self._linear(name, body)
                return self.named(name)
            case LinearCombination():
                return self._effects(expression)
            case Parameter():
                return self._parameter(expression)
            case Unary(operator=operator, operand=operand):
                rule = {"-": NEGATE, "!": NOT}.get(operator)
                below = self.node(operand)
                return below if rule is None else self._operation(rule, below)
            case Binary(operator=operator, left=left, right=right):
                return self._operation(OPERATORS[operator], self.node(left), self.node(right))
            case Call(function=name, arguments=arguments):
                operands = [self.node(argument) for argument in arguments]
                return self._operation(_rule(name, len(operands)), *operands)
        raise StataError(
            198, "parameters are not allowed here", hint="in subscripts", span=expression.span
        )

    def _operation(self, rule: Rule, *operands: int) -> int:
        return self.graph.add(Operation(rule, operands))

    def _reference(self, reference: NamedExpression) -> int:
        if not reference.lagged:
            return self.named(reference.name)
        self.specification.body(reference.name)
        return self.graph.add(Lag(reference.name), ("lag", reference.name))

    # --- data ---

    def _has_parameters(self, expression: Expression) -> bool:
        return any(
            isinstance(node, Parameter | LinearCombination | Definition | NamedExpression)
            or named_reference(node, self.specification.outcome) is not None
            for node in subexpressions(expression)
        )

    def _data(self, expression: Expression) -> int:
        value = numbers(evaluate(expression, self.context, self.rows.rows))
        if isinstance(value, float):
            # NumPy's floats divide by zero without an exception, Python's do not.
            number = np.float64(np.nan if value >= MISSING else value)
            return self.graph.add(Constant(number), ("number", number))
        return self.graph.add(Constant(_known(value)), expression)

    # --- parameters and random effects ---

    def _parameter(self, node: Parameter) -> int:
        numbers_of = self.parameters
        if node.group in numbers_of.combinations:
            if node.name in self.specification.effects:
                return self._effect(node.name)
            return self._coefficient(node)
        if not node.group and node.name in self.specification.effects:
            return self._effect(node.name)
        index = numbers_of.free[node.group, node.name]
        return self.graph.add(ParameterDirection(index), ("parameter", index))

    def _coefficient(self, node: Parameter) -> int:
        columns = self.parameters.combinations[node.group]
        position = columns.position(node.name)
        if position is None:
            raise StataError(
                111,
                f"{{{node.group}:{node.name}}} not found",
                hint=f"{node.group} is a linear combination without {node.name}",
                span=node.span,
            )
        index = columns.parameters[position]
        if index < 0:
            return self.graph.add(Constant(0.0), ("number", 0.0))
        return self.graph.add(ParameterDirection(index), ("parameter", index))

    def _effect(self, name: str) -> int:
        index = self.parameters.effects[name]
        return self.graph.add(EffectDirection(index), ("effect", index))

    def _effects(self, linear: LinearCombination) -> int:
        """``{U[id]}`` and ``{c.x#U[id]}``."""
        terms = linear_terms(linear, self.context.dataset, self.specification.effects)
        (term,) = terms.effects
        node = self._effect(term.effect)
        if term.column.constant:
            return node
        column = self.graph.add(Constant(self._column(term.column)), ("column", term.column))
        return self._operation(MULTIPLY, column, node)

    def _linear(self, name: str, syntax: LinearCombination) -> int:
        """A linear combination, or the part of a declared one that stands here."""
        terms = linear_terms(syntax, self.context.dataset, self.specification.effects)
        declared = self.parameters.combinations[name]
        used = [
            (column, index)
            for column, index in zip(declared.columns, declared.parameters, strict=True)
            if (terms.constant if column == CONSTANT else belongs_to(column, terms.terms))
        ]
        self._check_part(name, syntax, [column for column, _ in used])
        kept = [(column, index) for column, index in used if index >= 0]
        values = np.empty((self.graph.size, len(kept)), order="F")
        for position, (column, _) in enumerate(kept):
            values[:, position] = self._column(column)
        effects = tuple(
            (
                self.parameters.effects[term.effect],
                1.0 if term.column.constant else self._column(term.column),
            )
            for term in terms.effects
        )
        indices = np.array([index for _, index in kept], dtype=np.intp)
        return self.graph.add(LinearDirection(values, indices, effects), ("linear", name, syntax))

    def _check_part(self, name: str, syntax: LinearCombination, used: list[Column]) -> None:
        terms = linear_terms(syntax, self.context.dataset, self.specification.effects)
        for term in terms.terms:
            if not any(belongs_to(column, (term,)) for column in used):
                text = "#".join(term.variables)
                raise StataError(
                    111,
                    f"{{{name}:}} has no term {text}",
                    hint=f"{name} was defined before without it",
                    span=syntax.span,
                )

    def _column(self, column: Column) -> Array:
        return _known(column.evaluate(self.context.dataset, self.rows.rows))


def _known(values: NDArray[Any]) -> Array:
    """Numbers with nan for Stata's missing values."""
    missing = values >= MISSING
    return np.where(missing, np.nan, values) if missing.any() else values


def _rule(name: str, count: int) -> Rule:
    """The rule for a function with ``count`` arguments; r(133), r(198)."""
    function = functions.find(name)
    function.check_count(count)
    if name in ("max", "min"):
        return extreme(name, count)
    if name == "cond" and count != 3:
        raise invalid_syntax()
    known = FUNCTIONS.get(name)
    if known is not None and len(known.slopes) == count:
        return known
    if function.combine is None or "s" in function.kinds[:count]:
        raise StataError(198, f"function {name}() of parameters not allowed")
    return differenced(name, partial(_combined, function.combine), count)


def _combined(combine: Callable[..., Any], *arguments: Value) -> Value:
    """A function of Stata's values at values with nan for missing ones."""
    given = [
        np.where(np.isfinite(argument), argument, MISSING)
        if isinstance(argument, np.ndarray)
        else float(argument if np.isfinite(argument) else MISSING)
        for argument in arguments
    ]
    found = numbers(combine(*given))
    if isinstance(found, float):
        return np.nan if found >= MISSING else found
    return _known(found)
