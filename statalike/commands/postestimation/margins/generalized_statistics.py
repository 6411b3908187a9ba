"""Margins after ``meglm``, ``melogit`` and the other generalized mixed commands.

Statistics are marginal unless they are asked for without random effects; their derivatives are by
all of e(b): coefficients, variances and covariances of random effects, and the outcome's own
parameters ([ME] meglm postestimation, margins).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from statalike.commands.estimation.generalized.description import (
    GeneralizedDescription,
    stored_description,
)
from statalike.commands.estimation.generalized.outcomes import outcome_family
from statalike.commands.estimation.generalized.reported_estimates import RESIDUAL_VARIANCE
from statalike.commands.estimation.random_categories import RandomCategories
from statalike.commands.estimation.random_effects_rows import effect_name
from statalike.commands.postestimation.generalized_estimates import estimated_point
from statalike.commands.postestimation.margins.statistics import (
    Array,
    Evaluation,
    Statistic,
    margins_statistics,
    refuse_options,
    weighted_sum,
)
from statalike.commands.postestimation.predict_generalized import (
    category_position,
    marginal_label,
)
from statalike.commands.postestimation.statistics_within_limits import typed_limits
from statalike.design.columns import CONSTANT, Column, Continuous
from statalike.design.covariate_values import CovariateValues
from statalike.engine.families.generalized_linear import GeneralizedLinearFamily
from statalike.engine.families.ordinal import OrdinalFamily
from statalike.engine.families.survival import SurvivalFamily
from statalike.engine.generalized.statistic_slopes import (
    StatisticSlopes,
    category_probability,
    linear_predictor,
    mean_time,
    median_time,
    outcome_mean,
    within_limits,
)
from statalike.errors import StataError, option_not_allowed
from statalike.results.stores import Results
from statalike.state import State

#: the statistics that there are margins of, for kinds of outcomes
ALLOWED = {
    "survival": ("mean", "median", "xb"),
    "limited": ("eta", "xb", "pr", "e", "ystar"),
    "ordinal": ("mu", "pr", "eta", "xb"),
    "other": ("mu", "pr", "eta", "xb"),
}
CONDITIONS = ("conditional", "marginal", "fixedonly", "nooffset", "outcome", "intpoints")
FIXED_ONLY = "{}, fixed portion only"

#: a statistic at linear predictors and variances of the random part (None for none), with what
#: else it needs of the covariates
Slopes = Callable[[Array, Array | None, CovariateValues], StatisticSlopes]


@dataclass(frozen=True)
class VarianceTerm:
    """An element of e(b) that adds ``factor`` times the product of two covariates to z'Dz."""

    position: int
    value: float
    first: Column
    second: Column
    factor: float


@dataclass(frozen=True)
class OwnParameter:
    """A parameter of the outcome: its position in e(b), and its derivative in what e(b) holds."""

    position: int
    slope: float


@dataclass(frozen=True)
class GeneralizedPrediction:
    """A statistic of the outcome, a function of the linear predictor and of z'Dz."""

    label: str
    options: str
    columns: tuple[Column, ...]
    coefficients: Array
    size: int
    slopes: Slopes
    variance_terms: tuple[VarianceTerm, ...] = ()
    own: tuple[OwnParameter, ...] = ()
    offset: Column | None = None
    exposure: bool = False
    further: tuple[Column, ...] = ()
    linear: bool = False

    @property
    def random_columns(self) -> tuple[Column, ...]:
        """The columns of random coefficients that the statistic depends on."""
        return tuple(c for term in self.variance_terms for c in (term.first, term.second))

    @property
    def needed(self) -> tuple[Column, ...]:
        offset = () if self.offset is None else (self.offset,)
        return (*self.columns, *self.random_columns, *offset, *self.further)

    def evaluate(self, values: CovariateValues) -> Evaluation:
        fixed = [(k, values.column(c)) for k, c in enumerate(self.columns) if not c.omitted]
        eta = np.zeros(1)
        for k, column in fixed:
            eta = eta + self.coefficients[k] * column
        if self.offset is not None:
            offset = values.column(self.offset)
            eta = eta + (np.log(offset) if self.exposure else offset)
        products = [
            term.factor * values.column(term.first) * values.column(term.second)
            for term in self.variance_terms
        ]
        variance: Array | None = None
        for term, product in zip(self.variance_terms, products, strict=True):
            part = term.value * product
            variance = part if variance is None else variance + part
        with np.errstate(over="ignore"):
            found = self.slopes(eta, variance, values)

        def gradient(weights: Array) -> Array:
            result = np.zeros(self.size)
            predictor = weights * found.predictor
            for k, column in fixed:
                result[k] = weighted_sum(predictor, column)
            by_variance = weights * found.variance
            for term, product in zip(self.variance_terms, products, strict=True):
                result[term.position] = weighted_sum(by_variance, product)
            for own, slope in zip(self.own, found.own, strict=False):
                result[own.position] = own.slope * weighted_sum(weights, slope)
            return result

        return Evaluation(found.value, gradient)


@dataclass(frozen=True)
class _Model:
    """What all statistics of the model in e() have in common."""

    state: State
    description: GeneralizedDescription
    options: Mapping[str, Any]
    text: str
    points: int
    fixed_only: bool
    variance_terms: tuple[VarianceTerm, ...]
    own: tuple[OwnParameter, ...]
    parameters: Array
    categories: Array = field(default_factory=lambda: np.zeros(0))

    def prediction(
        self,
        label: str,
        slopes: Slopes,
        *,
        integrated: bool = True,
        linear: bool = False,
        text: str | None = None,
        further: tuple[Column, ...] = (),
    ) -> GeneralizedPrediction:
        description = self.description
        b = self.state.e.matrices["b"]
        columns = description.fixed.columns
        offset = None
        if description.offset and not self.options.get("nooffset"):
            offset = Column((Continuous(description.offset),))
        return GeneralizedPrediction(
            label,
            self.text if text is None else text,
            columns,
            b.values[0, : len(columns)],
            len(b.columns),
            slopes,
            self.variance_terms if integrated and not self.fixed_only else (),
            self.own,
            offset,
            description.exposure,
            further,
            linear,
        )

    def labelled(self, label: str) -> str:
        """What is integrated out is told of, and what is without random effects."""
        if not self.description.levels:
            return label
        return FIXED_ONLY.format(label) if self.fixed_only else marginal_label(label)


@margins_statistics("meglm", "gsem")
def statistics_of_generalized(
    state: State, options: Mapping[str, Any], text: str
) -> tuple[Statistic, ...]:
    """The statistic that ``predict()`` names, or the default of the model: the mean, the
    probability of each category, or the linear predictor of outcomes within limits.
    """
    model = _model(state, options, text)
    outcome = model.description.outcome
    kind = outcome.model if outcome.model == "survival" else "limited" if outcome.model else ""
    kind = kind or ("ordinal" if outcome.family == "ordinal" else "other")
    refuse_options(options, (*ALLOWED[kind], *CONDITIONS))
    chosen = [name for name in ALLOWED[kind] if options.get(name)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {' or '.join(chosen[:2])} is allowed")
    name = chosen[0] if chosen else {"survival": "mean", "limited": "eta"}.get(kind, "mu")
    if name == "pr" and kind == "other" and outcome.family != "bernoulli":
        raise option_not_allowed("pr")
    if options.get("outcome") and kind != "ordinal":
        raise option_not_allowed("outcome")
    if name == "xb" or name == "eta":
        label = "Linear prediction, fixed portion" if name == "xb" else "Linear prediction"
        return (
            model.prediction(
                label, lambda eta, v, _: linear_predictor(eta, v), integrated=False, linear=True
            ),
        )
    if kind == "survival":
        return (_of_times(model, name),)
    if kind == "limited":
        return (_within_limits(model, name),)
    if kind == "ordinal":
        return _of_categories(model, bool(chosen))
    return (_of_mean(model),)


def _model(state: State, options: Mapping[str, Any], text: str) -> _Model:
    description = stored_description(state.e)
    given = options.get("conditional")
    if (
        given
        and given is not True
        and not (len(str(given).strip()) >= 4 and "fixedonly".startswith(str(given).strip()))
    ):
        raise StataError(322, f"option conditional({given}) not allowed with margins")
    fixed_only = bool(options.get("fixedonly")) or bool(given and given is not True)
    if fixed_only and options.get("marginal"):
        raise StataError(198, "only one of conditional() or marginal is allowed")
    typed = options.get("intpoints")
    points = int(typed[0]) if typed else int(state.e.macros.get("n_quad", 1))
    if not 1 <= points <= 195:
        raise StataError(198, "intpoints() must be between 1 and 195")
    categories = state.e.matrices.get("cat")
    return _Model(
        state,
        description,
        options,
        text,
        points,
        fixed_only,
        _variance_terms(state.e, description),
        _own_parameters(state.e, description),
        estimated_point(state.e, description).own,
        np.zeros(0) if categories is None else categories.values[0],
    )


def _variance_terms(
    results: Results, description: GeneralizedDescription
) -> tuple[VarianceTerm, ...]:
    """The elements of e(b) that z'Dz is made of."""
    columns: dict[tuple[str, str], Column] = {}
    for level, equations in description.levels:
        path = description.path(level)
        for equation in equations:
            if isinstance(equation, RandomCategories):
                columns[f"{path}>{equation.variable}", "_cons"] = CONSTANT
                continue
            columns |= {(path, effect_name(column)): column for column in equation.columns}
    b = results.matrices["b"]
    position = {str(stripe): k for k, stripe in enumerate(b.columns)}
    found: list[VarianceTerm] = []
    for entry in description.variance_entries():
        k = position[str(entry.stripe)]
        first, last = (columns[entry.path, entry.effects[i]] for i in (0, -1))
        factor = 1.0 if entry.is_variance else 2.0
        found.append(VarianceTerm(k, float(b.values[0, k]), first, last, factor))
    return tuple(found)


def _own_parameters(
    results: Results, description: GeneralizedDescription
) -> tuple[OwnParameter, ...]:
    """The outcome's own parameters, in the family's order; e(b) has a variance for the logarithm
    of a standard deviation.
    """
    b = results.matrices["b"]
    variances = {str(entry.stripe) for entry in description.variance_entries()}
    found: list[OwnParameter] = []
    for k in range(len(description.fixed.names), len(b.columns)):
        stripe = b.columns[k]
        if str(stripe) in variances:
            continue
        residual = stripe.name.startswith(RESIDUAL_VARIANCE)
        found.append(OwnParameter(k, 0.5 / float(b.values[0, k]) if residual else 1.0))
    return tuple(found)


def _of_mean(model: _Model) -> Statistic:
    request = model.description.outcome
    family = outcome_family(request)
    assert isinstance(family, GeneralizedLinearFamily)
    trials: Column | None = None
    fixed_trials = 1.0
    if request.family == "binomial":
        try:
            fixed_trials = float(request.trials)
        except ValueError:
            trials = Column((Continuous(request.trials),))

    def slopes(eta: Array, variance: Array | None, values: CovariateValues) -> StatisticSlopes:
        count = np.array([fixed_trials]) if trials is None else values.column(trials)
        rows = np.stack([np.zeros_like(count), count])
        return outcome_mean(family, rows, eta, variance, model.points)

    label = "Predicted probability" if model.options.get("pr") else "Predicted mean"
    further = () if trials is None else (trials,)
    return model.prediction(model.labelled(label), slopes, further=further)


def _of_categories(model: _Model, typed: bool) -> tuple[Statistic, ...]:
    """The probability of the category of ``outcome()``, of the first one with ``pr`` alone, or of
    each.
    """
    categories = model.categories
    family = outcome_family(model.description.outcome, len(categories))
    assert isinstance(family, OrdinalFamily)
    named = str(model.options.get("outcome") or "").strip()
    wanted: Sequence[int] = range(len(categories))
    if named:
        wanted = (category_position(named, categories),)
    elif typed:
        wanted = (0,)

    def probability(category: int) -> Statistic:
        name = model.description.outcome.column.name
        label = model.labelled(f"Pr({name}=={categories[category]:g})")
        text = model.text
        if not named and not typed:
            text = f"{text} pr outcome({categories[category]:g})".strip()
        return model.prediction(
            label,
            lambda eta, variance, _: category_probability(
                family, category, model.parameters, eta, variance, model.points
            ),
            text=text,
        )

    return tuple(probability(category) for category in wanted)


def _of_times(model: _Model, name: str) -> Statistic:
    family = outcome_family(model.description.outcome)
    assert isinstance(family, SurvivalFamily)
    own = model.parameters
    if name == "median":
        if model.options.get("marginal"):
            raise StataError(198, "option marginal not allowed with option median")
        label = "Predicted median"
        if model.description.levels:
            label = FIXED_ONLY.format(label)
        return model.prediction(
            label, lambda eta, _, __: median_time(family, own, eta), integrated=False
        )
    return model.prediction(
        model.labelled("Predicted mean"),
        lambda eta, variance, _: mean_time(family, own, eta, variance),
    )


def _within_limits(model: _Model, name: str) -> Statistic:
    if model.options[name] is True:
        raise StataError(198, f"option {name} incorrectly specified")
    limits = typed_limits(model.state, name, str(model.options[name]))
    ends = []
    for values in (limits.lower, limits.upper):
        if values.size and np.any(values != values[0]):
            raise StataError(
                198, f"limits of {name}() that vary between observations not yet supported"
            )
        ends.append(values[:1])
    label = limits.label
    if model.fixed_only and model.description.levels:
        label = FIXED_ONLY.format(label)
    residual = float(model.parameters[0])
    return model.prediction(
        label,
        lambda eta, variance, _: within_limits(name, ends[0], ends[1], residual, eta, variance),
    )
