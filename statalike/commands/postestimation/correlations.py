"""Correlation matrices of covariance matrices."""

from __future__ import annotations

import numpy as np

from statalike.data.missing import MISSING


def correlations(covariance: np.ndarray) -> np.ndarray:
    """A correlation matrix; entries of a zero variance are missing off the diagonal."""
    spread = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        result = covariance / np.outer(spread, spread)
    result = np.where(np.isfinite(result), result, MISSING)
    np.fill_diagonal(result, 1.0)
    return result
