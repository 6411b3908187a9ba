"""From the outcome variable of a generalized mixed model to what the engine takes.

Each family has its own requirements of the data, its own rows of an outcome, names of its own
parameters and lines in the header.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from statalike.data.dataset import Dataset
from statalike.design.columns import Column
from statalike.engine.families.family import Array, Family
from statalike.errors import StataError

#: families and links: the classes that stand for them, by module
_FAMILIES = {
    ("gaussian", "identity"): "gaussian.Gaussian",
    ("gaussian", "log"): "gaussian.GaussianLog",
    ("bernoulli", "logit"): "logistic.BernoulliLogit",
    ("bernoulli", "probit"): "probit.BernoulliProbit",
    ("bernoulli", "cloglog"): "complementary_log_log.BernoulliCloglog",
    ("binomial", "logit"): "logistic.BinomialLogit",
    ("binomial", "probit"): "probit.BinomialProbit",
    ("binomial", "cloglog"): "complementary_log_log.BinomialCloglog",
    ("poisson", "log"): "poisson.Poisson",
    ("nbinomial", "log"): "negative_binomial.NegativeBinomialMean",
    ("nbinomial constant", "log"): "negative_binomial.NegativeBinomialConstant",
    ("gamma", "log"): "gamma.Gamma",
    ("ordinal", "logit"): "ordinal.OrdinalLogit",
    ("ordinal", "probit"): "ordinal.OrdinalProbit",
    ("ordinal", "cloglog"): "ordinal.OrdinalCloglog",
}
DEFAULT_LINKS = {
    "gaussian": "identity",
    "bernoulli": "logit",
    "binomial": "logit",
    "poisson": "log",
    "nbinomial": "log",
    "gamma": "log",
    "ordinal": "logit",
}


@dataclass(frozen=True)
class OutcomeRequest:
    """An outcome as a command line describes it.

    ``family`` and ``link`` are Stata's names; ``trials`` a number or a variable's name for binomial
    outcomes, ``dispersion`` ``mean`` or ``constant`` for negative binomial ones.
    """

    column: Column
    family: str
    link: str
    trials: str = ""
    dispersion: str = "mean"


@dataclass(frozen=True)
class PreparedOutcome:
    """The family and the outcome's rows (c, n), the names of its own parameters in e(b), lines for
    the header, and the values of ordinal categories.

    A parameter named ``var(e.y)`` is the log standard deviation of the family.
    """

    family: Family
    rows: Array
    parameter_names: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    counts: tuple[tuple[str, str], ...] = ()
    categories: Array = field(default_factory=lambda: np.zeros(0))


def prepare_outcome(request: OutcomeRequest, data: Dataset, sample: np.ndarray) -> PreparedOutcome:
    """The outcome on an estimation sample; r(198), r(459), r(2000)."""
    values = request.column.evaluate(data, sample)
    return _PREPARE[request.family](request, data, sample, values)


def is_allowed(family: str, link: str) -> bool:
    """Whether a family goes with a link."""
    return (family, link) in _FAMILIES


def _family(request: OutcomeRequest, *arguments: Any) -> Family:
    name = request.family
    if name == "nbinomial" and request.dispersion == "constant":
        name = "nbinomial constant"
    module, _, family = _FAMILIES[name, request.link].partition(".")
    found = getattr(importlib.import_module(f"statalike.engine.families.{module}"), family)
    made: Family = found(*arguments)
    return made


def _binary(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    outcome = (values != 0).astype(np.float64)
    if outcome.min() == outcome.max():
        raise StataError(
            2000,
            "outcome does not vary; remember:\n"
            "                                  0 = negative outcome,\n"
            "        all other nonmissing values = positive outcome",
        )
    return PreparedOutcome(_family(request), outcome[None])


def _binomial(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    try:
        trials = np.full(len(values), float(request.trials))
        detail = f"Binomial trials:   {request.trials}"
    except ValueError:
        trials = data.numbers(request.trials)[sample].astype(np.float64)
        detail = f"Binomial variable: {request.trials}"
    name = request.column.name
    if np.any(values < 0) or np.any(values != np.floor(values)):
        raise StataError(459, f"{name} must be a nonnegative integer")
    if np.any(trials < 1) or np.any(trials != np.floor(trials)):
        raise StataError(459, "binomial() must be a positive integer")
    if np.any(values > trials):
        raise StataError(459, f"{name} > {request.trials} in some observations")
    return PreparedOutcome(_family(request), np.stack([values, trials]), details=(detail,))


def _count(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    if np.any(values < 0):
        raise StataError(459, f"{request.column.name} must be greater than or equal to zero")
    names: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    if request.family == "nbinomial":
        if np.any(values != np.floor(values)):
            raise StataError(459, f"{request.column.name} must contain only integers")
        names = ("lnalpha",) if request.dispersion == "mean" else ("lndelta",)
        details = (f"Overdispersion: {request.dispersion}",)
    return PreparedOutcome(_family(request), values[None], names, details)


def _continuous(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    return PreparedOutcome(_family(request), values[None], (f"var(e.{request.column.name})",))


def _positive(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    if np.any(values <= 0):
        raise StataError(459, f"{request.column.name} must be greater than zero")
    return PreparedOutcome(_family(request), values[None], ("logs",))


def _ordinal(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    categories, positions = np.unique(values, return_inverse=True)
    if len(categories) < 2:
        raise StataError(148, "too few categories")
    return PreparedOutcome(
        _family(request, len(categories)),
        positions.ravel().astype(np.float64)[None],
        tuple(f"cut{k}" for k in range(1, len(categories))),
        categories=categories,
    )


_PREPARE: dict[str, Callable[[OutcomeRequest, Dataset, np.ndarray, Array], PreparedOutcome]] = {
    "gaussian": _continuous,
    "bernoulli": _binary,
    "binomial": _binomial,
    "poisson": _count,
    "nbinomial": _count,
    "gamma": _positive,
    "ordinal": _ordinal,
}
