"""Where an axis has its labels and ticks."""

from __future__ import annotations

import math
from typing import Final

from statalike.data.formats import Format
from statalike.graphics.graph import Ticks

#: how far, in steps, an end of the axis may be moved out to a round value
_REACH: Final = 0.7
_STEPS: Final = (1.0, 2.0, 5.0)


def round_values(low: float, high: float, count: int) -> tuple[float, ...]:
    """About ``count`` multiples of 1, 2 or 5 times a power of ten that cover ``low`` to ``high``.

    The number of values comes as near to ``count`` as it can.  A value outside the range is taken
    when the range ends less than a third of a step inside.
    """
    if not high > low:
        return (low,)
    best: tuple[float, ...] = ()
    power = math.floor(math.log10((high - low) / max(count, 1)))
    for exponent in range(power - 1, power + 3):
        for factor in _STEPS:
            values = _multiples(low, high, factor, exponent)
            nearer = abs(len(values) - count) < abs(len(best) - count)
            if values and (not best or nearer):
                best = values
    return best


def _multiples(low: float, high: float, factor: float, exponent: int) -> tuple[float, ...]:
    step = factor * 10.0**exponent
    if (high - low) / step > 200:
        return ()
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if low / step - first > _REACH:
        first += 1
    if last - high / step > _REACH:
        last -= 1
    digits = max(0, -exponent)
    return tuple(
        round(index * step, digits) if digits < 300 else index * step
        for index in range(first, last + 1)
    )


def round_logarithms(low: float, high: float, count: int) -> tuple[float, ...]:
    """Powers of ten within a positive range, or plain round values where there are under two."""
    if not 0 < low < high:
        return round_values(low, high, count)
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    found = tuple(10.0**power for power in powers)
    if len(found) >= 2:
        return found
    return tuple(value for value in round_values(low, high, count) if value > 0)


def tick_values(ticks: Ticks, low: float, high: float, *, log: bool = False) -> list[float]:
    """All values that are marked on an axis whose data go from ``low`` to ``high``."""
    found = list(ticks.values)
    if ticks.count is not None and math.isfinite(low) and math.isfinite(high):
        choose = round_logarithms if log else round_values
        found += choose(low, high, ticks.count)
    if ticks.minmax and math.isfinite(low):
        found += [low, high]
    return list(dict.fromkeys(found))


def tick_texts(ticks: Ticks, values: list[float], axis_format: str) -> list[str]:
    """The text at each value: the one given for it, or the number in the format."""
    given = {
        value: text
        for value, text in zip(ticks.values, ticks.texts, strict=True)
        if text is not None
    }
    form = Format.parse(ticks.format or axis_format or "%9.0g")
    if form.is_string:
        form = Format.parse("%9.0g")
    return [given[value] if value in given else form.text(value).strip() for value in values]
