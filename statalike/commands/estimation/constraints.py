"""Option ``constraints()`` of estimation commands, e(Cns), and what tables show of constraints.

The constraints are on the parameters of e(b): fixed effects, and for commands that allow it
ancillary and variance parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.constraint import constraint_numbers
from statalike.commands.postestimation.hypotheses import read_restrictions
from statalike.engine.errors import EstimationError
from statalike.engine.linear_constraints import (
    ConstrainedSpace,
    constrained_space,
    independent_constraints,
)
from statalike.errors import StataError
from statalike.output.styled import Line
from statalike.output.wald_test import restriction_lines
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.restrictions import LinearRestrictions
from statalike.results.stores import Results
from statalike.state import State

#: the column of e(Cns) that holds the constants
CONSTANTS = Stripe("_Cns", "_r")


@dataclass(frozen=True)
class Constraints:
    """Consistent constraints of which none follows from the others.

    ``restrictions`` are on all of e(b); ``space`` is that of the parameters that are estimated.
    """

    restrictions: LinearRestrictions
    space: ConstrainedSpace


def read_constraints(
    state: State, typed: str, parameters: NamedMatrix, estimated: np.ndarray
) -> Constraints | None:
    """The constraints of option ``constraints(numlist | matrix)``, None when none is left.

    ``parameters`` (1, k) has the names of e(b) and ``estimated`` (k,) tells which are not omitted;
    omitted ones are zero.  A constraint that cannot be read, such as one on a coefficient that the
    model does not have, is left out with a note, as is one that follows from others.
    Raises r(111) for a number that is not defined, r(412) for constraints that contradict each
    other, r(503) for a matrix of the wrong size, and r(121) to r(127).
    """
    matrix = state.memory.matrices.get(typed.strip())
    if matrix is None:
        numbers, parts = _of_numbers(state, typed, parameters)
    else:
        parts = [_of_matrix(matrix, parameters)]
        numbers = list(range(1, len(parts[0]) + 1))
    if not numbers:
        return None
    weights = np.vstack([part.weights for part in parts])
    constants = np.concatenate([part.constants for part in parts])
    try:
        kept = independent_constraints(weights[:, estimated], constants)
    except EstimationError:
        raise StataError(412, "redundant or inconsistent constraints") from None
    for number in dict.fromkeys(n for n, keep in zip(numbers, kept, strict=True) if not keep):
        state.console.print(f"note: constraint number {number} dropped; it is redundant.")
    if not kept.any():
        return None
    restrictions = LinearRestrictions(parameters, weights[kept], constants[kept])
    space = constrained_space(restrictions.weights[:, estimated], restrictions.constants)
    return Constraints(restrictions, space)


def _of_numbers(
    state: State, typed: str, parameters: NamedMatrix
) -> tuple[list[int], list[LinearRestrictions]]:
    """The number of each restriction, and the restrictions of each constraint."""
    numbers: list[int] = []
    parts: list[LinearRestrictions] = []
    for number in constraint_numbers(typed):
        if number not in state.memory.constraints:
            raise StataError(111, f"constraint {number} not defined")
        try:
            found = read_restrictions(
                state, state.memory.constraints[number], coefficients=parameters
            )
        except StataError as error:
            state.console.print(f"note: constraint number {number} caused error r({error.code})")
            continue
        numbers += [number] * len(found)
        parts.append(found)
    return numbers, parts


def _of_matrix(matrix: NamedMatrix, parameters: NamedMatrix) -> LinearRestrictions:
    """The restrictions of a matrix [R, r], by position; r(503), r(504)."""
    if matrix.shape[1] != len(parameters.columns) + 1:
        raise StataError(
            503,
            "conformability error",
            hint=f"a constraint matrix for this model has {len(parameters.columns) + 1} columns",
        )
    if not np.all(np.abs(matrix.values) < 8.9e307):
        raise StataError(504, "matrix has missing values")
    return LinearRestrictions(parameters, matrix.values[:, :-1], matrix.values[:, -1])


def post_constraints(results: Results, constraints: Constraints) -> None:
    """Store e(Cns), the matrix [R, r] with a column for every parameter of e(b)."""
    columns = results.matrices["b"].columns
    weights = np.zeros((len(constraints.restrictions), len(columns) + 1))
    names = constraints.restrictions.estimates.columns
    weights[:, [columns.index(name) for name in names]] = constraints.restrictions.weights
    weights[:, -1] = constraints.restrictions.constants
    rows = tuple(Stripe("", f"r{number + 1}") for number in range(len(weights)))
    results.matrices["Cns"] = NamedMatrix(weights, rows, (*columns, CONSTANTS))


def constraint_lines(results: Results, linesize: int) -> list[Line]:
    """`` ( 1)  [y]x = 2``: the constraints in e(Cns), as they stand above a table."""
    stored = results.matrices.get("Cns")
    if stored is None:
        return []
    restrictions = LinearRestrictions(
        results.matrices["b"], stored.values[:, :-1], stored.values[:, -1]
    )
    return restriction_lines(restrictions.texts, linesize)


def constrained_parameters(results: Results) -> np.ndarray:
    """Which parameters of e(b) the constraints in e(Cns) leave a single value: a mask (k,)."""
    stored = results.matrices.get("Cns")
    if stored is None:
        return np.zeros(len(results.matrices["b"].columns), dtype=bool)
    return constrained_space(stored.values[:, :-1], stored.values[:, -1]).fixed
