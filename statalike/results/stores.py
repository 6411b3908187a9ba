"""What commands leave behind: r(), e(), s(), and estimates stored under a name."""

from __future__ import annotations

from dataclasses import dataclass, field

from statalike.results.matrix import NamedMatrix


@dataclass
class Results:
    """One of r(), e() or s(): scalars, macros, matrices and, for e(), the estimation sample.

    The order of insertion is the order in which ``return list`` and ``ereturn list`` print.
    ``sample`` names the mark in the dataset that shows the observations estimated on.
    """

    scalars: dict[str, float] = field(default_factory=dict)
    macros: dict[str, str] = field(default_factory=dict)
    matrices: dict[str, NamedMatrix] = field(default_factory=dict)
    sample: str | None = None

    def copy(self) -> Results:
        """A copy that shares the (never modified) matrices."""
        return Results(dict(self.scalars), dict(self.macros), dict(self.matrices), self.sample)

    def __contains__(self, name: str) -> bool:
        return name in self.scalars or name in self.macros or name in self.matrices

    @property
    def empty(self) -> bool:
        return not (self.scalars or self.macros or self.matrices)


@dataclass(frozen=True)
class StoredEstimates:
    """A copy of e() kept by ``estimates store``, with its title."""

    name: str
    results: Results
    title: str = ""
