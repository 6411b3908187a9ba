"""``anova``: the manual's repeated-measures example, layouts, error terms, and mistakes."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from statalike.output.anova_table import AnovaRow, AnovaTable, anova_table
from statalike.output.styled import plain_text
from statalike.session import Session
from tests.commands.reference_logs import disagreements
from tests.commands.typed import session
from tests.shared import needs_shared, shared_path

#: Winer, Brown and Michels (1991): two groups of three subjects at four occasions
WINER = """
clear
set obs 24
generate y = real(word("0 0 5 3 3 1 5 4 4 3 6 2 4 2 7 8 5 4 6 6 7 5 8 9", _n))
generate s = mod(floor((_n - 1) / 4), 3) + 1
generate a = 1 + (_n > 12)
generate t = mod(_n - 1, 4) + 1
"""


def winer() -> Session:
    return session(WINER)


@needs_shared
def test_the_reference_log() -> None:
    assert disagreements("mixed/14-small-sample-balanced-repeated") == []


@needs_shared
def test_layout() -> None:
    text = shared_path("conformance", "layout", "anova-1.txt").read_text("utf-8")
    expected = text.split("\n", 3)[3].strip("\n")
    rows = [
        AnovaRow("PartID", 213022.938, 70, 5.73, 0.0),
        AnovaRow("AgentType", 211271.54, 2, 199.06, 0.0),
        AnovaRow("TrialNum", 4123.5771, 3, 2.59, 0.0518),
        AnovaRow("AgentType#TrialNum", 617.49973, 6, 0.19, 0.9785),
    ]
    table = AnovaTable(
        852,
        23.0366,
        0.5122,
        0.4609,
        AnovaRow("Model", 429035.55, 81, 9.98, 0.0),
        (tuple(rows),),
        AnovaRow("Residual", 408627.71, 770),
        AnovaRow("Total", 837663.256, 851),
    )
    assert plain_text(anova_table(table)).strip("\n") == expected


REPEATED = """
                         Number of obs =         24    R-squared     =  0.8925
                         Root MSE      =    1.11181    Adj R-squared =  0.7939

                  Source | Partial SS         df         MS        F    Prob>F
              -----------+----------------------------------------------------
                   Model |    123.125         11   11.193182      9.06  0.0003
                         |
                       a |  51.041667          1   51.041667     11.89  0.0261
                     s|a |  17.166667          4   4.2916667  
              -----------+----------------------------------------------------
                       t |  47.458333          3   15.819444     12.80  0.0005
                     a#t |  7.4583333          3   2.4861111      2.01  0.1662
                         |
                Residual |  14.833333         12   1.2361111  
              -----------+----------------------------------------------------
                   Total |  137.95833         23   5.9981884  


Between-subjects error term:  s|a
                     Levels:  6         (4 df)
     Lowest b.s.e. variable:  s
     Covariance pooled over:  a         (for repeated variable)

Repeated variable: t
                                          Huynh-Feldt epsilon        =  0.8483
                                          Greenhouse-Geisser epsilon =  0.4751
                                          Box's conservative epsilon =  0.3333

                                            ------------ Prob > F ------------
                  Source |     df      F    Regular    H-F      G-G      Box
              -----------+----------------------------------------------------
                       t |      3    12.80   0.0005   0.0011   0.0099   0.0232
                     a#t |      3     2.01   0.1662   0.1791   0.2152   0.2291
                Residual |     12
              ----------------------------------------------------------------
"""  # noqa: W291


def test_repeated_measures_of_subjects_in_groups() -> None:
    """The G-G p-values are also those of R's anova(lm(m ~ g), X = ~1, test = "Spherical")."""
    made = winer()
    printed = made.output("anova y a / s|a t a#t, repeated(t)")
    assert printed == REPEATED
    assert made.output("anova") == REPEATED
    e = made.e
    assert (e["cmd"], e["term_2"], e["errorterm_1"], e["repvars"]) == ("anova", "s|a", "s|a", "t")
    assert e["F_1"] == pytest.approx(51.0416667 / 4.29166667)
    assert e["dfdenom_1"] == 4
    assert e["N_bse"] == 6
    made.run("estimates store winer")
    made.run("regress y t", quietly=True)
    made.run("estimates restore winer", quietly=True)
    assert made.output("anova") == REPEATED


def test_an_error_term_alone_is_tested_by_the_residual() -> None:
    made = winer()
    made.run("anova y a / s|a /", quietly=True)
    assert made.e["errorterm_2"] == "Residual"
    assert made.e["F_2"] == pytest.approx(4.29166667 / 3.875)
    table = made.output("anova").split("\n")
    names = [line[:24].strip() for line in table]
    assert names[names.index("a") :][:5] == ["a", "s|a", "-" * 10, "s|a", ""]


def test_a_term_is_tested_by_its_own_error_term_or_another() -> None:
    made = winer()
    made.run("anova y a / s|a t a#t", quietly=True)
    printed = made.output("test a")
    assert "a |  51.041667          1   51.041667     11.89  0.0261" in printed
    assert printed.endswith("s|a |  17.166667          4   4.2916667  \n")
    made.output("test t / a#t")
    assert made.r["F"] == pytest.approx(15.819444 / 2.4861111)
    assert made.r["df_r"] == 3


def test_coefficients_are_tested_after_anova() -> None:
    made = winer()
    made.run("anova y a##t", quietly=True)
    made.run("testparm i.t", quietly=True)
    assert (made.r["df"], made.r["df_r"]) == (3, 16)
    made.run("test 2.t = 3.t", quietly=True)
    assert made.r["df"] == 1
    assert "_cons" in made.output("regress")


def test_continuous_variables() -> None:
    made = winer()
    by_operator = made.output("anova y a##c.t").split("\n", 1)[1]
    assert made.e["df_3"] == 1
    assert made.output("anova y a t a#t, continuous(t)").split("\n", 1)[1] == by_operator
    assert made.output("anova y a t a#t, category(a)").split("\n", 1)[1] == by_operator


def test_sequential_sums_add_up_to_the_model() -> None:
    made = winer()
    made.run("drop in 1", quietly=True)
    made.run("anova y a t a#t, sequential", quietly=True)
    total = sum(made.state.e.scalars[f"ss_{i}"] for i in (1, 2, 3))
    assert total == pytest.approx(made.e["mss"])
    assert "Seq. SS" in made.output("anova")


def test_frequency_weights_are_repeated_observations() -> None:
    made = winer()
    made.run("generate w = 1 + mod(_n, 3)\nanova y a##t [fweight=w]", quietly=True)
    weighted = [made.e[f"ss_{i}"] for i in (1, 2, 3)]
    made.run("expand w\nanova y a##t", quietly=True)
    assert [made.e[f"ss_{i}"] for i in (1, 2, 3)] == pytest.approx(weighted)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("anova y a if y < 0", 2000, "no observations"),
        ("anova", 301, "last estimates not found"),
        ("anova y a nothing", 111, "variable nothing not found"),
        ("anova y a s t, repeated(t)", 198, "could not determine between-subject error term"),
        ("anova y a / s|a t, bseunit(s)", 198, "option bseunit() requires option repeated()"),
        ("anova y a / s|a, repeated(t)", 198, "repeated(): t is not a term of the model"),
        ("anova y a t, partial sequential", 198, "only one of partial or sequential"),
        ("anova y a, dropemptycells", 198, "option dropemptycells not yet supported"),
        ("anova y a in 1/23, bse(a)", 198, "option bse() requires option repeated()"),
        ("anova y a / s|a t in 1/23, repeated(t)", 459, "repeated measures need"),
        ("anova y a # # t", 198, ""),
        ("anova i.a t", 198, "depvar may not be a factor variable"),
    ],
)
def test_mistakes(command: str, code: int, message: str) -> None:
    made = winer()
    with pytest.raises(StataError) as caught:
        made.run(command, quietly=True)
    assert caught.value.code == code
    assert message in caught.value.message
