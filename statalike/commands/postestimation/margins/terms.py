"""The list of factors whose levels ``margins`` sets one after another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from statalike.commands.postestimation.margins.covariates import ModelCovariates
from statalike.commands.postestimation.margins.observations import MarginsSample
from statalike.commands.postestimation.margins.plan import MarginsTerm
from statalike.data.dataset import Dataset
from statalike.design.contrast_terms import ContrastTerm
from statalike.errors import StataError


def margins_terms(
    terms: Sequence[ContrastTerm], covariates: ModelCovariates
) -> tuple[MarginsTerm, ...]:
    """The cells of the terms of a list such as ``a b#c r.d@e``; the overall margin of an empty one.

    r(322) for what is no factor of the model.
    """
    return tuple(_cells(term, covariates) for term in terms) or (MarginsTerm(),)


def _cells(term: ContrastTerm, covariates: ModelCovariates) -> MarginsTerm:
    if term.measures:
        name = term.measures[0].variable
        raise StataError(322, f"factor {name} not found in list of covariates")
    levels: list[tuple[int, ...]] = []
    for name in term.variables:
        if name not in covariates.factors:
            raise StataError(322, f"factor {name} not found in list of covariates")
        levels.append(covariates.levels[name])
    for factor in term.compared:
        # Without an operator levels are those of the list: `2.group`, `i(1 3).group`.
        if factor.operator or factor.chosen is None:
            continue
        (name,) = factor.variables
        for level in factor.chosen:
            if level not in covariates.levels[name]:
                raise StataError(322, f"level {level}.{name} not found in list of covariates")
        levels[term.variables.index(name)] = factor.chosen
    return MarginsTerm(term.variables, tuple(itertools.product(*levels)))


def occurring_cells(
    data: Dataset, term: MarginsTerm, sample: MarginsSample
) -> tuple[frozenset[int], ...]:
    """For each group of observations the cells of a term, by position, that some of them are in."""
    found: list[frozenset[int]] = []
    for group in sample.groups:
        table = [data.numbers(name)[group.positions].astype(np.int64) for name in term.factors]
        present = set(zip(*(column.tolist() for column in table), strict=True)) or {()}
        found.append(frozenset(k for k, cell in enumerate(term.cells) if cell in present))
    return tuple(found)
