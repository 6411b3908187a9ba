"""What is on the page: marks, axes, labels, legends, panels and their places."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.graphics.graph import Axis, Graph, Layer, Panel, Style
from statalike.graphics.rendering.axis_limits import limits_of
from statalike.graphics.rendering.figure import render
from statalike.graphics.rendering.marks import clock_offset, connected_points, marker_areas
from tests.graphics.drawn import (
    figure_texts,
    label_texts,
    layer_artists,
    legend_texts,
    rendered,
    with_gid,
)


def test_a_scatterplot() -> None:
    figure = rendered("scatter weight week")
    (axes,) = figure.axes
    (points,) = layer_artists(figure, 0)
    assert len(points.get_xdata()) == 24
    assert points.get_marker() == "o"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("week", "Weight in kg")
    assert label_texts(figure, "y") == ["20.0", "30.0", "40.0", "50.0"]
    low, high = axes.get_xlim()
    assert low < 1 and high > 6
    assert not figure.legends
    assert figure.get_size_inches() == pytest.approx([7.5, 4.5])


def test_the_plot_region_is_inside_the_page() -> None:
    figure = rendered('scatter weight week, title("A" "B") note(n) ytitle("long" "title")')
    box = figure.axes[0].get_position()
    assert 0 < box.x0 < 0.25 and 0.85 < box.x1 < 1
    assert 0 < box.y0 < 0.3 and 0.6 < box.y1 < 1
    texts = {text.get_text(): text.get_position() for text in figure.texts}
    assert texts["A\nB"][1] > box.y1
    assert texts["n"][1] < box.y0


def test_lines_connect_in_the_order_of_the_data_or_of_x() -> None:
    (line,) = layer_artists(rendered("line weight week"), 0)
    assert np.all(np.diff(line.get_xdata())[:5] == 1)
    assert np.any(np.diff(line.get_xdata()) < 0)
    (line,) = layer_artists(rendered("line weight week, sort"), 0)
    assert np.all(np.diff(line.get_xdata()) >= 0)


def test_ascending_lines_break_where_x_goes_back() -> None:
    line, points = layer_artists(rendered("twoway connected weight week, connect(L)"), 0)
    x = line.get_xdata()
    assert np.isnan(x).sum() == 3
    assert np.all(np.diff(x[~np.isnan(x)].reshape(4, 6), axis=1) > 0)
    assert len(points.get_xdata()) == 24


def test_missing_values_do_not_count() -> None:
    x = np.array([3.0, np.nan, 1.0, 2.0])
    y = np.array([1.0, 1.0, 2.0, 3.0])
    across, up = connected_points(x, y, "L")
    np.testing.assert_array_equal(across, [3, np.inf, 1, 2])
    np.testing.assert_array_equal(up, [1, np.nan, 2, 3])


def test_cmissing_breaks_lines() -> None:
    layer = Layer("line", {"x": np.arange(4.0), "y": np.array([1.0, np.nan, 2.0, 3.0])}, key="y")
    joined = layer_artists(render(Graph((Panel((layer,)),))), 0)[0]
    assert len(joined.get_xdata()) == 3
    broken = Layer(layer.kind, layer.data, breaks_at_missing=True)
    line = layer_artists(render(Graph((Panel((broken,)),))), 0)[0]
    assert np.isnan(line.get_ydata()).sum() == 1


@pytest.mark.parametrize(
    ("plot", "count"),
    [
        ("area weight week if id == 1", 1),
        ("bar weight week if id == 1", 6),
        ("spike weight week if id == 1", 1),
        ("dropline weight week if id == 1", 2),
        ("rarea low high week if id == 1", 1),
        ("rbar low high week if id == 1", 6),
        ("rspike low high week if id == 1", 1),
        ("rcap low high week if id == 1", 3),
        ("rline low high week if id == 1", 2),
        ("rconnected low high week if id == 1", 4),
        ("rscatter low high week if id == 1", 2),
        ("rcapsym low high week if id == 1", 3),
        ("lfit weight week", 1),
        ("lowess weight week", 1),
        ("mspline weight week", 1),
        ("function y = x^2, range(0 3)", 1),
        ("histogram weight, bin(5)", 5),
        ("kdensity weight", 1),
        ('scatteri 1 2 "a" 3 4 "b"', 1),
    ],
)
def test_every_plot_type_has_its_marks(plot: str, count: int) -> None:
    assert len(layer_artists(rendered(f"twoway {plot}"), 0)) == count


def test_spikes_and_bars_have_their_heights() -> None:
    figure = rendered("twoway bar weight week if id == 1, base(10) barwidth(.5)")
    bars = layer_artists(figure, 0)
    assert bars[0].get_width() == pytest.approx(0.5)
    assert bars[0].get_y() == 10
    assert bars[0].get_y() + bars[0].get_height() == pytest.approx(18 + 5 + 1 + 1)
    (spikes,) = layer_artists(rendered("twoway rspike low high week if id == 1"), 0)
    ends = np.array([segment[:, 1] for segment in spikes.get_segments()])
    np.testing.assert_allclose(ends[:, 1] - ends[:, 0], 4)


def test_a_horizontal_plot_has_its_values_along_x() -> None:
    figure = rendered("twoway rcap low high week if id == 1, horizontal")
    assert figure.axes[0].get_ylabel() == "week"
    low, high = figure.axes[0].get_xlim()
    assert low < 23 and high > 50


def test_markers_have_areas_proportional_to_weights() -> None:
    areas = marker_areas(np.array([1.0, 2.0, 3.0]), 4.0)
    np.testing.assert_allclose(areas, [18, 36, 54])
    (points,) = layer_artists(rendered("scatter weight week [aw=id]"), 0)
    sizes = points.get_sizes()
    assert sizes[-1] / sizes[0] == pytest.approx(4)


def test_clock_positions() -> None:
    assert clock_offset(3, 2.0)[:1] == pytest.approx((2.0,))
    assert clock_offset(12, 2.0)[2:] == ("center", "bottom")
    assert clock_offset(9, 2.0)[2:] == ("right", "center")
    assert clock_offset(0, 2.0) == (0.0, 0.0, "center", "center")


def test_labels_of_markers() -> None:
    figure = rendered("scatter weight week if id == 1, mlabel(girl) mlabposition(12)")
    assert [text.get_text() for text in figure.axes[0].texts] == ["girl"] * 6


def test_legend_for_several_plots() -> None:
    figure = rendered("twoway (scatter weight week) (lfit weight week)")
    assert legend_texts(figure) == ["Weight in kg", "Fitted values"]
    assert figure.axes[0].get_ylabel() == ""
    right = figure.axes[0].get_position().x1
    box = figure.legends[0].get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    assert box.x0 / figure.bbox.width > right


@pytest.mark.parametrize(
    ("option", "texts"),
    [
        ("off", []),
        ('order(2 "fit" 1)', ["fit", "Weight in kg"]),
        ('label(2 "fit")', ["Weight in kg", "fit"]),
        ('order(- "both" 1 2)', ["both", "Weight in kg", "Fitted values"]),
        ('order(1 "two" "lines")', ["two\nlines"]),
    ],
)
def test_legend_options(option: str, texts: list[str]) -> None:
    figure = rendered(f"twoway (scatter weight week) (lfit weight week), legend({option})")
    assert legend_texts(figure) == texts


def test_legends_read_row_by_row() -> None:
    command = "line low weight high week, sort legend(pos(6) cols(2))"
    figure = rendered(command)
    legend = figure.legends[0]
    assert legend._ncols == 2  # type: ignore[attr-defined]
    assert legend_texts(figure) == ["low", "high", "Weight in kg"]


@pytest.mark.parametrize(
    ("clock", "side"), [(6, "below"), (12, "above"), (9, "left"), (3, "right")]
)
def test_places_of_legends(clock: int, side: str) -> None:
    figure = rendered(f"line low high week, legend(pos({clock}))")
    box = figure.legends[0].get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    plot = figure.axes[0].bbox
    outside = {
        "below": box.y1 < plot.y0,
        "above": box.y0 > plot.y1,
        "left": box.x1 < plot.x0,
        "right": box.x0 > plot.x1,
    }
    assert outside[side]


def test_a_legend_inside_the_plot_region() -> None:
    figure = rendered("line low high week, legend(ring(0) pos(11))")
    box = figure.legends[0].get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    plot = figure.axes[0].bbox
    assert plot.x0 < box.x0 < plot.x0 + 30
    assert plot.y1 - 30 < box.y1 < plot.y1


def test_reference_lines() -> None:
    figure = rendered("scatter weight week, yline(20 30) xline(2, lpattern(dash) lcolor(red))")
    lines = with_gid(figure, "reference-line")
    assert len(lines) == 3
    assert sorted(float(line.get_ydata()[0]) for line in lines)[1:] == [20, 30]


def test_grids_follow_scheme_and_options() -> None:
    assert len(with_gid(rendered("scatter weight week"), "grid")) > 6
    figure = rendered("scatter weight week, ylabel(, nogrid) xlabel(1/6, grid)")
    assert len(with_gid(figure, "grid")) == 6
    assert not with_gid(rendered("scatter weight week, scheme(s1mono)"), "grid")


def test_labels_of_axes() -> None:
    figure = rendered('scatter weight week, xlabel(1 "one" 2 3/4) ylabel(20(10)50, angle(45))')
    assert label_texts(figure, "x") == ["one", "2", "3", "4"]
    assert label_texts(figure, "y") == ["20.0", "30.0", "40.0", "50.0"]
    assert figure.axes[0].yaxis.get_ticklabels()[0].get_rotation() == 45
    figure = rendered("scatter weight girl, xlabel(0 1, valuelabel)")
    assert label_texts(figure, "x") == ["boy", "girl"]
    figure = rendered("scatter weight girl, xlabel(, valuelabel) ylabel(none)")
    assert label_texts(figure, "x") == ["boy", "girl"]
    assert label_texts(figure, "y") == []


def test_scales_of_axes() -> None:
    axes = rendered("scatter weight week, yscale(range(0 100) reverse) xscale(log)").axes[0]
    assert axes.get_xscale() == "log"
    top, bottom = axes.get_ylim()
    assert top > 100 and bottom < 0
    figure = rendered("scatter weight week, yscale(off)")
    assert not figure.axes[0].yaxis.get_visible()


def test_a_second_y_axis() -> None:
    command = 'twoway (line weight week) (line id week, yaxis(2)), ytitle("Own", axis(2))'
    figure = rendered(command)
    left, right = figure.axes
    assert (left.get_ylabel(), right.get_ylabel()) == ("Weight in kg", "Own")
    assert layer_artists(figure, 1, axes=1)
    assert right.get_ylim()[1] < 6


def test_panels_share_axes_and_show_them_at_the_edges() -> None:
    figure = rendered("scatter weight week, by(id)")
    assert len(figure.axes) == 4
    limits = {axes.get_xlim() for axes in figure.axes}
    assert len(limits) == 1
    assert [bool(label_texts(figure, "y", position)) for position in range(4)] == [
        True,
        False,
        True,
        False,
    ]
    assert [bool(label_texts(figure, "x", position)) for position in range(4)] == [
        False,
        False,
        True,
        True,
    ]
    texts = figure_texts(figure)
    assert {"1", "2", "3", "4", "Graphs by id", "week", "Weight in kg"} <= set(texts)
    sizes = {tuple(np.round(axes.get_position().size, 6)) for axes in figure.axes}
    assert len(sizes) == 1


def test_panels_of_a_ragged_grid_have_their_own_labels() -> None:
    figure = rendered("scatter weight week if id < 4, by(id)")
    assert [bool(label_texts(figure, "x", position)) for position in range(3)] == [
        False,
        True,
        True,
    ]


def test_panels_with_axes_of_their_own() -> None:
    figure = rendered("scatter weight week, by(id, yrescale rows(1))")
    assert len({axes.get_ylim() for axes in figure.axes}) == 3
    assert len({axes.get_position().y0 for axes in figure.axes}) == 1


def test_an_aspect_ratio() -> None:
    figure = rendered("scatter weight week, aspectratio(1)")
    box = figure.axes[0].bbox
    assert box.height / box.width == pytest.approx(1, rel=1e-6)


def test_a_combined_graph_has_its_parts_side_by_side() -> None:
    from tests.graphics.drawn import drawn, session

    made = session()
    made.run("scatter weight week, name(a)", quietly=True)
    made.run("line weight week, name(b)", quietly=True)
    figure = render(drawn("graph combine a b, title(Both)", made))
    left, right = figure.axes
    assert left.get_position().x1 < right.get_position().x0
    assert "Both" in figure_texts(figure)


def test_bars_start_at_the_axis() -> None:
    figure = rendered("graph bar (mean) weight, over(girl) over(id)")
    bars = layer_artists(figure, 0)
    assert len(bars) == 4
    assert figure.axes[0].get_ylim()[0] == 0
    assert label_texts(figure, "x") == ["boy", "girl"] * 4
    groups = [text.get_text() for text in figure.axes[0].texts]
    assert groups == ["1", "2", "3", "4"]
    assert figure.axes[0].get_ylabel() == "mean of weight"


def test_horizontal_categories_go_from_top_to_bottom() -> None:
    figure = rendered("graph hbar weight, over(girl)")
    axes = figure.axes[0]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert label_texts(figure, "y") == ["boy", "girl"]


def test_boxes() -> None:
    figure = rendered("graph box weight, over(girl)")
    boxes = layer_artists(figure, 0)
    assert len([box for box in boxes if hasattr(box, "get_height")]) == 2


def test_a_matrix_has_a_cell_for_each_pair() -> None:
    figure = rendered("graph matrix weight week id")
    assert len(figure.axes) == 9
    columns = {round(axes.get_position().x0, 6) for axes in figure.axes}
    assert len(columns) == 3
    assert len(rendered("graph matrix weight week id, half").axes) == 6


def test_limits_of_nothing() -> None:
    found = limits_of(Axis(), [Panel()], "x")
    assert (found.low, found.high) == (0.0, 1.0)


def test_limits_of_one_value_have_a_width() -> None:
    layer = Layer("scatter", {"x": np.array([2.0]), "y": np.array([5.0])})
    found = limits_of(Axis(), [Panel((layer,))], "y")
    assert found.low < 5 < found.high


def test_styles_are_those_asked_for() -> None:
    figure = rendered("scatter weight week, msymbol(Th) mcolor(red%50) msize(large)")
    (points,) = layer_artists(figure, 0)
    assert points.get_marker() == "^"
    assert points.get_markeredgecolor() == (1.0, 0.0, 0.0, 0.5)
    assert points.get_markerfacecolor()[3] == 0
    figure = rendered("line low high week, lcolor(blue green) lpattern(solid dash) lwidth(thick)")
    first, second = (layer_artists(figure, number)[0] for number in (0, 1))
    assert first.get_color() == (0.0, 0.0, 1.0, 1.0)
    assert first.get_linestyle() == "-" and second.get_linestyle() == "--"
    assert first.get_linewidth() == second.get_linewidth()


def test_plots_without_markers_are_empty_not_wrong() -> None:
    layer = Layer("scatter", {"x": np.zeros(1), "y": np.zeros(1)}, style=Style(symbol="i"))
    assert not layer_artists(render(Graph((Panel((layer,)),))), 0)
