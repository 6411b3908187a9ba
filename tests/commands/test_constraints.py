"""``constraint`` and option ``constraints()``."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.session import Session
from tests.commands.mixed_sessions import coefficients, failure, pupils
from tests.commands.typed import session

MODEL = "mixed y x z || unique:, nolog"


def constrained(*contents: str) -> Session:
    made = pupils()
    for number, text in enumerate(contents, 1):
        made.run(f"constraint {number} {text}", quietly=True)
    return made


def test_constraints_are_kept_under_their_numbers() -> None:
    made = session("constraint 3 x = 2*y\nconstraint define 12 [eq]x\nconstraint 3 x=y")
    assert made.output("constraint list") == "     3:  x=y\n    12:  [eq]x\n"
    assert made.output("constraint dir 12") == "    12:  [eq]x\n"
    made.run("constraint free", quietly=True)
    assert made.state.r.scalars["free"] == 1
    made.run("constraint get 12", quietly=True)
    assert made.state.r.macros["contents"] == "[eq]x"
    made.run("constraint get 5", quietly=True)
    assert made.state.r.scalars["defined"] == 0
    made.run("constraint drop 3", quietly=True)
    assert sorted(made.state.memory.constraints) == [12]
    made.run("constraint drop _all", quietly=True)
    assert not made.state.memory.constraints


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("constraint", 198),
        ("constraint 0 x=1", 198),
        ("constraint 2000 x=1", 198),
        ("constraint one x=1", 198),
        ("constraint 1", 198),
        ("constraint drop", 122),
        ("constraint drop 0", 125),
        ("constraint free 1", 198),
        ("constraint list a", 121),
    ],
)
def test_mistakes(command: str, code: int) -> None:
    assert failure(session(), command).code == code


def test_a_fixed_coefficient_is_shown_as_constrained() -> None:
    made = constrained("x = 1.25")
    printed = made.output(f"{MODEL} constraints(1)")
    assert "\n\n ( 1)  [y]x = 1.25\n---" in printed
    assert "           x |       1.25  (constrained)\n" in printed
    assert not made.state.e.matrices["V"].values[0].any()
    np.testing.assert_array_equal(made.state.e.matrices["Cns"].values, [[1, 0, 0, 0, 0, 1.25]])
    assert str(made.state.e.matrices["Cns"].columns[-1]) == "_Cns:_r"
    assert made.state.e.scalars["df_m"] == 1
    again = made.output("mixed")
    assert " ( 1)  [y]x = 1.25\n" in again and "(constrained)" in again
    assert "( 1)" not in made.output("mixed, nocnsreport")


def test_it_is_the_model_of_what_the_constraint_leaves() -> None:
    made = constrained("x = 1.25")
    held = coefficients(made, f"{MODEL} constraints(1)")
    ll = made.state.e.scalars["ll"]
    made.run("generate double rest = y - 1.25*x", quietly=True)
    free = coefficients(made, "mixed rest z || unique:, nolog")
    np.testing.assert_allclose(held[1:], free, rtol=1e-6)
    assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=1e-7)


def test_equal_coefficients_are_that_of_the_sum() -> None:
    made = constrained("x = z")
    b = coefficients(made, f"{MODEL} constraints(1) reml")
    ll, chi2 = made.state.e.scalars["ll"], made.state.e.scalars["chi2"]
    assert made.state.e.scalars["df_m"] == 1
    V = made.state.e.matrices["V"].values
    assert b[0] == pytest.approx(b[1], rel=1e-14) and V[0, 0] == pytest.approx(V[0, 1])
    made.run("generate double both = x + z", quietly=True)
    summed = coefficients(made, "mixed y both || unique:, nolog reml")
    np.testing.assert_allclose(b[1:], summed, rtol=1e-6)
    assert made.state.e.scalars["chi2"] == pytest.approx(chi2)
    # The restricted likelihood depends on the scale of the covariates: x + z over the square root
    # of two is the orthonormal one.
    assert made.state.e.scalars["ll"] + 0.5 * np.log(2) == pytest.approx(ll, abs=1e-6)


def test_a_coefficient_held_at_zero_is_shown_as_omitted() -> None:
    printed = constrained("z").output(f"{MODEL} constraints(1)")
    assert " ( 1)  [y]z = 0\n" in printed
    assert "           z |          0  (omitted)\n" in printed


def test_constraints_on_levels_of_factors() -> None:
    made = constrained("2.a = 3.a")
    made.run("mixed y i.a x || unique:, nolog constraints(1)", quietly=True)
    b = made.state.e.matrices["b"].values[0]
    assert b[0] == 0 and b[1] == pytest.approx(b[2], rel=1e-14) and b[1] != 0


def test_what_does_not_fit_the_model_is_left_out_with_a_note() -> None:
    made = constrained("x = 1", "nothing = 3", "2*x = 2", "lnsig_e:_cons = 0", "x*z = 1")
    printed = made.output(f"{MODEL} constraints(1-3,4 5)")
    assert "note: constraint number 2 caused error r(111)\n" in printed
    assert "note: constraint number 5 caused error r(131)\n" in printed
    assert "note: constraint number 3 dropped" in printed
    assert printed.count(" ( 1)  [y]x = 1\n") == 1 and "( 2)" not in printed


def test_contradictions_and_unknown_numbers_are_errors() -> None:
    made = constrained("x = 1", "x = 2")
    made.run(f"{MODEL}", quietly=True)
    before = made.state.e
    assert failure(made, f"{MODEL} constraints(1 2)").code == 412
    assert failure(made, f"{MODEL} constraints(9)").code == 111
    assert failure(made, f"{MODEL} constraints(0)").code == 125
    assert failure(made, "mixed y x || unique:, reml dfmethod(sat) constraints(1)").code == 198
    assert made.state.e.matrices["b"] is before.matrices["b"]


def test_a_matrix_of_constraints() -> None:
    made = pupils()
    made.run("matrix C = (1, -1, 0, .5)", quietly=True)
    printed = made.output(f"{MODEL} constraints(C)")
    assert " ( 1)  [y]x - [y]z = .5\n" in printed
    assert coefficients(made)[0] - coefficients(made)[1] == pytest.approx(0.5)
    made.run("matrix C = (1, -1)", quietly=True)
    assert failure(made, f"{MODEL} constraints(C)").code == 503


def test_all_coefficients_may_be_held() -> None:
    made = constrained("x = 1", "z = 2", "_cons = 3")
    printed = made.output(f"{MODEL} constraints(1/3)")
    assert printed.count("(constrained)") == 3
    assert made.state.e.scalars["df_m"] == 0
    made.run("predict double f, xb\ngenerate double g = x + 2*z + 3", quietly=True)
    data = made.state.data
    np.testing.assert_allclose(data.variable("f").values, data.variable("g").values)


def test_what_comes_after_estimation_takes_the_constraint_into_account() -> None:
    made = constrained("x + z = 1")
    made.run(f"{MODEL} constraints(1)", quietly=True)
    made.run("lincom x + z", quietly=True)
    assert made.state.r.scalars["estimate"] == pytest.approx(1.0)
    made.run("test x z", quietly=True)
    assert made.state.r.scalars["df"] == 1
    made.run("estimates store held", quietly=True)
    made.run(MODEL, quietly=True)
    assert "Cns" not in made.state.e.matrices
    printed = made.output("estimates restore held\nmixed")
    assert " ( 1)  [y]x + [y]z = 1\n" in printed


def test_with_crossed_effects_and_frequency_weights() -> None:
    made = constrained("x = 1.25")
    made.run("generate double rest = y - 1.25*x\ngenerate w = 1 + (unique > 5)", quietly=True)
    for model in ("|| _all: R.region || _all: R.a", "[fweight=w] || unique:"):
        free = coefficients(made, f"mixed rest z {model}, nolog")
        ll = made.state.e.scalars["ll"]
        held = coefficients(made, f"mixed y x z {model}, nolog constraints(1)")
        np.testing.assert_allclose(held[1:3], free[:2], rtol=1e-5)
        assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=1e-6)


def test_not_with_robust_variances() -> None:
    made = constrained("x = 1.25")
    assert failure(made, f"{MODEL} constraints(1) vce(robust)").code == 198
    assert failure(made, "mixed y x [pweight=a] || unique:, constraints(1)").code == 198
