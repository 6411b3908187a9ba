"""The list of factors whose levels ``margins`` sets one after another."""

from __future__ import annotations

import itertools

import numpy as np

from statalike.commands.postestimation.margins.covariates import ModelCovariates
from statalike.commands.postestimation.margins.observations import MarginsSample
from statalike.commands.postestimation.margins.plan import MarginsTerm
from statalike.data.dataset import Dataset
from statalike.design.terms import Factor, Term, model_terms
from statalike.errors import StataError
from statalike.language.ast import VariableList


def margins_terms(
    items: VariableList, covariates: ModelCovariates, data: Dataset
) -> tuple[MarginsTerm, ...]:
    """The terms of a list such as ``a b#c d##e``; the overall margin of an empty list.

    r(322) for what is no factor of the model.
    """
    if not items:
        return (MarginsTerm(),)
    return tuple(_cells(term, covariates) for term in model_terms(items, data, categorical=True))


def _cells(term: Term, covariates: ModelCovariates) -> MarginsTerm:
    levels: list[tuple[int, ...]] = []
    for element in term.elements:
        if not isinstance(element, Factor) or element.variable not in covariates.factors:
            raise StataError(322, f"factor {element.variable} not found in list of covariates")
        known = covariates.levels[element.variable]
        if element.levels is None:
            levels.append(known)
            continue
        for level in element.levels:
            if level not in known:
                raise StataError(
                    322, f"level {level}.{element.variable} not found in list of covariates"
                )
        levels.append(element.levels)
    names = tuple(element.variable for element in term.elements)
    return MarginsTerm(names, tuple(itertools.product(*levels)))


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
