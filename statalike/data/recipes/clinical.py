"""Clinical and demographic examples: contraception, catheters, epilepsy, sleep."""

from __future__ import annotations

import numpy as np

from statalike.data.recipes.recipe import (
    Column,
    Correction,
    Expression,
    Frame,
    Item,
    Recipe,
    in_float,
)


def _children(count: int) -> Expression:
    text = "3+" if count == 3 else str(count)
    return lambda frame: frame["livch"] == text


BANGLADESH = Recipe(
    name="bangladesh",
    source=Item("mlmRev", "Contraception"),
    origin="R package mlmRev, Contraception; two values of livch as in other copies of the "
    "survey; the mean taken off age kept to eight digits.",
    label="Bangladesh Fertility Survey, 1989",
    timestamp="28 May 2022 20:27",
    corrections=(Correction("livch", 673, "1", "2"), Correction("livch", 1924, "1", "2")),
    columns=(
        Column("district", "byte", "district", "District"),
        Column("c_use", "byte", lambda f: f["use"] == "Y", "Use contraception", "%9.0g", "yesno"),
        Column("urban", "byte", lambda f: f["urban"] == "Y", "Urban or rural", "%9.0g", "urban"),
        Column(
            "age",
            "float",
            lambda f: np.round(f["age"] - 0.44) + 0.44000051,
            "Age, mean centered",
            "%6.2f",
        ),
        Column("child1", "byte", _children(1), "1 child"),
        Column("child2", "byte", _children(2), "2 children"),
        Column("child3", "byte", _children(3), "3 or more children"),
        Column(
            "children",
            "byte",
            "livch",
            "Number of children",
            "%18.0g",
            "childlbl",
            {"0": 0, "1": 1, "2": 2, "3+": 3},
        ),
    ),
    value_labels={
        "yesno": {0: "No", 1: "Yes"},
        "urban": {0: "Rural", 1: "Urban"},
        "childlbl": {0: "No children", 1: "1 child", 2: "2 children", 3: "3 or more children"},
    },
    notes=("Huq, N. M., and J. Cleland. 1990. Bangladesh Fertility Survey, 1989.",),
    sorted_by=("district",),
)


def _mean_age(frame: Frame) -> np.ndarray:
    patients, where = np.unique(frame["id"], return_inverse=True)
    sums = np.bincount(where, frame["age"], minlength=len(patients))
    means: np.ndarray = (sums / np.bincount(where))[where]
    return means


CATHETER = Recipe(
    name="catheter",
    source=Item("survival", "kidney"),
    origin="R package survival, kidney; a patient's age averaged, and patient 11's second time "
    "33 as McGilchrist and Aisbett have it, not 333.",
    label="Kidney data, McGilchrist and Aisbett, Biometrics, 1991",
    corrections=(Correction("time", 21, 333.0, 33.0),),
    columns=(
        Column("patient", "byte", "id", format="%8.0g"),
        Column("time", "int", "time", format="%8.0g"),
        Column("infect", "byte", "status", format="%8.0g"),
        Column("age", "float", _mean_age, format="%8.0g"),
        Column("female", "byte", lambda f: f["sex"] - 1, format="%8.0g"),
        Column(
            "_st",
            "byte",
            lambda f: np.ones(len(f["id"])),
            "1 if record is to be used; 0 otherwise",
            "%8.0g",
        ),
        Column("_d", "byte", "status", "1 if failure; 0 if censored", "%8.0g"),
        Column("_t", "int", "time", "analysis time when record ends", "%10.0g"),
        Column(
            "_t0",
            "byte",
            lambda f: np.zeros(len(f["id"])),
            "analysis time when record begins",
            "%10.0g",
        ),
    ),
    characteristics={
        "_dta": "st",
        "st_ver": "2",
        "st_bt": "time",
        "st_bd": "infect",
        "st_bs": "1",
        "st_o": "0",
        "st_s": "1",
        "st_d": "_d",
        "st_t": "_t",
        "st_t0": "_t0",
    },
    sorted_by=("patient",),
)


def _treated(frame: Frame) -> np.ndarray:
    return np.asarray(frame["trt"] == "progabide", dtype=np.float64)


def _centered(values: np.ndarray) -> np.ndarray:
    """A float variable less its mean."""
    values = in_float(values)
    centered: np.ndarray = values - values.mean()
    return centered


def _log_baseline(frame: Frame) -> np.ndarray:
    logs: np.ndarray = np.log(0.25 * frame["base"])
    return logs


EPILEPSY = Recipe(
    name="epilepsy",
    source=Item("MASS", "epil"),
    origin="R package MASS, epil; one count 23 as in the published table, not 21.",
    label="Epilepsy data; progabide drug treatment",
    timestamp="31 May 2022 14:09",
    corrections=(Correction("y", 30, 21.0, 23.0),),
    columns=(
        Column("subject", "byte", "subject", "Subject ID: 1-59"),
        Column("seizures", "int", "y", "No. of seizures"),
        Column("treat", "byte", _treated, "Treatment", value_label="treat"),
        Column("visit", "float", lambda f: (f["period"] - 2.5) / 5, "Doctor's visit"),
        Column("lage", "float", lambda f: _centered(np.log(f["age"])), "log(age), mean-centered"),
        Column(
            "lbas",
            "float",
            lambda f: _centered(_log_baseline(f)),
            "log(0.25*baseline seizures), mean-centered",
        ),
        Column(
            "lbas_trt",
            "float",
            lambda f: _centered(_log_baseline(f) * _treated(f)),
            "lbas/treat interaction",
        ),
        Column("v4", "byte", "V4", "Fourth visit indicator", "%8.0g"),
    ),
    value_labels={"treat": {0: "Placebo", 1: "Progabide"}},
    notes=(
        "Thall, P. F., and S. C. Vail. 1990. Some covariance models for longitudinal count data "
        "with overdispersion. Biometrics 46: 657-671.",
    ),
    sorted_by=("subject",),
)

SLEEPSTUDY = Recipe(
    name="sleepstudy",
    source=Item("lme4", "sleepstudy"),
    origin="R package lme4, sleepstudy.  Not one of Stata's example datasets.",
    label="Reaction times in a sleep deprivation study",
    columns=(
        Column("reaction", "double", "Reaction", "Average reaction time (ms)", "%10.0g"),
        Column("days", "byte", "Days", "Days of sleep deprivation", "%8.0g"),
        Column("subject", "int", "Subject", "Subject number", "%8.0g"),
    ),
    notes=(
        "Belenky, G., et al. 2003. Patterns of performance degradation and restoration during "
        "sleep restriction and subsequent recovery. Journal of Sleep Research 12: 1-12.",
    ),
    sorted_by=("subject", "days"),
)

RECIPES = (BANGLADESH, CATHETER, EPILEPSY, SLEEPSTUDY)
