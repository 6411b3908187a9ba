"""``summarize``, ``tabulate``, ``list``, ``describe``, ``count``: numbers and tables."""

from __future__ import annotations

from itertools import product
from math import comb, exp, factorial, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statalike.commands.data import association
from statalike.commands.data.summary_statistics import detail, percentiles, summary
from statalike.data.missing import MISSING
from tests.commands.typed import session, small

# --- summarize -----------------------------------------------------------------------------------


def test_summarize_table() -> None:
    assert small().output("summarize") == (
        "\n"
        "    Variable |        Obs        Mean    Std. dev.       Min        Max\n"
        "-------------+---------------------------------------------------------\n"
        "          id |          8         4.5     2.44949          1          8\n"
        "       group |          8         1.5    .5345225          1          2\n"
        "           x |          7          20    17.68238          1         49\n"
        "        name |          0\n"
    )


def test_summarize_with_analytic_weights() -> None:
    assert small().output("summarize x [w=id], separator(0)") == (
        "(analytic weights assumed)\n"
        "\n"
        "    Variable |     Obs      Weight        Mean   Std. dev.       Min        Max\n"
        "-------------+-----------------------------------------------------------------\n"
        "           x |       7          28          28   17.14643          1         49\n"
    )


def test_summarize_one_observation() -> None:
    made = small()
    assert made.output("summarize x in 2").split("\n")[-2] == (
        "           x |          1           4           .          4          4"
    )
    assert made.state.r.scalars["sd"] == MISSING


def test_summarize_nothing() -> None:
    made = small()
    made.run("summarize x if id > 8", quietly=True)
    assert made.state.r.scalars == {"N": 0, "sum_w": 0, "sum": 0}
    assert made.output("summarize name, detail").split("\n")[3] == "no observations"


def test_summarize_separator() -> None:
    lines = small().output("summarize, separator(2)").split("\n")
    assert [line[:3] for line in lines].count("---") == 2


def test_summarize_detail_page() -> None:
    made = small()
    page = made.output("summarize x if id < 4, detail").split("\n")
    assert page[3] == "      Percentiles      Smallest"
    assert page[4] == " 1%            1              1"
    assert page[7] == "25%            1              .       Sum of wgt.           3"
    assert page[9] == "50%            4                      Mean           4.666667"
    assert made.state.r.scalars["p75"] == 9


def test_mean_only_is_silent() -> None:
    made = small()
    assert made.output("summarize x, meanonly") == ""
    assert made.state.r.scalars == {"N": 7, "sum_w": 7, "sum": 140, "mean": 20, "min": 1, "max": 49}


def test_summarize_by_groups() -> None:
    text = small().output("by group: summarize x")
    assert text.count("-> group = ") == 2
    assert "-> group = left" in text
    assert "           x |          3    36.66667    12.01388         25         49" in text


numbers = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(numbers, st.data())
def test_frequency_weights_stand_for_repetition(values: list[float], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 5), min_size=len(values), max_size=len(values)))
    x, w = np.array(values), np.array(weights, dtype=float)
    repeated = np.repeat(x, weights)
    weighted, plain = summary(x, w, "fweight"), summary(repeated, None)
    assert (weighted.n, weighted.minimum, weighted.maximum) == (plain.n, x.min(), x.max())
    assert weighted.mean == pytest.approx(plain.mean, abs=1e-12)
    assert weighted.variance == pytest.approx(plain.variance, abs=1e-9)
    first, second = detail(x, w), detail(repeated, None)
    assert first.percentiles == second.percentiles
    if plain.variance > 0 and plain.n > 1:
        assert first.skewness == pytest.approx(second.skewness, abs=1e-9)
        assert first.kurtosis == pytest.approx(second.kurtosis, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(numbers)
def test_analytic_weights_have_no_scale(values: list[float]) -> None:
    x = np.array(values)
    w = 1.0 + np.arange(len(x))
    once, tenfold = summary(x, w, "aweight"), summary(x, 10 * w, "aweight")
    assert once.mean == pytest.approx(tenfold.mean)
    assert once.variance == pytest.approx(tenfold.variance)
    equal = summary(x, np.full(len(x), 3.0), "aweight")
    assert equal.variance == pytest.approx(summary(x, None).variance, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(numbers, st.sampled_from([1, 5, 10, 25, 50, 75, 90, 95, 99]))
def test_percentiles_by_their_definition(values: list[float], p: int) -> None:
    ordered = np.sort(np.array(values))
    n = len(ordered)
    if n * p % 100 == 0:
        rank = n * p // 100
        expected = (ordered[rank - 1] + ordered[rank]) / 2
    else:
        expected = ordered[n * p // 100]
    assert percentiles(ordered, np.ones(n), (p,))[0] == expected


# --- tabulate ------------------------------------------------------------------------------------


def test_tabulate_one() -> None:
    made = small()
    assert made.output("tabulate group") == (
        "\n"
        "Side of the |\n"
        "       road |      Freq.     Percent        Cum.\n"
        "------------+-----------------------------------\n"
        "       left |          4       50.00       50.00\n"
        "      right |          4       50.00      100.00\n"
        "------------+-----------------------------------\n"
        "      Total |          8      100.00\n"
    )
    assert made.state.r.scalars == {"N": 8, "r": 2}


def test_tabulate_stub_is_as_wide_as_the_labels() -> None:
    made = small()
    made.run('label define sides 2 "on the far right side", modify')
    lines = made.output("tabulate group, missing").split("\n")
    assert lines[2] == "----------------------+-----------------------------------"
    assert lines[4] == "on the far right side |          4       50.00      100.00"


def test_tabulate_missing_sort_nolabel() -> None:
    made = small()
    made.run("replace group = . in 1/5", quietly=True)
    lines = made.output("tabulate group, missing sort nolabel").split("\n")
    assert lines[4].split() == [".", "|", "5", "62.50", "62.50"]
    assert lines[5].split() == ["2", "|", "3", "37.50", "100.00"]


def test_tabulate_generates_indicators() -> None:
    made = small()
    made.run("tabulate group, generate(side)\ntabulate x in 1/2, generate(sq) nofreq", quietly=True)
    assert made.state.data.numbers("side2").tolist() == [0] * 4 + [1] * 4
    assert made.state.data.variable("side1").label == "group==left"
    assert made.state.data.variable("sq2").label == "x==    4.0000"
    assert made.state.data.numbers("sq1").tolist() == [1, 0] + [MISSING] * 6


def test_tabulate_two() -> None:
    made = small()
    made.run("generate odd = mod(id, 2)\nreplace odd = 1 in 8")
    assert made.output("tabulate group odd, row nokey") == (
        "\n"
        "   Side of |          odd\n"
        "  the road |         0          1 |     Total\n"
        "-----------+----------------------+----------\n"
        "      left |         2          2 |         4 \n"
        "           |     50.00      50.00 |    100.00 \n"
        "-----------+----------------------+----------\n"
        "     right |         1          3 |         4 \n"
        "           |     25.00      75.00 |    100.00 \n"
        "-----------+----------------------+----------\n"
        "     Total |         3          5 |         8 \n"
        "           |     37.50      62.50 |    100.00 \n"
    )
    assert made.state.r.scalars == {"N": 8, "r": 2, "c": 2}


def test_tabulate_key_lists_what_is_shown_in_stata_order() -> None:
    text = small().output("tabulate group id, cell column row expected cchi2")
    key = [line.strip("| ") for line in text.split("\n")[4:10]]
    assert key == [
        "frequency",
        "expected frequency",
        "chi2 contribution",
        "row percentage",
        "column percentage",
        "cell percentage",
    ]


def test_wide_tables_are_cut() -> None:
    text = small().output("tabulate group id")
    assert text.count("Total |") == 2
    assert max(map(len, text.split("\n"))) <= 79
    assert small().output("tabulate group id, wrap").count("Total |") == 1


def test_tabulate_nothing() -> None:
    made = small()
    assert made.output("tabulate x if id > 8") == "no observations\n"
    assert made.state.r.scalars["N"] == 0


def test_tabulate_weights() -> None:
    made = small()
    made.run("tabulate group [fweight=id]", quietly=True)
    assert made.state.r.scalars["N"] == 36
    text = made.output("tabulate group [aweight=id]")
    assert " 2.2222222       27.78" in text
    assert "        8      100.00" in text


def test_tab1_and_tab2_announce_their_tables() -> None:
    made = small()
    assert made.output("tab1 group id if id < 3").count("-> tabulation of ") == 2
    assert "\n-> tabulation of group  \n" in made.output("tab1 group")
    text = made.output("tab2 group id x in 1/2")
    assert "-> tabulation of group by id  \n" in text
    assert "-> tabulation of id by x  \n" in text


def test_tabulate_summarize() -> None:
    lines = small().output("tabulate group, summarize(x)").split("\n")
    assert lines[1] == "Side of the |            Summary of x"
    assert lines[2] == "       road |        Mean   Std. dev.       Freq."
    assert lines[4] == "       left |         7.5   6.5574385           4"
    assert lines[-2] == "      Total |          20   17.682383           7"


def test_tabulate_keeps_matrices() -> None:
    made = small()
    made.run("tabulate group, matcell(cells) matrow(values)", quietly=True)
    assert made.state.memory.matrices["cells"].values.tolist() == [[4], [4]]
    assert made.state.memory.matrices["values"].values.tolist() == [[1], [2]]


# --- association ---------------------------------------------------------------------------------

#: tables and the statistics that Stata printed for them
TWO_BY_TWO = np.array([[39.0, 4.0], [31.0, 11.0]])
RATINGS = np.array([[2.0, 14, 19, 10, 0], [9.0, 22, 18, 6, 1]])


def test_measures_of_association() -> None:
    table = TWO_BY_TWO
    chi2 = association.pearson_contributions(table).sum()
    assert chi2 == pytest.approx(4.1698, abs=5e-5)
    assert association.upper_tail(chi2, 1) == pytest.approx(0.041, abs=5e-4)
    likelihood_ratio = association.likelihood_ratio_contributions(table).sum()
    assert likelihood_ratio == pytest.approx(4.3015, abs=5e-5)
    assert association.cramers_v(table) == pytest.approx(0.2215, abs=5e-5)
    gamma, tau = association.gamma(table), association.kendalls_tau_b(table)
    assert gamma.value == pytest.approx(0.5515, abs=5e-5)
    assert gamma.standard_error == pytest.approx(0.220, abs=5e-4)
    assert tau.value == pytest.approx(0.2215, abs=5e-5)
    assert tau.standard_error == pytest.approx(0.100, abs=5e-4)
    assert association.fisher_exact(table) == pytest.approx(0.050, abs=5e-4)
    assert association.fisher_exact_one_sided(table) == pytest.approx(0.038, abs=5e-4)


@pytest.mark.parametrize(
    ("table", "p"),
    [
        (RATINGS, 0.110),
        (np.array([[73.0, 23], [15, 11], [42, 25]]), 0.079),
        (np.array([[9.0, 5], [3, 13], [6, 8]]), 0.039),
    ],
)
def test_fishers_exact_test(table: np.ndarray, p: float) -> None:
    assert association.fisher_exact(table) == pytest.approx(p, abs=5e-4)


def test_contributions_as_printed() -> None:
    assert association.pearson_contributions(RATINGS).sum() == pytest.approx(7.1461, abs=5e-5)
    assert association.likelihood_ratio_contributions(RATINGS).sum() == pytest.approx(
        7.8345, abs=5e-5
    )
    assert association.cramers_v(RATINGS) == pytest.approx(0.2660, abs=5e-5)


small_tables = st.lists(
    st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=2, max_size=3
).map(lambda rows: np.array(rows, dtype=float))


def enumerated(table: np.ndarray) -> float:
    """Fisher's exact probability for two columns by trying every first column."""
    rows = table.sum(axis=1).astype(int)
    first = int(table[:, 0].sum())
    ways = comb(int(rows.sum()), first)
    observed = np.prod([comb(n, int(k)) for n, k in zip(rows, table[:, 0], strict=True)])
    total = 0.0
    for column in product(*(range(n + 1) for n in rows)):
        if sum(column) == first:
            probability = np.prod([comb(n, k) for n, k in zip(rows, column, strict=True)])
            total += probability * (probability <= observed * (1 + 1e-7))
    return float(total / ways)


@settings(max_examples=60, deadline=None)
@given(small_tables.filter(lambda table: table.sum() > 0))
def test_exact_test_against_enumeration(table: np.ndarray) -> None:
    assert association.fisher_exact(table) == pytest.approx(enumerated(table))
    assert association.fisher_exact(table.T) == pytest.approx(enumerated(table))


@settings(max_examples=60, deadline=None)
@given(small_tables.filter(lambda table: table.sum() > 0))
def test_concordant_pairs_by_counting(table: np.ndarray) -> None:
    people = [(i, j) for i, j in product(*map(range, table.shape)) for _ in range(int(table[i, j]))]
    signs = [np.sign((a[0] - b[0]) * (a[1] - b[1])) for a, b in product(people, people)]
    p, q = signs.count(1), signs.count(-1)
    gamma = association.gamma(table).value
    assert gamma == (pytest.approx((p - q) / (p + q)) if p + q else MISSING)


def test_probability_of_the_observed_table() -> None:
    table = np.array([[3, 0], [0, 3]])
    assert association.fisher_exact(table.astype(float)) == pytest.approx(
        2 * exp(4 * log(factorial(3)) - log(factorial(6)) - 2 * log(factorial(3)))
    )


# --- list, describe, count -----------------------------------------------------------------------


def test_list() -> None:
    assert small().output("list id group x in 6/l, separator(2)") == (
        "\n"
        "     +-----------------+\n"
        "     | id   group    x |\n"
        "     |-----------------|\n"
        "  6. |  6   right   36 |\n"
        "  7. |  7   right   49 |\n"
        "     |-----------------|\n"
        "  8. |  8   right    . |\n"
        "     +-----------------+\n"
    )


@pytest.mark.parametrize(
    ("options", "first", "last"),
    [
        ("clean noobs", "    id   group  ", "     5   right  "),
        ("sepby(group) nolabel", "     +------------+", "     +------------+"),
        ("noobs divider", "  +------------+", "  +------------+"),
        ("noheader", "     +------------+", "     +------------+"),
        ("display", "     +------------+", "     +------------+"),
    ],
)
def test_list_options(options: str, first: str, last: str) -> None:
    made = small()
    made.run("replace id = 10 in 1", quietly=True)
    lines = made.output(f"list id group in 1/5, {options}").split("\n")
    assert (lines[1], lines[-2]) == (first, last)


def test_list_sepby_and_strings() -> None:
    made = small()
    lines = made.output("list id name, sepby(group)").split("\n")
    assert lines.index("     |-----------|", 4) == 8
    made.run('replace name = "a long name" in 1\nformat name %-5s', quietly=True)
    assert "| a lo.. |" in made.output("list name in 1, string(4)")
    assert "| a long name |" in made.output("list name in 1")
    assert made.output("list if id > 100") == ""


def test_list_numbers_restart_in_each_group() -> None:
    assert "  1. |  5 |" in small().output("by group: list id")


def test_describe_data_typed_in() -> None:
    made = small()
    made.run('generate str244 very_long_name_of_a_variable = ""', quietly=True)
    text = made.output("describe")
    assert text.split("\n")[1:4] == [
        "Contains data",
        f" Observations:             8{'':18}",
        f"    Variables:             5{'':18}",
    ]
    assert "group           byte    %8.0g      sides      Side of the road\n" in text
    assert "very_long_nam~e str244  %244s                 \n" in text
    assert text.endswith("Sorted by: \n     Note: Dataset has changed since last saved.\n")
    assert made.state.r.scalars == {"N": 8, "k": 5, "width": 255, "changed": 1}


def test_describe_some_variables() -> None:
    made = small()
    lines = made.output("describe x id, numbers").split("\n")
    assert lines[5] == "   3. x               float   %9.0g                 "
    assert made.output("describe, simple") == "id     group  x      name\n"
    made.run("describe, varlist", quietly=True)
    assert made.state.r.macros["varlist"] == "id group x name"


def test_ds() -> None:
    made = small()
    assert made.output("ds, has(type string)") == "name\n"
    made.run("ds, not(type numeric)", quietly=True)
    assert made.state.r.macros["varlist"] == "name"
    made.run("ds, has(vallabel)", quietly=True)
    assert made.state.r.macros["varlist"] == "group"


def test_count_and_assert() -> None:
    made = small()
    assert made.output("count if x < 20") == "  4\n"
    assert made.state.r.scalars == {"N": 4}
    assert made.output("assert x == id^2 in 1/7") == ""
    assert session().output("count") == "  0\n"
    made.run("expand 1000", quietly=True)
    assert made.output("count") == "  8,000\n"


def test_codebook_of_a_string() -> None:
    lines = small().output("codebook name if id < 3").split("\n")
    assert "                  Type: String (str5), but longest is str2" in lines
    assert '                            1  "a1"' in lines
