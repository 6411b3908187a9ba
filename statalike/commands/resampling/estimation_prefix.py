"""What ``bootstrap`` and ``jackknife`` have in common: estimates made, shown, and shown again."""

from __future__ import annotations

from typing import Protocol

from statalike.commands.resampling.replication import Run, read_prefix
from statalike.commands.resampling.resampling_display import show_resampled
from statalike.errors import last_estimates_not_found
from statalike.language.arguments import Arguments
from statalike.state import State


class Resampling(Protocol):
    """Runs a command on samples and leaves estimates in e()."""

    def __call__(
        self, state: State, arguments: Arguments, run: Run, inner: str, command_line: str
    ) -> None: ...


def estimation_prefix(
    state: State,
    name: str,
    given: str,
    run: Run,
    inner: str,
    *,
    syntax: str,
    unsupported: str,
    estimate: Resampling,
) -> None:
    """Carry out a prefix, or without a command show its last results again; r(301)."""
    arguments = read_prefix(state, name, given, syntax, unsupported)
    if inner:
        with state.undone_on_failure():
            estimate(state, arguments, run, inner, f"{name} {given}: {inner}")
    elif state.e.macros.get("prefix") != name:
        raise last_estimates_not_found()
    show_resampled(state, arguments.options)
