"""Adjusted p-values and critical values of several comparisons ([R] pwcompare, [R] contrast).

A comparison has a statistic t = estimate / standard error, on ν degrees of freedom (infinite for
the normal distribution).  A family of m comparisons, of rank r, among k means is adjusted by

    bonferroni   min(1, m p)
    sidak        1 - (1 - p)^m
    scheffe      P(F_{r,ν} > t²/r)                                 (Scheffé 1953, Biometrika 40)
    tukey        P(Q_{k,ν} > √2 |t|)       (Tukey 1953; Kramer 1956, Biometrics 12: 307-310)
    snk          P(Q_{s,ν} > √2 |t|)               (Newman 1939; Keuls 1952, Euphytica 1: 112-122)
    duncan       1 - P(Q_{s,ν} <= √2 |t|)^{1/(s-1)}             (Duncan 1955, Biometrics 11: 1-42)
    dunnett      P(max_j |T_j| > |t|), j = 1..k-1             (Dunnett 1955, JASA 50: 1096-1121)

where p is the unadjusted two-sided p-value, Q the Studentized range, s the number of ordered means
that the comparison spans, and T_j Dunnett's statistics for groups of equal sizes, which have the
correlation 1/2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Array = NDArray[np.float64]

NORMAL_FROM = 1e5
_STEP = 0.1
_NODES = np.arange(-9.0, 9.0 + _STEP / 2, _STEP)


@dataclass(frozen=True)
class Family:
    """What is compared together: ``count`` comparisons of ``rank`` among ``means`` means.

    ``spans`` (m,) are the numbers of ordered means that each comparison spans, for the two methods
    that go by them.
    """

    count: int
    rank: int
    means: int = 0
    spans: Array | None = None


def adjusted_p_values(method: str, statistics: Array, df: Array, family: Family) -> Array:
    """The p-values (m,) of t statistics (m,) on ``df`` (m,) degrees of freedom, adjusted.

    nan where a statistic or its degrees of freedom are not known.
    """
    size = np.abs(statistics)
    match method:
        case "noadjust":
            return _two_sided(size, df)
        case "bonferroni":
            return np.minimum(1.0, family.count * _two_sided(size, df))
        case "sidak":
            with np.errstate(divide="ignore"):
                return -np.expm1(family.count * np.log1p(-_two_sided(size, df)))
        case "scheffe":
            return _scheffe_tail(size, df, family.rank)
    tail = _tail_of(method)
    extents = _extents(method, family, len(size))
    return np.array(
        [
            tail(float(t), float(extent), float(v)) if np.isfinite(t) and v > 0 else np.nan
            for t, extent, v in zip(size, extents, df, strict=True)
        ]
    )


def critical_values(method: str, level: float, df: Array, family: Family) -> Array:
    """Multipliers (m,) of standard errors for intervals at ``level`` percent, adjusted."""
    alpha = 1.0 - level / 100.0
    match method:
        case "noadjust":
            return _quantiles(np.full(len(df), alpha), df)
        case "bonferroni":
            return _quantiles(np.full(len(df), alpha / max(family.count, 1)), df)
        case "sidak":
            each = -math.expm1(math.log1p(-alpha) / max(family.count, 1))
            return _quantiles(np.full(len(df), each), df)
        case "scheffe":
            return _scheffe_quantile(alpha, df, family.rank)
    tail = _tail_of(method)
    extents = _extents(method, family, len(df))
    known: dict[tuple[float, float], float] = {}
    for pair in zip(extents.tolist(), df.tolist(), strict=True):
        if pair not in known:
            known[pair] = _solved(tail, alpha, *pair) if pair[1] > 0 else np.nan
    return np.array([known[pair] for pair in zip(extents.tolist(), df.tolist(), strict=True)])


def _solved(
    tail: Callable[[float, float, float], float], alpha: float, k: float, v: float
) -> float:
    """The t at which the tail is ``alpha``; the Studentized range has no heavier tail than t."""
    upper = 2.0
    while tail(upper, k, v) > alpha:
        upper *= 2.0
    return float(optimize.brentq(lambda t: tail(t, k, v) - alpha, 0.0, upper, xtol=1e-11))


# --- single comparisons ------------------------------------------------------------------------


def _finite(df: Array) -> NDArray[np.bool_]:
    return np.isfinite(df) & (df > 0)


def _two_sided(size: Array, df: Array) -> Array:
    finite = _finite(df)
    by_t = 2.0 * special.stdtr(np.where(finite, df, 1.0), -size)
    return np.where(finite, by_t, np.where(df == np.inf, 2.0 * special.ndtr(-size), np.nan))


def _quantiles(alpha: Array, df: Array) -> Array:
    finite = _finite(df)
    by_t = -special.stdtrit(np.where(finite, df, 1.0), alpha / 2.0)
    return np.where(finite, by_t, np.where(df == np.inf, -special.ndtri(alpha / 2.0), np.nan))


def _scheffe_tail(size: Array, df: Array, rank: int) -> Array:
    finite = _finite(df)
    by_f = special.fdtrc(rank, np.where(finite, df, 1.0), size**2 / max(rank, 1))
    return np.where(finite, by_f, np.where(df == np.inf, special.chdtrc(rank, size**2), np.nan))


def _scheffe_quantile(alpha: float, df: Array, rank: int) -> Array:
    finite = _finite(df)
    by_f = rank * special.fdtri(rank, np.where(finite, df, 1.0), 1.0 - alpha)
    squares = np.where(finite, by_f, np.where(df == np.inf, special.chdtri(rank, alpha), np.nan))
    return np.asarray(np.sqrt(squares))


# --- ranges and comparisons with a control -----------------------------------------------------


def _extents(method: str, family: Family, count: int) -> Array:
    if method in ("snk", "duncan"):
        if family.spans is None:
            raise ValueError(f"{method} needs the spans of comparisons")
        return family.spans
    return np.full(count, float(family.means))


def _tail_of(method: str) -> Callable[[float, float, float], float]:
    return {
        "tukey": _range_tail,
        "snk": _range_tail,
        "duncan": _duncan_tail,
        "dunnett": _dunnett_tail,
    }[method]


def _range_tail(t: float, means: float, df: float) -> float:
    from scipy.stats import studentized_range

    degrees = df if df < NORMAL_FROM else np.inf
    return float(studentized_range.sf(math.sqrt(2.0) * t, means, degrees))


def _duncan_tail(t: float, means: float, df: float) -> float:
    """``1 - P^{1/(s-1)}`` by the tail 1 - P, so that small ones keep their digits."""
    tail = min(_range_tail(t, means, df), 1.0)
    if tail >= 1.0:
        return 1.0
    return -math.expm1(math.log1p(-tail) / (means - 1.0))


def _dunnett_tail(t: float, means: float, df: float) -> float:
    """``P(max_j |T_j| > t)`` for k - 1 comparisons with a control.

    With x_0, ..., x_{k-1} standard normal and an independent s² = χ²(ν)/ν,

        P(max_j |x_j - x_0| <= √2 t s) = ∫ f(s) ∫ φ(z) [Φ(z + √2 t s) - Φ(z - √2 t s)]^{k-1} dz ds.

    Both integrands are analytic and fall off exponentially, so that the trapezoidal rule converges
    geometrically; the steps leave an error below 1e-10.
    """
    if df >= NORMAL_FROM:
        return 1.0 - float(_within(np.array([math.sqrt(2.0) * t]), means - 1.0)[0])
    width = 1.0 / math.sqrt(2.0 * df)
    step = min(0.1, width / 4.0)
    lower = -min(12.0 * width + 40.0 / (df + means - 1.0), 80.0)
    logs = np.arange(lower, min(12.0 * width, 0.5 * math.log(2.0 + 90.0 / df) + 0.5), step)
    half = 0.5 * df
    density = math.log(2.0) + half * math.log(half) - float(special.gammaln(half))
    weights = np.exp(density + df * logs - half * np.exp(2.0 * logs)) * step
    inside = _within(math.sqrt(2.0) * t * np.exp(logs), means - 1.0)
    return float(min(max(1.0 - inside @ weights / weights.sum(), 0.0), 1.0))


def _within(bounds: Array, comparisons: float) -> Array:
    """``∫ φ(z) [Φ(z + w) - Φ(z - w)]^m dz`` for each w in ``bounds`` (b,)."""
    density = np.exp(-0.5 * _NODES**2) * (_STEP / math.sqrt(2.0 * math.pi))
    each = special.ndtr(_NODES + bounds[:, None]) - special.ndtr(_NODES - bounds[:, None])
    return np.asarray(each**comparisons @ density)


# --- groups of means ---------------------------------------------------------------------------


def spans_of(means: Array, pairs: NDArray[np.intp]) -> Array:
    """How many of the ordered ``means`` (k,) each of the pairs (m, 2) of positions spans, its ends
    included."""
    ranks = np.empty(len(means))
    ranks[np.argsort(means, kind="stable")] = np.arange(len(means))
    return np.asarray(np.abs(ranks[pairs[:, 0]] - ranks[pairs[:, 1]]) + 1.0)


def homogeneous_groups(
    means: Array, pairs: NDArray[np.intp], different: NDArray[np.bool_]
) -> list[tuple[int, ...]]:
    """The largest sets of means among which no pair differs, in the order of the ordered means.

    ``pairs`` (m, 2) are positions among ``means`` (k,) and ``different`` (m,) says which of them
    differ significantly; sets of one mean are left out.  They are found by inserting one difference
    after another and absorbing what is contained in other sets (Piepho 2004, Journal of
    Computational and Graphical Statistics 13: 456-466).  Members are positions.
    """
    order = np.argsort(means, kind="stable")
    ranks = np.empty(len(means), dtype=np.intp)
    ranks[order] = np.arange(len(means))
    groups: list[frozenset[int]] = [frozenset(range(len(means)))]
    for first, second in ranks[pairs[different]].tolist():
        split = [group for group in groups if first in group and second in group]
        if not split:
            continue
        kept = [group for group in groups if not (first in group and second in group)]
        parts = {group - {end} for group in split for end in (first, second)}
        groups = kept + [
            part
            for part in parts
            if not any(part <= other for other in kept) and not any(part < other for other in parts)
        ]
    listed = sorted(tuple(sorted(group)) for group in groups if len(group) > 1)
    return [tuple(int(order[rank]) for rank in group) for group in listed]
