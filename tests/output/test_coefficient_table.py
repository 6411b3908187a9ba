"""Coefficient tables, character for character as Stata 18 prints them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from statalike.output.coefficient_names import blocks_of, components_of, no_labels, simplified
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    TableOptions,
    coefficient_table,
    table_width,
)
from tests.output.fixtures import (
    TWO_DECIMALS,
    coefficient_rows,
    expected,
    parameter_rows,
    printed,
    typed,
)

WIDE = TableOptions(linesize=105, formats=TWO_DECIMALS)


def one(rows: tuple[CoefficientRow, ...], title: str = "") -> tuple[CoefficientSection, ...]:
    return (CoefficientSection(rows, title),)


def labelled(**labels: dict[int, str]):  # type: ignore[no-untyped-def]
    return lambda variable, level: labels.get(variable, {}).get(level, "")


def test_factor_with_labels_too_long_for_the_column() -> None:
    rows = coefficient_rows("""
        age            | -.010319 .0135007 -0.76 0.445 -.0367799 .016142
        agebelow52     | -.5032791 .5593233 -0.90 0.368 -1.599533 .5929744
        ageabove82     | -1.479405 1.00559 -1.47 0.141 -3.450326 .4915162
        1b.socialclass | 0 . . . . .
        2.socialclass  | .2622181 .5261696 0.50 0.618 -.7690553 1.293492
        3.socialclass  | -1.227245 .525355 -2.34 0.019 -2.256922 -.1975681
        4.socialclass  | -2.1252 .5502827 -3.86 0.000 -3.203734 -1.046666
        5.socialclass  | -3.091173 .5590649 -5.53 0.000 -4.18692 -1.995426
        6.socialclass  | -4.056536 .7449814 -5.45 0.000 -5.516673 -2.596399
        female         | .4453072 .2307827 1.93 0.054 -.0070187 .897633
        _cons          | 45.07279 1.001248 45.02 0.000 43.11038 47.0352
    """)
    rows = tuple(replace(r, status="base") if r.name.startswith("1b") else r for r in rows)
    labels = {1: "Professional", 2: "Managerial & Technical", 3: "Non-Manual"}
    labels |= {4: "Skilled", 5: "Semi-skilled", 6: "Unskilled"}
    table = CoefficientTable(one(rows), "qol", labels=labelled(socialclass=labels))
    assert printed(coefficient_table(table)) == expected("coefficient_table_socialclass")


GROUP = {1: "Control", 2: "Medication", 3: "Education"}


def test_interaction_makes_the_column_wider() -> None:
    rows = coefficient_rows("""
        2.group         | -19.75 9.69 -2.04 0.051 -39.56 0.05
        2.month         | -6.19 8.90 -0.69 0.493 -24.41 12.03
        3.month         | -20.98 10.57 -1.98 0.057 -42.62 0.66
        2.group#2.month | 41.96 12.39 3.39 0.002 16.57 67.35
        2.group#3.month | 48.39 14.71 3.29 0.003 18.23 78.55
        _cons           | 361.38 6.85 52.76 0.000 347.37 375.39
    """)
    table = CoefficientTable(one(rows), "sleep", statistic_title="t", labels=labelled(group=GROUP))
    # a factor of two levels, labelled: a blank line follows, for a block comes next
    assert printed(coefficient_table(table, WIDE)) == expected("coefficient_table_interaction_t")


def test_interaction_of_two_factors() -> None:
    rows = coefficient_rows("""
        2.group         | 2.60 4.25 0.61 0.540 -5.72 10.92
        3.group         | 3.17 4.25 0.75 0.455 -5.15 11.49
        2.month         | 8.06 3.72 2.17 0.030 0.77 15.35
        3.month         | 13.35 4.06 3.29 0.001 5.39 21.31
        2.group#2.month | 21.88 5.26 4.16 0.000 11.57 32.19
        2.group#3.month | 18.22 5.75 3.17 0.002 6.96 29.48
        3.group#2.month | 7.11 5.26 1.35 0.177 -3.20 17.42
        3.group#3.month | 34.49 5.75 6.00 0.000 23.23 45.75
        _cons           | 344.70 3.00 114.80 0.000 338.82 350.58
    """)
    table = CoefficientTable(one(rows), "sleep", labels=labelled(group=GROUP))
    assert printed(coefficient_table(table, WIDE)) == expected("coefficient_table_two_factors")


def test_names_of_random_effects_parameters_count_for_the_width() -> None:
    rows = coefficient_rows("""
        obsday1m | -0.01 0.12 -0.05 0.961 -0.24 0.23
        obsday2m | 0.54 0.17 3.27 0.001 0.22 0.87
        trtphase | 11.14 1.94 5.74 0.000 7.33 14.94
        _cons    | 349.01 10.64 32.80 0.000 328.15 369.87
    """)
    table = CoefficientTable(one(rows), "sleep", width_names=("cov(obsday1m,obsday2m)", "var(e)"))
    assert printed(coefficient_table(table, WIDE)) == expected("coefficient_table_wide_names")


def test_interaction_of_continuous_variables() -> None:
    rows = coefficient_rows("""
        stucomp         | -26.75 2.69 -9.95 0.000 -32.01 -21.48
        ses             | 0.36 0.68 0.53 0.597 -0.97 1.69
        c.stucomp#c.ses | 0.24 0.10 2.28 0.023 0.03 0.44
        _cons           | 602.29 18.18 33.12 0.000 566.65 637.93
    """)
    table = CoefficientTable(one(rows), "write")
    assert printed(coefficient_table(table, WIDE)) == expected(
        "coefficient_table_continuous_interaction"
    )


def test_without_interval() -> None:
    rows = coefficient_rows("""
        2.group            | -2.07 3.41 -0.61 0.543
        3.group            | 16.31 3.41 4.78 0.000
        1.trtphase         | -4.20 2.79 -1.51 0.132
        obsday1m           | -0.04 0.30 -0.14 0.890
        obsday2m           | -0.10 0.51 -0.19 0.849
        2.group#1.trtphase | 34.28 4.00 8.58 0.000
        3.group#1.trtphase | 1.65 3.97 0.41 0.678
        2.group#c.obsday1m | 0.40 0.42 0.95 0.343
        3.group#c.obsday1m | -0.14 0.42 -0.34 0.735
        2.group#c.obsday2m | -0.29 0.72 -0.40 0.686
        3.group#c.obsday2m | 2.48 0.72 3.45 0.001
        _cons              | 351.36 2.41 145.54 0.000
    """)
    table = CoefficientTable(
        one(rows),
        "sleep",
        width_names=("cov(obsday1m,obsday2m)",),
        labels=labelled(group=GROUP, trtphase={1: "treatment"}),
    )
    assert printed(coefficient_table(table, replace(WIDE, interval=False))) == expected(
        "coefficient_table_no_interval"
    )


def test_random_effects_equation_of_the_me_commands() -> None:
    rows = coefficient_rows("""
        grade      | .0616416 .0463355 1.33 0.183 -.0291742 .1524574
        2.race     | .5512152 .140432 3.93 0.000 .2759736 .8264568
        3.race     | 1.180759 .137298 8.60 0.000 .9116599 1.449858
        1.gender   | .5866638 .1059402 5.54 0.000 .3790247 .7943029
        tenure     | -.0699963 .1727861 -0.41 0.685 -.4086509 .2686582
        age        | -.0748883 .0230589 -3.25 0.001 -.1200828 -.0296938
        income     | -.0034531 .0016933 -2.04 0.041 -.006772 -.0001343
        nworkers   | -.0303442 .0391781 -0.77 0.439 -.1071318 .0464435
        1.genderm  | .0795912 .1245047 0.64 0.523 -.1644336 .3236159
        _cons      | .3910687 1.103955 0.35 0.723 -1.772644 2.554781
    """)
    variances = parameter_rows("var(_cons) | .5755458 .1417722 .3551455 .9327247")
    table = CoefficientTable(
        (CoefficientSection(rows), CoefficientSection(variances, "restaurant")), "complain"
    )
    assert printed(coefficient_table(table)) == expected("coefficient_table_melogit")


def test_omitted_and_missing_standard_errors() -> None:
    rows = coefficient_rows("""
        mu          | -18.03693 . . . . .
        2.treatment | 11.87574 1.001047 11.86 0.000 9.913725 13.83776
        o._cons     | 0 . . . . .
    """)
    rows = (*rows[:2], replace(rows[2], status="omitted"))
    variances = parameter_rows("""
        var(2.treatment) | 1.41e-31 2.32e-15 . .
        var(mu)          | 7.62e-30 . . .
    """)
    table = CoefficientTable(
        (CoefficientSection(rows), CoefficientSection(variances, "study")),
        "events",
        labels=labelled(treatment={2: "Colchicine"}),
    )
    wide = TableOptions(linesize=100)
    assert printed(coefficient_table(table, wide)) == expected("coefficient_table_omitted")


def test_robust_and_another_title() -> None:
    rows = coefficient_rows("""
        gevocab_wsc | 1.188471 .006252 32.82 0.000 1.17628 1.200788
        gevocab_gcm | 1.340731 .0316997 12.40 0.000 1.280018 1.404323
        senroll     | 1.000057 .0001023 0.56 0.578 .9998564 1.000258
        _cons       | .3337302 .0184123 -19.89 0.000 .2995255 .371841
    """)
    variances = parameter_rows("var(_cons) | 3.39e-37 3.61e-37 4.23e-38 2.72e-36")
    table = CoefficientTable(
        (CoefficientSection(rows), CoefficientSection(variances, "school")),
        "gereadc",
        coefficient_title="IRR",
        error_method="Robust",
    )
    assert printed(coefficient_table(table)) == expected("coefficient_table_robust_irr")
    assert table_width(table, TableOptions()) == 78


def test_survival_table() -> None:
    rows = coefficient_rows("""
        X1    | -.4956912 .0066899 -74.10 0.000 -.5088031 -.4825793
        _cons | .0288104 .0840111 0.34 0.732 -.1358484 .1934692
    """)
    variances = parameter_rows("var(_cons) | 2.113091 .1727567 1.80023 2.480325")
    table = CoefficientTable(
        (CoefficientSection(rows), CoefficientSection(variances, "cluster")), "_t"
    )
    assert printed(coefficient_table(table)) == expected("coefficient_table_mestreg")


@pytest.mark.parametrize("missing", [False, True])
def test_linearized_standard_errors(missing: bool) -> None:
    numbers = {
        False: ".0728382 9.73 0.000 .5598126 .8573234 | 1.348297 2.60 0.014 .7547976 6.261979"
        " | 12.56441 -3.67 0.001 -71.76331 -20.44343",
        True: ". . . . . | . . . . . | . . . . .",
    }[missing].split("|")
    rows = coefficient_rows(
        f"height | .708568 {numbers[0]}\n2.sex | 3.508388 {numbers[1]}\n"
        f"_cons | -46.10337 {numbers[2]}"
    )
    table = CoefficientTable(
        one(rows),
        "weight",
        statistic_title="t",
        error_method="Linearized",
        labels=labelled(sex={1: "Male", 2: "Female"}),
    )
    name = "missing_errors" if missing else "linearized"
    assert printed(coefficient_table(table)) == expected(f"coefficient_table_{name}")


def test_legend() -> None:
    sections = (
        ("wm", "_cons", 453.91, False),
        ("id", "sd(_cons)", 110.40, True),
        ("Residual", "sd(e)", 19.91, True),
    )
    table = CoefficientTable(
        tuple(
            CoefficientSection(
                (CoefficientRow(name, b, parameter=flush, legend=f"_b[{equation}:{name}]"),),
                equation,
            )
            for equation, name, b, flush in sections
        )
    )
    options = TableOptions(legend=True, formats=TWO_DECIMALS)
    assert printed(coefficient_table(table, options)) == expected("coefficient_table_legend")


def test_linear_combination() -> None:
    rows = coefficient_rows("(1) | 800.37 727.97 1.10 0.272 -629.85 2230.59")
    table = CoefficientTable(one(rows), "salary", statistic_title="t")
    assert printed(coefficient_table(table, WIDE)) == expected("coefficient_table_lincom")


def test_variance_components_under_the_coefficients() -> None:
    rows = coefficient_rows("""
        smoke    | -104.55 31.64 -3.30 0.001 -166.58 -42.52
        male     | 125.64 11.08 11.34 0.000 103.92 147.35
        mage     | 23.16 3.08 7.52 0.000 17.12 29.20
        kessner2 | -91.49 25.56 -3.58 0.000 -141.61 -41.38
        kessner3 | -128.09 49.02 -2.61 0.009 -224.20 -31.98
        novisit  | -4.81 91.23 -0.05 0.958 -183.68 174.07
        pretri2  | 81.29 28.68 2.83 0.005 25.06 137.52
        pretri3  | 153.06 61.63 2.48 0.013 32.23 273.89
        _cons    | 2767.50 88.42 31.30 0.000 2594.14 2940.86
    """)
    components = (
        CoefficientRow("sigma_u", 440.05052, note="", coefficient_format="%10.0g"),
        CoefficientRow("sigma_e", 368.91787, note="", coefficient_format="%10.0g"),
        CoefficientRow(
            "rho",
            0.58725545,
            note="(fraction of variance due to u_i)",
            coefficient_format="%10.0g",
        ),
    )
    table = CoefficientTable(
        (CoefficientSection(rows), CoefficientSection(components)),
        "birwt",
        statistic_title="t",
        error_method="Robust",
    )
    assert printed(coefficient_table(table, WIDE)) == expected(
        "coefficient_table_variance_components"
    )


# --- margins and contrasts ------------------------------------------------------------------


def test_margins_of_an_effect() -> None:
    rows = coefficient_rows("""
        1._at | 0.59 0.59 1.01 0.315 -0.56 1.75
        2._at | 0.83 0.51 1.62 0.104 -0.17 1.83
        3._at | 1.07 0.44 2.42 0.016 0.20 1.93
        4._at | 1.30 0.39 3.37 0.001 0.54 2.06
        5._at | 1.54 0.35 4.34 0.000 0.84 2.23
        6._at | 1.77 0.35 5.05 0.000 1.08 2.46
        7._at | 2.01 0.38 5.32 0.000 1.27 2.75
        8._at | 2.24 0.43 5.24 0.000 1.40 3.08
    """)
    table = CoefficientTable(
        one(rows, "ses"), coefficient_title="dy/dx", error_method="Delta-method"
    )
    assert printed(coefficient_table(table, WIDE)) == expected("coefficient_table_margins_dydx")


def test_without_p_values() -> None:
    rows = tuple(
        CoefficientRow(name, b, se, lower=lower, upper=upper)
        for name, (b, se, lower, upper) in typed("""
        1._at | 349.01 10.68 328.07 369.94
        2._at | 348.83 12.30 324.72 372.94
        3._at | 359.97 12.16 336.14 383.79
        4._at | 369.65 13.11 343.95 395.34
    """)
    )
    table = CoefficientTable(one(rows), coefficient_title="Margin", error_method="Delta-method")
    assert printed(coefficient_table(table, replace(WIDE, pvalues=False))) == expected(
        "coefficient_table_margins_nopvalues"
    )


def test_contrast_with_degrees_of_freedom() -> None:
    rows = tuple(
        CoefficientRow(name, b, se, t, p, df=df, heading="month#group", label=name)
        for name, (b, se, df, t, p) in typed("""
        (2 vs 1) (Medication vs base) | 41.96 12.50 27.7 3.36 0.002
        (3 vs 2) (Medication vs base) | 6.43 12.24 24.8 0.53 0.604
    """)
    )
    table = CoefficientTable(one(rows, "sleep"), coefficient_title="Contrast", statistic_title="t")
    assert printed(coefficient_table(table, replace(WIDE, df=True, interval=False))) == expected(
        "coefficient_table_contrast_df"
    )


def test_contrast_of_an_interaction() -> None:
    rows = coefficient_rows(
        """
        (2 vs 1) (Medication vs Control) | 21.88 5.26 4.16 0.000
        (2 vs 1) (Education vs Control)  | 7.11 5.26 1.35 0.177
        (3 vs 2) (Medication vs Control) | -3.66 5.35 -0.68 0.494
        (3 vs 2) (Education vs Control)  | 27.38 5.35 5.11 0.000
    """,
        heading="month#group",
    )
    table = CoefficientTable(one(rows, "sleep"), coefficient_title="Contrast")
    assert printed(coefficient_table(table, replace(WIDE, interval=False))) == expected(
        "coefficient_table_contrast_interaction"
    )


def test_contrast_of_margins() -> None:
    rows = coefficient_rows(
        "(Men vs Women) | 1678.22 792.91 2.12 0.035 120.44 3236.00", heading="male"
    )
    table = CoefficientTable(
        one(rows), coefficient_title="Contrast", statistic_title="t", error_method="Delta-method"
    )
    assert printed(coefficient_table(table, WIDE)) == expected("coefficient_table_margins_contrast")


def test_adjusted_comparisons() -> None:
    rows = coefficient_rows(
        """
        RL vs DMP    | -2.019803 .0450934 -44.79 0.000 -2.128662 -1.910944
        RL_HP vs DMP | -1.570481 .0440678 -35.64 0.000 -1.676822 -1.464141
        RL_HP vs RL  | .4493217 .0450934 9.96 0.000 .3396487 .5589947
    """,
        heading="AgentType",
    )
    table = CoefficientTable(
        one(rows, "Congruence1"),
        coefficient_title="Contrast",
        statistic_title="t",
        test_above="Bonferroni",
        interval_above="Bonferroni",
    )
    assert printed(coefficient_table(table, TableOptions(linesize=120))) == expected(
        "coefficient_table_pwcompare_adjusted"
    )


def test_comparisons_broken_at_vs() -> None:
    rows = coefficient_rows(
        """
        Managerial & Technical vs Professional  | .2347399 .5116288 0.46 0.646
        Non-Manual vs Professional              | -1.09934 .5130227 -2.14 0.032
        Skilled vs Professional                 | -1.802139 .5375521 -3.35 0.001
        Semi-skilled vs Professional            | -2.97498 .5493453 -5.42 0.000
        Unskilled vs Professional               | -3.555772 .7322568 -4.86 0.000
        Non-Manual vs Managerial & Technical    | -1.33408 .2766414 -4.82 0.000
        Skilled vs Managerial & Technical       | -2.036879 .3383401 -6.02 0.000
        Semi-skilled vs Managerial & Technical  | -3.20972 .3412208 -9.41 0.000
        Unskilled vs Managerial & Technical     | -3.790512 .591052 -6.41 0.000
        Skilled vs Non-Manual                   | -.7027994 .33355 -2.11 0.035
        Semi-skilled vs Non-Manual              | -1.87564 .3334359 -5.63 0.000
        Unskilled vs Non-Manual                 | -2.456432 .5864838 -4.19 0.000
        Semi-skilled vs Skilled                 | -1.172841 .3799212 -3.09 0.002
        Unskilled vs Skilled                    | -1.753633 .6150853 -2.85 0.004
        Unskilled vs Semi-skilled               | -.580792 .6134086 -0.95 0.344
    """,
        heading="socialclass",
    )
    table = CoefficientTable(
        one(rows),
        coefficient_title="Contrast",
        error_method="Delta-method",
        test_above="Unadjusted",
    )
    assert printed(coefficient_table(table, TableOptions(interval=False))) == expected(
        "coefficient_table_pwcompare_long"
    )


# --- options and names ----------------------------------------------------------------------

ROWS = (
    CoefficientRow("1b.a", 0, status="base"),
    CoefficientRow("2.a", 1.5, 0.5, 3, 0.003, 0.5, 2.5),
    CoefficientRow("1b.a#0b.b", 0, status="base"),
    CoefficientRow("2.a#1o.b", 0, status="empty"),
    CoefficientRow("o.x", 0, status="omitted"),
    CoefficientRow("_cons", 2, 0.5, 4, 0.0, 1, 3),
)


def stubs(options: TableOptions) -> list[str]:
    rows = printed(coefficient_table(CoefficientTable(one(ROWS), "y"), options)).split("\n")
    return [row.split("|")[0].strip() for row in rows[3:-1]]


def test_base_levels_are_hidden_until_asked_for() -> None:
    assert stubs(TableOptions()) == ["2.a", "", "a#b", "2 1", "", "x", "_cons"]
    assert stubs(TableOptions(base_levels=True)) == (
        ["a", "1", "2", "", "a#b", "1 0", "2 1", "", "x", "_cons"]
    )
    assert stubs(TableOptions(all_base_levels=True, squish=True)) == (
        ["a", "1", "2", "a#b", "1 0", "2 1", "x", "_cons"]
    )


def test_bases_of_interactions_follow_from_their_main_effects() -> None:
    rows = (CoefficientRow("0b.b", 0, status="base"), *ROWS)
    options = TableOptions(base_levels=True)
    text = printed(coefficient_table(CoefficientTable(one(rows), "y"), options))
    assert " 1 0  |" not in text
    assert "(base)" in text


def test_omitted_and_empty_can_be_left_out() -> None:
    assert stubs(TableOptions(omitted=False, empty_cells=False)) == ["2.a", "_cons"]


def test_status_stands_after_the_coefficient() -> None:
    lines = printed(coefficient_table(CoefficientTable(one(ROWS), "y"))).split("\n")
    assert "           x |          0  (omitted)" in lines
    assert "        2 1  |          0  (empty)" in lines


def test_long_interaction_is_broken_when_the_table_may_not_grow() -> None:
    rows = (CoefficientRow("1.AgentType#c.Congruence1", 1.0, 1.0, 1, 0.3, -1, 3),)
    table = CoefficientTable(one(rows), "y")
    text = printed(coefficient_table(table, TableOptions(stretch=False))).split("\n")
    assert text[3:7] == [
        "   AgentType#|",
        "          c. |",
        " Congruence1 |",
        "          1  |          1          1     1.00   0.300           -1           3",
    ]


def test_wrapped_value_labels() -> None:
    rows = (CoefficientRow("2.class", 1.0), CoefficientRow("3.class", 1.0))
    labels = labelled(**{"class": {2: "Managerial & Technical", 3: "None"}})
    table = CoefficientTable(one(rows), "y", labels=labels)

    def texts(wrap: int, on: str) -> list[str]:
        options = TableOptions(stretch=False, wrap=wrap, wrap_on=on)
        rows = printed(coefficient_table(table, options)).split("\n")
        return [row.split("|")[0].strip() for row in rows[4:-2]]

    assert texts(1, "word") == ["Manageria.."]
    assert texts(2, "word") == ["Managerial", "& Technical"]
    assert texts(3, "width") == ["Managerial", "& Technical"]


def test_lags_stand_under_their_variable() -> None:
    names = ["x", "L.x", "L2.x", "D.z", "_cons"]
    blocks = blocks_of(names, no_labels)
    assert [(block.header, [text for [text] in block.labels]) for block in blocks] == [
        (["x"], ["--.", "L1.", "L2."]),
        (["z"], ["D1."]),
        ([], ["_cons"]),
    ]


def test_levels_without_labels_stand_in_columns() -> None:
    [block] = blocks_of(["2.a#4.day", "2.a#12.day", "10.a#4.day"], no_labels)
    assert block.labels == [["2  4"], ["2 12"], ["10  4"]]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("1b.group#co.x", "1.group#c.x"),
        ("0bn.girl#c.age", "0.girl#c.age"),
        ("o.x", "x"),
        ("L2.x", "L2.x"),
        ("3oL.poor", "3L.poor"),
        ("var(e.y)", "var(e.y)"),
        ("_cons", "_cons"),
    ],
)
def test_names_without_marks(name: str, plain: str) -> None:
    assert simplified(name) == plain


def test_components() -> None:
    level, slope = components_of("2.group#cL.x")
    assert (level.variable, level.level, level.operator) == ("group", 2, "")
    assert (slope.variable, slope.level, slope.operator) == ("x", None, "L")
