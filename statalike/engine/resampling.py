"""Bootstrap and jackknife: samples drawn, and inference from replicated statistics.

Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 10, 11, 13 and 14;
[R] bootstrap and [R] jackknife, Methods and formulas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special


def drawn_units(uniforms: np.ndarray, strata: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Units drawn with replacement within strata.

    ``strata`` (m,) are codes from 0 of the m units, ``sizes`` (S,) how many each stratum draws,
    ``uniforms`` as many numbers on (0, 1) as are drawn in all.  Returns positions of units, stratum
    by stratum.
    """
    order = np.argsort(strata, kind="stable")
    counts = np.bincount(strata, minlength=len(sizes))
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    within = np.minimum((uniforms * counts[stratum]).astype(np.intp), counts[stratum] - 1)
    return np.asarray(order[starts[stratum] + within])


def replicate_covariance(
    replicates: np.ndarray, observed: np.ndarray, *, about_observed: bool = False
) -> np.ndarray:
    """The bootstrap covariance (k, k) of replicates (R, k).

    About their mean, divided by R - 1; or about the observed values (k,), divided by R.
    """
    count = len(replicates)
    centre = observed if about_observed else replicates.mean(axis=0)
    deviations = replicates - centre
    return np.asarray(deviations.T @ deviations / (count if about_observed else count - 1))


def jackknife_covariance(
    replicates: np.ndarray,
    observed: np.ndarray,
    strata: np.ndarray | None = None,
    *,
    about_observed: bool = False,
) -> np.ndarray:
    """The jackknife covariance (k, k) of replicates (R, k), each without one of the units.

    (n_h - 1) / n_h times the sum of squares within each stratum h of n_h units, about the mean of
    its replicates or about the observed values.
    """
    codes = np.zeros(len(replicates), dtype=np.intp) if strata is None else strata
    counts = np.bincount(codes).astype(float)
    sums = np.zeros((len(counts), replicates.shape[1]))
    np.add.at(sums, codes, replicates)
    centre = np.broadcast_to(observed, sums.shape) if about_observed else sums / counts[:, None]
    deviations = replicates - centre[codes]
    weights = ((counts - 1) / counts)[codes]
    return np.asarray((deviations * weights[:, None]).T @ deviations)


@dataclass(frozen=True)
class BootstrapIntervals:
    """Bias (k,), bias corrections z0 and accelerations a (k,), and limits, each (2, k)."""

    bias: np.ndarray
    z0: np.ndarray
    acceleration: np.ndarray
    normal: np.ndarray
    percentile: np.ndarray
    bias_corrected: np.ndarray
    accelerated: np.ndarray


def bootstrap_intervals(
    replicates: np.ndarray,
    observed: np.ndarray,
    errors: np.ndarray,
    level: float,
    acceleration: np.ndarray | None = None,
) -> BootstrapIntervals:
    """Intervals at a level in percent from replicates (R, k), observed (k,), errors (k,).

    With z0 = Phi^-1(#{replicates <= observed} / R) the bias-corrected limits are the quantiles at
    Phi(z0 + (z0 -+ z) / (1 - a (z0 -+ z))), where a is the acceleration, zero for the BC limits
    (Efron and Tibshirani 1993, equations 14.9 to 14.15).
    """
    z = special.ndtri(0.5 + level / 200)
    share = (replicates <= observed).mean(axis=0)
    with np.errstate(all="ignore"):
        z0 = special.ndtri(share)
    a = np.zeros_like(observed) if acceleration is None else acceleration
    tails = np.array([-z, z])

    def limits(accelerations: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            shifted = z0 + tails[:, None]
            points = special.ndtr(z0 + shifted / (1 - accelerations * shifted))
        return np.array(
            [
                [quantile(column, p) for column, p in zip(replicates.T, row, strict=True)]
                for row in points
            ]
        )

    half = (100 - level) / 200
    percentile = np.array(
        [[quantile(column, p) for column in replicates.T] for p in (half, 1 - half)]
    )
    return BootstrapIntervals(
        replicates.mean(axis=0) - observed,
        z0,
        a,
        observed + tails[:, None] * errors,
        percentile,
        limits(np.zeros_like(observed)),
        limits(a),
    )


def quantile(values: np.ndarray, share: float) -> float:
    """The quantile of a sample (n,): x_(i) with i = ceil(n p), the mean of two where n p is whole.

    nan for a share that is no number.
    """
    if not np.isfinite(share):
        return float("nan")
    ordered = np.sort(values)
    n = len(ordered)
    place = n * share
    whole = round(place)
    if abs(place - whole) < 1e-9 * max(n, 1):
        return float((ordered[max(whole - 1, 0)] + ordered[min(whole, n - 1)]) / 2)
    return float(ordered[min(max(int(np.ceil(place)) - 1, 0), n - 1)])


def acceleration(replicates: np.ndarray) -> np.ndarray:
    """The acceleration (k,) from jackknife replicates (n, k).

    sum d^3 / (6 (sum d^2)^{3/2}) with d the distances below their mean (Efron and Tibshirani
    1993, equation 14.15).
    """
    d = replicates.mean(axis=0) - replicates
    with np.errstate(all="ignore"):
        found = (d**3).sum(axis=0) / (6 * (d**2).sum(axis=0) ** 1.5)
    return np.where(np.isfinite(found), found, 0.0)
