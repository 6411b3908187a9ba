"""Tables of data management and postestimation commands, character for character."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.output.correlation_table import correlation_table
from statalike.output.cross_table import CellContent, CrossTable, cross_table, key_box
from statalike.output.cross_table import test_line as statistic_line
from statalike.output.degrees_of_freedom_table import degrees_of_freedom_table
from statalike.output.description import (
    VariableDescription,
    dataset_heading,
    name_columns,
    sort_line,
    variable_table,
)
from statalike.output.estimates_directory import StoredModel, estimates_directory
from statalike.output.frequency_table import (
    FrequencyTable,
    MeansTable,
    frequency_table,
    means_table,
)
from statalike.output.information_criteria import (
    InformationCriteria,
    information_criteria_table,
)
from statalike.output.intraclass_correlation import (
    IntraclassCorrelation,
    intraclass_correlation_table,
)
from statalike.output.matrix_display import RuledMatrix, matrix_list, ruled_matrix
from statalike.output.stored_results import stored_results
from statalike.output.summary_table import SummaryPage, SummaryRow, summary_page, summary_table
from statalike.output.wald_test import WaldTest, restriction_lines, wald_test
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from tests.output.fixtures import expected, printed, typed


def summarized(name: str, numbers: list[float]) -> SummaryRow:
    n, mean, deviation, minimum, maximum = (numbers + [MISSING] * 5)[:5]
    return SummaryRow(name, int(n), mean, deviation, minimum, maximum)


def test_summarize() -> None:
    rows = [
        summarized(name, numbers)
        for name, numbers in typed("""
        country             | 3000 15.5 8.656884 1 30
        HDI                 | 3000 64.76667 17.24562 33 87
        family              | 3000 50.5 28.87088 1 100
        id                  | 0
        identity            | 3000 .4976667 .5000779 0 1
        intervention        | 3000 .4843333 .4998378 0 1
        physical_punishment | 3000 2.478667 1.360942 0 5
        warmth              | 3000 3.521667 1.888399 0 7
        outcome             | 3000 52.43327 6.530996 29.60798 74.83553
    """)
    ]
    assert printed(summary_table(rows)) == expected("summarize_1")
    assert printed(summary_table(rows, separator=0)).count("-+-") == 1


def test_summarize_detail() -> None:
    page = SummaryPage(
        "Price",
        74,
        74,
        6165.257,
        2949.496,
        8699526,
        1.653434,
        4.819188,
        (3291, 3748, 3895, 4195, 5006.5, 6342, 11385, 13466, 15906),
        (3291, 3299, 3667, 3748),
        (13466, 13594, 14500, 15906),
    )
    assert printed(summary_page(page)) == expected("summarize_detail_1")


def described(row: str) -> VariableDescription:
    name, storage, shape, value_label, label = (cell.strip() for cell in row.split("|"))
    return VariableDescription(name, storage, shape, value_label, label)


def test_describe() -> None:
    variables = [
        described(row)
        for row in """
        make | str18 | %-18s | | Make and model
        price | int | %8.0gc | | Price
        mpg | int | %8.0g | | Mileage (mpg)
        rep78 | int | %8.0g | | Repair record 1978
        headroom | float | %6.1f | | Headroom (in.)
        trunk | int | %8.0g | | Trunk space (cu. ft.)
        weight | int | %8.0gc | | Weight (lbs.)
        length | int | %8.0g | | Length (in.)
        turn | int | %8.0g | | Turn circle (ft.)
        displacement | int | %8.0g | | Displacement (cu. in.)
        gear_ratio | float | %6.2f | | Gear ratio
        foreign | byte | %8.0g | origin | Car origin
        """.strip().splitlines()
    ]
    lines = dataset_heading(
        filename="/Applications/Stata/ado/base/a/auto.dta",
        observations=74,
        variables=12,
        label="1978 automobile data",
        timestamp="13 Apr 2022 17:45",
        has_notes=True,
    )
    lines += [*variable_table(variables), *sort_line(["foreign"])]
    text = "\n".join(row.rstrip() for row in printed(lines).split("\n"))
    assert text == expected("describe_1")


def test_names_in_columns() -> None:
    assert printed(name_columns(["a", "bb", "ccc", "d", "e"], 10)) == "a    d\nbb   e\nccc"


def test_tabulate_one_way() -> None:
    table = FrequencyTable("Repair record 1978", [*"12345"], [2, 8, 30, 18, 11])
    assert printed(frequency_table(table)) == expected("tabulate_1")


REPAIRS = np.array([[2, 0], [8, 0], [27, 3], [9, 9], [2, 9], [4, 1]], dtype=float)


def with_totals(counts: np.ndarray) -> np.ndarray:
    full = np.vstack([counts, counts.sum(axis=0)])
    return np.hstack([full, full.sum(axis=1, keepdims=True)])


def counts_of(values: np.ndarray) -> CellContent:
    return CellContent("frequency", with_totals(values))


def test_tabulate_two_way() -> None:
    origins = ["Domestic", "Foreign"]
    table = CrossTable(
        "Repair record 1978", "Car origin", [*"12345."], origins, [counts_of(REPAIRS)]
    )
    assert printed(cross_table(table)) == expected("tabulate_2")


def test_tabulate_with_a_test() -> None:
    contents = [counts_of(REPAIRS[:5].T)]
    table = CrossTable(
        "Car origin", "Repair record 1978", ["Domestic", "Foreign"], [*"12345"], contents
    )
    test = statistic_line("Pearson chi2(4)", 27.2640, remark="   Pr = 0.000")
    assert printed([*cross_table(table), (), test]) == expected("tabulate_3")


def test_tabulate_with_percentages() -> None:
    counts = with_totals(np.array([[8659.0, 404], [1000, 86], [191, 9]]))
    contents = [
        CellContent("frequency", counts),
        CellContent("row percentage", 100 * counts / counts[:, -1:], "%9.2f"),
    ]
    table = CrossTable(
        "Race",
        "Diabetes status",
        ["White", "Black", "Other"],
        ["Not diabetic", "Diabetic"],
        contents,
    )
    test = statistic_line("Pearson chi2(2)", 25.3630, remark="   Pr = 0.000")
    lines = [*key_box(contents), (), *cross_table(table), (), test]
    assert printed(lines) == expected("tabulate_7")


def test_wide_two_way_tables_are_split() -> None:
    table = CrossTable("a", "b", ["1"], [*"123456789"], [counts_of(np.ones((1, 9)))])
    text = printed(cross_table(table))
    assert all(len(row) <= 79 for row in text.split("\n"))
    assert text.count("Total |") == 2


def test_tabulate_summarize() -> None:
    table = MeansTable(
        "PlayerType",
        "Congruence",
        ["DMP", "RL", "RL_HP"],
        [0.52548727, 0.12630087, 0.21510314, 0.28896376],
        [0.15089097, 0.07288656, 0.06820167, 0.20051292],
        [284, 284, 284, 852],
    )
    assert printed(means_table(table)) == expected("tabulate_summarize_1")


# --- after estimation -----------------------------------------------------------------------


def test_testparm() -> None:
    test = WaldTest(("2.rank = 0", "3.rank = 0"), 2, 52.89, 0.0, denominator=507)
    assert printed(wald_test(test)) == expected("testparm_1")


def test_wald_with_chi_squared() -> None:
    test = WaldTest(("[weight]week = 0", "x = 0"), 1, 1.66, 0.1978, dropped=(2,))
    assert printed(wald_test(test)).split("\n")[2:] == [
        "       Constraint 2 dropped",
        "",
        "           chi2(  1) =    1.66",
        "         Prob > chi2 =    0.1978",
    ]
    small = WaldTest(("x = 0",), 4, 1.87, 0.1638, denominator=16.49)
    assert "       F(  4, 16.49) =    1.87" in printed(wald_test(small))


def test_long_restrictions_go_on_below() -> None:
    text = printed(restriction_lines(["[y]a - [y]b + " * 8 + "[y]c = 0"], 79)).split("\n")
    assert text[0].startswith(" ( 1)  [y]a")
    assert text[1].startswith("       ") and not text[1].startswith("        ")


def test_intraclass_correlations() -> None:
    rows = [
        IntraclassCorrelation("country", 0.0748336, 0.0190847, 0.0450028, 0.1219141),
        IntraclassCorrelation("id|country", 0.3462837, 0.017146, 0.3134867, 0.3806097),
    ]
    text = "Intraclass correlation\n\n" + printed(intraclass_correlation_table(rows))
    assert text == expected("estat_icc_2")


def test_information_criteria() -> None:
    rows = [
        InformationCriteria(name, *numbers)
        for name, numbers in typed("""
        m_un  | 900 -4367.631 9 8753.262 8796.484
        m_ex  | 900 -4372.205 5 8754.409 8778.421
        m_ar1 | 900 -4370.91 5 8751.82 8775.832
    """)
    ]
    note = "Note: BIC uses N = number of observations. See [R] IC note."
    assert printed(information_criteria_table(rows, note)) == expected("estimates_stats_1")


def test_information_criteria_of_a_large_sample() -> None:
    row = InformationCriteria(
        "modelo_principal", 1327956, -877190.1, 20, 1754420, 1754662, -919800.6
    )
    note = "Note: BIC uses N = number of observations. See [R] IC note."
    assert printed(information_criteria_table([row], note)) == expected("estat_ic_1")


def test_degrees_of_freedom() -> None:
    values = typed("""
        smoke    | 7886.193
        male     | 7170.964
        mage     | 5879.349
        hsgrad   | 4106.56
        somecoll | 4210.434
        collgrad | 4416.463
        married  | 4173.793
        black    | 4002.613
        kessner2 | 7634.771
        kessner3 | 7518.665
        novisit  | 7649.74
        pretri2  | 7503.903
        pretri3  | 7467.864
        _cons    | 5428.044
    """)
    names = [name for name, _ in values]
    column = ("Kenward–Roger", [df for _, [df] in values])
    text = "Degrees of freedom\n" + printed(degrees_of_freedom_table("birwt", names, [column]))
    assert text == expected("estat_df_1")


def test_estimates_directory() -> None:
    models = [
        StoredModel("mean1", "mean", "Mean", 2, "Mean estimation"),
        StoredModel("mean2", "mean", "Mean", 3, "Mean estimation"),
    ]
    assert printed(estimates_directory(models)) == "\n".join(
        expected("estimates_dir_1").split("\n")[:7]
    )


# --- matrices and stored results ------------------------------------------------------------


def test_covariance_matrix_of_random_effects() -> None:
    matrix = RuledMatrix(
        np.array([[0.0145358, 0.1804042], [0.1804042, 9.04472]]),
        ["lrt", "_cons"],
        ["lrt", "_cons"],
        lower=True,
        rule_to_end=True,
    )
    title = "Random-effects covariance matrix for level school\n\n"
    assert title + printed(ruled_matrix(matrix)) == expected("estat_recovariance_1")


def test_correlation_matrix_of_coefficients() -> None:
    names = ["mpg", "headroom", "length"]
    values = np.array([[1, -0.4138, -0.7958], [-0.4138, 1, 0.5163], [-0.7958, 0.5163, 1]])
    matrix = RuledMatrix(values, names, names, "e(V)", "%8.4f", lower=True)
    title = "Correlation matrix of coefficients of mean model\n\n"
    assert title + printed(ruled_matrix(matrix)) == expected("estat_vce_1")


def test_standard_deviations_and_correlations_within_groups() -> None:
    numbers = [str(i) for i in range(1, 9)]
    deviations = RuledMatrix(
        np.array([[7.930, 8.076, 8.098, 8.121, 8.315, 8.348, 8.415, 8.415]]),
        ["sd"],
        numbers,
        "obs",
        "%6.3f",
    )
    triangle = """
        1.000
        0.129 1.000
        0.130 0.153 1.000
        0.131 0.155 0.158 1.000
        0.137 0.170 0.173 0.177 1.000
        0.138 0.172 0.175 0.179 0.202 1.000
        0.139 0.176 0.179 0.183 0.208 0.212 1.000
        0.139 0.176 0.179 0.183 0.208 0.212 0.218 1.000
    """.strip().splitlines()
    values = np.zeros((8, 8))
    for i, row in enumerate(triangle):
        values[i, : i + 1] = [float(word) for word in row.split()]
    correlations = RuledMatrix(values, numbers, numbers, "obs", "%6.3f", lower=True)
    text = f"{printed(ruled_matrix(deviations))}\n\nCorrelations:\n\n"
    assert text + printed(ruled_matrix(correlations)) == expected("estat_wcorrelation_1")


def test_matrices_too_wide_are_shown_in_panels() -> None:
    names = [f"v{i}" for i in range(12)]
    text = printed(ruled_matrix(RuledMatrix(np.eye(12), names, names, lower=True))).split("\n")
    assert max(len(row) for row in text) <= 79
    assert "" in text


def test_matrix_list_of_a_row_vector() -> None:
    columns = tuple(Stripe(eq, "_cons") for eq in ("math", "lns1_1_1", "lns2_1_1", "lnsig_e"))
    values = np.array([-0.51002095, -0.57340893, -0.28063386, 0.21063435])
    matrix = NamedMatrix.row(values, columns)
    assert printed(matrix_list("e(b)", matrix)) == expected("matrix_list_2")


def test_matrix_list_of_a_symmetric_matrix() -> None:
    matrix = NamedMatrix.square(
        np.array([[2.0, 0.5], [0.5, 1.0]]), (Stripe("", "x"), Stripe("", "_cons"))
    )
    assert printed(matrix_list("V", matrix)) == (
        "symmetric V[2,2]\n           x  _cons\n    x      2\n_cons     .5      1"
    )


def test_matrix_list_breaks_names_of_factor_variables() -> None:
    columns = (Stripe("", "1b.a"), Stripe("", "2.a#c.x"), Stripe("", "_cons"))
    text = printed(matrix_list("b", NamedMatrix.row(np.array([0.0, 1, 2]), columns))).split("\n")
    assert text[1:4] == [
        "             2.a#",
        "       1b.     c.",
        "        a      x  _cons",
    ]


def test_matrix_list_in_panels() -> None:
    names = ["mpg", "headroom", "displacement", "gear_ratio", "turn", "_cons"]
    matrix = NamedMatrix.row(np.full(6, -1 / 3), tuple(Stripe("", name) for name in names))
    assert printed(matrix_list("e(b)", matrix, linesize=79)) == (
        "e(b)[1,6]\n"
        "             mpg      headroom  displacement    gear_ratio          turn\n"
        "y1    -.33333333    -.33333333    -.33333333    -.33333333    -.33333333\n"
        "\n"
        "           _cons\n"
        "y1    -.33333333"
    )


def test_matrix_list_of_small_integers_is_narrow() -> None:
    matrix = NamedMatrix.plain(np.array([[1, 2], [3, 4]]))
    assert printed(matrix_list("A", matrix)) == "A[2,2]\n    c1  c2\nr1   1   2\nr2   3   4"


def test_return_list() -> None:
    scalars = {
        "N": 74.0,
        "sum_w": 74.0,
        "mean": 6165.256756756757,
        "Var": 8699525.974268788,
        "sd": 2949.495884768919,
        "min": 3291.0,
        "max": 15906.0,
        "sum": 456229.0,
    }
    assert printed(stored_results(Results(scalars), "r")) == expected("return_list_1")


def test_ereturn_list() -> None:
    one = NamedMatrix.plain(np.ones((1, 1)))
    macros = {
        "cmdline": "mean price",
        "cmd": "mean",
        "vce": "analytic",
        "title": "Mean estimation",
        "estat_cmd": "estat_vce_only",
        "varlist": "price",
        "marginsnotok": "_ALL",
        "properties": "b V",
        "depvar": "Mean",
    }
    results = Results(
        {"df_r": 73.0, "N_over": 1.0, "N": 74.0, "k_eq": 1.0, "rank": 1.0},
        macros,
        {"b": one, "V": one, "_N": one, "error": one},
        sample="_est1",
    )
    assert printed(stored_results(results, "e")) == expected("ereturn_list_1")


def test_long_macros_are_cut() -> None:
    text = printed(stored_results(Results(macros={"cmdline": "x" * 100}), "e")).split("\n")
    assert len(text[1]) <= 79
    assert text[1].endswith('xx.."')
    assert stored_results(Results(), "r") == []


def test_correlate() -> None:
    values = np.array([[1, -0.8072, -0.7958], [-0.8072, 1, 0.9460], [-0.7958, 0.9460, 1]])
    text = "(obs=74)\n\n" + printed(correlation_table(["mpg", "weight", "length"], values))
    assert text == expected("correlate_1")


def test_pwcorr() -> None:
    values = np.array([[1, 0.0066, -0.1572], [0.0066, 1, 0.3143], [-0.1572, 0.3143, 1]])
    names = ["rep78", "price", "trunk"]
    assert printed(correlation_table(names, values, pairwise=True)) == expected("pwcorr_1")


def test_pwcorr_with_stars_and_significance() -> None:
    values = np.array([[1, 0.5], [0.5, 1]])
    p = np.array([[MISSING, MISSING], [0.0123, MISSING]])
    stars = np.array([[False, False], [True, False]])
    text = printed(
        correlation_table(["a", "b"], values, pairwise=True, stars=stars, below=[(p, "%9.4f")])
    ).split("\n")
    assert text[5:7] == [
        "           b |   0.5000*  1.0000 ",
        "             |   0.0123",
    ]


@pytest.mark.parametrize("linesize", [60, 79, 120])
def test_wide_correlations_are_shown_in_panels(linesize: int) -> None:
    names = [f"variable{i}" for i in range(15)]
    text = printed(correlation_table(names, np.eye(15), linesize=linesize)).split("\n")
    assert max(len(row) for row in text) <= linesize
