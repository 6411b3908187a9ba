"""``from()``, ``startvalues()`` and ``startgrid()``: where the search begins ([ME] meglm)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from statalike.commands.estimation.generalized.reported_estimates import ParameterMap
from statalike.commands.estimation.initial_values import read_initial_values
from statalike.engine.generalized.starting_values import (
    GRID_VALUES,
    GridAxis,
    StartingMethod,
    StartingValues,
)
from statalike.errors import StataError
from statalike.language.numlist import read_numlist
from statalike.language.suboptions import Suboptions, read_suboptions
from statalike.results.matrix import Stripe
from statalike.state import State

METHODS: tuple[StartingMethod, ...] = ("zero", "constantonly", "fixedonly")
ITERATIONS = Suboptions("[anything] [, ITERate(numlist max=1)]")


def starting_values(
    state: State, options: Mapping[str, Any], mapped: ParameterMap
) -> StartingValues:
    """What the options ask for; r(111), r(198)."""
    method, iterations = _method(state, options.get("startvalues"))
    given = options.get("from")
    values = None
    if given is not None:
        if _is_list_of_numbers(str(given)):
            raise StataError(198, "option from() may not be a list of values")
        values = mapped.estimates(read_initial_values(state, str(given), mapped.stripes))
    return StartingValues(method, iterations, values, _grid(options, mapped))


def _is_list_of_numbers(text: str) -> bool:
    try:
        return bool(read_numlist(text.partition(",")[0]))
    except StataError:
        return False


def _method(state: State, typed: str | None) -> tuple[StartingMethod, int | None]:
    """The method of ``startvalues()`` and the bound of its iterations."""
    if typed is None:
        return "fixedonly", None
    alone = str(typed).strip().startswith("iter")
    arguments = read_suboptions(ITERATIONS, f", {typed}" if alone else str(typed), state.data)
    word = arguments.body.strip() or "fixedonly"
    if word == "iv":
        raise StataError(198, "option startvalues(iv) not yet supported")
    given = arguments.numbers("iterate")
    limit = int(given[0]) if given else None
    for method in METHODS:
        if word == method:
            if limit is not None and method != "fixedonly":
                raise StataError(198, f"option iterate() not allowed with startvalues({method})")
            return method, limit
    raise StataError(198, f"startvalues({word}) not allowed")


@dataclass(frozen=True)
class _Request:
    """One ``startgrid()``: its values, and the estimates it names."""

    values: tuple[float, ...]
    positions: tuple[int, ...]


def _grid(options: Mapping[str, Any], mapped: ParameterMap) -> tuple[GridAxis, ...] | None:
    typed = options.get("startgrid")
    if not typed:
        return None
    # Without an argument the option is a flag, and reads as its own default.
    requests = [text if isinstance(text, str) else "" for text in typed]
    names = _grid_names(mapped)
    axes: list[GridAxis] = []
    for request in (_read_grid(str(text), names) for text in requests):
        positions = request.positions or _random_variances(mapped)
        for position in positions:
            values = request.values
            if position < mapped.count and _is_residual(mapped, position):
                values = tuple(0.5 * float(np.log(value)) for value in values if value > 0)
            axes.append(GridAxis(position, values))
    return tuple(axes)


def _read_grid(text: str, names: Mapping[str, int]) -> _Request:
    numbers: list[str] = []
    positions: list[int] = []
    for word in text.split():
        if word in names:
            positions.append(names[word])
        else:
            numbers.append(word)
    try:
        values = read_numlist(" ".join(numbers)) if numbers else GRID_VALUES
    except StataError:
        raise StataError(198, f"option startgrid() incorrectly specified: {text}") from None
    return _Request(tuple(values), tuple(positions))


def _grid_names(mapped: ParameterMap) -> dict[str, int]:
    """``_cons[id]`` for a variance, ``x[id]*_cons[id]`` for a covariance either way round,
    ``e.y`` for the residual variance."""
    names: dict[str, int] = {}
    for stripe, position in zip(mapped.stripes, mapped.positions.tolist(), strict=True):
        kind, inside = _kind(stripe)
        if kind == "var":
            names[inside] = position
        elif kind == "cov":
            first, second = inside.split(",")
            names[f"{first}*{second}"] = names[f"{second}*{first}"] = position
    return names


def _kind(stripe: Stripe) -> tuple[str, str]:
    kind, _, inside = stripe.name.partition("(")
    known = stripe.equation == "/" and kind in ("var", "cov") and inside.endswith(")")
    return (kind, inside.removesuffix(")")) if known else ("", "")


def _random_variances(mapped: ParameterMap) -> tuple[int, ...]:
    found = [
        position
        for stripe, position in zip(mapped.stripes, mapped.positions.tolist(), strict=True)
        if _kind(stripe)[0] == "var" and not _is_residual(mapped, position)
    ]
    return tuple(dict.fromkeys(found))


def _is_residual(mapped: ParameterMap, position: int) -> bool:
    return bool(np.any(mapped.positions[mapped.variances] == position))
