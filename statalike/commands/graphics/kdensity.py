"""``kdensity``: a kernel estimate of a density ([R] kdensity)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.generate import make_variable
from statalike.commands.data.weights import weights_of
from statalike.commands.graphics.density_plots import density_of
from statalike.commands.graphics.drawing import complete_sample, draw_one_panel, label_of
from statalike.commands.graphics.style_options import LINES, PLOT, StyleOptions
from statalike.commands.graphics.twoway_options import (
    TWOWAY_OPTIONS,
    UNSUPPORTED,
    AxisDefaults,
)
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.data.storage import DOUBLE
from statalike.engine.smoothing.kernel_density import normal_density
from statalike.errors import StataError
from statalike.graphics.graph import Layer
from statalike.language.arguments import Arguments
from statalike.results.stores import Results
from statalike.state import State

_MOST_POINTS = 50


@command(
    "kdensity",
    "kdensity",
    syntax="varname(numeric) [if] [in] [fweight aweight] [, BWidth(real) Kernel(string) "
    f"N(integer) AT(varname numeric) GENerate(newvarlist max=2) noGRaph NORMal {LINES} {PLOT} "
    f"{TWOWAY_OPTIONS}]",
    unsupported=f"{UNSUPPORTED} NORMOPts(string) STUdent(integer) STOPts(string) ADDPLOT(string) "
    "by(string)",
    help="kernel density of a variable",
    section="Graphs",
    synonyms="kdens",
)
def kdensity(state: State, arguments: Arguments) -> None:
    (name,) = arguments.varlist
    mask = complete_sample(state, arguments, (name,))
    weights, mask = weights_of(state, arguments, mask)
    values = state.data.numbers(name)[mask]
    chosen = None if weights is None else weights[mask]
    n, at, rows = _points(state, arguments, len(values))
    density = density_of(state, values, chosen, arguments.options, n, at)
    if arguments.option("generate"):
        _generate(state, arguments, density.points, density.values, rows)
    state.r = Results(
        scalars={
            "bwidth": density.bandwidth,
            "n": float(len(density.points)),
            "scale": float(density.points[1] - density.points[0]) if n > 1 else MISSING,
        },
        macros={"kernel": density.kernel},
    )
    if arguments.options.get("nograph"):
        return
    label = label_of(state, name)
    order = np.argsort(density.points, kind="stable")
    style = StyleOptions(arguments).style()
    points = density.points[order]
    layers = [
        Layer(
            "line", {"x": points, "y": density.values[order]}, 0, "Kernel density estimate", style
        )
    ]
    if arguments.flag("normal"):
        w = np.ones(len(values)) if chosen is None else chosen
        mean = float(np.average(values, weights=w))
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        if spread > 0:
            normal = normal_density(points, mean, spread)
            layers.append(Layer("line", {"x": points, "y": normal}, 1, "Normal density"))
    draw_one_panel(
        state,
        arguments,
        layers,
        AxisDefaults(label, state.data.variable(name).format),
        AxisDefaults("Density"),
        {
            "title": "Kernel density estimate",
            "note": f"kernel = {density.kernel}, bandwidth = {density.bandwidth:.4f}",
        },
    )


def _points(
    state: State, arguments: Arguments, size: int
) -> tuple[int, np.ndarray | None, np.ndarray | None]:
    """How many points, or the values of ``at()`` and the rows they are in; r(198)."""
    name = arguments.string("at")
    n = arguments.integer("n")
    if name is not None:
        if n is not None:
            raise StataError(198, "options n() and at() may not be combined")
        values = state.data.numbers(name)
        rows = np.flatnonzero(values < MISSING)
        if not len(rows):
            raise StataError(2000, "no observations")
        return len(rows), values[rows], rows
    chosen = n if n is not None else min(size, _MOST_POINTS)
    if not 1 <= chosen <= 1_000_000 or (n is not None and n < 2):
        raise StataError(198, "n() must be 2 or more")
    return max(chosen, 2), None, None


def _generate(
    state: State,
    arguments: Arguments,
    points: np.ndarray,
    values: np.ndarray,
    rows: np.ndarray | None,
) -> None:
    """New variables with the points and the densities, in the first observations or those of
    ``at()``, which needs one variable only; r(102), r(103)."""
    made = arguments.option("generate")
    if rows is None and len(made) != 2:
        raise StataError(102, "generate():  too few variables specified")
    if rows is not None and len(made) != 1:
        raise StataError(103, "generate():  too many variables specified")
    places = np.arange(len(points)) if rows is None else rows
    if len(places) > state.data.n:
        state.data.set_observations(len(places))
    mask = np.zeros(state.data.n, dtype=bool)
    mask[places] = True
    columns = [values] if rows is not None else [points, values]
    labels = ["density"] if rows is not None else ["", "density"]
    for variable, column, label in zip(made, columns, labels, strict=True):
        make_variable(state, variable.name, DOUBLE, column, mask, label=label, quiet=True)
