"""Where the nodes of an adaptive quadrature lie: posterior means and loadings of every group.

The posterior of the random effects of an innermost group and of the groups above it, outermost
first, is approximated by a normal distribution with stacked mean mu (Q,) and covariance ``C C'``,
C lower triangular.  A node with abscissas a (Q,) lies at ``mu + C a``, so that effects which are
correlated across levels are integrated along orthogonal axes, and the rows of C that belong to a
level depend on groups of that level only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statalike.engine.generalized.quadrature_rules import QuadratureRule
from statalike.engine.nested_groups import NestedGroups

Array = NDArray[np.float64]

SMALLEST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Grid:
    """The abscissas of all levels together, for L levels with rules of K_1, ..., K_L nodes.

    ``shape`` is (K_1, ..., K_L); combination k of the first l levels has index k in C order.
    """

    rules: tuple[QuadratureRule, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(rule.nodes for rule in self.rules)

    @cached_property
    def bases(self) -> tuple[Array, ...]:
        """For each level l the matrix (K_1 ... K_l, 1 + Q_l) of ones and abscissas so far."""
        found: list[Array] = []
        before = np.ones((1, 1))
        for rule in self.rules:
            upper = np.repeat(before, rule.nodes, axis=0)
            own = np.tile(rule.abscissas.T, (len(before), 1))
            before = np.ascontiguousarray(np.concatenate([upper, own], axis=1))
            found.append(before)
        return tuple(found)

    @cached_property
    def log_weights(self) -> tuple[Array, ...]:
        """``log w + a'a / 2`` of each level's own rule, (K_l,)."""
        return tuple(
            rule.log_weights + 0.5 * np.sum(rule.abscissas**2, axis=0) for rule in self.rules
        )


@dataclass(frozen=True)
class Nodes:
    """``means[l]`` (q_l, G_l) and ``loadings[l]`` (q_l, Q_l, G_l), the rows of C of level l.

    Q_l counts the effects of levels 0 to l.
    """

    means: tuple[Array, ...]
    loadings: tuple[Array, ...]

    def coefficients(self, level: int, groups: slice) -> Array:
        """(q_l, 1 + Q_l, G): nodes are these times ones and abscissas."""
        return np.concatenate(
            [self.means[level][:, None, groups], self.loadings[level][:, :, groups]], axis=1
        )


def prior_nodes(groups: NestedGroups, effect_counts: Sequence[int]) -> Nodes:
    """Mean zero and variance one: the nodes of a non-adaptive rule."""
    means, loadings = [], []
    upper = 0
    for count, total in zip(effect_counts, groups.counts, strict=True):
        means.append(np.zeros((count, total)))
        loading = np.zeros((count, upper + count, total))
        loading[np.arange(count), upper + np.arange(count)] = 1.0
        loadings.append(loading)
        upper += count
    return Nodes(tuple(means), tuple(loadings))


def nodes_from_moments(
    means: Sequence[Array], covariances: Sequence[Array], groups: NestedGroups
) -> Nodes:
    """Nodes with the given posterior moments.

    ``covariances[l]`` (q_l, Q_l, G_l) are posterior covariances of the effects of level l with
    those of levels 0 to l in the groups above.
    """
    loadings: list[Array] = []
    chain = np.zeros((0, 0, 1))  # C of the levels above, by group of the level above
    for level, covariance in enumerate(covariances):
        count = covariance.shape[0]
        upper = chain[:, :, groups.parents[level]]
        own = _rows(covariance, upper)
        loadings.append(own)
        total = own.shape[1]
        extended = np.zeros((total, total, own.shape[2]))
        extended[: total - count, : total - count] = upper
        extended[total - count :] = own
        chain = extended
    return Nodes(tuple(means), tuple(loadings))


def _rows(covariance: Array, upper: Array) -> Array:
    """The last rows of the Cholesky factor of a covariance matrix whose first rows are known."""
    count, before = covariance.shape[0], upper.shape[0]
    rows = np.zeros_like(covariance)
    for i in range(count):
        for j in range(before + i + 1):
            found = covariance[i, j].copy()
            row = upper[j] if j < before else rows[j - before]
            for k in range(j):
                found -= rows[i, k] * row[k]
            if j < before + i:
                rows[i, j] = found / row[j]
            else:
                rows[i, j] = np.sqrt(np.maximum(found, SMALLEST_VARIANCE))
    return rows
