"""``mixed, residuals()``: reference output, names in e(), predictions, refused requests."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.session import Session
from tests.commands.mixed_sessions import column, with_data
from tests.commands.reference_logs import disagreements
from tests.commands.test_mixed import failure
from tests.shared import needs_shared


@needs_shared
@pytest.mark.parametrize(
    "case",
    [
        "mixed/08-independent-residuals-by-group",
        "mixed/09-autoregressive-residuals",
        "mixed/10-unstructured-and-exponential-residuals",
    ],
)
def test_reference(case: str) -> None:
    assert not disagreements(case, leave_out=("describe",))


def visits(*, shuffled: bool = True) -> Session:
    """40 people at some of the times 1, 2, 4, 5; ``g`` is 1 or 2 and varies between people only,
    ``a`` within them; ``clinic`` holds four people.
    """
    rng = np.random.default_rng(11)
    rows: list[tuple[int, int]] = []
    for person in range(40):
        rows += [(person, t) for t in (1, 2, 4, 5) if rng.random() < 0.85 or t == 1]
    person, time = np.array(rows).T
    n = len(rows)
    errors = np.zeros(n)
    for i in range(40):
        own = person == i
        lags = np.abs(time[own][:, None] - time[own][None, :])
        errors[own] = np.linalg.cholesky(0.7**lags) @ rng.normal(size=own.sum())
    g = 1.0 + person % 2
    x = rng.normal(size=n)
    y = 1 + x + errors * g + rng.normal(size=10)[person // 4]
    order = rng.permutation(n) if shuffled else np.arange(n)
    columns = {
        "y": y, "x": x, "id": person + 1.0, "t": time, "g": g, "clinic": 1.0 + person // 4,
        "a": rng.integers(0, 3, n), "half": time + 0.5,
    }  # fmt: skip
    return with_data(**{name: np.asarray(c, dtype=float)[order] for name, c in columns.items()})


def printed(made: Session, command: str) -> str:
    return made.output(command)


def names(made: Session) -> list[str]:
    return [stripe.equation for stripe in made.state.e.matrices["b"].columns][2:]


MARGINAL = "mixed y x || id:, noconstant nolog"
RANDOM = "mixed y x || clinic: || id:, noconstant nolog"

STRUCTURES = {
    "independent, by(a)": (["r_lns2ose", "r_lns3ose"], "Residual: Independent,", 2),
    "exchangeable": (["r_atr1"], "Residual: Exchangeable", 1),
    "ar, t(t)": (["r_atr1"], "Residual: AR(1)", 1),
    "ar 2, t(t)": (["r_phi1_1", "r_phi1_2"], "Residual: AR(2)", 2),
    "ar1, t(t) by(g)": (["r_lns2ose", "r_atr1", "r_atr2"], "Residual: AR(1),", 3),
    "ma, t(t)": (["r_theta1_1"], "Residual: MA(1)", 1),
    "exponential, t(half)": (["r_logitr1"], "Residual: Exponential", 1),
    "toeplitz 3, t(t)": (["r_atr1_1", "r_atr1_2", "r_atr1_3"], "Residual: Toeplitz(3)", 3),
    "banded 1, t(t)": (
        ["r_lns2ose", "r_lns3ose", "r_lns4ose", "r_atr1_2", "r_atr2_3", "r_atr3_4"],
        "Residual: Banded(1)",
        6,
    ),
    "un, t(t)": (
        [*(f"r_lns{i}ose" for i in (2, 3, 4)),
         *(f"r_atr{p}" for p in ("1_2", "1_3", "1_4", "2_3", "2_4", "3_4"))],
        "Residual: Unstructured",
        9,
    ),
}  # fmt: skip

structures = pytest.mark.parametrize("option", STRUCTURES)


@structures
def test_names_and_counts(option: str) -> None:
    made = visits()
    text = printed(made, f"{MARGINAL} residuals({option})")
    expected, heading, df = STRUCTURES[option]
    assert names(made) == ["lnsig_e", *expected]
    assert heading in text
    assert "(empty)" in text
    e = made.state.e
    assert e.scalars["converged"] == 1
    assert e.scalars["k_res"] == df + 1
    assert e.scalars["df_c"] == df
    assert (e.scalars["k_rs"], e.scalars["k_rc"]) == (0, 0)
    assert f"LR test vs. linear model: chi2({df}) =" in text
    assert "not on the" in text


@structures
def test_replay_prints_the_same(option: str) -> None:
    made = visits()
    first = printed(made, f"{RANDOM} residuals({option})")
    assert printed(made, "mixed") == first
    assert "LR test is conservative" in first


@structures
def test_marginal_covariance_and_standardised_residuals(option: str) -> None:
    """``estat wcorrelation`` gives R, with which standardised residuals have length e'R^-1 e."""
    made = visits()
    made.run(f"{RANDOM} residuals({option})", quietly=True)
    made.run("predict double e, residuals\npredict double s, rstandard", quietly=True)
    for person in (1, 2):
        made.run(f"estat wcorrelation, at(id={person}) covariance", quietly=True)
        r = made.state.r.matrices
        R, total = r["R"].values, r["Cov"].values
        shared = r["Z"].values @ r["G"].values @ r["Z"].values.T
        np.testing.assert_allclose(total, shared + R, atol=1e-10)
        rows = column(made, "id") == person
        e, s = column(made, "e")[rows], column(made, "s")[rows]
        np.testing.assert_allclose(s @ s, e @ np.linalg.solve(R, e), rtol=1e-8)
        spread = np.exp(2 * made.state.e.matrices["b"].values[0, 3])
        if "by" not in option and "un" not in option and "ban" not in option:
            np.testing.assert_allclose(np.diag(R), spread)


def test_predictions_of_a_random_intercept_beside_autoregression() -> None:
    made = visits()
    made.run("mixed y x || clinic: || id:, nocons residuals(ar 1, t(t)) reml nolog", quietly=True)
    made.run("predict double u*, reffects reses(se*)", quietly=True)
    b = made.state.e.matrices["b"].values[0]
    tau, s2, rho = np.exp(2 * b[2]), np.exp(2 * b[3]), np.tanh(b[4])
    clinic, person, t = column(made, "clinic"), column(made, "id"), column(made, "t")
    same = clinic[:, None] == clinic[None, :]
    lags = np.abs(t[:, None] - t[None, :])
    own = person[:, None] == person[None, :]
    V = tau * same + s2 * np.where(own, rho**lags, 0.0)
    X = np.column_stack([column(made, "x"), np.ones(len(t))])
    inverse = np.linalg.inv(V)
    W = np.linalg.inv(X.T @ inverse @ X)
    residual = column(made, "y") - X @ b[:2]
    np.testing.assert_allclose(W @ X.T @ inverse @ column(made, "y"), b[:2], rtol=1e-6)
    np.testing.assert_allclose(column(made, "u1"), tau * same @ inverse @ residual, atol=1e-8)
    P = inverse - inverse @ X @ W @ X.T @ inverse
    errors = np.sqrt(tau - np.einsum("ij,jk,ik->i", tau * same, P, tau * same))
    np.testing.assert_allclose(column(made, "se1"), errors, atol=1e-8)


def test_order_of_rows_does_not_matter() -> None:
    values = []
    for shuffled in (True, False):
        made = visits(shuffled=shuffled)
        made.run(f"{RANDOM} residuals(ar 2, t(t) by(g))", quietly=True)
        values.append(made.state.e.matrices["b"].values)
    np.testing.assert_allclose(values[0], values[1], atol=1e-4)


def test_by_levels_are_shown_with_their_labels() -> None:
    made = visits()
    made.run('label define sex 1 "men" 2 "women"\nlabel values g sex', quietly=True)
    text = printed(made, f"{MARGINAL} residuals(ar 1, t(t) by(g))")
    lines = [line.partition("|")[0].strip() for line in text.splitlines() if "|" in line]
    start = lines.index("Residual: AR(1),")
    expected = ["by g", "men: rho", "men: var(e)", "women: rho", "women: var(e)"]
    assert lines[start + 1 : start + 6] == expected
    assert made.state.e.macros["rglabels"] == '"men" "women"'
    assert made.state.e.macros["rbyvar"] == "g"
    assert made.state.e.scalars["nrgroups"] == 2
    assert printed(made, "mixed") == text


def test_variances_by_level_are_products() -> None:
    made = visits()
    made.run(f"{MARGINAL} residuals(independent, by(g))", quietly=True)
    b = made.state.e.matrices["b"].values[0]
    text = printed(made, "estat sd, variance")
    shown = [line.split("|")[1].split()[0] for line in text.splitlines() if "var(e)" in line]
    expected = np.exp(2 * np.array([b[2], b[2] + b[3]]))
    np.testing.assert_allclose([float(x) for x in shown], expected, rtol=1e-5)


def test_standard_deviations_and_correlations() -> None:
    made = visits()
    made.run(f"{MARGINAL} residuals(un, t(t))", quietly=True)
    text = printed(made, "estat sd")
    for name in ("sd(e1)", "sd(e5)", "corr(e1,e2)", "corr(e4,e5)"):
        assert name in text
    found = made.state.r.matrices["b"]
    assert str(found.columns[2]) == "Residual:sd(e1)"
    b = made.state.e.matrices["b"].values[0]
    np.testing.assert_allclose(found.values[0, 2:6], np.exp(b[2] + np.append(0, b[3:6])))
    np.testing.assert_allclose(found.values[0, 6:], np.tanh(b[6:]))


def test_delta_method() -> None:
    """Standard errors of covariances from e(V), the derivatives by differences."""
    made = visits()
    made.run(f"{MARGINAL} residuals(exchangeable)", quietly=True)
    made.run("estat sd, variance", quietly=True)
    e = made.state.e
    b, V = e.matrices["b"].values[0, 2:], e.matrices["V"].values[2:, 2:]

    def covariance(x: np.ndarray) -> float:
        return float(np.exp(2 * x[0]) * np.tanh(x[1]))

    h = 1e-6 * np.eye(2)
    slope = np.array([(covariance(b + m) - covariance(b - m)) / 2e-6 for m in h])
    r = made.state.r.matrices
    assert r["b"].values[0, -1] == pytest.approx(covariance(b))
    assert r["V"].values[-1, -1] == pytest.approx(slope @ V @ slope, rel=1e-6)


def test_the_default_structure_is_no_structure() -> None:
    made = visits()
    plain = printed(made, "mixed y x || id:, nolog")
    assert printed(made, "mixed y x || id:, residuals(independent) nolog") == plain
    assert made.state.e.macros["rstructure"] == "independent"
    assert "resopt" not in made.state.e.macros


def test_stored_results() -> None:
    made = visits()
    made.run(f"{RANDOM} residuals(toeplitz, t(t))", quietly=True)
    e = made.state.e
    assert e.macros["rstructure"] == "toeplitz"
    assert e.macros["rstructlab"] == "Toeplitz(4)"
    assert e.macros["timevar"] == "t"
    assert e.scalars["res_order"] == 4
    np.testing.assert_array_equal(e.matrices["tmap"].values, [[1, 2, 3, 4]])
    made.run(f"{RANDOM} residuals(ar 2, t(t))", quietly=True)
    assert made.state.e.scalars["ar_p"] == 2
    made.run(f"{RANDOM} residuals(ma, t(t))", quietly=True)
    assert made.state.e.scalars["ma_q"] == 1


def test_observations_without_a_time_are_left_out() -> None:
    made = visits()
    made.run("replace t = . if id == 3", quietly=True)
    made.run(f"{MARGINAL} residuals(ar 1, t(t))", quietly=True)
    assert made.state.e.scalars["N"] == np.sum(column(made, "id") != 3)


REFUSED = [
    ("residuals(ar 1)", 198, "option t() required"),
    ("residuals(unstructured)", 198, "option t() required"),
    ("residuals(foo, t(t))", 198, "foo not allowed"),
    ("residuals(ar 0, t(t))", 198, "at least 1"),
    ("residuals(ma -1, t(t))", 198, "at least 1"),
    ("residuals(exchangeable 2)", 198, "does not take an order"),
    ("residuals(banded 4, t(t))", 198, "between 0 and 3"),
    ("residuals(toeplitz 5, t(t))", 198, "between 1 and 4"),
    ("residuals(ar 1, t(t) with(g))", 198, "with not allowed"),
    ("residuals(ar 1, t(half))", 459, "integer"),
    ("residuals(un, t(half))", 459, "integer"),
    ("residuals(un, t(negative))", 459, "nonnegative"),
    ("residuals(un, t(g))", 451, "repeated"),
    ("residuals(exponential, t(g))", 451, "repeated"),
    ("residuals(ar 1, t(t) by(a))", 459, "not constant"),
    ("residuals(exchangeable, by(a))", 459, "not constant"),
    ("residuals(ar 1, t(nothing))", 111, "nothing"),
    ("residuals(ar 1, t(t)) emonly", 198, "emonly"),
    ("residuals(ar 1, t(t)) nostderr", 198, "nostderr"),
]


@pytest.mark.parametrize(("option", "code", "words"), REFUSED)
def test_refused(option: str, code: int, words: str) -> None:
    made = visits()
    made.run("generate negative = t - 2", quietly=True)
    error = failure(made, f"{MARGINAL} {option}")
    assert error.code == code
    assert words in error.message


def test_refused_without_groups_and_after() -> None:
    made = visits()
    assert failure(made, "mixed y x, residuals(ar 1, t(t))").code == 198
    made.run("mixed y x || id:, residuals(ar 1, t(t))", quietly=True)
    assert failure(made, "estat icc").code == 321
