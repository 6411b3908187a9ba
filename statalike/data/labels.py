"""Value labels: named sets of texts for integer values and extended missing values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from statalike.data.missing import missing_index
from statalike.data.storage import LONG

FIRST_MISSING_LONG = int(LONG.first_missing)


@dataclass(frozen=True)
class ValueLabel:
    """A set of labels: ``mapping`` takes a value, as a long with long's missing codes, to a text.

    The mapping is never changed; a changed set is a new object (:meth:`with_entries`).
    """

    name: str
    mapping: Mapping[int, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "mapping", MappingProxyType(dict(self.mapping)))

    def __reduce__(self) -> tuple[type, tuple[str, dict[int, str]]]:
        return ValueLabel, (self.name, dict(self.mapping))

    def text(self, value: float) -> str | None:
        """The label of a double (missing codes as doubles), None where there is none."""
        code = label_code(value)
        return None if code is None else self.mapping.get(code)

    def code(self, text: str) -> int | None:
        """The lowest value that has this label, None where there is none."""
        found = [code for code, label in self.mapping.items() if label == text]
        return min(found, default=None)

    def with_entries(self, entries: Mapping[int, str]) -> ValueLabel:
        """The set with entries added or replaced; an empty text takes an entry away."""
        merged = {**self.mapping, **entries}
        return ValueLabel(self.name, {code: text for code, text in merged.items() if text})

    def sorted_entries(self) -> list[tuple[int, str]]:
        """The entries in Stata's order: numbers ascending, then ``.a`` to ``.z``."""
        return sorted(self.mapping.items())


def label_code(value: float) -> int | None:
    """A double as the long under which a label is kept; None for a number no label can have."""
    index = missing_index(value)
    if index is not None:
        return FIRST_MISSING_LONG + index
    if not LONG.minimum <= value <= LONG.maximum or value != int(value):
        return None
    return int(value)
