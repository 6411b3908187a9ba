"""``display``: show texts and the values of expressions ([P] display)."""

from __future__ import annotations

from statalike.commands.registry import command
from statalike.displayed_text import displayed_line
from statalike.state import State


@command(
    "display",
    "di",
    form="text",
    help="show texts and the values of expressions",
    section="Programming",
    indivisible=True,
)
def display(state: State, text: str) -> None:
    styled, end, as_error = displayed_line(state, text, column=state.console.column)
    if as_error:
        state.console.error(styled, end=end)
    else:
        state.console.print(styled, end=end)
