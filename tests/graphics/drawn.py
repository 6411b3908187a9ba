"""Graphs of a small dataset, and what can be read off their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statalike import Session
from statalike.graphics.graph import Graph
from statalike.graphics.rendering.figure import render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATA = """
set obs 24
generate id = ceil(_n/6)
generate week = mod(_n - 1, 6) + 1
generate weight = 18 + 5*week + id + mod(_n, 3)
generate low = weight - 2
generate high = weight + 2
generate girl = mod(id, 2)
generate str4 name = "n" + string(_n)
label variable weight "Weight in kg"
label variable girl "Sex"
label define sex 0 "boy" 1 "girl"
label values girl sex
format weight %8.1f
"""


def session() -> Session:
    """A session with 4 individuals (``id``), 6 weeks each."""
    made = Session()
    made.run(DATA, quietly=True)
    return made


def drawn(text: str, made: Session | None = None) -> Graph:
    """The graph that a command draws."""
    made = made or session()
    made.run(text, quietly=True)
    graphs = made.state.memory.graphs
    return graphs[made.state.memory.current_graph]


def rendered(text: str) -> Figure:
    """The figure of the graph that a command draws, laid out."""
    return render(drawn(text))


def layer_artists(figure: Figure, number: int, axes: int = 0) -> list[Any]:
    """What matplotlib draws for the plot of that number."""
    gid = f"layer-{number}"
    return [artist for artist in figure.axes[axes].get_children() if artist.get_gid() == gid]


def with_gid(figure: Figure, gid: str, axes: int = 0) -> list[Any]:
    return [artist for artist in figure.axes[axes].get_children() if artist.get_gid() == gid]


def label_texts(figure: Figure, which: str = "x", axes: int = 0) -> list[str]:
    """The texts of an axis's labels."""
    axis = getattr(figure.axes[axes], f"{which}axis")
    return [label.get_text() for label in axis.get_ticklabels() if label.get_text()]


def legend_texts(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def figure_texts(figure: Figure) -> list[str]:
    """The texts around the plot regions: titles, notes, subtitles of panels."""
    return [text.get_text() for text in figure.texts]
