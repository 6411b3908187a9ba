"""``destring`` and ``tostring``: text variables to numbers and back ([D] destring)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statalike.commands.registry import command
from statalike.data.formats import Format, format_column
from statalike.data.missing import MISSING
from statalike.data.names import check_name
from statalike.data.storage import DOUBLE, FLOAT, smallest_type, string_type
from statalike.data.variable import Variable
from statalike.errors import StataError, already_defined
from statalike.language.arguments import Arguments
from statalike.language.functions.strings import real
from statalike.state import State


def number_of(text: str) -> float | None:
    """The number that a text writes, ``.`` for an empty one, None for what is no number."""
    if text in ("", "."):
        return MISSING
    value = real(text)
    return value if value != MISSING else None


def _targets(state: State, arguments: Arguments, names: tuple[str, ...]) -> list[str]:
    """The variables to be made, or those themselves with ``replace``; r(198), r(110)."""
    generated = arguments.string("generate")
    if bool(generated) == arguments.flag("replace"):
        raise StataError(198, "must specify either generate or replace option")
    if not generated:
        return list(names)
    made = generated.split()
    if len(made) != len(names):
        raise StataError(
            198, "number of variables in varlist must equal those in generate(newvarlist)"
        )
    for name in made:
        if check_name(name) in state.data:
            raise already_defined(name)
    return made


def _put(state: State, old: Variable, new: Variable) -> None:
    """In the place of the old variable, or after it."""
    made = new.name not in state.data
    state.data.put(new)
    if made:
        state.data.order([new.name], after=old.name)


@command(
    "destring",
    "destring",
    syntax="[varlist] [, GENerate(string) replace force float Ignore(string) percent dpcomma]",
    help="make numbers of text variables",
    section="Data",
)
def destring(state: State, arguments: Arguments) -> None:
    """Texts that are numbers become numbers; with ``ignore()`` without some characters, with
    ``force`` texts that are none become missing."""
    names = arguments.varlist
    targets = _targets(state, arguments, names)
    ignored = arguments.string("ignore") or ""
    for name, target in zip(names, targets, strict=True):
        old = state.data.variable(name)
        replaces = target == name
        if not old.is_string:
            action = "replace" if replaces else "generate"
            state.console.print(f"{name} already numeric; no {action}")
            continue
        texts = [text.strip() for text in old.strings().tolist()]
        removed = sorted({mark for text in texts for mark in text if mark in ignored})
        cleaned = [_cleaned(text, ignored, arguments) for text in texts]
        numbers = [number_of(text) for text in cleaned]
        bad = [text for text, number in zip(cleaned, numbers, strict=True) if number is None]
        if bad and not arguments.flag("force"):
            action = "replace" if replaces else "generate"
            state.console.print(f"{name}: contains nonnumeric characters; no {action}")
            continue
        values = np.array([MISSING if number is None else number for number in numbers])
        if arguments.flag("percent"):
            values = np.where(values < MISSING, values / 100, values)
        kind = smallest_type(values, FLOAT if arguments.flag("float") else DOUBLE)
        fresh = state.data.copy()
        variable = fresh.add("__new", values, kind)
        _put(state, old, replace(variable, name=target, label=old.label))
        done = f"{'replaced' if replaces else f'{target} generated'} as {kind}"
        if bad:
            state.console.print(f"{name}: contains nonnumeric characters; {done}")
        elif removed:
            state.console.print(
                f"{name}: character{'s' if len(removed) > 1 else ''} "
                f"{' '.join(_named(mark) for mark in removed)} removed; {done}"
            )
        else:
            state.console.print(f"{name}: all characters numeric; {done}")
        absent = int(np.count_nonzero(values >= MISSING))
        if absent:
            values_word = "value" if absent == 1 else "values"
            state.console.print(f"({absent:,} missing {values_word} generated)")


def _named(mark: str) -> str:
    return {" ": "space", "%": "%", ",": ","}.get(mark, mark)


def _cleaned(text: str, ignored: str, arguments: Arguments) -> str:
    if arguments.flag("percent"):
        ignored += "%"
    text = "".join(mark for mark in text if mark not in ignored)
    return text.replace(",", ".") if arguments.flag("dpcomma") else text


@command(
    "tostring",
    "tostring",
    syntax="varlist [, GENerate(string) replace force Format(string) USEdisplayformat]",
    help="make text variables of numbers",
    section="Data",
)
def tostring(state: State, arguments: Arguments) -> None:
    """Numbers are written in ``format()``, by default %12.0g; a variable whose numbers could not be
    read back is left alone unless ``force`` is given."""
    names = arguments.varlist
    targets = _targets(state, arguments, names)
    given = arguments.string("format")
    if given:
        Format.parse(given)
    for name, target in zip(names, targets, strict=True):
        old = state.data.variable(name)
        action = "replace" if target == name else "generate"
        if old.is_string:
            state.console.print(f"{name} already string; no {action}")
            continue
        form = old.format if arguments.flag("usedisplayformat") else given or "%12.0g"
        numbers = old.numbers()
        texts = [text.strip() for text in format_column(numbers, form)]
        back = [number_of(text) for text in texts]
        exact = all(
            number is not None and number == value
            for number, value in zip(back, numbers.tolist(), strict=True)
        )
        if not exact and not arguments.flag("force"):
            state.console.print(f"{name} cannot be converted reversibly; no {action}")
            continue
        column = np.array([*texts, ""], dtype=object)[:-1]
        kind = string_type(column)
        fresh = state.data.copy()
        variable = fresh.add("__new", column, kind)
        _put(state, old, replace(variable, name=target, label=old.label))
        if not exact:
            state.console.print(f"{name} was forced to string; some loss of information")
        if target == name:
            state.console.print(f"{name} was {old.storage} now {kind}")
        else:
            state.console.print(f"{target} generated as {kind}")
