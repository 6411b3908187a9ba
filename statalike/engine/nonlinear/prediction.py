"""Random effects, means and residuals at given estimates, of the fitted or of other data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.nonlinear.model import NonlinearMixedModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EmpiricalBayes:
    """``effects[level]`` (G, q_l), columns in the order of the level's blocks, with their standard
    errors; ``groups[level]`` (n,) gives each observation its row.
    """

    effects: tuple[Array, ...]
    standard_errors: tuple[Array, ...]
    groups: tuple[NDArray[np.intp], ...]


def predict_effects(model: NonlinearMixedModel, fixed: Array, estimates: Array) -> EmpiricalBayes:
    """Modes of the random effects given the outcomes, and their standard errors, at estimates
    (``NonlinearMixedFit.estimates``) that need not be those of ``model``'s own data.
    """
    raise NotImplementedError


def observation_effects(
    model: NonlinearMixedModel, effects: tuple[Array, ...], levels: int | None = None
) -> Array:
    """The (n, q) argument of the mean function; with ``levels`` only those of so many levels,
    outermost first, and zero for the rest.
    """
    raise NotImplementedError


def standardised_residuals(
    model: NonlinearMixedModel, fixed: Array, estimates: Array, effects: Array
) -> Array:
    """``(s S C^{1/2})^-1 (y - mu)`` within groups, (n,), at ``effects`` (n, q)."""
    raise NotImplementedError
