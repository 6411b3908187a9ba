"""The graphs in memory: ``graph display``, ``dir``, ``describe``, ``drop``, ``rename``."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from statalike.commands.graphics.finishing import keep
from statalike.commands.graphics.showing import show
from statalike.commands.graphics.twoway_options import inches
from statalike.commands.registry import command
from statalike.data.names import is_name
from statalike.errors import StataError, invalid_name, suggestion
from statalike.graphics.gph_file import gph_path, load_graph
from statalike.graphics.graph import Graph
from statalike.graphics.schemes import find_scheme
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.results.stores import Results
from statalike.state import State


def named_graph(state: State, name: str | None) -> tuple[str, Graph]:
    """A graph in memory, without a name the current one; r(601) when there is none, r(111)."""
    graphs = state.memory.graphs
    chosen = name or state.memory.current_graph
    if not chosen:
        raise StataError(601, "no graph in memory")
    if chosen not in graphs:
        raise StataError(111, f"graph {chosen} not found", hint=suggestion(chosen, graphs))
    return chosen, graphs[chosen]


@command(
    "graph display",
    "graph di",
    syntax="[name] [, SCHeme(string) XSIZe(real) YSIZe(real)]",
    unsupported="MARgins(string) SCALE(real)",
    help="show a graph again",
    section="Graphs",
)
def graph_display(state: State, arguments: Arguments) -> None:
    """A scheme or a size that is given stays with the graph."""
    name, graph = named_graph(state, arguments.names[0] if arguments.names else None)
    scheme = arguments.string("scheme")
    if scheme is not None:
        graph = replace(graph, scheme=find_scheme(scheme).name)
    width, height = (inches(arguments.options, size) for size in ("xsize", "ysize"))
    graph = replace(graph, xsize=width or graph.xsize, ysize=height or graph.ysize)
    keep(state, name, graph)
    show(state, name, graph)


@command(
    "graph dir",
    "graph dir",
    syntax="[anything] [, Memory Detail]",
    unsupported="GPH",
    help="list the graphs in memory",
    section="Graphs",
)
def graph_dir(state: State, arguments: Arguments) -> None:
    patterns = split_words(arguments.body) or ["*"]
    names = [
        name
        for name in sorted(state.memory.graphs)
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
    if names and arguments.flag("detail"):
        _print_details(state, names)
    elif names:
        width = max(len(name) for name in names) + 2
        columns = max(1, (state.console.linesize - 4) // width)
        state.console.print()
        for start in range(0, len(names), columns):
            row = "".join(name.ljust(width) for name in names[start : start + columns])
            state.console.print(f"    {row.rstrip()}")
    state.r = Results(macros={"list": " ".join(names)})


def _print_details(state: State, names: list[str]) -> None:
    state.console.print()
    state.console.print(f"    {'name':<14}command")
    state.console.print("    " + "-" * (state.console.linesize - 4))
    for name in names:
        text = state.memory.graphs[name].command
        room = state.console.linesize - 18
        state.console.print(f"    {name:<14}{text[:room]}")


@command(
    "graph describe",
    "graph des",
    syntax="[anything]",
    help="tell what a graph is",
    section="Graphs",
)
def graph_describe(state: State, arguments: Arguments) -> None:
    """A graph in memory by its name, or one in a file by the file's."""
    words = split_words(arguments.body)
    if len(words) > 1:
        raise StataError(198, "invalid syntax")
    given = words[0] if words else None
    if given is not None and given not in state.memory.graphs and gph_path(given).is_file():
        where, graph = f"{gph_path(given)} stored on disk", load_graph(gph_path(given))
    else:
        name, graph = named_graph(state, given)
        where = f"{name} stored in memory"
    from statalike.graphics.rendering.figure import graph_size

    width, height = graph_size(graph)
    size = f"{height:g} x {width:g}"
    command_text = " ".join(graph.command.split())
    lines = [("name", where), ("format", "live"), ("created", graph.created)]
    lines += [("scheme", graph.scheme), ("size", size)]
    if graph.dataset:
        lines.append(("dta file", graph.dataset))
    lines.append(("command", command_text))
    state.console.print()
    for label, text in lines:
        state.console.print(f"    {label + ':':<11}{text}")
    state.r = Results(
        macros={
            "fn": where.split()[0],
            "ft": "live",
            "family": graph.family,
            "command": command_text,
            "command_date": graph.created.rpartition(" ")[0],
            "command_time": graph.created.rpartition(" ")[2],
            "scheme": graph.scheme,
            "ysize": f"{height:g}",
            "xsize": f"{width:g}",
            "dtafile": graph.dataset,
        }
    )


@command(
    "graph drop",
    "graph drop",
    syntax="anything",
    help="forget graphs",
    section="Graphs",
)
def graph_drop(state: State, arguments: Arguments) -> None:
    graphs = state.memory.graphs
    for word in split_words(arguments.body):
        pattern = "*" if word == "_all" else word
        found = [name for name in graphs if fnmatchcase(name, pattern)]
        if not found and word not in ("_all", "*"):
            raise StataError(111, f"graph {word} not found", hint=suggestion(word, graphs))
        for name in found:
            del graphs[name]
    if state.memory.current_graph not in graphs:
        state.memory.current_graph = next(reversed(graphs), "")


@command(
    "graph rename",
    "graph rename",
    syntax="anything [, replace]",
    help="give a graph another name",
    section="Graphs",
)
def graph_rename(state: State, arguments: Arguments) -> None:
    old, new = _two_names(state, arguments)
    state.memory.graphs[new] = state.memory.graphs.pop(old)
    if state.memory.current_graph == old:
        state.memory.current_graph = new


@command(
    "graph copy",
    "graph copy",
    syntax="anything [, replace]",
    help="keep a graph under another name as well",
    section="Graphs",
)
def graph_copy(state: State, arguments: Arguments) -> None:
    old, new = _two_names(state, arguments)
    state.memory.graphs[new] = state.memory.graphs[old]


def _two_names(state: State, arguments: Arguments) -> tuple[str, str]:
    """``[old] new``: a graph in memory and the name for it; r(110) when that is taken."""
    words = split_words(arguments.body)
    if len(words) not in (1, 2):
        raise StataError(198, "invalid syntax")
    old, _ = named_graph(state, words[0] if len(words) == 2 else None)
    new = words[-1]
    if not is_name(new):
        raise invalid_name(new)
    if new in state.memory.graphs and not arguments.flag("replace"):
        raise StataError(110, f"graph {new} already exists")
    return old, new


@command(
    "graph close",
    "graph close",
    syntax="[anything]",
    help="close the windows of graphs",
    section="Graphs",
)
def graph_close(state: State, arguments: Arguments) -> None:
    """There are no windows: a graph that is in memory stays there, as with Stata's command."""
    for word in split_words(arguments.body):
        if word not in ("_all", "*"):
            named_graph(state, word)


@command(
    "graph set",
    "graph set",
    syntax="[anything]",
    help="set the font of graphs",
    section="Graphs",
)
def graph_set(state: State, arguments: Arguments) -> None:
    """``graph set window fontface "Times New Roman"``; the same for any kind of picture."""
    words = split_words(arguments.body)
    if words and words[0] in ("window", "print", "ps", "eps", "svg", "pdf"):
        words = words[1:]
    if len(words) != 2 or words[0] != "fontface":
        raise StataError(198, f"graph set {arguments.body.strip()} not yet supported")
    state.settings.fontface = "" if words[1] == "default" else words[1]
