"""Covariates that determine a binary outcome."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.engine.perfect_prediction import perfect_prediction

Y = np.array([0.0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("covariate", "kind", "threshold", "success", "count"),
    [
        ([0, 0, 0, 0, 1, 1], "value", 0, True, 2),
        ([1, 1, 0, 0, 0, 0], "value", 0, False, 2),
        ([1, 1, 1, 1, 2, 2], "value", 1, True, 2),
        ([1, 1, 1, 2, 1, 2], "value", 1, True, 2),
        ([2, 1, 3, 4, 5, 6], "separated", 3, True, 6),
        ([6, 5, 4, 1, 2, 3], "separated", 3, False, 6),
        ([0, 0, 0, 1, 1, 1], "separated", 0, True, 6),
        ([1, 2, 3, 3, 4, 5], "touching", 3, True, 4),
        ([5, 4, 3, 3, 2, 1], "touching", 3, False, 4),
    ],
)
def test_kinds(
    covariate: list[float], kind: str, threshold: float, success: bool, count: int
) -> None:
    found = perfect_prediction(np.array(covariate, dtype=float), Y)
    assert found is not None
    assert (found.kind, found.threshold, found.success) == (kind, threshold, success)
    assert found.predicted.sum() == count
    if kind == "value":
        assert np.all(Y[found.predicted] == success)


@pytest.mark.parametrize("covariate", [[1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1], [1, 5, 2, 3, 2, 9]])
def test_nothing_is_predicted(covariate: list[float]) -> None:
    assert perfect_prediction(np.array(covariate, dtype=float), Y) is None


def test_an_outcome_without_variation_is_not_predicted() -> None:
    assert perfect_prediction(np.arange(4.0), np.ones(4)) is None
