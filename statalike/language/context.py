"""What an expression can see of a session: data, scalars, stored results, the random numbers."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np

from statalike.data.dataset import Dataset
from statalike.language.regular_expressions import Matches


class Matrix(Protocol):
    """A matrix in an expression; rows and columns are names that print as ``eq:name``."""

    @property
    def values(self) -> np.ndarray: ...
    @property
    def rows(self) -> tuple[object, ...]: ...
    @property
    def columns(self) -> tuple[object, ...]: ...


Stored: TypeAlias = "float | str | Matrix | None"


class UniformNumbers(Protocol):
    """A source of uniform random numbers on (0, 1), one ``float`` or an array of ``size``."""

    def uniform(self) -> float: ...
    def uniforms(self, size: int) -> np.ndarray: ...
    def words(self, size: int) -> np.ndarray: ...


class Context(Protocol):
    """The session as expressions see it.

    ``groups`` are the boundaries of the by-groups now in force: an increasing integer array from
    0 to the number of observations, one more than there are groups; None without ``by``.
    ``matches`` remembers the last ``regexm()`` for ``regexs()``.
    """

    @property
    def dataset(self) -> Dataset: ...
    @property
    def random(self) -> UniformNumbers: ...
    @property
    def groups(self) -> np.ndarray | None: ...
    @property
    def matches(self) -> Matches: ...

    def scalar(self, name: str) -> float | str | None:
        """The scalar called ``name`` (also ``_rc``), or None."""

    def stored(self, store: str, name: str) -> Stored:
        """The element ``name`` of ``e``, ``r``, ``s`` or ``c``, or None.

        ``return`` are the results that a program has set so far; ``program`` has the answers to
        ``_by()``, ``_byindex()``, ``_bylastcall()``, ``_byn1()``, ``_byn2()`` and ``replay()``.
        """

    def sample(self) -> np.ndarray | None:
        """The estimation sample, a boolean mask over the observations, or None."""

    def coefficient(self, kind: str, equation: str, name: str) -> float:
        """A coefficient (``kind`` ``b``) or its standard error (``se``); r(111)."""

    def matrix(self, name: str) -> Matrix | None:
        """The matrix called ``name``, or None."""
