"""``xtreg`` on Grunfeld's data, whose estimates are in Baltagi (2013), Table 2.1."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from statalike.engine.linear.panel_regression import random_effects_fit, within_fit
from statalike.errors import StataError
from statalike.session import Session
from tests.commands.typed import session, small
from tests.shared import needs_shared, shared_path


@pytest.fixture(scope="module")
def grunfeld() -> Session:
    """Ten firms over twenty years."""
    data = sm.datasets.grunfeld.load_pandas().data
    data = data[data["firm"] != "American Steel"]
    made = session()
    for name in ("invest", "value", "capital", "year"):
        made.state.data.add(name, data[name].to_numpy(dtype=float))
    made.state.data.add("firm", np.unique(data["firm"], return_inverse=True)[1] + 1.0)
    made.run("xtset firm year", quietly=True)
    return made


PUBLISHED = {
    "fe": ((0.1101238, 0.3100653, -58.74393), (0.0118567, 0.0173545, 12.45369)),
    "be": ((0.1346461, 0.0320315, -8.527114), (0.0287455, 0.1909378, 47.51531)),
    "re": ((0.1097811, 0.308113, -57.83441), (0.0104927, 0.0171805, 28.89893)),
}


@pytest.mark.parametrize("model", ["fe", "be", "re"])
def test_published_estimates(grunfeld: Session, model: str) -> None:
    grunfeld.run(f"xtreg invest value capital, {model}", quietly=True)
    results = grunfeld.state.e
    coefficients, errors = PUBLISHED[model]
    assert results.matrices["b"].values[0] == pytest.approx(coefficients, rel=5e-6)
    assert np.sqrt(np.diag(results.matrices["V"].values)) == pytest.approx(errors, rel=5e-6)


def test_published_variances_and_tests(grunfeld: Session) -> None:
    grunfeld.run("xtreg invest value capital, fe", quietly=True)
    scalars = grunfeld.state.e.scalars
    assert scalars["sigma_u"] == pytest.approx(85.732501, rel=1e-7)
    assert scalars["sigma_e"] == pytest.approx(52.767964, rel=1e-7)
    assert scalars["F_f"] == pytest.approx(49.18, abs=0.005)
    assert scalars["F"] == pytest.approx(309.01, abs=0.005)
    assert scalars["corr"] == pytest.approx(-0.1517, abs=5e-5)
    found = (scalars["r2_w"], scalars["r2_b"], scalars["r2_o"])
    assert found == pytest.approx((0.7668, 0.8194, 0.8060), abs=5e-5)
    grunfeld.run("xtreg invest value capital", quietly=True)
    assert grunfeld.state.e.scalars["sigma_u"] == pytest.approx(84.20095, rel=1e-6)
    assert grunfeld.state.e.scalars["chi2"] == pytest.approx(657.67, abs=0.005)
    assert grunfeld.state.e.matrices["theta"].values[0, 0] == pytest.approx(0.86122362)


def test_fixed_effects_are_regression_on_indicators(grunfeld: Session) -> None:
    grunfeld.run("xtreg invest value capital, fe vce(robust)", quietly=True)
    within = grunfeld.state.e.matrices["b"].values[0, :2].copy()
    error = np.sqrt(np.diag(grunfeld.state.e.matrices["V"].values))[:2]
    data = grunfeld.data
    dummies = np.eye(10)[data["firm"].to_numpy(dtype=int) - 1]
    design = np.column_stack([data[["value", "capital"]], dummies])
    clusters = {"groups": data["firm"], "use_correction": False, "df_correction": False}
    expected = sm.OLS(data["invest"], design).fit(cov_type="cluster", cov_kwds=clusters)
    assert within == pytest.approx(expected.params.to_numpy()[:2])
    factor = np.sqrt(10 / 9 * 199 / 197)
    assert error == pytest.approx(factor * expected.bse.to_numpy()[:2])
    assert grunfeld.e["df_r"] == 9


def test_random_effects_without_variation_between_groups_are_least_squares() -> None:
    generator = np.random.default_rng(3)
    groups = np.repeat(np.arange(30), 4)
    x = generator.normal(size=(120, 1))
    y = x[:, 0] + generator.normal(size=120)
    y -= np.bincount(groups, weights=y - x[:, 0])[groups] / 4
    fit = random_effects_fit(y, x, groups)
    assert fit.sigma_u == 0
    pooled = np.linalg.lstsq(np.column_stack([x, np.ones(120)]), y)[0]
    assert fit.fit.coefficients == pytest.approx(pooled)
    assert within_fit(y, x, groups).residual_df == 120 - 30 - 1


@needs_shared
def test_the_layout_of_robust_fixed_effects(grunfeld: Session) -> None:
    """Every line of the layout's header and components is there with other numbers."""
    shown = grunfeld.output("xtreg invest value capital, fe vce(robust)").splitlines()
    layout = shared_path("conformance", "layout", "xtreg-1.txt").read_text("utf-8").splitlines()
    first = next(k for k, row in enumerate(layout) if row.startswith("Fixed-effects"))

    def skeleton(row: str) -> str:
        return "".join("#" if mark.isdigit() else mark for mark in row)

    for row in layout[first + 2 : first + 7]:
        place = row.find("=")
        assert any(skeleton(mine)[: place + 1] == skeleton(row)[: place + 1] for mine in shown)
    assert "R-squared:                                      Obs per group:" in shown
    assert any(row.startswith("     sigma_u |  ") for row in shown)
    assert any(row.endswith("   (fraction of variance due to u_i)") for row in shown)
    assert "(Std. err. adjusted for 10 clusters in firm)" in "\n".join(shown)
    assert all(len(row) <= 78 for row in shown)


def test_what_varies_within_panels_only_has_no_between_variance_to_explain() -> None:
    generator = np.random.default_rng(5)
    groups = np.repeat(np.arange(20), 5)
    x = np.tile(np.arange(5.0), 20)[:, None]
    y = x[:, 0] + generator.normal(size=20)[groups] + generator.normal(size=100)
    within, random = within_fit(y, x, groups), random_effects_fit(y, x, groups)
    assert random.fit.coefficients == pytest.approx(within.fit.coefficients)


def test_predictions(grunfeld: Session) -> None:
    grunfeld.run(
        "xtreg invest value capital, fe\npredict double f, xb\npredict double u, u\n"
        "predict double e, e\npredict double t, xbu\ngenerate double d = invest - f - u - e",
        quietly=True,
    )
    data = grunfeld.data
    assert np.abs(data["d"]).max() < 1e-9
    assert data.groupby("firm")["e"].mean().abs().max() < 1e-9
    assert (data["t"] - data["f"] - data["u"]).abs().max() < 1e-9
    grunfeld.run("drop f u e t d", quietly=True)


def test_what_does_not_vary_within_panels_is_left_out(grunfeld: Session) -> None:
    grunfeld.run("generate z = firm * 2", quietly=True)
    shown = grunfeld.output("xtreg invest value z, fe")
    assert "note: z omitted because of collinearity." in shown
    assert "           z |          0  (omitted)" in shown
    grunfeld.run("xtreg invest value z, re\ndrop z", quietly=True)


ERRORS = [
    ("xtreg", "last estimates not found", 301),
    ("xtreg x id", "must specify panelvar; use xtset", 459),
    ("xtreg x id, fe re i(group)", "options fe and re may not be combined", 198),
    ("xtreg x id, mle i(group)", "option mle not yet supported", 198),
    ("xtreg x id, be i(group) robust", "vcetype robust not allowed with be", 198),
    ("xtreg x id, fe i(group) vce(cluster id)", "panels are not nested within clusters", 498),
    ("xtreg x nosuch, i(group)", "variable nosuch not found", 111),
    ("xtreg name id, i(group)", None, 109),
    ("xtreg x id if id > 100, i(group)", "no observations", 2000),
    ("xtreg x id, be i(group)", "insufficient observations", 2001),
]


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str | None, code: int) -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert caught.value.code == code
    assert message is None or caught.value.message == message
