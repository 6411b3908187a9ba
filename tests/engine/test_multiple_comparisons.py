"""Adjustments: published tables, R, independent integration, relations between methods."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from statalike.engine.multiple_comparisons import (
    Family,
    adjusted_p_values,
    critical_values,
    homogeneous_groups,
    spans_of,
)

INFINITE = np.array([np.inf])


def critical(method: str, level: float, df: float, means: int, span: float = 0.0) -> float:
    family = Family(means * (means - 1) // 2, means - 1, means, np.array([span]))
    return float(critical_values(method, level, np.array([df]), family)[0])


@pytest.mark.parametrize(
    ("level", "df", "values"),
    [
        # Dunnett (1964, Biometrics 20: 482-491), tables II and III, two-sided, 2 to 6 means
        (95, 20, [2.09, 2.38, 2.54, 2.65, 2.73]),
        (95, 15, [2.13, 2.44, 2.61, 2.73, 2.82]),
        (99, 20, [2.85, 3.13, 3.29, 3.40, 3.48]),
    ],
)
def test_dunnett_has_its_tabulated_values(level: float, df: float, values: list[float]) -> None:
    found = [critical("dunnett", level, df, means) for means in range(2, 7)]
    np.testing.assert_allclose(found, values, atol=0.0151)


def test_duncan_has_its_tabulated_values() -> None:
    """Significant Studentized ranges for 20 degrees of freedom at 5% (Duncan 1955; Harter 1960)."""
    found = [critical("duncan", 95, 20, 6, span) * np.sqrt(2) for span in (2.0, 3.0, 4.0, 5.0)]
    np.testing.assert_allclose(found, [2.950, 3.097, 3.190, 3.255], atol=6e-4)


def test_tukey_is_that_of_r() -> None:
    """TukeyHSD(aov(breaks ~ wool + tension, warpbreaks), "tension") of R 4.3, which has 50 degrees
    of freedom: differences, half widths of intervals, adjusted p-values."""
    differences = np.array([-10.0, -14.72222222, -4.72222222])
    half_width = 9.3534207
    p = [0.03362621891, 0.00112178772, 0.44742102143]
    df, family = np.full(3, 50.0), Family(3, 2, 3)
    multiplier = critical_values("tukey", 95, df, family)
    t = differences / (half_width / multiplier)
    np.testing.assert_allclose(adjusted_p_values("tukey", t, df, family), p, rtol=1e-6)


def test_dunnett_by_a_multivariate_normal() -> None:
    correlation = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    normal = stats.multivariate_normal(np.zeros(3), correlation)
    inside = normal.cdf(np.full(3, 2.1), lower_limit=np.full(3, -2.1))
    found = adjusted_p_values("dunnett", np.array([-2.1]), INFINITE, Family(3, 3, 4))
    assert found[0] == pytest.approx(1 - inside, abs=2e-5)


@pytest.mark.parametrize("df", [1.0, 4.5, 30.0, 2e5])
def test_methods_agree_for_two_means(df: float) -> None:
    """With one comparison of two means nothing is to be adjusted."""
    t, degrees = np.array([2.2]), np.array([df])
    family = Family(1, 1, 2, np.array([2.0]))
    plain = 2 * special.stdtr(df, -2.2)
    for method in ("bonferroni", "sidak", "scheffe", "tukey", "snk", "duncan", "dunnett"):
        found = adjusted_p_values(method, t, degrees, family)
        assert found[0] == pytest.approx(plain, rel=1e-4), method


def test_simple_adjustments() -> None:
    t, df = np.array([0.1, -2.0, 3.0]), np.array([10.0, 20.0, np.inf])
    plain = adjusted_p_values("noadjust", t, df, Family(3, 2))
    np.testing.assert_allclose(plain[2], 2 * special.ndtr(-3.0))
    np.testing.assert_allclose(
        adjusted_p_values("bonferroni", t, df, Family(3, 2)), np.minimum(3 * plain, 1)
    )
    np.testing.assert_allclose(
        adjusted_p_values("sidak", t, df, Family(3, 2)), 1 - (1 - plain) ** 3
    )
    np.testing.assert_allclose(
        adjusted_p_values("scheffe", t, df, Family(3, 2)),
        np.append(stats.f.sf(t[:2] ** 2 / 2, 2, df[:2]), stats.chi2.sf(9.0, 2)),
    )


@pytest.mark.parametrize(
    "method",
    ["noadjust", "bonferroni", "sidak", "scheffe", "tukey", "snk", "duncan", "dunnett"],
)
def test_critical_values_are_where_p_is_alpha(method: str) -> None:
    df = np.array([7.0, 23.5, np.inf])
    family = Family(6, 3, 4, np.array([2.0, 3.0, 4.0]))
    t = critical_values(method, 90, df, family)
    np.testing.assert_allclose(adjusted_p_values(method, t, df, family), 0.1, rtol=1e-6)


def test_unknown_degrees_of_freedom() -> None:
    for method in ("sidak", "scheffe", "tukey"):
        family = Family(3, 2, 3)
        assert np.isnan(adjusted_p_values(method, np.array([2.0]), np.array([np.nan]), family)[0])
        assert np.isnan(critical_values(method, 95, np.array([np.nan]), family)[0])


# --- groups ------------------------------------------------------------------------------------

MEANS = np.array([5.0, 1.0, 3.0, 2.0, 9.0])
PAIRS = np.array([(i, j) for j in range(5) for i in range(j + 1, 5)])


def different(*pairs: tuple[int, int]) -> np.ndarray:
    wanted = {frozenset(pair) for pair in pairs}
    return np.array([frozenset(pair) in wanted for pair in PAIRS.tolist()])


def test_spans() -> None:
    spans = dict(zip(map(frozenset, PAIRS.tolist()), spans_of(MEANS, PAIRS), strict=True))
    assert spans[frozenset((1, 4))] == 5
    assert spans[frozenset((1, 3))] == 2
    assert spans[frozenset((0, 3))] == 3


def test_groups_go_from_the_smallest_mean_up() -> None:
    groups = homogeneous_groups(MEANS, PAIRS, different((4, 0), (4, 1), (4, 2), (4, 3), (1, 0)))
    assert groups == [(1, 3, 2), (3, 2, 0)]


def test_nothing_differs_and_everything_differs() -> None:
    assert homogeneous_groups(MEANS, PAIRS, different()) == [(1, 3, 2, 0, 4)]
    assert homogeneous_groups(MEANS, PAIRS, np.ones(10, dtype=bool)) == []


def test_groups_are_the_largest_sets_without_differences() -> None:
    """Against all subsets, for differences in any pattern."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        pattern = rng.random(10) < 0.4
        apart = {frozenset(pair) for pair, d in zip(PAIRS.tolist(), pattern, strict=True) if d}
        alike = [
            set(np.flatnonzero([mask >> i & 1 for i in range(5)]))
            for mask in range(1, 32)
            if not any(
                frozenset((i, j)) in apart
                for i in range(5)
                for j in range(i)
                if mask >> i & 1 and mask >> j & 1
            )
        ]
        largest = [s for s in alike if len(s) > 1 and not any(s < other for other in alike)]
        found = [set(group) for group in homogeneous_groups(MEANS, PAIRS, pattern)]
        assert sorted(map(sorted, found)) == sorted(map(sorted, largest))
