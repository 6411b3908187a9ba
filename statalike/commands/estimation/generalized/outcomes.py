"""From the outcome variable of a generalized mixed model to what the engine takes.

Each family has its own requirements of the data, its own rows of an outcome, names of its own
parameters and lines in the header.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from statalike.data.dataset import Dataset
from statalike.design.columns import Column
from statalike.engine.families.family import Array, Family
from statalike.errors import StataError


@dataclass(frozen=True)
class OutcomeRequest:
    """An outcome as a command line describes it.

    ``family`` and ``link`` are Stata's names; ``trials`` a number or a variable's name for binomial
    outcomes, ``dispersion`` ``mean`` or ``constant`` for negative binomial ones.
    """

    column: Column
    family: str
    link: str
    trials: str = ""
    dispersion: str = "mean"


@dataclass(frozen=True)
class PreparedOutcome:
    """The family and the outcome's rows (c, n), the names of its own parameters in e(b), lines for
    the header, and the values of ordinal categories."""

    family: Family
    rows: Array
    parameter_names: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    counts: tuple[tuple[str, str], ...] = ()
    categories: Array = field(default_factory=lambda: np.zeros(0))


def prepare_outcome(request: OutcomeRequest, data: Dataset, sample: np.ndarray) -> PreparedOutcome:
    """The outcome on an estimation sample; r(198), r(459), r(2000)."""
    values = request.column.evaluate(data, sample)
    try:
        prepare = _PREPARE[request.family]
    except KeyError:
        raise StataError(198, f"family({request.family}) not yet supported") from None
    return prepare(request, data, sample, values)


def _binary(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    outcome = (values != 0).astype(np.float64)
    if outcome.min() == outcome.max():
        raise StataError(
            2000,
            "outcome does not vary; remember:\n"
            "                                  0 = negative outcome,\n"
            "        all other nonmissing values = positive outcome",
        )
    from statalike.engine.families.logistic import BernoulliLogit

    if request.link != "logit":
        raise StataError(198, f"link({request.link}) not yet supported")
    return PreparedOutcome(BernoulliLogit(), outcome[None])


_PREPARE: dict[str, Callable[[OutcomeRequest, Dataset, np.ndarray, Array], PreparedOutcome]] = {
    "bernoulli": _binary
}
