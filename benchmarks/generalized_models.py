"""Generalized workloads as arrays for statalike's engine."""

import numpy as np
import pandas as pd

from benchmarks.generalized_workloads import GeneralizedWorkload
from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.families.censored_gaussian import CensoredGaussian
from statalike.engine.families.family import Family
from statalike.engine.families.logistic import BernoulliLogit
from statalike.engine.families.negative_binomial import NegativeBinomialMean
from statalike.engine.families.ordinal import OrdinalLogit
from statalike.engine.families.poisson import Poisson
from statalike.engine.families.weibull import WeibullHazard
from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel, CrossedTerm
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.linear.model import Level, RandomEffects

Array = np.ndarray
AnyModel = GeneralizedMixedModel | CrossedGeneralizedModel


def outcome_of(workload: GeneralizedWorkload, data: pd.DataFrame) -> tuple[Family, Array]:
    """The family, and the outcome laid down as it wants it."""
    y = data["y"].to_numpy(dtype=np.float64)
    if workload.family == "ordinal":
        return OrdinalLogit(len(np.unique(y))), y[None] - 1.0
    if workload.family == "tobit":
        return CensoredGaussian(), np.stack([np.where(y <= 0.0, -np.inf, y), y])
    if workload.family == "weibull":
        failed = data["d"].to_numpy(dtype=np.float64)
        return WeibullHazard(), np.stack([y, np.zeros_like(y), failed])
    families: dict[str, Family] = {
        "logit": BernoulliLogit(),
        "poisson": Poisson(),
        "negative binomial": NegativeBinomialMean(),
    }
    return families[workload.family], y[None]


def model_of(workload: GeneralizedWorkload, data: pd.DataFrame) -> tuple[AnyModel, int | None]:
    """The model, and the column of its design that is one everywhere."""
    family, outcome = outcome_of(workload, data)
    columns = [data[name].to_numpy(dtype=np.float64) for name in workload.fixed]
    ones = np.ones(len(data))
    constant = None if workload.family == "ordinal" else len(columns)
    fixed = np.column_stack(columns if constant is None else [*columns, ones])
    codes = [data[group].to_numpy().astype(np.int64) - 1 for group in workload.groups]
    if workload.crossed:
        terms = tuple(CrossedTerm(c, RandomEffects(ones[:, None], Identity(1))) for c in codes)
        return CrossedGeneralizedModel(family, outcome, fixed, terms), constant
    *outer, inner = codes
    intercept = RandomEffects(ones[:, None], Identity(1))
    effects = intercept
    if workload.slope:
        slope = data[workload.slope].to_numpy(dtype=np.float64)
        effects = RandomEffects(np.column_stack([slope, ones]), Unstructured(2))
    levels = (*(Level(code, (intercept,)) for code in outer), Level(inner, (effects,)))
    return GeneralizedMixedModel(family, outcome, fixed, levels), constant
