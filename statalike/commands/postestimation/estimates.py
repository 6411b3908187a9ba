"""``estimates``: keep estimation results under names, and go back to them ([R] estimates)."""

from __future__ import annotations

from statalike.commands.postestimation.estat_ic import (
    criteria_matrix,
    criteria_table,
    further_criteria,
    information_criteria,
    observations_given,
)
from statalike.commands.postestimation.stored_estimates import (
    active_estimates,
    estimates_named,
    expand_names,
    is_active,
)
from statalike.commands.registry import command, find_command
from statalike.data.names import check_name
from statalike.errors import StataError, invalid_syntax, last_estimates_not_found
from statalike.language.arguments import Arguments
from statalike.language.quoting import unquoted
from statalike.output.estimates_directory import StoredModel, estimates_directory
from statalike.output.styled import rule
from statalike.results.stores import Results, StoredEstimates
from statalike.state import State

TITLE = "estimates_title"


@command("estimates", "est", form="family", help="keep estimates and go back to them")
def estimates(state: State, text: str) -> None:
    """Chooses ``estimates store`` and the like."""


@command(
    "estimates store",
    "estimates sto",
    syntax="name [, TITle(string)]",
    unsupported="NOCOPY",
    help="keep the active estimates under a name",
    section="Postestimation",
)
def estimates_store(state: State, arguments: Arguments) -> None:
    name = check_name(arguments.names[0])
    results = active_estimates(state)
    title = arguments.string("title")
    if title is not None:
        results.macros[TITLE] = title
    state.memory.stored[name] = StoredEstimates(name, results.copy(), results.macros.get(TITLE, ""))


@command(
    "estimates restore",
    "estimates res",
    syntax="name",
    help="make stored estimates the active ones",
    section="Postestimation",
)
def estimates_restore(state: State, arguments: Arguments) -> None:
    name = arguments.names[0]
    state.e = estimates_named(state, name).copy()
    state.console.print(f"(results {name} are active now)")


@command(
    "estimates query",
    "estimates q",
    syntax="",
    help="tell which estimates are active",
    section="Postestimation",
)
def estimates_query(state: State, arguments: Arguments) -> None:
    producer = state.e.macros.get("cmd")
    if not producer:
        state.console.print("(no active results)")
        return
    names = [each.name for each in state.memory.stored.values() if is_active(state, each.results)]
    stored = f"also stored as {', '.join(names)}" if names else "not yet stored"
    state.console.print(f"(active results produced by {producer}; {stored})")


@command(
    "estimates dir",
    syntax="[anything]",
    help="list stored estimates",
    section="Postestimation",
)
def estimates_dir(state: State, arguments: Arguments) -> None:
    names = expand_names(state, arguments.body.split() or ["_all"])
    if names:
        show_directory(state, names)


def show_directory(state: State, names: list[str]) -> None:
    """Print name, command, dependent variable, size and title of estimates."""
    models = []
    for name in names:
        results = estimates_named(state, name)
        macros = results.macros
        b = results.matrices.get("b")
        models.append(
            StoredModel(
                name,
                macros.get("cmd", ""),
                macros.get("depvar", ""),
                0 if b is None else len(b.columns),
                macros.get(TITLE) or macros.get("title", ""),
            )
        )
    state.console.print()
    state.console.print_lines(estimates_directory(models, state.settings.linesize))


@command(
    "estimates drop",
    syntax="anything",
    help="forget stored estimates",
    section="Postestimation",
)
def estimates_drop(state: State, arguments: Arguments) -> None:
    for name in expand_names(state, arguments.body.split()):
        if name == ".":
            raise StataError(198, "the active results cannot be dropped; . not allowed")
        del state.memory.stored[name]


@command(
    "estimates clear",
    syntax="",
    help="forget all stored estimates",
    section="Postestimation",
)
def estimates_clear(state: State, arguments: Arguments) -> None:
    state.memory.stored.clear()


@command("estimates title", "estimates ti", form="text", help="set or show a title")
def estimates_title(state: State, text: str) -> None:
    """``estimates title: text`` gives the active estimates a title; alone it shows it."""
    results = active_estimates(state)
    if not text:
        state.console.print(results.macros.get(TITLE, ""))
        return
    if not text.startswith(":"):
        raise invalid_syntax()
    title = unquoted(text[1:].strip())
    if title:
        results.macros[TITLE] = title
    else:
        results.macros.pop(TITLE, None)
    stored = state.memory.stored
    for name, kept in list(stored.items()):
        if is_active(state, kept.results):
            stored[name] = StoredEstimates(name, results.copy(), title)


@command(
    "estimates replay",
    "estimates r",
    syntax="[anything] [, *]",
    help="show the output of estimates again",
    section="Postestimation",
)
def estimates_replay(state: State, arguments: Arguments) -> None:
    active = state.e
    names = expand_names(state, arguments.body.split() or ["."])
    for name in names:
        results = estimates_named(state, name)
        heading = "Active results" if name == "." else f"Model {name}"
        title = results.macros.get(TITLE)
        console = state.console
        console.print()
        console.print(rule(state.settings.linesize))
        console.print(f"{heading} ({title})" if title else heading)
        console.print(rule(state.settings.linesize))
        state.e = results.copy()
        try:
            _show_again(state, arguments.rest)
        finally:
            state.e = active


def _show_again(state: State, options: str) -> None:
    """Run the command that made the active estimates without arguments, which replays it."""
    producer = state.e.macros.get("cmd2") or state.e.macros.get("cmd", "")
    if find_command(producer) is None:
        raise last_estimates_not_found()
    state.interpreter.run_line(f"{producer}, {options}" if options else producer)


@command(
    "estimates stats",
    "estimates stat",
    syntax="[anything] [, N(real 0) ALL AICC CAIC]",
    unsupported="BICDetail DF(string)",
    help="information criteria of stored estimates",
    section="Postestimation",
)
def estimates_stats(state: State, arguments: Arguments) -> None:
    observations = observations_given(arguments)
    rows = [
        information_criteria(name, estimates_named(state, name), observations)
        for name in expand_names(state, arguments.body.split() or ["."])
    ]
    further = further_criteria(arguments)
    state.r = Results(matrices={"S": criteria_matrix(rows, further)})
    state.console.print()
    state.console.print_lines(criteria_table(rows, observations, further))
