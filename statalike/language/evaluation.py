"""The walk over an expression's tree at some observations.

A name is ``_n``, ``_N``, ``_pi`` or ``_rc``, else a variable (or its only abbreviation), else a
scalar.  Values are described in :mod:`statalike.language.values`; the functions that users call
are in :mod:`statalike.language.expressions`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from statalike.data.missing import DOUBLE_CODES, MISSING
from statalike.data.periods import Periods, lag_polynomial
from statalike.data.storage import LONG, to_double
from statalike.data.variable import Variable
from statalike.errors import StataError, ambiguous_abbreviation, invalid_syntax, name_not_found
from statalike.language import ast, functions
from statalike.language.context import Context, Matrix
from statalike.language.matrices import element
from statalike.language.operators import BINARY, UNARY, add, multiply
from statalike.language.values import (
    Numbers,
    Value,
    decoded,
    numbers,
)

Positions: TypeAlias = "slice | np.ndarray | int"

_CODES = frozenset(DOUBLE_CODES.tolist())
_FACTOR = re.compile(r"i?(\d+)(?:bn|b|o)?", re.IGNORECASE)


class Replaced:
    """A variable that is being replaced observation by observation.

    ``old`` holds its values before the command and ``new`` those after, as far as known; an
    observation sees the new value of the earlier ones and the old value of the others.
    ``draws`` keeps the uniform random numbers of each call of a random-number function, one per
    observation of the dataset; ``call`` is the call being evaluated.
    """

    def __init__(self, name: str, old: np.ndarray) -> None:
        self.name = name
        self.old = old
        self.new = old.copy()
        self.draws: dict[int, np.ndarray] = {}
        self.call = 0


class Shared:
    """What the blocks of one evaluation have in common, made when first needed."""

    def __init__(self, context: Context, replaced: Replaced | None = None) -> None:
        self.context = context
        self.replaced = replaced
        self._bounds: tuple[np.ndarray, np.ndarray] | None = None
        self._periods: Periods | None = None
        self._sources: dict[int, np.ndarray] = {}

    def group_bounds(self, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First position and size of the by-group of every observation."""
        if self._bounds is None:
            sizes = np.diff(groups)
            self._bounds = np.repeat(groups[:-1], sizes), np.repeat(sizes, sizes)
        return self._bounds

    def source(self, lag: int) -> np.ndarray:
        """The observation ``lag`` periods before each one, or -1."""
        if self._periods is None:
            self._periods = Periods(self.context.dataset)
        if lag not in self._sources:
            self._sources[lag] = self._periods.source(lag)
        return self._sources[lag]


class Evaluation:
    """The evaluation of expressions at some observations.

    ``positions`` counts from 0: a slice, an increasing array, or one integer, for which every
    value is a ``float`` or ``str``.  ``size`` is the number of observations.
    """

    __slots__ = ("context", "positions", "shared", "single", "size")

    def __init__(self, context: Context, positions: Positions, size: int, shared: Shared) -> None:
        self.context = context
        self.positions = positions
        self.size = size
        self.shared = shared
        self.single = isinstance(positions, int)

    def value(self, expression: ast.Expression) -> Value:
        """The value of a subexpression at these observations."""
        return _HANDLERS[type(expression)](self, expression)

    def scalar(self, expression: ast.Expression) -> float | str:
        """The value of a subexpression at the first observation of the dataset."""
        value = Evaluation(self.context, 0, 1, self.shared).value(expression)
        assert isinstance(value, float | str)
        return value

    # --- names ---------------------------------------------------------------------------------

    def find_variable(self, name: str) -> Variable | None:
        """The variable of this name or only abbreviation; None when there is none."""
        variables = self.context.dataset.variables
        found = variables.get(name)
        if found is not None:
            return found
        candidates = [full for full in variables if full.startswith(name)]
        if len(candidates) == 1:
            return variables[candidates[0]]
        if candidates and self.context.scalar(name) is None:
            raise ambiguous_abbreviation(name)
        return None

    def column(self, variable: Variable) -> Value:
        """A variable at these observations."""
        if self.single:
            return self._cell(variable, self._position())
        values = variable.values[self.positions]
        if variable.is_numeric:
            return to_double(values, variable.storage)
        return decoded(values) if variable.storage.is_long_string else values

    def _cell(self, variable: Variable, position: int) -> float | str:
        if not 0 <= position < self.context.dataset.n:
            return "" if variable.is_string else MISSING
        return variable.value(position)

    def _position(self) -> int:
        assert isinstance(self.positions, int)
        return self.positions

    def _name(self, node: ast.Name) -> Value:
        name = node.name
        system = _SYSTEM.get(name)
        if system is not None:
            return system(self)
        variable = self.find_variable(name)
        if variable is not None:
            return self.column(variable)
        scalar = self.context.scalar(name)
        if scalar is not None:
            return scalar if isinstance(scalar, str) else float(scalar)
        raise name_not_found(name, self.context.dataset.variables)

    def absolute(self) -> np.ndarray:
        """The positions as an integer array, from 0."""
        if isinstance(self.positions, slice):
            return np.arange(self.positions.start, self.positions.stop)
        return np.atleast_1d(np.asarray(self.positions))

    def single_group(self) -> tuple[int, int]:
        """First position and size of the by-group of the single observation, or of all."""
        groups = self.context.groups
        if groups is None or not self.single:
            return 0, self.context.dataset.n
        at = int(np.searchsorted(groups, self._position(), side="right")) - 1
        if not 0 <= at < len(groups) - 1:
            return 0, 0
        return int(groups[at]), int(groups[at + 1] - groups[at])

    def group_bounds(self) -> tuple[int | np.ndarray, int | np.ndarray]:
        """First position and size of the by-group of each observation."""
        groups = self.context.groups
        if groups is None or self.single:
            return self.single_group()
        starts, sizes = self.shared.group_bounds(groups)
        return starts[self.positions], sizes[self.positions]

    def _observation_number(self) -> Value:
        if self.single:
            return float(self._position() + 1 - self.single_group()[0])
        if isinstance(self.positions, slice) and self.context.groups is None:
            return np.arange(self.positions.start + 1.0, self.positions.stop + 1.0)
        return np.asarray(self.absolute() + 1 - self.group_bounds()[0], dtype=np.float64)

    def _number_of_observations(self) -> Value:
        sizes = self.group_bounds()[1]
        return sizes.astype(np.float64) if isinstance(sizes, np.ndarray) else float(sizes)

    def _return_code(self) -> Value:
        code = self.context.scalar("_rc")
        return code if isinstance(code, float) else 0.0

    # --- literals and operators ----------------------------------------------------------------

    def _number(self, node: ast.Number) -> Value:
        value = node.value
        return value if value < MISSING or value in _CODES else MISSING

    def _string(self, node: ast.String) -> Value:
        return node.text

    def _unary(self, node: ast.Unary) -> Value:
        return UNARY[node.operator](self.value(node.operand))

    def _binary(self, node: ast.Binary) -> Value:
        return BINARY[node.operator](self.value(node.left), self.value(node.right))

    def _call(self, node: ast.Call) -> Value:
        function = functions.find(node.function)
        function.check_count(len(node.arguments))
        if function.random and self.shared.replaced is not None:
            self.shared.replaced.call = id(node)
        if self.single:
            with np.errstate(all="ignore"):
                return function.apply(self, node.arguments)
        return function.apply(self, node.arguments)

    def uniforms(self) -> float | np.ndarray:
        """A uniform random number for each observation.

        While a variable is replaced in passes, each call keeps the numbers it was given.
        """
        replaced = self.shared.replaced
        if replaced is None:
            source = self.context.random
            return source.uniform() if self.single else source.uniforms(self.size)
        if replaced.call not in replaced.draws:
            whole = np.full(self.context.dataset.n, MISSING)
            whole[self.positions] = self.context.random.uniforms(self.size)
            replaced.draws[replaced.call] = whole
        drawn = replaced.draws[replaced.call][self.positions]
        return float(drawn) if self.single else drawn

    # --- stored results, coefficients, labels --------------------------------------------------

    def _stored(self, node: ast.StoredResult) -> Value:
        if node.store == "e" and node.name == "sample":
            return self._sample()
        result = self.context.stored(node.store, node.name)
        if result is None:
            return MISSING
        if isinstance(result, str):
            return result
        if isinstance(result, float | int):
            return float(result)
        if result.values.size == 1:
            return float(result.values.reshape(-1)[0])
        raise StataError(509, "matrix operators that return matrices not allowed in this context")

    def _sample(self) -> Value:
        sample = self.context.sample()
        if sample is None or len(sample) != self.context.dataset.n:
            return 0.0
        if self.single:
            position = self._position()
            return float(position < len(sample) and bool(sample[position]))
        return np.asarray(sample[self.positions], dtype=bool)

    def _coefficient(self, node: ast.Coefficient) -> Value:
        return float(self.context.coefficient(node.kind, node.equation, node.name))

    def _prediction(self, node: ast.Prediction) -> Value:
        raise StataError(133, "unknown function predict()", span=node.span)

    def _label_value(self, node: ast.LabelValue) -> Value:
        labels = self.context.dataset.value_labels
        if node.label not in labels:
            raise StataError(111, f"value label {node.label} not found")
        code = labels[node.label].code(node.text)
        return MISSING if code is None else _value_of_code(code)

    # --- subscripts and operators of variables -------------------------------------------------

    def find_matrix(self, expression: ast.Expression) -> Matrix:
        """The matrix that an expression names: ``A``, ``e(V)``, ``r(table)``; r(111)."""
        if isinstance(expression, ast.StoredResult):
            found = self.context.stored(expression.store, expression.name)
            if found is not None and not isinstance(found, str | float | int):
                return found
            name = f"{expression.store}({expression.name})"
            raise StataError(111, f"matrix {name} not found")
        if not isinstance(expression, ast.Name):
            raise invalid_syntax()
        matrix = self.context.matrix(expression.name)
        if matrix is None:
            raise StataError(111, f"matrix {expression.name} not found")
        return matrix

    def _subscript(self, node: ast.Subscript) -> Value:
        if isinstance(node.base, ast.StoredResult) or len(node.indices) == 2:
            if len(node.indices) != 2:
                raise invalid_syntax()
            row, column = (self.value(index) for index in node.indices)
            return element(self.find_matrix(node.base), row, column)
        variable = self.find_variable(node.base.name)
        if variable is None:
            raise name_not_found(node.base.name, self.context.dataset.variables)
        if len(node.indices) != 1:
            raise invalid_syntax()
        return self._observation(variable, numbers(self.value(node.indices[0])))

    def _observation(self, variable: Variable, index: Numbers) -> Value:
        """``x[index]``, counted from 1 within the by-group; missing or empty outside it."""
        if isinstance(index, float) and (self.single or self.context.groups is None):
            start, size = self.single_group()
            source = int(index) - 1 + start if 1.0 <= index < size + 1 else -1
            replaced = self.shared.replaced
            if replaced is None or replaced.name != variable.name:
                return self._cell(variable, source)
            if self.single:
                if source < 0:
                    return "" if variable.is_string else MISSING
                value = replaced.new[source]
                return value if isinstance(value, str) else float(value)
        starts, sizes = self.group_bounds()
        inside_group = (index >= 1.0) & (index < np.asarray(sizes) + 1)
        first = np.where(inside_group, index, 1.0).astype(np.int64) - 1
        sources = np.where(inside_group, first + starts, -1)
        return self.gather(variable, np.broadcast_to(sources, (self.size,)))

    def gather(self, variable: Variable, sources: np.ndarray) -> Value:
        """A variable at other observations, missing or empty where the source is -1."""
        outside = sources < 0
        any_outside = bool(outside.any())
        if any_outside and self.context.dataset.n == 0:
            empty = np.full(self.size, "", dtype=object)
            return empty if variable.is_string else np.full(self.size, MISSING)
        at = np.where(outside, 0, sources) if any_outside else sources
        replaced = self.shared.replaced
        if replaced is not None and replaced.name == variable.name:
            values = np.where(at < self.absolute(), replaced.new[at], replaced.old[at])
        elif variable.is_numeric:
            values = to_double(variable.values[at], variable.storage)
        elif variable.storage.is_long_string:
            values = decoded(variable.values[at])
        else:
            values = variable.values[at]
        if not any_outside:
            return values
        empty_value: Any = b"" if values.dtype.kind == "S" else ""
        return np.where(outside, MISSING if variable.is_numeric else empty_value, values)

    def _operator_variable(self, node: ast.OperatorVariable) -> Value:
        variable = self.find_variable(node.name)
        if variable is None:
            raise name_not_found(node.name, self.context.dataset.variables)
        if variable.is_string:
            raise StataError(109, f"{variable.name}: operators not allowed with string variables")
        levels: list[float] = []
        lags = ""
        for operator in node.operators.replace(" ", "").split("."):
            factor = _FACTOR.fullmatch(operator)
            if factor:
                levels.append(float(factor[1]))
            elif operator.lower() != "c":
                lags += operator
        polynomial = lag_polynomial(lags)
        if polynomial is None:
            raise StataError(101, "factor-variable and time-series operators not allowed")
        value = self._lagged(variable, polynomial)
        for level in levels:
            missing = value >= MISSING
            if isinstance(value, float):
                value = MISSING if missing else float(value == level)
            else:
                value = np.where(missing, value, value == level)
        return value

    def _variable_product(self, node: ast.VariableProduct) -> Value:
        product: Value = 1.0
        for factor in node.factors:
            product = multiply(product, self._operator_variable(factor))
        return product

    def _lagged(self, variable: Variable, polynomial: dict[int, float]) -> Numbers:
        if polynomial == {0: 1.0}:
            return numbers(self.column(variable))
        total: Value | None = None
        for lag, coefficient in polynomial.items():
            sources = np.atleast_1d(self.shared.source(lag)[self.positions])
            term: Value = self.gather(variable, sources)
            if coefficient != 1.0:
                term = multiply(coefficient, term)
            total = term if total is None else add(total, term)
        if total is None:
            return 0.0
        return float(numbers(total)[0]) if self.single else numbers(total)  # type: ignore[index]


_HANDLERS: dict[type, Callable[[Evaluation, Any], Value]] = {
    ast.Number: Evaluation._number,
    ast.String: Evaluation._string,
    ast.Name: Evaluation._name,
    ast.Unary: Evaluation._unary,
    ast.Binary: Evaluation._binary,
    ast.Call: Evaluation._call,
    ast.StoredResult: Evaluation._stored,
    ast.Coefficient: Evaluation._coefficient,
    ast.Subscript: Evaluation._subscript,
    ast.OperatorVariable: Evaluation._operator_variable,
    ast.Prediction: Evaluation._prediction,
    ast.LabelValue: Evaluation._label_value,
    ast.VariableProduct: Evaluation._variable_product,
}
_SYSTEM: dict[str, Callable[[Evaluation], Value]] = {
    "_n": Evaluation._observation_number,
    "_N": Evaluation._number_of_observations,
    "_pi": lambda _: math.pi,
    "_rc": Evaluation._return_code,
}


def _value_of_code(code: int) -> float:
    """A value label's integer as a double: the largest 27 longs are missing values."""
    return float(to_double(np.array([code], dtype=np.int32), LONG)[0])
