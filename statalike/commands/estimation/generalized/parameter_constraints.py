"""Constraints on the parameters of a generalized mixed model: those of ``constraints()``, and those
that covariance structures stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.constraints import CONSTANTS, read_constraints
from statalike.commands.estimation.generalized.reported_estimates import ParameterMap
from statalike.engine.errors import EstimationError
from statalike.engine.generalized.constrained import LinearConstraints
from statalike.engine.linear_constraints import independent_constraints
from statalike.errors import StataError
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.state import State


@dataclass(frozen=True)
class ParameterConstraints:
    """Constraints on e(b), of which some hold by the structures of covariance matrices.

    ``weights`` (m, k) and ``constants`` (m,) are what e(Cns) holds; ``engine`` are those on the
    estimates of the fit, None where all hold by structure.
    """

    weights: np.ndarray
    constants: np.ndarray
    engine: LinearConstraints | None

    def matrix(self, stripes: tuple[Stripe, ...]) -> NamedMatrix:
        """e(Cns), the matrix [R, r]."""
        rows = tuple(Stripe("", f"r{number + 1}") for number in range(len(self.weights)))
        values = np.column_stack([self.weights, self.constants])
        return NamedMatrix(values, rows, (*stripes, CONSTANTS))


def parameter_constraints(
    state: State, typed: str | None, mapped: ParameterMap, held: np.ndarray
) -> ParameterConstraints | None:
    """The constraints that a model has, None without any.

    ``typed`` is the argument of ``constraints()``; ``held`` (P,) are the values at which
    structures hold the estimates, nan where they are free.  Raises what reading constraints raises,
    r(198) for one that has a residual variance together with other parameters.
    """
    shared = _shared(mapped)
    weights, constants = _values(mapped, held)
    parts, values = [weights], [constants]
    if typed is not None:
        b = NamedMatrix.row(np.zeros(len(mapped.stripes)), mapped.stripes)
        read = read_constraints(state, typed, b, mapped.positions >= 0)
        if read is not None:
            parts.append(read.restrictions.weights)
            values.append(read.restrictions.constants)
    on_estimates = np.vstack(parts)
    right = np.concatenate(values)
    engine = None
    if len(right):
        engine, kept = _on_estimates(mapped, on_estimates, right)
        on_estimates, right = on_estimates[kept], right[kept]
    everything = np.vstack([shared, on_estimates])
    if not len(everything):
        return None
    return ParameterConstraints(everything, np.concatenate([np.zeros(len(shared)), right]), engine)


def _shared(mapped: ParameterMap) -> np.ndarray:
    """Elements of e(b) that are one estimate: each equals the first of them."""
    rows: list[np.ndarray] = []
    first: dict[int, int] = {}
    for place, position in enumerate(mapped.positions.tolist()):
        if position < 0:
            continue
        if position in first:
            row = np.zeros(len(mapped.stripes))
            row[first[position]], row[place] = 1.0, -1.0
            rows.append(row)
        first.setdefault(position, place)
    return np.array(rows).reshape(-1, len(mapped.stripes))


def _values(mapped: ParameterMap, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimates held at a value, by their first element of e(b)."""
    positions = np.flatnonzero(~np.isnan(held))
    places = [int(np.flatnonzero(mapped.positions == position)[0]) for position in positions]
    weights = np.zeros((len(places), len(mapped.stripes)))
    weights[np.arange(len(places)), places] = 1.0
    return weights, held[positions]


def _on_estimates(
    mapped: ParameterMap, weights: np.ndarray, constants: np.ndarray
) -> tuple[LinearConstraints, np.ndarray]:
    """The same constraints on the estimates of the fit, and which of them do not follow from others
    (a mask); r(198), r(412).
    """
    constants = constants.copy()
    found = np.zeros((len(weights), mapped.count))
    estimated = mapped.positions >= 0
    np.add.at(found.T, mapped.positions[estimated], weights[:, estimated].T)
    for row in np.flatnonzero(np.any(weights[:, mapped.variances] != 0.0, axis=1)):
        # The fit has the log standard deviation of a residual variance.
        value = constants[row] / weights[row, mapped.variances][0]
        if np.count_nonzero(weights[row]) > 1 or value <= 0:
            raise StataError(
                198, "constraints on a residual variance can only give it a positive value"
            )
        found[row] = np.where(found[row] != 0.0, 1.0, 0.0)
        constants[row] = 0.5 * np.log(value)
    try:
        kept = independent_constraints(found, constants)
    except EstimationError:
        raise StataError(412, "redundant or inconsistent constraints") from None
    return LinearConstraints(found[kept], constants[kept]), kept
