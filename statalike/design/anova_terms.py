"""The terms of an analysis of variance: their names, their error terms and all their cells.

``a / b|a c a#c`` tests ``a`` by ``b|a``, which stands after the slash, and ``c`` and ``a#c`` by the
residual ([R] anova).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.data.dataset import Dataset
from statalike.design.columns import Column, Continuous
from statalike.design.factor_columns import factor_levels
from statalike.design.terms import Factor, Measure, Term, model_terms
from statalike.errors import StataError
from statalike.language.ast import (
    Interaction,
    NestedEffect,
    VariableItem,
    VariableList,
    VariablePattern,
)

LARGEST_TABLE = 200_000_000


@dataclass(frozen=True)
class AnovaTerm:
    """A term under the name it has in the table.

    ``error`` is the position of the term that it is tested by, None for the residual; a term that
    is not ``tested`` serves as the error term of others only.
    """

    name: str
    term: Term
    error: int | None = None
    tested: bool = True


def anova_terms(
    parts: Sequence[VariableList], data: Dataset, measures: Collection[str] = ()
) -> tuple[AnovaTerm, ...]:
    """The terms of a model cut at its slashes; ``measures`` are continuous without ``c.``.

    The first term of a part is the error term of the part before it; it is tested itself, by the
    next error term, when it is alone in its part.
    """
    found: list[AnovaTerm] = []
    for number, part in enumerate(parts):
        before = [i for i, term in enumerate(found) if term.error == -1]
        terms = [named for item in part for named in _named(item, data, measures)]
        if number and part:
            first = len(found)
            for i in before:
                found[i] = replace(found[i], error=first)
        elif number and number < len(parts) - 1:
            raise StataError(198, "error term required after /")
        for position, named in enumerate(terms):
            if any(named.term.key == other.term.key for other in found):
                continue
            is_error = number > 0 and position == 0
            alone = len(terms) == 1
            found.append(replace(named, error=-1, tested=not is_error or alone))
    return tuple(replace(term, error=None) if term.error == -1 else term for term in found)


def _named(item: VariableItem, data: Dataset, measures: Collection[str]) -> Iterable[AnovaTerm]:
    nested = _nested_name(item)
    for term in model_terms((item,), data, categorical=True):
        elements = tuple(
            Measure(element.variable)
            if isinstance(element, Factor) and element.variable in measures
            else element
            for element in term.elements
        )
        name = "#".join(
            f"{e.operators}.{e.variable}" if isinstance(e, Measure) and e.operators else e.variable
            for e in elements
        )
        yield AnovaTerm(nested or name, Term(elements))


def _nested_name(item: VariableItem) -> str:
    """The name of a term with nesting, as it is typed; none for other terms."""
    text = _text(item)
    return text if "|" in text else ""


def _text(item: VariableItem) -> str:
    match item:
        case NestedEffect(effect=left, within=right):
            return f"{_text(left)}|{_text(right)}"
        case Interaction(left=left, right=right, full=False):
            return f"{_text(left)}#{_text(right)}"
        case VariablePattern(text=text):
            return text
    return ""


def containing_terms(terms: Sequence[AnovaTerm]) -> list[frozenset[int]]:
    """For each term the positions of those that contain it: the same continuous variables, and
    all of its factors and more."""
    measures = [_measures(named.term) for named in terms]
    factors = [_factors(named.term) for named in terms]
    return [
        frozenset(
            j for j in range(len(terms)) if measures[i] == measures[j] and factors[i] < factors[j]
        )
        for i in range(len(terms))
    ]


def _measures(term: Term) -> tuple[tuple[str, str], ...]:
    return tuple(key for key in term.key if key[0] == "measure")


def _factors(term: Term) -> frozenset[str]:
    return frozenset(e.variable for e in term.elements if isinstance(e, Factor))


def cell_columns(term: Term, data: Dataset, rows: np.ndarray) -> np.ndarray:
    """A column (n, cells) for each combination of levels that occurs on the rows, a mask.

    The indicator of the cell times the continuous variables of the term, these divided by their
    largest absolute value.
    """
    names = [e.variable for e in term.elements if isinstance(e, Factor)]
    codes = combined_levels(data, names, rows)
    count = int(codes.max()) + 1
    if count * len(codes) > LARGEST_TABLE:
        raise StataError(950, "insufficient memory")
    columns = np.zeros((len(codes), count))
    product = np.ones(len(codes))
    for element in term.elements:
        if isinstance(element, Measure):
            values = _measure_values(element, data, rows)
            product = product * (values / (np.max(np.abs(values), initial=0.0) or 1.0))
    columns[np.arange(len(codes)), codes] = product
    return columns


def _measure_values(element: Measure, data: Dataset, rows: np.ndarray) -> np.ndarray:
    return Column((Continuous(element.variable, element.operators),)).evaluate(data, rows)


def combined_levels(data: Dataset, names: Iterable[str], rows: np.ndarray) -> np.ndarray:
    """The cell (n,) of each row in the cross-classification by factors, numbered from 0 in the
    order of their levels, the last factor fastest; cells without observations are left out."""
    codes = np.zeros(int(rows.sum()), dtype=np.intp)
    for name in names:
        found = factor_levels(data, name, rows)
        codes = codes * max(len(found.levels), 1) + found.codes
        codes = np.unique(codes, return_inverse=True)[1].reshape(-1)
    return codes
