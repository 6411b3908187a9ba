"""Graph commands: what they accept, say, store and refuse."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from statalike import Session
from statalike.commands.graphics.finishing import draw_layers
from statalike.commands.graphics.twoway_options import AxisDefaults
from statalike.errors import StataError
from statalike.graphics.graph import Layer, Panel, Text
from tests.graphics.drawn import DATA, drawn, session


@pytest.fixture
def made() -> Session:
    return session()


def _fails(made: Session, command: str) -> StataError:
    with pytest.raises(StataError) as caught:
        made.run(command, quietly=True)
    return caught.value


#: the graph commands of the manual's own examples
MANUAL = [
    "twoway scatter pr_cond farm, ylabel(0(.1).8) xlabel(1(1)10)",
    "twoway line pr_cond res fitweight farm if group==1",
    "twoway connected fitweight week if id<=10, connect(L)",
    "qnorm res",
    "twoway connected weight fitweight week if id<=9, sort by(id) "
    'ytitle("Average leaf weight per plant (g)") legend(order(1 "observed" 2 "predicted"))',
    "twoway (scatter res week if girl, msymbol(S)) (scatter res week if !girl, msymbol(T)), "
    "yline(-2 2) xline(1/23, lwidth(vvthin) lpattern(dash)) xlabel(1/23) "
    'legend(label(1 "females") label(2 "males"))',
    'twoway connected fitweight week if id<=10, connect(L) ytitle("Predicted weight")',
    "twoway scatter weight week, connect(L) ylabel(#6 175)",
    "graph twoway (line weight week, connect(ascending)), by(girl) xtitle(Age in years) "
    "ytitle(Weight in kg)",
    "twoway connected weight week, connect(L) yline(175) xline(1582) "
    "yline(87.5, lpattern(dash)) xline(700, lpattern(dash)) "
    'yline(131.25, lpattern("-...")) xline(1000, lpattern("-...")) '
    "xlabel(0 118 484 700 1000 1372 1582) ylabel(#5 87.5 131.25 175)",
    "twoway connected weight week if girl==0 || connected weight week if girl==1 ||, "
    'by(id, rows(2)) legend(order(1 "Without guar" 2 "With guar"))',
    "scatter res fitweight",
    "histogram weight, normal",
]


@pytest.mark.parametrize("command", MANUAL)
def test_commands_of_the_manual_run_without_a_word(made: Session, command: str) -> None:
    made.run(
        "generate pr_cond = 1/(week + id)\ngenerate farm = week\ngenerate group = girl\n"
        "generate res = sin(_n)\ngenerate fitweight = weight + res",
        quietly=True,
    )
    said = made.output(command)
    assert said == "" if "histogram" not in command else said.startswith("(bin=")
    assert made.state.memory.current_graph == "Graph"


def test_rooms_do_not_import_matplotlib() -> None:
    import subprocess

    code = (
        "import sys; from statalike import Session; s = Session();"
        f"s.run({DATA!r}, quietly=True); s.run('scatter weight week', quietly=True);"
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_matplotlib_it_is_said_how_to_install_it(
    made: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    error = _fails(made, "scatter weight week")
    assert error.code == 199
    assert "pip install" in error.hint
    assert not made.state.memory.graphs


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("twoway", 100, "plot type and varlist required"),
        ("twoway nosuch weight week", 198, "nosuch is not a twoway plot type"),
        ("scatter", 100, "varlist required"),
        ("scatter weight", 102, "too few variables specified"),
        ("scatter weight nosuch", 111, "variable nosuch not found"),
        ("twoway rcap low high", 102, "too few variables specified"),
        ("scatter weight week if id > 9", 2000, "no observations"),
        ("scatter weight week, nosuch(1)", 198, "option nosuch() not allowed"),
        ("scatter weight week, msymbol(Q)", 198, "symbol Q not recognized"),
        ("scatter weight week, mcolor(blu)", 198, "color blu not recognized"),
        ("line weight week, lpattern(zigzag)", 198, "line pattern zigzag not recognized"),
        ("line weight week, connect(Z)", 198, "connect style Z not recognized"),
        ("scatter weight week, scheme(nosuch)", 111, "scheme nosuch not found"),
        ("scatter weight week, play(rec)", 198, "option play not yet supported"),
        ("scatter weight week, ytitle(a, box)", 198, "option box not yet supported"),
        ("scatter weight week, legend(holes(1))", 198, "option holes not yet supported"),
        ("scatter weight week, ylabel(1 2 x)", 198, "invalid label specifier"),
        ("scatter weight week, ylabel(, angle(steep))", 198, "angle steep not recognized"),
        ("scatter weight week, xlabel(1(0)5)", 121, "invalid numlist"),
        ("scatter weight week, yscale(range(1 a))", 121, "range() invalid -- invalid numlist"),
        ("scatter weight week, yline(x)", 121, "invalid numlist"),
        ("scatter weight week, text(1 2)", 198, "option text() incorrectly specified"),
        ("scatter weight week, xsize(0)", 198, "xsize() must be between 1 and 100"),
        ("scatter weight week, legend(pos(13))", 198, None),
        ("scatter weight week, ylabel(1, axis(2))", 198, "ylabel(): axis(2) is used by no plot"),
        ("scatter weight week, yaxis(3)", 198, None),
        ("scatter weight week, by(nosuch)", 111, "variable nosuch not found"),
        ("scatter weight week, by(id, style(x))", 198, "option style not yet supported"),
        ("scatter weight week, name(1a)", 198, "1a invalid name"),
        ("twoway function y = x +", 198, "invalid syntax"),
        ("twoway function y = nosuch(x)", 133, None),
        ("twoway function y = z", 111, "z not found"),
        ("twoway lowess weight week, bwidth(2)", 198, "bwidth() must be between 0 and 1"),
        ("twoway kdensity weight, kernel(nosuch)", 198, "kernel nosuch not recognized"),
        ("histogram weight, bin(3) width(2)", 198, "options bin() and width() may not be combined"),
        ("histogram weight, start(50)", 198, None),
        ("histogram name", 109, None),
        ("graph", 198, "subcommand required"),
        ("graph nosuch", 198, "invalid subcommand nosuch"),
        ("graph bar (nosuch) weight, over(id)", 198, "statistic nosuch not recognized"),
        ("graph bar, over id", 198, "option over not allowed"),
        ("graph bar", 198, "over() is required without variables"),
        ("graph box name", 109, None),
        ("graph matrix weight", 102, "too few variables specified"),
        ("graph combine nosuch", 111, "graph nosuch not found"),
        ("graph combine nosuch.gph", 601, "file nosuch.gph not found"),
        ("graph save x", 601, "no graph in memory"),
        ("graph display", 601, "no graph in memory"),
        ("graph drop nosuch", 111, "graph nosuch not found"),
        ("graph use nosuch", 601, "file nosuch.gph not found"),
        ("graph set print logo off", 198, "graph set print logo off not yet supported"),
        ("set scheme nosuch", 111, "scheme nosuch not found"),
        ("set graphics maybe", 198, None),
    ],
)
def test_mistakes(made: Session, command: str, code: int, message: str | None) -> None:
    error = _fails(made, command)
    assert error.code == code
    if message is not None:
        assert error.message == message
    assert not made.state.memory.graphs


def test_options_of_plots_and_of_the_graph_may_stand_anywhere() -> None:
    graph = drawn("twoway (scatter weight week, title(T) msymbol(D)) || line low week, xtitle(X)")
    (panel,) = graph.panels
    assert [layer.style.symbol for layer in panel.layers] == ["D", ""]
    assert graph.titles["title"].lines == ("T",)
    assert graph.x.title.lines == ("X",)


def test_an_if_after_parentheses_is_for_all_plots() -> None:
    graph = drawn("twoway (scatter weight week if girl) (line low week) if id < 3")
    assert [layer.n for layer in graph.panels[0].layers] == [6, 12]


def test_titles_of_axes_come_from_the_variables() -> None:
    assert drawn("scatter weight week").y.title.lines == ("Weight in kg",)
    assert drawn("scatter weight low week").y.title.lines == ()
    same = drawn("twoway (scatter weight week if girl) (scatter weight week if !girl)")
    assert same.y.title.lines == ("Weight in kg",)
    assert drawn("twoway rcap low high week").y.title.lines == ("low/high",)
    assert drawn('scatter weight week, ytitle("")').y.title.lines == ("",)
    assert drawn("scatter weight week, ytitle(, size(large))").y.title.lines == ("Weight in kg",)


def test_points_with_a_missing_value_are_left_out() -> None:
    made = session()
    made.run("replace weight = . in 1/2\nreplace low = .a in 3", quietly=True)
    layers = drawn("scatter weight low week", made).panels[0].layers
    assert [layer.n for layer in layers] == [22, 23]


def test_groups_of_by_are_sorted_and_labelled() -> None:
    graph = drawn("scatter weight week, by(girl, total)")
    assert [panel.subtitle.lines for panel in graph.panels] == [("boy",), ("girl",), ("Total",)]
    assert [panel.layers[0].n for panel in graph.panels] == [12, 12, 24]
    assert graph.titles["note"].lines == ("Graphs by Sex",)
    two = drawn("scatter weight week, by(girl id)")
    assert [panel.subtitle.lines for panel in two.panels][:2] == [("boy, 2",), ("boy, 4",)]
    assert two.titles["note"].lines == ("Graphs by Sex and id",)


def test_missing_groups_are_left_out_unless_asked_for() -> None:
    made = session()
    made.run("replace girl = . if id == 4", quietly=True)
    assert len(drawn("scatter weight week, by(girl)", made).panels) == 2
    assert len(drawn("scatter weight week, by(girl, missing)", made).panels) == 3


@pytest.mark.parametrize(
    ("options", "shape"),
    [("", (2, 2)), ("rows(1)", (1, 4)), ("cols(3)", (2, 3)), ("cols(9)", (1, 4))],
)
def test_layouts_of_by(options: str, shape: tuple[int, int]) -> None:
    layout = drawn(f"scatter weight week, by(id, {options})").layout
    assert (layout.rows, layout.columns) == shape


def test_jitter_is_the_same_every_time() -> None:
    first, second = (
        drawn("scatter weight girl, jitter(10)").panels[0].layers[0].data["x"] for _ in "ab"
    )
    np.testing.assert_array_equal(first, second)
    assert 0 < np.abs(first - np.round(first)).max() <= 0.05


def test_functions_see_scalars_and_no_data() -> None:
    made = session()
    made.run("scalar a = 3", quietly=True)
    (layer,) = drawn("twoway function y = a*x, range(0 2) n(3)", made).panels[0].layers
    np.testing.assert_allclose(layer.data["y"], [0, 3, 6])
    assert _fails(made, "twoway function y = weight").code == 111


def test_fitted_curves() -> None:
    made = session()
    x, y = made.data["week"].to_numpy(), made.data["weight"].to_numpy()
    area, line = drawn("twoway lfitci weight week, level(90)", made).panels[0].layers
    slope, constant = np.polyfit(x, y, 1)
    np.testing.assert_allclose(line.data["y"], constant + slope * line.data["x"])
    residuals = y - constant - slope * x
    s = np.sqrt((residuals**2).sum() / 22)
    lever = np.sqrt(1 / 24 + (1 - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    reach = stats.t.ppf(0.95, 22) * s * lever
    assert area.data["high"][0] - line.data["y"][0] == pytest.approx(reach)
    assert area.key == "90% CI"


def test_recast() -> None:
    (layer,) = drawn("twoway function y = x, recast(area)").panels[0].layers
    assert layer.kind == "area"
    assert _fails(session(), "scatter weight week, recast(rcap)").code == 198


# --- statistical graphs ---


def test_histogram_says_and_stores_its_bins(made: Session) -> None:
    assert made.output("histogram weight") == "(bin=4, start=25, width=6.75)\n"
    assert (made.r["bin"], made.r["width"], made.r["N"]) == (4, 6.75, 24)
    bars = made.state.memory.graphs["Graph"].panels[0].layers[0]
    assert (bars.data["y"] * bars.width).sum() == pytest.approx(1)
    assert made.output("histogram week, discrete frequency") == "(start=1, width=1)\n"
    bars = made.state.memory.graphs["Graph"].panels[0].layers[0]
    np.testing.assert_array_equal(bars.data["y"], [4] * 6)
    np.testing.assert_array_equal(bars.data["x"], range(1, 7))


def test_the_normal_curve_of_a_histogram(made: Session) -> None:
    weight = made.data["weight"]
    graph = drawn("histogram weight, percent normal bin(4)", made)
    curve = graph.panels[0].layers[1]
    expected = 675 * stats.norm.pdf(curve.data["x"], weight.mean(), weight.std())
    np.testing.assert_allclose(curve.data["y"], expected)


def test_kdensity_generates_and_stores(made: Session) -> None:
    made.run("kdensity weight, generate(x d) n(10)", quietly=True)
    assert made.r["bwidth"] == pytest.approx(0.9 * made.data["weight"].std() / 24**0.2)
    assert made.r["kernel"] == "epanechnikov"
    assert made.data["x"].count() == 10
    width = made.r["scale"]
    assert isinstance(width, float)
    assert (made.data["d"].sum() * width) == pytest.approx(1, abs=0.05)
    graph = made.state.memory.graphs["Graph"]
    assert graph.titles["title"].lines == ("Kernel density estimate",)
    assert graph.titles["note"].lines[0].startswith("kernel = epanechnikov, bandwidth = ")


def test_kdensity_at_values_of_a_variable(made: Session) -> None:
    made.run("kdensity weight, at(week) generate(d) nograph kernel(gaussian) bwidth(4)")
    weight = made.data["weight"].to_numpy()
    by_hand = stats.norm.pdf((6 - weight) / 4).mean() / 4
    assert made.data["d"][5] == pytest.approx(by_hand)
    assert not made.state.memory.graphs
    assert _fails(made, "kdensity weight, at(week) generate(a b)").code == 103


def test_lowess_generates(made: Session) -> None:
    made.run("lowess weight week, generate(s) nograph mean noweight bwidth(.01)", quietly=True)
    assert made.data["s"].to_numpy() == pytest.approx(made.data["weight"].to_numpy())
    made.run("lowess weight week", quietly=True)
    graph = made.state.memory.graphs["Graph"]
    assert graph.titles["note"].lines == ("bandwidth = .8",)


def test_qnorm(made: Session) -> None:
    points, line = drawn("qnorm weight", made).panels[0].layers
    weight = np.sort(made.data["weight"])
    quantiles = weight.mean() + weight.std(ddof=1) * stats.norm.ppf(np.arange(1, 25) / 25)
    np.testing.assert_allclose(points.data["x"], quantiles)
    np.testing.assert_allclose(points.data["y"], weight)
    np.testing.assert_allclose(line.data["x"], line.data["y"])


def test_pnorm_and_qqplot(made: Session) -> None:
    points, _ = drawn("pnorm weight", made).panels[0].layers
    np.testing.assert_allclose(points.data["x"], np.arange(1, 25) / 25)
    assert np.all(np.diff(points.data["y"]) >= 0)
    points, _ = drawn("qqplot low high", made).panels[0].layers
    np.testing.assert_allclose(points.data["y"] + 4, points.data["x"])


# --- categories ---


def test_statistics_of_bars(made: Session) -> None:
    graph = drawn("graph bar (mean) weight (p50) week (count) id, over(girl)", made)
    mean, median, count = (layer.data["y"] for layer in graph.panels[0].layers)
    groups = made.data.groupby("girl")
    np.testing.assert_allclose(mean, groups["weight"].mean())
    np.testing.assert_allclose(median, [3.5, 3.5])
    np.testing.assert_array_equal(count, [12, 12])
    assert [layer.key for layer in graph.panels[0].layers] == [
        "mean of weight",
        "p50 of week",
        "count of id",
    ]


def test_bars_of_levels(made: Session) -> None:
    graph = drawn("graph bar, over(id) over(girl) asyvars stack", made)
    layers = graph.panels[0].layers
    assert [layer.key for layer in layers] == ["1", "2", "3", "4"]
    np.testing.assert_allclose(layers[-1].data["y"], [50, 50])
    shares = drawn("graph bar weight low, over(girl) percentages stack", made)
    np.testing.assert_allclose(shares.panels[0].layers[-1].data["y"], [100, 100])


def test_order_and_texts_of_categories(made: Session) -> None:
    graph = drawn('graph hbar weight, over(id, sort(1) descending relabel(4 "last"))', made)
    assert graph.y.labels.texts == ("last", "3", "2", "1")
    graph = drawn("graph bar weight, over(id) over(girl) nofill", made)
    assert graph.x.labels.texts == ("2", "4", "1", "3")
    assert graph.x.groups[0].texts == ("boy", "girl")


def test_a_box_has_quartiles_adjacent_and_outside_values(made: Session) -> None:
    made.run("replace weight = 200 in 1", quietly=True)
    box, outside = drawn("graph box weight", made).panels[0].layers
    assert outside.data["y"].tolist() == [200]
    weight = np.sort(made.data["weight"])
    assert box.data["median"][0] == pytest.approx(np.median(weight))
    assert box.data["high"][0] == weight[-2]
    assert box.data["low"][0] == weight[0]
    assert len(drawn("graph box weight, nooutsides", made).panels[0].layers) == 1


# --- graphs in memory and in files ---


def test_names_and_the_current_graph(made: Session) -> None:
    made.run("scatter weight week, name(a)\nline weight week", quietly=True)
    memory = made.state.memory
    assert list(memory.graphs) == ["a", "Graph"] and memory.current_graph == "Graph"
    error = _fails(made, "scatter weight week, name(a)")
    assert (error.code, error.message) == (110, "graph a already exists")
    made.run("scatter weight low, name(a, replace)\ngraph rename a b\ngraph copy b c")
    memory = made.state.memory
    assert sorted(memory.graphs) == ["Graph", "b", "c"] and memory.current_graph == "b"
    assert made.output("graph dir") == "\n    Graph  b      c\n"
    assert made.r["list"] == "Graph b c"
    made.run("graph drop b Graph")
    assert memory.current_graph == "c"
    made.run("clear all")
    assert not made.state.memory.graphs


def test_describe(made: Session) -> None:
    made.run("scatter weight week, name(a) scheme(s1mono)", quietly=True)
    said = made.output("graph describe a")
    assert "scatter weight week, name(a) scheme(s1mono)" in said
    assert (made.r["scheme"], made.r["xsize"], made.r["family"]) == ("s1mono", "5.5", "twoway")


def test_display_in_another_scheme(made: Session) -> None:
    made.run("scatter weight week\ngraph display, scheme(s2color) xsize(3)", quietly=True)
    graph = made.state.memory.graphs["Graph"]
    assert (graph.scheme, graph.xsize) == ("s2color", 3.0)


def test_saving_and_using(made: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = made.output("scatter weight week, saving(one)\ngraph save two")
    assert said == "file one.gph saved\nfile two.gph saved\n"
    assert _fails(made, "graph save two").code == 602
    assert _fails(made, "line weight week, saving(one)").code == 602
    made.run("graph drop _all\ngraph combine one.gph two.gph\ngraph use one", quietly=True)
    assert made.state.memory.graphs["Graph"].command == "scatter weight week, saving(one)"


@pytest.mark.parametrize(
    ("suffix", "said", "start"),
    [
        ("png", "PNG", b"\x89PNG"),
        ("svg", "SVG", b"<?xml"),
        ("pdf", "PDF", b"%PDF"),
        ("eps", "EPS", b"%!PS"),
        ("tif", "TIFF", b"II"),
        ("jpg", "JPEG", b"\xff\xd8"),
    ],
)
def test_export(
    made: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    said: str,
    start: bytes,
) -> None:
    monkeypatch.chdir(tmp_path)
    made.run("scatter weight week", quietly=True)
    assert made.output(f"graph export g.{suffix}") == f"file g.{suffix} saved as {said} format\n"
    assert (tmp_path / f"g.{suffix}").read_bytes().startswith(start)
    assert _fails(made, f"graph export g.{suffix}").code == 602


def _png_size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[16:24]
    return int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")


def test_sizes_of_exported_pictures(
    made: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made.run(
        "scatter weight week\ngraph export a.png, width(300)\ngraph export b.png, height(90)\n"
        "graph export c.png, width(200) height(200)\ngraph export d, as(png) width(300)",
        quietly=True,
    )
    assert _png_size(tmp_path / "a.png") == (300, 180)
    assert _png_size(tmp_path / "b.png") == (150, 90)
    assert _png_size(tmp_path / "c.png") == (200, 200)
    assert _png_size(tmp_path / "d.png") == (300, 180)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("graph export", 100),
        ("graph export x", 198),
        ("graph export x.doc", 198),
        ("graph export x.png, width(many)", 198),
        ("graph export x.png, width(1)", 198),
        ("graph export no/x.png", 603),
        ("graph export x.png, name(nosuch)", 111),
    ],
)
def test_export_mistakes(
    made: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    made.run("scatter weight week", quietly=True)
    assert _fails(made, command).code == code
    assert not list(tmp_path.iterdir())


def test_a_failed_graph_leaves_the_old_one(made: Session) -> None:
    made.run("scatter weight week, name(a)", quietly=True)
    before = made.state.memory.graphs["a"]
    _fails(made, "line weight week, name(a, replace) saving(no/such/folder)")
    assert made.state.memory.graphs["a"] is before


def test_graphs_can_be_switched_off_and_are_kept(made: Session) -> None:
    made.run("set graphics off\nscatter weight week", quietly=True)
    assert "Graph" in made.state.memory.graphs
    assert made.state.settings.graphics == "off"


def test_the_scheme_of_the_session(made: Session) -> None:
    made.run("set scheme s2color, permanently", quietly=True)
    assert drawn("scatter weight week", made).scheme == "s2color"
    assert drawn("scatter weight week, scheme(sj)", made).scheme == "sj"


def test_layers_of_other_commands(made: Session) -> None:
    """What an estimator's own graph hands over, with options as its user typed them."""
    x = np.arange(5.0)
    layers = (
        Layer("range cap", {"x": x, "low": x - 1, "high": x + 1}, 0, "95% CI"),
        Layer("connected", {"x": x, "y": x}, 0, "margin"),
    )
    draw_layers(
        made.state,
        [Panel(layers), Panel(layers, Text(("second",)))],
        "legend(off) ytitle(Mine) name(m)",
        x=AxisDefaults("x"),
        y=AxisDefaults("margin"),
        command="marginsplot",
        family="marginsplot",
        titles={"title": "Margins"},
    )
    graph = made.state.memory.graphs["m"]
    assert graph.y.title.lines == ("Mine",)
    assert graph.titles["title"].lines == ("Margins",)
    assert (graph.layout.rows, graph.layout.columns) == (1, 2)
    with pytest.raises(StataError, match="no observations"):
        draw_layers(
            made.state,
            [Panel()],
            "",
            x=AxisDefaults(),
            y=AxisDefaults(),
            command="stcurve",
        )


def test_bars_of_observations_without_weight_are_not_there() -> None:
    session = Session()
    session.output("set obs 4\ngenerate x = _n\ngenerate w = _n > 2\ngenerate g = _n < 3")
    session.output("graph bar (mean) x [aweight=w], over(g) nodraw")
