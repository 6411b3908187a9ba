"""The maximize options of ``mixed``: techniques, starting values, and what a log shows."""

from __future__ import annotations

import numpy as np
import pytest

from tests.commands.mixed_sessions import coefficients, failure, pupils

MODEL = "mixed y x || unique: x, cov(un)"


@pytest.mark.parametrize("technique", ["nr", "bfgs", "dfp", "nr 1 bfgs 2", "bfgs 3 dfp nr"])
@pytest.mark.parametrize("residuals", ["", " residuals(ar 1, t(time))"])
def test_all_techniques_find_the_same_maximum(technique: str, residuals: str) -> None:
    made = pupils()
    made.run("bysort unique: generate time = _n", quietly=True)
    tight = "nrtolerance(1e-9) nolog emiterate(2)"
    first = coefficients(made, f"mixed y x || unique:, {tight}{residuals}")
    made.run(f"mixed y x || unique:, {tight}{residuals} technique({technique})", quietly=True)
    np.testing.assert_allclose(coefficients(made), first, rtol=2e-4, atol=2e-4)
    assert made.state.e.scalars["converged"] == 1
    words = [word for word in technique.split() if not word.isdigit()]
    assert made.state.e.macros["technique"] == " ".join(words)


def test_the_log_tells_the_technique() -> None:
    made = pupils()
    printed = made.output(f"{MODEL} technique(bfgs 2 nr) emiterate(0)")
    assert "(setting technique to bfgs)\nIteration 0:" in printed
    assert "(switching technique to nr)\nIteration 3:" in printed
    assert "technique" not in made.output(MODEL)


def test_parameters_gradient_and_hessian_are_shown_when_asked_for() -> None:
    made = pupils()
    printed = made.output(f"{MODEL} trace gradient hessian")
    assert "-" * 79 + "\nIteration 0:" in printed
    for title in ("Coefficient vector:", "Gradient vector (length = ", "Negative Hessian:"):
        assert printed.count(title) == int(made.state.e.scalars["ic"]) + 1
    assert "lns1_1_1:" in printed and "atr1_1_1_2:" in printed
    only = made.output(f"{MODEL} gradient")
    assert "Coefficient vector" not in only and "Gradient vector" in only
    assert "Gradient vector" not in made.output(f"{MODEL} gradient nolog")


def test_the_traced_gradient_is_the_slope_of_the_log_likelihood() -> None:
    """With one variance the traced parameter is the ratio of standard deviations."""
    made = pupils()
    ratio, step = 0.7, 1e-4

    def value(at: float) -> float:
        start = f"from(lns1_1_1:_cons={np.log(at)} lnsig_e:_cons=0)"
        made.run(f"mixed y x || unique:, {start} iterate(0) nolog", quietly=True)
        return made.state.e.scalars["ll"]

    with pytest.raises(Exception, match="convergence"):
        value(ratio)
    values = []
    for at in (ratio - step, ratio + step):
        failure(
            made,
            f"mixed y x || unique:, iterate(0) nolog from(lns1_1_1:_cons={np.log(at)} "
            "lnsig_e:_cons=0)",
        )
        values.append(made.state.e.scalars["ll"])
    start = f"from(lns1_1_1:_cons={np.log(ratio)} lnsig_e:_cons=0)"
    printed = made.output(f"mixed y x || unique:, {start} trace gradient")
    block = printed[printed.index("Iteration 0:") : printed.index("Iteration 1:")]
    rows = [line.split() for line in block.splitlines() if line.startswith("r1")]
    assert float(rows[0][1]) == pytest.approx(ratio, rel=1e-6)
    slope = (values[1] - values[0]) / (2 * step)
    assert float(rows[1][1]) == pytest.approx(slope, rel=1e-4)


def test_steps_and_tolerances() -> None:
    made = pupils()
    printed = made.output(f"{MODEL} showstep showtolerance emiterate(0)")
    count = int(made.state.e.scalars["ic"])
    assert printed.count("Step length = ") == count
    assert printed.count("g inv(H) g' = ") == count
    assert printed.count("relative change of coefficients = ") == count


def test_starting_values_from_estimates_are_where_the_iterations_begin() -> None:
    made = pupils()
    first = coefficients(made, f"{MODEL} nolog")
    ll = made.state.e.scalars["ll"]
    made.run("matrix b = e(b)", quietly=True)
    printed = made.output(f"{MODEL} from(b)")
    assert "Performing EM" not in printed
    assert made.state.e.scalars["ic"] <= 1
    assert made.state.e.matrices["ilog"].values[0, 0] == pytest.approx(ll, abs=1e-9)
    np.testing.assert_allclose(coefficients(made), first, rtol=1e-5, atol=1e-5)
    made.run(f"{MODEL} from(e(b), copy) nolog", quietly=True)
    assert made.state.e.scalars["ic"] <= 1


@pytest.mark.parametrize(
    "values",
    [
        "lns1_1_1:_cons=-2",
        "/lns1_1_1=1 /lnsig_e=2",
        "x=4 atr1_1_1_2:_cons=.5",
        "other:x=2 lns1_1_2:_cons=0, skip",
        "1 1 0 0 .2 0, copy",
    ],
)
def test_named_values_and_numbers(values: str) -> None:
    made = pupils()
    first = coefficients(made, f"{MODEL} nolog nrtolerance(1e-10)")
    made.run(f"{MODEL} nolog nrtolerance(1e-10) from({values})", quietly=True)
    np.testing.assert_allclose(coefficients(made), first, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("technique(bhhh)", 198),
        ("technique(newton)", 198),
        ("technique(nr 0)", 198),
        ("technique(5 nr)", 198),
        ("iterate(-1)", 198),
        ("iterate(1.5)", 198),
        ("iterate(20000)", 198),
        ("tolerance(-1)", 198),
        ("qtolerance(-1)", 198),
        ("log nolog", 198),
        ("from(nothing)", 111),
        ("from(e(nothing))", 111),
        ("from(other:x=2)", 111),
        ("from(1 2 3, copy)", 503),
        ("from(1 2 3)", 198),
        ("from(x=1 2)", 198),
        ("from(x=a)", 198),
        ("from(lns1_1_1:_cons=.)", 198),
        ("from(lns1_1_1:_cons=800)", 1400),
        ("from(b, other)", 198),
    ],
)
def test_mistakes(option: str, code: int) -> None:
    made = pupils()
    made.run("matrix b = (1, 2)", quietly=True)
    assert failure(made, f"{MODEL} {option}").code == code
    assert not made.state.e.matrices


def test_set_maxiter_is_the_default_of_iterate() -> None:
    made = pupils()
    made.run("set maxiter 0", quietly=True)
    assert failure(made, f"{MODEL} emiterate(0)").code == 430
    made.run(f"{MODEL} emiterate(0) iterate(50)", quietly=True)


def test_collinear_random_effects_are_kept_when_asked_for() -> None:
    made = pupils()
    made.run("generate double twice = 2*x", quietly=True)
    printed = made.output("mixed y x || unique: x twice, nolog")
    assert "note: twice omitted from the unique equation because of collinearity." in printed
    both = made.output("capture noisily mixed y x || unique: x twice, collinear nolog")
    assert "omitted" not in both and "var(twice)" in both
    # Only the sum of the two variances is determined.
    assert both.endswith("convergence not achieved\n")


def test_collinear_covariates_of_the_fixed_part_are_always_omitted() -> None:
    made = pupils()
    made.run("generate double twice = 2*x", quietly=True)
    assert "omitted because of collinearity" in made.output("mixed y x twice || unique:, nolog")
    assert failure(made, "mixed y x twice, collinear || unique:, nolog").code == 198


@pytest.mark.parametrize("levels", ["|| _all: R.region || _all: R.a", "|| _all: R.unique"])
def test_crossed_effects_begin_from_given_values(levels: str) -> None:
    made = pupils()
    model = f"mixed y x {levels}, nolog nrtolerance(1e-9)"
    first = coefficients(made, model)
    made.run("matrix b = e(b)", quietly=True)
    made.run(f"{model} from(b)", quietly=True)
    assert made.state.e.scalars["ic"] <= 1
    made.run(f"{model} from(lns1_1_1:_cons=-1) technique(bfgs)", quietly=True)
    again = coefficients(made)
    np.testing.assert_allclose(again[:2], first[:2], rtol=1e-4)
    # A variance may be zero, and its logarithm anything.
    np.testing.assert_allclose(np.exp(again[2:]), np.exp(first[2:]), rtol=1e-3, atol=1e-6)
    assert "lns1_1_1:" in made.output(f"mixed y x {levels}, trace")
