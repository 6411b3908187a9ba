"""Why a model cannot be estimated, as a kind the caller can translate into its own words."""

from __future__ import annotations

from typing import Literal

EstimationFailure = Literal[
    "no_observations",
    "insufficient_observations",
    "nonconformable",
    "not_finite",
    "collinear_fixed_effects",
    "no_residual_variation",
    "likelihood_undefined",
    "inconsistent_constraints",
]


class EstimationError(Exception):
    """An estimation that cannot be begun or carried through.

    ``kind`` is one of :data:`EstimationFailure`; the message gives the numbers at fault.
    """

    def __init__(self, kind: EstimationFailure, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
