"""Mathematical functions ([FN] Mathematical functions)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from statalike.data.missing import MISSING
from statalike.language.ast import Expression
from statalike.language.functions.registry import general, numeric, syntactic
from statalike.language.values import Numbers, Value, as_numbers, moderate, numbers, settled

if TYPE_CHECKING:
    from statalike.language.evaluation import Evaluation

_Scalar = Callable[..., float]
_UFUNCS: dict[str, tuple[np.ufunc, _Scalar]] = {
    "abs": (np.abs, abs),
    "acos": (np.arccos, math.acos),
    "acosh": (np.arccosh, math.acosh),
    "asin": (np.arcsin, math.asin),
    "asinh": (np.arcsinh, math.asinh),
    "atan": (np.arctan, math.atan),
    "atanh": (np.arctanh, math.atanh),
    "cos": (np.cos, math.cos),
    "cosh": (np.cosh, math.cosh),
    "exp": (np.exp, math.exp),
    "expm1": (np.expm1, math.expm1),
    "ln": (np.log, math.log),
    "log": (np.log, math.log),
    "log10": (np.log10, math.log10),
    "ln1p": (np.log1p, math.log1p),
    "log1p": (np.log1p, math.log1p),
    "sign": (np.sign, lambda x: math.copysign(1.0, x) if x else 0.0),
    "sin": (np.sin, math.sin),
    "sinh": (np.sinh, math.sinh),
    "sqrt": (np.sqrt, math.sqrt),
    "tan": (np.tan, math.tan),
    "tanh": (np.tanh, math.tanh),
}


def _register_ufunc(name: str, ufunc: np.ufunc, scalar: _Scalar) -> None:
    def implementation(x: np.ndarray) -> Any:
        return ufunc(x)

    numeric(name, "n", scalar=scalar)(implementation)


for _name, (_ufunc, _scalar) in _UFUNCS.items():
    _register_ufunc(_name, _ufunc, _scalar)


@numeric("atan2", "n n", scalar=math.atan2)
def atan2(y: np.ndarray, x: np.ndarray) -> Any:
    return np.arctan2(y, x)


@numeric("ln1m", "n", "log1m", scalar=lambda x: math.log1p(-x))
def ln1m(x: np.ndarray) -> Any:
    """ln(1 - x), accurate for small x."""
    return np.log1p(-x)


@numeric("logit", "n")
def logit(x: np.ndarray) -> Any:
    """ln(x / (1 - x))."""
    return np.log(x) - np.log1p(-x)


@numeric("invlogit", "n")
def invlogit(x: np.ndarray) -> Any:
    """exp(x) / (1 + exp(x))."""
    from scipy.special import expit

    return expit(x)


@numeric("cloglog", "n")
def cloglog(x: np.ndarray) -> Any:
    """ln(-ln(1 - x))."""
    return np.log(-np.log1p(-x))


@numeric("invcloglog", "n")
def invcloglog(x: np.ndarray) -> Any:
    """1 - exp(-exp(x))."""
    return -np.expm1(-np.exp(x))


@numeric("lngamma", "n", scalar=lambda x: math.lgamma(x) if x > 0 else math.nan)
def lngamma(x: np.ndarray) -> Any:
    """ln of the gamma function for x > 0."""
    from scipy.special import gammaln

    return np.where(x > 0, gammaln(x), np.nan)


@numeric("lnfactorial", "n")
def lnfactorial(n: np.ndarray) -> Any:
    """ln(n!), for integers n >= 0."""
    from scipy.special import gammaln

    return np.where((n >= 0) & (n == np.floor(n)), gammaln(n + 1.0), np.nan)


@numeric("comb", "n n")
def comb(n: np.ndarray, k: np.ndarray) -> Any:
    """n! / (k! (n - k)!) for integers 0 <= k <= n, rounded to an integer while it is exact."""
    from scipy.special import binom

    n, k = np.broadcast_arrays(n, k)
    proper = (n >= 0) & (k >= 0) & (k <= n) & (n == np.floor(n)) & (k == np.floor(k))
    value = binom(n, k)
    value = np.where(value < 2.0**53, np.rint(value), value)
    return np.where(proper, value, np.nan)


@numeric("digamma", "n")
def digamma(x: np.ndarray) -> Any:
    """The derivative of lngamma(x)."""
    from scipy.special import digamma as psi

    return psi(x)


@numeric("trigamma", "n")
def trigamma(x: np.ndarray) -> Any:
    """The second derivative of lngamma(x), also for negative x by reflection."""
    from scipy.special import zeta

    x = np.asarray(x, dtype=np.float64)
    positive = zeta(2.0, np.where(x > 0, x, 1.0 - x))
    return np.where(x > 0, positive, (np.pi / np.sin(np.pi * x)) ** 2 - positive)


@numeric("mod", "n n", scalar=lambda x, y: x % y if y > 0 else math.nan)
def mod(x: np.ndarray, y: np.ndarray) -> Any:
    """x - y floor(x / y) for y > 0."""
    return np.where(np.asarray(y) > 0, np.mod(x, y), np.nan)


@numeric("reldif", "n n")
def reldif(x: np.ndarray, y: np.ndarray) -> Any:
    """|x - y| / (|y| + 1)."""
    return np.abs(x - y) / (np.abs(y) + 1.0)


def _keeping_missing(
    function: Callable[[np.ndarray], np.ndarray], scalar: Callable[[float], float], x: Value
) -> Value:
    """Round a number; a missing value stays the one it is."""
    x = numbers(x)
    if isinstance(x, float):
        return x if x >= MISSING else float(scalar(x))
    if moderate(x):
        return function(x)
    return np.where(x >= MISSING, x, function(x))


@general("ceil", "n")
def ceil(x: Value) -> Value:
    return _keeping_missing(np.ceil, math.ceil, x)


@general("floor", "n")
def floor(x: Value) -> Value:
    return _keeping_missing(np.floor, math.floor, x)


@general("int", "n", "trunc")
def truncate(x: Value) -> Value:
    """x without its fraction, toward zero."""
    return _keeping_missing(np.trunc, math.trunc, x)


def _nearest_integer(x: Any) -> Any:
    below = np.floor(x)
    return below + (x - below >= 0.5)


@general("round", "n [n]")
def round_to(x: Value, unit: Value = 1.0) -> Value:
    """x in units of ``unit``; halves go up.  A missing x stays the missing value it is."""
    x, unit = numbers(x), numbers(unit)
    if isinstance(unit, float) and unit == 1.0:
        return _keeping_missing(_nearest_integer, _nearest_integer, x)
    if isinstance(x, float) and isinstance(unit, float):
        if unit >= MISSING or x >= MISSING:
            return max(x, MISSING) if unit < MISSING else MISSING
        return settled(float(np.floor(x / unit + 0.5) * unit)) if unit else x
    multiple = np.where(np.equal(unit, 0.0), x, np.floor(np.divide(x, unit) + 0.5) * unit)
    rounded = np.asarray(settled(np.asarray(multiple)))
    result = np.where(np.asarray(unit) >= MISSING, MISSING, np.where(x >= MISSING, x, rounded))
    return float(result) if result.ndim == 0 else result


@numeric("chop", "n n")
def chop(x: np.ndarray, tolerance: np.ndarray) -> Any:
    """The nearest integer when it is less than ``tolerance`` away, else x."""
    nearest = _nearest_integer(x)
    return np.where(np.abs(x - nearest) < tolerance, nearest, x)


def _extreme(
    values: tuple[Value, ...], ufunc: np.ufunc, scalar: Callable[..., Any], neutral: float
) -> Value:
    if all(isinstance(value, float) for value in values):
        known = [value for value in values if value < MISSING]  # type: ignore[operator]
        return float(scalar(known)) if known else MISSING
    result: Numbers = neutral
    for value in values:
        x = numbers(value)
        if isinstance(x, float):
            x = neutral if x >= MISSING else x
        elif not moderate(x):
            x = np.where(x >= MISSING, neutral, x)
        result = ufunc(result, x)
    return settled(result)


@general("max", "n n...")
def maximum(*values: Value) -> Value:
    """The largest of the nonmissing arguments; ``.`` when all are missing."""
    return _extreme(values, np.maximum, max, -math.inf)


@general("min", "n n...")
def minimum(*values: Value) -> Value:
    """The smallest of the nonmissing arguments; ``.`` when all are missing."""
    return _extreme(values, np.minimum, min, math.inf)


@syntactic("sum", "n", whole=True)
def running_sum(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """The sum of x so far, by group, missing values counting as zero."""
    x = numbers(evaluation.value(arguments[0]))
    if evaluation.single:
        assert isinstance(x, float)
        return 0.0 if x >= MISSING else x
    x = as_numbers(x, evaluation.size)
    x = np.where(x >= MISSING, 0.0, x)
    if evaluation.context.groups is None or not x.size:
        return settled(np.cumsum(x))
    starts = np.broadcast_to(np.asarray(evaluation.group_bounds()[0]), x.shape)
    first = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
    lengths = np.diff(np.r_[first, x.size])
    return settled(_sums_from(x, first, lengths))


_LONG_GROUP = 64


def _sums_from(x: np.ndarray, first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Running sums that start again at the positions ``first``.

    Each group is summed from zero: subtracting a total carried over from the groups before it
    would leave that total's rounding error.  Long groups are summed one by one, all short ones
    together, position by position.
    """
    totals = x.copy()
    long = lengths > _LONG_GROUP
    for start, length in zip(first[long].tolist(), lengths[long].tolist(), strict=True):
        np.cumsum(x[start : start + length], out=totals[start : start + length])
    active, remaining = first[~long], lengths[~long]
    for step in range(1, int(remaining.max(initial=0))):
        longer = remaining > step
        if not longer.all():
            active, remaining = active[longer], remaining[longer]
        totals[active + step] += totals[active + step - 1]
    return totals
