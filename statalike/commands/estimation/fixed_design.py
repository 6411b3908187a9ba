"""The outcome and the fixed design of an estimation command, as its variable list gives them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from statalike.data.dataset import Dataset
from statalike.design.columns import Column
from statalike.design.design import Design, build_design
from statalike.design.terms import Measure, Term
from statalike.engine.collinearity import independent_columns
from statalike.errors import StataError
from statalike.state import State


def outcome_column(term: Term) -> Column:
    """The dependent variable that a term stands for; r(198) for a factor."""
    if len(term.elements) != 1 or not isinstance(term.elements[0], Measure):
        raise StataError(198, "depvar may not be a factor variable")
    element = term.elements[0]
    name = f"{element.operators}.{element.variable}" if element.operators else element.variable
    return Column.parse(name)


def refuse_strings(data: Dataset, variables: Iterable[str]) -> None:
    """r(109) when one of the variables is a string."""
    for variable in dict.fromkeys(variables):
        if data.variable(variable).storage.is_string:
            raise StataError(
                109,
                f"string variables not allowed in varlist;\n{variable} is a string variable",
            )


def settled_design(
    state: State,
    terms: Iterable[Term],
    sample: np.ndarray,
    *,
    constant: bool,
    notes: bool = True,
    collinear: bool = False,
    data: Dataset | None = None,
) -> tuple[Design, np.ndarray]:
    """The design on a sample with collinear columns omitted, each said in a note with ``notes``,
    unless ``collinear`` keeps them.

    Also its matrix on the sample, the omitted columns left out.  ``data`` are those in memory
    unless given.
    """
    data = state.data if data is None else data
    design = build_design(terms, data, sample, constant=constant)
    for column in design.columns:
        if column.empty and notes:
            state.console.print(f"note: {column.label} identifies no observations in the sample.")
    matrix = design.matrix(data, slice(None) if sample.all() else sample)
    if collinear:
        return design, matrix
    wanted = [column for column in design.columns if not column.omitted]
    covariates = matrix[:, :-1] if constant else matrix
    kept = independent_columns(covariates, constant=constant)
    dependent = np.append(~kept, False) if constant else ~kept
    for column, dropped in zip(wanted, dependent, strict=True):
        if dropped and notes:
            state.console.print(f"note: {column.label} omitted because of collinearity.")
    if not dependent.any():
        return design, matrix
    return design.without(dependent), np.asfortranarray(matrix[:, ~dependent])
