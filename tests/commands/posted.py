"""Estimation results with given coefficients and covariances, for tests of what comes after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from statalike.output.console import Console
from statalike.output.sinks import Capture
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.session import Session


def posted(
    names: Sequence[str],
    coefficients: Sequence[float],
    covariance: np.ndarray,
    *,
    command: str = "mixed",
    outcome: str = "y",
    scalars: Mapping[str, float] | None = None,
) -> Results:
    """e() of a made-up estimation; ``names`` are ``equation:name`` or bare names."""
    stripes = tuple(Stripe.parse(name) for name in names)
    return Results(
        dict(scalars or {}),
        {"cmd": command, "depvar": outcome, "title": "Made-up regression"},
        {
            "b": NamedMatrix.row(np.array(coefficients), stripes),
            "V": NamedMatrix.square(covariance, stripes),
        },
    )


def random_covariance(size: int, seed: int = 1) -> np.ndarray:
    """A positive-definite matrix with entries of the order of one."""
    factor = np.random.default_rng(seed).normal(size=(size, size + 3))
    return np.asarray(factor @ factor.T / size)


def quiet_session() -> Session:
    """A session whose screen is a list."""
    return Session(Console(Capture()))
