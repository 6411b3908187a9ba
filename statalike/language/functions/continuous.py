"""Continuous distributions: cumulative, reverse cumulative, density and inverse.

[FN] Statistical functions.  Outside its parameters' domain a function is missing; below the
support a cumulative probability is 0 and above it 1.  Each tail is computed by itself, never as
one minus the other, so that small probabilities keep their relative accuracy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from statalike.language.functions import saddle_point
from statalike.language.functions.registry import numeric

_ROOT_2PI = np.sqrt(2.0 * np.pi)


def within(condition: Any, value: Any) -> np.ndarray:
    """``value`` where the parameters are in the domain, else missing."""
    return np.where(condition, value, np.nan)


def is_probability(p: Any) -> Any:
    """Whether p may be inverted: strictly between 0 and 1."""
    return (np.asarray(p) > 0) & (np.asarray(p) < 1)


# --- normal ------------------------------------------------------------------------------------


@numeric("normal", "n")
def normal(z: Any) -> Any:
    from scipy.special import ndtr

    return ndtr(z)


@numeric("lnnormal", "n")
def lnnormal(z: Any) -> Any:
    from scipy.special import log_ndtr

    return log_ndtr(z)


@numeric("invnormal", "n")
def invnormal(p: Any) -> Any:
    from scipy.special import ndtri

    return within(is_probability(p), ndtri(p))


@numeric("normalden", "n [n n]")
def normalden(x: Any, second: Any = None, third: Any = None) -> Any:
    """φ(x); with two arguments standard deviation s, with three mean m and standard deviation s."""
    z, s = _standardized(x, second, third)
    return within(s > 0, np.exp(-0.5 * z * z) / (_ROOT_2PI * s))


@numeric("lnnormalden", "n [n n]")
def lnnormalden(x: Any, second: Any = None, third: Any = None) -> Any:
    z, s = _standardized(x, second, third)
    return within(s > 0, -0.5 * z * z - np.log(s) - np.log(_ROOT_2PI))


def _standardized(x: Any, second: Any, third: Any) -> tuple[Any, Any]:
    if second is None:
        return x, np.float64(1.0)
    s = np.asarray(second if third is None else third)
    return (x if third is None else x - second) / s, s


@numeric("binormal", "n n n")
def binormal(h: Any, k: Any, rho: Any) -> Any:
    """P(X <= h, Y <= k) for standard normals with correlation ρ.

    Plackett's identity, Φ₂(h, k; ρ) = Φ(h)Φ(k) + ∫ φ₂ over the correlation, integrated over
    θ = arcsin ρ by Gauss–Legendre quadrature in panels that get shorter toward ρ.
    """
    from scipy.special import ndtr

    h, k, rho = np.broadcast_arrays(h, k, rho)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    end = np.arcsin(np.clip(rho, -1.0, 1.0))
    integral = np.zeros(h.shape)
    for lower, upper in _PANELS:
        middle, half = end * (lower + upper) / 2.0, end * (upper - lower) / 2.0
        theta = middle[..., None] + half[..., None] * nodes
        exponent = -(
            h[..., None] ** 2 + k[..., None] ** 2 - 2 * h[..., None] * k[..., None] * np.sin(theta)
        ) / (2 * np.cos(theta) ** 2)
        integral += half * (np.exp(exponent) @ weights)
    value = ndtr(h) * ndtr(k) + integral / (2.0 * np.pi)
    limit = np.where(rho > 0, ndtr(np.minimum(h, k)), np.maximum(ndtr(h) - ndtr(-k), 0.0))
    value = np.where(np.abs(rho) == 1.0, limit, np.clip(value, 0.0, 1.0))
    return within(np.abs(rho) <= 1.0, value)


_PANELS = [(1.0 - 2.0**-j, 1.0 - 2.0 ** -(j + 1)) for j in range(12)] + [(1.0 - 2.0**-12, 1.0)]


# --- Student's t -------------------------------------------------------------------------------


@numeric("ttail", "n n")
def ttail(df: Any, t: Any) -> Any:
    """P(T > t) = I_y(df/2, 1/2)/2 at y = df/(df + t²), for t > 0.

    The incomplete beta function is given whichever of y and 1 - y is the smaller.
    """
    from scipy.special import betainc, betaincc

    df, t = np.broadcast_arrays(df, t)
    square = t * t
    total = df + square
    tail = 0.5 * np.where(
        square > df,
        betainc(df / 2.0, 0.5, df / total),
        betaincc(0.5, df / 2.0, square / total),
    )
    return within(df > 0, np.where(t > 0, tail, 1.0 - tail))


@numeric("t", "n n")
def t_cumulative(df: Any, t: Any) -> Any:
    return ttail(df, -np.asarray(t))


@numeric("tden", "n n")
def tden(df: Any, t: Any) -> Any:
    return within(np.asarray(df) > 0, saddle_point.student(df, t))


@numeric("invttail", "n n")
def invttail(df: Any, p: Any) -> Any:
    """The t with P(T > t) = p, from the inverse of the incomplete beta function."""
    from scipy.special import betaincinv

    df, p = np.broadcast_arrays(np.asarray(df, float), np.asarray(p, float))
    tail = np.minimum(p, 1.0 - p)
    central = betaincinv(0.5, df / 2.0, np.clip(1.0 - 2.0 * tail, 0.0, 1.0))
    x = betaincinv(df / 2.0, 0.5, 2.0 * tail)
    magnitude = np.sqrt(df * np.where(tail > 0.25, central / (1.0 - central), (1.0 - x) / x))
    for _ in range(2):
        density = saddle_point.student(df, magnitude)
        step = (ttail(df, magnitude) - tail) / density
        magnitude = np.where(np.isfinite(step), magnitude + step, magnitude)
    value = np.where(p < 0.5, magnitude, np.where(p > 0.5, -magnitude, 0.0))
    return within((df > 0) & is_probability(p), value)


@numeric("invt", "n n")
def invt(df: Any, p: Any) -> Any:
    return -np.asarray(invttail(df, p))


# --- gamma and chi-squared ---------------------------------------------------------------------


@numeric("gammap", "n n")
def gammap(a: Any, x: Any) -> Any:
    """The regularized lower incomplete gamma function P(a, x)."""
    from scipy.special import gammainc

    return within(np.asarray(a) > 0, gammainc(a, np.maximum(x, 0.0)))


@numeric("gammaptail", "n n")
def gammaptail(a: Any, x: Any) -> Any:
    from scipy.special import gammaincc

    return within(np.asarray(a) > 0, gammaincc(a, np.maximum(x, 0.0)))


@numeric("invgammap", "n n")
def invgammap(a: Any, p: Any) -> Any:
    from scipy.special import gammaincinv

    return within((np.asarray(a) > 0) & is_probability(p), gammaincinv(a, p))


@numeric("invgammaptail", "n n")
def invgammaptail(a: Any, p: Any) -> Any:
    from scipy.special import gammainccinv

    return within((np.asarray(a) > 0) & is_probability(p), gammainccinv(a, p))


@numeric("gammaden", "n n n n")
def gammaden(a: Any, b: Any, g: Any, x: Any) -> Any:
    """The gamma density with shape a, scale b and location g."""
    y = (np.asarray(x) - g) / b
    proper = (np.asarray(a) > 0) & (np.asarray(b) > 0)
    value = saddle_point.gamma(a, np.where(y > 0, y, 1.0)) / b
    return within(proper, np.where(y > 0, value, 0.0))


@numeric("chi2", "n n")
def chi2(df: Any, x: Any) -> Any:
    return gammap(np.asarray(df) / 2.0, np.asarray(x) / 2.0)


@numeric("chi2tail", "n n")
def chi2tail(df: Any, x: Any) -> Any:
    return gammaptail(np.asarray(df) / 2.0, np.asarray(x) / 2.0)


@numeric("chi2den", "n n")
def chi2den(df: Any, x: Any) -> Any:
    return gammaden(np.asarray(df) / 2.0, 2.0, 0.0, x)


@numeric("invchi2", "n n")
def invchi2(df: Any, p: Any) -> Any:
    return 2.0 * np.asarray(invgammap(np.asarray(df) / 2.0, p))


@numeric("invchi2tail", "n n")
def invchi2tail(df: Any, p: Any) -> Any:
    return 2.0 * np.asarray(invgammaptail(np.asarray(df) / 2.0, p))


# --- beta and F --------------------------------------------------------------------------------


@numeric("ibeta", "n n n")
def ibeta(a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function I_x(a, b)."""
    from scipy.special import betainc

    proper = (np.asarray(a) > 0) & (np.asarray(b) > 0)
    return within(proper, betainc(a, b, np.clip(x, 0.0, 1.0)))


@numeric("ibetatail", "n n n")
def ibetatail(a: Any, b: Any, x: Any) -> Any:
    from scipy.special import betaincc

    proper = (np.asarray(a) > 0) & (np.asarray(b) > 0)
    return within(proper, betaincc(a, b, np.clip(x, 0.0, 1.0)))


@numeric("invibeta", "n n n")
def invibeta(a: Any, b: Any, p: Any) -> Any:
    from scipy.special import betaincinv

    proper = (np.asarray(a) > 0) & (np.asarray(b) > 0) & (np.asarray(p) >= 0)
    return within(proper & (np.asarray(p) <= 1), betaincinv(a, b, np.clip(p, 0.0, 1.0)))


@numeric("invibetatail", "n n n")
def invibetatail(a: Any, b: Any, p: Any) -> Any:
    from scipy.special import betainccinv

    proper = (np.asarray(a) > 0) & (np.asarray(b) > 0) & (np.asarray(p) >= 0)
    return within(proper & (np.asarray(p) <= 1), betainccinv(a, b, np.clip(p, 0.0, 1.0)))


@numeric("betaden", "n n n")
def betaden(a: Any, b: Any, x: Any) -> Any:
    x = np.asarray(x)
    inside = (x > 0) & (x < 1)
    value = saddle_point.beta(a, b, np.where(inside, x, 0.5))
    return within((np.asarray(a) > 0) & (np.asarray(b) > 0), np.where(inside, value, 0.0))


@numeric("F", "n n n")
def f_cumulative(df1: Any, df2: Any, f: Any) -> Any:
    return _f_tail(df1, df2, f, upper=False)


@numeric("Ftail", "n n n")
def f_tail(df1: Any, df2: Any, f: Any) -> Any:
    return _f_tail(df1, df2, f, upper=True)


def _f_tail(df1: Any, df2: Any, f: Any, *, upper: bool) -> Any:
    """I_y(df1/2, df2/2) at y = df1 f/(df1 f + df2), or its complement.

    The incomplete beta function is given whichever of y and 1 - y is the smaller.
    """
    from scipy.special import betainc, betaincc

    df1, df2, f = np.broadcast_arrays(*(np.asarray(v, float) for v in (df1, df2, f)))
    product = df1 * np.maximum(f, 0.0)
    y, complement = product / (product + df2), df2 / (product + df2)
    direct, reverse = (betaincc, betainc) if upper else (betainc, betaincc)
    value = np.where(
        y < 0.5, direct(df1 / 2.0, df2 / 2.0, y), reverse(df2 / 2.0, df1 / 2.0, complement)
    )
    return within((df1 > 0) & (df2 > 0), value)


@numeric("Fden", "n n n")
def f_density(df1: Any, df2: Any, f: Any) -> Any:
    df1, df2, f = np.broadcast_arrays(*(np.asarray(v, float) for v in (df1, df2, f)))
    value = saddle_point.fisher(df1, df2, np.where(f > 0, f, 1.0))
    return within((df1 > 0) & (df2 > 0), np.where(f > 0, value, 0.0))


@numeric("invF", "n n n")
def inv_f(df1: Any, df2: Any, p: Any) -> Any:
    return _inverse_f(df1, df2, p, upper=False)


@numeric("invFtail", "n n n")
def inv_f_tail(df1: Any, df2: Any, p: Any) -> Any:
    return _inverse_f(df1, df2, p, upper=True)


def _inverse_f(df1: Any, df2: Any, p: Any, *, upper: bool) -> Any:
    from scipy.special import betainccinv, betaincinv

    df1, df2, p = np.broadcast_arrays(*(np.asarray(v, float) for v in (df1, df2, p)))
    a, b = df1 / 2.0, df2 / 2.0
    y = (betainccinv if upper else betaincinv)(a, b, p)
    complement = (betaincinv if upper else betainccinv)(b, a, p)
    y, complement = np.where(y < 0.5, y, 1 - complement), np.where(y < 0.5, 1 - y, complement)
    value = df2 * y / (df1 * complement)
    return within((df1 > 0) & (df2 > 0) & is_probability(p), value)
