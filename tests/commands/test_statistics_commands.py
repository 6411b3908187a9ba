"""Correlations, tests of means, intervals and panel data described."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.output.panel_tables import (
    PanelFrequency,
    PanelSummary,
    panel_frequency_table,
    panel_summary_table,
)
from statalike.output.styled import plain_text
from statalike.output.ttest_table import MeanRow, MeansTest, means_and_test
from statalike.session import Session
from tests.commands.typed import session, small
from tests.shared import needs_shared, shared_path

PANEL = """
clear
set obs 11
generate id = ceil(_n / 3)
generate t = mod(_n - 1, 3) + 1
generate x = mod(_n^2, 7) + _n / 10
generate y = x + mod(_n, 3)
generate byte s = x > 3
"""


def panel() -> Session:
    return session(PANEL)


def layout(name: str) -> str:
    """A terminal's output without the lines of its source, from the second command on."""
    return shared_path("conformance", "layout", f"{name}.txt").read_text("utf-8")


@needs_shared
def test_the_layout_of_a_two_sample_test() -> None:
    rows = [
        MeanRow("Domestic", 52, 19.82692, 0.657777, 4.743297, 18.50638, 21.14747),
        MeanRow("Foreign", 22, 24.77273, 1.40951, 6.611187, 21.84149, 27.70396),
    ]
    combined = MeanRow("Combined", 74, 21.2973, 0.6725511, 5.785503, 19.9569, 22.63769)
    difference = MeanRow("diff", MISSING, -4.945804, 1.555438, MISSING, -8.120053, -1.771556)
    test = MeansTest(
        "    diff = mean(Domestic) - mean(Foreign)",
        "H0: diff = 0",
        "t",
        -3.1797,
        "Satterthwaite's degrees of freedom",
        "30.5463",
        ["diff < 0", "diff != 0", "diff > 0"],
        (0.0017, 0.0034, 0.9983),
    )
    title = "Two-sample t test with unequal variances"
    shown = plain_text(means_and_test(title, "Group", [rows, [combined], [difference]], 95, test))
    assert shown.rstrip("\n") in layout("ttest-1")


@needs_shared
def test_the_layout_of_panel_summaries() -> None:
    rows = [
        PanelSummary(
            "birwt",
            (3469.931, 527.1394, 284, 5642),
            (451.1943, 1361, 5183.5),
            (276.7966, 1528.431, 5411.431),
            8604,
            3978,
            8604 / 3978,
            False,
        ),
        PanelSummary(
            "smoke",
            (0.1399349, 0.3469397, 0, 1),
            (0.3216459, 0, 1),
            (0.1368006, -0.5267318, 0.8066016),
            8604,
            3978,
            8604 / 3978,
            False,
        ),
    ]
    assert plain_text(panel_summary_table(rows)).rstrip("\n") in layout("xtsum-1")


@needs_shared
def test_the_layout_of_panel_frequencies() -> None:
    rows = [
        PanelFrequency("Nonsmoke", 7400, 3565, 95.69),
        PanelFrequency("Smoker", 1204, 717, 79.03),
    ]
    shown = plain_text(panel_frequency_table("smoke", rows, 3978, 92.90))
    assert shown.rstrip("\n") in layout("xttab-1")


def test_correlations() -> None:
    made = panel()
    made.run("correlate x y", quietly=True)
    data = made.data
    assert made.r["rho"] == pytest.approx(np.corrcoef(data["x"], data["y"])[0, 1])
    made.run("pwcorr x y s, sig", quietly=True)
    expected = stats.pearsonr(data["x"], data["s"])
    matrix = made.state.r.matrices["sig"].values
    assert matrix[2, 0] == pytest.approx(expected.pvalue)
    assert made.state.r.matrices["C"].values[2, 0] == pytest.approx(expected.statistic)
    shown = small().output("pwcorr id x, obs")
    assert shown.splitlines()[1:] == [
        "             |       id        x",
        "-------------+------------------",
        "          id |   1.0000 ",
        "             |        8",
        "             |",
        "           x |   0.9774   1.0000 ",
        "             |        7        7",
        "             |",
        "",
    ]


def test_tests_of_means_are_those_of_scipy() -> None:
    made = panel()
    data = made.data
    low, high = data["x"][data["s"] == 0], data["x"][data["s"] == 1]
    for options, equal in (("", True), ("unequal", False)):
        made.run(f"ttest x, by(s) {options}", quietly=True)
        expected = stats.ttest_ind(low, high, equal_var=equal)
        assert made.r["t"] == pytest.approx(expected.statistic)
        assert made.r["p"] == pytest.approx(expected.pvalue)
        assert made.r["df_t"] == pytest.approx(expected.df)
    made.run("ttest x == y", quietly=True)
    assert made.r["p"] == pytest.approx(stats.ttest_rel(data["x"], data["y"]).pvalue)
    made.run("ttest x == 3", quietly=True)
    assert made.r["p_l"] == pytest.approx(
        stats.ttest_1samp(data["x"], 3, alternative="less").pvalue
    )
    made.run("ttest x == y, unpaired", quietly=True)
    assert made.r["p"] == pytest.approx(stats.ttest_ind(data["x"], data["y"]).pvalue)


def test_intervals_of_proportions() -> None:
    made = panel()
    k, n = int(made.data["s"].sum()), len(made.data)
    found = stats.binomtest(k, n)
    intervals = {
        "exact": found.proportion_ci(method="exact"),
        "wilson": found.proportion_ci(method="wilson"),
    }
    for option, expected in intervals.items():
        made.run(f"ci proportions s, {option}", quietly=True)
        assert (made.r["lb"], made.r["ub"]) == pytest.approx((expected.low, expected.high))
    made.run("ci means x", quietly=True)
    mean, error = made.data["x"].mean(), stats.sem(made.data["x"])
    assert made.r["lb"] == pytest.approx(mean - stats.t.ppf(0.975, n - 1) * error)


def test_panel_data() -> None:
    made = panel()
    made.run("xtset id t\nxtsum x", quietly=True)
    data = made.data
    means = data.groupby("id")["x"].mean()
    within = data["x"] - data["id"].map(means)
    assert made.r["sd_b"] == pytest.approx(means.std())
    assert made.r["sd_w"] == pytest.approx(within.std())
    made.run("xttab s\nxtdescribe", quietly=True)
    assert made.r["N"] == 4
    assert "        3     75.00   75.00 |  111" in made.output("xtdescribe")


def test_groups_by_quantiles() -> None:
    made = session("clear\nset obs 40\ngenerate x = _n\nxtile q = x, nquantiles(4)")
    assert made.data.groupby("q").size().tolist() == [10] * 4
    made.run("_pctile x, percentiles(10 50)", quietly=True)
    assert (made.r["r1"], made.r["r2"]) == (4.5, 20.5)


ERRORS = [
    ("correlate name", "string variables not allowed in varlist;\nname is a string variable", 109),
    ("correlate x if id > 100", "no observations", 2000),
    ("pwcorr x id, star(2000)", "star() must be between 0 and 1", 198),
    ("ttest x", "by() option required", 100),
    ("ttest x, by(id)", "more than 2 groups found, 2 required", 420),
    ("ttest x if id < 3, by(group)", "1 group found, 2 required", 420),
    ("ttest name == 1", "type mismatch", 109),
    ("ttest nosuch == 1", "variable nosuch not found", 111),
    ("ttest x == 1 if id == 1", "insufficient observations", 2001),
    ("xtsum x", "must specify panelvar; use xtset", 459),
    ("xttab x", "must specify panelvar; use xtset", 459),
    ("xtdescribe", "must specify panelvar; use xtset", 459),
    ("centile x, centile(101)",
     "centile() invalid -- invalid numlist has elements outside of allowed range", 125),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str, code: int) -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert (caught.value.code, caught.value.message) == (code, message)
