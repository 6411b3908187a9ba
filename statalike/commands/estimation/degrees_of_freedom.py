"""Degrees of freedom for tests of fixed effects after ``mixed``, by each of Stata's methods
([ME] mixed, Methods and formulas, Denominator degrees of freedom).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from statalike.commands.estimation.distributions import f_tail
from statalike.commands.estimation.linear_mixed import (
    LinearMixedDescription,
    covariance_matrices,
    residual_parameters,
    residual_variance,
)
from statalike.data.missing import MISSING
from statalike.engine.linear.crossed_model import CrossedEffectsModel
from statalike.engine.linear.crossed_small_sample import crossed_small_sample_inference
from statalike.engine.linear.design_rank import crossed_design_rank, design_rank
from statalike.engine.linear.likelihood import LinearLikelihood
from statalike.engine.linear.model import LinearMixedModel
from statalike.engine.linear.residual_small_sample import residual_small_sample_inference
from statalike.engine.linear.small_sample import (
    FTest,
    Information,
    SmallSampleInference,
    small_sample_inference,
)
from statalike.engine.nested_groups import nested_groups
from statalike.engine.wald_test import independent_restrictions
from statalike.errors import StataError
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results

TITLES = {
    "residual": "Residual",
    "repeated": "Repeated",
    "anova": "ANOVA",
    "satterthwaite": "Satterthwaite",
    "kroger": "Kenward–Roger",
}
_SHORTEST = {"residual": 3, "repeated": 3, "anova": 3, "satterthwaite": 3, "kroger": 2}
APPROXIMATE = ("satterthwaite", "kroger")


@dataclass(frozen=True)
class DegreesOfFreedomMethod:
    """``name`` is a key of ``TITLES``; ``observed`` asks for the observed information in the place
    of the expected one.
    """

    name: str
    observed: bool = False

    @property
    def title(self) -> str:
        return TITLES[self.name]

    @property
    def approximate(self) -> bool:
        return self.name in APPROXIMATE


def method_name(typed: str, option: str) -> str:
    """The full name of a method, which may be abbreviated; r(198)."""
    word = typed.strip().lower()
    for name, shortest in _SHORTEST.items():
        if len(word) >= shortest and name.startswith(word):
            return name
    raise StataError(198, f"option {option}() incorrectly specified", hint=_CHOICES)


_CHOICES = f"methods are {', '.join(TITLES)}"


def read_method(text: str) -> DegreesOfFreedomMethod:
    """``dfmethod(kroger, oim)``; r(198)."""
    typed, _, rest = text.partition(",")
    name = method_name(typed, "dfmethod")
    words = rest.split()
    for word in words:
        if word not in ("eim", "oim"):
            raise StataError(198, f"dfmethod(): option {word} not allowed")
    if words and name not in APPROXIMATE:
        raise StataError(198, f"dfmethod(): option {words[0]} not allowed with {name}")
    if len(set(words)) > 1:
        raise StataError(198, "dfmethod(): only one of eim or oim is allowed")
    return DegreesOfFreedomMethod(name, "oim" in words)


def degrees_of_freedom_contents(options: Mapping[str, Any]) -> str:
    """What ``dftable()`` asks for: ``default``, ``ci`` or ``pvalue``; r(198)."""
    typed = str(options.get("dftable") or "default").strip()
    for name, shortest in (("default", 3), ("ci", 2), ("pvalue", 2)):
        if len(typed) >= shortest and name.startswith(typed):
            return name
    raise StataError(198, "option dftable() incorrectly specified")


def requested_method(
    options: Mapping[str, Any], restricted: bool, levels: Sequence[str]
) -> DegreesOfFreedomMethod | None:
    """The method that a ``mixed`` command asks for, with ``levels`` its level variables; r(198)."""
    if options.get("small"):
        raise StataError(198, "option small is allowed only on replay")
    typed = options.get("dfmethod")
    if typed is None:
        if options.get("dftable"):
            raise StataError(198, "option dftable() requires option dfmethod()")
        return None
    degrees_of_freedom_contents(options)
    method = read_method(str(typed))
    check_method(method, restricted, levels)
    return method


def check_replay(results: Results, options: Mapping[str, Any]) -> None:
    """r(198) when results are to be shown again with what they do not have."""
    if options.get("dfmethod"):
        raise StataError(198, "option dfmethod() is not allowed on replay; see help estat df")
    for name, shown in (("small", "small"), ("dftable", "dftable()")):
        if options.get(name) and not results.scalars["small"]:
            raise StataError(
                198,
                f"option {shown} requires that dfmethod() was specified at estimation",
            )
    degrees_of_freedom_contents(options)


def method_of(results: Results) -> DegreesOfFreedomMethod | None:
    """The method that e() holds, None when the fit has large-sample inference only."""
    if not results.scalars.get("small"):
        return None
    return DegreesOfFreedomMethod(results.macros["dfmethod"], results.macros.get("dfopts") == "oim")


@dataclass(frozen=True)
class FixedTest:
    """``statistic`` is F with ``denominator`` degrees of freedom, missing where undefined.

    ``dropped`` are the positions (from 0) of restrictions that depend on those before them.
    """

    statistic: float
    df: int
    denominator: float
    p: float
    dropped: tuple[int, ...] = ()


class FixedEffectsInference(ABC):
    """Degrees of freedom of the k_f fixed effects in e(b), and tests of them.

    Coefficients that were not estimated have no variance and missing degrees of freedom.
    """

    def __init__(self, results: Results) -> None:
        self._count = int(results.scalars["k_f"])
        self.coefficients = results.matrices["b"].values[0, : self._count]
        self.covariance = results.matrices["V"].values[: self._count, : self._count]

    @property
    @abstractmethod
    def degrees_of_freedom(self) -> np.ndarray:
        """(k_f,)."""

    @property
    def standard_covariance(self) -> np.ndarray:
        """The covariance (k_f, k_f) that standard errors come from."""
        return self.covariance

    @abstractmethod
    def combination(self, weights: np.ndarray) -> float:
        """Degrees of freedom of one combination (k_f,) of the coefficients, or missing."""

    @abstractmethod
    def _independent_test(self, weights: np.ndarray, distances: np.ndarray) -> FTest: ...

    def test(self, weights: np.ndarray, constants: np.ndarray) -> FixedTest:
        """Test that ``weights`` b (m restrictions, k_f columns) equal the ``constants``."""
        kept = independent_restrictions(weights @ self.standard_covariance @ weights.T)
        dropped = tuple(int(i) for i in np.flatnonzero(~kept))
        if not kept.any():
            return FixedTest(MISSING, 0, MISSING, MISSING, dropped)
        distances = weights @ self.coefficients - constants
        found = self._independent_test(weights[kept], distances[kept])
        statistic, denominator = _settled(found.statistic), _settled(found.denominator)
        known = statistic < MISSING and 0 < denominator < MISSING
        p = f_tail(found.df, denominator, statistic) if known else MISSING
        return FixedTest(
            statistic, found.df, denominator if denominator > 0 else MISSING, p, dropped
        )


class ExactInference(FixedEffectsInference):
    """Degrees of freedom that belong to each coefficient (residual, repeated, anova).

    A test of several coefficients has them only where they all share the same.
    """

    def __init__(self, results: Results, degrees_of_freedom: np.ndarray) -> None:
        super().__init__(results)
        self._degrees_of_freedom = degrees_of_freedom

    @property
    def degrees_of_freedom(self) -> np.ndarray:
        return self._degrees_of_freedom

    def combination(self, weights: np.ndarray) -> float:
        used = np.unique(self._degrees_of_freedom[weights != 0])
        return float(used[0]) if len(used) == 1 else MISSING

    def _independent_test(self, weights: np.ndarray, distances: np.ndarray) -> FTest:
        variance = weights @ self.covariance @ weights.T
        statistic = float(distances @ np.linalg.solve(variance, distances)) / len(distances)
        return FTest(statistic, len(distances), self.combination(np.any(weights, axis=0)))


class ApproximateInference(FixedEffectsInference):
    """Satterthwaite's and Kenward and Roger's degrees of freedom."""

    def __init__(
        self,
        results: Results,
        inference: SmallSampleInference,
        estimated: np.ndarray,
        kenward_roger: bool,
    ) -> None:
        super().__init__(results)
        self._inference = inference
        self._estimated = estimated
        self._kenward_roger = kenward_roger

    @property
    def degrees_of_freedom(self) -> np.ndarray:
        values = np.full(self._count, MISSING)
        found = self._inference.degrees_of_freedom(np.eye(int(self._estimated.sum())))
        values[self._estimated] = np.where(np.isfinite(found), found, MISSING)
        return values

    @property
    def standard_covariance(self) -> np.ndarray:
        if not self._kenward_roger:
            return self.covariance
        whole = np.zeros_like(self.covariance)
        whole[np.ix_(self._estimated, self._estimated)] = self._inference.adjusted
        return whole

    def combination(self, weights: np.ndarray) -> float:
        return _settled(self._inference.degrees_of_freedom(weights[None, self._estimated])[0])

    def _independent_test(self, weights: np.ndarray, distances: np.ndarray) -> FTest:
        weights = weights[:, self._estimated]
        if self._kenward_roger:
            return self._inference.kenward_roger(weights, distances)
        return self._inference.satterthwaite(weights, distances)


def _settled(value: float) -> float:
    return float(value) if np.isfinite(value) else MISSING


def check_method(method: DegreesOfFreedomMethod, restricted: bool, levels: Sequence[str]) -> None:
    """r(198) where a method does not suit the model, whose level variables are ``levels``."""
    if method.approximate and not restricted:
        raise StataError(198, f"{method.name} degrees of freedom require option reml")
    if method.name == "repeated" and len(levels) != 1:
        raise StataError(198, "repeated degrees of freedom are available only for two-level models")


@dataclass(frozen=True)
class EstimationArrays:
    """What methods need of the estimation sample: functions that make the arrays of the model and
    the group codes of each of the description's ``level_names``, and the likelihood of a fit that
    has just been made.
    """

    model: Callable[[], LinearMixedModel | CrossedEffectsModel]
    codes: Callable[[], Sequence[np.ndarray]]
    likelihood: LinearLikelihood | None = None


def fixed_effects_inference(
    results: Results,
    method: DegreesOfFreedomMethod,
    description: LinearMixedDescription,
    arrays: EstimationArrays,
) -> FixedEffectsInference:
    """Inference about the estimates in e() by a method; r(198)."""
    check_method(method, results.macros["method"] == "REML", description.level_names)
    estimated = np.asarray(description.fixed.estimated, dtype=bool)
    if method.approximate:
        inference = _approximate(results, method, description, arrays)
        return ApproximateInference(results, inference, estimated, method.name == "kroger")
    if method.name == "residual":
        count = int(estimated.sum())
        own = np.full(count, results.scalars["N"] - count)
    elif method.name == "repeated":
        own = _repeated(arrays.model(), arrays.codes()[0])
    else:
        own = _anova(arrays, description)
    values = np.full(len(estimated), MISSING)
    values[estimated] = np.where(own > 0, own, MISSING)
    return ExactInference(results, values)


def _approximate(
    results: Results,
    method: DegreesOfFreedomMethod,
    description: LinearMixedDescription,
    arrays: EstimationArrays,
) -> SmallSampleInference:
    matrices = covariance_matrices(results, description)
    variance = residual_variance(results)
    model = arrays.model()
    information: Information = "observed" if method.observed else "expected"
    if isinstance(model, CrossedEffectsModel):
        return crossed_small_sample_inference(model, matrices, variance, information)
    if description.residuals is None:
        return small_sample_inference(model, matrices, variance, information, arrays.likelihood)
    k_f = int(results.scalars["k_f"])
    return residual_small_sample_inference(
        model,
        matrices,
        variance,
        residual_parameters(results)[1:],
        results.matrices["V"].values[k_f:, k_f:] if method.observed else None,
    )


def _repeated(model: LinearMixedModel | CrossedEffectsModel, codes: np.ndarray) -> np.ndarray:
    """Between-subject degrees of freedom for coefficients of what is constant in every group,
    within-subject ones for the others (Schluchter and Elashoff 1990).
    """
    order = np.argsort(codes, kind="stable")
    same = np.diff(codes[order]) == 0
    columns = model.fixed[order]
    constant = ~np.any((columns[1:] != columns[:-1]) & same[:, None], axis=0)
    groups = int(len(codes) - same.sum())
    between = groups - int(constant.sum())
    within = model.observations - groups - int((~constant).sum())
    return np.where(constant, float(between), float(within))


def _anova(arrays: EstimationArrays, description: LinearMixedDescription) -> np.ndarray:
    """Groups less one where a random-effects equation has the covariate, else n - rank(X, Z)."""
    counts: Mapping[str, int] = {}
    codes = arrays.codes()
    if codes:
        counts = dict(zip(description.level_names, nested_groups(codes).counts, strict=True))
    fewest: dict[str, int] = {}
    for equation in description.equations:
        for column in equation.columns:
            levels = counts[equation.level] - 1
            fewest[column.label] = min(fewest.get(column.label, levels), levels)
    columns = [column for column in description.fixed.columns if not column.omitted]
    inside = [fewest.get(column.label) for column in columns]
    rest = 0
    if None in inside:
        model = arrays.model()
        if isinstance(model, CrossedEffectsModel):
            rest = model.observations - crossed_design_rank(model)
        else:
            rest = model.observations - design_rank(model)
    return np.array([float(rest if levels is None else levels) for levels in inside])


def post_degrees_of_freedom(
    results: Results, method: DegreesOfFreedomMethod, inference: FixedEffectsInference
) -> None:
    """Put everything that depends on the method into e()."""
    stripes = results.matrices["b"].columns[: len(inference.coefficients)]
    values = inference.degrees_of_freedom
    known = values[values < MISSING]
    scalars, macros, matrices = results.scalars, results.macros, results.matrices
    scalars["small"] = 1.0
    found = model_test(inference, stripes)
    scalars["F"] = found.statistic if found.denominator < MISSING else MISSING
    scalars["ddf_m"] = found.denominator
    scalars["df_max"] = float(known.max()) if len(known) else MISSING
    scalars["df_avg"] = float(known.mean()) if len(known) else MISSING
    scalars["df_min"] = float(known.min()) if len(known) else MISSING
    macros["dfmethod"] = method.name
    macros["dftitle"] = method.title
    macros.pop("dfopts", None)
    if method.approximate:
        macros["dfopts"] = "oim" if method.observed else "eim"
    matrices["df"] = NamedMatrix.row(values, stripes, "df")
    matrices.pop("V_df", None)
    if method.name == "kroger":
        matrices["V_df"] = NamedMatrix.square(inference.standard_covariance, stripes)


def model_test(inference: FixedEffectsInference, stripes: Sequence[Stripe]) -> FixedTest:
    """The test that all coefficients but the constant are zero."""
    slopes = np.diag(inference.covariance) > 0
    slopes &= np.array([stripe.name != "_cons" for stripe in stripes], dtype=bool)
    weights = np.eye(len(stripes))[slopes]
    return inference.test(weights, np.zeros(len(weights)))
