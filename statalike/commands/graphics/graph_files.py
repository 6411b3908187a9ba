"""``graph save``, ``graph use`` and ``graph export``: graphs and pictures in files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from statalike.commands.graphics.finishing import DEFAULT_NAME, graph_name, keep
from statalike.commands.graphics.graph_memory import named_graph
from statalike.commands.graphics.showing import show
from statalike.commands.registry import command
from statalike.errors import StataError, file_exists
from statalike.graphics.gph_file import gph_path, load_graph, save_graph
from statalike.graphics.schemes import find_scheme
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.state import State


@command(
    "graph save",
    "graph save",
    syntax="anything [, replace]",
    unsupported="ASIS",
    help="write a graph to a file",
    section="Graphs",
)
def graph_save(state: State, arguments: Arguments) -> None:
    """``graph save file`` or ``graph save name file``."""
    words = split_words(arguments.body)
    if len(words) not in (1, 2) or not words[-1]:
        raise StataError(198, "invalid file specification")
    _, graph = named_graph(state, words[0] if len(words) == 2 else None)
    path = gph_path(words[-1])
    if arguments.flag("replace") and not path.exists():
        state.console.print(f"(file {path} not found)")
    save_graph(graph, path, replace=arguments.flag("replace"))
    state.console.print(f"file {path} saved")


@command(
    "graph use",
    "graph use",
    syntax="anything [, NODRAW name(string) SCHeme(string)]",
    unsupported="PLAY(string)",
    help="read a graph from a file and show it",
    section="Graphs",
)
def graph_use(state: State, arguments: Arguments) -> None:
    words = split_words(arguments.body)
    if len(words) != 1 or not words[0]:
        raise StataError(198, "invalid file specification")
    graph = load_graph(gph_path(words[0]))
    scheme = arguments.string("scheme")
    if scheme is not None:
        graph = replace(graph, scheme=find_scheme(scheme).name)
    given = arguments.string("name")
    name = graph_name(state, given) if given is not None else DEFAULT_NAME
    keep(state, name, graph)
    if not arguments.flag("nodraw"):
        show(state, name, graph)


@command(
    "graph export",
    "graph export",
    syntax="anything [, replace as(string) name(string) Width(string) Height(string) "
    "Quality(integer 90)]",
    unsupported="FONTFace(string) ORIENTation(string) LOGO(string) MAG(integer) CMYK(string) "
    "PREView(string) IGNorefont BASELINEoffset(string)",
    help="write a picture of a graph",
    section="Graphs",
)
def graph_export(state: State, arguments: Arguments) -> None:
    from statalike.graphics.picture import FORMATS, export_graph, kind_of
    from statalike.graphics.rendering.figure import require_matplotlib

    words = split_words(arguments.body)
    if len(words) != 1 or not words[0]:
        raise StataError(198, "invalid file specification")
    path = Path(os.path.expanduser(words[0]))
    kind = kind_of(path, arguments.string("as") or "")
    if not path.suffix:
        path = Path(f"{path}.{kind}")
    _, graph = named_graph(state, arguments.string("name"))
    if path.exists() and not arguments.flag("replace"):
        raise file_exists(str(path))
    pixels = FORMATS[kind][1]
    width, height = (_length(arguments, name, pixels) for name in ("width", "height"))
    quality = arguments.integer("quality") or 90
    if not 1 <= quality <= 100:
        raise StataError(198, "quality() must be between 1 and 100")
    require_matplotlib()
    font = state.settings.fontface
    export_graph(graph, path, kind, width=width, height=height, quality=quality, font=font)
    state.console.print(f"file {path} saved as {FORMATS[kind][0]} format")


def _length(arguments: Arguments, name: str, pixels: bool) -> float | None:
    """Pixels from 8 to 16000, or inches from 0.5 to 100 with an optional ``in``; r(198)."""
    text = arguments.string(name)
    if text is None:
        return None
    low, high = (8.0, 16000.0) if pixels else (0.5, 100.0)
    word = text.strip().removesuffix("px" if pixels else "in").strip()
    try:
        value = float(word)
    except ValueError:
        raise StataError(198, f"option {name}() incorrectly specified") from None
    if not low <= value <= high:
        unit = "pixels" if pixels else "inches"
        raise StataError(198, f"{name}() must be between {low:g} and {high:g} {unit}")
    return value
