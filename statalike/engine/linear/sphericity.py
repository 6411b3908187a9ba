"""Departures from sphericity in repeated measures ([R] anova; Geisser and Greenhouse 1958;
Huynh and Feldt 1976).

For d orthonormal contrasts C (d, t) of t repeated measures with covariance matrix S (t, t),

    Box's epsilon:              1 / d
    Greenhouse and Geisser's:   tr(C S C')^2 / (d tr((C S C')^2))
    Huynh and Feldt's:          (N d e - 2) / (d (N - G - d e)),

e being Greenhouse and Geisser's, N the number of subjects and G that of their groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Epsilons:
    """The factors by which degrees of freedom shrink; that of Huynh and Feldt may exceed 1."""

    huynh_feldt: float
    greenhouse_geisser: float
    box: float


def pooled_covariance(measures: Array, groups: NDArray[np.intp]) -> Array:
    """The covariance (t, t) of repeated ``measures`` (N, t) within ``groups`` (N,), from 0."""
    sizes = np.bincount(groups)
    means = np.zeros((len(sizes), measures.shape[1]))
    np.add.at(means, groups, measures)
    deviations = measures - (means / np.maximum(sizes, 1)[:, None])[groups]
    freedom = len(measures) - np.count_nonzero(sizes)
    return np.asarray(deviations.T @ deviations / freedom)


def repeated_contrasts(levels: Sequence[int], within: Sequence[bool]) -> Array:
    """Orthonormal contrasts (d, t) of the term made of the repeated factors that are ``within``.

    The t combinations of ``levels`` run with the last factor fastest; factors outside the term are
    averaged over.
    """
    contrasts: Array = np.ones((1, 1))
    for count, inside in zip(levels, within, strict=True):
        rows = _orthonormal_contrasts(count) if inside else np.full((1, count), count**-0.5)
        contrasts = np.asarray(np.kron(contrasts, rows), dtype=np.float64)
    return contrasts


def epsilons(covariance: Array, contrasts: Array, subjects: int, groups: int) -> Epsilons:
    """The three factors; nan where the covariance does not determine them."""
    d = len(contrasts)
    spread = contrasts @ covariance @ contrasts.T
    squares = float(np.sum(np.square(spread)))
    if not squares > 0:
        return Epsilons(float("nan"), float("nan"), 1 / d)
    geisser = float(np.trace(spread)) ** 2 / (d * squares)
    below = d * (subjects - groups - d * geisser)
    feldt = (subjects * d * geisser - 2) / below if below > 0 else float("nan")
    return Epsilons(feldt, geisser, 1 / d)


def _orthonormal_contrasts(count: int) -> Array:
    """Helmert contrasts (count - 1, count) of unit length."""
    contrasts = np.zeros((count - 1, count))
    for i in range(1, count):
        contrasts[i - 1, :i] = 1.0
        contrasts[i - 1, i] = -i
    return np.asarray(contrasts / np.linalg.norm(contrasts, axis=1)[:, None])
