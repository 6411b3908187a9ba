"""Sums of squares against NIST's certified values and R's, and their invariances.

NIST/ITL StRD, analysis of variance, https://www.itl.nist.gov/div898/strd/anova/anova.html: SiRstv.
R 4 gave the sums of squares of the unbalanced design by ``drop1(lm(y ~ a * b + x), . ~ .)`` with
``contr.sum`` and ``anova(lm(y ~ a * b + x))``.
"""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.linear.analysis_of_variance import (
    TermColumns,
    partial_sums_of_squares,
    sequential_sums_of_squares,
)
from statalike.engine.linear.sphericity import (
    epsilons,
    pooled_covariance,
    repeated_contrasts,
)

SIRSTV = """
196.3052 196.1240 196.1890 196.2569 196.3403  196.3042 196.3825 196.1669 196.3257 196.0422
196.1303 196.2005 196.2889 196.0343 196.1811  196.2795 196.1748 196.1494 196.1485 195.9885
196.2119 196.1051 196.1850 196.0052 196.2090
"""
Y = np.array([4, 5, 6, 7, 2, 3, 9, 8, 1, 5, 6, 4, 7, 3.0])
A = np.array([1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3])
B = np.array([1, 1, 2, 2, 1, 2, 2, 2, 1, 1, 2, 1, 1, 2])
X = np.array([1, 3, 2, 5, 4, 6, 8, 7, 9, 2, 1, 3, 5, 4.0])
ONE = np.ones((14, 1))


def indicators(*factors: np.ndarray) -> np.ndarray:
    _, cell = np.unique(np.column_stack(factors), axis=0, return_inverse=True)
    return np.eye(int(cell.max()) + 1)[np.asarray(cell).reshape(-1)]


def two_way(a: np.ndarray, b: np.ndarray) -> list[TermColumns]:
    return [
        TermColumns(indicators(a), frozenset({2})),
        TermColumns(indicators(b), frozenset({2})),
        TermColumns(indicators(a, b), frozenset()),
        TermColumns(X[:, None], frozenset()),
    ]


def test_sirstv() -> None:
    y = np.array(SIRSTV.split(), dtype=float)
    term = TermColumns(indicators(np.repeat(np.arange(5), 5)), frozenset())
    for sums_of_squares in (partial_sums_of_squares, sequential_sums_of_squares):
        (found,) = sums_of_squares(y, np.ones((25, 1)), [term])
        assert found.df == 4
        assert found.value == pytest.approx(5.11462616e-2, rel=1e-8)


def test_partial_sums_of_squares_of_an_unbalanced_design() -> None:
    found = partial_sums_of_squares(Y, ONE, two_way(A, B))
    assert [term.df for term in found] == [2, 1, 2, 1]
    expected = [4.470661312, 13.872787788, 19.628563428, 0.884898711]
    assert [term.value for term in found] == pytest.approx(expected, rel=1e-9)


def test_sequential_sums_of_squares_of_an_unbalanced_design() -> None:
    a, b, interaction, x = two_way(A, B)
    found = sequential_sums_of_squares(Y, ONE, [a, b, x, interaction])
    assert [term.df for term in found] == [2, 1, 1, 2]
    expected = [1.8, 15.247058824, 2.875943126, 19.628563428]
    assert [term.value for term in found] == pytest.approx(expected, rel=1e-9)


def test_slopes_within_groups() -> None:
    terms = [
        TermColumns(indicators(A), frozenset()),
        TermColumns(X[:, None], frozenset({2})),
        TermColumns(indicators(A) * X[:, None], frozenset()),
    ]
    # R's contr.sum tests ``a`` at x = 0 and ``x`` at the mean slope
    found = partial_sums_of_squares(Y, ONE, terms)
    expected = [2.735440688, 4.096413498, 2.036451674]
    assert [term.value for term in found] == pytest.approx(expected, rel=1e-9)


def test_neither_the_order_of_terms_nor_that_of_levels_matters() -> None:
    """Also with an empty cell."""
    used = ~((A == 2) & (B == 1))
    y, one = Y[used], ONE[used]

    def found(a: np.ndarray, b: np.ndarray) -> list[float]:
        terms = [TermColumns(t.columns[used], t.containing) for t in two_way(a, b)]
        terms[2] = TermColumns(indicators(a[used], b[used]), frozenset())
        return [term.value for term in partial_sums_of_squares(y, one, terms)]

    plain = found(A, B)
    assert found(4 - A, B) == pytest.approx(plain)
    swapped = found(B, A)
    assert [swapped[1], swapped[0], *swapped[2:]] == pytest.approx(plain)


def test_a_term_that_others_determine_has_nothing_of_its_own() -> None:
    terms = [
        TermColumns(indicators(A, B), frozenset()),
        TermColumns(indicators(A), frozenset()),
    ]
    assert [term.df for term in sequential_sums_of_squares(Y, ONE, terms)] == [5, 0]


#: Winer, Brown and Michels (1991), a two-group experiment with four repeated measures
WINER = np.array(
    [[0, 0, 5, 3], [3, 1, 5, 4], [4, 3, 6, 2], [4, 2, 7, 8], [5, 4, 6, 6], [7, 5, 8, 9.0]]
)
GROUPS = np.array([0, 0, 0, 1, 1, 1])


def test_epsilons() -> None:
    """Greenhouse and Geisser's as by R's anova(lm(m ~ g), X = ~1, test = "Spherical")."""
    covariance = pooled_covariance(WINER, GROUPS)
    found = epsilons(covariance, repeated_contrasts([4], [True]), 6, 2)
    assert found.greenhouse_geisser == pytest.approx(0.4751, abs=5e-5)
    assert found.huynh_feldt == pytest.approx(0.8483, abs=5e-5)
    assert found.box == pytest.approx(1 / 3)


def test_a_spherical_covariance_has_epsilon_one() -> None:
    spherical = 2 * np.eye(6) + 3
    contrasts = repeated_contrasts([2, 3], [True, True])
    assert contrasts.shape == (2, 6)
    assert contrasts @ contrasts.T == pytest.approx(np.eye(2))
    assert contrasts.sum(axis=1) == pytest.approx(np.zeros(2))
    assert epsilons(spherical, contrasts, 9, 1).greenhouse_geisser == pytest.approx(1)
    averaged = repeated_contrasts([2, 3], [False, True])
    assert averaged[:, :3] == pytest.approx(averaged[:, 3:])
