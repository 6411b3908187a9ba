"""The estimation sample: the observations that can be used, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.terms import Measure, Term
from statalike.design.time_series import lagged


def drop_missing(data: Dataset, sample: np.ndarray, variables: Iterable[str]) -> np.ndarray:
    """The mask ``sample`` (n,) less observations where one of the variables is missing.

    An empty string counts as missing.
    """
    for name in dict.fromkeys(variables):
        variable = data.variable(name)
        if variable.storage.is_string:
            sample = sample & np.asarray(variable.values != b"", dtype=bool)
            continue
        values = variable.numbers()
        if values.size and values.max() >= MISSING:
            sample = sample & (values < MISSING)
    return sample


def drop_missing_terms(data: Dataset, sample: np.ndarray, terms: Iterable[Term]) -> np.ndarray:
    """The mask ``sample`` less observations where a term cannot be evaluated."""
    plain: list[str] = []
    for term in terms:
        for element in term.elements:
            if isinstance(element, Measure) and element.operators:
                sample = sample & (lagged(data, element.variable, element.operators) < MISSING)
            else:
                plain.append(element.variable)
    return drop_missing(data, sample, plain)
