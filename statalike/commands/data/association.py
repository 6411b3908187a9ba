"""Tests and measures of association in a two-way table ([R] tabulate twoway, Methods)."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError

MOST_PARTIAL_TABLES = 4_000_000
_SAME = 1e-7


@dataclass(frozen=True)
class Measure:
    """A measure of association and its asymptotic standard error."""

    value: float
    standard_error: float


def expected(table: np.ndarray) -> np.ndarray:
    """Frequencies under independence, the shape of ``table`` (r, c)."""
    fitted: np.ndarray = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return fitted


def pearson_contributions(table: np.ndarray) -> np.ndarray:
    """(observed - expected)²/expected in each cell (r, c)."""
    fitted = expected(table)
    squares = (table - fitted) ** 2
    parts: np.ndarray = np.divide(squares, fitted, out=np.zeros_like(fitted), where=fitted > 0)
    return parts


def likelihood_ratio_contributions(table: np.ndarray) -> np.ndarray:
    """2 observed log(observed/expected) in each cell (r, c)."""
    fitted = expected(table)
    ratio = np.divide(table, fitted, out=np.ones_like(fitted), where=table > 0)
    parts: np.ndarray = 2 * table * np.log(ratio)
    return parts


def upper_tail(chi2: float, degrees: int) -> float:
    """P(chi-squared > chi2); ``.`` without degrees of freedom."""
    from scipy.special import chdtrc

    return float(chdtrc(degrees, chi2)) if degrees > 0 else MISSING


def cramers_v(table: np.ndarray) -> float:
    """sqrt(chi2/(n min(r - 1, c - 1))); for a 2 x 2 table with the sign of the association."""
    smaller = min(table.shape) - 1
    if smaller < 1:
        return MISSING
    if table.shape == (2, 2):
        product = table.sum(axis=0).prod() * table.sum(axis=1).prod()
        return float((table[0, 0] * table[1, 1] - table[0, 1] * table[1, 0]) / np.sqrt(product))
    return float(np.sqrt(pearson_contributions(table).sum() / (table.sum() * smaller)))


def _pairs(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each cell the number of observations concordant and discordant with it, (r, c) each."""
    padded = np.zeros((table.shape[0] + 2, table.shape[1] + 2))
    padded[1:-1, 1:-1] = table
    from_left_top = padded.cumsum(axis=0).cumsum(axis=1)
    whole = from_left_top[-1, -1]
    up, left = from_left_top[:-2, -1:], from_left_top[-1:, :-2]
    down, right = from_left_top[1:-1, -1:], from_left_top[-1:, 1:-1]
    above_left = from_left_top[:-2, :-2]
    below_right = whole - down - right + from_left_top[1:-1, 1:-1]
    above_right = up - from_left_top[:-2, 1:-1]
    below_left = left - from_left_top[1:-1, :-2]
    return above_left + below_right, above_right + below_left


def gamma(table: np.ndarray) -> Measure:
    """Goodman and Kruskal's gamma, (P - Q)/(P + Q), with P and Q twice the numbers of concordant
    and discordant pairs."""
    concordant, discordant = _pairs(table)
    p, q = float((table * concordant).sum()), float((table * discordant).sum())
    if p + q == 0:
        return Measure(MISSING, MISSING)
    variance = 16 * (table * (q * concordant - p * discordant) ** 2).sum() / (p + q) ** 4
    return Measure((p - q) / (p + q), float(np.sqrt(variance)))


def kendalls_tau_b(table: np.ndarray) -> Measure:
    """(P - Q)/sqrt(w_r w_c), w_r = n² - sum of squared row totals, w_c likewise."""
    concordant, discordant = _pairs(table)
    difference = concordant - discordant
    n = table.sum()
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    row_weight = n**2 - (rows**2).sum()
    column_weight = n**2 - (columns**2).sum()
    w = np.sqrt(row_weight * column_weight)
    if w == 0:
        return Measure(MISSING, MISSING)
    tau = float((table * difference).sum() / w)
    v = rows[:, None] * column_weight + columns[None, :] * row_weight
    squares = (table * (2 * w * difference + tau * v) ** 2).sum()
    variance = (squares - n**3 * tau**2 * (row_weight + column_weight) ** 2) / w**4
    return Measure(tau, float(np.sqrt(max(variance, 0.0))))


def fisher_exact(table: np.ndarray) -> float:
    """The probability, given both margins, of all tables no more probable than ``table`` (r, c).

    Columns are filled one after the other; partial tables that leave the same row totals and have
    the same probability so far are counted together.  r(910) when there are too many.
    """
    counts = np.rint(table).astype(np.int64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if counts.shape[0] > counts.shape[1]:
        counts = counts.T
    counts = counts[:, np.argsort(-counts.sum(axis=0), kind="stable")]
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    log_factorial = np.array([lgamma(i + 1) for i in range(int(counts.sum()) + 1)])
    constant = log_factorial[rows].sum() + log_factorial[columns].sum() - log_factorial[-1]
    left = rows[None, :]
    logs, multiples = np.zeros(1), np.ones(1)
    for column in columns[:-1]:
        left, logs, multiples = _filled(left, logs, multiples, int(column), log_factorial)
    logs = logs - log_factorial[left].sum(axis=1)
    observed = -log_factorial[counts].sum()
    as_rare = logs <= observed + _SAME
    probability = (multiples[as_rare] * np.exp(constant + logs[as_rare])).sum()
    return float(min(probability, 1.0))


def _filled(
    left: np.ndarray, logs: np.ndarray, multiples: np.ndarray, total: int, log_factorial: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All ways to fill one column with ``total`` observations from the rows' remainders."""
    remaining = np.full(len(left), total)
    following = left.copy()
    for row in range(left.shape[1]):
        after = following[:, row + 1 :].sum(axis=1)
        low = np.maximum(remaining - after, 0)
        high = np.minimum(remaining, following[:, row])
        ways = high - low + 1
        if ways.sum() > MOST_PARTIAL_TABLES:
            raise StataError(910, "exceeded memory limits; the table is too large for exact")
        origin = np.repeat(np.arange(len(following)), ways)
        start = np.cumsum(ways) - ways
        taken = np.arange(len(origin)) - start[origin] + low[origin]
        following = following[origin]
        following[:, row] -= taken
        remaining = remaining[origin] - taken
        logs = logs[origin] - log_factorial[taken]
        multiples = multiples[origin]
    key = np.column_stack((following, np.rint(logs * 1e8).astype(np.int64)))
    order = np.lexsort(key.T[::-1])
    key = key[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = (key[1:] != key[:-1]).any(axis=1)
    starts = np.flatnonzero(first)
    return following[order][starts], logs[order][starts], np.add.reduceat(multiples[order], starts)


def fisher_exact_one_sided(table: np.ndarray) -> float:
    """For a 2 x 2 table the probability of one at least as far in the observed direction."""
    from scipy.special import gammaln

    counts = np.rint(table)
    (a, b), (c, d) = counts
    n, row, column = counts.sum(), a + b, a + c
    cells = np.arange(max(0.0, row + column - n), min(row, column) + 1)
    log = (
        gammaln([row + 1, n - row + 1, column + 1, n - column + 1]).sum()
        - gammaln(n + 1)
        - gammaln(cells + 1)
        - gammaln(row - cells + 1)
        - gammaln(column - cells + 1)
        - gammaln(n - row - column + cells + 1)
    )
    beyond = cells <= a if a * d < b * c else cells >= a
    return float(min(np.exp(log[beyond]).sum(), 1.0))
