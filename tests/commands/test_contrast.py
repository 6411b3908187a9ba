"""``contrast``: explicit matrices, cell means, anova, printed tables, mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.posted import posted, quiet_session
from tests.commands.typed import session

#: an unbalanced layout of 2 x 3 cells without empty ones, and a covariate
LAYOUT = """
clear
set obs 40
generate a = 1 + mod(_n, 2)
generate b = 1 + mod(floor(_n / 2), 3)
generate x = mod(_n * 7, 11)
generate y = 2 * a + b^2 + a * b + .3 * x + mod(_n * 13, 17) / 4
drop if a == 1 & b == 2 & x < 5
"""


@pytest.fixture
def layout() -> Session:
    return session(LAYOUT)


def values(found: Session, name: str) -> np.ndarray:
    return np.asarray(found.state.r.matrices[name].values)


def printed(found: Session, command: str) -> list[str]:
    """The lines that a command prints."""
    return found.output(command).rstrip("\n").split("\n")


def cell_means(found: Session) -> tuple[np.ndarray, np.ndarray]:
    """Means and counts (2, 3) of y in the cells of a and b."""
    data = found.state.data
    a, b, y = (data.numbers(name) for name in ("a", "b", "y"))
    cells = [(a == i) & (b == j) for i in (1, 2) for j in (1, 2, 3)]
    shape = (2, 3)
    means = np.array([y[cell].mean() for cell in cells]).reshape(shape)
    return means, np.array([cell.sum() for cell in cells]).reshape(shape)


# --- numbers -----------------------------------------------------------------------------------

CONTRASTS: list[tuple[str, Sequence[Sequence[float]]]] = [
    # weights of the cells (1,1) (1,2) (1,3) (2,1) (2,2) (2,3)
    ("r.a", [[-1 / 3] * 3 + [1 / 3] * 3]),
    ("rb3.b", [[0.5, 0, -0.5] * 2, [0, 0.5, -0.5] * 2]),
    ("ar.b", [[-0.5, 0.5, 0] * 2, [0, -0.5, 0.5] * 2]),
    ("a2.b", [[0, 0.5, -0.5] * 2]),
    ("g1.b", [[1 / 3, -1 / 6, -1 / 6] * 2]),
    ("g(2 3).b", [[-1 / 6, 1 / 3, -1 / 6] * 2, [-1 / 6, -1 / 6, 1 / 3] * 2]),
    ("h.b", [[0.5, -0.25, -0.25] * 2, [0, 0.5, -0.5] * 2]),
    ("j3.b", [[-0.25, -0.25, 0.5] * 2]),
    ("r.a@b", [[-1, 0, 0, 1, 0, 0], [0, -1, 0, 0, 1, 0], [0, 0, -1, 0, 0, 1]]),
    ("r.a@2.b", [[0, -1, 0, 0, 1, 0]]),
    ("ar2.b@a", [[-1, 1, 0, 0, 0, 0], [0, 0, 0, -1, 1, 0]]),
    ("ar3.b@2.a", [[0, 0, 0, 0, -1, 1]]),
    ("r.a#ar.b", [[1, -1, 0, -1, 1, 0], [0, 1, -1, 0, -1, 1]]),
    ("{b 1 -.5 -.5}", [[0.5, -0.25, -0.25] * 2]),
    ("{a#b 1 0 -1 -1 0 1}", [[1, 0, -1, -1, 0, 1]]),
    ("{b -1 0 1}@a", [[-1, 0, 1, 0, 0, 0], [0, 0, 0, -1, 0, 1]]),
    ("p1.b", [[-np.sqrt(1.5) / 6, 0, np.sqrt(1.5) / 6] * 2]),
]  # fmt: skip


@pytest.mark.parametrize(("term", "weights"), CONTRASTS, ids=[term for term, _ in CONTRASTS])
def test_contrasts_of_cell_means(
    layout: Session, term: str, weights: Sequence[Sequence[float]]
) -> None:
    """In a saturated model margins are cell means, whose variances are s2 over cell sizes."""
    layout.run("regress y i.a##i.b", quietly=True)
    layout.run(f"contrast {term}", quietly=True)
    matrix = np.array(weights)
    means, counts = (each.reshape(-1) for each in cell_means(layout))
    s2 = layout.state.e.scalars["rmse"] ** 2
    np.testing.assert_allclose(values(layout, "b")[0], matrix @ means, atol=1e-9)
    np.testing.assert_allclose(
        values(layout, "V"), s2 * (matrix / counts) @ matrix.T, rtol=1e-9, atol=1e-12
    )


def test_terms_are_tested_as_by_anova(layout: Session) -> None:
    """Partial sums of squares of a full layout test the same hypotheses (Goodnight 1980)."""
    layout.run("anova y a##b c.x", quietly=True)
    expected = {
        layout.state.e.macros[f"term_{i}"]: layout.state.e.scalars[f"F_{i}"] for i in (1, 2, 3)
    }
    layout.run("contrast a##b", quietly=True)
    found = layout.state.r.matrices["F"]
    assert [stripe.name for stripe in found.columns] == ["a", "b", "a#b"]
    np.testing.assert_allclose(
        found.values[0], [expected["a"], expected["b"], expected["a#b"]], rtol=1e-8
    )


def test_slopes_are_compared_with_continuous_variables(layout: Session) -> None:
    layout.run("regress y i.b##c.x i.a", quietly=True)
    b = layout.state.e.matrices["b"]
    positions = {stripe.name: i for i, stripe in enumerate(b.columns)}
    layout.run("contrast r.b#c.x", quietly=True)
    expected = [b.values[0, positions["2.b#c.x"]], b.values[0, positions["3.b#c.x"]]]
    np.testing.assert_allclose(values(layout, "b")[0], expected)
    layout.run("contrast b", quietly=True)
    joint = values(layout, "F")[0, 0]
    layout.run("test 2.b 3.b", quietly=True)
    assert joint == pytest.approx(layout.state.r.scalars["F"])


def test_observed_weights(layout: Session) -> None:
    layout.run("regress y i.a##i.b", quietly=True)
    layout.run("contrast r.a, asobserved", quietly=True)
    means, counts = cell_means(layout)
    shares = counts.sum(axis=0) / counts.sum()
    assert values(layout, "b")[0, 0] == pytest.approx((means[1] - means[0]) @ shares)
    layout.run("contrast gw.b", quietly=True)
    middle = means.mean(axis=0)
    np.testing.assert_allclose(values(layout, "b")[0], middle - middle @ shares)


def test_empty_cells() -> None:
    found = session(LAYOUT + "drop if a == 2 & b == 3\n")
    found.run("regress y i.a##i.b", quietly=True)
    found.run("contrast a", quietly=True)
    assert np.isnan(values(found, "F")[0, 0]) or values(found, "F")[0, 0] > 1e300
    found.run("contrast r.a@b", quietly=True)
    assert values(found, "error")[0].tolist() == [0, 0, 8]
    text = found.output("contrast a, emptycells(reweight)")
    assert "not testable" not in text
    data = found.state.data
    a, b, y = (data.numbers(name) for name in ("a", "b", "y"))
    first = np.mean([y[(a == 1) & (b == j)].mean() for j in (1, 2, 3)])
    second = np.mean([y[(a == 2) & (b == j)].mean() for j in (1, 2)])
    assert values(found, "b")[0, 0] == pytest.approx(second - first)
    found.run("contrast a, noestimcheck", quietly=True)
    assert values(found, "df")[0, 0] == 1


def test_nested_terms_leave_out_levels_that_do_not_occur() -> None:
    found = session(
        """
        clear
        set obs 60
        generate group = 1 + mod(_n, 2)
        generate class = cond(group == 1, 1 + mod(floor(_n / 2), 3), 1 + mod(floor(_n / 2), 2))
        generate y = group + class^2 + mod(_n * 7, 5)
        """
    )
    found.run("regress y i.group i.group#i.class", quietly=True)
    found.run("contrast class|group", quietly=True)
    assert values(found, "df")[0].tolist() == [2, 1, 3]
    found.run("regress y i.class if group == 1", quietly=True)
    within = found.state.e.scalars["mss"]
    found.run("regress y i.group i.group#i.class", quietly=True)
    found.run("contrast class|group", quietly=True)
    s2 = found.state.e.scalars["rmse"] ** 2
    assert values(found, "F")[0, 0] == pytest.approx(within / 2 / s2)


def test_adjusted_intervals_and_p_values(layout: Session) -> None:
    layout.run("regress y i.b", quietly=True)
    df = layout.state.e.scalars["df_r"]
    layout.run("contrast g.b, mcompare(bonferroni)", quietly=True)
    table = layout.state.r.matrices["table"]
    t = table.values[2]
    np.testing.assert_allclose(table.values[3], np.minimum(1, 6 * stats.t.sf(np.abs(t), df)))
    np.testing.assert_allclose(table.values[7], stats.t.isf(0.05 / 6, df))
    layout.run("contrast g.b, mcompare(scheffe)", quietly=True)
    expected = stats.f.sf(t**2 / 2, 2, df)
    np.testing.assert_allclose(layout.state.r.matrices["table"].values[3], expected)
    layout.run("regress y i.b i.a", quietly=True)
    df = layout.state.e.scalars["df_r"]
    layout.run("contrast r.b r.a, mcompare(sidak adjustall)", quietly=True)
    table = layout.state.r.matrices["table"]
    plain = 2 * stats.t.sf(np.abs(table.values[2]), df)
    np.testing.assert_allclose(table.values[3], 1 - (1 - plain) ** 3, atol=1e-12)


def test_matrix_of_contrasts_and_linear_combinations(layout: Session) -> None:
    layout.run("regress y i.b", quietly=True)
    layout.run("matrix C = (1, -1, 0 \\ 0, 1, -1)", quietly=True)
    layout.run("contrast {b C}", quietly=True)
    by_matrix = values(layout, "b")
    layout.run("contrast a.b", quietly=True)
    np.testing.assert_allclose(by_matrix, values(layout, "b"))
    layout.run("contrast {b 1 1 1}, lincom", quietly=True)
    assert values(layout, "b").shape == (1, 1)


def test_posted_contrasts_can_be_tested(layout: Session) -> None:
    layout.run("regress y i.b", quietly=True)
    layout.run("contrast r.b, post", quietly=True)
    layout.run("test r2vs1.b = r3vs1.b", quietly=True)
    posted_test = layout.state.r.scalars["F"]
    layout.run("regress y i.b", quietly=True)
    layout.run("test 2.b = 3.b", quietly=True)
    assert posted_test == pytest.approx(layout.state.r.scalars["F"])


def test_small_samples_of_mixed() -> None:
    """Tests and combinations of coefficients by the same degrees of freedom as those of test and
    lincom."""
    found = session(
        """
        clear
        set obs 60
        generate id = 1 + floor((_n - 1) / 4)
        generate t = 1 + mod(_n, 4)
        generate g = 1 + (id > 7)
        generate y = g * t + mod(id * 7, 5) + mod(_n * 11, 7) / 3
        drop if mod(_n, 9) == 0
        """
    )
    found.run("mixed y i.g##i.t || id:, reml dfmethod(kroger)", quietly=True)
    found.run("test 2.g#2.t 2.g#3.t 2.g#4.t, small", quietly=True)
    test = dict(found.state.r.scalars)
    found.run("contrast g#t, small", quietly=True)
    for name, key in (("F", "F"), ("df2", "df_r"), ("p", "p")):
        assert values(found, name)[0, 0] == pytest.approx(test[key])
    found.run("lincom 2.g + 2.g#3.t, small", quietly=True)
    single = dict(found.state.r.scalars)
    found.run("contrast r.g@3.t, small", quietly=True)
    table = values(found, "table")[:, 0]
    np.testing.assert_allclose(
        table[[0, 1, 2, 3, 6]], [single[k] for k in ("estimate", "se", "t", "p", "df")]
    )


# --- text --------------------------------------------------------------------------------------

#: a log of Stata 18 after mixed, set cformat %9.2f
#: (forest293.github.io, 17, Time as a categorical predictor)
AR_MONTH = """
Contrasts of marginal linear predictions

Margins: asbalanced

------------------------------------------------------------------------------
             |   Contrast   Std. err.      z    P>|z|     [95% conf. interval]
-------------+----------------------------------------------------------------
sleep        |
       month |
   (2 vs 1)  |      21.07       3.83     5.50   0.000        13.56       28.58
   (3 vs 2)  |      -2.64       3.80    -0.69   0.487       -10.09        4.81
------------------------------------------------------------------------------
"""


def sleep_session() -> Session:
    """e() with the differences between months of that log, whose errors are 3.83 and 3.80."""
    found = quiet_session()
    data = found.state.data
    data.add("month", [1, 2, 3])
    covariance = np.zeros((4, 4))
    covariance[1:3, 1:3] = [[3.83**2, 7.3725], [7.3725, 3.81**2]]
    covariance[3, 3] = 5.0
    names = ["sleep:1b.month", "sleep:2.month", "sleep:3.month", "sleep:_cons"]
    found.state.e = posted(names, [0, 21.07, 18.43, 300], covariance, outcome="sleep")
    found.run("set cformat %9.2f", quietly=True)
    return found


def test_table_of_contrasts_is_statas() -> None:
    found = sleep_session()
    assert found.output("contrast ar.month, nowald effects") == AR_MONTH


def test_labels_of_simple_effects() -> None:
    found = quiet_session()
    data = found.state.data
    data.add("gender", [1, 2, 1, 2, 1, 2])
    data.add("schsize", [1, 1, 2, 2, 3, 3])
    found.run('label define g 1 "Male" 2 "Female"', quietly=True)
    found.run('label define s 1 "Small" 2 "Medium" 3 "Large"', quietly=True)
    found.run("label values gender g", quietly=True)
    found.run("label values schsize s", quietly=True)
    names = ["1b.gender", "2.gender", "1b.schsize", "2.schsize", "3.schsize"]
    names += [f"{i}{'b' if i == 1 else ''}.gender#{j}{'b' if j == 1 else ''}.schsize"
              for i in (1, 2) for j in (1, 2, 3)]  # fmt: skip
    b = [0, -19.65, 0, 1, 2, 0, 0, 0, 0, 1.47, 22.24, 1]
    variances = np.diag([0, 44.2, 0, 9, 9, 0, 0, 0, 0, 2.6, 0.1, 1.0])
    found.state.e = posted([f"science:{name}" for name in [*names, "_cons"]], b, variances)
    lines = printed(found, "contrast gender@schsize, nowald pveffects")
    assert lines[5:13] == [
        "-----------------------------------------------------------------",
        "                         |   Contrast   Std. err.      z    P>|z|",
        "-------------------------+---------------------------------------",
        "science                  |",
        "          gender@schsize |",
        " (Female vs base) Small  |     -19.65   6.648308    -2.96   0.003",
        "(Female vs base) Medium  |     -18.18   6.841053    -2.66   0.008",
        " (Female vs base) Large  |       2.59   6.655825     0.39   0.697",
    ]


def test_rows_of_partial_interactions_and_denominator(layout: Session) -> None:
    layout.run("regress y i.a##i.b", quietly=True)
    lines = printed(layout, "contrast ar.b#a")
    assert [line[:19] for line in lines[5:15]] == [
        "-------------------",
        "                  |",
        "------------------+",
        "              b#a |",
        "(2 vs 1) (joint)  |",
        "(3 vs 2) (joint)  |",
        "           Joint  |",
        "                  |",
        "      Denominator |",
        "-------------------",
    ]
    assert len(lines) == 15, "no single contrasts where a factor has no operator"
    df = layout.state.e.scalars["df_r"]
    assert lines[13] == f"      Denominator |{df:>11.0f}"


def test_one_test_stands_on_the_line_of_its_term(layout: Session) -> None:
    layout.run("regress y i.a", quietly=True)
    lines = printed(layout, "contrast r.a")
    assert lines[8].startswith("           a |          1 ")
    assert any(line.startswith("   (2 vs 1)  |") for line in lines)
    layout.run("regress y i.a##i.b", quietly=True)
    lines = printed(layout, "contrast a@b, noatlevels overall vsquish")
    assert [line[:13] for line in lines[8:11]] == [
        "         a@b ",
        "     Overall ",
        " Denominator ",
    ]


def test_helmert_labels_are_aligned() -> None:
    found = session("clear\nset obs 30\ngenerate dose = 300 + 350 * mod(_n, 3)\n")
    found.run("generate y = dose + mod(_n, 7)", quietly=True)
    found.run("regress y i.dose", quietly=True)
    lines = printed(found, "contrast h.dose, nowald pveffects")
    assert [line.split("|")[0].strip() for line in lines[8:11]] == [
        "dose",
        "(300 vs > 300)",
        "(650 vs  1000)",
    ]
    lines = printed(found, "contrast j.dose, nowald pveffects")
    assert [line.split("|")[0].strip() for line in lines[9:11]] == [
        "(650 vs   300)",
        "(1000 vs <1000)",
    ]


def test_exponentiated_and_sorted(layout: Session) -> None:
    layout.run("regress y i.b", quietly=True)
    lines = printed(layout, "contrast g.b, nowald or sort")
    assert "Odds ratio" in lines[6]
    shown = [float(line.split("|")[1].split()[0]) for line in lines[9:12]]
    assert shown == sorted(shown)
    np.testing.assert_allclose(sorted(np.exp(values(layout, "b")[0])), shown, rtol=1e-4)


def test_note_of_adjusted_tests(layout: Session) -> None:
    layout.run("regress y i.b", quietly=True)
    text = layout.output("contrast r.b, mcompare(sidak)")
    assert "Note: Sidak-adjusted p-values are reported for tests on" in text
    assert "|    Number of\n" in text


# --- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("contrast nosuch", 111),
        ("contrast x", 322),
        ("contrast a#c.y", 322),
        ("contrast rb7.b", 198),
        ("contrast a@9.b", 198),
        ("contrast {b 1 1 1}", 198),
        ("contrast {b 1 -1}", 503),
        ("contrast {b nosuch}", 111),
        ("contrast b, mcompare(tukey)", 198),
        ("contrast b, mcompare(nosuch)", 198),
        ("contrast b, emptycells(nosuch)", 198),
        ("contrast b, or irr", 198),
        ("contrast b, df(-1)", 198),
        ("contrast b, small", 198),
        ("contrast b, equation(nosuch)", 303),
        ("contrast b, nosuch", 198),
        ("contrast", 100),
    ],
)
def test_mistakes(layout: Session, command: str, code: int) -> None:
    layout.run("regress y i.a##i.b", quietly=True)
    before = layout.state.r
    with pytest.raises(StataError) as caught:
        layout.run(command, quietly=True)
    assert caught.value.code == code
    assert layout.state.r.scalars == before.scalars


def test_without_estimates() -> None:
    with pytest.raises(StataError) as caught:
        session().run("contrast a", quietly=True)
    assert caught.value.code == 301
