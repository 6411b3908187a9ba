"""``initial()`` of ``menl``: where an estimation begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.initial_values import named_vector
from statalike.commands.estimation.nonlinear.description import NonlinearDescription
from statalike.data.missing import MISSING
from statalike.engine.nonlinear.fit import NonlinearStart
from statalike.errors import StataError
from statalike.evaluation import StateContext, coefficient_position
from statalike.language.expressions import evaluate_scalar
from statalike.language.nonlinear_parser import parse_starting_numbers, parse_starting_values
from statalike.language.suboptions import Suboptions, read_suboptions
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.state import State

_INITIAL = Suboptions("anything [, SKIP COPY FIXED]")


@dataclass(frozen=True)
class _Given:
    """Values (k,) of the parameters in e(b), nan where none is given."""

    values: np.ndarray
    fixed_only: bool


def starting_values(
    state: State, description: NonlinearDescription, typed: str | None
) -> NonlinearStart:
    """Where the engine begins.

    Without ``fixed`` parameters that are not named begin at zero, standard deviations at one, and
    there is no EM; with it EM finds the variance parameters at the fixed effects given.  Raises
    r(111) for parameters that the model does not have, r(198), r(503), r(504).
    """
    if typed is None:
        return NonlinearStart(description.starting_point())
    given = _read(state, description, typed)
    values = np.where(np.isnan(given.values), 0.0, given.values)
    k_f = len(description.fixed)
    fixed = values[:k_f][description.estimated]
    if given.fixed_only:
        return NonlinearStart(fixed, keep_fixed=True)
    return NonlinearStart(fixed, variance=values[k_f:])


def _read(state: State, description: NonlinearDescription, typed: str) -> _Given:
    arguments = read_suboptions(_INITIAL, typed, state.data)
    skip, copied = arguments.flag("skip"), arguments.flag("copy")
    body = arguments.body
    names = description.stripes
    parameters = NamedMatrix.row(np.full(len(names), np.nan), names)
    result = np.full(len(names), np.nan)
    vector = named_vector(state, body, "initial") if _is_vector(state, body) else None
    if vector is not None:
        labels, values = vector
        if np.any(values >= MISSING):
            raise StataError(504, "matrix has missing values")
        if copied:
            return _Given(_all_of_them(values, names), arguments.flag("fixed"))
        for label, value in zip(labels, values, strict=True):
            position = coefficient_position(parameters, *label)
            if position is not None:
                result[position] = value
            elif not skip:
                raise StataError(
                    111, f"extra parameter {label} found", hint="specify skip option if necessary"
                )
    elif copied:
        numbers = parse_starting_numbers(body)
        given = np.array([number.value for number in numbers])
        return _Given(_all_of_them(given, names), arguments.flag("fixed"))
    else:
        context = StateContext(state)
        for item in parse_starting_values(body):
            number = evaluate_scalar(item.value, context)
            if isinstance(number, str) or number >= MISSING:
                raise StataError(198, "option initial() incorrectly specified", span=item.span)
            for name in item.names:
                result[_positions(parameters, name)] = number
    return _Given(result, arguments.flag("fixed"))


def _is_vector(state: State, body: str) -> bool:
    return body in state.memory.matrices or body in ("e(b)", "r(b)")


def _all_of_them(values: np.ndarray, names: Sequence[Stripe]) -> np.ndarray:
    if len(values) != len(names):
        raise StataError(
            503,
            "conformability error",
            hint=f"the model has {len(names)} parameters, initial() has {len(values)} values",
        )
    return np.array(values, dtype=float)


def _positions(parameters: NamedMatrix, name: str) -> list[int]:
    """The parameters that a name stands for: ``b``, ``/b``, ``lc:x``, ``id:lnsd(U)``, ``lc:``."""
    equation, colon, own = name.rpartition(":")
    groups = (equation, f"/{equation.lstrip('/')}") if colon else ("/",)
    if colon and not own:
        found = [i for i, stripe in enumerate(parameters.columns) if stripe.equation in groups]
        if found:
            return found
    for group in groups:
        position = coefficient_position(parameters, group, own.lstrip("/"))
        if position is not None:
            return [position]
    raise StataError(111, f"parameter {name} not found", hint="in option initial()")
