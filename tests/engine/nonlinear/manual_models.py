"""Models of the manual's examples on its datasets, where these are at hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
from engine.nonlinear.examples import (
    Array,
    GroupParameters,
    absorption,
    attenuation,
    brain_shrinkage,
    constant,
    cubic_decay,
    group_parameters,
    logistic,
    one_level,
    oscillation,
    wave,
)
from shared import shared_path

from statalike.engine.covariance import Independent, Unstructured
from statalike.engine.nonlinear.model import EffectsBlock, GroupingLevel, NonlinearMixedModel
from statalike.engine.nonlinear.residuals import (
    PowerVariance,
    ResidualCorrelation,
    ResidualModel,
)
from statalike.engine.residual_structures import AutoregressiveResiduals, ExponentialResiduals


@cache
def data(name: str) -> pd.DataFrame:
    frame: pd.DataFrame = pyreadstat.read_dta(str(Path(shared_path("data", f"{name}.dta"))))[0]
    return frame


def column(name: str, variable: str) -> Array:
    return np.asarray(data(name)[variable], dtype=np.float64)


def codes(name: str, variable: str) -> np.ndarray:
    return np.asarray(pd.factorize(data(name)[variable])[0])


def with_constant(*columns: Array) -> Array:
    """Columns, then a constant."""
    return np.column_stack([*columns, np.ones(len(columns[0]))])


def unicorn(covariates: bool = False, slope: bool = False) -> NonlinearMixedModel:
    time, female, cupcake = (column("unicorn", v) for v in ("time", "female", "cupcake"))
    one = constant(len(time))
    designs = [one, one, one]
    if covariates:
        designs = [with_constant(female), one, with_constant(cupcake)]
    mean = group_parameters(brain_shrinkage(time), designs, [0, None, None])
    if slope:
        effects = np.zeros((3, len(time), 2))
        effects[0, :, 0], effects[2, :, 1] = 1.0, cupcake
        mean = replace(mean, effects=effects)
    return NonlinearMixedModel(
        column("unicorn", "weight"),
        mean,
        mean.fixed.shape[2],
        one_level(codes("unicorn", "id"), 1 + slope),
        1 + slope,
    )


def earthquake(both: bool = True) -> NonlinearMixedModel:
    distance, richter = column("earthquake", "distance"), column("earthquake", "richter")
    one = constant(len(distance))
    designs = [with_constant(richter), one, one]
    random: list[int | None] = [0, None, 1] if both else [None, None, 0]
    mean = group_parameters(attenuation(distance), designs, random)
    return NonlinearMixedModel(
        column("earthquake", "laccel"),
        mean,
        4,
        one_level(codes("earthquake", "quake"), 1 + both),
        1 + both,
    )


def soybean(
    random: tuple[int | None, ...] = (0, 1, 2),
    unstructured: bool = True,
    power: bool = False,
    year: bool = False,
) -> NonlinearMixedModel:
    time, n = column("soybean", "time"), len(data("soybean"))
    one = constant(n)
    designs = [one, one, one]
    if year:
        years, variety = codes("soybean", "year"), codes("soybean", "variety")
        dummies = [years == 1, years == 2]
        by_year = with_constant(*(d.astype(float) for d in dummies))
        both = with_constant(*(d.astype(float) for d in (*dummies, variety == 1)))
        designs = [by_year, both, by_year]
    mean = group_parameters(logistic(time), designs, list(random))
    q = mean.effects.shape[2]
    structure = Unstructured(q) if unstructured else Independent(q)
    residuals = ResidualModel(PowerVariance(None, constant=False)) if power else ResidualModel()
    return NonlinearMixedModel(
        column("soybean", "weight"),
        mean,
        mean.fixed.shape[2],
        one_level(codes("soybean", "plot"), structure),
        q,
        residuals,
    )


def ovary() -> NonlinearMixedModel:
    time = column("ovary", "stime")
    one = constant(len(time))
    mean = group_parameters(wave(time), [one] * 4, [0, None, None, None])
    mare = codes("ovary", "mare")
    correlation = ResidualCorrelation(AutoregressiveResiduals(1), mare, column("ovary", "time"))
    return NonlinearMixedModel(
        column("ovary", "follicles"),
        mean,
        4,
        one_level(mare, 1),
        1,
        ResidualModel(correlation=correlation),
    )


def theoph(restricted: bool = False, power: bool = True) -> NonlinearMixedModel:
    time, dose = column("theoph", "time"), column("theoph", "dose")
    one = constant(len(time))
    mean = group_parameters(absorption(time, dose), [one] * 3, [0, 1, None])
    return NonlinearMixedModel(
        column("theoph", "conc"),
        mean,
        3,
        one_level(codes("theoph", "subject"), 2),
        2,
        ResidualModel(PowerVariance(None)) if power else ResidualModel(),
        "reml" if restricted else "ml",
    )


def glucose(unstructured: bool = False) -> NonlinearMixedModel:
    time = column("glucose", "time")
    one = constant(len(time))
    mean = group_parameters(cubic_decay(time), [one] * 3, [0, 1, None])
    effects = np.concatenate([mean.effects, mean.effects], axis=2)
    mean = replace(mean, effects=effects)
    structure = Unstructured(2) if unstructured else Independent(2)
    levels = (
        GroupingLevel(codes("glucose", "subject"), (EffectsBlock((0, 1), structure),)),
        GroupingLevel(codes("glucose", "guar"), (EffectsBlock((2, 3), structure),)),
    )
    return NonlinearMixedModel(column("glucose", "glucose"), mean, 3, levels, 4)


def glucose_in_time() -> NonlinearMixedModel:
    time, guar = column("glucose", "time"), column("glucose", "guar")
    design = with_constant(guar)
    mean = group_parameters(cubic_decay(time), [design] * 3, [0, 1, None])
    correlation = ResidualCorrelation(ExponentialResiduals(), codes("glucose", "guar"), time)
    return NonlinearMixedModel(
        column("glucose", "glucose"),
        mean,
        6,
        one_level(codes("glucose", "subject"), 2),
        2,
        ResidualModel(correlation=correlation),
    )


def wafer() -> NonlinearMixedModel:
    voltage = column("wafer", "voltage")
    one = constant(len(voltage))
    mean = group_parameters(oscillation(voltage), [with_constant(voltage), one, one], [None] * 3)
    effects = np.zeros((3, len(voltage), 4))
    effects[0] = np.column_stack([np.ones_like(voltage), voltage, np.ones_like(voltage), voltage])
    mean = GroupParameters(mean.curve, mean.fixed, effects)
    levels = (
        GroupingLevel(codes("wafer", "wafer"), (EffectsBlock((0, 1), Independent(2)),)),
        GroupingLevel(codes("wafer", "site"), (EffectsBlock((2, 3), Independent(2)),)),
    )
    return NonlinearMixedModel(column("wafer", "current"), mean, 4, levels, 4)


def orange() -> NonlinearMixedModel:
    age = column("orange", "age")
    mean = group_parameters(logistic(age), [constant(len(age))] * 3, [0, None, None])
    return NonlinearMixedModel(
        column("orange", "circumf"), mean, 3, one_level(codes("orange", "tree"), 1), 1
    )
