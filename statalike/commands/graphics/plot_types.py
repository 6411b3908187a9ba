"""The register of plot types: ``scatter``, ``line``, ``lfit`` and so on ([G-2] graph twoway).

A plot type declares what it takes in the ``syntax`` language, like a command, and makes layers::

    @plot_type("line", "line", syntax=f"varlist(numeric min=2) [if] [in] [, {LINES}]")
    def line(plot: Plot, mask: np.ndarray) -> list[Layer]: ...

Options that a type does not have belong to the whole graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from statalike.commands.data.weights import all_weights
from statalike.commands.graphics.style_options import (
    UNSUPPORTED_STYLES,
    StyleOptions,
)
from statalike.data.labels import ValueLabel
from statalike.data.missing import MISSING
from statalike.errors import StataError, suggestion
from statalike.graphics.graph import Layer
from statalike.language.arguments import Arguments
from statalike.language.specification import Specification
from statalike.state import State

MakeLayers = Callable[["Plot", np.ndarray], list[Layer]]


@dataclass(frozen=True)
class PlotType:
    """A type: its name, the shortest abbreviation, its syntax, and the function for its layers."""

    name: str
    minimum: str
    syntax: str
    unsupported: str
    make: MakeLayers

    @cached_property
    def specification(self) -> Specification:
        return Specification.parse(
            f"{self.syntax[:-1]} *]", unsupported=f"{UNSUPPORTED_STYLES} {self.unsupported}"
        )


PLOT_TYPES: dict[str, PlotType] = {}


def plot_type(
    name: str, minimum: str = "", *, syntax: str, unsupported: str = ""
) -> Callable[[MakeLayers], MakeLayers]:
    """Register the decorated function as the maker of a type's layers.

    ``syntax`` must end with the list of options, ``[, ...]``.  The function is called for each
    panel with the observations of the panel and must return the same number of layers each time.
    """

    def decorate(make: MakeLayers) -> MakeLayers:
        PLOT_TYPES[name] = PlotType(name, minimum or name, syntax, unsupported, make)
        return make

    return decorate


def find_plot_type(word: str) -> PlotType:
    """The type that a word stands for, in full or abbreviated; r(198)."""
    if word in PLOT_TYPES:
        return PLOT_TYPES[word]
    for kind in PLOT_TYPES.values():
        if len(word) >= len(kind.minimum) and kind.name.startswith(word):
            return kind
    raise StataError(
        198, f"{word or 'nothing'} is not a twoway plot type", hint=suggestion(word, PLOT_TYPES)
    )


@dataclass
class PlotNames:
    """What a plot says of the axes: titles, and the variables whose formats and labels count."""

    y: list[str] = field(default_factory=list)
    x: str = ""
    y_format: str = ""
    x_format: str = ""
    y_labels: ValueLabel | None = None
    x_labels: ValueLabel | None = None

    def turned(self) -> PlotNames:
        """The names of a horizontal plot, whose values are along the x axis."""
        title = self.y[0] if len(self.y) == 1 else ""
        return PlotNames(
            [self.x], title, self.x_format, self.y_format, self.x_labels, self.y_labels
        )


@dataclass
class Plot:
    """One plot of a graph: its type, what was typed, and what its layers are made from.

    ``number`` is the number of its first layer in the scheme, from 0.  A type fills ``names``.
    """

    state: State
    kind: PlotType
    arguments: Arguments
    number: int = 0
    names: PlotNames = field(default_factory=PlotNames)

    @cached_property
    def styles(self) -> StyleOptions:
        return StyleOptions(self.arguments)

    @property
    def axis(self) -> int:
        """The y axis it uses, 1 or 2; r(198) for others."""
        axis = int(self.arguments.options.get("yaxis", 1))
        if axis not in (1, 2):
            raise StataError(198, f"yaxis({axis}) not yet supported; there are axes 1 and 2")
        return axis

    def style_number(self, position: int = 0) -> int:
        """The number by which the scheme draws its layer at a position."""
        if self.styles.number is not None:
            return self.styles.number
        return self.number + position

    # --- data ---

    def label(self, name: str) -> str:
        """The label of a variable, or its name."""
        return self.state.data.variable(name).label or name

    def columns(self, names: tuple[str, ...], rows: np.ndarray) -> list[np.ndarray]:
        """Numeric variables on some rows, with nan for missing values."""
        found = []
        for name in names:
            values = self.state.data.numbers(name)[rows]
            found.append(np.where(values >= MISSING, np.nan, values))
        return found

    def rows(self, mask: np.ndarray, x: str = "") -> np.ndarray:
        """The positions of the observations of a mask, in the order that ``sort`` asks for."""
        rows = np.flatnonzero(mask)
        sort = self.arguments.options.get("sort")
        if not sort or not len(rows):
            return rows
        keys = [x] if sort is True else list(sort)
        columns = [self.state.data.numbers(name)[rows] for name in keys if name]
        return rows[np.lexsort(columns[::-1])] if columns else rows

    def weights(self, rows: np.ndarray) -> np.ndarray | None:
        """The weights of some rows, nan where they are missing; None without weights."""
        given = self.arguments.weight
        if given is None:
            return None
        weights = all_weights(self.state, given)[rows]
        return np.where(weights >= MISSING, np.nan, weights)

    def marker_labels(self, rows: np.ndarray, position: int = 0) -> tuple[str, ...]:
        """The texts of ``mlabel()`` for some rows: value labels, formatted numbers or strings."""
        names = self.arguments.options.get("mlabel") or ()
        if isinstance(names, str):
            names = (names,)
        if not names:
            return ()
        name = names[min(position, len(names) - 1)]
        return variable_texts(self.state, name, rows)

    def take_names(self, y: tuple[str, ...], x: str, titles: tuple[str, ...] = ()) -> None:
        """Fill :attr:`names` from the variables of the plot."""
        data = self.state.data
        self.names = PlotNames(list(titles) or [self.label(name) for name in y])
        if y:
            self.names.y_format = data.variable(y[0]).format
            self.names.y_labels = data.value_label_of(y[0])
        if x:
            self.names.x = self.label(x)
            self.names.x_format = data.variable(x).format
            self.names.x_labels = data.value_label_of(x)


#: kinds of layers that may take each other's place, by the name of their plot types
_XY_KINDS = ("scatter", "line", "connected", "area", "bar", "spike", "dropline")
_RANGE_KINDS = {
    "rarea": "range area",
    "rbar": "range bar",
    "rspike": "range spike",
    "rcap": "range cap",
    "rline": "range line",
    "rconnected": "range connected",
    "rscatter": "range scatter",
}


def recast(layer: Layer, name: str) -> Layer:
    """The layer drawn as another plot type (``recast()``); r(198) for one that cannot be."""
    if layer.kind in _XY_KINDS and name in _XY_KINDS:
        data = dict(layer.data)
        data.setdefault("base", np.zeros(layer.n))
        if name in ("scatter", "line", "connected"):
            del data["base"]
        return replace(layer, kind=name, data=data)
    if "low" in layer.data and name in _RANGE_KINDS:
        return replace(layer, kind=_RANGE_KINDS[name])
    raise StataError(198, f"recast({name}) not allowed")


def variable_texts(state: State, name: str, rows: np.ndarray) -> tuple[str, ...]:
    """A variable's values on some rows as they are shown."""
    from statalike.data.formats import Format

    variable = state.data.variable(name)
    if variable.is_string:
        return tuple(variable.strings()[rows].tolist())
    form = Format.parse(variable.format)
    label = state.data.value_label_of(name)
    return tuple(
        (label.text(value) if label else None) or form.text(value).strip()
        for value in variable.numbers()[rows].tolist()
    )


def present(*columns: np.ndarray) -> np.ndarray:
    """Where none of the columns is missing."""
    there = np.ones(len(columns[0]), dtype=bool)
    for column in columns:
        there &= ~np.isnan(column)
    return there
