"""Observations that programs post one at a time ([P] postfile)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from statalike.data.dataset import Dataset
from statalike.data.storage import StorageType
from statalike.errors import StataError, type_mismatch


@dataclass
class Posting:
    """Variables by name and type, the rows posted so far, and the file they will be written to."""

    path: str
    variables: tuple[tuple[str, StorageType], ...]
    rows: list[Sequence[float | str]] = field(default_factory=list)
    replace: bool = False

    def post(self, row: Sequence[float | str]) -> None:
        """Add an observation; r(198) for the wrong number of values, r(109) for a wrong kind."""
        check_row(row, [kind for _, kind in self.variables])
        self.rows.append(row)

    def dataset(self) -> Dataset:
        """What has been posted, as a dataset."""
        made = Dataset()
        for position, (name, kind) in enumerate(self.variables):
            made.add(name, column_of([row[position] for row in self.rows], kind), kind)
        return made


def check_row(row: Sequence[float | str], kinds: Sequence[StorageType]) -> None:
    """r(198) unless there is a value for each type, r(109) where it is of the other kind."""
    if len(row) != len(kinds):
        few = "few" if len(row) < len(kinds) else "many"
        raise StataError(
            198, f"too {few} expressions; {len(kinds)} variables and {len(row)} values"
        )
    for value, kind in zip(row, kinds, strict=True):
        if isinstance(value, str) != kind.is_string:
            raise type_mismatch()


def column_of(values: Sequence[float | str], kind: StorageType) -> Sequence[float | str]:
    """Values as :meth:`Dataset.add` takes them: an empty text column needs a text."""
    return values if values or not kind.is_string else []
