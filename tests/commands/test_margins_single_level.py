"""Margins after one-level models against averages of predictions and their differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.mixed_sessions import with_data


def session(command: str) -> Session:
    random = np.random.default_rng(5)
    x, a = random.normal(size=300), random.integers(0, 3, 300).astype(float)
    y = (random.random(300) < expit(0.4 * x + 0.5 * (a == 1))).astype(float)
    c = random.poisson(np.exp(0.3 * x + 0.2 * a)).astype(float)
    made = with_data(y=y, c=c, x=x, a=a, k=np.clip(c, 0.0, 2.0))
    made.run(command)
    return made


def margins(made: Session, command: str) -> tuple[np.ndarray, np.ndarray]:
    made.output(command)
    results = made.state.r
    return results.matrices["b"].values[0], results.matrices["V"].values


def averages(made: Session, b: np.ndarray, count: bool) -> np.ndarray:
    """The average mean with a at 0, 1 and 2."""
    x = made.state.data.numbers("x")
    mean = np.exp if count else expit
    return np.array(
        [np.mean(mean(b[1] * (a == 1) + b[2] * (a == 2) + b[3] * x + b[4])) for a in range(3)]
    )


@pytest.mark.parametrize("command", ["logit y i.a x", "poisson c i.a x"])
def test_margins_are_averages_with_errors_by_the_delta_method(command: str) -> None:
    made = session(command)
    b = made.state.e.matrices["b"].values[0].copy()
    V = made.state.e.matrices["V"].values.copy()
    found, covariance = margins(made, "margins a")
    count = command.startswith("poisson")
    np.testing.assert_allclose(found, averages(made, b, count), rtol=1e-12)
    step = 1e-5 * np.eye(len(b))
    jacobian = np.array(
        [(averages(made, b + h, count) - averages(made, b - h, count)) / 2e-5 for h in step]
    ).T
    np.testing.assert_allclose(covariance, jacobian @ V @ jacobian.T, rtol=1e-6)


def test_marginal_effects_agree_with_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    made = session("logit y x")
    data = made.state.data
    theirs = api.Logit(data.numbers("y"), api.add_constant(data.numbers("x"))).fit(disp=0)
    effects = theirs.get_margeff()
    found, covariance = margins(made, "margins, dydx(x)")
    np.testing.assert_allclose(found, effects.margeff, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(covariance[0]), effects.margeff_se, rtol=1e-5)


def test_labels_and_categories() -> None:
    assert "Expression: Pr(y), predict()" in session("probit y x").output("margins")
    assert "Predicted number of events, predict()" in session("nbreg c x").output("margins")
    made = session("ologit k i.a x")
    assert "2._predict: Pr(k==1), predict(pr outcome(1))" in made.output("margins a")
    found, _ = margins(made, "margins")
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    with pytest.raises(StataError) as caught:
        made.output("margins, predict(marginal)")
    assert caught.value.code == 322
