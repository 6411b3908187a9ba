"""``return list``, ``ereturn list``, ``sreturn list``: what commands left behind."""

from __future__ import annotations

from statalike.commands.registry import command
from statalike.errors import invalid_syntax
from statalike.output.stored_results import stored_results
from statalike.results.stores import Results
from statalike.state import State


def _show(state: State, results: Results, letter: str, text: str) -> None:
    if text.replace(",", " ").split() not in ([], ["all"]):
        raise invalid_syntax()
    lines = stored_results(results, letter, state.console.linesize)
    if lines:
        state.console.print()
    state.console.print_lines(lines)


@command("return list", "return li", form="text", help="show the results in r()")
def return_list(state: State, text: str) -> None:
    _show(state, state.r, "r", text)


@command("ereturn list", "ereturn li", form="text", help="show the estimation results in e()")
def ereturn_list(state: State, text: str) -> None:
    _show(state, state.e, "e", text)


@command("sreturn list", "sreturn li", form="text", help="show the results in s()")
def sreturn_list(state: State, text: str) -> None:
    _show(state, state.memory.s, "s", text)


@command("return", "ret", form="family", help="results in r()")
def return_(state: State, text: str) -> None:
    """Chooses ``return list``."""


@command("ereturn", "eret", form="family", help="results in e()")
def ereturn(state: State, text: str) -> None:
    """Chooses ``ereturn list``."""


@command("sreturn", "sret", form="family", help="results in s()")
def sreturn(state: State, text: str) -> None:
    """Chooses ``sreturn list``."""
