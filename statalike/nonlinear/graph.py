"""A mean as a graph of operations on arrays, with its derivatives by forward accumulation.

Every node depends on a few *directions*: free parameters, random effects that stand by themselves,
and whole linear combinations.  A node's value is carried along with its derivative in each of its
directions and in no other; derivatives in the coefficients of a linear combination follow from
that in the combination at the very end (Griewank and Walther 2008, *Evaluating Derivatives*,
sec. 3.1).  What depends on data alone has become a constant before.

Lags follow each other in time: where a node depends on the period before, the observations are
evaluated period by period, each period of all panels at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from statalike.language.derivative_rules import Array, Rule, Value
from statalike.nonlinear.recursion import PeriodLayout, SequentialNode, evaluate_recursion

Slopes: TypeAlias = "dict[int, Value]"
Rows: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class Constant:
    """Data: a number or an array (N,)."""

    value: Value


@dataclass(frozen=True)
class ParameterDirection:
    """Parameter number ``index``."""

    index: int


@dataclass(frozen=True)
class EffectDirection:
    """Random effect number ``index`` of each observation."""

    index: int


@dataclass(frozen=True)
class LinearDirection:
    """``X b + sum_k z_k u_k``: ``columns`` (N, k) with the ``indices`` (k,) of their parameters;
    ``effects`` are numbers of random effects with what multiplies them, an array (N,) or 1.
    """

    columns: Array
    indices: NDArray[np.intp]
    effects: tuple[tuple[int, Value], ...]


@dataclass(frozen=True)
class Operation:
    """A rule applied to earlier nodes."""

    rule: Rule
    operands: tuple[int, ...]


@dataclass(frozen=True)
class Lag:
    """A named expression one period before."""

    name: str


Direction: TypeAlias = ParameterDirection | EffectDirection | LinearDirection
GraphNode: TypeAlias = Constant | Direction | Operation | Lag


@dataclass(frozen=True)
class Carried:
    """A named expression that is referred to with a lag: its node, and that of its value before
    the first period, None where it has a value then.
    """

    target: int
    initial: int | None


@dataclass(frozen=True)
class Evaluated:
    """``values[node]`` and ``slopes[node][direction]``, arrays (N,) or numbers."""

    values: list[Value]
    slopes: list[Slopes]


@dataclass
class Graph:
    """Nodes of N observations, operands before their operations.

    ``periods`` are the rows of the first, second, ... period of every panel, and ``previous`` (N,)
    the row of the period before; both serve lags only.
    """

    size: int
    nodes: list[GraphNode] = field(default_factory=list)
    carried: dict[str, Carried] = field(default_factory=dict)
    periods: tuple[Rows, ...] = ()
    previous: Rows | None = None
    _numbers: dict[object, int] = field(default_factory=dict)
    _depends: list[set[int]] = field(default_factory=list)
    _sequential: list[bool] = field(default_factory=list)
    _layout: PeriodLayout | None = None
    _recursion: tuple[SequentialNode, ...] = ()
    _recursion_directions: tuple[int, ...] = ()

    def add(self, node: GraphNode, key: object = None) -> int:
        """The number of a node, the same one for nodes with the same key."""
        if isinstance(node, Operation):
            key = (node.rule.name, node.operands)
        if key is not None and key in self._numbers:
            return self._numbers[key]
        number = len(self.nodes)
        self.nodes.append(node)
        if key is not None:
            self._numbers[key] = number
        return number

    def finish(self) -> None:
        """Find out which directions each node depends on, and which of them follow time."""
        count = len(self.nodes)
        self._depends = [set() for _ in range(count)]
        self._sequential = [isinstance(node, Lag) for node in self.nodes]
        changed = True
        while changed:
            changed = False
            for number, node in enumerate(self.nodes):
                sources: tuple[int, ...] = ()
                own: set[int] = set()
                if isinstance(node, Operation):
                    sources = node.operands
                    if any(self._sequential[source] for source in sources):
                        self._sequential[number] = True
                elif isinstance(node, Lag):
                    carried = self.carried[node.name]
                    sources = (carried.target,)
                    if carried.initial is not None:
                        sources = (carried.target, carried.initial)
                elif not isinstance(node, Constant):
                    own = {number}
                found = own.union(*(self._depends[source] for source in sources))
                if found != self._depends[number]:
                    self._depends[number] = found
                    changed = True

        following = [number for number, own in enumerate(self._sequential) if own]
        if following:
            assert self.previous is not None
            self._layout = PeriodLayout.of(self.periods, self.previous)
            self._recursion = tuple(self._sequential_node(number) for number in following)
            reached = {d for number in following for d in self._depends[number]}
            for sequential in self._recursion:
                for operand in sequential.operands:
                    reached |= self._depends[operand]
            self._recursion_directions = tuple(sorted(reached))

    def depends_on(self, number: int) -> frozenset[int]:
        """The directions of a node, as numbers of their nodes."""
        return frozenset(self._depends[number])

    def evaluate(self, fixed: Array, effects: Array, *, slopes: bool) -> Evaluated:
        """All nodes at parameters (p,) and effects (N, q), with their ``slopes`` if wanted."""
        result = Evaluated([0.0] * len(self.nodes), [{} for _ in self.nodes])
        with np.errstate(all="ignore"):
            for number, node in enumerate(self.nodes):
                if not self._sequential[number]:
                    self._evaluate_node(number, node, fixed, effects, result, slopes)
            if self._recursion:
                self._evaluate_periods(result, slopes)
        return result

    def _evaluate_node(
        self,
        number: int,
        node: GraphNode,
        fixed: Array,
        effects: Array,
        result: Evaluated,
        slopes: bool,
    ) -> None:
        match node:
            case Constant(value=value):
                result.values[number] = value
            case Operation(rule=rule, operands=operands):
                value, own = apply_rule(rule, operands, result.values, result.slopes, slopes)
                result.values[number], result.slopes[number] = value, own
            case Lag():
                raise TypeError(node)
            case _:
                result.values[number] = direction_value(node, fixed, effects)
                if slopes:
                    result.slopes[number] = {number: 1.0}

    def _evaluate_periods(self, result: Evaluated, slopes: bool) -> None:
        """The nodes that follow time, period by period."""
        assert self._layout is not None
        directions = self._recursion_directions
        values, matrices = evaluate_recursion(
            self._recursion,
            self._layout,
            lambda number: (result.values[number], result.slopes[number]),
            directions,
            slopes=slopes,
        )
        for number, value in values.items():
            result.values[number] = value
        for number, matrix in matrices.items():
            result.slopes[number] = {
                direction: matrix[row]
                for row, direction in enumerate(directions)
                if direction in self._depends[number]
            }

    def _sequential_node(self, number: int) -> SequentialNode:
        node = self.nodes[number]
        if isinstance(node, Operation):
            return SequentialNode(number, node.rule, node.operands)
        assert isinstance(node, Lag)
        carried = self.carried[node.name]
        initial = carried.target if carried.initial is None else carried.initial
        return SequentialNode(number, None, (initial, carried.target))


def direction_value(node: Direction, fixed: Array, effects: Array) -> Value:
    """The value of a parameter, a random effect or a linear combination."""
    match node:
        case ParameterDirection(index=index):
            return np.float64(fixed[index])
        case EffectDirection(index=index):
            return effects[:, index]
        case LinearDirection(columns=columns, indices=indices, effects=terms):
            total: Array = columns @ fixed[indices]
            for index, multiplier in terms:
                total = total + multiplier * effects[:, index]
            return total


def apply_rule(
    rule: Rule,
    operands: tuple[int, ...],
    values: Sequence[Value],
    slopes: Sequence[Slopes],
    wanted: bool,
) -> tuple[Value, Slopes]:
    """The value of a rule at its operands and, by the chain rule, its slopes."""
    arguments = tuple(values[operand] for operand in operands)
    value = rule.value(*arguments)
    own: Slopes = {}
    if not wanted:
        return value, own
    for operand, partial in zip(operands, rule.slopes, strict=True):
        below = slopes[operand]
        if partial is None or not below:
            continue
        factor = partial(arguments, value)
        unit = isinstance(factor, float) and factor == 1.0
        for direction, slope in below.items():
            term = slope if unit else _product(factor, slope, rule.selects)
            known = own.get(direction)
            own[direction] = term if known is None else known + term
    return value, own


def _product(factor: Value, slope: Value, selects: bool) -> Value:
    if selects:
        return np.where(np.equal(factor, 0.0), 0.0, slope)
    if isinstance(slope, float):
        return factor if slope == 1.0 else factor * slope
    return factor * slope
