"""Distributions in closed form: exponential, Weibull, logistic, Laplace, Cauchy.

[FN] Statistical functions.  Arguments come as location, scale, argument; see
:mod:`statalike.language.functions.continuous` for the treatment of domains and tails.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from statalike.language.functions.continuous import is_probability, within
from statalike.language.functions.registry import numeric


@numeric("exponential", "n n")
def exponential(b: Any, x: Any) -> Any:
    """1 - exp(-x/b): mean b."""
    return within(np.asarray(b) > 0, -np.expm1(-np.maximum(x, 0.0) / b))


@numeric("exponentialtail", "n n")
def exponentialtail(b: Any, x: Any) -> Any:
    return within(np.asarray(b) > 0, np.exp(-np.maximum(x, 0.0) / b))


@numeric("exponentialden", "n n")
def exponentialden(b: Any, x: Any) -> Any:
    x = np.asarray(x)
    return within(np.asarray(b) > 0, np.where(x >= 0, np.exp(-np.maximum(x, 0.0) / b) / b, 0.0))


@numeric("invexponential", "n n")
def invexponential(b: Any, p: Any) -> Any:
    p = np.asarray(p)
    return within((np.asarray(b) > 0) & (p >= 0) & (p < 1), -b * np.log1p(-p))


@numeric("invexponentialtail", "n n")
def invexponentialtail(b: Any, p: Any) -> Any:
    p = np.asarray(p)
    return within((np.asarray(b) > 0) & (p > 0) & (p <= 1), -b * np.log(p))


def _weibull_arguments(rest: tuple[Any, ...]) -> tuple[Any, Any]:
    """Location and x from ``(x,)`` or ``(g, x)``."""
    return (0.0, np.asarray(rest[0])) if len(rest) == 1 else (rest[0], np.asarray(rest[1]))


def _register_weibull(name: str, proportional: bool) -> None:
    """weibull: H(x) = (x/b)^a; weibullph: H(x) = b x^a; optionally with location g before x."""

    def hazard(a: Any, b: Any, y: Any) -> Any:
        y = np.maximum(y, 0.0)
        return b * y**a if proportional else (y / b) ** a

    def proper(a: Any, b: Any) -> Any:
        return (np.asarray(a) > 0) & (np.asarray(b) > 0)

    def inverse(a: Any, b: Any, h: Any) -> Any:
        return (h / b) ** (1.0 / a) if proportional else b * h ** (1.0 / a)

    @numeric(name, "n n n [n]")
    def cumulative(a: Any, b: Any, *rest: Any) -> Any:
        g, x = _weibull_arguments(rest)
        return within(proper(a, b), -np.expm1(-hazard(a, b, x - g)))

    @numeric(name + "tail", "n n n [n]")
    def tail(a: Any, b: Any, *rest: Any) -> Any:
        g, x = _weibull_arguments(rest)
        return within(proper(a, b), np.exp(-hazard(a, b, x - g)))

    @numeric(name + "den", "n n n [n]")
    def density(a: Any, b: Any, *rest: Any) -> Any:
        g, x = _weibull_arguments(rest)
        y = x - g
        safe = np.where(y > 0, y, 1.0)
        h = hazard(a, b, safe)
        return within(proper(a, b), np.where(y > 0, a * h / safe * np.exp(-h), 0.0))

    @numeric("inv" + name, "n n n [n]")
    def quantile(a: Any, b: Any, *rest: Any) -> Any:
        g, p = _weibull_arguments(rest)
        value = g + inverse(a, b, -np.log1p(-p))
        return within(proper(a, b) & (p >= 0) & (p < 1), value)

    @numeric("inv" + name + "tail", "n n n [n]")
    def quantile_tail(a: Any, b: Any, *rest: Any) -> Any:
        g, p = _weibull_arguments(rest)
        value = g + inverse(a, b, -np.log(p))
        return within(proper(a, b) & (p > 0) & (p <= 1), value)


_register_weibull("weibull", proportional=False)
_register_weibull("weibullph", proportional=True)


def _located(values: tuple[Any, ...]) -> tuple[Any, Any, np.ndarray]:
    """Location, scale and argument from ``(x,)``, ``(s, x)`` or ``(m, s, x)``."""
    location = values[0] if len(values) == 3 else 0.0
    scale = values[-2] if len(values) > 1 else 1.0
    return location, np.asarray(scale), np.asarray(values[-1])


@numeric("logistic", "n [n n]")
def logistic(*values: Any) -> Any:
    """1/{1 + exp(-(x - m)/s)}."""
    from scipy.special import expit

    m, s, x = _located(values)
    return within(s > 0, expit((x - m) / s))


@numeric("logistictail", "n [n n]")
def logistictail(*values: Any) -> Any:
    from scipy.special import expit

    m, s, x = _located(values)
    return within(s > 0, expit(-(x - m) / s))


@numeric("logisticden", "n [n n]")
def logisticden(*values: Any) -> Any:
    from scipy.special import expit

    m, s, x = _located(values)
    z = (x - m) / s
    return within(s > 0, expit(z) * expit(-z) / s)


@numeric("invlogistic", "n [n n]")
def invlogistic(*values: Any) -> Any:
    m, s, p = _located(values)
    return within((s > 0) & is_probability(p), m + s * (np.log(p) - np.log1p(-p)))


@numeric("invlogistictail", "n [n n]")
def invlogistictail(*values: Any) -> Any:
    m, s, p = _located(values)
    return within((s > 0) & is_probability(p), m - s * (np.log(p) - np.log1p(-p)))


@numeric("laplace", "n n n")
def laplace(m: Any, b: Any, x: Any) -> Any:
    z = (np.asarray(x) - m) / b
    value = np.where(z < 0, 0.5 * np.exp(-np.abs(z)), 1.0 - 0.5 * np.exp(-np.abs(z)))
    return within(np.asarray(b) > 0, value)


@numeric("laplacetail", "n n n")
def laplacetail(m: Any, b: Any, x: Any) -> Any:
    return laplace(-np.asarray(m), b, -np.asarray(x))


@numeric("laplaceden", "n n n")
def laplaceden(m: Any, b: Any, x: Any) -> Any:
    return within(np.asarray(b) > 0, np.exp(-np.abs(np.asarray(x) - m) / b) / (2.0 * b))


@numeric("invlaplace", "n n n")
def invlaplace(m: Any, b: Any, p: Any) -> Any:
    p = np.asarray(p)
    value = np.where(p < 0.5, m + b * np.log(2.0 * p), m - b * np.log(2.0 * (1.0 - p)))
    return within((np.asarray(b) > 0) & is_probability(p), value)


@numeric("invlaplacetail", "n n n")
def invlaplacetail(m: Any, b: Any, p: Any) -> Any:
    return -np.asarray(invlaplace(-np.asarray(m), b, p))


@numeric("cauchy", "n n n")
def cauchy(a: Any, b: Any, x: Any) -> Any:
    """1/2 + arctan{(x - a)/b}/π, as arctan2 so that the lower tail is exact."""
    return within(np.asarray(b) > 0, np.arctan2(b, -(np.asarray(x) - a)) / np.pi)


@numeric("cauchytail", "n n n")
def cauchytail(a: Any, b: Any, x: Any) -> Any:
    return within(np.asarray(b) > 0, np.arctan2(b, np.asarray(x) - a) / np.pi)


@numeric("cauchyden", "n n n")
def cauchyden(a: Any, b: Any, x: Any) -> Any:
    z = (np.asarray(x) - a) / b
    return within(np.asarray(b) > 0, 1.0 / (np.pi * b * (1.0 + z * z)))


@numeric("invcauchy", "n n n")
def invcauchy(a: Any, b: Any, p: Any) -> Any:
    p = np.asarray(p)
    value = a + b * np.where(
        p < 0.25,
        -1.0 / np.tan(np.pi * p),
        np.where(p > 0.75, 1.0 / np.tan(np.pi * (1.0 - p)), np.tan(np.pi * (p - 0.5))),
    )
    return within((np.asarray(b) > 0) & is_probability(p), value)


@numeric("invcauchytail", "n n n")
def invcauchytail(a: Any, b: Any, p: Any) -> Any:
    return -np.asarray(invcauchy(-np.asarray(a), b, p))
