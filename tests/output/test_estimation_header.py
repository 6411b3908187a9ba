"""Headers of estimation commands and the log of their iterations."""

from __future__ import annotations

from statalike.data.missing import MISSING
from statalike.output import iteration_log
from statalike.output.estimation_header import (
    DegreesOfFreedomSummary,
    Entry,
    EstimationHeader,
    GroupSummary,
    HeaderRow,
    ModelTest,
    cluster_line,
    compact_header,
    grouping_information,
    mixed_effects_header,
    mixed_header,
)
from statalike.output.iteration_log import grid_node_line, iteration_line, section
from statalike.output.styled import BLANK, line, plain
from tests.output.fixtures import expected, printed


def test_no_groups() -> None:
    header = EstimationHeader(
        "Mixed-effects ML regression",
        5179,
        test=ModelTest(9, 148.97, 0.0),
        log_likelihood=-18018.271,
    )
    assert printed(mixed_header(header)) == expected("header_no_groups")


def test_one_group_variable() -> None:
    header = EstimationHeader(
        "Mixed-effects ML regression",
        5179,
        (GroupSummary("household", 3995, 1, 5179 / 3995, 3),),
        ModelTest(9, 129.85, 0.0),
        -17943.715,
    )
    assert printed(mixed_header(header)) == expected("header_two_level")


def test_several_levels() -> None:
    header = EstimationHeader(
        "Mixed-effects ML regression",
        5179,
        (GroupSummary("cluster", 619, 1, 8.367, 28), GroupSummary("household", 3995, 1, 1.296, 3)),
        ModelTest(9, 129.84, 0.0),
        -17945.183,
    )
    assert printed(mixed_header(header)) == expected("header_three_level")


def test_degrees_of_freedom_and_f() -> None:
    header = EstimationHeader(
        "Mixed-effects REML regression",
        80,
        (GroupSummary("id", 30, 1, 2.6667, 3),),
        ModelTest(5, 5.08, 0.0019, denominator=27.90),
        -346.5452,
        "Log restricted-likelihood",
        DegreesOfFreedomSummary("Satterthwaite", 27.51, 28.41, 29.07),
    )
    assert printed(mixed_header(header)) == expected("header_reml_df")


def test_numbers_take_the_room_of_the_widest() -> None:
    header = EstimationHeader(
        "Mixed-effects ML regression",
        34,
        (GroupSummary("id", 17, 2, 2, 2),),
        ModelTest(0, MISSING, MISSING),
        -184.57839,
    )
    text = printed(mixed_header(header)).split("\n")
    assert text[0] == "Mixed-effects ML regression" + " " * 29 + "Number of obs    =  34"
    assert text[4].endswith("avg = 2.0")
    assert text[7].endswith("Prob > chi2      =   .")
    wide = EstimationHeader(
        "Mixed-effects ML regression",
        852,
        (GroupSummary("PartID", 71, 12, 12, 12),),
        ModelTest(3, 2305.46, 0.0),
        717.29174,
    )
    text = printed(mixed_header(wide)).split("\n")
    assert text[0] == "Mixed-effects ML regression" + " " * 25 + "Number of obs    =     852"
    assert text[6] == " " * 52 + "Wald chi2(3)     = 2305.46"
    assert text[7].startswith("Log likelihood =  717.29174 ")


def test_me_commands() -> None:
    header = EstimationHeader(
        "Mixed-effects logistic regression",
        2763,
        (GroupSummary("restaurant", 500, 3, 5.526, 8),),
        ModelTest(9, 117.56, 0.0),
        -1321.7325,
        integration=("mvaghermite", 7),
    )
    assert printed(mixed_effects_header(header)) == expected("header_melogit")


def test_binomial_variable() -> None:
    header = EstimationHeader(
        "Mixed-effects logistic regression",
        8,
        (GroupSummary("study", 4, 2, 2, 2),),
        ModelTest(1, 140.74, 0.0),
        -2.4437626,
        details=("Binomial variable: total",),
        integration=("mvaghermite", 7),
    )
    assert printed(mixed_effects_header(header)) == expected("header_binomial")


def test_family_counts_and_laplace() -> None:
    header = EstimationHeader(
        "Mixed-effects tobit regression",
        19224,
        (GroupSummary("a", 28, 18, 57.1, 137), GroupSummary("b", 135, 1, 11.9, 28)),
        ModelTest(5, 2812.43, 0.0),
        -6818.5512,
        details=("", "Limits: Lower = -inf"),
        counts=(("Uncensored", "13,188"), ("Left-censored", "0")),
        integration=("laplace", None),
    )
    text = printed(mixed_effects_header(header)).split("\n")
    assert text[2] == "Limits: Lower = -inf" + " " * 28 + "Left-censored     =          0"
    assert "Integration method: laplace" in text
    assert "        Grouping information" in text


def test_logit() -> None:
    rows = [
        HeaderRow("Logistic regression", Entry("Number of obs", "74")),
        HeaderRow("", Entry("LR chi2(2)", "46.26")),
        HeaderRow("", Entry("Prob > chi2", "0.0000")),
        HeaderRow("Log likelihood = -21.905069", Entry("Pseudo R2", "0.5136")),
    ]
    assert printed(compact_header(rows)) == expected("header_logit")


def test_paths_and_clusters() -> None:
    rows = grouping_information([GroupSummary("wafer>site", 80, 5, 5, 5)], "Path")
    assert printed(rows).split("\n")[3].startswith("                   Path |")
    assert plain(cluster_line(160, "school")) == (
        "                               (Std. err. adjusted for 160 clusters in school)"
    )


def test_iterations_of_mixed() -> None:
    criteria = [-18119.073, -17948.342, -17943.72, -17943.715, -17943.715]
    lines = [line(iteration_log.EM_HEADING)]
    lines += section(iteration_log.GRADIENT_HEADING)
    lines += [
        iteration_line(i, value, remark="" if i else "not concave")
        for i, value in enumerate(criteria)
    ]
    lines += section(iteration_log.STANDARD_ERRORS_HEADING)
    assert printed(lines) == expected("iterations_mixed")


def test_iterations_of_melogit() -> None:
    lines = [line(iteration_log.FIXED_EFFECTS_HEADING), BLANK]
    fixed = [-1341.7541, -1337.7735, -1337.7659, -1337.7659]
    lines += [iteration_line(i, value) for i, value in enumerate(fixed)]
    lines += [*section(iteration_log.STARTING_VALUES_HEADING), BLANK]
    lines += [grid_node_line(0, -1331.542)]
    lines += [*section(iteration_log.FULL_MODEL_HEADING), BLANK]
    full = [-1331.542, -1323.2469, -1321.7555, -1321.7325, -1321.7325]
    lines += [iteration_line(i, value) for i, value in enumerate(full)]
    assert printed(lines) == expected("iterations_melogit")


def test_iterations_of_two_digits() -> None:
    assert plain(iteration_line(10, -195872.67, remark="backed up")) == (
        "Iteration 10: Log likelihood = -195872.67  (backed up)"
    )
