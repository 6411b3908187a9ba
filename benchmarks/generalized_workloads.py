"""The generalized workloads: what is fitted, and seeded generators of the data."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.linear_workloads import (
    DIRECTORY,
    SIZES,
    Columns,
    covariates,
    identifier,
    numbered,
)

SLOPES = (0.5, -0.4, 0.6)

COMMANDS = {
    "logit": "melogit",
    "poisson": "mepoisson",
    "negative binomial": "menbreg",
    "ordinal": "meologit",
    "weibull": "mestreg",
    "tobit": "metobit",
}


@dataclass(frozen=True)
class GeneralizedWorkload:
    """One model fitted to one data set.

    ``groups`` are the grouping variables, outermost first, or all crossed; every level has a
    random intercept, and the innermost one a random coefficient of ``slope`` too, with an
    unstructured covariance.  ``points`` are those of adaptive quadrature in each dimension, one
    for Laplace's approximation.
    """

    name: str
    data: str
    family: str
    groups: tuple[str, ...]
    slope: str | None = None
    points: int = 7
    crossed: bool = False
    fixed: tuple[str, ...] = ("x1", "x2", "x3")

    @property
    def command(self) -> str:
        """The model as a command."""
        *outer, inner = self.groups
        terms = "".join(f" || _all: R.{g}" if self.crossed else f" || {g}:" for g in outer)
        options = [] if self.points > 1 else ["intmethod(laplace)"]
        options += ["covariance(unstructured)"] if self.slope else []
        options += {"weibull": ["distribution(weibull)"], "tobit": ["ll(0)"]}.get(self.family, [])
        outcome = "" if self.family == "weibull" else " y"
        given = f", {' '.join(options)}" if options else ""
        covariates = self.fixed[0] if len(self.fixed) == 1 else f"{self.fixed[0]}-{self.fixed[-1]}"
        slope = f" {self.slope}" if self.slope else ""
        return f"{COMMANDS[self.family]}{outcome} {covariates}{terms} || {inner}:{slope}{given}"

    @property
    def preparation(self) -> str:
        """A command that is run before, untimed."""
        return "stset y, failure(d)" if self.family == "weibull" else ""

    @property
    def formula(self) -> str:
        """The model as a formula of lme4, glmmTMB and glmm."""
        terms = [f"(1 | {group})" for group in self.groups[:-1]]
        terms.append(f"({'1 + ' + self.slope if self.slope else '1'} | {self.groups[-1]})")
        return f"y ~ {' + '.join((*self.fixed, *terms))}"

    @property
    def dta(self) -> Path:
        return DIRECTORY / f"{self.data}.dta"

    @property
    def csv(self) -> Path:
        return DIRECTORY / f"{self.data}.csv"


def _predictor(x: Columns) -> np.ndarray:
    return np.asarray(np.column_stack([x["x1"], x["x2"], x["x3"]]) @ SLOPES)


def _binary(generator: np.random.Generator, eta: np.ndarray) -> np.ndarray:
    return (generator.random(len(eta)) < 1.0 / (1.0 + np.exp(-eta))).astype(np.float64)


def random_intercept(
    generator: np.random.Generator, family: str, groups: int, members: int = 10
) -> Columns:
    """Groups of equal size; standard deviation of the effects 1 (logit, ordinal), 0.8 (tobit) or
    0.6; counts with dispersion 0.5, times with shape 1.3 and exponential censoring."""
    group = numbered(groups, members)
    n = len(group)
    x = covariates(generator, n, 3)
    spread = {"logit": 1.0, "ordinal": 1.0, "tobit": 0.8}.get(family, 0.6)
    eta = _predictor(x) + (spread * generator.standard_normal(groups))[group]
    columns = {**x, "g": identifier(group)}
    if family == "logit":
        return {"y": _binary(generator, eta - 0.5), **columns}
    if family == "poisson":
        return {"y": generator.poisson(np.exp(0.5 + eta)).astype(np.float64), **columns}
    if family == "negative binomial":
        mean = np.exp(0.5 + eta) * generator.gamma(2.0, 0.5, n)
        return {"y": generator.poisson(mean).astype(np.float64), **columns}
    if family == "ordinal":
        latent = eta + generator.logistic(size=n)
        category = np.searchsorted([-1.5, 0.0, 1.0, 2.0], latent)
        return {"y": 1.0 + category.astype(np.float64), **columns}
    if family == "tobit":
        latent = 0.5 + eta + generator.standard_normal(n)
        return {"y": np.asarray(np.maximum(0.0, latent)), **columns}
    time = (generator.exponential(size=n) / np.exp(eta - 1.0)) ** (1.0 / 1.3)
    censoring = generator.exponential(4.0, n)
    failed = (time <= censoring).astype(np.float64)
    return {"y": np.minimum(time, censoring), "d": failed, **columns}


def random_slope(generator: np.random.Generator, groups: int, members: int = 10) -> Columns:
    """A logit model with variances 1 and 0.5 and covariance 0.2."""
    group = numbered(groups, members)
    x = covariates(generator, len(group), 3)
    factor = np.linalg.cholesky(np.array([[1.0, 0.2], [0.2, 0.5]]))
    effects = generator.standard_normal((groups, 2)) @ factor.T
    eta = _predictor(x) - 0.5 + effects[group, 0] + effects[group, 1] * x["x1"]
    return {"y": _binary(generator, eta), **x, "g": identifier(group)}


def three_level(generator: np.random.Generator, schools: int, classes: int, pupils: int) -> Columns:
    """A logit model of pupils in classes in schools, standard deviations 0.7 (school), 0.9."""
    school, klass = numbered(schools, classes * pupils), numbered(schools * classes, pupils)
    x = covariates(generator, len(school), 3)
    eta = _predictor(x) - 0.5 + (0.7 * generator.standard_normal(schools))[school]
    eta = eta + (0.9 * generator.standard_normal(schools * classes))[klass]
    return {
        "y": _binary(generator, eta),
        **x,
        "school": identifier(school),
        "klass": identifier(klass),
    }


def crossed(generator: np.random.Generator, first: int, second: int, n: int) -> Columns:
    """A logit model of two crossed factors, standard deviations 0.7 and 0.9."""
    a, b = generator.integers(0, first, n), generator.integers(0, second, n)
    x = covariates(generator, n, 3)
    eta = _predictor(x) - 0.5 + (0.7 * generator.standard_normal(first))[a]
    eta = eta + (0.9 * generator.standard_normal(second))[b]
    return {"y": _binary(generator, eta), **x, "a": identifier(a), "b": identifier(b)}


def good_ratings(generator: np.random.Generator) -> Columns:
    """Whether a lecture was rated four or five, from the ratings of the linear workloads."""
    ratings = importlib.import_module("benchmarks.linear_workloads").lecture_ratings(generator)
    return {**ratings, "y": (ratings["y"] >= 4.0).astype(np.float64)}


GROUPS = {"s": 1_000, "m": 10_000, "l": 50_000}
SHORT = {
    "logit": "logit",
    "poisson": "pois",
    "negative binomial": "nb",
    "ordinal": "ord",
    "weibull": "weib",
    "tobit": "tobit",
}


def _generators() -> dict[str, Callable[[np.random.Generator], Columns]]:
    found: dict[str, Callable[[np.random.Generator], Columns]] = {}
    for size, groups in GROUPS.items():
        for family, short in SHORT.items():
            found[f"{short}_ri_{size}"] = partial(random_intercept, family=family, groups=groups)
        found[f"logit_rs_{size}"] = partial(random_slope, groups=groups)
    found["logit_3l_s"] = lambda r: three_level(r, 100, 5, 10)
    found["logit_3l_m"] = lambda r: three_level(r, 1_000, 5, 20)
    found["logit_3l_l"] = lambda r: three_level(r, 5_000, 5, 20)
    found["logit_cross_s"] = lambda r: crossed(r, 200, 200, 20_000)
    found["logit_ratings_m"] = good_ratings
    return found


GENERATORS = _generators()


def declared() -> dict[str, GeneralizedWorkload]:
    """Every workload by name, small sizes first."""
    one = ("g",)
    found: list[GeneralizedWorkload] = []
    for size in SIZES:
        for family, short in SHORT.items():
            data = f"{short}_ri_{size}"
            found.append(GeneralizedWorkload(f"{data}_agq", data, family, one))
            if family in ("logit", "poisson", "negative binomial"):
                found.append(GeneralizedWorkload(f"{data}_laplace", data, family, one, points=1))
        for short, points in (("agq", 7), ("laplace", 1)):
            data = f"logit_rs_{size}"
            found.append(GeneralizedWorkload(f"{data}_{short}", data, "logit", one, "x1", points))
        data, levels = f"logit_3l_{size}", ("school", "klass")
        found.append(GeneralizedWorkload(f"{data}_laplace", data, "logit", levels, points=1))
    found.append(
        GeneralizedWorkload("logit_cross_s", "logit_cross_s", "logit", ("a", "b"), None, 1, True)
    )
    ratings = "logit_ratings_m"
    found.append(
        GeneralizedWorkload(ratings, ratings, "logit", ("s", "d"), None, 1, True, ("service",))
    )
    return {workload.name: workload for workload in found}


WORKLOADS = declared()
