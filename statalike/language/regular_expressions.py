"""What the last ``regexm()`` found, observation by observation, for ``regexs()``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Found: TypeAlias = "tuple[str, ...] | None"


@dataclass
class Matches:
    """The subexpressions of the last match of each observation, and of the last match of all.

    Element 0 of a match is the whole of it.  ``by_row`` is keyed by the observation, from 0.
    """

    latest: Found = None
    by_row: dict[int, Found] = field(default_factory=dict)
