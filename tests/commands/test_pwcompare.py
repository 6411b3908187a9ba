"""``pwcompare``: R's multiple comparisons, explicit differences, printed tables, mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.test_contrast import LAYOUT, sleep_session, values
from tests.commands.typed import session

#: R's data set warpbreaks: 2 wools by 3 tensions by 9 looms
BREAKS = [
    *(26, 30, 54, 25, 70, 52, 51, 26, 67, 18, 21, 29, 17, 12, 18, 35, 30, 36),
    *(36, 21, 24, 18, 10, 43, 28, 15, 26, 27, 14, 29, 19, 29, 31, 41, 20, 44),
    *(42, 26, 19, 16, 39, 28, 21, 39, 29, 20, 21, 24, 17, 13, 15, 15, 16, 28),
]


@pytest.fixture
def warpbreaks() -> Session:
    found = session("clear\nset obs 54\n")
    found.state.data.add("breaks", BREAKS)
    found.run(
        """
        generate wool = 1 + (_n > 27)
        generate tension = 1 + mod(floor((_n - 1) / 9), 3)
        label define tension 1 "L" 2 "M" 3 "H"
        label values tension tension
        """,
        quietly=True,
    )
    return found


def test_tukey_is_that_of_r(warpbreaks: Session) -> None:
    """TukeyHSD(aov(breaks ~ wool + tension, warpbreaks), "tension"), R 4.3."""
    warpbreaks.run("regress breaks i.wool i.tension", quietly=True)
    warpbreaks.run("pwcompare tension, mcompare(tukey)", quietly=True)
    table = values(warpbreaks, "table_vs")
    expected = [
        [-10.0, -19.3534207, -0.646579273, 0.03362621891],
        [-14.72222222, -24.0756429, -5.368801495, 0.00112178772],
        [-4.72222222, -14.0756429, 4.631198505, 0.44742102143],
    ]
    np.testing.assert_allclose(table[[0, 4, 5, 3]].T, expected, rtol=2e-6)


def test_bonferroni_is_that_of_r(warpbreaks: Session) -> None:
    """pairwise.t.test(breaks, tension, p.adjust = "bonferroni"), R 4.3."""
    warpbreaks.run("anova breaks tension", quietly=True)
    warpbreaks.run("pwcompare tension, mcompare(bonferroni)", quietly=True)
    p = values(warpbreaks, "table_vs")[3]
    np.testing.assert_allclose(p, [0.04415088800, 0.00150258145, 0.715843126], rtol=1e-8)


def test_differences_and_margins_of_cells() -> None:
    found = session(LAYOUT)
    found.run("regress y i.a##i.b", quietly=True)
    found.run("pwcompare b a#b", quietly=True)
    margins = values(found, "b")[0]
    matrix = found.state.r.matrices["b_vs"]
    cells = margins[3:].reshape(2, 3)
    np.testing.assert_allclose(margins[:3], cells.mean(axis=0))
    expected = [margins[j] - margins[i] for i in range(3) for j in range(i + 1, 3)]
    expected += [margins[j] - margins[i] for i in range(3, 9) for j in range(i + 1, 9)]
    np.testing.assert_allclose(matrix.values[0], expected, atol=1e-9)
    weights, covariance = values(found, "L"), found.state.e.matrices["V"].values
    np.testing.assert_allclose(values(found, "V_vs"), weights @ covariance @ weights.T)
    names = [stripe.name for stripe in matrix.columns]
    assert names[:4] == ["2vs1.b", "3vs1.b", "3vs2.b", "(1 2)vs(1 1).a#b"]


def test_methods_that_go_by_ordered_means(warpbreaks: Session) -> None:
    warpbreaks.run("regress breaks i.tension", quietly=True)
    df = warpbreaks.state.e.scalars["df_r"]
    for method, power in (("snk", (1, 1)), ("duncan", (1, 2))):
        warpbreaks.run(f"pwcompare tension, mcompare({method})", quietly=True)
        table = values(warpbreaks, "table_vs")
        inside = [stats.studentized_range.cdf(np.sqrt(2) * abs(t), s, df)
                  for t, s in zip(table[2], (2, 3, 2), strict=True)]  # fmt: skip
        exponents = [1 / (power[1] if s == 3 else 1) for s in (2, 3, 2)]
        np.testing.assert_allclose(table[3], 1 - np.power(inside, exponents), rtol=1e-6)


def test_dunnett_compares_with_the_base_level(warpbreaks: Session) -> None:
    warpbreaks.run("regress breaks ib2.tension", quietly=True)
    warpbreaks.run("pwcompare tension, mcompare(dunnett)", quietly=True)
    names = [stripe.name for stripe in warpbreaks.state.r.matrices["b_vs"].columns]
    assert names == ["1vs2.tension", "3vs2.tension"]


def test_levels_can_be_chosen() -> None:
    found = session(LAYOUT)
    found.run("regress y i.a i.b", quietly=True)
    found.run("pwcompare i(1 3).b", quietly=True)
    assert [s.name for s in found.state.r.matrices["b_vs"].columns] == ["3vs1.b"]


def test_small_samples_of_mixed() -> None:
    found = session(
        """
        clear
        set obs 60
        generate id = 1 + floor((_n - 1) / 4)
        generate t = 1 + mod(_n, 4)
        generate y = t + mod(id * 7, 5) + mod(_n * 11, 7) / 3
        drop if mod(_n, 9) == 0
        """
    )
    found.run("mixed y i.t || id:, reml dfmethod(satterthwaite)", quietly=True)
    found.run("lincom 4.t - 3.t, small", quietly=True)
    single = dict(found.state.r.scalars)
    text = found.output("pwcompare t, small")
    table = values(found, "table_vs")[:, 5]
    np.testing.assert_allclose(
        table[[0, 1, 2, 3, 6, 4, 5]],
        [single[k] for k in ("estimate", "se", "t", "p", "df", "lb", "ub")],
    )
    assert values(found, "L_df")[0, 5] == single["df"]
    assert values(found, "M_df").shape == (1, 4)
    assert "|   Contrast   Std. err.           df      [95% conf. interval]" in text
    assert " df " not in found.output("pwcompare t, small effects")


# --- text --------------------------------------------------------------------------------------

#: a log of Stata 18 after mixed, set cformat %9.2f
#: (forest293.github.io, 17, Time as a categorical predictor)
MONTHS = """
Pairwise comparisons of marginal linear predictions

Margins: asbalanced

------------------------------------------------------------------------------
             |                            Unadjusted           Unadjusted
             |   Contrast   Std. err.      z    P>|z|     [95% conf. interval]
-------------+----------------------------------------------------------------
sleep        |
       month |
     2 vs 1  |      21.07       3.83     5.50   0.000        13.56       28.58
     3 vs 1  |      18.43       3.81     4.84   0.000        10.96       25.90
     3 vs 2  |      -2.64       3.80    -0.69   0.487       -10.09        4.81
------------------------------------------------------------------------------
"""


def test_table_of_comparisons_is_statas() -> None:
    """But for two limits, whose last digits come from what the log has rounded."""
    assert sleep_session().output("pwcompare month, effects") == MONTHS


def test_numbers_of_comparisons() -> None:
    lines = sleep_session().output("pwcompare month, mcompare(sidak) pveffects").split("\n")
    assert lines[5:14] == [
        "---------------------------",
        "             |    Number of",
        "             |  comparisons",
        "-------------+-------------",
        "sleep        |",
        "       month |            3",
        "---------------------------",
        "",
        "-----------------------------------------------------",
    ]
    assert lines[14] == "             |                              Sidak"


def test_letters_of_groups(warpbreaks: Session) -> None:
    warpbreaks.run("regress breaks i.wool i.tension", quietly=True)
    lines = warpbreaks.output("pwcompare tension, groups mcompare(tukey)").split("\n")
    start = lines.index("     tension |") - 4
    assert lines[start : start + 11] == [
        "-------------------------------------------------",
        "             |                           Tukey",
        "             |     Margin   Std. err.      Groups",
        "-------------+-----------------------------------",
        "     tension |",
        "          L  |   36.38889   2.738184",
        "          M  |   26.38889   2.738184            A",
        "          H  |   21.66667   2.738184            A",
        "-------------------------------------------------",
        "Note: Margins sharing a letter in the group label",
        "      are not significantly different at the 5%",
    ]
    assert warpbreaks.state.r.macros["groups2"] == "A"


def test_margins_and_unbalanced_data() -> None:
    found = session(LAYOUT)
    found.run("regress y i.a##i.b", quietly=True)
    text = found.output("pwcompare b, cimargins mcompare(tukey) effects sort")
    assert "|     Margin   Std. err.     [95% conf. interval]" in text
    assert "|   Contrast   Std. err.      t    P>|t|     [95% conf. interval]" in text
    assert "The tukey method requires balanced data" in text
    found.run("pwcompare b, post", quietly=True)
    found.run("test 1.b = 2.b", quietly=True)
    assert found.state.e.macros["cmd"] == "pwcompare"


def test_empty_cells_are_not_estimable() -> None:
    found = session(LAYOUT + "drop if a == 2 & b == 3\n")
    found.run("regress y i.a##i.b", quietly=True)
    text = found.output("pwcompare a#b")
    assert "(2 3) vs (1 1)  |          .  (not estimable)" in text
    assert "(2 2) vs (1 1)  |          ." not in text


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("pwcompare nosuch", 111),
        ("pwcompare x", 322),
        ("pwcompare r.a", 198),
        ("pwcompare a@b", 198),
        ("pwcompare a#c.x", 198),
        ("pwcompare 1.b", 198),
        ("pwcompare b, mcompare(tukey adjustall)", 198),
        ("pwcompare b, asobserved asbalanced", 198),
        ("pwcompare b, small", 198),
    ],
)
def test_mistakes(command: str, code: int) -> None:
    found = session(LAYOUT)
    found.run("regress y i.a##i.b c.x", quietly=True)
    with pytest.raises(StataError) as caught:
        found.run(command, quietly=True)
    assert caught.value.code == code
