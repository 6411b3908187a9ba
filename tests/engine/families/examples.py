"""Families with outcomes and own parameters to try them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.families.accelerated_failure_time import (
    Loglogistic,
    Lognormal,
    WeibullTime,
)
from statalike.engine.families.censored_gaussian import CensoredGaussian
from statalike.engine.families.complementary_log_log import BernoulliCloglog, BinomialCloglog
from statalike.engine.families.family import Family
from statalike.engine.families.gamma import Gamma
from statalike.engine.families.gamma_survival import GammaTime
from statalike.engine.families.gaussian import Gaussian, GaussianLog
from statalike.engine.families.logistic import BernoulliLogit, BinomialLogit
from statalike.engine.families.negative_binomial import (
    NegativeBinomialConstant,
    NegativeBinomialMean,
)
from statalike.engine.families.ordinal import OrdinalCloglog, OrdinalLogit, OrdinalProbit
from statalike.engine.families.poisson import Poisson
from statalike.engine.families.probit import BernoulliProbit, BinomialProbit
from statalike.engine.families.weibull import Exponential, WeibullHazard

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A family, outcomes (c, n) of every kind, and own parameters (r,)."""

    name: str
    family: Family
    outcome: Array
    own: Array

    def quantities(self, own: Array | None = None) -> Array:
        positions = self.family.quantity_positions(self.outcome)
        return self.family.quantities(self.own if own is None else own, positions)


BINARY = np.array([[0.0, 1.0]])
TRIALS = np.array([[0.0, 3.0, 7.0, 1.0, 0.0], [7.0, 7.0, 7.0, 1.0, 1.0]])
COUNTS = np.array([[0.0, 1.0, 2.0, 17.0, 300.0]])
POSITIVE = np.array([[0.02, 0.7, 1.0, 3.5, 40.0]])
REAL = np.array([[-3.0, -0.2, 0.0, 1.4, 5.0]])
CATEGORIES = np.array([[0.0, 1.0, 2.0, 3.0]])
CUTPOINTS = np.array([-1.2, 0.3, 0.35])
LIMITS = np.array(
    [
        [1.3, -np.inf, 0.4, -0.5, 2.0, -np.inf, 6.0],
        [1.3, 0.8, np.inf, 1.5, 2.0001, np.inf, 7.0],
    ]
)
# time, entry, failure: with and without late entry, failed and not
TIMES = np.array(
    [
        [0.3, 2.0, 0.8, 5.0, 1.0, 12.0],
        [0.0, 0.0, 0.2, 3.0, 0.0, 0.5],
        [1.0, 0.0, 1.0, 0.0, 0.0, 1.0],
    ]
)

none = np.zeros(0)
make = np.array

EXAMPLES = [
    Example("bernoulli logit", BernoulliLogit(), BINARY, none),
    Example("bernoulli probit", BernoulliProbit(), BINARY, none),
    Example("bernoulli cloglog", BernoulliCloglog(), BINARY, none),
    Example("binomial logit", BinomialLogit(), TRIALS, none),
    Example("binomial probit", BinomialProbit(), TRIALS, none),
    Example("binomial cloglog", BinomialCloglog(), TRIALS, none),
    Example("poisson", Poisson(), COUNTS, none),
    Example("negative binomial, mean", NegativeBinomialMean(), COUNTS, make([-0.4])),
    Example("negative binomial, mean, slight", NegativeBinomialMean(), COUNTS, make([-9.0])),
    Example("negative binomial, constant", NegativeBinomialConstant(), COUNTS, make([0.6])),
    Example(
        "negative binomial, constant, slight", NegativeBinomialConstant(), COUNTS, make([-7.0])
    ),
    Example("gamma", Gamma(), POSITIVE, make([-0.3])),
    Example("gamma, small scale", Gamma(), POSITIVE, make([-2.5])),
    Example("gaussian", Gaussian(), REAL, make([0.4])),
    Example("gaussian log", GaussianLog(), REAL, make([-0.2])),
    Example("ordinal logit", OrdinalLogit(4), CATEGORIES, CUTPOINTS),
    Example("ordinal probit", OrdinalProbit(4), CATEGORIES, CUTPOINTS),
    Example("ordinal cloglog", OrdinalCloglog(4), CATEGORIES, CUTPOINTS),
    Example("censored gaussian", CensoredGaussian(), LIMITS, make([0.2])),
    Example("exponential hazard", Exponential("hazard"), TIMES, none),
    Example("exponential time", Exponential("time"), TIMES, none),
    Example("weibull hazard", WeibullHazard(), TIMES, make([0.3])),
    Example("weibull time", WeibullTime(), TIMES, make([0.3])),
    Example("lognormal", Lognormal(), TIMES, make([0.2])),
    Example("loglogistic", Loglogistic(), TIMES, make([-0.4])),
    Example("gamma time", GammaTime(), TIMES, make([-0.2])),
    Example("gamma time, small scale", GammaTime(), TIMES, make([-1.6])),
]


def slopes(function: Callable[[float], Array], step: float) -> Array:
    """The derivative of ``function`` at zero, by differences extrapolated to a step of zero."""
    wide = (function(step) - function(-step)) / (2.0 * step)
    narrow = (function(step / 2) - function(-step / 2)) / step
    narrower = (function(step / 4) - function(-step / 4)) / (step / 2)
    first, second = (4.0 * narrow - wide) / 3.0, (4.0 * narrower - narrow) / 3.0
    return np.asarray((16.0 * second - first) / 15.0)
