"""``covariance(fixed(matname))`` and ``covariance(pattern(matname))`` ([ME] meglm).

e(vartypes) keeps a structure of either kind as ``pattern(0,-1,1)``, the labels of its lower
triangle: equal ones for equal entries, -1 for zeros.
"""

from __future__ import annotations

import numpy as np

from statalike.data.missing import MISSING
from statalike.engine.patterned_covariance import (
    Patterned,
    equal_entries_pattern,
    fixed_pattern,
    fixed_values,
)
from statalike.errors import StataError
from statalike.state import State

PATTERN = "pattern("
FIXED = "fixed("


def stored_pattern(text: str, size: int) -> Patterned:
    """The structure of ``pattern(0,-1,1)``."""
    labels = text.lower().removeprefix(PATTERN).removesuffix(")")
    return Patterned(size, tuple(int(label) for label in labels.split(",")))


def settled_pattern(state: State, structure: str, size: int) -> tuple[str, np.ndarray]:
    """The structure that a matrix describes for ``size`` effects, as e() keeps it, and the values
    at which its parameters are held, nan where they are free.

    ``structure`` is ``fixed(matname)`` or ``pattern(matname)``.  Raises r(111) without such a
    matrix, r(503) for one of another size, r(198) for a variance fixed at zero or less.
    """
    kind = FIXED if structure.startswith(FIXED) else PATTERN
    name = structure.removeprefix(kind).removesuffix(")")
    matrix = state.memory.matrices.get(name)
    if matrix is None:
        raise StataError(111, f"matrix {name} not found")
    if matrix.shape != (size, size):
        raise StataError(
            503,
            "conformability error",
            hint=f"matrix {name} is {matrix.shape[0]} x {matrix.shape[1]}, "
            f"for {size} random effects",
        )
    values = np.where(matrix.values < MISSING, matrix.values, np.nan)
    if kind == PATTERN:
        pattern = equal_entries_pattern(values)
        held = np.full(pattern.parameter_count, np.nan)
    else:
        if np.any(np.diagonal(values) <= 0):
            raise StataError(198, f"matrix {name} fixes a variance at a value that is not positive")
        pattern = fixed_pattern(values)
        held = fixed_values(pattern, values)
    labels = ",".join(str(label) for label in pattern.labels)
    return f"{PATTERN}{labels})", held
