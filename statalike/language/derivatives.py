"""Derivatives of expressions with respect to coefficients, by forward accumulation.

A value carries its gradient with respect to k parameters through the tree of an expression: the
chain rule is applied node by node, so that derivatives are exact as far as the derivatives of
the functions are (Griewank and Walther 2008, Evaluating Derivatives, chapter 3).  Functions
without a derivative listed here are differenced in their own arguments with fourth-order central
differences, whose relative error is about 1e-12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from scipy import special

from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language import ast, functions
from statalike.language.evaluation import Evaluation
from statalike.language.values import numbers

Gradient: TypeAlias = "np.ndarray | None"
"""(k,) or (n, k); None where an expression does not depend on the parameters."""

Known: TypeAlias = Callable[[ast.Expression], Gradient]
"""The gradient of a node that depends on the parameters by itself, such as a coefficient."""

Partials: TypeAlias = Callable[..., Sequence[Any]]


def gradient(expression: ast.Expression, evaluation: Evaluation, known: Known) -> Gradient:
    """The gradient of an expression, (k,) for a single observation or (n, k) for n of them.

    Entries are nan where a value that enters is missing.  r(498) when a function of the
    parameters has no derivative that could be computed.
    """
    with np.errstate(all="ignore"):
        return _gradient(expression, evaluation, known)


def _gradient(expression: ast.Expression, evaluation: Evaluation, known: Known) -> Gradient:
    own = known(expression)
    if own is not None:
        return own
    match expression:
        case ast.Unary("-", operand):
            inner = _gradient(operand, evaluation, known)
            return None if inner is None else -inner
        case ast.Unary("+", operand):
            return _gradient(operand, evaluation, known)
        case ast.Binary(operator, left, right):
            return _of_operator(operator, left, right, evaluation, known)
        case ast.Call("cond", arguments):
            return _of_condition(arguments, evaluation, known)
        case ast.Call(name, arguments):
            return _of_function(name, arguments, evaluation, known)
    return None


def _value(expression: ast.Expression, evaluation: Evaluation) -> Any:
    """Numbers with nan for missing ones."""
    value = np.asarray(numbers(evaluation.value(expression)), dtype=float)
    return np.where(value >= MISSING, np.nan, value)


def _times(value: Any, inner: np.ndarray) -> np.ndarray:
    """A factor for each observation times a gradient."""
    return np.asarray(np.asarray(value)[..., None] * inner)


def _sum(first: Gradient, second: Gradient) -> Gradient:
    if first is None:
        return second
    return first if second is None else first + second


def _of_operator(
    operator: str,
    left: ast.Expression,
    right: ast.Expression,
    evaluation: Evaluation,
    known: Known,
) -> Gradient:
    if operator not in _OPERATORS:
        return None  # comparisons and logic are constant but for jumps
    first = _gradient(left, evaluation, known)
    second = _gradient(right, evaluation, known)
    if first is None and second is None:
        return None
    if operator in "+-":
        if second is not None and operator == "-":
            second = -second
        return _sum(first, second)
    a, b = _value(left, evaluation), _value(right, evaluation)
    by_left, by_right = _OPERATORS[operator](a, b)
    return _sum(
        None if first is None else _times(by_left(), first),
        None if second is None else _times(by_right(), second),
    )


#: for ``a operator b`` the partial derivatives in a and in b, computed when they are needed
_OPERATORS: Final[dict[str, Any]] = {
    "+": None,
    "-": None,
    "*": lambda a, b: (lambda: b, lambda: a),
    "/": lambda a, b: (lambda: 1 / b, lambda: -a / b**2),
    "^": lambda a, b: (
        lambda: np.where(b == 0, 0.0, b * np.power(a, b - 1)),
        lambda: np.where(a == 0, 0.0, np.power(a, b) * np.log(a)),
    ),
}


def _of_condition(
    arguments: Sequence[ast.Expression], evaluation: Evaluation, known: Known
) -> Gradient:
    """That of the branch taken; a missing condition counts as true, or takes the fourth branch."""
    condition, *branches = arguments
    gradients = [_gradient(branch, evaluation, known) for branch in branches]
    sample = next((each for each in gradients if each is not None), None)
    if sample is None:
        return None
    zero = np.zeros(sample.shape[-1])
    chosen = [zero if each is None else each for each in gradients]
    decision = _value(condition, evaluation)[..., None]
    result = np.where(decision != 0, chosen[0], chosen[1])
    if len(chosen) == 3:
        result = np.where(np.isnan(decision), chosen[2], result)
    return result


def _of_function(
    name: str, arguments: Sequence[ast.Expression], evaluation: Evaluation, known: Known
) -> Gradient:
    inner = [_gradient(argument, evaluation, known) for argument in arguments]
    depending = [i for i, each in enumerate(inner) if each is not None]
    if not depending or name in _CONSTANT:
        return None
    values = [_value(argument, evaluation) for argument in arguments]
    listed = _PARTIALS.get(name)
    partials = list(listed(*values)) if listed is not None and _fits(listed, values) else []
    total: Gradient = None
    for i in depending:
        slope = partials[i] if i < len(partials) else _difference(name, values, i)
        part = inner[i]
        assert part is not None
        total = _sum(total, _times(slope, part))
    return total


def _fits(partials: Partials, values: Sequence[Any]) -> bool:
    """Whether a listed derivative is for this number of arguments."""
    code = partials.__code__
    return bool(code.co_flags & 0x04 or code.co_argcount == len(values))


#: functions that are constant but for jumps
_CONSTANT: Final = frozenset(
    [
        "int",
        "trunc",
        "floor",
        "ceil",
        "round",
        "sign",
        "missing",
        "mi",
        "inlist",
        "inrange",
        "irecode",
        "recode",
    ]
)


def _choice(larger: bool) -> Partials:
    def partials(*values: Any) -> list[Any]:
        stacked = np.stack(np.broadcast_arrays(*values))
        chosen = np.nanargmax(stacked, 0) if larger else np.nanargmin(stacked, 0)
        return [np.where(chosen == i, 1.0, 0.0) for i in range(len(values))]

    return partials


_SQRT_2PI: Final = np.sqrt(2 * np.pi)


def _normal_density(z: Any) -> Any:
    return np.exp(-0.5 * z * z) / _SQRT_2PI


#: partial derivatives of functions in each of their arguments
_PARTIALS: Final[dict[str, Partials]] = {
    "exp": lambda x: [np.exp(x)],
    "expm1": lambda x: [np.exp(x)],
    "ln": lambda x: [1 / x],
    "log": lambda x: [1 / x],
    "log10": lambda x: [1 / (x * np.log(10))],
    "ln1p": lambda x: [1 / (1 + x)],
    "log1p": lambda x: [1 / (1 + x)],
    "ln1m": lambda x: [-1 / (1 - x)],
    "log1m": lambda x: [-1 / (1 - x)],
    "sqrt": lambda x: [0.5 / np.sqrt(x)],
    "abs": lambda x: [np.sign(x)],
    "sin": lambda x: [np.cos(x)],
    "cos": lambda x: [-np.sin(x)],
    "tan": lambda x: [1 / np.cos(x) ** 2],
    "asin": lambda x: [1 / np.sqrt(1 - x * x)],
    "acos": lambda x: [-1 / np.sqrt(1 - x * x)],
    "atan": lambda x: [1 / (1 + x * x)],
    "atan2": lambda y, x: [x / (x * x + y * y), -y / (x * x + y * y)],
    "sinh": lambda x: [np.cosh(x)],
    "cosh": lambda x: [np.sinh(x)],
    "tanh": lambda x: [1 - np.tanh(x) ** 2],
    "asinh": lambda x: [1 / np.sqrt(1 + x * x)],
    "acosh": lambda x: [1 / np.sqrt(x * x - 1)],
    "atanh": lambda x: [1 / (1 - x * x)],
    "logit": lambda x: [1 / (x * (1 - x))],
    "invlogit": lambda x: [special.expit(x) * special.expit(-x)],
    "cloglog": lambda x: [-1 / ((1 - x) * np.log1p(-x))],
    "invcloglog": lambda x: [np.exp(x - np.exp(x))],
    "lngamma": lambda x: [special.digamma(x)],
    "digamma": lambda x: [special.polygamma(1, x)],
    "trigamma": lambda x: [special.polygamma(2, x)],
    "normal": lambda z: [_normal_density(z)],
    "lnnormal": lambda z: [np.exp(-0.5 * z * z - special.log_ndtr(z)) / _SQRT_2PI],
    "invnormal": lambda p: [1 / _normal_density(special.ndtri(p))],
    "normalden": lambda z: [-z * _normal_density(z)],
    "lnnormalden": lambda z: [-z],
    "max": _choice(True),
    "min": _choice(False),
}


class _Given:
    """Stands for an evaluation where the arguments of a function are values already."""

    single = False

    def value(self, value: Any) -> Any:
        return value


def _difference(name: str, values: Sequence[Any], position: int) -> Any:
    """The derivative of a function in one argument by fourth-order central differences."""
    function = functions.find(name)
    centre = np.asarray(values[position], dtype=float)
    step = 7e-4 * np.maximum(np.abs(centre), 1.0)

    def at(shift: Any) -> Any:
        moved = list(values)
        moved[position] = centre + shift
        given = tuple(np.atleast_1d(each) for each in moved)
        shared = np.broadcast_arrays(*given)
        value = function.apply(_Given(), tuple(np.array(each) for each in shared))  # type: ignore
        result = np.asarray(numbers(value), dtype=float).reshape(np.shape(shared[0]))
        return np.where(result >= MISSING, np.nan, result)

    try:
        slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)
    except AttributeError:  # the function needs more than the values of its arguments
        raise StataError(
            498, f"{name}() has no derivative", hint="it depends on coefficients"
        ) from None
    return slope if np.ndim(centre) or np.size(slope) > 1 else slope[0]
