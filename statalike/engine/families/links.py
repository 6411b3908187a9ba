"""Inverse links: the mean of an outcome (of one trial) as a function of the linear predictor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from statalike.engine.families.family import Array

# The exponential function overflows above 709.
LARGEST_EXPONENT = 700.0


@dataclass(frozen=True)
class InverseLink:
    """``mean(eta)`` and its derivative ``slope(eta)``, of any shape ([ME] meglm postestimation)."""

    name: str
    mean: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def _exponential(eta: Array) -> Array:
    return np.exp(np.minimum(eta, LARGEST_EXPONENT))


def _logistic_slope(eta: Array) -> Array:
    return np.asarray(expit(eta) * expit(-eta))


def _normal_density(eta: Array) -> Array:
    return np.exp(-0.5 * np.square(eta)) / np.sqrt(2.0 * np.pi)


def _complementary_log_log(eta: Array) -> Array:
    return -np.expm1(-_exponential(eta))


def _complementary_log_log_slope(eta: Array) -> Array:
    odds = _exponential(eta)
    return odds * np.exp(-odds)


IDENTITY = InverseLink("identity", lambda eta: np.array(eta, copy=True), np.ones_like)
LOG = InverseLink("log", _exponential, _exponential)
LOGIT = InverseLink("logit", lambda eta: np.asarray(expit(eta)), _logistic_slope)
PROBIT = InverseLink("probit", lambda eta: np.asarray(ndtr(eta)), _normal_density)
CLOGLOG = InverseLink("cloglog", _complementary_log_log, _complementary_log_log_slope)
