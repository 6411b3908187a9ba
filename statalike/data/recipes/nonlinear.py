"""Examples of nonlinear growth and pharmacokinetics, from the R packages nlme and datasets."""

from __future__ import annotations

import numpy as np

from statalike.data.recipes.recipe import (
    Column,
    Item,
    Recipe,
    codes_in_order,
    counted_within,
    in_float,
    zero_if_missing,
)

DIALYZER = Recipe(
    name="dialyzer",
    source=Item("nlme", "Dialyzer"),
    origin="R package nlme, Dialyzer; blood flow coded 1 and 2.",
    label="High-flux hemodialyzers (Vonesh and Carter, 1992)",
    columns=(
        Column("dialyzer", "byte", "Subject"),
        Column("qb", "byte", lambda f: f["QB"] / 100 - 1, value_label="qb"),
        Column("pressure", "double", "pressure"),
        Column("rate", "double", "rate"),
        Column("index", "byte", "index"),
    ),
    value_labels={"qb": {1: "200", 2: "300"}},
    sorted_by=("dialyzer", "index"),
)

EARTHQUAKE = Recipe(
    name="earthquake",
    source=Item("nlme", "Earthquake"),
    origin="R package nlme, Earthquake.",
    label="Earthquake intensity (Joyner and Boore, 1981)",
    columns=(
        Column("quake", "byte", "Quake"),
        Column("richter", "double", "Richter"),
        Column("distance", "double", "distance"),
        Column("soil", "byte", "soil", value_label="soil"),
        Column("accel", "double", "accel"),
        Column("laccel", "double", lambda f: np.log10(f["accel"])),
    ),
    value_labels={"soil": {0: "rock", 1: "soil"}},
    sorted_by=("quake",),
)

GLUCOSE = Recipe(
    name="glucose",
    source=Item("nlme", "Glucose2"),
    origin="R package nlme, Glucose2; the first date is the one without guar.",
    label="Glucose levels following alcohol ingestion (Hand and Crowder, 1996)",
    columns=(
        Column("subject", "byte", "Subject"),
        Column("time", "double", "Time"),
        Column("glucose", "double", "glucose"),
        Column("guar", "byte", lambda f: f["Date"] - 1),
    ),
    sorted_by=("subject", "guar", "time"),
)

ORANGE = Recipe(
    name="orange",
    source=Item("datasets", "Orange"),
    origin="R, Orange.",
    label="Growth of orange trees (Draper and Smith, 1998)",
    columns=(
        Column("tree", "byte", "Tree", format="%8.0g"),
        Column("age", "int", "age", format="%8.0g"),
        Column("circumf", "int", "circumference", format="%8.0g"),
    ),
    sorted_by=("tree", "age"),
)

OVARY = Recipe(
    name="ovary",
    source=Item("nlme", "Ovary"),
    origin="R package nlme, Ovary; sine and cosine of time as a float.",
    label="Ovarian follicles in mares",
    timestamp="20 May 2022 13:49",
    columns=(
        Column("mare", "byte", "Mare", "Mare ID"),
        Column("stime", "float", "Time", "Scaled time"),
        Column("follicles", "byte", "follicles", "Number of ovarian follicles > 10 mm in diameter"),
        Column(
            "sin1", "float", lambda f: np.sin(2 * np.pi * in_float(f["Time"])), "sine(2*pi*stime)"
        ),
        Column(
            "cos1",
            "float",
            lambda f: np.cos(2 * np.pi * in_float(f["Time"])),
            "cosine(2*pi*stime)",
        ),
        Column("time", "byte", counted_within("Mare"), "Time order within mare"),
    ),
    notes=(
        "Pierson, R. A., and O. J. Ginther. 1987. Follicular population dynamics during the "
        "estrous cycle of the mare. Animal Reproduction Science 14: 219-231.",
    ),
    sorted_by=("mare", "stime"),
)

PHENOBARB = Recipe(
    name="phenobarb",
    source=Item("nlme", "Phenobarb"),
    origin="R package nlme, Phenobarb; dose 0 where none was given.",
    label="Pharmacokinetics study of phenobarbital in neonatal infants",
    columns=(
        Column("subject", "byte", "Subject"),
        Column("weight", "float", "Wt"),
        Column("apgar", "byte", "Apgar"),
        Column("time", "float", "time"),
        Column("dose", "float", zero_if_missing("dose")),
        Column("conc", "float", "conc"),
        Column(
            "fapgar",
            "byte",
            "ApgarInd",
            value_label="fapgar",
            codes=codes_in_order(["< 5", ">= 5"]),
        ),
    ),
    value_labels={"fapgar": {1: "< 5", 2: ">= 5"}},
    sorted_by=("subject", "time"),
)

QUINIDINE = Recipe(
    name="quinidine",
    source=Item("nlme", "Quinidine"),
    origin="R package nlme, Quinidine; dose and interval 0 where there is none.",
    columns=(
        Column("subject", "int", "Subject"),
        Column("time", "float", "time"),
        Column("conc", "float", "conc"),
        Column("dose", "int", zero_if_missing("dose")),
        Column("interval", "byte", zero_if_missing("interval")),
        Column("age", "byte", "Age"),
        Column("height", "byte", "Height"),
        Column("weight", "int", "Weight"),
        Column(
            "race",
            "byte",
            "Race",
            value_label="race",
            codes=codes_in_order(["Caucasian", "Latin", "Black"]),
        ),
        Column("smoke", "byte", "Smoke", value_label="smoke", codes=codes_in_order(["no", "yes"])),
        Column(
            "ethanol",
            "byte",
            "Ethanol",
            value_label="ethanol",
            codes=codes_in_order(["none", "current", "former"]),
        ),
        Column(
            "heart",
            "byte",
            "Heart",
            value_label="heart",
            codes=codes_in_order(["No/Mild", "Moderate", "Severe"]),
        ),
        Column(
            "creatinine",
            "byte",
            "Creatinine",
            value_label="creatinine",
            codes=codes_in_order(["< 50", ">= 50"]),
        ),
        Column("glyco", "float", "glyco"),
    ),
    value_labels={
        "race": {1: "Caucasian", 2: "Latin", 3: "Black"},
        "smoke": {1: "no", 2: "yes"},
        "ethanol": {1: "none", 2: "current", 3: "former"},
        "heart": {1: "No/Mild", 2: "Moderate", 3: "Severe"},
        "creatinine": {1: "< 50", 2: ">= 50"},
    },
    sorted_by=("subject", "time"),
)

SOYBEAN_PLOTS = """
    1988F4 1988F2 1988F1 1988F7 1988F5 1988F8 1988F6 1988F3
    1988P1 1988P5 1988P4 1988P8 1988P7 1988P3 1988P2 1988P6
    1989F6 1989F5 1989F4 1989F1 1989F2 1989F7 1989F8 1989F3
    1989P7 1989P4 1989P6 1989P5 1989P1 1989P3 1989P2 1989P8
    1990F2 1990F3 1990F4 1990F5 1990F1 1990F8 1990F7 1990F6
    1990P8 1990P7 1990P3 1990P1 1990P6 1990P5 1990P2 1990P4
""".split()  # noqa: SIM905

SOYBEAN = Recipe(
    name="soybean",
    source=Item("nlme", "Soybean"),
    origin="R package nlme, Soybean; plots numbered in the order of nlme's factor.",
    label="Growth of soybean plants (Davidian and Giltinan, 1995)",
    columns=(
        Column("plot", "byte", "Plot", value_label="plot", codes=codes_in_order(SOYBEAN_PLOTS)),
        Column(
            "variety", "byte", "Variety", value_label="variety", codes=codes_in_order(["F", "P"])
        ),
        Column("year", "byte", lambda f: f["Year"] - 1987, value_label="year"),
        Column("time", "byte", "Time"),
        Column("weight", "double", "weight"),
    ),
    value_labels={
        "plot": dict(enumerate(SOYBEAN_PLOTS, start=1)),
        "variety": {1: "F", 2: "P"},
        "year": {1: "1988", 2: "1989", 3: "1990"},
    },
    sorted_by=("plot", "time"),
)

THEOPH = Recipe(
    name="theoph",
    source=Item("datasets", "Theoph"),
    origin="R, Theoph.",
    label="Theophylline kinetics (Boeckmann et al., [1994] 2011)",
    columns=(
        Column("subject", "byte", "Subject"),
        Column("weight", "double", "Wt"),
        Column("dose", "double", "Dose"),
        Column("time", "double", "Time"),
        Column("conc", "double", "conc"),
    ),
    sorted_by=("subject", "time"),
)

WAFER = Recipe(
    name="wafer",
    source=Item("nlme", "Wafer"),
    origin="R package nlme, Wafer.",
    label="Modeling of analog MOS circuits",
    columns=(
        Column("wafer", "byte", "Wafer"),
        Column("site", "byte", "Site"),
        Column("voltage", "double", "voltage"),
        Column("current", "double", "current"),
    ),
    sorted_by=("wafer", "site", "voltage"),
)

RECIPES = (
    DIALYZER,
    EARTHQUAKE,
    GLUCOSE,
    ORANGE,
    OVARY,
    PHENOBARB,
    QUINIDINE,
    SOYBEAN,
    THEOPH,
    WAFER,
)
