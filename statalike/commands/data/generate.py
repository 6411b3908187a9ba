"""``generate`` and ``replace``: variables from expressions ([D] generate)."""

from __future__ import annotations

import numpy as np

from statalike.commands.registry import command
from statalike.data.dataset import Replacement
from statalike.data.missing import MISSING
from statalike.data.storage import STRL, StorageType, fixed_string, storage_type
from statalike.data.variable import Variable
from statalike.errors import StataError, type_mismatch
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate
from statalike.language.replacement import evaluate_replacement
from statalike.language.values import Value, as_numbers, as_strings, is_string
from statalike.state import State

LONGEST_FIXED_STRING = 2045


@command(
    "generate",
    "g",
    syntax="newvarname =exp [if] [in] [, Before(varname) After(varname)]",
    help="make a variable from an expression",
    section="Data",
    by="once",
)
def generate(state: State, arguments: Arguments) -> None:
    new = arguments.new_variables[0]
    before, after = arguments.string("before"), arguments.string("after")
    if before and after:
        raise StataError(198, "options before() and after() may not be combined")
    assert arguments.assignment is not None
    mask = observations_mask(state, arguments.condition, arguments.observations)
    values = evaluate(arguments.assignment, StateContext(state), mask)
    kind, automatic = new_storage(state, new.storage, values)
    made = make_variable(state, new.name, kind, values, mask, automatic=automatic)
    if new.value_label:
        if made.is_string:
            raise StataError(109, "may not label strings")
        state.data.put(_labelled(made, new.value_label))
    if before or after:
        state.data.order([new.name], before=before, after=after)


def _labelled(variable: Variable, value_label: str) -> Variable:
    return Variable(variable.name, variable.storage, variable.values, variable.format, value_label)


def new_storage(state: State, typed: str | None, values: Value) -> tuple[StorageType, bool]:
    """The storage type of a new variable with these values, and whether its width is to be found.

    ``typed`` is the type on the command line, None for the one that ``set type`` gives; ``str``
    stands for as many characters as are needed.  r(109) when texts meet a numeric type.
    """
    if is_string(values):
        if typed is None or typed == "str":
            return fixed_string(1), True
        kind = storage_type(typed)
        if not kind.is_string:
            raise type_mismatch()
        return kind, False
    if typed == "str" or (typed is not None and typed.startswith("str")):
        raise type_mismatch()
    return storage_type(typed or state.settings.type), False


def make_variable(
    state: State,
    name: str,
    kind: StorageType,
    values: Value,
    mask: np.ndarray,
    *,
    automatic: bool = False,
    label: str = "",
    quiet: bool = False,
) -> Variable:
    """Add a variable whose chosen rows have ``values`` and whose others are missing.

    ``values`` has one entry per chosen row, or is one value.  Says how many values are missing.
    """
    count = int(np.count_nonzero(mask))
    n = len(mask)
    if is_string(values):
        texts = np.full(n, "", dtype=object)
        texts[mask] = as_strings(values, count)
        if automatic:
            kind = _width_of(texts)
        made = state.data.add(name, texts, kind, label=label)
    else:
        numbers = as_numbers(values, count)
        if count < n:
            everywhere = np.full(n, MISSING)
            everywhere[mask] = numbers
            numbers = everywhere
        made = state.data.add(name, numbers, kind, label=label)
    if not quiet:
        report_missing(state, int(np.count_nonzero(made.missing())))
    return made


def report_missing(state: State, count: int) -> None:
    """``(5 missing values generated)``, nothing when there are none."""
    if count:
        values = "value" if count == 1 else "values"
        state.console.print(f"({count:,} missing {values} generated)")


def _width_of(texts: np.ndarray) -> StorageType:
    widest = max((len(text.encode("utf-8", "replace")) for text in texts.tolist()), default=1)
    return STRL if widest > LONGEST_FIXED_STRING else fixed_string(max(widest, 1))


@command(
    "replace",
    "replace",
    syntax="anything =exp [if] [in] [, nopromote]",
    help="change the values of a variable",
    section="Data",
    by="once",
)
def replace(state: State, arguments: Arguments) -> None:
    words = arguments.body.split()
    if len(words) > 1:
        storage_type(words[0])
        raise StataError(198, "a storage type may not be given; recast changes it")
    name = state.data.unabbreviate(words[0], abbreviations=False)
    assert arguments.assignment is not None
    mask = observations_mask(state, arguments.condition, arguments.observations)
    values = evaluate_replacement(arguments.assignment, StateContext(state), name, mask)
    done = replace_values(state, name, values, mask, promote=not arguments.flag("nopromote"))
    if done.promoted:
        state.console.print(f"variable {name} was {done.before} now {done.after}")
    state.console.print(changes_made(done))


def replace_values(
    state: State, name: str, values: Value, mask: np.ndarray, *, promote: bool = True
) -> Replacement:
    """Put values, one per chosen row or one for all, into a variable."""
    count = int(np.count_nonzero(mask))
    if is_string(values):
        column = as_strings(values, count)
    else:
        column = as_numbers(values, count)
    return state.data.replace(name, column, mask, promote=promote)


def changes_made(done: Replacement) -> str:
    """``(2 real changes made, 1 to missing)``."""
    changes = f"{done.changes:,} real change{'' if done.changes == 1 else 's'} made"
    to_missing = f", {done.to_missing:,} to missing" if done.to_missing else ""
    return f"({changes}{to_missing})"
