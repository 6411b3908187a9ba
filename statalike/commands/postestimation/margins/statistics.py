"""What ``margins`` needs of a prediction: its values where covariates are replaced, and its
derivatives by the coefficients.

An estimator offers its predictions by registering a function under its ``e(cmd)``; ``margins``
itself knows nothing of estimators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from statalike.design.columns import Column
from statalike.design.covariate_values import CovariateValues
from statalike.errors import StataError
from statalike.language.ast import Clause, CommandLine
from statalike.language.parser import split_options
from statalike.state import State

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Evaluation:
    """A statistic at some values of the covariates.

    ``values`` are (n,), or (1,) where all observations share one.  ``gradient`` takes weights (n,)
    to the derivatives (k,) by e(b) of the weighted sum of the values.
    """

    values: Array
    gradient: Callable[[Array], Array]


def weighted_sum(weights: Array, values: Array) -> float:
    """The sum of ``weights * values``; values (1,) stand for all observations."""
    if len(values) == 1:
        return float(weights.sum() * values[0])
    return float(weights @ values)


def combination(parts: Sequence[tuple[Evaluation, Array | float]]) -> Evaluation:
    """The sum of evaluations, each times a factor for each observation."""

    def gradient(weights: Array) -> Array:
        return np.asarray(sum(part.gradient(weights * factor) for part, factor in parts))

    total = parts[0][0].values * parts[0][1]
    for part, factor in parts[1:]:
        total = total + part.values * factor
    return Evaluation(np.atleast_1d(total), gradient)


class Statistic(Protocol):
    """A prediction of a model, for all observations.

    ``label`` says what it is (``Linear prediction``) and ``options`` how ``predict()`` asks for it.
    ``linear`` says that it is a linear function of the coefficients.  ``columns`` are those of the
    linear predictor, omitted ones included, ``random_columns`` those of random coefficients, and
    ``needed`` all that are evaluated.  ``size`` is the number of coefficients that derivatives are
    by.
    """

    @property
    def label(self) -> str: ...
    @property
    def options(self) -> str: ...
    @property
    def linear(self) -> bool: ...
    @property
    def columns(self) -> tuple[Column, ...]: ...
    @property
    def random_columns(self) -> tuple[Column, ...]: ...
    @property
    def needed(self) -> tuple[Column, ...]: ...
    @property
    def size(self) -> int: ...

    def evaluate(self, values: CovariateValues) -> Evaluation:
        """The statistic where covariates have these values."""


@dataclass(frozen=True)
class LinearPrediction:
    """``xb``: the sum of ``coefficients`` (k of the columns) times columns.

    ``position`` is that of the first of the columns in e(b), which has ``size`` coefficients.
    """

    label: str
    options: str
    columns: tuple[Column, ...]
    coefficients: Array
    size: int
    position: int = 0
    linear: bool = True
    random_columns: tuple[Column, ...] = ()

    @property
    def needed(self) -> tuple[Column, ...]:
        return self.columns

    def evaluate(self, values: CovariateValues) -> Evaluation:
        found = [
            (self.position + k, values.column(column))
            for k, column in enumerate(self.columns)
            if not column.omitted
        ]
        total = np.zeros(1)
        for k, column in found:
            total = total + self.coefficients[k - self.position] * column

        def gradient(weights: Array) -> Array:
            result = np.zeros(self.size)
            for k, column in found:
                result[k] = weighted_sum(weights, column)
            return result

        return Evaluation(total, gradient)


#: of an estimator, the statistics that options of predict() ask for
StatisticsOf = Callable[[State, Mapping[str, Any], str], tuple[Statistic, ...]]
_statistics: dict[str, StatisticsOf] = {}


def margins_statistics(*estimators: str) -> Callable[[StatisticsOf], StatisticsOf]:
    """Register the function that gives the statistics of an estimator, or several.

    It is given the session, the options of ``predict()`` read by the syntax of ``predict``, and
    their text.  It raises r(322) for what ``margins`` does not allow.
    """

    def decorate(function: StatisticsOf) -> StatisticsOf:
        for estimator in estimators:
            _statistics[estimator] = function
        return function

    return decorate


def requested_statistics(state: State, text: str) -> tuple[Statistic, ...]:
    """What one ``predict()`` asks for: one statistic, or those of all outcomes; r(322)."""
    from statalike.commands.registry import find_command

    estimator = state.e.macros.get("cmd", "")
    if estimator not in _statistics:
        raise StataError(322, f"margins cannot be used after {estimator}")
    predict = find_command("predict")
    assert predict is not None
    clause = Clause(body="", options=split_options(text), has_comma=True)
    read = predict.specification.read(CommandLine("predict", clause), state.data)
    return _statistics[estimator](state, read.options, text.strip())


def refuse_options(options: Mapping[str, Any], allowed: Sequence[str]) -> None:
    """r(322) for options of ``predict()`` of which there is no margin."""
    if any(value and name not in allowed for name, value in options.items()):
        raise StataError(
            322, "prediction is a function of possibly stochastic quantities other than e(b)"
        )
