"""What completion needs to know of a session: the names that are in use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from statalike.state import State


def _none() -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class SessionSummary:
    """Names in a session, each with a description that may be empty.

    ``examples`` tells the example datasets when it is asked; ``folder`` is the working directory.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    locals: Mapping[str, str] = field(default_factory=dict)
    globals: Mapping[str, str] = field(default_factory=dict)
    scalars: Mapping[str, str] = field(default_factory=dict)
    matrices: Mapping[str, str] = field(default_factory=dict)
    estimates: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    examples: Callable[[], Iterable[str]] = _none
    folder: Path = Path()


def summary_of(state: State) -> SessionSummary:
    """The summary of a session as it is now."""
    from statalike.data.sources import example_names

    memory = state.memory
    return SessionSummary(
        variables={name: each.label for name, each in state.data.variables.items()},
        locals=dict(state.macros),
        globals=dict(state.globals),
        scalars={name: str(value) for name, value in memory.scalars.items()},
        matrices=dict.fromkeys(memory.matrices, ""),
        estimates={name: each.title for name, each in memory.stored.items()},
        value_labels=dict.fromkeys(state.data.value_labels, ""),
        settings={name: str(value) for name, value in memory.settings.__dict__.items()},
        examples=example_names,
        folder=Path.cwd(),
    )
