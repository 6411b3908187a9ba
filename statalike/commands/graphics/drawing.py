"""Statistical commands that draw one graph: what they have in common."""

from __future__ import annotations

import numpy as np

from statalike.commands.graphics.finishing import finish_panels
from statalike.commands.graphics.twoway_options import AxisDefaults, graph_options
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.evaluation import observations_mask
from statalike.graphics.graph import Layer, Panel
from statalike.language.arguments import Arguments
from statalike.state import State


def draw_one_panel(
    state: State,
    arguments: Arguments,
    layers: list[Layer],
    x: AxisDefaults,
    y: AxisDefaults,
    titles: dict[str, str] | None = None,
) -> None:
    """A graph of one plot region from the layers and the graph options of a command."""
    graph = graph_options(arguments, state.data, state.settings.scheme, x, y)
    family = arguments.name
    finish_panels(state, graph, [Panel(tuple(layers))], arguments, arguments.text, family, titles)


def label_of(state: State, name: str) -> str:
    """The label of a variable, or its name."""
    return state.data.variable(name).label or name


def complete_sample(state: State, arguments: Arguments, names: tuple[str, ...]) -> np.ndarray:
    """The chosen observations in which none of the variables is missing; r(2000)."""
    mask = observations_mask(state, arguments.condition, arguments.observations)
    for name in names:
        mask = mask & (state.data.numbers(name) < MISSING)
    if not mask.any():
        raise StataError(2000, "no observations")
    return mask
