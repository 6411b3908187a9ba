"""Derivatives of densities of ``z = (y - eta) / s`` in eta and log s."""

from __future__ import annotations

import numpy as np

from statalike.engine.families.distribution_interval import IntervalDerivatives
from statalike.engine.families.family import Array, Derivatives, Positions

# Standardised values are cut off here, so that their squares and cubes are numbers.
LARGEST_DEVIATION = 1e90


def standardised(value: Array, eta: Array, precision: Array) -> Array:
    """``(y - eta) / s`` (..., n), ``precision`` being 1 / s."""
    z = value - eta
    z *= precision
    return np.clip(z, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=z)


def point_derivatives(
    z: Array, precision: Array, parts: tuple[Array, ...], densities: Array
) -> Derivatives:
    """Derivatives in eta and log s of ``l(z) - d log s``.

    ``parts`` are l and its first two or three derivatives in z, (..., n); ``densities`` d (n,) is
    one where l is a log density and zero where it is a log probability.  With a third derivative
    those of the second in eta are found, too.
    """
    value, first, second = parts[:3]
    scaled = z * first
    bent = z * second
    own = -scaled
    own -= densities
    mixed = first + bent
    mixed *= precision
    bent *= z
    bent += scaled
    square = np.square(precision)
    third: tuple[Array, ...] = ()
    if len(parts) > 3:
        twist = parts[3] * square
        third = (-twist * precision, -2.0 * square * second - z * twist)
    return Derivatives(
        value + densities * np.log(precision),
        (-precision * first, own),
        {(0, 0): square * second, (0, 1): mixed, (1, 1): bent},
        third,
    )


def interval_in_location_and_scale(
    a: Array, b: Array, precision: Array, found: IntervalDerivatives
) -> Derivatives:
    """Derivatives in eta and log s of the log probability between standardised ends a and b.

    The ends must be finite: an infinite one is replaced by any number so far off that it has no
    probability beyond it.
    """
    square = np.square(precision)
    own = -(a * found.lower + b * found.upper)
    towards = a * found.shift_lower + b * found.shift_upper
    spread = (
        np.square(a) * found.lower_lower
        + 2.0 * a * b * found.upper_lower
        + np.square(b) * found.upper_upper
    )
    third: tuple[Array, ...] = ()
    if found.shift_shift_upper is not None and found.shift_shift_lower is not None:
        upper, lower = found.shift_shift_upper, found.shift_shift_lower
        third = (
            -(upper + lower) * precision * square,
            -square * (2.0 * found.shift_shift + a * lower + b * upper),
        )
    return Derivatives(
        found.value,
        (-precision * found.shift, own),
        {
            (0, 0): square * found.shift_shift,
            (0, 1): precision * (found.shift + towards),
            (1, 1): spread - own,
        },
        third,
    )


def scattered(shape: tuple[int, ...], parts: list[tuple[Positions, Derivatives]]) -> Derivatives:
    """Derivatives (..., n) put together from those of sets of columns (positions, derivatives),
    which have two predictors and between them every column."""
    if len(parts) == 1:
        return parts[0][1]
    model = parts[0][1]
    counts = 1, len(model.first), len(model.second), len(model.third)
    found = np.empty((sum(counts), *shape))
    for columns, part in parts:
        pieces = (part.value, *part.first, *part.second.values(), *part.third)
        for row, piece in enumerate(pieces):
            found[row][..., columns] = piece
    value, first = found[0], tuple(found[1 : 1 + counts[1]])
    start = 1 + counts[1]
    second = dict(zip(model.second, found[start : start + counts[2]], strict=True))
    return Derivatives(value, first, second, tuple(found[start + counts[2] :]))
