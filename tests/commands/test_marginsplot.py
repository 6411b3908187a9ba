"""``marginsplot``: what it draws, as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.graphics.graph import Graph
from statalike.session import Session
from tests.commands.mixed_sessions import pupils


@pytest.fixture(scope="module")
def made() -> Session:
    session = pupils()
    session.run('label define b 0 "boys" 1 "girls"\nlabel values b b', quietly=True)
    session.run('label variable x "Hours"', quietly=True)
    session.run("mixed y c.x##i.b i.a || school:", quietly=True)
    return session


def drawn(made: Session, margins: str, options: str = "") -> Graph:
    made.run(margins, quietly=True)
    made.run(f"marginsplot, nodraw {options}", quietly=True)
    return made.state.memory.graphs["Graph"]


def test_profiles_of_a_factor(made: Session) -> None:
    graph = drawn(made, "margins b, at(x=(-1 0 2))")
    r = made.state.memory.margins
    assert r is not None
    values = r.matrices["b"].values[0]
    (panel,) = graph.panels
    kinds = [layer.kind for layer in panel.layers]
    assert kinds == ["range cap", "range cap", "connected", "connected"]
    boys, girls = panel.layers[2:]
    assert (boys.key, girls.key) == ("boys", "girls")
    np.testing.assert_array_equal(boys.data["x"], [-1, 0, 2])
    np.testing.assert_allclose(boys.data["y"], values[[0, 2, 4]])
    np.testing.assert_allclose(girls.data["y"], values[[1, 3, 5]])
    table = r.matrices["table"]
    limits = table.values[[row.name for row in table.rows].index("ll")]
    np.testing.assert_allclose(panel.layers[0].data["low"], limits[[0, 2, 4]])
    assert graph.titles["title"].lines == ("Predictive margins of b with 95% CIs",)
    assert graph.x.title.lines == ("Hours",)
    assert graph.y.title.lines == ("Linear prediction, fixed portion",)


def test_dimensions_are_told(made: Session) -> None:
    made.run("margins b, at(x=(0 1))", quietly=True)
    assert "Variables that uniquely identify margins: x b" in made.output("marginsplot, nodraw")


def test_dimensions_can_be_chosen(made: Session) -> None:
    graph = drawn(made, "margins b, at(x=(0 1))", "xdimension(b) bydimension(x) noci")
    assert [panel.subtitle.lines for panel in graph.panels] == [("x=0",), ("x=1",)]
    assert [layer.kind for layer in graph.panels[0].layers] == ["connected"]
    assert graph.x.labels.texts == ("boys", "girls")
    assert graph.titles["title"].lines == ("Predictive margins of b",)


def test_other_plots_and_looks(made: Session) -> None:
    graph = drawn(
        made,
        "margins b, at(x=(0 1))",
        "recast(line) recastci(rarea) ciopts(fcolor(red)) plot2opts(lcolor(blue)) horizontal "
        'plotdimension(b, labels("first")) title(Mine) level(90) addplot(scatter y x)',
    )
    layers = graph.panels[0].layers
    assert [layer.kind for layer in layers] == ["range area"] * 2 + ["line"] * 2 + ["scatter"]
    assert layers[0].style.fill == "red"
    assert (layers[2].style.line_color, layers[3].style.line_color) == ("", "blue")
    assert all(layer.horizontal for layer in layers[:4])
    assert (layers[2].key, layers[3].key) == ("first", "girls")
    assert graph.titles["title"].lines == ("Mine",)
    narrow, wide = layers[0].data, drawn(made, "margins b, at(x=(0 1))").panels[0].layers[0].data
    assert np.all(narrow["low"] > wide["low"])


def test_effects(made: Session) -> None:
    graph = drawn(made, "margins, dydx(x a)")
    assert graph.x.labels.texts == ("x", "2.a", "3.a")
    assert graph.y.title.lines == ("Effects on linear prediction, fixed portion",)
    graph = drawn(made, "margins, dydx(x) over(b)")
    assert graph.titles["title"].lines == ("Average marginal effects of x with 95% CIs",)
    assert graph.x.labels.texts == ("boys", "girls")


def test_points_that_do_not_differ_in_values(made: Session) -> None:
    made.run("margins, at(x=1) at((asobserved) _all)", quietly=True)
    assert "margins: _atopt" in made.output("marginsplot, nodraw")


def test_comparisons(made: Session) -> None:
    graph = drawn(made, "margins r.b, at(x=(0 1 2))")
    np.testing.assert_array_equal(graph.panels[0].layers[-1].data["x"], [0, 1, 2])
    assert graph.titles["title"].lines[0].startswith("Contrasts of predictive margins")
    graph = drawn(made, "margins a, pwcompare")
    assert graph.x.labels.texts == ("2 vs 1", "3 vs 1", "3 vs 2")
    graph = drawn(made, "margins r.b r.a")
    assert graph.x.labels.texts == ("girls vs boys", "2 vs 1", "3 vs 1")


def test_margins_are_kept_after_other_commands(made: Session) -> None:
    made.run("margins b", quietly=True)
    made.run("summarize y", quietly=True)
    made.run("marginsplot, nodraw", quietly=True)


def test_mistakes(made: Session) -> None:
    with pytest.raises(StataError) as caught:
        pupils().run("marginsplot", quietly=True)
    assert caught.value.code == 301
    made.run("margins b, at(x=(0 1))", quietly=True)
    for options in ("xdimension(z)", "xdimension(b) bydimension(b)", "recastci(line)", "foo"):
        with pytest.raises(StataError) as caught:
            made.run(f"marginsplot, nodraw {options}", quietly=True)
        assert caught.value.code == 198
