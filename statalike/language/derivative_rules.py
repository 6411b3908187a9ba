"""Functions and operators with their derivatives in each argument.

A rule gives the value of a function and, given its arguments and that value, its derivative in
each argument.  Where a function is not defined values and derivatives are nan.  A derivative of
None is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Value: TypeAlias = "Array | float"
Slope: TypeAlias = Callable[[tuple[Any, ...], Any], Any]


@dataclass(frozen=True)
class Rule:
    """A function of arrays or floats; ``slopes[i](arguments, value)`` is its derivative in
    argument i.

    A rule that ``selects`` has derivatives of 1 where it takes the value of an argument and 0
    where it does not, even where that argument is undefined.
    """

    name: str
    value: Callable[..., Any]
    slopes: tuple[Slope | None, ...]
    selects: bool = False


def _unary(name: str, value: Callable[[Any], Any], slope: Callable[[Any, Any], Any]) -> Rule:
    return Rule(name, value, (lambda arguments, y: slope(arguments[0], y),))


def _flat(name: str, value: Callable[..., Any], arguments: int) -> Rule:
    """A function that is constant where it is continuous."""
    return Rule(name, value, (None,) * arguments)


ADD = Rule("+", np.add, (lambda a, y: 1.0, lambda a, y: 1.0))
SUBTRACT = Rule("-", np.subtract, (lambda a, y: 1.0, lambda a, y: -1.0))
NEGATE = Rule("negative", np.negative, (lambda a, y: -1.0,))
MULTIPLY = Rule("*", np.multiply, (lambda a, y: a[1], lambda a, y: a[0]))
DIVIDE = Rule("/", np.divide, (lambda a, y: 1.0 / a[1], lambda a, y: -y / a[1]))


def _power_slope(arguments: tuple[Any, Any], value: Any) -> Any:
    base, exponent = arguments
    slope = exponent * np.power(base, np.asarray(exponent) - 1.0)
    return np.where(np.equal(exponent, 0.0), 0.0, slope)


def _exponent_slope(arguments: tuple[Any, Any], value: Any) -> Any:
    """``x^y ln x``, zero at x = 0, where the power does not depend on a positive exponent."""
    return np.where(value == 0.0, 0.0, value * np.log(arguments[0]))


POWER = Rule("^", lambda x, y: np.power(np.asarray(x, dtype=float), y), (
    _power_slope, _exponent_slope,
))  # fmt: skip

#: cond(a, b, c): the derivative in a is zero where there is one
COND = Rule(
    "cond",
    lambda a, b, c: np.where(np.not_equal(a, 0.0), b, c),
    (
        None,
        lambda a, y: np.not_equal(a[0], 0.0).astype(float),
        lambda a, y: np.equal(a[0], 0.0).astype(float),
    ),
    selects=True,
)


def _truth(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: np.asarray(function(*arguments), dtype=float)


OPERATORS: dict[str, Rule] = {
    "+": ADD,
    "-": SUBTRACT,
    "*": MULTIPLY,
    "/": DIVIDE,
    "^": POWER,
    "==": _flat("==", _truth(np.equal), 2),
    "!=": _flat("!=", _truth(np.not_equal), 2),
    "<": _flat("<", _truth(np.less), 2),
    "<=": _flat("<=", _truth(np.less_equal), 2),
    ">": _flat(">", _truth(np.greater), 2),
    ">=": _flat(">=", _truth(np.greater_equal), 2),
    "&": _flat("&", _truth(np.logical_and), 2),
    "|": _flat("|", _truth(np.logical_or), 2),
}
NOT = _flat("!", _truth(np.logical_not), 1)


def _expit(x: Any) -> Any:
    from scipy.special import expit

    return expit(x)


def _normal(x: Any) -> Any:
    from scipy.special import ndtr

    return ndtr(x)


def _density(x: Any) -> Any:
    return np.exp(-0.5 * np.square(x)) / np.sqrt(2.0 * np.pi)


def _lnnormal(x: Any) -> Any:
    from scipy.special import log_ndtr

    return log_ndtr(x)


def _invnormal(p: Any) -> Any:
    from scipy.special import ndtri

    return ndtri(p)


def _lngamma(x: Any) -> Any:
    from scipy.special import gammaln

    return np.where(np.greater(x, 0.0), gammaln(x), np.nan)


def _digamma(x: Any) -> Any:
    from scipy.special import digamma

    return digamma(x)


def _trigamma(x: Any) -> Any:
    from scipy.special import polygamma

    return polygamma(1, x)


def _tetragamma(x: Any) -> Any:
    from scipy.special import polygamma

    return polygamma(2, x)


_LN10 = float(np.log(10.0))
_LOG_ROOT_2PI = float(0.5 * np.log(2.0 * np.pi))

_UNARY = (
    _unary("abs", np.abs, lambda x, y: np.sign(x)),
    _unary("acos", np.arccos, lambda x, y: -1.0 / np.sqrt(1.0 - x * x)),
    _unary("acosh", np.arccosh, lambda x, y: 1.0 / np.sqrt(x * x - 1.0)),
    _unary("asin", np.arcsin, lambda x, y: 1.0 / np.sqrt(1.0 - x * x)),
    _unary("asinh", np.arcsinh, lambda x, y: 1.0 / np.sqrt(1.0 + x * x)),
    _unary("atan", np.arctan, lambda x, y: 1.0 / (1.0 + x * x)),
    _unary("atanh", np.arctanh, lambda x, y: 1.0 / (1.0 - x * x)),
    _unary("cos", np.cos, lambda x, y: -np.sin(x)),
    _unary("cosh", np.cosh, lambda x, y: np.sinh(x)),
    _unary("exp", np.exp, lambda x, y: y),
    _unary("expm1", np.expm1, lambda x, y: y + 1.0),
    _unary("ln", np.log, lambda x, y: 1.0 / x),
    _unary("log", np.log, lambda x, y: 1.0 / x),
    _unary("log10", np.log10, lambda x, y: 1.0 / (_LN10 * x)),
    _unary("ln1p", np.log1p, lambda x, y: 1.0 / (1.0 + x)),
    _unary("log1p", np.log1p, lambda x, y: 1.0 / (1.0 + x)),
    _unary("ln1m", lambda x: np.log1p(np.negative(x)), lambda x, y: -1.0 / (1.0 - x)),
    _unary("log1m", lambda x: np.log1p(np.negative(x)), lambda x, y: -1.0 / (1.0 - x)),
    _unary("sin", np.sin, lambda x, y: np.cos(x)),
    _unary("sinh", np.sinh, lambda x, y: np.cosh(x)),
    _unary("sqrt", np.sqrt, lambda x, y: 0.5 / y),
    _unary("tan", np.tan, lambda x, y: 1.0 + y * y),
    _unary("tanh", np.tanh, lambda x, y: 1.0 - y * y),
    _unary("invlogit", _expit, lambda x, y: y * (1.0 - y)),
    _unary("logit", lambda x: np.log(x) - np.log1p(-x), lambda x, y: 1.0 / (x * (1.0 - x))),
    _unary(
        "cloglog",
        lambda x: np.log(-np.log1p(-x)),
        lambda x, y: -1.0 / ((1.0 - x) * np.log1p(-x)),
    ),
    _unary(
        "invcloglog",
        lambda x: -np.expm1(-np.exp(x)),
        lambda x, y: np.exp(x - np.exp(x)),
    ),
    _unary("normal", _normal, lambda x, y: _density(x)),
    _unary("normalden", _density, lambda x, y: -x * y),
    _unary("lnnormal", _lnnormal, lambda x, y: np.exp(-0.5 * x * x - y) / np.sqrt(2.0 * np.pi)),
    _unary("invnormal", _invnormal, lambda x, y: 1.0 / _density(y)),
    _unary("lngamma", _lngamma, lambda x, y: _digamma(x)),
    _unary("digamma", _digamma, lambda x, y: _trigamma(x)),
    _unary("trigamma", _trigamma, lambda x, y: _tetragamma(x)),
    _unary("lnnormalden", lambda x: -0.5 * x * x - _LOG_ROOT_2PI, lambda x, y: -x),
    _flat("sign", np.sign, 1),
    _flat("floor", np.floor, 1),
    _flat("ceil", np.ceil, 1),
    _flat("int", np.trunc, 1),
    _flat("trunc", np.trunc, 1),
    Rule(
        "atan2",
        np.arctan2,
        (
            lambda a, y: a[1] / (a[0] * a[0] + a[1] * a[1]),
            lambda a, y: -a[0] / (a[0] * a[0] + a[1] * a[1]),
        ),
    ),
    COND,
)

FUNCTIONS: dict[str, Rule] = {rule.name: rule for rule in _UNARY}


def extreme(name: str, count: int) -> Rule:
    """``max`` or ``min`` of ``count`` arguments; ties share the derivative of the first.

    Missing arguments do not count, as in Stata.
    """
    reduce = np.fmax if name == "max" else np.fmin

    def value(*arguments: Any) -> Any:
        result = arguments[0]
        for argument in arguments[1:]:
            result = reduce(result, argument)
        return result

    def slope(position: int) -> Slope:
        def of(arguments: tuple[Any, ...], found: Any) -> Any:
            own = np.equal(arguments[position], found)
            for earlier in arguments[:position]:
                own = own & np.not_equal(earlier, found)
            return own.astype(float)

        return of

    return Rule(name, value, tuple(slope(position) for position in range(count)), selects=True)


#: relative step of differences over five points
_STEP = 7e-4


def differenced(name: str, value: Callable[..., Any], count: int) -> Rule:
    """A function without a derivative of its own: fourth-order central differences.

    Their relative error is about 1e-12 where the function is smooth.
    """

    def slope(position: int) -> Slope:
        def of(arguments: tuple[Any, ...], found: Any) -> Any:
            centre = np.asarray(arguments[position], dtype=float)
            step = _STEP * np.maximum(np.abs(centre), 1.0)

            def at(steps: float) -> Any:
                moved = list(arguments)
                moved[position] = centre + steps * step
                return value(*moved)

            near, far = np.subtract(at(1.0), at(-1.0)), np.subtract(at(2.0), at(-2.0))
            return (8.0 * near - far) / (12.0 * step)

        return of

    return Rule(name, value, tuple(slope(position) for position in range(count)))
