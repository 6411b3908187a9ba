"""Mean functions with derivatives written by hand, and models made from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure, Independent
from statalike.engine.nonlinear.mean_function import MeanDerivatives
from statalike.engine.nonlinear.model import EffectsBlock, GroupingLevel

Array = NDArray[np.float64]

# The mean, and its derivatives, in m parameters phi (m, n): values (n,) and derivatives (m, n).
Curve = Callable[[Array], tuple[Array, Array]]


@dataclass(frozen=True)
class GroupParameters:
    """A mean function ``curve(phi)`` with ``phi_k = X_k b + Z_k u``.

    ``fixed`` (m, n, p) and ``effects`` (m, n, q) hold X_k and Z_k.
    """

    curve: Curve
    fixed: Array
    effects: Array

    def _phi(self, fixed: Array, effects: Array) -> Array:
        return np.asarray(self.fixed @ fixed + np.einsum("kiq,iq->ki", self.effects, effects))

    def evaluate(self, fixed: Array, effects: Array) -> Array:
        with np.errstate(all="ignore"):
            return self.curve(self._phi(fixed, effects))[0]

    def derivatives(self, fixed: Array, effects: Array) -> MeanDerivatives:
        with np.errstate(all="ignore"):
            values, slopes = self.curve(self._phi(fixed, effects))
            return MeanDerivatives(
                values,
                np.einsum("ki,kip->ip", slopes, self.fixed),
                np.einsum("ki,kiq->iq", slopes, self.effects),
            )


def group_parameters(
    curve: Curve, designs: list[Array], random: list[int | None], count: int | None = None
) -> GroupParameters:
    """Each phi_k with a design (n, p_k) of its own and, where ``random[k]`` is not None, the random
    effect of that number added.
    """
    n = len(designs[0])
    widths = np.cumsum([0, *(design.shape[1] for design in designs)])
    q = sum(number is not None for number in random) if count is None else count
    fixed = np.zeros((len(designs), n, int(widths[-1])))
    effects = np.zeros((len(designs), n, q))
    for k, (design, number) in enumerate(zip(designs, random, strict=True)):
        fixed[k, :, widths[k] : widths[k + 1]] = design
        if number is not None:
            effects[k, :, number] = 1.0
    return GroupParameters(curve, fixed, effects)


def one_level(
    groups: NDArray[np.integer], structure: CovarianceStructure | int
) -> tuple[GroupingLevel, ...]:
    """A level whose effects form one block; a number is that of independent effects."""
    if isinstance(structure, int):
        structure = Independent(structure)
    block = EffectsBlock(tuple(range(structure.size)), structure)
    return (GroupingLevel(groups, (block,)),)


def constant(n: int) -> Array:
    return np.ones((n, 1))


def logistic(time: Array) -> Curve:
    """``phi1 / (1 + exp(-(t - phi2) / phi3))``."""

    def curve(phi: Array) -> tuple[Array, Array]:
        asymptote, midpoint, scale = phi
        z = (time - midpoint) / scale
        rise = 1.0 / (1.0 + np.exp(-z))
        slope = asymptote * rise * (1.0 - rise) / scale
        return asymptote * rise, np.stack([rise, -slope, -slope * z])

    return curve


def attenuation(distance: Array) -> Curve:
    """``phi1 - log10(s) - phi3 s`` with ``s = sqrt(d^2 + exp(phi2))``."""

    def curve(phi: Array) -> tuple[Array, Array]:
        level, depth, rate = phi
        s = np.sqrt(distance**2 + np.exp(depth))
        in_depth = 0.5 * np.exp(depth) / s
        value = level - np.log10(s) - rate * s
        return value, np.stack([np.ones_like(s), -(1.0 / (s * np.log(10.0)) + rate) * in_depth, -s])

    return curve


def wave(time: Array) -> Curve:
    """``phi1 + phi2 sin(2 pi phi3 t) + phi4 cos(2 pi phi3 t)``."""

    def curve(phi: Array) -> tuple[Array, Array]:
        level, sine, frequency, cosine = phi
        angle = 2.0 * np.pi * time
        s, c = np.sin(angle * frequency), np.cos(angle * frequency)
        return level + sine * s + cosine * c, np.stack(
            [np.ones_like(s), s, angle * (sine * c - cosine * s), c]
        )

    return curve


def absorption(time: Array, dose: Array) -> Curve:
    """Of first order: ``phi`` are the logarithms of clearance, absorption, elimination."""

    def curve(phi: Array) -> tuple[Array, Array]:
        clearance, absorbed, eliminated = np.exp(phi)
        out, into = np.exp(-eliminated * time), np.exp(-absorbed * time)
        difference = absorbed - eliminated
        ratio = dose * eliminated * absorbed / (clearance * difference)
        value = ratio * (out - into)
        in_absorption = value * (-eliminated / difference) + ratio * absorbed * time * into
        in_elimination = value * (absorbed / difference) - ratio * eliminated * time * out
        return value, np.stack([-value, in_absorption, in_elimination])

    return curve


def cubic_decay(time: Array) -> Curve:
    """``phi1 + phi2 t^3 exp(-phi3 t)``."""

    def curve(phi: Array) -> tuple[Array, Array]:
        level, size, rate = phi
        shape = time**3 * np.exp(-rate * time)
        return level + size * shape, np.stack([np.ones_like(time), shape, -size * time * shape])

    return curve


def saturation(pressure: Array) -> Curve:
    """``phi1 (1 - exp(-exp(phi2) (p - phi3)))``."""

    def curve(phi: Array) -> tuple[Array, Array]:
        limit, rate, threshold = phi
        speed = np.exp(rate)
        left = np.exp(-speed * (pressure - threshold))
        return limit * (1.0 - left), np.stack(
            [1.0 - left, limit * left * speed * (pressure - threshold), -limit * left * speed]
        )

    return curve


def oscillation(voltage: Array) -> Curve:
    """``phi1 + phi2 cos(phi3 v + pi / 4)``."""

    def curve(phi: Array) -> tuple[Array, Array]:
        level, size, frequency = phi
        angle = frequency * voltage + np.pi / 4.0
        return level + size * np.cos(angle), np.stack(
            [np.ones_like(angle), np.cos(angle), -size * np.sin(angle) * voltage]
        )

    return curve


def asymptotic(age: Array) -> Curve:
    """``phi1 + (phi2 - phi1) exp(-exp(phi3) t)``."""

    def curve(phi: Array) -> tuple[Array, Array]:
        limit, start, log_rate = phi
        rate = np.exp(log_rate)
        decay = np.exp(-rate * age)
        return limit + (start - limit) * decay, np.stack(
            [1.0 - decay, decay, -(start - limit) * rate * age * decay]
        )

    return curve
