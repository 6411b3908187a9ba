"""``estimates save``, ``use``, ``describe``, ``esample``, ``notes`` and ``for`` ([R] estimates)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.postestimation.stored_estimates import (
    active_estimates,
    estimates_named,
    expand_names,
    is_active,
)
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.errors import StataError, file_exists, invalid_syntax
from statalike.evaluation import estimation_sample, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_command_line, split_comma, split_prefix
from statalike.language.quoting import unquoted
from statalike.language.specification import Specification
from statalike.output.styled import rule
from statalike.results.estimates_file import read_estimates, write_estimates
from statalike.results.stores import Results, StoredEstimates
from statalike.state import State

TITLE = "estimates_title"
NOTE = "estimates_note"


def _path(text: str) -> Path:
    name = os.path.expanduser(unquoted(text.strip()))
    if not name:
        raise StataError(198, "invalid file specification")
    return Path(name if os.path.splitext(name)[1] else f"{name}.ster")


@command(
    "estimates save",
    syntax="anything [, REPLACE APPEND]",
    help="write the active estimates to a file",
    section="Postestimation",
)
def estimates_save(state: State, arguments: Arguments) -> None:
    results = active_estimates(state)
    path = _path(arguments.body)
    if arguments.flag("replace") and arguments.flag("append"):
        raise StataError(198, "options replace and append may not be combined")
    before: list[Results] = []
    if path.exists():
        if arguments.flag("append"):
            before = read_estimates(path)
        elif not arguments.flag("replace"):
            raise file_exists(str(path))
    elif arguments.flag("replace") or arguments.flag("append"):
        state.console.print(f"(file {path} not found)")
    write_estimates(path, [*before, results])
    state.console.print(f"file {path} saved")


@command(
    "estimates use",
    syntax="anything [, NUMber(integer 1)]",
    help="make estimates from a file the active ones",
    section="Postestimation",
)
def estimates_use(state: State, arguments: Arguments) -> None:
    """The estimation sample is not set; ``estimates esample:`` sets it."""
    state.e = _numbered(_path(arguments.body), arguments.integer("number") or 1)


def _numbered(path: Path, number: int) -> Results:
    sets = read_estimates(path)
    if not 0 < number <= len(sets):
        raise StataError(198, f"file {path} has {len(sets)} sets of estimates")
    return sets[number - 1]


@command(
    "estimates describe",
    "estimates des",
    syntax="[anything] [using] [, NUMber(integer 1)]",
    help="tell how estimates were made",
    section="Postestimation",
)
def estimates_describe(state: State, arguments: Arguments) -> None:
    """Of the active or a stored set, or of one in a file with ``using``."""
    if arguments.using is not None:
        path = _path(arguments.using)
        sets = read_estimates(path)
        results = _numbered(path, arguments.integer("number") or 1)
        state.r = Results(scalars={"nestresults": float(len(sets))})
        heading = f"Estimation results saved in {path}"
    else:
        results = estimates_named(state, arguments.body or ".")
        state.r = Results()
        heading = "Active results" if not arguments.body else f"Estimation results {arguments.body}"
    title = results.macros.get(TITLE) or results.macros.get("title", "")
    command_line = results.macros.get("cmdline", "")
    state.r.macros = {"title": title, "cmdline": command_line}
    console = state.console
    console.print()
    console.print(f"  {heading}")
    console.print()
    if title:
        console.print(f"  Title: {title}")
        console.print()
    console.print("  Produced by")
    console.print(f"     . {command_line}")
    for number, text in enumerate(_notes(results), 1):
        if number == 1:
            console.print()
            console.print("  Notes")
        console.print(f"     {number}. {text}")


@command(
    "estimates esample",
    form="text",
    syntax="[varlist] [if] [in] [, REPLACE STRINGvars(varlist) ZEROweight]",
    help="set or show the estimation sample",
    section="Postestimation",
)
def estimates_esample(state: State, text: str) -> None:
    """``estimates esample: varlist if``: observations without missing values in the variables."""
    results = active_estimates(state)
    if not text:
        sample = estimation_sample(state)
        if sample is None or not sample.any():
            state.console.print("e(sample) not set (0 assumed)")
            state.r = Results(macros={"who": "zero'd"})
        else:
            made = results.macros.get("esample_who", results.macros.get("cmd", ""))
            state.console.print(f"e(sample) set by {made}")
            state.r = Results(macros={"who": "user" if made == "user" else "cmd"})
        return
    if not text.startswith(":"):
        raise invalid_syntax()
    arguments = Specification.parse(
        "[varlist(fv ts)] [if] [in] [, REPLACE STRINGvars(varlist)]", unsupported="ZEROweight"
    ).read(parse_command_line(f"esample {text[1:]}"), state.data)
    already = estimation_sample(state)
    if already is not None and already.any() and not arguments.flag("replace"):
        raise StataError(322, "e(sample) already set")
    rows = observations_mask(state, arguments.condition, arguments.observations)
    if arguments.given:
        for name in arguments.varlist:
            variable = state.data.variable(name)
            if variable.is_numeric:
                rows &= variable.numbers() < MISSING
    for name in arguments.variables("stringvars"):
        rows &= np.array([bool(value) for value in state.data.variable(name).strings()])
    state.e = results.copy()
    set_estimation_sample(state, rows)
    state.e.macros["esample_who"] = "user"


@command("estimates notes", "estimates note", form="text", help="notes of the active estimates")
def estimates_notes(state: State, text: str) -> None:
    """``estimates notes: text`` adds one; ``list`` shows them, ``drop in #`` takes some away."""
    results = active_estimates(state)
    if text.startswith(":"):
        added = unquoted(text[1:].strip())
        if not added:
            raise StataError(198, "nothing to add")
        _set_notes(state, [*_notes(results), added])
        return
    word, _, rest = text.partition(" ")
    notes = _notes(results)
    if word in ("", "list", "l"):
        chosen = _chosen_notes(rest, len(notes))
        if notes:
            state.console.print()
        for number in chosen:
            state.console.print(f"  {number}.  {notes[number - 1]}")
    elif word == "drop":
        if not rest.strip():
            raise invalid_syntax()
        dropped = set(_chosen_notes(rest, len(notes)))
        _set_notes(state, [each for i, each in enumerate(notes, 1) if i not in dropped])
        count = len(dropped)
        state.console.print(f"({count} note{'s' if count != 1 else ''} dropped)")
    else:
        raise StataError(198, f"invalid subcommand {word}")


_IN = re.compile(r"in\s+(\d+|l)(?:\s*/\s*(\d+|l))?", re.IGNORECASE)


def _chosen_notes(text: str, count: int) -> list[int]:
    """The numbers that ``in #/#`` or ``_all`` names; r(198)."""
    if text.strip() in ("", "_all"):
        return list(range(1, count + 1))
    found = _IN.fullmatch(text.strip())
    if found is None:
        raise invalid_syntax()
    first, last = (
        count if end.lower() == "l" else int(end) for end in (found[1], found[2] or found[1])
    )
    if not 1 <= first <= last <= count:
        raise StataError(198, "note numbers out of range")
    return list(range(first, last + 1))


def _notes(results: Results) -> list[str]:
    count = int(results.macros.get(f"{NOTE}0", "0"))
    return [results.macros[f"{NOTE}{i}"] for i in range(1, count + 1)]


def _set_notes(state: State, notes: list[str]) -> None:
    """Put notes into the active estimates, and into stored ones that are the same."""
    same = [name for name, each in state.memory.stored.items() if is_active(state, each.results)]
    results = state.e.copy()
    for name in [name for name in results.macros if name.startswith(NOTE)]:
        del results.macros[name]
    if notes:
        results.macros[f"{NOTE}0"] = str(len(notes))
        results.macros |= {f"{NOTE}{i}": text for i, text in enumerate(notes, 1)}
    state.e = results
    for name in same:
        kept = state.memory.stored[name]
        state.memory.stored[name] = StoredEstimates(name, results.copy(), kept.title)


@command(
    "estimates for",
    form="text",
    composite=True,
    syntax="anything [, noHEADer noSTOP]",
    help="run a postestimation command for several estimates",
    section="Postestimation",
)
def estimates_for(state: State, text: str) -> None:
    """``estimates for m1 m2: estat ic``; the active estimates are the active ones afterwards."""
    given, inner = split_prefix(text)
    if not inner:
        raise invalid_syntax()
    body, options = split_comma(given)
    arguments = Specification.parse("[, noHEADer noSTOP]").read(
        parse_command_line(f"for, {options or ''}"), state.data
    )
    active = state.e.copy()
    console = state.console
    try:
        for name in expand_names(state, body.split()):
            state.e = active.copy() if name == "." else estimates_named(state, name).copy()
            if not arguments.flag("noheader"):
                console.print()
                console.print(rule(state.settings.linesize))
                console.print("Active results" if name == "." else f"Model {name}")
                console.print(rule(state.settings.linesize))
            try:
                state.interpreter.run_line(inner)
            except StataError as error:
                if not arguments.flag("nostop"):
                    raise
                state.interpreter.show_message(error)
    finally:
        state.e = active
