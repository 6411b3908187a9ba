"""``use``, ``webuse``, ``sysuse``, ``clear``: data into memory ([D] use, webuse, sysuse, clear)."""

from __future__ import annotations

from dataclasses import replace

from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.sources import STATA_PRESS, example_names, find_dataset, web_address
from statalike.errors import StataError, no_data_lost_unsaved
from statalike.evaluation import observations_mask
from statalike.frames import DEFAULT_FRAME
from statalike.language.arguments import Arguments
from statalike.language.ast import Clause, CommandLine
from statalike.language.parser import parse_clause, split_words
from statalike.language.specification import Specification
from statalike.output.text_width import wrap_words
from statalike.results.stores import Results
from statalike.state import State

_USE = "[anything] [if] [in] [using] [, clear NOLabel]"


@command("use", "u", form="text", syntax=_USE, help="read a dataset from a file", section="Files")
def use(state: State, text: str) -> None:
    """``use file``, ``use varlist if exp in range using file``; varlist and in are the file's."""
    clause = parse_clause(text)
    arguments = read_clause(_USE, replace(clause, observations=None), state.data)
    if arguments.using is None:
        words = split_words(clause.body)
        if len(words) != 1 or not words[0]:
            raise StataError(198, "invalid file specification")
        if clause.condition is not None or clause.observations is not None:
            raise StataError(198, f"invalid '{'if' if clause.condition is not None else 'in'}'")
        path, wanted = words[0], ""
    else:
        path, wanted = arguments.using, clause.body
    check_unsaved(state, clear=arguments.flag("clear"))
    data = find_dataset(path, "use")
    if wanted or clause.condition is not None or clause.observations is not None:
        _take_part(state, data, wanted, clause)
    if arguments.flag("nolabel"):
        _drop_value_labels(data)
    load(state, data)


def read_clause(syntax: str, clause: Clause, data: Dataset) -> Arguments:
    """The arguments of a clause that was parsed already."""
    return Specification.parse(syntax).read(CommandLine("", clause), data)


def _take_part(state: State, data: Dataset, wanted: str, clause: Clause) -> None:
    """Leave the variables and observations of the file that were asked for."""
    names = data.expand(wanted) if wanted else data.names
    before, state.data = state.data, data
    try:
        line_read = read_clause("[if] [in]", replace(clause, body="", using=None, options=()), data)
        mask = observations_mask(state, line_read.condition, line_read.observations)
    finally:
        state.data = before
    data.keep_rows(mask)
    data.keep(names)
    data.changed = False


def _drop_value_labels(data: Dataset) -> None:
    for name in data.names:
        data.update(name, lambda variable: replace(variable, value_label=""))
    data.value_labels.clear()
    data.changed = False


def check_unsaved(state: State, *, clear: bool) -> None:
    """r(4) when changes would be lost."""
    if state.data.changed and state.data and not clear:
        raise no_data_lost_unsaved()


def load(state: State, data: Dataset) -> None:
    """Make ``data`` the dataset in memory and show its label."""
    state.data = data
    if data.label:
        for text in wrap_words(f"({data.label})", state.console.linesize):
            state.console.print(text)


@command(
    "webuse",
    "webuse",
    form="text",
    syntax="anything [, clear]",
    help="read an example dataset",
    section="Files",
)
def webuse(state: State, text: str) -> None:
    """``webuse name``, ``webuse set [address]``, ``webuse query``."""
    words = split_words(text.replace(",", " , "))
    if words[:1] == ["query"] and len(words) == 1:
        state.console.print(f'(prefix now "{_address(state)}")')
        state.r = Results(macros={"prefix": _address(state)})
        return
    if words[:1] == ["set"] and len(words) <= 2:
        if len(words) == 1:
            state.settings.webuse = ""
        else:
            state.settings.webuse = web_address(words[1])
        state.console.print(f'(prefix now "{_address(state)}")')
        return
    arguments = read_clause("anything [, clear]", parse_clause(text), state.data)
    name = _single_name(arguments)
    check_unsaved(state, clear=arguments.flag("clear"))
    load(state, find_dataset(name, "webuse", address=_address(state)))


def _address(state: State) -> str:
    return state.settings.webuse or STATA_PRESS


def _single_name(arguments: Arguments) -> str:
    words = split_words(arguments.body)
    if len(words) != 1 or not words[0]:
        raise StataError(198, "invalid file specification")
    return words[0]


@command(
    "sysuse",
    "sysuse",
    syntax="anything [, clear all]",
    help="read an example dataset that is at hand",
    section="Files",
)
def sysuse(state: State, arguments: Arguments) -> None:
    name = _single_name(arguments)
    if name == "dir":
        names = example_names()
        for text in wrap_words("  ".join(f"{each}.dta" for each in names), state.console.linesize):
            state.console.print(text)
        state.r = Results(macros={"files": " ".join(names)})
        return
    check_unsaved(state, clear=arguments.flag("clear"))
    load(state, find_dataset(name, "sysuse"))


@command("clear", "clear", form="text", help="forget data and results", section="Files")
def clear(state: State, text: str) -> None:
    """``clear`` forgets the data; ``clear all`` and the like forget more or other things."""
    words = text.split()
    if len(words) > 1:
        raise StataError(198, "invalid syntax")
    memory = state.memory
    match words[0] if words else "":
        case "" | "*":
            state.data = Dataset()
        case "all" | "_all":
            _forget_frames(state)
            memory.programs = {}
            state.postings.clear()
            memory.scalars, memory.matrices, memory.stored = {}, {}, {}
            memory.r, memory.e, memory.s = Results(), Results(), Results()
            memory.graphs, memory.current_graph = {}, ""
        case "results" | "ereturn" | "rresults":
            memory.r, memory.e, memory.s = Results(), Results(), Results()
        case "matrix":
            memory.matrices = {}
        case "programs":
            memory.programs = {}
        case "ado":
            memory.programs = {k: each for k, each in memory.programs.items() if not each.file}
        case "frames":
            _forget_frames(state)
        case "mata" | "rngstream" | "collect":
            pass
        case other:
            raise StataError(198, f"{other} not allowed")


def _forget_frames(state: State) -> None:
    """Forget the data of all frames; what is left is the empty frame ``default``."""
    state.data = Dataset()
    state.memory.frames, state.memory.frame = {}, DEFAULT_FRAME
