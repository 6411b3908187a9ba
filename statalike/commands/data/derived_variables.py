"""``split``, ``separate``, ``range``, ``insobs``, ``xpose``, ``aorder``: variables and rows made of
others ([D] split, separate, range, insobs, xpose)."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from statalike.commands.data.generate import report_missing
from statalike.commands.data.use import check_unsaved
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.data.names import check_name, is_name
from statalike.data.storage import DOUBLE, FLOAT, storage_type, string_type
from statalike.data.variable import column
from statalike.errors import StataError, already_defined, invalid_syntax
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate, evaluate_scalar
from statalike.language.parser import parse_expression, split_words
from statalike.language.values import as_numbers
from statalike.output.description import name_columns
from statalike.results.stores import Results
from statalike.state import State


def _unused(state: State, name: str) -> str:
    if check_name(name) in state.data:
        raise already_defined(name)
    return name


@command(
    "split",
    "split",
    syntax="varname(string) [if] [in] [, Generate(name) Parse(string asis) Limit(integer 0) NOTRIM "
    "destring force Ignore(string) float percent]",
    help="cut a text variable into parts",
    section="Data",
)
def split(state: State, arguments: Arguments) -> None:
    """The parts between blanks, or the texts of ``parse()``, in ``stub1``, ``stub2``, ..."""
    name = arguments.varlist[0]
    stub = arguments.string("generate") or name
    mask = observations_mask(state, arguments.condition, arguments.observations)
    breaks = split_words(arguments.string("parse") or "") or [" "]
    pattern = re.compile("|".join(re.escape(each) for each in sorted(breaks, key=len)[::-1]))
    rows = [_parts(text, pattern, breaks, arguments) for text in _texts(state, name, mask)]
    width = max((len(row) for row in rows), default=0)
    limit = arguments.integer("limit") or 0
    width = min(width, limit) if limit else width
    names = [_unused(state, f"{stub}{number}") for number in range(1, width + 1)]
    for position, made in enumerate(names):
        texts = [row[position] if position < len(row) else "" for row in rows]
        values = np.array([*texts, ""], dtype=object)[:-1]
        state.data.add(made, values, string_type(values))
    noun = "variable" if width == 1 else "variables"
    state.console.print(f"{noun} created as string: ")
    state.console.print_lines(name_columns(names, state.console.linesize))
    state.r = Results(
        scalars={"nvars": float(width), "k_new": float(width)},
        macros={"varlist": " ".join(names)},
    )
    if arguments.flag("destring") and names:
        words = [each for each in ("force", "float", "percent") if arguments.flag(each)]
        ignored = arguments.string("ignore")
        words += [f'ignore("{ignored}")'] if ignored else []
        state.interpreter.run_line(f"destring {' '.join(names)}, replace {' '.join(words)}")


def _texts(state: State, name: str, mask: np.ndarray) -> list[str]:
    texts: list[str] = state.data.variable(name).strings().tolist()
    return [text if chosen else "" for text, chosen in zip(texts, mask.tolist(), strict=True)]


def _parts(
    text: str, pattern: re.Pattern[str], breaks: list[str], arguments: Arguments
) -> list[str]:
    if not arguments.flag("notrim"):
        text = text.strip()
    if not text:
        return []
    parts = pattern.split(text)
    if not arguments.flag("notrim"):
        parts = [part.strip() for part in parts]
    return [part for part in parts if part] if breaks == [" "] else parts


@command(
    "separate",
    "separate",
    syntax="varname(numeric) [if] [in] , BY(string) [Generate(name) SEQuential MISSing SHORTlabel "
    "VERYSHORTlabel]",
    help="a variable for each group",
    section="Data",
)
def separate(state: State, arguments: Arguments) -> None:
    """``separate x, by(group)`` or ``by(exp)``: x0, x1, ... have the values of each group."""
    name = arguments.varlist[0]
    variable = state.data.variable(name)
    stub = arguments.string("generate") or name
    mask = observations_mask(state, arguments.condition, arguments.observations)
    by = arguments.string("by") or ""
    grouping = by.strip() in state.data
    if grouping and state.data.variable(by.strip()).is_string:
        keys: np.ndarray = state.data.variable(by.strip()).strings()
        known = keys != ""
    else:
        keys = as_numbers(evaluate(parse_expression(by), StateContext(state)), state.data.n)
        known = keys < MISSING
    if not arguments.flag("missing"):
        mask = mask & known
    levels = np.unique(keys[mask]).tolist()
    whole = all(isinstance(x, float) and x == int(x) and 0 <= x < 1e5 for x in levels)
    numbered = arguments.flag("sequential") or not whole
    values = variable.numbers()
    made = []
    for number, level in enumerate(levels, 1):
        target = _unused(state, f"{stub}{number if numbered else int(level)}")
        chosen = mask & (keys == level)
        shown = f'"{level}"' if isinstance(level, str) else format_value(level, "%9.0g").strip()
        label = f"{name}, {by.strip()} == {_level_label(state, by.strip(), level, shown)}"
        if arguments.flag("shortlabel"):
            label = f"{by.strip()} == {_level_label(state, by.strip(), level, shown)}"
        if arguments.flag("veryshortlabel"):
            label = _level_label(state, by.strip(), level, shown)
        stored, _ = column(np.where(chosen, values, MISSING), variable.storage, state.data.n)
        state.data.put(replace(variable, name=target, values=stored, label=label[:80]))
        made.append(target)
    _describe(state, made)
    state.r = Results(macros={"varlist": " ".join(made)})


def _level_label(state: State, by: str, level: float | str, shown: str) -> str:
    if isinstance(level, str) or by not in state.data:
        return shown
    return state.data.label_of(by, level) or shown


def _describe(state: State, names: list[str]) -> None:
    if names:
        state.interpreter.run_line(f"describe {' '.join(names)}")


@command(
    "range",
    "range",
    form="text",
    syntax="newvarname #first #last [#obs]",
    help="make a variable of equal steps",
    section="Data",
)
def range_(state: State, text: str) -> None:
    """From the first to the last number in as many equal steps as there are observations."""
    words = text.split()
    if not 3 <= len(words) <= 4:
        raise invalid_syntax()
    name = _unused(state, words[0])
    context = StateContext(state)
    numbers = [evaluate_scalar(parse_expression(word), context) for word in words[1:]]
    if any(isinstance(number, str) for number in numbers):
        raise StataError(109, "type mismatch")
    first, last = float(numbers[0]), float(numbers[1])
    count = int(float(numbers[2])) if len(numbers) == 3 else state.data.n
    if count < 2:
        raise StataError(198, "range needs at least 2 observations")
    if count > state.data.n:
        state.interpreter.run_line(f"set obs {count}")
    values = np.full(state.data.n, MISSING)
    values[:count] = np.linspace(first, last, count)
    made = state.data.add(name, values, storage_type(state.settings.type))
    report_missing(state, int(np.count_nonzero(made.missing())))


@command(
    "insobs",
    "insobs",
    syntax="anything [, Before(integer 0) After(integer 0)]",
    help="add empty observations",
    section="Data",
)
def insobs(state: State, arguments: Arguments) -> None:
    if not arguments.body.isdigit() or int(arguments.body) < 1:
        raise invalid_syntax()
    count, n = int(arguments.body), state.data.n
    before, after = arguments.integer("before"), arguments.integer("after")
    place = n
    if arguments.typed("before"):
        place = (before or 0) - 1
    elif arguments.typed("after"):
        place = after or 0
    if not 0 <= place <= n:
        raise StataError(198, "observation number out of range")
    state.data.set_observations(n + count)
    order = np.concatenate([np.arange(place), np.arange(n, n + count), np.arange(place, n)]).astype(
        np.intp
    )
    state.data.take_rows(order)
    state.data.sorted_by = ()
    noun = "observation" if count == 1 else "observations"
    state.console.print(f"({count:,} {noun} added)")


@command(
    "xpose",
    "xpose",
    syntax=", clear [Varname PROMOTE FORMAT FORMAT(string)]",
    help="exchange rows and columns of the data",
    section="Data",
)
def xpose(state: State, arguments: Arguments) -> None:
    """Observations become variables v1, v2, ...; with ``varname`` their old names stay in
    ``_varname``."""
    data = state.data
    check_unsaved(state, clear=True)
    table = np.array(
        [
            np.full(data.n, MISSING) if variable.is_string else variable.numbers()
            for variable in data.variables.values()
        ]
    ).reshape(len(data.variables), data.n)
    made = Dataset()
    kind = DOUBLE if arguments.flag("promote") else FLOAT
    form = arguments.string("format") or ""
    for position in range(data.n):
        made.add(f"v{position + 1}", table[:, position], kind, format=form)
    if arguments.flag("varname"):
        made.add("_varname", list(data.names))
    state.data = made


@command("aorder", "aorder", syntax="[varlist]", help="order variables alphabetically")
def aorder(state: State, arguments: Arguments) -> None:
    """Names in alphabetical order, numbers at their ends by size."""
    from statalike.commands.data.arrange import in_sequence

    names = list(arguments.varlist) if arguments.given else state.data.names
    state.data.order(sorted(dict.fromkeys(names), key=in_sequence))


@command("char", "char", form="text", help="named texts kept with variables", section="Data")
def char(state: State, text: str) -> None:
    """``char [define] owner[name] text``, ``char list [owner[name]]``, ``char rename old new``."""
    found = re.fullmatch(r"(?:def(?:ine?)?\s+)?(\w+)\s*\[\s*(\w+)\s*\]\s*(.*)", text, re.DOTALL)
    if found is not None and found[1] != "list":
        from statalike.language.quoting import unquoted

        owner, name, given = found.groups()
        if not is_name(name):
            raise StataError(198, f"{name} invalid name")
        texts = state.data.characteristics_of(_owner(state, owner))
        if given.strip():
            texts[name] = unquoted(given)
        else:
            texts.pop(name, None)
        state.data.changed = True
        return
    words = text.split(None, 1)
    if words[:1] in (["list"], ["l"], ["li"], ["lis"]) or not words:
        _list_characteristics(state, words[1] if len(words) > 1 else "")
        return
    raise invalid_syntax()


def _owner(state: State, name: str) -> str:
    return name if name == "_dta" else state.data.unabbreviate(name)


def _list_characteristics(state: State, text: str) -> None:
    owner, _, name = text.partition("[")
    name = name.strip(" ]")
    owners = [_owner(state, owner.strip())] if owner.strip() else ["_dta", *state.data.names]
    for each in owners:
        for key, value in state.data.characteristics.get(each, {}).items():
            if not name or key == name:
                state.console.print(f"{f'  {each}[{key}]:':<28}{value}")
