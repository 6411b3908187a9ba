"""The last steps of every graph command: name, file, memory, screen."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from statalike.commands.graphics.by_graphs import laid_out
from statalike.commands.graphics.showing import show
from statalike.commands.graphics.twoway_options import (
    TWOWAY_OPTIONS,
    UNSUPPORTED,
    AxisDefaults,
    graph_options,
    placed_texts,
)
from statalike.data.names import is_name
from statalike.errors import StataError, invalid_name
from statalike.graphics.gph_file import gph_path, save_graph
from statalike.graphics.graph import Graph, Panel
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.language.suboptions import Suboptions, read_option_list, read_suboptions
from statalike.state import State

DEFAULT_NAME = "Graph"

_NAME = Suboptions("name [, replace]")
_SAVING = Suboptions("[anything] [, replace]", unsupported="ASIS")
_TWOWAY = Suboptions(f"[, {TWOWAY_OPTIONS}]", unsupported=UNSUPPORTED)


def draw_layers(
    state: State,
    panels: Sequence[Panel],
    options: str,
    *,
    x: AxisDefaults,
    y: AxisDefaults,
    command: str,
    family: str = "twoway",
    titles: dict[str, str] | None = None,
) -> None:
    """Draw a graph from layers that a command has computed itself: ``marginsplot``, ``stcurve``.

    ``panels`` are one plot region or several, laid out as by ``by()``; their layers hold numbers
    with nan for missing values and stand in the order of the legend's keys.  ``options`` are the
    graph options as typed (a command passes on the ``rest`` of its own arguments): titles, axes,
    legend, ``name()``, ``saving()`` and the others of ``twoway``.  ``x`` and ``y`` give what holds
    where the options say nothing: titles, formats, labels of the axes; ``titles`` likewise, by
    name (``title``, ``note``).  ``command`` is what was typed, for ``graph describe``.

    Raises r(198) for an option that is none, r(110) and r(602) for a name or file that is taken,
    r(2000) when no layer has anything to draw.
    """
    arguments = read_option_list(_TWOWAY, options, state.data)
    graph = graph_options(arguments, state.data, state.settings.scheme, x, y)
    finish_panels(state, graph, panels, arguments, command, family, titles)


def finish_panels(
    state: State,
    graph: Graph,
    panels: Sequence[Panel],
    arguments: Arguments,
    command: str,
    family: str = "twoway",
    titles: dict[str, str] | None = None,
) -> None:
    """Put panels and default titles into a graph made from options, and finish it."""
    from statalike.graphics.graph import Text

    if not any(layer.n for panel in panels for layer in panel.layers):
        raise StataError(2000, "no observations")
    usual = {name: Text((text,)) for name, text in (titles or {}).items()}
    texts = placed_texts(arguments, state.data)
    graph = replace(
        graph,
        panels=tuple(replace(panel, texts=panel.texts + texts) for panel in panels),
        titles={**usual, **graph.titles},
    )
    if len(panels) > 1 and graph.layout.rows * graph.layout.columns == 1:
        graph = replace(graph, layout=laid_out(len(panels)))
    finish(state, replace(graph, command=command, family=family), arguments)


def finish(state: State, graph: Graph, arguments: Arguments) -> None:
    """Keep a graph under its name, write it with ``saving()``, and show it unless ``nodraw``."""
    if importlib.util.find_spec("matplotlib") is None:
        from statalike.graphics.rendering.figure import require_matplotlib

        require_matplotlib()
    options = arguments.options
    graph = replace(
        graph,
        created=datetime.now().strftime("%d %b %Y %H:%M"),
        dataset=state.data.filename,
    )
    name = graph_name(state, options.get("name"))
    saving = options.get("saving")
    if saving is not None:
        _save(state, graph, str(saving))
    keep(state, name, graph)
    if not options.get("nodraw"):
        show(state, name, graph)


def keep(state: State, name: str, graph: Graph) -> None:
    """Keep a graph in memory and make it the current one."""
    state.memory.graphs.pop(name, None)
    state.memory.graphs[name] = graph
    state.memory.current_graph = name


def graph_name(state: State, text: str | None) -> str:
    """The name asked for, ``Graph`` without one; r(110) when it is taken, r(198)."""
    if text is None:
        return DEFAULT_NAME
    read = read_suboptions(_NAME, str(text), state.data)
    name = read.names[0]
    if not is_name(name):
        raise invalid_name(name)
    if name in state.memory.graphs and name != DEFAULT_NAME and not read.flag("replace"):
        raise StataError(110, f"graph {name} already exists")
    return name


def _save(state: State, graph: Graph, text: str) -> None:
    read = read_suboptions(_SAVING, text, state.data)
    words = split_words(read.body)
    if len(words) != 1 or not words[0]:
        raise StataError(198, "option saving() incorrectly specified")
    path = gph_path(words[0])
    save_graph(graph, path, replace=read.flag("replace"))
    state.console.print(f"file {path} saved")
