"""Programs of the user's own, and what one that is running remembers ([P] program)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from statalike.data.dataset import Dataset
from statalike.language.source import Unit
from statalike.results.stores import Results

#: under ``by``: the number of the group, the number of groups, the variables they differ in
GroupPlace: TypeAlias = tuple[int, int, tuple[str, ...]]

NO_GROUPS: Final[GroupPlace] = (1, 1, ())


@dataclass(frozen=True)
class Program:
    """A program as ``program define`` reads it.

    ``results`` is ``nclass``, ``rclass``, ``eclass`` or ``sclass``: which results are the
    program's own.  ``byable`` is how it works under ``by``: ``recall`` (once for each group),
    ``onecall`` (it sees to the groups itself) or not at all.  ``file`` is the ado-file it was
    read from, empty for one that was typed or stands in a do-file.
    """

    name: str
    body: tuple[Unit, ...]
    results: str = "nclass"
    byable: str = ""
    sorts_back: bool = False
    properties: str = ""
    file: str = ""


@dataclass
class Preserved:
    """Data that ``restore`` brings back, and the frame they belong to."""

    data: Dataset
    frame: str


@dataclass
class Call:
    """What belongs to one program or do-file that is running, besides its macros.

    ``returned`` are the results that become r() when an rclass program ends.  ``by_rows`` is the
    group that the program was called for under ``by``, and ``by_place`` its place among them.
    """

    program: Program | None = None
    preserved: Preserved | None = None
    returned: Results = field(default_factory=Results)
    by_rows: slice | None = None
    by_place: GroupPlace = NO_GROUPS
