"""Storage types for columns that are put together: ``append``, ``merge``, widening strings."""

from __future__ import annotations

import numpy as np

from statalike.data.storage import DOUBLE, StorageType, from_double, string_column
from statalike.data.variable import Variable


def wider_string(first: StorageType, second: StorageType) -> StorageType:
    """The string type that takes texts of both."""
    if first.is_long_string or second.is_long_string:
        return first if first.is_long_string else second
    return first if first.width >= second.width else second


def common_type(first: StorageType, second: StorageType) -> StorageType:
    """The type that holds every value of either: ``append``'s and ``merge``'s rule.

    Of numeric types the one named later in byte, int, long, float, double, except that long with
    float needs double.
    """
    if first.is_string:
        return wider_string(first, second)
    rank = {"byte": 0, "int": 1, "long": 2, "float": 3, "double": 4}
    low, high = sorted((first, second), key=lambda kind: rank[kind.name])
    return DOUBLE if (low.name, high.name) == ("long", "float") else high


def as_type(variable: Variable, kind: StorageType) -> np.ndarray:
    """A variable's column converted to a type of the same sort (numeric or string)."""
    if variable.storage == kind:
        return variable.values
    if kind.is_string:
        return string_column(variable.values, kind)
    return from_double(variable.numbers(), kind)
