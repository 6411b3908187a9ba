"""What is drawn or left out: observations or clusters, within strata."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.data.dataset import Dataset
from statalike.language.arguments import Arguments
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class SamplingUnits:
    """Units of observations.

    ``rows`` (n,) are the observations ordered by unit, ``starts`` (m + 1,) where each unit begins
    in them, ``strata`` (m,) the stratum of each unit.
    """

    rows: np.ndarray
    starts: np.ndarray
    strata: np.ndarray
    clusters: tuple[str, ...] = ()
    stratified: bool = False

    def __len__(self) -> int:
        return len(self.starts) - 1

    def rows_of(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The observations of units, in their order, and the place in ``units`` of each."""
        sizes = np.diff(self.starts)[units]
        numbers = np.repeat(np.arange(len(units)), sizes)
        within = np.arange(len(numbers)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.rows[self.starts[units][numbers] + within], numbers

    def without(self, unit: int) -> np.ndarray:
        """The observations of all other units, in the order of the data."""
        first, last = self.starts[unit], self.starts[unit + 1]
        return np.sort(np.concatenate([self.rows[:first], self.rows[last:]]))

    def describe(self, results: Results) -> None:
        """What e() says of clusters and strata."""
        if self.clusters:
            results.macros["clustvar"] = " ".join(self.clusters)
            results.scalars["N_clust"] = float(len(self))
        if self.stratified:
            results.scalars["N_strata"] = float(self.strata.max() + 1)


def sampling_units(state: State, arguments: Arguments, rows: np.ndarray) -> SamplingUnits:
    """The units among the chosen rows, by ``cluster()`` and ``strata()``."""
    clusters, strata = arguments.variables("cluster"), arguments.variables("strata")
    data = state.data
    stratum = _codes(data, strata, rows)
    unit = _codes(data, (*strata, *clusters), rows) if clusters else np.arange(len(rows))
    order = np.argsort(unit, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(unit[order]) != 0]) if len(rows) else np.zeros(1)
    starts = starts.astype(np.intp)
    return SamplingUnits(
        rows[order],
        np.append(starts, len(rows)),
        stratum[order][starts],
        clusters,
        bool(strata),
    )


def _codes(data: Dataset, names: tuple[str, ...], rows: np.ndarray) -> np.ndarray:
    """A number from 0 for each combination of the variables' values, in their order."""
    codes = np.zeros(len(rows), dtype=np.intp)
    for name in names:
        own = np.unique(data.variable(name).values[rows], return_inverse=True)[1]
        codes = np.unique(codes * (own.max(initial=0) + 1) + own, return_inverse=True)[1]
    return codes
