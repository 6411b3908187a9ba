"""Terms → columns on an estimation sample ([U] 11.4.3 Factor variables).

A factor enters by indicators of its levels in the sample, less a base level where the term
without it is in the model as well (the marginality rule: ``i.a#c.x`` keeps every level unless
``c.x`` is a term too).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.columns import Column, Continuous, FactorLevel, Part
from statalike.design.terms import Factor, Measure, Term, TermKey, element_key
from statalike.errors import StataError

DENSE = 10_000


@dataclass(frozen=True)
class FactorLevels:
    """A factor variable in the sample: its levels in ascending order, how often each occurs, and
    the position of each observation's level, ``codes`` (n,), -1 where it is missing.
    """

    levels: tuple[int, ...]
    counts: np.ndarray
    codes: np.ndarray


def factor_levels(data: Dataset, variable: str, rows: np.ndarray) -> FactorLevels:
    """The levels of a variable on the chosen rows; r(452) unless they are integers from 0 up."""
    column = data.variable(variable)
    if column.storage.is_string:
        raise StataError(109, f"{variable}:  string variables may not be used as factor variables")
    values = column.numbers()[rows]
    known = values < MISSING
    complete = bool(known.all())
    present = values if complete else values[known]
    if not present.size:
        return FactorLevels((), np.zeros(0, dtype=np.intp), np.full(len(values), -1))
    if present.min() < 0:
        raise StataError(452, f"{variable}:  factor variables may not contain negative values")
    if (present != np.floor(present)).any():
        raise StataError(452, f"{variable}:  factor variables may not contain noninteger values")
    if present.max() < DENSE:
        whole = present.astype(np.intp)
        occurrences = np.bincount(whole)
        levels = np.flatnonzero(occurrences)
        counts = occurrences[levels]
        position = np.cumsum(occurrences > 0) - 1
        own = position[whole]
    else:
        found, own, counts = np.unique(present, return_inverse=True, return_counts=True)
        levels = found.astype(np.int64)
    codes = own
    if not complete:
        codes = np.full(len(values), -1)
        codes[known] = own
    return FactorLevels(tuple(levels.tolist()), counts, codes)


def term_columns(terms: Iterable[Term], data: Dataset, rows: np.ndarray) -> list[Column]:
    """The columns of the terms, in e(b)'s order; base, empty and omitted cells are marked.

    ``rows`` is the estimation sample, a boolean mask (n,): it decides which levels exist.
    """
    terms = list(terms)
    keys = {term.key for term in terms}
    names = {element.variable for term in terms for element in term.elements if is_factor(element)}
    found = {name: factor_levels(data, name, rows) for name in names}
    columns: dict[str, Column] = {}
    for term in terms:
        factors = [element for element in term.elements if isinstance(element, Factor)]
        measures = [element for element in term.elements if isinstance(element, Measure)]
        chosen = [_chosen_levels(factor, found[factor.variable]) for factor in factors]
        bases = [base for _, base in chosen]
        present = _cells_present([found[factor.variable] for factor in factors])
        redundant = _redundant_subsets(term, factors, keys)
        lowest = tuple(min(levels, default=0) for levels, _ in chosen)
        for cell in itertools.product(*(levels for levels, _ in chosen)):
            empty = bool(factors) and cell not in present
            column = _cell_column(cell, lowest, bases, factors, measures, redundant, empty)
            columns.setdefault(column.name, column)
    return list(columns.values())


def is_factor(element: Factor | Measure) -> bool:
    return isinstance(element, Factor)


def _chosen_levels(factor: Factor, found: FactorLevels) -> tuple[list[int], int]:
    """The levels of a factor that a term uses, and its base level (-1 for none)."""
    levels = list(found.levels)
    if factor.levels is not None:
        kept = [level for level in factor.levels if level in levels] or list(factor.levels)
        return kept, factor.base if isinstance(factor.base, int) else -1
    if not levels:
        return [], -1
    match factor.base:
        case int():
            base = factor.base
        case "last":
            base = levels[-1]
        case "freq":
            base = levels[int(np.argmax(found.counts))]
        case "none":
            base = -1
        case _:
            base = levels[0]
    if isinstance(factor.base, int) and base not in levels:
        levels = sorted([*levels, base])
    return levels, base


def _redundant_subsets(
    term: Term, factors: list[Factor], keys: set[TermKey]
) -> list[frozenset[int]]:
    """Sets of factors (by position) whose removal leaves a term of the model, or the constant."""
    subsets: list[frozenset[int]] = []
    for size in range(1, len(factors) + 1):
        for chosen in itertools.combinations(range(len(factors)), size):
            removed = {element_key(factors[i]) for i in chosen}
            rest = tuple(part for part in term.key if part not in removed)
            if not rest or rest in keys:
                subsets.append(frozenset(chosen))
    return subsets


def _cells_present(factors: list[FactorLevels]) -> set[tuple[int, ...]]:
    """The combinations of levels that have observations."""
    if not factors:
        return set()
    shape = tuple(len(factor.levels) for factor in factors)
    if 0 in shape:
        return set()
    known = np.all([factor.codes >= 0 for factor in factors], axis=0)
    cells = np.zeros(len(known), dtype=np.intp)
    for factor in factors:
        cells = cells * len(factor.levels) + factor.codes
    occurring = np.unravel_index(np.unique(cells[known]), shape)
    return {
        tuple(factor.levels[i] for factor, i in zip(factors, cell, strict=True))
        for cell in zip(*(axis.tolist() for axis in occurring), strict=True)
    }


def _cell_column(
    cell: tuple[int, ...],
    lowest: tuple[int, ...],
    bases: list[int],
    factors: list[Factor],
    measures: list[Measure],
    redundant: list[frozenset[int]],
    empty: bool,
) -> Column:
    at_base = {i for i, level in enumerate(cell) if level == bases[i]}
    left_out = empty or any(chosen <= at_base for chosen in redundant)
    parts: list[Part] = []
    for i, (factor, level) in enumerate(zip(factors, cell, strict=True)):
        mark = ""
        if factor.omitted:
            mark = "o"
        elif i in at_base:
            mark = "b" if left_out or not measures else "bn"
        elif left_out:
            mark = "o"
        elif factor.base == "none" and not factor.single and level == lowest[i]:
            mark = "bn"
        parts.append(FactorLevel(factor.variable, level, mark))
    for measure in measures:
        parts.append(Continuous(measure.variable, measure.operators, left_out or measure.omitted))
    return Column(tuple(parts), empty)
