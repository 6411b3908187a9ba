"""Random-number functions ([FN] Random-number functions).

Every variate is drawn by inversion: one uniform number of the session's 64-bit Mersenne Twister
for each observation, put through the inverse of the distribution function.  ``runiform()``,
``runiformint()``, ``rexponential()`` and ``rweibull()`` therefore follow Stata's own sequences;
the other distributions are exact but their sequences differ from Stata's, which draws them by
rejection.  Results are reproducible: the same seed gives the same numbers on every platform, up
to the rounding of the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import invalid_syntax
from statalike.language.ast import Expression
from statalike.language.functions import continuous, discrete, location_scale
from statalike.language.functions.registry import on_numbers, syntactic
from statalike.language.values import Value, as_numbers, numbers

if TYPE_CHECKING:
    from statalike.language.evaluation import Evaluation

Transform = Callable[..., Any]
LARGEST = 1e11


def _variate(name: str, arguments: str) -> Callable[[Transform], Transform]:
    """Register a random function by its inverse: ``transform(u, *parameters)``."""

    def register(transform: Transform) -> Transform:
        def apply(evaluation: Evaluation, expressions: tuple[Expression, ...]) -> Value:
            drawn = evaluation.uniforms()
            parameters = [numbers(evaluation.value(each)) for each in expressions]
            return on_numbers(transform, None, [drawn, *parameters])

        apply.__module__ = __name__
        syntactic(name, arguments, whole=True, random=True)(apply)
        return transform

    return register


def _within(condition: Any, value: Any) -> np.ndarray:
    return np.where(condition, value, np.nan)


def _arrays(*values: Any) -> list[np.ndarray]:
    return [np.array(v) for v in np.broadcast_arrays(*(np.asarray(v, float) for v in values))]


def _located(parameters: tuple[Any, ...]) -> tuple[Any, Any]:
    """Location and scale from no parameters, (scale) or (location, scale)."""
    if len(parameters) == 2:
        return parameters[0], np.asarray(parameters[1])
    return 0.0, np.asarray(parameters[0] if parameters else 1.0)


@_variate("runiform", "[n n]")
def runiform(u: np.ndarray, *limits: Any) -> Any:
    """Uniform on (0, 1), or on (a, b) when two limits are given."""
    if not limits:
        return u
    if len(limits) == 1:
        raise invalid_syntax()
    return limits[0] + (limits[1] - limits[0]) * u


@syntactic("runiformint", "n n", whole=True, random=True)
def runiformint(evaluation: Evaluation, arguments: tuple[Expression, ...]) -> Value:
    """Integers a..b, each as likely.

    The upper bits of a word, as many as b - a needs, are taken until they do not exceed b - a.
    """
    drawn_in_turn = evaluation.uniforms() if evaluation.shared.replaced else None
    limits = [numbers(evaluation.value(argument)) for argument in arguments]
    lower, upper = (np.floor(as_numbers(limit, evaluation.size)) for limit in limits)
    proper = (lower <= upper) & (upper < MISSING) & (lower < MISSING)
    proper &= (np.abs(lower) <= 2.0**53) & (np.abs(upper) <= 2.0**53)
    result = np.full(evaluation.size, MISSING)
    width = np.where(proper, upper - lower, 0.0).astype(np.uint64)
    if drawn_in_turn is not None:
        drawn = np.floor(np.atleast_1d(drawn_in_turn) * (width + 1.0))
    elif evaluation.size and (width == width[0]).all():
        drawn = _integers_below(evaluation, int(width[0]), evaluation.size)
    else:
        drawn = np.array([_integers_below(evaluation, int(w), 1)[0] for w in width.tolist()])
    result[proper] = lower[proper] + drawn[proper] if evaluation.size else 0.0
    return float(result[0]) if evaluation.single else result


def _integers_below(evaluation: Evaluation, width: int, size: int) -> np.ndarray:
    """``size`` integers 0..width, by rejection from the upper bits of words."""
    source = evaluation.context.random
    bits = width.bit_length()
    if bits == 0:
        return np.zeros(size)
    shift = np.uint64(64 - bits)
    accepted: list[np.ndarray] = []
    wanted = size
    while wanted:
        candidates = source.words(wanted) >> shift
        kept = candidates[candidates <= width].astype(np.float64)
        accepted.append(kept)
        wanted -= len(kept)
    return np.concatenate(accepted)


@_variate("rnormal", "[n n]")
def rnormal(u: np.ndarray, *parameters: Any) -> Any:
    """Normal with mean m (0) and standard deviation s (1)."""
    if len(parameters) == 1:
        mean, scale = parameters[0], np.asarray(1.0)
    else:
        mean, scale = _located(parameters)
    return _within(scale >= 0, mean + scale * continuous.invnormal(u))


@_variate("rexponential", "n")
def rexponential(u: np.ndarray, b: Any) -> Any:
    return _within(np.asarray(b) > 0, -b * np.log(u))


@_variate("rweibull", "n n [n]")
def rweibull(u: np.ndarray, a: Any, b: Any, g: Any = 0.0) -> Any:
    """Shape a, scale b, location g."""
    return _within((np.asarray(a) > 0) & (np.asarray(b) > 0), g + b * (-np.log(u)) ** (1.0 / a))


@_variate("rweibullph", "n n [n]")
def rweibullph(u: np.ndarray, a: Any, b: Any, g: Any = 0.0) -> Any:
    proper = (np.asarray(a) > 0) & (np.asarray(b) > 0)
    return _within(proper, g + (-np.log(u) / b) ** (1.0 / a))


@_variate("rlogistic", "[n n]")
def rlogistic(u: np.ndarray, *parameters: Any) -> Any:
    location, scale = _located(parameters)
    return _within(scale > 0, location + scale * (np.log(u) - np.log1p(-u)))


@_variate("rcauchy", "n n")
def rcauchy(u: np.ndarray, a: Any, b: Any) -> Any:
    return location_scale.invcauchy(a, b, u)


@_variate("rlaplace", "n n")
def rlaplace(u: np.ndarray, m: Any, b: Any) -> Any:
    return location_scale.invlaplace(m, b, u)


@_variate("rgamma", "n n")
def rgamma(u: np.ndarray, a: Any, b: Any) -> Any:
    """Shape a, scale b."""
    return _within(np.asarray(b) > 0, b * continuous.invgammap(a, u))


@_variate("rchi2", "n")
def rchi2(u: np.ndarray, df: Any) -> Any:
    return continuous.invchi2(df, u)


@_variate("rt", "n")
def rt(u: np.ndarray, df: Any) -> Any:
    return continuous.invt(df, u)


@_variate("rbeta", "n n")
def rbeta(u: np.ndarray, a: Any, b: Any) -> Any:
    return continuous.invibeta(a, b, u)


@_variate("rpoisson", "n")
def rpoisson(u: np.ndarray, m: Any) -> Any:
    u, m = _arrays(u, m)
    proper = (m > 0) & (m <= LARGEST)
    return _discrete(u, lambda k: discrete.poisson(m, k), m, np.sqrt(m), proper, math.inf)


@_variate("rbinomial", "n n")
def rbinomial(u: np.ndarray, n: Any, p: Any) -> Any:
    u, n, p = _arrays(u, n, p)
    n = np.floor(n)
    proper = (n >= 1) & (n <= LARGEST) & (p >= 0) & (p <= 1)
    return _discrete(
        u, lambda k: discrete.binomial(n, k, p), n * p, np.sqrt(n * p * (1 - p)), proper, n
    )


@_variate("rnbinomial", "n n")
def rnbinomial(u: np.ndarray, n: Any, p: Any) -> Any:
    """Failures before the n-th success of probability p."""
    u, n, p = _arrays(u, n, p)
    mean = n * (1 - p) / p
    return _discrete(
        u,
        lambda k: discrete.nbinomial(n, k, p),
        mean,
        np.sqrt(mean / p),
        (n > 0) & (p > 0) & (p <= 1) & (mean <= LARGEST),
        math.inf,
    )


@_variate("rhypergeometric", "n n n")
def rhypergeometric(u: np.ndarray, size: Any, marked: Any, n: Any) -> Any:
    u, size, marked, n = _arrays(u, size, marked, n)
    mean = n * marked / size
    spread = np.sqrt(np.maximum(mean * (1 - marked / size) * (size - n) / (size - 1), 0.0))
    proper = (size >= 2) & (size <= 1e5) & (marked > 0) & (marked < size) & (n > 0) & (n < size)
    return _discrete(
        u,
        lambda k: discrete.hypergeometric(size, marked, n, k),
        mean,
        spread,
        proper,
        np.minimum(n, marked),
    )


def _discrete(
    u: np.ndarray,
    cumulative: Callable[[np.ndarray], Any],
    mean: np.ndarray,
    deviation: np.ndarray,
    proper: np.ndarray,
    largest: Any,
) -> np.ndarray:
    """The smallest k >= 0 with P(K <= k) >= u, bracketed around the mean and bisected."""
    proper = np.broadcast_to(proper, u.shape)
    mean = np.where(proper, mean, 1.0)
    deviation = np.where(proper, deviation, 1.0)
    top = np.broadcast_to(np.asarray(largest, float), u.shape)
    reach = 2.0 * deviation + 2.0
    low = np.floor(np.maximum(mean - reach, 0.0)) - 1.0
    high = np.minimum(np.ceil(mean + reach), top)
    while True:
        outside = (low >= 0) & (np.asarray(cumulative(low)) >= u) & proper
        if not outside.any():
            break
        reach = 2.0 * reach
        low = np.where(outside, np.floor(np.maximum(mean - reach, 0.0)) - 1.0, low)
    while True:
        outside = (high < top) & (np.asarray(cumulative(high)) < u) & proper
        if not outside.any():
            break
        reach = 2.0 * reach
        high = np.where(outside, np.minimum(np.ceil(mean + reach), top), high)
    while (active := (high - low > 1.0) & proper).any():
        middle = np.floor((low + high) / 2.0)
        enough = np.asarray(cumulative(middle)) >= u
        high = np.where(active & enough, middle, high)
        low = np.where(active & ~enough, middle, low)
    return _within(proper, high)
