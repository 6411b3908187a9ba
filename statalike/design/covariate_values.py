"""The values that covariates take in a prediction, where some of them are replaced.

``margins`` asks what a model predicts when a variable has another value than in the data, or when
the indicators of a factor are set to their means.  A covariate is a variable under its time-series
operators, so that ``x`` and ``L.x`` are two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from statalike.data.dataset import Dataset
from statalike.design.columns import Column, Continuous, FactorLevel

Array = NDArray[np.float64]

#: of a factor whose indicators are not those of one level: the indicator of each level
Indicators: TypeAlias = Mapping[int, Array]


def covariate_name(part: Continuous | FactorLevel) -> str:
    """The covariate of a part of a column: ``L.x`` of ``cL.x``, ``group`` of ``2.group``."""
    if isinstance(part, Continuous) and part.operators:
        return f"{part.operators}.{part.variable}"
    return part.variable


def covariates_of(columns: Iterable[Column]) -> tuple[str, ...]:
    """The covariates of columns, each once, in order."""
    return tuple(dict.fromkeys(covariate_name(part) for column in columns for part in column.parts))


@dataclass(eq=False)
class CovariateValues:
    """Values of covariates on n observations: arrays (n,), or (1,) for one value that all share.

    ``measures`` holds them by covariate; ``indicators`` those of factors whose indicators are
    given level by level, which is then what indicator columns are made of.  ``changed`` names the
    covariates that differ from ``origin``, whose columns are used again where they have none of
    them.
    """

    measures: Mapping[str, Array]
    indicators: Mapping[str, Indicators] = field(default_factory=dict)
    origin: CovariateValues | None = None
    changed: frozenset[str] = frozenset()
    _columns: dict[str, Array] = field(default_factory=dict)

    @classmethod
    def observed(
        cls, columns: Iterable[Column], data: Dataset, rows: np.ndarray
    ) -> CovariateValues:
        """The values in the data of the covariates of some columns, on the chosen rows."""
        measures: dict[str, Array] = {}
        for column in columns:
            for part in column.parts:
                name = covariate_name(part)
                if name not in measures:
                    operators = part.operators if isinstance(part, Continuous) else ""
                    plain = Column((Continuous(part.variable, operators),))
                    measures[name] = plain.evaluate(data, rows).astype(np.float64, copy=False)
        return cls(measures)

    def replaced(
        self,
        measures: Mapping[str, Array] | None = None,
        indicators: Mapping[str, Indicators] | None = None,
    ) -> CovariateValues:
        """The same with some covariates replaced; a measure replaces given indicators too."""
        measures, indicators = measures or {}, indicators or {}
        kept = {name: own for name, own in self.indicators.items() if name not in measures}
        return CovariateValues(
            {**self.measures, **measures},
            {**kept, **indicators},
            self.origin or self,
            self.changed | measures.keys() | indicators.keys(),
        )

    def rows(self, chosen: slice) -> CovariateValues:
        """The values on some of the observations."""

        def cut(values: Array) -> Array:
            return values if len(values) == 1 else values[chosen]

        return replace(
            self,
            measures={name: cut(values) for name, values in self.measures.items()},
            indicators={
                name: {level: cut(values) for level, values in own.items()}
                for name, own in self.indicators.items()
            },
            origin=None,
            changed=frozenset(),
            _columns={},
        )

    def column(self, column: Column) -> Array:
        """The values of a column, (n,) or (1,)."""
        found = self._columns.get(column.name)
        if found is not None:
            return found
        if self.origin is not None and not any(
            covariate_name(part) in self.changed for part in column.parts
        ):
            return self.origin.column(column)
        found = np.ones(1)
        for part in column.parts:
            found = found * self._part(part)
        self._columns[column.name] = found
        return found

    def _part(self, part: Continuous | FactorLevel) -> Array:
        name = covariate_name(part)
        if isinstance(part, Continuous):
            return self.measures[name]
        own = self.indicators.get(name)
        if own is not None:
            return own.get(part.level, np.zeros(1))
        return (self.measures[name] == part.level).astype(np.float64)
