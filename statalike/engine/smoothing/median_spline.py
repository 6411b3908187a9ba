"""Cubic splines through medians of bands ([G-2] graph twoway mspline)."""

from __future__ import annotations

import numpy as np


def median_bands(y: np.ndarray, x: np.ndarray, bands: int) -> tuple[np.ndarray, np.ndarray]:
    """Medians of ``x`` and ``y`` (n,) within ``bands`` bands of equal width in x.

    Bands without observations give nothing; both results have one entry for each other band.
    """
    low, high = x.min(), x.max()
    width = (high - low) / bands or 1.0
    band = np.minimum(((x - low) / width).astype(np.int64), bands - 1)
    return _medians(x, band), _medians(y, band)


def _medians(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The median of each group: the middle of its values in order."""
    order = np.lexsort((values, group))
    ordered, groups = values[order], group[order]
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    sizes = np.diff(np.r_[starts, len(values)])
    medians: np.ndarray = (ordered[starts + (sizes - 1) // 2] + ordered[starts + sizes // 2]) / 2
    return medians


def median_spline(
    y: np.ndarray, x: np.ndarray, bands: int | None = None, points: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the natural cubic spline through the median bands, ``points`` between two knots.

    The number of bands is by default the smaller of 10 log10(n) and sqrt(n), rounded.
    """
    n = len(x)
    chosen = bands or max(1, round(min(10 * np.log10(max(n, 2)), np.sqrt(n))))
    knots, heights = median_bands(y, x, chosen)
    if len(knots) < 3:
        return knots, heights
    pieces = np.arange((len(knots) - 1) * points + 1)
    left = np.minimum(pieces // points, len(knots) - 2)
    share = (pieces - left * points) / points
    grid = knots[left] + share * (knots[left + 1] - knots[left])
    from scipy.interpolate import CubicSpline  # half a second that other commands need not wait

    return grid, CubicSpline(knots, heights, bc_type="natural")(grid)
