"""The range of an axis: from the data, the labels, and what was asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from statalike.graphics.graph import Axis, Layer, Panel
from statalike.graphics.ticks import tick_values

#: the part of an axis left free beyond its ends, in schemes with a plot-region margin
PLOT_MARGIN = 0.035


@dataclass(frozen=True)
class Limits:
    """The ends of an axis before the margin, and the values of its labels and ticks."""

    low: float
    high: float
    labels: tuple[float, ...]
    ticks: tuple[float, ...]
    minor_labels: tuple[float, ...] = ()
    minor_ticks: tuple[float, ...] = ()

    def with_margin(self, axis: Axis, margin: float) -> tuple[float, float]:
        """The ends of the plot region, in the order that the axis is drawn."""
        low, high = self.low, self.high
        if axis.log:
            reach = (high / low) ** margin
            low, high = low / reach, high * reach
        else:
            reach = (high - low) * margin
            lower = 0.0 if axis.flush_at_zero and low == 0 else reach
            upper = 0.0 if axis.flush_at_zero and high == 0 else reach
            low, high = low - lower, high + upper
        return (high, low) if axis.reverse else (low, high)


def limits_of(axis: Axis, panels: Iterable[Panel], which: str) -> Limits:
    """The range of one axis over some panels; ``which`` is ``x``, ``y`` or ``y2``."""
    panels = tuple(panels)
    values = [part for panel in panels for layer in panel.layers for part in _extent(layer, which)]
    if which != "y2":
        values += [getattr(text, which) for panel in panels for text in panel.texts]
    values += [line.value for line in axis.lines]
    if axis.log:
        values = [value for value in values if value > 0]
    values = [value for value in values if math.isfinite(value)]
    low, high = (min(values), max(values)) if values else (math.nan, math.nan)
    ends = [end for end in (axis.low, axis.high) if end is not None and (end > 0 or not axis.log)]
    asked_low, asked_high = min([low, *ends], default=low), max([high, *ends], default=high)
    if math.isnan(low) and ends:
        asked_low, asked_high = min(ends), max(ends)
    chosen = [
        tuple(tick_values(ticks, asked_low, asked_high, log=axis.log)) if ticks else ()
        for ticks in (axis.labels, axis.ticks, axis.minor_labels, axis.minor_ticks)
    ]
    everything = [asked_low, asked_high, *(value for values in chosen for value in values)]
    everything = [value for value in everything if math.isfinite(value)] or [0.0, 1.0]
    if axis.log:
        everything = [value for value in everything if value > 0] or [1.0, 10.0]
    low, high = min(everything), max(everything)
    if axis.fixed and axis.low is not None and axis.high is not None:
        low, high = axis.low, axis.high
    if low == high:
        spread = abs(low) / 10 or 1.0
        low, high = (low / 2, high * 2) if axis.log else (low - spread, high + spread)
    labels, ticks, minor_labels, minor_ticks = chosen
    return Limits(low, high, labels, ticks, minor_labels, minor_ticks)


def _extent(layer: Layer, which: str) -> list[float]:
    """The smallest and largest value of a layer on an axis."""
    if not layer.n:
        return []
    on_values = (which != "x") != layer.horizontal
    if on_values:
        if layer.axis != (2 if which == "y2" else 1) and not layer.horizontal:
            return []
        names = [name for name in layer.data if name not in ("x", "size")]
        arrays = [layer.data[name] for name in names]
    else:
        if which == "y2":
            return []
        arrays = [layer.data["x"]]
    found: list[float] = []
    for array in arrays:
        present = array[np.isfinite(array)]
        if present.size:
            found += [float(present.min()), float(present.max())]
    if not on_values and layer.kind in ("bar", "range bar", "box") and found:
        half = layer.width / 2
        found = [found[0] - half, found[1] + half]
    return found
