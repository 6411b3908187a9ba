"""e(sample): a mark on the observations that follows them through sorting and dropping."""

from __future__ import annotations

import numpy as np

from statalike.state import State


def set_estimation_sample(state: State, sample: np.ndarray) -> None:
    """Mark the estimation sample in the dataset, and forget marks that no estimates use."""
    marks = state.data.marks
    used = {stored.results.sample for stored in state.memory.stored.values()}
    for name in list(marks):
        if name not in used:
            del marks[name]
    number = 1
    while f"sample{number}" in marks or f"sample{number}" in used:
        number += 1
    name = f"sample{number}"
    marks[name] = sample
    state.e.sample = name
