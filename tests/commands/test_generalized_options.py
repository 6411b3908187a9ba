"""Options of generalized mixed commands: constraints, starting values, structures, variances."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.mixed_sessions import with_data
from tests.commands.test_generalized_mixed import outcomes

SLOPES = "quietly melogit y x || g: x, covariance({})"


def estimates(made: Session) -> np.ndarray:
    return made.state.e.matrices["b"].values[0]


def variances(made: Session) -> np.ndarray:
    return np.diagonal(made.state.e.matrices["V"].values)


def test_constraints_on_coefficients_and_variances() -> None:
    made = outcomes()
    made.output("constraint 1 x = .5\nconstraint 2 _b[/var(_cons[g])] = .4")
    printed = made.output("melogit y x || g:, constraints(1 2)")
    assert " ( 1)  [y]x = .5\n ( 2)  [/]var(_cons[g]) = .4" in printed
    assert "LR test" not in printed
    np.testing.assert_allclose(estimates(made)[[0, 2]], [0.5, 0.4], rtol=1e-12)
    np.testing.assert_array_equal(variances(made)[[0, 2]], 0.0)
    assert printed.count("(constrained)") == 2
    assert "( 1)" not in made.output("melogit, nocnsreport")
    again = made.output("melogit")
    assert printed.endswith(again)
    assert made.state.e.matrices["Cns"].shape == (2, 4)


def test_a_name_in_brackets_is_a_constraint_too() -> None:
    made = outcomes()
    made.output("constraint 1 [/]var(_cons[g]) = .4")
    made.output("melogit y x || g:, constraints(1)")
    assert estimates(made)[2] == pytest.approx(0.4)
    assert "chi2(  0)" in made.output("test [/]var(_cons[g]) = .4")


def test_a_residual_variance_can_be_given() -> None:
    made = outcomes()
    made.output("constraint 1 _b[/var(e.v)] = .25")
    made.output("meglm v x || g:, constraints(1)")
    assert estimates(made)[-1] == pytest.approx(0.25)
    made.output("constraint 2 _b[/var(e.v)] = _b[/var(_cons[g])]")
    with pytest.raises(StataError) as caught:
        made.output("meglm v x || g:, constraints(2)")
    assert caught.value.code == 198


def test_matrices_describe_structures() -> None:
    made = outcomes()
    made.output(SLOPES.format("exchangeable"))
    exchangeable, ll = estimates(made), made.state.e.scalars["ll"]
    made.output("matrix P = (1, . \\ 2, 1)")
    printed = made.output(SLOPES.format("pattern(P)") + "\nmelogit")
    np.testing.assert_allclose(estimates(made), exchangeable, rtol=1e-3, atol=1e-5)
    assert made.state.e.scalars["ll"] == pytest.approx(ll, abs=1e-6)
    assert " ( 1)  [/]var(x[g]) - [/]var(_cons[g]) = 0" in printed
    made.output("matrix F = (.3, . \\ 0, .)")
    printed = made.output(SLOPES.format("fixed(F)") + "\nmelogit")
    names = [str(stripe) for stripe in made.state.e.matrices["b"].columns]
    assert names[-2:] == ["/var(x[g])", "/var(_cons[g])"]
    assert estimates(made)[-2] == pytest.approx(0.3)
    assert variances(made)[-1] > 0
    assert "LR test" not in printed


def test_predictions_after_a_structure_given_by_a_matrix() -> None:
    made = outcomes()
    made.output("matrix P = (1, . \\ 2, 1)")
    made.output(SLOPES.format("pattern(P)") + "\npredict p")
    made.output(SLOPES.format("exchangeable") + "\npredict q")
    data = made.state.data
    np.testing.assert_allclose(data.numbers("p"), data.numbers("q"), atol=1e-3)


def test_starting_values_do_not_matter() -> None:
    made = outcomes()
    made.output("quietly melogit y x || g:\nmatrix b = e(b)")
    expected = estimates(made)
    printed = made.output("melogit y x || g:, from(b)")
    assert "Iteration 2:" not in printed[printed.index("Fitting full model:") :]
    for option in (
        "from(x=1 /var(_cons[g])=2)",
        "startvalues(zero)",
        "startvalues(constantonly)",
        "startvalues(iterate(1))",
        "startvalues(fixedonly, iterate(1))",
        "startgrid",
        "startgrid(.2 .4)",
        "startgrid(.2 _cons[g]) startgrid(.3)",
        "technique(bhhh 2 nr)",
        "dnumerical",
    ):
        made.output(f"quietly melogit y x || g:, {option}")
        np.testing.assert_allclose(estimates(made), expected, rtol=1e-3)


def test_grids_and_starting_models_are_shown() -> None:
    made = outcomes()
    printed = made.output("melogit y x || g:, startgrid(.2 .4)")
    assert "Grid node 2:" in printed
    assert "Fitting constant-only model:" in made.output(
        "melogit y x || g:, startvalues(constantonly)"
    )
    printed = made.output("melogit y x || g:, startvalues(zero)")
    assert "Fitting fixed-effects model:" not in printed
    assert "LR test" not in printed


def test_starting_values_can_be_looked_at() -> None:
    made = outcomes()
    printed = made.output("melogit y x || g:, noestimate")
    assert "Fitting full model" not in printed
    assert "_b[/var(_cons[g])]" in printed
    assert estimates(made)[-1] == pytest.approx(1.0)


def test_iterations_are_traced_as_estimates() -> None:
    made = outcomes()
    printed = made.output("melogit y x || g:, trace")
    assert "var(_cons[g])" in printed
    last = printed.split("Coefficient vector:")[-1].split("Log likelihood")[0]
    shown = [float(word) for word in last.replace("r1", " ").split() if word[-1].isdigit()]
    np.testing.assert_allclose(shown, estimates(made), rtol=1e-5)


def test_outer_product_variance() -> None:
    made = outcomes()
    made.output("melogit y x || g:")
    by_hessian = variances(made)
    printed = made.output("melogit y x || g:, vce(opg)")
    assert "OPG" in printed
    assert "Log likelihood =" in printed
    assert "LR test" in printed
    assert made.state.e.macros["vcetype"] == "OPG"
    np.testing.assert_allclose(variances(made), by_hessian, rtol=0.6)


def test_importance_weights_count_observations() -> None:
    made = outcomes()
    made.output("melogit y x [fweight=w] || g:")
    b, V, n = estimates(made), variances(made), made.state.e.scalars["N"]
    made.output("melogit y x [iweight=w] || g:")
    np.testing.assert_array_equal(estimates(made), b)
    np.testing.assert_array_equal(variances(made), V)
    assert made.state.e.scalars["N"] == n
    made.output("generate h = w/2\nmelogit y x || g:, iweight(h)")
    assert made.state.e.macros["iweight1"] == "h"


def perfectly_predicted() -> Session:
    """``z`` is one for successes only; ``d`` has a level without failures."""
    made = outcomes()
    made.output("generate z = y == 1 & _n < 60\ngenerate d = cond(z, 3, 1 + mod(_n, 2))")
    return made


def test_perfect_predictors_are_left_out() -> None:
    """The notes are those of [R] logit."""
    made = perfectly_predicted()
    count = int(made.state.data.numbers("z").sum())
    printed = made.output("melogit y x z || g:")
    note = f"note: z != 0 predicts success perfectly;\n      z omitted and {count} obs not used."
    assert note in printed
    assert made.state.e.scalars["N"] == 240 - count
    b, ll = estimates(made), made.state.e.scalars["ll"]
    made.output("melogit y x if z == 0 || g:")
    np.testing.assert_allclose(b[[0, 2, 3]], estimates(made), rtol=1e-6)
    assert ll == pytest.approx(made.state.e.scalars["ll"])
    assert "note: 3.d != 0 predicts success perfectly;" in made.output("melogit y x i.d || g:")


def test_perfect_predictors_can_be_kept() -> None:
    made = perfectly_predicted()
    with pytest.raises(StataError) as caught:
        made.output("melogit y x z || g:, asis iterate(2)")
    assert caught.value.code == 430
    assert made.state.e.scalars["N"] == 240


def test_a_covariate_that_determines_the_outcome() -> None:
    made = outcomes()
    made.output("generate same = 2*y + 1")
    with pytest.raises(StataError) as caught:
        made.output("meprobit y x same || g:")
    assert caught.value.code == 2000
    assert caught.value.message == "outcome = same > 1 predicts data perfectly"


def test_collinear_covariates_can_be_kept() -> None:
    made = outcomes()
    made.output("generate x2 = 2*x")
    assert "omitted because of collinearity" in made.output("melogit y x x2 || g:")
    made.output("capture melogit y x x2 || g:, collinear iterate(3)")
    assert len(estimates(made)) == 4
    assert "o." not in str(made.state.e.matrices["b"].columns)


def test_standard_deviations_and_correlations() -> None:
    made = outcomes()
    made.output(SLOPES.format("unstructured"))
    b, V = estimates(made), made.state.e.matrices["V"].values
    made.output("estat sd")
    found = made.state.r.matrices["b"].values[0]
    spread = np.sqrt(b[2:4])
    np.testing.assert_allclose(found[2:], [*spread, b[4] / spread.prod()])
    table = made.state.r.matrices["table"].values
    assert table[1, 2] == pytest.approx(np.sqrt(V[2, 2]) / (2 * spread[0]))
    # The delta method by differences.
    moves = 1e-6 * np.eye(5)[2:]
    slopes = [((b + m)[4] / np.sqrt(np.prod((b + m)[2:4])) - found[4]) / 1e-6 for m in moves]
    assert table[1, 4] == pytest.approx(np.sqrt(slopes @ V[2:, 2:] @ slopes), rel=1e-3)
    made.output("estat sd, post")
    assert "[g]sd(_cons) = 0" in made.output("test _b[g:sd(_cons)]")
    with pytest.raises(StataError):
        made.output("estat sd")


def test_standard_deviations_of_residuals() -> None:
    made = outcomes()
    printed = made.output("quietly meglm v x || g:\nestat sd, verbose")
    assert "sd(e.v)" in printed
    assert made.state.r.matrices["b"].values[0, -1] == pytest.approx(np.sqrt(estimates(made)[-1]))
    with pytest.raises(StataError) as caught:
        made.output("estat sd, variance")
    assert caught.value.code == 198


@pytest.mark.parametrize("command", ["melogit y x", "meologit k x", "mepoisson c x", "meglm v x"])
def test_models_without_random_effects(command: str) -> None:
    made = outcomes()
    printed = made.output(command)
    assert "Integration" not in printed
    assert "Group variable" not in printed
    assert made.state.e.scalars["converged"] == 1.0
    made.output(f"{command}, vce(cluster g)")
    clustered = variances(made)
    made.output(f"{command} || g:, noconstant vce(robust)")
    np.testing.assert_allclose(variances(made), clustered)


def test_linear_regression_without_random_effects() -> None:
    made = outcomes()
    made.output("meglm v x")
    data = made.state.data
    X = np.column_stack([data.numbers("x"), np.ones(data.n)])
    wanted = np.linalg.lstsq(X, data.numbers("v"))[0]
    np.testing.assert_allclose(estimates(made)[:2], wanted, rtol=1e-6)


def test_separation_at_a_threshold() -> None:
    random = np.random.default_rng(1)
    x = random.integers(0, 7, 300).astype(float)
    y = np.where(x == 3, random.random(300) < 0.5, x > 3).astype(float)
    made = with_data(y=y, x=x, z=random.standard_normal(300), g=np.repeat(np.arange(30.0), 10))
    printed = made.output("melogit y z x || g:")
    assert "note: outcome = x > 3 predicts data perfectly except for" in printed
    assert "      x == 3 subsample;" in printed
    assert made.state.e.scalars["N"] == np.sum(x == 3)


def test_starting_values_of_poisson_models_are_shown_twice() -> None:
    """[ME] mepoisson, example 1; not so under the Laplace approximation."""
    made = outcomes()
    heading = "Refining starting values (unscaled likelihoods):"
    assert heading in made.output("mepoisson c x || g:")
    assert heading not in made.output("mepoisson c x || g:, intmethod(laplace)")
    assert heading not in made.output("melogit y x || g:")
