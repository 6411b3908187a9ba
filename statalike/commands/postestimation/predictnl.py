"""``predictnl``: nonlinear predictions with standard errors by the delta method ([R] predictnl).

For the prediction g(x_j, b) of observation j with gradient G_j (k,) in the coefficients, the
variance is G_j V G_j'.  Derivatives in ``_b[]`` are exact; those of ``predict()`` are fourth-order
central differences of the prediction in each coefficient that has a variance.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.estimation.distributions import t_critical_values, two_sided_t_p
from statalike.commands.postestimation.hypotheses import (
    estimated_coefficients,
    residual_degrees_of_freedom,
)
from statalike.commands.postestimation.nonlinear_functions import coefficient_gradient
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.storage import StorageType, storage_type
from statalike.errors import StataError
from statalike.evaluation import StateContext, observations_mask
from statalike.language import ast
from statalike.language.arguments import Arguments
from statalike.language.derivatives import Gradient, gradient
from statalike.language.evaluation import Evaluation, Shared
from statalike.language.values import numbers
from statalike.results.stores import Results
from statalike.state import State

#: options for variables of inference, and what their labels say
QUANTITIES = {
    "se": "Standard error of {}",
    "variance": "Variance of {}",
    "wald": "Wald statistic of {}",
    "p": "p-value of {}",
}


@command(
    "predictnl",
    syntax="newvarlist(min=1 max=1) =exp [if] [in] [, SE(newvarname) VARiance(newvarname) "
    "Wald(newvarname) P(newvarname) CI(newvarlist min=2 max=2) Level(cilevel) "
    "DF(real 0)]",
    unsupported="ITERate(integer 100) FORCE G(string)",
    help="nonlinear predictions with standard errors",
    section="Postestimation",
)
def predictnl(state: State, arguments: Arguments) -> None:
    estimated_coefficients(state.e)
    assert arguments.assignment is not None
    rows = np.flatnonzero(observations_mask(state, arguments.condition, arguments.observations))
    first = arguments.new_variables[0]
    storage = storage_type(first.storage or state.settings.type)
    wanted = _wanted(arguments)
    values, slopes = _predictions(state, arguments.assignment, rows, needs_slopes=bool(wanted))
    missing = np.isnan(values)
    made: dict[str, np.ndarray] = {}
    if wanted:
        level = confidence_level(arguments.options, state.settings)
        V = state.e.matrices["V"].values
        variance = np.einsum("ij,jk,ik->i", slopes, V, slopes)
        variance[missing] = np.nan
        df = residual_degrees_of_freedom(Results(), arguments)
        made = _inference(values, variance, level, df)
    text = arguments.assignment_text.strip()
    labels = {key: label.format(first.name) for key, label in QUANTITIES.items()}
    _add(state, first.name, values, rows, storage, f"Prediction: {text}"[:80])
    for key, names in wanted.items():
        if key == "ci":
            limit = confidence_level(arguments.options, state.settings)
            for name, which in zip(names, ("lower", "upper"), strict=True):
                label = f"{limit:g}% {which} bound: {first.name}"
                _add(state, name, made[which], rows, storage, label)
        else:
            _add(state, names[0], made[key], rows, storage, labels[key])
    if "ci" in wanted or "p" in wanted:
        what = "Confidence intervals" if "ci" in wanted else "p-values"
        by = "t" if arguments.typed("df") else "Z"
        state.console.print(f"Note: {what} calculated using {by} critical values.")
    count = state.data.n - len(rows) + int(missing.sum())
    if count:
        noun = "value" if count == 1 else "values"
        state.console.print(f"({count:,} missing {noun} generated)")


def _wanted(arguments: Arguments) -> dict[str, tuple[str, ...]]:
    """The names of the variables asked for by option; r(198) when one is asked for twice."""
    wanted: dict[str, tuple[str, ...]] = {}
    for key in (*QUANTITIES, "ci"):
        if arguments.typed(key):
            wanted[key] = tuple(variable.name for variable in _new(arguments.option(key)))
    names = [arguments.new_variables[0].name, *(n for each in wanted.values() for n in each)]
    if len(set(names)) < len(names):
        raise StataError(198, "new variables must have different names")
    return wanted


def _new(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _add(
    state: State,
    name: str,
    values: np.ndarray,
    rows: np.ndarray,
    storage: StorageType,
    label: str,
) -> None:
    filled = np.full(state.data.n, MISSING)
    filled[rows] = np.where(np.isfinite(values), values, MISSING)
    state.data.add(name, filled, storage, label=label)


def _inference(
    values: np.ndarray, variance: np.ndarray, level: float, df: float
) -> dict[str, np.ndarray]:
    """Standard errors, tests and limits (n,); nan where there is no variance."""
    with np.errstate(all="ignore"):
        errors = np.sqrt(np.where(variance >= 0, variance, np.nan))
        each = np.full(len(values), df if df < MISSING else np.inf)
        critical = t_critical_values(level, each)
        z = values / errors
        return {
            "se": errors,
            "variance": errors**2,
            "wald": z**2,
            "p": two_sided_t_p(z, each),
            "lower": values - critical * errors,
            "upper": values + critical * errors,
        }


def _predictions(
    state: State, expression: ast.Expression, rows: np.ndarray, *, needs_slopes: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The expression (n,), nan where missing, and its gradient (n, k) at the chosen rows.

    Each ``predict()`` becomes a variable of a copy of the data, with a gradient of its own.
    """
    b = estimated_coefficients(state.e)
    places: dict[ast.Prediction, ast.Name] = {}
    slopes: dict[str, np.ndarray] = {}
    data = state.data.copy()
    for node in _predictions_in(expression):
        if node in places:
            continue
        name = f"__prediction{len(places) + 1}"
        places[node] = ast.Name(name)
        data.add(name, _predicted(state, node.options, b.values), storage_type("double"))
        if needs_slopes:
            slopes[name] = _prediction_slopes(state, node.options)
    context = _OnData(state, data)
    evaluation = Evaluation(context, rows, len(rows), Shared(context))
    with np.errstate(all="ignore"):
        value = numbers(evaluation.value(expression := _replaced(expression, places)))
    values = np.array(np.broadcast_to(np.asarray(value, dtype=float), (len(rows),)))
    values[values >= MISSING] = np.nan
    if not needs_slopes:
        return values, np.empty((len(rows), 0))
    of_coefficient = coefficient_gradient(b)

    def known(node: ast.Expression) -> Gradient:
        if isinstance(node, ast.Name) and node.name in slopes:
            return slopes[node.name][rows]
        return of_coefficient(node)

    found = gradient(expression, evaluation, known)
    k = len(b.columns)
    whole = np.zeros(k) if found is None else found
    return values, np.array(np.broadcast_to(whole, (len(rows), k)))


class _OnData(StateContext):
    """The session with other data."""

    def __init__(self, state: State, data: Dataset) -> None:
        super().__init__(state)
        self._data = data

    @property
    def dataset(self) -> Dataset:
        return self._data


def _predicted(state: State, options: str, b: np.ndarray) -> np.ndarray:
    """What ``predict`` makes with these options and coefficients (1, k): (n,), Stata's missing."""
    estimates, data, results = state.e, state.data, state.r
    try:
        state.data = data.copy()
        state.e = estimates.copy()
        state.e.matrices["b"] = estimates.matrices["b"].with_values(b)
        with state.console.silent():
            state.interpreter.run_line(f"predict double __prediction, {options}")
        return state.data.numbers("__prediction")
    finally:
        state.e, state.data, state.r = estimates, data, results


def _prediction_slopes(state: State, options: str) -> np.ndarray:
    """The gradient (n, k) of a prediction; nan where it is missing."""
    b = state.e.matrices["b"].values
    V = np.diag(state.e.matrices["V"].values)
    slopes = np.zeros((state.data.n, b.shape[1]))
    for j in np.flatnonzero(V > 0):
        # A variance on its boundary has a standard error beyond all measure.
        step = 7e-4 * min(float(np.sqrt(V[j])), abs(float(b[0, j])) + 1)

        def at(shift: float, j: int = int(j)) -> np.ndarray:
            moved = b.copy()
            moved[0, j] += shift
            found = _predicted(state, options, moved)
            return np.where(found >= MISSING, np.nan, found)

        near, far = at(step) - at(-step), at(2 * step) - at(-2 * step)
        slopes[:, j] = (8 * near - far) / (12 * step)
    return slopes


def _predictions_in(node: Any) -> list[ast.Prediction]:
    if isinstance(node, ast.Prediction):
        return [node]
    return [found for part in _parts(node) for found in _predictions_in(part)]


def _parts(node: Any) -> list[Any]:
    if isinstance(node, tuple):
        return list(node)
    if not isinstance(node, ast.Node):
        return []
    return [getattr(node, each.name) for each in dataclasses.fields(node) if each.name != "span"]


def _replaced(node: Any, places: Mapping[ast.Prediction, ast.Name]) -> Any:
    """The tree with each prediction replaced by the name of its variable."""
    if isinstance(node, ast.Prediction):
        return places[node]
    if isinstance(node, tuple):
        return tuple(_replaced(part, places) for part in node)
    if not isinstance(node, ast.Node):
        return node
    changed = {
        each.name: _replaced(getattr(node, each.name), places)
        for each in dataclasses.fields(node)
        if each.name != "span"
    }
    return dataclasses.replace(node, **changed)
