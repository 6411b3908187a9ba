"""A matrix whose rows and columns carry Stata's names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class Stripe(NamedTuple):
    """The name of one row or column: ``equation:name``; the equation may be empty.

    A parameter without an equation, in the equation ``/``, is written ``/name``; one of a group
    of parameters ``/group:name``.
    """

    equation: str
    name: str

    def __str__(self) -> str:
        if self.equation == "/":
            return f"/{self.name}"
        return f"{self.equation}:{self.name}" if self.equation else self.name

    @classmethod
    def parse(cls, text: str) -> Stripe:
        if text.startswith("/") and ":" not in text[2:]:
            return cls("/", text[1:].removeprefix(":"))
        equation, colon, name = text.partition(":")
        return cls(equation, name) if colon else cls("", text)


@dataclass(frozen=True)
class NamedMatrix:
    """A two-dimensional matrix of doubles, its row names and its column names.

    Values are (r, c); missing values are Stata's own large doubles.
    """

    values: np.ndarray
    rows: tuple[Stripe, ...]
    columns: tuple[Stripe, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape != (len(self.rows), len(self.columns)):
            raise ValueError(
                f"matrix is {self.values.shape}, its names {(len(self.rows), len(self.columns))}"
            )

    @classmethod
    def row(cls, values: np.ndarray, columns: tuple[Stripe, ...], name: str = "y1") -> NamedMatrix:
        """A row vector such as e(b)."""
        array = np.atleast_2d(np.asarray(values, dtype=float))
        return cls(array, (Stripe("", name),), columns)

    @classmethod
    def square(cls, values: np.ndarray, names: tuple[Stripe, ...]) -> NamedMatrix:
        """A square matrix such as e(V), the same names on both sides."""
        return cls(np.asarray(values, dtype=float), names, names)

    @classmethod
    def plain(cls, values: np.ndarray) -> NamedMatrix:
        """A matrix with Stata's default names r1, r2, ..., c1, c2, ..."""
        array = np.atleast_2d(np.asarray(values, dtype=float))
        rows = tuple(Stripe("", f"r{i + 1}") for i in range(array.shape[0]))
        columns = tuple(Stripe("", f"c{j + 1}") for j in range(array.shape[1]))
        return cls(array, rows, columns)

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape[0], self.values.shape[1]

    @property
    def transposed(self) -> NamedMatrix:
        return NamedMatrix(self.values.T.copy(), self.columns, self.rows)

    def column_position(self, equation: str, name: str) -> int:
        """The position of a column, or -1 when there is none of that name."""
        try:
            return self.columns.index(Stripe(equation, name))
        except ValueError:
            return -1

    def with_values(self, values: np.ndarray) -> NamedMatrix:
        return replace(self, values=values)

    def to_frame(self) -> pd.DataFrame:
        """The matrix as a pandas DataFrame; names are ``equation:name`` as Stata writes them."""
        import pandas as pd

        return pd.DataFrame(
            self.values, index=[str(s) for s in self.rows], columns=[str(s) for s in self.columns]
        )
