"""The session as expressions see it, and the observations that a command is to use."""

from __future__ import annotations

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.errors import StataError, no_observations
from statalike.language.ast import Expression, ObservationRange
from statalike.language.context import Matrix, Stored, UniformNumbers
from statalike.language.expressions import evaluate_condition
from statalike.language.regular_expressions import Matches
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results
from statalike.state import State


class StateContext:
    """A state behind the protocol :class:`statalike.language.context.Context`.

    ``dataset`` takes the place of the data in memory, of which it has all observations.
    """

    def __init__(self, state: State, dataset: Dataset | None = None) -> None:
        self._state = state
        self._dataset = dataset

    @property
    def dataset(self) -> Dataset:
        return self._state.data if self._dataset is None else self._dataset

    @property
    def random(self) -> UniformNumbers:
        return self._state.random

    @property
    def groups(self) -> np.ndarray | None:
        return self._state.by_groups

    @property
    def matches(self) -> Matches:
        return self._state.matches

    def scalar(self, name: str) -> float | str | None:
        if name == "_rc":
            return float(self._state.return_code)
        return self._state.memory.scalars.get(name)

    def stored(self, store: str, name: str) -> Stored:
        if store == "c":
            return self._state.system_value(name)
        if store == "program":
            return program_value(self._state, name)
        if store == "return":
            results = self._state.call.returned
        else:
            results = getattr(self._state.memory, store)
        for part in (results.scalars, results.macros, results.matrices):
            if name in part:
                return part[name]
        return None

    def sample(self) -> np.ndarray | None:
        return estimation_sample(self._state)

    def coefficient(self, kind: str, equation: str, name: str) -> float:
        return coefficient(self._state.e, kind, equation, name)

    def matrix(self, name: str) -> Matrix | None:
        return self._state.memory.matrices.get(name)


def program_value(state: State, name: str) -> float:
    """What ``_by()`` and its relatives and ``replay()`` tell about the program that is running."""
    call = state.call
    number, groups, _ = call.by_place
    rows = call.by_rows
    match name:
        case "_by":
            return float(rows is not None or bool(call.by_place[2]))
        case "_byindex":
            return float(number)
        case "_bylastcall":
            return float(number == groups)
        case "_byn1":
            return 1.0 if rows is None else float(rows.start + 1)
        case "_byn2":
            return float(state.data.n if rows is None else rows.stop)
        case _:
            given = state.macros.get("0", "").strip()
            return float(not given or given.startswith(","))


def estimation_sample(state: State) -> np.ndarray | None:
    """e(sample) as a mask (n,) over the observations now in memory, or None without estimates."""
    mark = state.e.sample
    return None if mark is None else state.data.marks.get(mark)


def coefficient(results: Results, kind: str, equation: str, name: str) -> float:
    """``_b[eq:name]`` or ``_se[eq:name]`` of estimation results; r(301), r(111)."""
    b = results.matrices.get("b")
    if b is None:
        raise StataError(301, "last estimates not found")
    position = find_coefficient(b, equation, name)
    if kind == "b":
        return float(b.values[0, position])
    variance = results.matrices["V"].values[position, position]
    return float(np.sqrt(variance)) if 0 <= variance < MISSING else MISSING


def find_coefficient(b: NamedMatrix, equation: str, name: str) -> int:
    """The column of e(b) that ``_b[eq:name]`` refers to; r(111).

    Without an equation the first one is meant; ``eq`` may also be ``#1``, and ``/name`` is a
    parameter that belongs to no equation.  Names match whatever the marks of base levels:
    ``0.girl#c.age`` finds ``0bn.girl#c.age``.
    """
    if not equation and ":" in name:
        equation, _, name = name.partition(":")
    if not equation and name.startswith("/"):
        position = coefficient_position(b, "/", name[1:])
        if position is None:
            position = coefficient_position(b, name, "_cons")
        if position is None:
            raise StataError(111, f"{name} not found")
        return position
    equations = list(dict.fromkeys(stripe.equation for stripe in b.columns))
    if equation.startswith("#") and equation[1:].isdigit():
        number = int(equation[1:])
        equation = equations[number - 1] if 0 < number <= len(equations) else equation
    wanted = equation or equations[0]
    position = coefficient_position(b, wanted, name)
    if position is None and not equation:
        position = coefficient_position(b, f"/{name}", "_cons")
    if position is None:
        raise StataError(111, f"[{equation}]{name} not found" if equation else f"{name} not found")
    return position


def coefficient_position(b: NamedMatrix, equation: str, name: str) -> int | None:
    """The column of a coefficient in e(b); base and omission marks in names do not count."""
    exact = b.column_position(equation, name)
    if exact >= 0:
        return exact
    bare = without_marks(name)
    for position, stripe in enumerate(b.columns):
        if stripe.equation == equation and without_marks(stripe.name) == bare:
            return position
    return None


def without_marks(name: str) -> str:
    """``1b.a#co.x`` → ``1.a#c.x``, ``o.x`` → ``x``."""
    parts = []
    for part in name.split("#"):
        prefix, point, variable = part.rpartition(".")
        if point:
            prefix = prefix.rstrip("bno") if prefix[:1].isdigit() else prefix.replace("o", "")
            prefix = "" if prefix == "c" and "#" not in name else prefix
            if prefix.startswith("i") and prefix[1:].isdigit():
                prefix = prefix[1:]
        parts.append(f"{prefix}.{variable}" if prefix else variable)
    return "#".join(parts)


def observations_mask(
    state: State, condition: Expression | None, observations: ObservationRange | None
) -> np.ndarray:
    """The observations that ``if`` and ``in`` select: a mask (n,).

    Under ``by`` the group at hand is part of the selection.
    """
    n = state.data.n
    if observations is None:
        mask = np.ones(n, dtype=bool)
    else:
        first, last = observation_range(observations, n)
        mask = np.zeros(n, dtype=bool)
        mask[first:last] = True
    if state.by_rows is not None:
        outside = np.ones(n, dtype=bool)
        outside[state.by_rows] = False
        mask[outside] = False
    if condition is not None and n:
        mask &= evaluate_condition(condition, StateContext(state))
    return mask


def observation_range(observations: ObservationRange, n: int) -> tuple[int, int]:
    """Half-open positions of ``in``; r(198) when they leave 1 to n."""

    def position(number: int) -> int:
        return number if number > 0 else n + 1 + number

    first, last = position(observations.first), position(observations.last)
    if not 1 <= first <= last <= n:
        raise StataError(198, "observation numbers out of range")
    return first - 1, last


def some_observations(mask: np.ndarray) -> np.ndarray:
    """The mask itself; r(2000) when it selects nothing."""
    if not mask.any():
        raise no_observations()
    return mask
