"""Locally weighted scatterplot smoothing ([R] lowess, Methods and formulas; Cleveland 1979)."""

from __future__ import annotations

from typing import Final

import numpy as np

#: elements of windows that are worked on at a time
_BLOCK: Final = 1 << 20


def lowess(
    y: np.ndarray,
    x: np.ndarray,
    bandwidth: float = 0.8,
    *,
    local_means: bool = False,
    tricube: bool = True,
) -> np.ndarray:
    """Smoothed values (n,) of ``y`` (n,) at every ``x`` (n,), which must ascend.

    The window of observation i are the observations from max(1, i - k) to min(i + k, n) with
    k = floor((n bandwidth - 0.5)/2).  In it a line (``local_means``: a mean) is fitted with the
    weights {1 - (|x_j - x_i|/D)^3}^3, D = 1.0001 times the larger distance from x_i to an end of
    the window; without ``tricube`` all weights are one.  Where all x of a window are equal the
    line is the mean.
    """
    n = len(x)
    k = max(int((n * bandwidth - 0.5) // 2), 0)
    rows = np.arange(n)
    offsets = np.arange(-k, k + 1)
    smoothed = np.empty(n)
    step = max(1, _BLOCK // len(offsets))
    for start in range(0, n, step):
        centre = rows[start : start + step]
        window = centre[:, None] + offsets
        inside = (window >= 0) & (window < n)
        np.clip(window, 0, n - 1, out=window)
        # x counted from the point itself, so that the fitted value is the line's constant
        z = x[window] - x[centre][:, None]
        w = inside.astype(np.float64)
        if tricube:
            reach = 1.0001 * np.abs(z).max(axis=1, keepdims=True)
            w *= (1 - (np.abs(z) / np.where(reach > 0, reach, 1.0)) ** 3) ** 3
        smoothed[start : start + step] = _fitted(y[window], z, w, local_means)
    return smoothed


def _fitted(y: np.ndarray, z: np.ndarray, w: np.ndarray, local_means: bool) -> np.ndarray:
    """The constant of each row's weighted regression of ``y`` on ``z``."""
    total = w.sum(axis=1)
    mean_y = (w * y).sum(axis=1) / total
    if local_means:
        return mean_y
    mean_z = (w * z).sum(axis=1) / total
    centred = z - mean_z[:, None]
    variation = (w * centred**2).sum(axis=1)
    covariation = (w * centred * y).sum(axis=1)
    scale = (w * z**2).sum(axis=1)
    sloped = variation > 1e-14 * scale
    slope = np.where(sloped, covariation / np.where(sloped, variation, 1.0), 0.0)
    fitted: np.ndarray = mean_y - slope * mean_z
    return fitted
