"""``stcurve`` after ``mestreg``: numbers against integrals, what is written and drawn, mistakes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from statalike.session import Session
from tests.commands.mixed_sessions import failure, with_data


def times() -> Session:
    """Weibull times in groups, of a hazard that depends on x, with a third of them censored."""
    random = np.random.default_rng(4)
    g = np.repeat(np.arange(30), 4)
    x = random.integers(0, 2, len(g)).astype(float)
    z = random.normal(size=len(g))
    eta = -1.0 + 0.6 * x + 0.3 * z + 0.7 * random.normal(size=30)[g]
    t = (random.exponential(size=len(g)) / np.exp(eta)) ** (1.0 / 1.4)
    limit = random.uniform(0.5, 4.0, len(g))
    made = with_data(
        t=np.minimum(t, limit), d=(t <= limit).astype(float), x=x, z=z, g=g.astype(float)
    )
    made.run("stset t, failure(d)\nmestreg x z || g: x, distribution(weibull)", quietly=True)
    return made


def written(made: Session, command: str, tmp_path: Path) -> Session:
    """A session with the file that ``outfile()`` of a command wrote."""
    path = tmp_path / "curve.dta"
    made.output(f"{command} nodraw outfile({path}, replace)")
    other = Session()
    other.run(f"use {path}", quietly=True)
    return other


@pytest.mark.parametrize("options", ["", "fixedonly"])
def test_functions_are_those_of_the_model(options: str, tmp_path: Path) -> None:
    made = times()
    b = made.state.e.matrices["b"].values[0]
    p, spread = np.exp(b[3]), np.sqrt(b[4] + b[5])
    predictor = b[0] + b[1] * made.state.data.numbers("z").mean() + b[2]

    def expected(of_eta: object, t: float) -> float:
        assert callable(of_eta)
        if options:
            return float(of_eta(predictor))
        return quad(lambda v: of_eta(predictor + spread * v) * norm.pdf(v), -9.0, 9.0)[0]

    curves = {}
    for function, stem in (("survival", "surv"), ("hazard", "haz"), ("cumhaz", "cumhaz")):
        found = written(made, f"stcurve, {function} at(x=1) {options} range(0.5 2)", tmp_path)
        assert found.state.data.names == [f"{stem}1", "_t"] and found.state.data.n == 101
        curves[function] = found.state.data.numbers(f"{stem}1")
    grid = np.linspace(0.5, 2.0, 101)
    for k in (0, 40, 100):
        t = grid[k]
        survivor = expected(lambda eta: np.exp(-np.exp(eta) * t**p), t)  # noqa: B023
        density = expected(
            lambda eta: p * t ** (p - 1) * np.exp(eta - np.exp(eta) * t**p),  # noqa: B023
            t,
        )
        assert curves["survival"][k] == pytest.approx(survivor, rel=1e-6)
        assert curves["hazard"][k] == pytest.approx(density / survivor, rel=1e-6)
        assert curves["cumhaz"][k] == pytest.approx(-np.log(survivor), rel=1e-6)


def test_curves_of_several_groups_are_drawn_with_a_legend(tmp_path: Path) -> None:
    made = times()
    printed = made.output("stcurve, surv at1(x=0) at2(x=1) at(z=0) nodraw")
    assert "(option unconditional assumed)" in printed
    graph = made.state.memory.graphs["Graph"]
    layers = graph.panels[0].layers
    assert [layer.key for layer in layers] == ["x=0", "x=1"]
    assert layers[0].data["y"][0] == 1.0 and np.all(
        layers[0].data["y"][1:] >= layers[1].data["y"][1:]
    )
    assert layers[0].data["x"][-1] == made.state.data.numbers("_t").max()


def test_mistakes() -> None:
    made = times()
    for code, options in (
        (198, ""),
        (198, "survival hazard"),
        (198, "survival unconditional fixedonly"),
        (198, "survival range(2 1)"),
        (198, "survival cif"),
        (111, "survival at(nosuch=1)"),
        (111, "survival at(t=1)"),
    ):
        assert failure(made, f"stcurve, {options}").code == code
    made.run("mepoisson d x || g:", quietly=True)
    assert failure(made, "stcurve, survival").code == 301
