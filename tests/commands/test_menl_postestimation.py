"""After ``menl``: predictions from first principles, variance components in other metrics."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.session import Session
from tests.commands.mixed_sessions import failure
from tests.commands.orange_trees import CURVE, orange_trees


@pytest.fixture(scope="module")
def fitted() -> Session:
    return orange_trees(f"menl {CURVE}")


def test_predictions_agree_with_the_model(fitted: Session) -> None:
    """The mean, its parts and what is left, written out with the predicted random effects."""
    made = fitted
    for command in (
        "predict double u, reffects reses(se)",
        "predict double mean",
        "predict double typical, fixedonly",
        "predict double left, residuals",
        "predict double standardised, rstandard",
        "predict double (size = {phi1:})",
        "predict double all*, parameters",
        "predict double down, relevel(tree)",
    ):
        made.run(command)
    b = made.state.e.matrices["b"].values[0]
    column = made.state.data.numbers
    shape = 1 / (1 + np.exp(-(column("age") - b[1]) / b[2]))
    np.testing.assert_allclose(column("size"), b[0] + column("u"), rtol=1e-12)
    np.testing.assert_allclose(column("all1"), column("size"))
    np.testing.assert_allclose(column("mean"), column("size") * shape, rtol=1e-12)
    np.testing.assert_allclose(column("down"), column("mean"))
    np.testing.assert_allclose(column("typical"), b[0] * shape, rtol=1e-12)
    np.testing.assert_allclose(column("left"), column("circumf") - column("mean"), atol=1e-12)
    np.testing.assert_allclose(column("standardised"), column("left") / np.exp(b[4]), atol=1e-10)
    # The mode of each tree's effect: the residual it is drawn to, shrunken.
    tree = column("tree")
    ratio = np.exp(2 * (b[4] - b[3]))
    for number in range(1, 6):
        own = tree == number
        left = column("circumf")[own] - b[0] * shape[own]
        mode = shape[own] @ left / (shape[own] @ shape[own] + ratio)
        assert column("u")[own] == pytest.approx(np.full(7, mode), rel=1e-6)
    assert made.state.data.variable("u").label == "BLUP r.e. for U1[tree]"


def test_effects_reach_observations_outside_the_sample() -> None:
    made = orange_trees(
        f"menl {CURVE[: CURVE.index(',')]} if age < 1500{CURVE[CURVE.index(',') :]}"
    )
    made.run("predict double mean")
    made.run("predict double standardised, rstandard")
    outside = made.state.data.numbers("age") > 1500
    assert (made.state.data.numbers("mean") < 1e300).all()
    assert ((made.state.data.numbers("standardised") > 1e300) == outside).all()


def test_components_as_standard_deviations() -> None:
    made = orange_trees(f"menl {CURVE}")
    assert "31.48" in made.output("estat sd")
    assert made.state.r.matrices["b"].values[0, 3] == pytest.approx(31.48256, rel=1e-5)
    assert "991.15" in made.output("estat recovariance")
    assert "Path" in made.output("estat group")
    legend = made.output("estat sd, post variance coeflegend")
    assert "_b[/tree:var(U1)]" in legend
    assert made.state.e.macros["cmd"] == "estat sd"
    assert "991.15" in made.output("display _b[/tree:var(U1)]")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("predict a, xb", 198),
        ("predict (a = {nosuch:})", 111),
        ("predict a b, reffects", 103),
        ("predict a, yhat residuals", 198),
        ("predict a, fixedonly relevel(tree)", 198),
        ("predict a, relevel(age)", 198),
        ("predict a, reses(b)", 198),
        ("predict a, parameters(nosuch)", 111),
        ("estat icc", 321),
    ],
)
def test_bad_requests(fitted: Session, command: str, code: int) -> None:
    assert failure(fitted, command).code == code
