"""Models of one level against statsmodels, their output, and what follows them."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.typed import session, small

DATA = """
clear
set seed 12
set obs 300
generate x = rnormal()
generate byte g = 1 + mod(_n, 3)
generate id = ceil(_n / 10)
generate y = runiform() < invlogit(.3 + .8 * x - .5 * (g == 2))
generate n = rpoisson(exp(.5 + .4 * x) * rgamma(2, .5))
generate byte o = 1 + (x + rlogistic() > -1) + (x + rlogistic() > 1)
generate t = 1 + mod(_n, 4)
"""


@pytest.fixture(scope="module")
def made() -> Session:
    return session(DATA)


def design(made: Session) -> np.ndarray:
    data = made.data
    return np.column_stack([data["x"], data["g"] == 2, data["g"] == 3, np.ones(len(data))]).astype(
        float
    )


def coefficients(made: Session) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors of what was estimated."""
    b = made.state.e.matrices["b"].values[0]
    se = np.sqrt(np.diag(made.state.e.matrices["V"].values))
    return b[se > 0], se[se > 0]


BINARY = {"logit": sm.families.links.Logit, "probit": sm.families.links.Probit}


@pytest.mark.parametrize("name", ["logit", "probit"])
def test_binary_outcomes(made: Session, name: str) -> None:
    made.run(f"{name} y x i.g", quietly=True)
    family = sm.families.Binomial(BINARY[name]())
    expected = sm.GLM(made.data["y"], design(made), family=family).fit(tol=1e-12)
    b, _ = coefficients(made)
    assert b == pytest.approx(expected.params.to_numpy(), rel=1e-6)
    assert made.e["ll"] == pytest.approx(expected.llf)
    assert made.e["ll_0"] == pytest.approx(expected.llnull)
    assert made.e["chi2"] == pytest.approx(2 * (expected.llf - expected.llnull))


def test_standard_errors_of_logit(made: Session) -> None:
    made.run("logit y x i.g", quietly=True)
    model = sm.Logit(made.data["y"], design(made))
    expected = model.fit(disp=0, tol=1e-12)
    assert coefficients(made)[1] == pytest.approx(expected.bse.to_numpy(), rel=1e-5)
    made.run("logit y x i.g, vce(cluster id)", quietly=True)
    groups = {"groups": made.data["id"], "use_correction": False, "df_correction": False}
    clustered = model.fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds=groups)
    clusters = 30
    factor = np.sqrt(clusters / (clusters - 1))
    assert coefficients(made)[1] == pytest.approx(factor * clustered.bse.to_numpy(), rel=1e-5)
    assert made.e["N_clust"] == clusters


def test_counts(made: Session) -> None:
    made.run("poisson n x i.g, exposure(t)", quietly=True)
    offset = np.log(made.data["t"].to_numpy())
    expected = sm.GLM(
        made.data["n"], design(made), family=sm.families.Poisson(), offset=offset
    ).fit(tol=1e-12)
    b, se = coefficients(made)
    assert b == pytest.approx(expected.params.to_numpy(), rel=1e-6)
    assert se == pytest.approx(expected.bse.to_numpy(), rel=1e-5)
    made.run("nbreg n x i.g", quietly=True)
    model = sm.NegativeBinomial(made.data["n"], design(made))
    overdispersed = model.fit(disp=0, maxiter=500, method="newton")
    b, _ = coefficients(made)
    assert made.e["ll"] == pytest.approx(overdispersed.llf, rel=1e-8)
    assert np.exp(b[-1]) == pytest.approx(overdispersed.params.iloc[-1], rel=1e-4)
    assert made.state.e.scalars["chi2_c"] > 0


@pytest.mark.parametrize(("name", "distribution"), [("ologit", "logit"), ("oprobit", "probit")])
def test_ordered_categories(made: Session, name: str, distribution: str) -> None:
    made.run(f"{name} o x", quietly=True)
    model = OrderedModel(made.data["o"], made.data[["x"]], distr=distribution)
    expected = model.fit(disp=0, method="newton", maxiter=100)
    b, _ = coefficients(made)
    cuts = model.transform_threshold_params(expected.params)[1:-1]
    assert b == pytest.approx([expected.params.iloc[0], *cuts], rel=1e-5)
    made.run("predict p1 p2 p3\ngenerate total = p1 + p2 + p3", quietly=True)
    assert made.data["total"].to_numpy() == pytest.approx(1, rel=1e-6)
    made.run("drop p1 p2 p3 total", quietly=True)


def test_weights_stand_for_copies(made: Session) -> None:
    made.run("logit y x [fweight = t]", quietly=True)
    weighted = coefficients(made)
    assert made.e["N"] == made.data["t"].sum()
    made.run("preserve\nexpand t\nlogit y x\nrestore", quietly=True)
    for mine, theirs in zip(weighted, coefficients(made), strict=True):
        assert mine == pytest.approx(theirs)


def test_complementary_log_log_is_meglm_without_effects(made: Session) -> None:
    made.run("cloglog y x", quietly=True)
    first = coefficients(made)
    made.run("meglm y x, family(bernoulli) link(cloglog)", quietly=True)
    assert first[0] == pytest.approx(coefficients(made)[0], rel=1e-5)


def test_what_logit_shows(made: Session) -> None:
    """The layout of [R] logit: iterations from the constant-only model, header, table."""
    shown = made.output("logit y x").splitlines()
    assert shown[1].startswith("Iteration 0:  Log likelihood = ")
    head = next(k for k, row in enumerate(shown) if row.startswith("Logistic regression"))
    assert shown[head] == "Logistic regression" + " " * 37 + "Number of obs =    300"
    assert shown[head + 1].strip().startswith("LR chi2(1)    =")
    assert shown[head + 3].startswith("Log likelihood = -")
    assert "Pseudo R2     = 0." in shown[head + 3]
    assert "           y | Coefficient  Std. err.      z    P>|z|" in "\n".join(shown)
    assert "Odds ratio" in made.output("logit, or")
    assert "Odds ratio" in made.output("logistic y x")
    assert "Odds ratio" not in made.output("logistic, coef")


def test_predictions(made: Session) -> None:
    made.run("logit y x\npredict double p\npredict double l, xb", quietly=True)
    data = made.data
    assert data["p"].to_numpy() == pytest.approx(1 / (1 + np.exp(-data["l"].to_numpy())))
    made.run("drop p l", quietly=True)


ERRORS = [
    ("logit", "last estimates not found", 301),
    ("logit nosuch", "variable nosuch not found", 111),
    ("logit name x", None, 109),
    ("logit group x", None, 2000),
    ("logit x id if id > 100", "no observations", 2000),
    ("logit group x, foo", "option foo not allowed", 198),
    ("logit group x, constraints(1)", "option constraints not yet supported", 198),
    ("logit group x, vce(bootstrap)", None, 198),
    ("nbreg id x, dispersion(foo)", "dispersion(foo) not allowed", 198),
    ("ologit group x, noconstant", "option noconstant not allowed", 198),
]


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str | None, code: int) -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert caught.value.code == code
    assert message is None or caught.value.message == message
