"""``mixed``: what each option does, and requests that it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from tests.commands.mixed_sessions import THREE_LEVELS, coefficients, column, failure, pupils

# --- options --------------------------------------------------------------------------------------


def test_restricted_likelihood_keeps_its_name() -> None:
    made = pupils()
    printed = made.output("mixed y x || unique:, reml")
    assert "Iteration 0:  Log restricted-likelihood = " in printed
    assert "Mixed-effects REML regression" in printed
    assert "\nLog restricted-likelihood = " in printed
    assert made.state.e.macros["method"] == "REML"
    assert made.state.e.macros["title"] == "Mixed-effects REML regression"


@pytest.mark.parametrize("covariance", ["un", "ex", "ind"])
def test_matrix_logarithm_gives_the_same_results(covariance: str) -> None:
    made = pupils()
    command = f"mixed y x z || region: || school: x, cov({covariance})"
    first = coefficients(made, f"{command} matsqrt")
    made.run(f"{command} matlog", quietly=True)
    np.testing.assert_allclose(coefficients(made), first, rtol=1e-4, atol=1e-4)
    assert made.state.e.macros["optmetric"] == "matlog"


def test_expectation_maximisation_alone() -> None:
    made = pupils()
    full = coefficients(made, "mixed y x || unique:")
    printed = made.output("mixed y x || unique:, emonly emiterate(500)")
    assert "Performing gradient-based optimization" not in printed
    assert "Computing standard errors" not in printed
    assert "Iteration 1:  Log likelihood" in printed
    assert made.state.e.macros["emonly"] == "emonly"
    np.testing.assert_allclose(coefficients(made), full, atol=1e-4)
    V = made.state.e.matrices["V"].values
    assert not V[2:].any()
    assert V[0, 0] > 0
    short = made.output("mixed y x || unique:, emonly emiterate(1)")
    assert made.state.e.scalars["converged"] == 0
    assert "Warning: convergence not achieved" in short


def test_steps_of_expectation_maximisation() -> None:
    made = pupils()
    hidden = made.output("mixed y x || unique:, emiterate(3)")
    shown = made.output("mixed y x || unique:, emiterate(3) emlog emtolerance(0)")
    head = shown[: shown.index("Performing gradient-based")]
    assert head.count("Iteration") == 3
    assert hidden[: hidden.index("Performing gradient-based")].count("Iteration") == 0
    dotted = made.output("mixed y x || unique:, emiterate(3) emdots emtolerance(0)")
    assert "\nPerforming EM optimization ...\n...\n\nPerforming gradient" in dotted
    loose = made.output("mixed y x || unique:, emlog emtolerance(1e6)")
    assert loose[: loose.index("Performing gradient-based")].count("Iteration") < 3


def test_no_convergence_keeps_marked_results() -> None:
    made = pupils()
    with made.state.console.captured() as capture:
        code = made.attempt(lambda: made.run(f"{THREE_LEVELS} emiterate(0) iterate(1)"))
    assert code == 430
    assert "convergence not achieved\nr(430);" in capture.text
    assert "Random-effects parameters" in capture.text
    scalars = made.state.e.scalars
    assert (scalars["converged"], scalars["rc"], scalars["ic"]) == (0, 430, 1)
    again = made.output("mixed")
    assert again.endswith("Warning: convergence not achieved\n")
    made.run("predict double fit, xb", quietly=True)


@pytest.mark.parametrize(
    "options",
    ["tolerance(1)", "ltolerance(1)", "nrtolerance(1e6)", "nonrtolerance", "tolerance(1) nonrtol"],
)
def test_tolerances(options: str) -> None:
    made = pupils()
    made.run(f"{THREE_LEVELS} emiterate(0)", quietly=True)
    iterations, ll = made.state.e.scalars["ic"], made.state.e.scalars["ll"]
    made.run(f"{THREE_LEVELS} emiterate(0) {options}", quietly=True)
    assert made.state.e.scalars["ic"] <= iterations
    assert abs(made.state.e.scalars["ll"] - ll) < 50


def test_difficult_ends_at_the_same_maximum() -> None:
    made = pupils()
    expected = coefficients(made, THREE_LEVELS)
    np.testing.assert_allclose(
        coefficients(made, f"{THREE_LEVELS} emiterate(0) difficult"), expected, atol=1e-4
    )


def test_without_standard_errors_of_the_variances() -> None:
    made = pupils()
    made.run("mixed y x || unique: x", quietly=True)
    expected = made.state.e.matrices
    printed = made.output("mixed y x || unique: x, nostderr")
    assert "Computing standard errors" not in printed
    assert "          .             .           .\n" in printed
    found = made.state.e.matrices
    np.testing.assert_array_equal(found["b"].values, expected["b"].values)
    np.testing.assert_array_equal(found["V"].values[:2, :2], expected["V"].values[:2, :2])
    assert not found["V"].values[2:].any()


def test_nolog() -> None:
    made = pupils()
    loud = made.output("mixed y x || unique:, log")
    quiet = made.output("mixed y x || unique:, nolog")
    assert loud.startswith("\nPerforming EM optimization ...")
    assert quiet.startswith("\nMixed-effects ML regression")
    assert loud.endswith(quiet)


def test_by_groups() -> None:
    made = pupils()
    separate = []
    for side in (0, 1):
        separate.append(made.output(f"mixed y x if b == {side} || unique:, nolog"))
    printed = made.output("bysort b: mixed y x || unique:, nolog")
    for text in separate:
        assert text in printed
    assert made.state.e.scalars["N"] == np.sum(column(made, "b") == 1)
    made.run("generate byte used = e(sample)", quietly=True)
    assert np.array_equal(column(made, "used"), column(made, "b"))


# --- requests that are refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("mixed y x || unique:, frobnicate", 198, "option frobnicate not allowed"),
        ("mixed y x || unique:, vce(jackknife)", 198, "vcetype jackknife not yet supported"),
        ("mixed y x || unique:, vce(nonsense)", 198, "vcetype nonsense not allowed"),
        ("mixed y x || unique:, reml mle", 198, "only one of mle or reml is allowed"),
        ("mixed y x || unique:, matsqrt matlog", 198, "only one of matsqrt or matlog is allowed"),
        ("mixed y x || unique:, variance stddev", 198, None),
        ("mixed y x || unique: x, cov(toeplitz)", 198, None),
        ("mixed y x || unique:, iterate(-1)", 198, "iterate() must be nonnegative"),
        ("mixed y x || unique:, emiterate(-1)", 198, "emiterate() must be nonnegative"),
        ("mixed y x || unique:, level(5)", 198, None),
        ("mixed y x || unique:, cformat(%12.3f)", 198, None),
        ("mixed y x || unique:, cformat(nonsense)", 120, None),
        ("mixed y x || unique:, fvwrapon(letter)", 198, None),
        ("mixed y x [aweight=a] || unique:", 101, None),
        ("mixed y x || unique", 198, None),
        ("mixed y x || nosuch:", 111, "variable nosuch not found"),
        ("mixed y nosuch || unique:", 111, "variable nosuch not found"),
        ("mixed y x || unique: x || region: || unique:", 198, None),
        ("mixed i.a x || unique:", 198, "depvar may not be a factor variable"),
        ("mixed name x || unique:", 109, None),
        ("mixed y name || unique:", 109, None),
        ("mixed y x || unique: name", 109, None),
        ("mixed y i.name || unique:", 109, None),
        ("mixed y i.x || unique:", 452, None),
        ("mixed y L.x || unique:", 111, None),
        ("mixed y x if x > 1e6 || unique:", 2000, "no observations"),
        ("mixed y x in 900/1000 || unique:", 198, None),
        ("mixed", 301, "last estimates not found"),
        ("mixed, noheader", 301, "last estimates not found"),
    ],
)  # fmt: skip
def test_refused(command: str, code: int, message: str | None) -> None:
    error = failure(pupils(), command)
    assert error.code == code
    if message is not None:
        assert error.message == message


def test_too_few_observations() -> None:
    made = pupils()
    made.run("keep in 1/3", quietly=True)
    made.run("generate n = _n", quietly=True)
    assert failure(made, "mixed y ibn.n, noconstant || unique:").code == 2001


@pytest.mark.parametrize("outcome", ["3", "1e8 + 2*x", "0"])
@pytest.mark.parametrize("rest", ["x || unique:", "x || unique: x, reml", "x"])
def test_outcome_without_residual_variation(outcome: str, rest: str) -> None:
    made = pupils()
    made.run(f"generate double c = {outcome}", quietly=True)
    assert failure(made, f"mixed c {rest}").code == 459


def test_a_failure_leaves_the_last_estimates() -> None:
    made = pupils()
    first = coefficients(made, "mixed y x || unique:")
    failure(made, "mixed y i.x || unique:")
    np.testing.assert_array_equal(coefficients(made), first)
