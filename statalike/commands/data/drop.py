"""``drop`` and ``keep``: fewer variables or fewer observations ([D] drop)."""

from __future__ import annotations

from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.errors import StataError, invalid_syntax
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.state import State

_SYNTAX = "[varlist(default=none min=0)] [if] [in]"


@command("drop", "drop", syntax=_SYNTAX, help="remove variables or observations", by="once")
def drop(state: State, arguments: Arguments) -> None:
    if arguments.given:
        _check_alone(arguments)
        names = dict.fromkeys(arguments.varlist)
        if len(names) == len(state.data.variables):
            state.data = Dataset(value_labels=state.data.value_labels, changed=False)
        else:
            state.data.drop(names)
        return
    _check_some(arguments)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    report_deleted(state, state.data.drop_rows(mask))


@command("keep", "keep", syntax=_SYNTAX, help="keep variables or observations", by="once")
def keep(state: State, arguments: Arguments) -> None:
    if arguments.given:
        _check_alone(arguments)
        state.data.keep(arguments.varlist)
        return
    _check_some(arguments)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    report_deleted(state, state.data.keep_rows(mask))


def _check_alone(arguments: Arguments) -> None:
    if arguments.condition is not None or arguments.observations is not None:
        raise invalid_syntax()


def _check_some(arguments: Arguments) -> None:
    if arguments.condition is None and arguments.observations is None:
        raise StataError(100, "varlist or in range required")


def report_deleted(state: State, count: int) -> None:
    """``(10 observations deleted)``."""
    state.console.print(f"({count:,} observation{'' if count == 1 else 's'} deleted)")
