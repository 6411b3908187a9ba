"""``describe`` and ``ds``: what the dataset holds ([D] describe, ds)."""

from __future__ import annotations

import re

from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.notes import notes_of
from statalike.data.sources import find_dataset
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.description import (
    CHANGED_NOTE,
    VariableDescription,
    dataset_heading,
    name_columns,
    sort_line,
    variable_table,
)
from statalike.output.styled import Line
from statalike.results.stores import Results
from statalike.state import State

_OPTIONS = "[, Short Simple Fullnames Numbers VARList]"


@command(
    "describe",
    "d",
    syntax=f"[anything] [using/] {_OPTIONS}",
    unsupported="replace clear",
    help="variables, their storage types, formats and labels",
    section="Description",
)
def describe(state: State, arguments: Arguments) -> None:
    """Describes the data in memory or, with ``using``, those in a file."""
    from_file = arguments.using is not None
    data = find_dataset(arguments.using or "", "use") if from_file else state.data
    names = _names(data, arguments.body)
    short, simple = arguments.flag("short"), arguments.flag("simple")
    if simple and (short or arguments.flag("numbers")):
        raise StataError(198, "option simple may not be combined with short or numbers")
    linesize = state.console.linesize
    if simple:
        state.console.print_lines(name_columns(names, linesize))
    else:
        state.console.print()
        whole = from_file or not arguments.body
        if whole:
            state.console.print_lines(_heading(data, from_file, linesize))
        if names and not short:
            state.console.print_lines(_table(data, names, arguments, linesize))
        if whole:
            state.console.print_lines(sort_line(data.sorted_by, linesize))
            if not from_file and data.changed and data.variables:
                state.console.print(CHANGED_NOTE)
    state.r = _returned(data, arguments.flag("varlist"))


def _names(data: Dataset, text: str) -> list[str]:
    """The variables to describe; ``a - b`` may be typed with blanks."""
    if not text:
        return data.names
    return list(dict.fromkeys(data.expand(re.sub(r"\s*-\s*", "-", text))))


def _heading(data: Dataset, from_file: bool, linesize: int) -> list[Line]:
    return dataset_heading(
        filename="" if from_file else data.filename,
        observations=data.n,
        variables=len(data.variables),
        label=data.label,
        timestamp=data.timestamp,
        has_notes=bool(notes_of(data.characteristics.get("_dta", {}))),
        linesize=linesize,
    )


def _table(data: Dataset, names: list[str], arguments: Arguments, linesize: int) -> list[Line]:
    positions = {name: i for i, name in enumerate(data.names, 1)}
    return variable_table(
        [_description(data, name) for name in names],
        linesize=linesize,
        numbers=[positions[name] for name in names] if arguments.flag("numbers") else None,
        full_names=arguments.flag("fullnames"),
    )


def _description(data: Dataset, name: str) -> VariableDescription:
    variable = data.variable(name)
    return VariableDescription(
        name,
        str(variable.storage),
        variable.format,
        variable.value_label,
        variable.label,
        bool(notes_of(data.characteristics.get(name, {}))),
    )


def _returned(data: Dataset, with_names: bool) -> Results:
    scalars = {
        "N": float(data.n),
        "k": float(len(data.variables)),
        "width": float(data.record_width),
        "changed": float(data.changed),
    }
    macros = {}
    if with_names:
        macros = {"varlist": " ".join(data.names), "sortlist": " ".join(data.sorted_by)}
    return Results(scalars=scalars, macros=macros)


@command(
    "ds",
    "ds",
    syntax="[varlist] [, has(string) not NOT(string)]",
    unsupported="alpha detail varwidth(string) skip(string)",
    help="names of variables",
    section="Description",
)
def ds(state: State, arguments: Arguments) -> None:
    names = list(dict.fromkeys(arguments.varlist))
    has = arguments.string("has")
    without = arguments.string("not")
    if has:
        names = [name for name in names if _has(state.data, name, has)]
    if without:
        names = [name for name in names if not _has(state.data, name, without)]
    elif without is not None:
        names = [name for name in state.data.names if name not in names]
    state.console.print_lines(name_columns(names, state.console.linesize))
    state.r = Results(macros={"varlist": " ".join(names)})


def _has(data: Dataset, name: str, text: str) -> bool:
    """``type numeric``, ``type int``, ``vallabel``, ``varlabel``, ``format %9*``."""
    word, *rest = text.split()
    variable = data.variable(name)
    if "type".startswith(word) and rest:
        kinds = {"numeric": variable.is_numeric, "string": variable.is_string}
        return any(kinds.get(kind, kind == str(variable.storage)) for kind in rest)
    if word in ("vallabel", "vall"):
        return bool(variable.value_label) and (not rest or variable.value_label in rest)
    if word in ("varlabel", "varl"):
        return bool(variable.label)
    if "format".startswith(word) and rest:
        patterns = (re.escape(each).replace(r"\*", ".*") for each in rest)
        return any(re.fullmatch(pattern, variable.format) for pattern in patterns)
    raise StataError(198, f"has({text}) not yet supported")
