"""Random effects of the categories of a variable, ``R.varname`` ([ME] mixed, Crossed-effects
models).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.formats import format_value
from statalike.design.columns import Column
from statalike.design.groups import group_codes
from statalike.engine.covariance import CovarianceStructure, Exchangeable, Identity
from statalike.engine.linear.crossed_model import RandomFactor
from statalike.engine.linear.model import RandomEffects

PREFIX = "R."


@dataclass(frozen=True)
class RandomCategories:
    """An effect for each of the ``count`` categories that ``variable`` has in the estimation
    sample, in every group of ``level``; ``structure`` is ``identity`` or ``exchangeable``.
    """

    level: str
    variable: str
    count: int
    structure: str

    @property
    def columns(self) -> tuple[Column, ...]:
        """Covariates: there are none."""
        return ()

    @property
    def empty(self) -> bool:
        return False

    @property
    def names(self) -> tuple[str, ...]:
        """What stands for the effects in e(revars): one name for all of them."""
        return (f"{PREFIX}{self.variable}",)

    @property
    def variables(self) -> tuple[str, ...]:
        return (self.variable,)

    @property
    def effective_structure(self) -> str:
        return "identity" if self.count <= 1 else self.structure

    @property
    def structure_title(self) -> str:
        return self.effective_structure.capitalize()

    def covariance(self) -> CovarianceStructure:
        """The structure of two of the effects, which has the parameters of all; of one without
        covariances.
        """
        return Identity(1) if self.effective_structure == "identity" else Exchangeable(2)

    def _whole_structure(self) -> Identity | Exchangeable:
        structure = Identity if self.effective_structure == "identity" else Exchangeable
        return structure(self.count)

    def factor(self, data: Dataset, rows: np.ndarray) -> RandomFactor:
        """The categories of the chosen rows, for the engine."""
        codes, _ = category_codes(data, self.variable, rows)
        return RandomFactor(codes, self._whole_structure())

    def columns_of_indicators(self, data: Dataset, rows: np.ndarray) -> RandomEffects:
        """The same as a column for every category, which takes (n, count) numbers."""
        codes, _ = category_codes(data, self.variable, rows)
        columns = np.zeros((len(codes), self.count), order="F")
        columns[np.arange(len(codes)), codes] = 1.0
        return RandomEffects(columns, self._whole_structure())


def whole_covariance(leading: np.ndarray, count: int) -> np.ndarray:
    """The covariance matrix (count, count) of effects whose first one or two have ``leading``."""
    covariance = leading[0, 1] if len(leading) > 1 else 0.0
    matrix = np.full((count, count), covariance)
    np.fill_diagonal(matrix, leading[0, 0])
    return matrix


def category_names(data: Dataset, variable: str, rows: np.ndarray) -> tuple[str, ...]:
    """What the categories that occur in the chosen rows are called, ``3.week``, in order."""
    display = data.variable(variable).format
    values = np.unique(data.numbers(variable)[rows])
    return tuple(f"{format_value(float(value), display).strip()}.{variable}" for value in values)


def category_codes(data: Dataset, variable: str, rows: np.ndarray) -> tuple[np.ndarray, int]:
    """The category (n,) of each chosen row, numbered from 0 in the order of the values that occur
    in them, and how many there are.
    """
    codes = group_codes(data, variable, rows)
    present = np.bincount(codes) > 0
    count = int(np.count_nonzero(present))
    if count == len(present):
        return codes, count
    return (np.cumsum(present) - 1)[codes], count
