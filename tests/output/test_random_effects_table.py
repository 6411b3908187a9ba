"""Tables of random-effects parameters, and what stands around them."""

from __future__ import annotations

from statalike.data.missing import MISSING
from statalike.output.likelihood_ratio_test import (
    BOUNDARY_NOTE,
    CONSERVATIVE_NOTE,
    LikelihoodRatioTest,
    against_model_line,
    likelihood_ratio_test,
)
from statalike.output.notes import note
from statalike.output.random_effects_table import (
    RandomEffectsBlock,
    RandomEffectsRow,
    RandomEffectsTable,
    fitted_parameter,
    random_effects_table,
)
from statalike.output.styled import plain
from tests.output.fixtures import TWO_DECIMALS, expected, printed, random_effects_rows


def test_three_levels() -> None:
    table = RandomEffectsTable(
        (
            RandomEffectsBlock(
                "cluster: Identity",
                random_effects_rows("var(_cons) | 5.41e-09 1.56e-06 1.2e-254 2.5e+237"),
            ),
            RandomEffectsBlock(
                "household: Identity",
                random_effects_rows("var(_cons) | 22.9346 1.795878 19.67155 26.73893"),
            ),
            RandomEffectsBlock(
                "", random_effects_rows("var(Residual) | 38.98675 1.613254 35.94965 42.28043")
            ),
        )
    )
    assert printed(random_effects_table(table)) == expected("random_effects_table_three_level")


def test_no_random_effects_but_structured_residuals() -> None:
    residuals = random_effects_rows("""
        var(e1)    | 658.97 182.75 382.66 1134.81
        var(e2)    | 495.06 137.19 287.58 852.21
        var(e3)    | 550.86 165.99 305.17 994.35
        cov(e1,e2) | 42.92 117.06 -186.52 272.37
        cov(e1,e3) | -119.12 129.78 -373.47 135.24
        cov(e2,e3) | 65.14 124.45 -178.78 309.06
    """)
    table = RandomEffectsTable(
        (RandomEffectsBlock("id:"), RandomEffectsBlock("Residual: Unstructured", residuals)),
        formats=TWO_DECIMALS,
    )
    assert printed(random_effects_table(table)) == expected(
        "random_effects_table_residual_unstructured"
    )


def test_unstructured() -> None:
    rows = random_effects_rows("""
        var(obsday1m)          | 0.83 0.18 0.55 1.25
        var(obsday2m)          | 0.69 0.33 0.27 1.78
        var(trtphase)          | 59.53 48.90 11.90 297.83
        var(_cons)             | 8425.42 1386.81 6102.18 11633.16
        cov(obsday1m,obsday2m) | -0.37 0.19 -0.73 -0.004
        cov(obsday1m,trtphase) | -1.54 2.14 -5.73 2.65
        cov(obsday1m,_cons)    | 32.85 11.53 10.25 55.46
        cov(obsday2m,trtphase) | 2.84 2.78 -2.62 8.29
        cov(obsday2m,_cons)    | -5.19 15.46 -35.50 25.12
        cov(trtphase,_cons)    | -133.63 180.15 -486.71 219.45
    """)
    residual = random_effects_rows("var(Residual) | 101.86 8.07 87.20 118.97")
    table = RandomEffectsTable(
        (RandomEffectsBlock("id: Unstructured", rows), RandomEffectsBlock("", residual)),
        formats=TWO_DECIMALS,
    )
    assert printed(random_effects_table(table)) == expected("random_effects_table_unstructured")


def test_residual_variances_by_group() -> None:
    rows = random_effects_rows("""
        0: var(e) | 4.723356 .0904928 4.549282 4.90409
        1: var(e) | 10.70495 .6069202 9.579114 11.9631
    """)
    block = RandomEffectsBlock("Residual: Independent,", rows, "by sleep_bin")
    text = printed(random_effects_table(RandomEffectsTable((block,)))).split("\n")
    assert text[3:-1] == [
        "Residual: Independent,       |",
        "    by sleep_bin             |",
        "                   0: var(e) |   4.723356   .0904928      4.549282     4.90409",
        "                   1: var(e) |   10.70495   .6069202      9.579114     11.9631",
    ]


def test_robust_and_missing() -> None:
    block = RandomEffectsBlock("id: Identity", (RandomEffectsRow("sd(_cons)", 0.9211572),))
    table = RandomEffectsTable((block,), error_method="Robust", level=90)
    text = printed(random_effects_table(table)).split("\n")
    assert text[1] == "                             |               Robust           "
    assert text[2] == (
        "  Random-effects parameters  |   Estimate   std. err.     [90% conf. interval]"
    )
    assert text[5] == (
        "                   sd(_cons) |   .9211572          .             .           ."
    )


def test_parameters_too_long_have_their_variables_abbreviated() -> None:
    assert fitted_parameter("cov(2.AgentType,3.AgentType)", 28) == "cov(2.AgentType,3.AgentType)"
    assert fitted_parameter("cov(a_very_long_name,another_long_name)", 28) == (
        "cov(a_very_lo~e,another_l~e)"
    )
    assert fitted_parameter("cov(_cons,a_really_very_long_name_too)", 28) == (
        "cov(_cons,a_really_very_l~o)"
    )


def test_against_linear_model() -> None:
    mixture = LikelihoodRatioTest(472.65, 1, 0.0, boundary=True)
    assert plain(against_model_line(mixture)) == (
        "LR test vs. linear model: chibar2(01) = 472.65        Prob >= chibar2 = 0.0000"
    )
    assert plain(against_model_line(LikelihoodRatioTest(2057.12, 10, 0.0))) == (
        "LR test vs. linear model: chi2(10) = 2057.12              Prob > chi2 = 0.0000"
    )
    huge = LikelihoodRatioTest(186_543.2, 1, 0.0, boundary=True)
    assert plain(against_model_line(huge, "exponential")) == (
        "LR test vs. exponential model: chibar2(01) = 1.9e+05  Prob >= chibar2 = 0.0000"
    )
    none = LikelihoodRatioTest(0.0, 0, MISSING)
    assert plain(against_model_line(none)).endswith("Prob > chi2 = .")


def test_notes_are_wrapped_to_the_line() -> None:
    assert printed(note(CONSERVATIVE_NOTE)) == (
        "Note: LR test is conservative and provided only for reference."
    )
    assert printed(note(BOUNDARY_NOTE, 105)) == (
        "Note: The reported degrees of freedom assumes the null hypothesis is not on the boundary"
        " of the parameter\n"
        "      space. If this is not true, then the reported test is conservative."
    )
    assert printed(note(BOUNDARY_NOTE, 79)).split("\n")[0] == (
        "Note: The reported degrees of freedom assumes the null hypothesis is not on the"
    )


def test_lrtest() -> None:
    test = LikelihoodRatioTest(1.12, 2, 0.5716)
    assert printed(likelihood_ratio_test(test, ["m1"], ["m2"])) == expected("lrtest_1")
    lines = printed(likelihood_ratio_test(test, ["a"], ["heteroskedastic"], boundary_note=True))
    assert "Assumption: a nested within heteroskedas~c" in lines
    assert lines.split("\n")[6].startswith("Note: The reported degrees")
