"""Option ``from()``: starting values for the parameters of e(b) ([R] Maximize)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.evaluation import coefficient_position
from statalike.language.parser import parse_command_line, parse_initial_values, split_comma
from statalike.language.specification import Specification
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.state import State

OPTIONS = "[, SKIP COPY]"


def read_initial_values(state: State, typed: str, names: Sequence[Stripe]) -> np.ndarray:
    """Starting values (k,) for parameters with these names, nan where none is given.

    ``typed`` is ``matrix [, skip copy]``, ``[eq:]name=# /name=# ...`` or ``# # ..., copy``.
    Raises r(111) for a parameter that the model does not have, r(198), r(503) for the wrong number
    of values, r(504) for missing ones.
    """
    body, after = split_comma(typed)
    arguments = Specification.parse(OPTIONS).read(
        parse_command_line(f"from, {after or ''}"), state.data
    )
    skip, copied = arguments.flag("skip"), arguments.flag("copy")
    parameters = NamedMatrix.row(np.full(len(names), np.nan), tuple(names))
    matrix = _matrix(state, body)
    if matrix is not None:
        labels, values = named_vector(state, body, "from")
    else:
        given = parse_initial_values(body)
        values = np.array([item.value for item in given])
        labels = tuple(_label(item.name) for item in given)
        named = [bool(item.name) for item in given]
        if any(named) != all(named) or (not any(named) and not copied):
            raise StataError(
                198,
                "option from() incorrectly specified",
                hint="numbers without names need option copy",
            )
    if not np.all(values < MISSING):
        raise StataError(504, "matrix has missing values")
    if copied:
        return _copied(values, len(names))
    result = np.full(len(names), np.nan)
    for label, value in zip(labels, values, strict=True):
        position = parameter_position(parameters, label)
        if position is not None:
            result[position] = value
        elif not skip:
            raise StataError(
                111, f"extra parameter {label} found", hint="specify skip option if necessary"
            )
    return result


def named_vector(state: State, name: str, option: str) -> tuple[tuple[Stripe, ...], np.ndarray]:
    """The names and values of a row or column vector; r(111), r(503)."""
    matrix = _matrix(state, name)
    if matrix is None:
        raise StataError(198, f"option {option}() incorrectly specified")
    if 1 not in matrix.shape:
        raise StataError(503, "conformability error", hint=f"{option}() takes a vector")
    return (matrix.columns if matrix.shape[0] == 1 else matrix.rows), matrix.values.ravel()


def _matrix(state: State, name: str) -> NamedMatrix | None:
    """The matrix of this name, also one in e() or r(); r(111) for a name without matrix."""
    name = name.strip()
    for letter, results in (("e", state.e), ("r", state.r)):
        if name.startswith(f"{letter}(") and name.endswith(")"):
            found = results.matrices.get(name[2:-1])
            if found is None:
                raise StataError(111, f"matrix {name} not found")
            return found
    if name in state.memory.matrices:
        return state.memory.matrices[name]
    if name.isidentifier():
        raise StataError(111, f"matrix {name} not found")
    return None


def _label(typed: str) -> Stripe:
    return Stripe("/", typed[1:]) if typed.startswith("/") else Stripe.parse(typed)


def _copied(values: np.ndarray, count: int) -> np.ndarray:
    if len(values) != count:
        raise StataError(
            503,
            "conformability error",
            hint=f"the model has {count} parameters, from() has {len(values)} values",
        )
    return np.array(values, dtype=float)


def parameter_position(parameters: NamedMatrix, label: Stripe) -> int | None:
    """The position of a parameter: ``eq:name``, ``/name``, or ``name`` of the first equation."""
    equation, name = label
    if equation == "/":
        for candidate in (Stripe("/", name), Stripe(f"/{name}", "_cons"), Stripe(name, "_cons")):
            found = coefficient_position(parameters, *candidate)
            if found is not None:
                return found
        return None
    return coefficient_position(parameters, equation or parameters.columns[0].equation, name)
