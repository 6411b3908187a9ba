"""``graph``: its second word says what is drawn or done ([G-2] graph)."""

from __future__ import annotations

from statalike.commands.registry import command
from statalike.state import State


@command("graph", "gr", form="family", help="draw and manage graphs", section="Graphs")
def graph(state: State, text: str) -> None:
    """Never called: a family is dispatched by its second word."""
