"""Which margins are asked for, in the order of r(b)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from statalike.commands.postestimation.margins.at_points import AtPoint
from statalike.commands.postestimation.margins.covariates import ModelCovariates
from statalike.commands.postestimation.margins.effects import Effect
from statalike.commands.postestimation.margins.empty_cells import OccurringCells
from statalike.commands.postestimation.margins.observations import MarginsSample
from statalike.commands.postestimation.margins.statistics import Statistic
from statalike.results.matrix import Stripe


@dataclass(frozen=True)
class MarginsTerm:
    """Factors whose levels are set, and the combinations of their levels; none for the overall
    margin, which has one empty combination.
    """

    factors: tuple[str, ...] = ()
    cells: tuple[tuple[int, ...], ...] = ((),)


@dataclass(frozen=True)
class Margin:
    """One margin: the positions of what it is made of, and its name in r(b)."""

    statistic: int
    point: int
    group: int
    term: int
    cell: int
    effect: int
    stripe: Stripe


@dataclass(frozen=True)
class MarginsPlan:
    """All that is estimated: every statistic at every point in every group, for the cells of every
    term, and, unless there are none, the effects on it.

    ``reweighting`` are the combinations of levels that observations must be in to be averaged;
    ``nested`` for each term and group the cells to which it is limited, where it is.
    """

    covariates: ModelCovariates
    statistics: tuple[Statistic, ...]
    points: tuple[AtPoint, ...]
    sample: MarginsSample
    terms: tuple[MarginsTerm, ...]
    effects: tuple[Effect, ...] = ()
    reweighting: OccurringCells | None = None
    nested: tuple[tuple[frozenset[int], ...], ...] = ()

    def margins(self) -> list[Margin]:
        """Every margin in the order of r(b)."""
        found: list[Margin] = []
        effects: tuple[Effect | None, ...] = self.effects or (None,)
        for number, effect in enumerate(effects):
            for term in range(len(self.terms)):
                for statistic, point, group, cell in self._combinations(term):
                    names = list(self._parts(statistic, point, group, term, cell))
                    stripe = _stripe(effect, names)
                    index = number if effect is not None else -1
                    found.append(Margin(statistic, point, group, term, cell, index, stripe))
        return found

    def _combinations(self, term: int) -> Iterator[tuple[int, int, int, int]]:
        for statistic, point, group, cell in itertools.product(
            range(len(self.statistics)),
            range(len(self.points)),
            range(len(self.sample.groups)),
            range(len(self.terms[term].cells)),
        ):
            if not self.nested or cell in self.nested[term][group]:
                yield statistic, point, group, cell

    def _parts(self, statistic: int, point: int, group: int, term: int, cell: int) -> Iterator[str]:
        if len(self.statistics) > 1:
            yield _level(statistic + 1, "_predict", 1)
        if len(self.points) > 1:
            yield _level(point + 1, "_at", 1)
        groups = self.sample.groups
        for number, name in enumerate(self.sample.over):
            lowest = min(each.levels[number] for each in groups)
            yield _level(groups[group].levels[number], name, lowest)
        own = self.terms[term]
        for number, name in enumerate(own.factors):
            lowest = min(levels[number] for levels in own.cells)
            yield _level(own.cells[cell][number], name, lowest)


def _level(level: int, name: str, lowest: int) -> str:
    return f"{level}{'bn' if level == lowest else ''}.{name}"


def _stripe(effect: Effect | None, parts: Sequence[str]) -> Stripe:
    name = "#".join(parts)
    if effect is None:
        return Stripe("", name or "_cons")
    return Stripe(effect.name, name) if name else Stripe("", effect.name)
