"""From the outcome variable of a generalized mixed model to what the engine takes.

Each family has its own requirements of the data, its own rows of an outcome, names of its own
parameters and lines in the header.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
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
#: a limit of a tobit model that is the least or greatest outcome
EXTREME = "extreme"
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
class Distribution:
    """The distribution of an outcome as a command line describes it.

    ``family`` and ``link`` are Stata's names; ``trials`` a number or a variable's name for binomial
    outcomes, ``dispersion`` ``mean`` or ``constant`` for negative binomial ones.  ``model`` is
    ``tobit``, ``interval`` or ``survival`` where the family alone does not tell: ``lower`` and
    ``upper`` are then the limits of a tobit model, numbers or variables, and ``upper`` the second
    outcome variable of interval data; ``distribution`` and ``metric`` are those of survival times.
    """

    family: str
    link: str
    trials: str = ""
    dispersion: str = "mean"
    model: str = ""
    lower: str = ""
    upper: str = ""
    distribution: str = ""
    metric: str = ""


@dataclass(frozen=True, kw_only=True)
class OutcomeRequest(Distribution):
    """An outcome variable and its distribution."""

    column: Column

    @classmethod
    def of(cls, column: Column, distribution: Distribution) -> OutcomeRequest:
        """The variable of a column with a distribution."""
        return cls(column=column, **vars(distribution))

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that the outcome is made of."""
        if self.model == "survival":
            return ("_t", "_t0", "_d")
        named = (self.trials, self.lower, self.upper)
        return (*self.column.variables, *(text for text in named if text and not _number(text)))

    @property
    def equation(self) -> str:
        """The name of its equation in e(b)."""
        return "_t" if self.model == "survival" else self.column.name


@dataclass(frozen=True)
class PreparedOutcome:
    """The family and the outcome's rows (c, n), the names of its own parameters in e(b), numbers of
    observations by kind under their names in e(), and the values of ordinal categories.

    A parameter named ``var(e.y)`` is the log standard deviation of the family.
    """

    family: Family
    rows: Array
    parameter_names: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    categories: Array = field(default_factory=lambda: np.zeros(0))


def prepare_outcome(request: OutcomeRequest, data: Dataset, sample: np.ndarray) -> PreparedOutcome:
    """The outcome on an estimation sample; r(198), r(459), r(2000)."""
    values = request.column.evaluate(data, sample)
    return _PREPARE[request.model or request.family](request, data, sample, values)


def is_allowed(family: str, link: str) -> bool:
    """Whether a family goes with a link."""
    return (family, link) in _FAMILIES


def outcome_family(request: OutcomeRequest, categories: int = 0) -> Family:
    """The distribution of an outcome; ``categories`` counts those of an ordinal one."""
    if request.model == "survival":
        return _survival_family(request)
    if request.model:
        from statalike.engine.families.censored_gaussian import CensoredGaussian

        return CensoredGaussian()
    return _family(request, *([categories] if request.family == "ordinal" else []))


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
    except ValueError:
        trials = data.numbers(request.trials)[sample].astype(np.float64)
    name = request.column.name
    if np.any(values < 0) or np.any(values != np.floor(values)):
        raise StataError(459, f"{name} must be a nonnegative integer")
    if np.any(trials < 1) or np.any(trials != np.floor(trials)):
        raise StataError(459, "binomial() must be a positive integer")
    if np.any(values > trials):
        raise StataError(459, f"{name} > {request.trials} in some observations")
    return PreparedOutcome(_family(request), np.stack([values, trials]))


def _count(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    if np.any(values < 0):
        raise StataError(459, f"{request.column.name} must be greater than or equal to zero")
    names: tuple[str, ...] = ()
    if request.family == "nbinomial":
        if np.any(values != np.floor(values)):
            raise StataError(459, f"{request.column.name} must contain only integers")
        names = ("lnalpha",) if request.dispersion == "mean" else ("lndelta",)
    return PreparedOutcome(_family(request), values[None], names)


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


def _censored(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    """Values at or beyond the limits of a tobit model are known to lie there only."""
    lower = limit_values(request.lower, data, sample, -np.inf)
    upper = limit_values(request.upper, data, sample, np.inf)
    if np.any(lower >= upper):
        raise StataError(198, "lower censoring limits must be less than upper ones")
    below, above = values <= lower, values >= upper
    left = np.where(below, -np.inf, np.where(above, upper, values))
    right = np.where(below, lower, np.where(above, np.inf, values))
    counts = {
        "N_unc": int(np.sum(~below & ~above)),
        "N_lc": int(np.sum(below)),
        "N_rc": int(np.sum(above & ~below)),
    }
    return _between_limits(request, left, right, counts)


def limit_values(text: str, data: Dataset, sample: np.ndarray, none: float) -> Array:
    """The limits (n,) that a number or a variable gives; missing ones are no limits."""
    if not text:
        return np.full(int(sample.sum()), none)
    if _number(text):
        return np.full(int(sample.sum()), float(text))
    values = data.numbers(text)[sample].astype(np.float64)
    return np.where(values < MISSING, values, none)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _interval(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    """Interval data: missing limits stand for infinite ones."""
    left = np.where(values < MISSING, values, -np.inf)
    right = limit_values(request.upper, data, sample, np.inf)
    if np.any(left > right):
        raise StataError(498, f"observations with {request.column.name} > {request.upper}")
    point, open_left, open_right = left == right, np.isinf(left), np.isinf(right)
    counts = {
        "N_unc": int(np.sum(point)),
        "N_lc": int(np.sum(open_left)),
        "N_rc": int(np.sum(open_right)),
        "N_int": int(np.sum(~point & ~open_left & ~open_right)),
    }
    return _between_limits(request, left, right, counts)


def _between_limits(
    request: OutcomeRequest, left: Array, right: Array, counts: Mapping[str, int]
) -> PreparedOutcome:
    names = (f"var(e.{request.column.name})",)
    return PreparedOutcome(outcome_family(request), np.stack([left, right]), names, counts)


def _survival(
    request: OutcomeRequest, data: Dataset, sample: np.ndarray, values: Array
) -> PreparedOutcome:
    family = outcome_family(request)
    rows = np.stack([data.numbers(name)[sample] for name in ("_t", "_t0", "_d")])
    return PreparedOutcome(family, rows.astype(np.float64), family.parameter_names)


def _survival_family(request: OutcomeRequest) -> Family:
    from statalike.engine.families import accelerated_failure_time as times
    from statalike.engine.families import gamma_survival, weibull

    hazard = request.metric == "hazard"
    match request.distribution:
        case "exponential":
            return weibull.Exponential("hazard" if hazard else "time")
        case "weibull":
            return weibull.WeibullHazard() if hazard else times.WeibullTime()
        case "lognormal":
            return times.Lognormal()
        case "loglogistic":
            return times.Loglogistic()
        case _:
            return gamma_survival.GammaTime()


_PREPARE: dict[str, Callable[[OutcomeRequest, Dataset, np.ndarray, Array], PreparedOutcome]] = {
    "gaussian": _continuous,
    "bernoulli": _binary,
    "binomial": _binomial,
    "poisson": _count,
    "nbinomial": _count,
    "gamma": _positive,
    "ordinal": _ordinal,
    "tobit": _censored,
    "interval": _interval,
    "survival": _survival,
}
