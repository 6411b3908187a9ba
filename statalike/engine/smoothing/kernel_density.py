"""Kernel estimates of a density ([R] kdensity, Methods and formulas)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

#: points times observations that are worked on at a time
_BLOCK: Final = 1 << 20

_ROOT5: Final = np.sqrt(5.0)


def _epanechnikov(z: np.ndarray) -> np.ndarray:
    return np.where(np.abs(z) < _ROOT5, 0.75 * (1 - z * z / 5) / _ROOT5, 0.0)


def _epan2(z: np.ndarray) -> np.ndarray:
    return np.where(np.abs(z) < 1, 0.75 * (1 - z * z), 0.0)


def _biweight(z: np.ndarray) -> np.ndarray:
    return np.where(np.abs(z) < 1, 15 / 16 * (1 - z * z) ** 2, 0.0)


def _cosine(z: np.ndarray) -> np.ndarray:
    return np.where(np.abs(z) < 0.5, 1 + np.cos(2 * np.pi * z), 0.0)


def _gaussian(z: np.ndarray) -> np.ndarray:
    density: np.ndarray = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    return density


def _parzen(z: np.ndarray) -> np.ndarray:
    distance = np.abs(z)
    inner = 4 / 3 - 8 * z * z + 8 * distance**3
    outer = 8 * (1 - distance) ** 3 / 3
    return np.where(distance <= 0.5, inner, np.where(distance <= 1, outer, 0.0))


def _rectangle(z: np.ndarray) -> np.ndarray:
    return np.where(np.abs(z) < 1, 0.5, 0.0)


def _triangle(z: np.ndarray) -> np.ndarray:
    return np.maximum(1 - np.abs(z), 0.0)


def normal_density(x: np.ndarray, mean: float, deviation: float) -> np.ndarray:
    """The density of the normal distribution at each x."""
    return _gaussian((x - mean) / deviation) / deviation


#: the kernels under Stata's names; each integrates to one
KERNELS: Final[dict[str, Callable[[np.ndarray], np.ndarray]]] = {
    "epanechnikov": _epanechnikov,
    "epan2": _epan2,
    "biweight": _biweight,
    "cosine": _cosine,
    "gaussian": _gaussian,
    "parzen": _parzen,
    "rectangle": _rectangle,
    "triangle": _triangle,
}


def optimal_bandwidth(n: float, standard_deviation: float, interquartile_range: float) -> float:
    """The width that is optimal for normal data and a Gaussian kernel (Silverman 1986, 3.31).

    h = 0.9 m n^(-1/5) with m the smaller of the standard deviation and the interquartile range
    divided by 1.349; the standard deviation alone where half of the data are equal.
    """
    spread = interquartile_range / 1.349
    m = min(standard_deviation, spread) if spread > 0 else standard_deviation
    return 0.9 * m / n**0.2


def kernel_density(
    values: np.ndarray,
    points: np.ndarray,
    bandwidth: float,
    kernel: str = "epanechnikov",
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """f(x) = sum_i w_i K((x - x_i)/h) / (h sum_i w_i) at each point (m,).

    ``values`` and ``weights`` are (n,); without weights all are one.
    """
    shape = KERNELS[kernel]
    w = np.ones(len(values)) if weights is None else weights
    estimates = np.empty(len(points))
    step = max(1, _BLOCK // max(len(values), 1))
    for start in range(0, len(points), step):
        part = points[start : start + step]
        estimates[start : start + step] = shape((part[:, None] - values) / bandwidth) @ w
    return estimates / (bandwidth * w.sum())
