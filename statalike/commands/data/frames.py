"""``frame`` and ``frames``: several datasets in memory ([D] frames)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statalike.commands.programming.postfile import evaluated_row
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.names import is_name
from statalike.data.storage import storage_type
from statalike.data.variable import empty_column
from statalike.errors import (
    StataError,
    invalid_name,
    invalid_syntax,
    option_not_allowed,
)
from statalike.evaluation import observations_mask
from statalike.frames import (
    DEFAULT_FRAME,
    change_frame,
    frame_data,
    frame_not_found,
    in_frame,
    set_frame_data,
)
from statalike.language.arguments import Arguments
from statalike.language.parser import split_comma, split_name, split_prefix
from statalike.language.variable_lists import new_variables
from statalike.postings import check_row
from statalike.results.stores import Results
from statalike.state import State


def _new_name(state: State, name: str) -> str:
    """A name that no frame has; r(198), r(110)."""
    if not is_name(name):
        raise invalid_name(name) if name else invalid_syntax()
    if name == state.memory.frame or name in state.memory.frames:
        raise StataError(110, f"frame {name} already defined")
    return name


def _names(state: State) -> list[str]:
    return sorted([state.memory.frame, *state.memory.frames])


@command("frame", "fr", form="family", default="prefix", help="several datasets in memory")
@command("frames", "frames", form="family", default="dir", help="several datasets in memory")
def frame(state: State, text: str) -> None:
    """Chooses ``frame create`` and the like."""


@command(
    "frame prefix",
    "frame prefix",
    form="text",
    composite=True,
    help="run a command in another frame",
    section="Data",
)
def frame_prefix(state: State, text: str) -> None:
    """``frame name: command``."""
    name, inner = split_prefix(text)
    if inner is None:
        raise StataError(198, f"invalid subcommand {split_name(text)[0]}")
    with in_frame(state, name):
        state.interpreter.run_line(inner)


@command("frame pwf", "frame pwf", form="text", help="name of the current frame", section="Data")
@command("pwf", "pwf", form="text", help="name of the current frame")
def current_frame(state: State, text: str) -> None:
    if text:
        raise invalid_syntax()
    state.console.print(f"  (current frame is {state.memory.frame})")
    state.r = Results(macros={"currentframe": state.memory.frame})


@command("frame dir", "frame dir", form="text", help="list the frames", section="Data")
@command("frames dir", "frames dir", form="text", help="list the frames")
def frame_dir(state: State, text: str) -> None:
    if text:
        raise invalid_syntax()
    names = _names(state)
    width = max(len(name) for name in names)
    unsaved = False
    for name in names:
        data = frame_data(state, name)
        unsaved |= data.changed
        label = f"; {data.label}" if data.label else ""
        size = f"{data.n} x {len(data.variables)}"
        state.console.print(f"{'*' if data.changed else ' '} {name:<{width}}  {size}{label}")
    if unsaved:
        state.console.print()
        state.console.print("Note: Frames marked with * contain unsaved data.")
    state.r = Results(macros={"frames": " ".join(names)})


@command("frame create", "frame cr", form="text", help="make a frame", section="Data")
@command("mkf", "mkf", form="text", help="make a frame")
def frame_create(state: State, text: str) -> None:
    """``frame create name [newvarlist]``: an empty frame, or one with variables to post to."""
    name, rest = split_name(text)
    name = _new_name(state, name)
    made = Dataset()
    for variable in new_variables(rest.strip(), made):
        kind = storage_type(variable.storage or state.settings.type)
        made.add(variable.name, empty_column(kind, 0), kind)
    made.changed = False
    state.memory.frames[name] = made


@command("frame change", "frame ch", form="text", help="make a frame current", section="Data")
@command("cwf", "cwf", form="text", help="make a frame current")
def frame_change(state: State, text: str) -> None:
    change_frame(state, text.strip())


@command("frame rename", "frame ren", form="text", help="rename a frame", section="Data")
def frame_rename(state: State, text: str) -> None:
    words = text.split()
    if len(words) != 2:
        raise invalid_syntax()
    old, new = words
    data = frame_data(state, old)
    new = _new_name(state, new)
    if old == state.memory.frame:
        state.memory.frame = new
    else:
        del state.memory.frames[old]
        state.memory.frames[new] = data


@command("frame drop", "frame drop", form="text", help="forget frames", section="Data")
def frame_drop(state: State, text: str) -> None:
    """Frames other than the current one; r(110) for that, r(111)."""
    names = text.split()
    if not names:
        raise invalid_syntax()
    for name in names:
        if name == state.memory.frame:
            raise StataError(110, f"{name} is the current frame; it may not be dropped")
        if name not in state.memory.frames:
            raise frame_not_found(name)
    for name in names:
        state.memory.frames.pop(name, None)


@command("frames reset", "frames reset", form="text", help="forget all frames")
@command("frame reset", "frame reset", form="text", help="forget all frames", section="Data")
def frame_reset(state: State, text: str) -> None:
    if text:
        raise invalid_syntax()
    state.memory.frames = {}
    state.memory.frame = DEFAULT_FRAME
    state.memory.data = Dataset()


@command("frame copy", "frame copy", form="text", help="copy a frame", section="Data")
def frame_copy(state: State, text: str) -> None:
    """``frame copy from to [, replace]``."""
    given, options = split_comma(text)
    words = given.split()
    replaces = (options or "").strip()
    if replaces not in ("", "replace"):
        raise option_not_allowed(replaces, ("replace",))
    if len(words) != 2:
        raise invalid_syntax()
    source, target = words
    data = frame_data(state, source).copy()
    if not replaces:
        _new_name(state, target)
    set_frame_data(state, target, data)


@command(
    "frame put",
    "frame put",
    syntax="[varlist(default=none)] [if] [in] , INTO(name)",
    help="copy variables or observations into a new frame",
    section="Data",
)
def frame_put(state: State, arguments: Arguments) -> None:
    chosen = arguments.condition is not None or arguments.observations is not None
    if not arguments.given and not chosen:
        raise StataError(100, "varlist, if, or in required")
    name = _new_name(state, arguments.string("into") or "")
    mask = observations_mask(state, arguments.condition, arguments.observations)
    data = state.data.copy()
    data.keep_rows(mask)
    if arguments.given:
        data.keep(arguments.varlist)
    state.memory.frames[name] = data


@command("frame post", "frame post", form="text", help="add an observation", section="Data")
def frame_post(state: State, text: str) -> None:
    """``frame post name (exp) (exp) ...``: a value for each variable of the frame."""
    name, rest = split_name(text)
    data = frame_data(state, name).copy()
    row = evaluated_row(state, rest)
    check_row(row, [variable.storage for variable in data.variables.values()])
    data.set_observations(data.n + 1)
    last = np.array([data.n - 1])
    for variable, value in zip(list(data.variables.values()), row, strict=True):
        data.replace(variable.name, value, last, promote=variable.is_string)
    set_frame_data(state, name, data)


# --- linked frames -----------------------------------------------------------------------------

_LINK = "frlink"


@command(
    "frlink",
    "frlink",
    form="text",
    syntax="anything , FRame(string) [GENerate(name)]",
    help="link observations to those of another frame",
    section="Data",
)
def frlink(state: State, text: str) -> None:
    """``frlink m:1 varlist, frame(name [varlist])``: which row of the frame has the same keys.

    A new variable holds its number, missing without a match.  r(459) when the keys do not
    identify the other frame's observations, or for ``1:1`` these.
    """
    from statalike.commands.data.use import read_clause
    from statalike.data.merging import key_codes
    from statalike.language.parser import parse_clause

    arguments = read_clause(
        "anything , FRame(string) [GENerate(name)]", parse_clause(text), state.data
    )
    kind, *words = arguments.body.split()
    if kind not in ("1:1", "m:1"):
        raise invalid_syntax()
    keys = state.data.expand(words)
    name, *others = (arguments.string("frame") or "").split()
    other = frame_data(state, name)
    theirs = other.expand(others) if others else keys
    if len(theirs) != len(keys):
        raise StataError(198, "lists of variables to match are not of the same length")
    made = arguments.string("generate") or name
    renamed = other.copy()
    renamed.keep(theirs)
    renamed.rename_all({old: new for old, new in zip(theirs, keys, strict=True) if old != new})
    codes = key_codes(state.data, renamed, tuple(keys))
    mine, linked = codes[: state.data.n], codes[state.data.n :]
    for own, where in ((linked, name), (mine if kind == "1:1" else linked, state.memory.frame)):
        if len(np.unique(own)) < len(own):
            raise StataError(
                459,
                f"invalid match variables for {kind} match\n"
                f"variable{'s' if len(keys) > 1 else ''} {' '.join(keys)} do not uniquely identify "
                f"observations in frame {where}",
            )
    place = np.full(int(codes.max()) + 1 if len(codes) else 1, -1)
    place[linked] = np.arange(len(linked))
    rows = place[mine] if len(mine) else np.zeros(0, dtype=int)
    unmatched = int(np.count_nonzero(rows < 0))
    values = empty_column(storage_type("long"), state.data.n)
    values[rows >= 0] = rows[rows >= 0] + 1
    state.data.add(made, values, storage_type("long"))
    state.data.characteristics_of(made)[_LINK] = f"{kind} {name}"
    frame_name = state.memory.frame
    if unmatched:
        noun = "observation" if unmatched == 1 else "observations"
        state.console.print(f"  ({unmatched:,} {noun} in frame {frame_name} unmatched)")
    else:
        state.console.print(f"  (all observations in frame {frame_name} matched)")
    state.r = Results(scalars={"unmatched": float(unmatched)})


@command(
    "frget",
    "frget",
    form="text",
    syntax="anything(equalok) , FROM(name) [PREfix(string) SUFfix(string) EXCLude(string)]",
    help="copy variables from a linked frame",
    section="Data",
)
def frget(state: State, text: str) -> None:
    """``frget varlist, from(link)`` and ``frget new = old, from(link)``; r(111), r(110)."""
    from statalike.commands.data.use import read_clause
    from statalike.language.parser import parse_clause

    arguments = read_clause(
        "anything(equalok) , FROM(name) [PREfix(string) SUFfix(string) EXCLude(string)]",
        parse_clause(text),
        state.data,
    )
    link = state.data.unabbreviate(arguments.string("from") or "")
    described = state.data.characteristics.get(link, {}).get(_LINK, "")
    if not described:
        raise StataError(111, f"{link} is not a link variable made by frlink")
    _, name = described.split()
    other = frame_data(state, name)
    rows = state.data.numbers(link)
    matched = (rows >= 1) & (rows <= other.n)
    positions = rows[matched].astype(np.intp) - 1
    copied = _wanted(arguments, other)
    for new, old in copied.items():
        variable = other.variable(old)
        values = empty_column(variable.storage, state.data.n)
        values[matched] = variable.values[positions]
        state.data.add(new, values, variable.storage)
        state.data.put(replace(variable, name=new, values=values))
        label = other.value_labels.get(variable.value_label)
        if label is not None:
            state.data.value_labels.setdefault(variable.value_label, label)
    noun = "variable" if len(copied) == 1 else "variables"
    state.console.print(f"({len(copied)} {noun} copied from linked frame)")
    state.r = Results(scalars={"k": float(len(copied))}, macros={"newlist": " ".join(copied)})


def _wanted(arguments: Arguments, other: Dataset) -> dict[str, str]:
    """New names with the names in the other frame."""
    new, equals, old = arguments.body.partition("=")
    if equals:
        return {new.strip(): other.unabbreviate(old.strip())}
    left_out = set(other.expand(arguments.string("exclude") or ""))
    before, after = arguments.string("prefix") or "", arguments.string("suffix") or ""
    names = [each for each in other.expand(arguments.body) if each not in left_out]
    return {f"{before}{each}{after}": each for each in names}
