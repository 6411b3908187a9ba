"""Small tables that are printed in books and in the manual, written down."""

from __future__ import annotations

import numpy as np

from statalike.data.recipes.recipe import Column, Recipe, Table, in_float

DIURETICS = Recipe(
    name="diuretics",
    source=Table(
        ("trial", "lnor", "var"),
        (
            (1, 0.04, 0.16),
            (2, -0.92, 0.12),
            (3, -1.12, 0.18),
            (4, -1.47, 0.3),
            (5, -1.39, 0.11),
            (6, -0.3, 0.01),
            (7, -0.26, 0.12),
            (8, 1.09, 0.69),
            (9, 0.14, 0.07),
        ),
    ),
    origin="Turner et al. (2000), as listed in [ME] me, meta-analysis.",
    label="Meta analysis of clinical trials studying diuretics and pre-eclampsia",
    columns=(
        Column("trial", "byte", "trial", format="%8.0g"),
        Column("lnor", "float", "lnor"),
        Column("var", "float", "var"),
        Column("std", "float", lambda f: np.sqrt(in_float(f["var"]))),
    ),
)

_SCORES = (
    (3, 4, 7, 7),
    (6, 5, np.nan, 8),
    (3, 4, 7, 9),
    (3, 3, 6, 8),
    (1, 2, 5, 10),
    (2, 3, 6, np.nan),
    (2, 4, 5, 9),
    (2, 3, 6, 11),
)

VPTSCORES = Recipe(
    name="vptscores",
    source=Table(
        ("subject", "signal", "hour", "score"),
        tuple(
            (subject, 1 if subject <= 4 else 2, hour, score)
            for subject, scores in enumerate(_SCORES, start=1)
            for hour, score in enumerate(scores, start=1)
        ),
    ),
    origin="Winer, Brown, and Michels (1991), with two scores missing, as tabulated in [ME].",
    label="Vigilance performance test scores with missing data",
    columns=(
        Column("subject", "byte", "subject", "Subject ID"),
        Column("signal", "byte", "signal", "Signal", value_label="signal"),
        Column("hour", "byte", "hour", "Monitoring period"),
        Column("score", "byte", "score"),
    ),
    value_labels={"signal": {1: "Auditory", 2: "Visual"}},
    sorted_by=("subject", "hour"),
)

_REACTION_TIMES = (
    (30, 28, 16, 34),
    (14, 18, 10, 22),
    (24, 20, 18, 30),
    (38, 34, 20, 44),
    (26, 28, 14, 30),
)

T43 = Recipe(
    name="t43",
    source=Table(
        ("person", "drug", "score"),
        tuple(
            (person, drug, score)
            for person, scores in enumerate(_REACTION_TIMES, start=1)
            for drug, score in enumerate(scores, start=1)
        ),
    ),
    origin="Winer, Brown, and Michels (1991), table 4.3.",
    label="T4.3 -- Winer, Brown, Michels",
    columns=(
        Column("person", "byte", "person", format="%8.0g"),
        Column("drug", "byte", "drug", format="%8.0g"),
        Column("score", "byte", "score", format="%8.0g"),
    ),
    sorted_by=("person", "drug"),
)

RECIPES = (DIURETICS, VPTSCORES, T43)
