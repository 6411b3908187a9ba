"""A checksum of the data a model was fitted to, so that predictions notice when they changed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from statalike.commands.estimation.linear_mixed import LinearMixedDescription
from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.results.stores import Results


def signature_variables(
    description: LinearMixedDescription, weights: Sequence[str] = ()
) -> list[str]:
    """The variables of a model, each once; ``weights`` are those of its weights."""
    names = [*description.outcome.variables, *description.fixed.variables]
    names += [name for name in description.level_names if name != "_all"]
    names += description.random_variables
    names += description.residuals.variables if description.residuals else ()
    return list(dict.fromkeys([*names, *weights]))


def data_signature(data: Dataset, names: Sequence[str], sample: np.ndarray) -> str:
    """A checksum of the variables of a model on its sample, whatever the order of the rows.

    It is a sum over observations of a number mixed from all values of an observation, so that
    values exchanged between observations change it.
    """
    everything = bool(sample.all())
    total = np.zeros(int(sample.sum()), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name in names:
            variable = data.variable(name)
            bits = _bits(variable.values if everything else variable.values[sample])
            total *= _MULTIPLIER
            total += bits
        total ^= total >> np.uint64(29)
        total *= _MULTIPLIER
        total ^= total >> np.uint64(32)
        checksum = int(np.add.reduce(total))
    return f"{len(total)}:{len(names)}:{checksum:x}"


def check_unchanged(data: Dataset, results: Results, sample: np.ndarray) -> None:
    """r(459) when observations of the estimation sample have changed or gone."""
    signature = results.macros.get("datasignature")
    names = results.macros.get("datasignaturevars", "").split()
    known = all(name in data for name in names)
    if signature and not (known and signature == data_signature(data, names, sample)):
        raise StataError(459, "data have changed since estimation")


#: an odd number whose multiples spread over all 64 bits (2^64 divided by the golden ratio)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def _bits(values: np.ndarray) -> np.ndarray:
    """A 64-bit number for each value (n,), the same wherever the value stands."""
    if values.dtype.kind in "fiu":
        return values.view(np.dtype(f"u{values.dtype.itemsize}"))
    texts, position = np.unique(values, return_inverse=True)
    numbers = [zlib.crc32(bytes(text)) for text in texts.tolist()]
    return np.array(numbers, dtype=np.uint64)[position]
