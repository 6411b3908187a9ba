"""The dataset in memory: variables of equal length, value labels, characteristics, sort order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from statalike.data import names as naming
from statalike.data.combining import as_type, common_type, wider_string
from statalike.data.labels import ValueLabel
from statalike.data.notes import Characteristics
from statalike.data.ordering import is_sorted, row_order
from statalike.data.storage import (
    StorageType,
    from_double,
    promoted,
    smallest_type,
    string_column,
    string_type,
    to_double,
)
from statalike.data.variable import Values, Variable, column, empty_column
from statalike.errors import StataError, already_defined, type_mismatch, variable_not_found


@dataclass(frozen=True)
class Replacement:
    """What :meth:`Dataset.replace` did: cells really changed, those among them that became
    missing, and the storage type before and after."""

    changes: int
    to_missing: int
    before: StorageType
    after: StorageType

    @property
    def promoted(self) -> bool:
        return self.before != self.after


@dataclass
class Dataset:
    """Variables in order, and what belongs to all of them.

    ``n`` is the number of observations.  ``sorted_by`` names the keys the rows ascend by.
    ``changed`` tells whether anything differs from the file last read or saved.
    ``characteristics`` maps ``_dta`` or a variable's name to named texts; notes are among them
    (:mod:`statalike.data.notes`).  ``marks`` are boolean masks (n,), such as an estimation sample,
    that follow their observations through sorting, dropping and appending.  Variables, their
    columns and value labels are never modified in place, so :meth:`copy` costs a few dictionaries
    whatever the number of observations.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    n: int = 0
    label: str = ""
    timestamp: str = ""
    filename: str = ""
    sorted_by: tuple[str, ...] = ()
    changed: bool = False
    value_labels: dict[str, ValueLabel] = field(default_factory=dict)
    characteristics: dict[str, Characteristics] = field(default_factory=dict)
    marks: dict[str, np.ndarray] = field(default_factory=dict, compare=False)

    def copy(self) -> Dataset:
        """A snapshot that shares the columns; neither sees later changes to the other."""
        twin = Dataset.__new__(Dataset)
        twin.__dict__.update(self.__dict__)
        twin.variables = self.variables.copy()
        twin.value_labels = self.value_labels.copy()
        twin.characteristics = {key: dict(texts) for key, texts in self.characteristics.items()}
        twin.marks = self.marks.copy()
        return twin

    def restore(self, snapshot: Dataset) -> None:
        """Become what ``snapshot`` (a :meth:`copy`) is."""
        self.__dict__.update(snapshot.copy().__dict__)

    def clear(self) -> None:
        """Become an empty dataset."""
        self.__dict__.update(Dataset().__dict__)

    @property
    def names(self) -> list[str]:
        return list(self.variables)

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    def __len__(self) -> int:
        return self.n

    def __bool__(self) -> bool:
        """Whether there is anything in it: variables or observations."""
        return bool(self.variables) or self.n > 0

    @property
    def record_width(self) -> int:
        """Bytes of one observation."""
        return sum(variable.storage.width for variable in self.variables.values())

    def variable(self, name: str) -> Variable:
        """The variable with this full name; r(111) ``variable x not found``."""
        found = self.variables.get(name)
        if found is None:
            raise variable_not_found(name, self.variables)
        return found

    def numbers(self, name: str) -> np.ndarray:
        """A numeric variable in double precision; r(111), r(109)."""
        return self.variable(name).numbers()

    def unabbreviate(self, name: str, *, abbreviations: bool = True) -> str:
        """The full name an abbreviation stands for; r(111) when none or several do."""
        return naming.unabbreviate(name, self.variables, abbreviations=abbreviations)

    def expand(self, words: str | Iterable[str], *, abbreviations: bool = True) -> list[str]:
        """The full names that the words of a varlist stand for, in the order given, repeats kept:
        names, abbreviations, patterns with ``* ? ~``, ranges ``a-b`` and ``_all``."""
        words = words.split() if isinstance(words, str) else words
        return [
            name
            for word in words
            for name in naming.expand(word, self.variables, abbreviations=abbreviations)
        ]

    # -- values

    def add(
        self,
        name: str,
        values: Values,
        storage: StorageType | None = None,
        *,
        format: str = "",
        label: str = "",
        value_label: str = "",
        after: str | None = None,
        before: str | None = None,
    ) -> Variable:
        """Append a variable, or put it next to another one.

        ``values`` is an array or sequence of ``n`` entries, or one number or text for all rows;
        see :func:`statalike.data.variable.column` for types and missing codes.  The first
        variable of an empty dataset sets ``n``.  r(198) for a bad name, r(110) for one in use.
        """
        naming.check_name(name)
        if name in self.variables:
            raise already_defined(name)
        stored, kind = column(values, storage, self.n)
        if self.variables or self.n:
            self._check_length(stored)
        self.n = len(stored)
        variable = Variable(name, kind, stored, format, value_label, label)
        self.variables[name] = variable
        if after is not None or before is not None:
            self.order([name], after=after, before=before)
        self.changed = True
        return variable

    def _check_length(self, values: np.ndarray) -> None:
        if len(values) != self.n:
            raise ValueError(f"{len(values)} values for {self.n} observations")

    def put(self, variable: Variable) -> None:
        """Set a variable as it is, in the place of one of that name or at the end.

        For changes of its format, labels or type; rows must match.
        """
        if self.variables or self.n:
            self._check_length(variable.__dict__["values"])
        self.n = len(variable)
        self.variables[variable.name] = variable
        self.changed = True

    def set_values(self, name: str, values: Values, storage: StorageType | None = None) -> None:
        """Give a variable new values for all rows, keeping its type unless ``storage`` is given.

        Numbers that the type cannot hold become ``.``; :meth:`replace` promotes instead.
        """
        old = self.variable(name)
        stored, kind = column(values, storage or old.storage, self.n)
        self._check_length(stored)
        self.variables[name] = old.with_values(stored, kind)
        self._disturb(name)
        self.changed = True

    def replace(
        self,
        name: str,
        values: Values,
        rows: np.ndarray | None = None,
        *,
        promote: bool = True,
    ) -> Replacement:
        """Replace a variable's values, in chosen rows, as the command ``replace`` does.

        ``values`` has one entry per chosen row (doubles with missing codes, or texts), or is one
        value for all.  ``rows`` is a boolean mask of shape (n,) or an array of row indices.  The
        storage type grows so that it can hold the new values unless ``promote`` is False.
        r(109) for numbers into strings and texts into numbers.
        """
        old = self.variable(name)
        if rows is not None and rows.dtype == bool:
            rows = np.flatnonzero(rows)
        count = self.n if rows is None else len(rows)
        given, given_kind = column(values, None, count)
        if given_kind.is_string != old.is_string:
            raise type_mismatch()
        if len(given) != count:
            raise ValueError(f"{len(given)} values for {count} observations")
        if old.is_string:
            kind = wider_string(old.storage, string_type(given)) if promote else old.storage
            before = string_column(old.values, kind)
            fresh = string_column(given, kind)
            empty = np.asarray(fresh == b"", dtype=bool)
        else:
            doubles = to_double(given, given_kind)
            kind = promoted(old.storage, doubles) if promote else old.storage
            before = old.values if kind is old.storage else from_double(old.numbers(), kind)
            fresh = from_double(doubles, kind)
            empty = ~(fresh < kind.dtype.type(kind.first_missing))
        current = before if rows is None else before[rows]
        differs = np.asarray(current != fresh, dtype=bool)
        changes = int(np.count_nonzero(differs))
        if changes or kind != old.storage:
            if rows is None:
                stored = fresh
            else:
                stored = before.copy()
                stored[rows] = fresh
            format = old.format
            if kind.is_string and format == old.storage.default_format:
                format = kind.default_format
            self.variables[name] = replace(old, storage=kind, values=stored, format=format)
            self._disturb(name)
            self.changed = True
        to_missing = int(np.count_nonzero(differs & empty))
        return Replacement(changes, to_missing, old.storage, kind)

    def recast(self, name: str, storage: StorageType, *, force: bool = False) -> int:
        """Change a variable's storage type; the number of values that change by it.

        Nothing happens when values would change and ``force`` is False.  r(109) between strings
        and numbers.
        """
        old = self.variable(name)
        if old.storage == storage:
            return 0
        if storage.is_string != old.is_string:
            raise type_mismatch()
        if old.is_string:
            stored = string_column(old.values, storage)
            lost = int(np.count_nonzero(stored.astype(object) != old.values.astype(object)))
        else:
            numbers = old.numbers()
            stored = from_double(numbers, storage)
            lost = int(np.count_nonzero(to_double(stored, storage) != numbers))
        if lost and not force:
            return lost
        format = old.format
        if format == old.storage.default_format:
            format = storage.default_format
        self.variables[name] = replace(old, storage=storage, values=stored, format=format)
        if lost:
            self._disturb(name)
        self.changed = True
        return lost

    def compress(self, names: Iterable[str] | None = None) -> list[tuple[Variable, Variable]]:
        """Give variables the smallest types that lose nothing; pairs of before and after."""
        done = []
        for name in self.names if names is None else names:
            old = self.variable(name)
            if old.is_string:
                kind = string_type(old.values)
            else:
                kind = smallest_type(old.numbers(), old.storage)
            if kind == old.storage or self.recast(name, kind):
                continue
            done.append((old, self.variables[name]))
        return done

    def _disturb(self, name: str) -> None:
        """The rows may no longer ascend by ``name`` nor by the keys after it."""
        if name in self.sorted_by:
            self.sorted_by = self.sorted_by[: self.sorted_by.index(name)]

    # -- variables

    def drop(self, names: Iterable[str]) -> None:
        """Take variables away; without variables there are no observations either."""
        for name in list(names):
            self.variable(name)
            self._disturb(name)
            del self.variables[name]
            self.characteristics.pop(name, None)
            self.changed = True
        if not self.variables:
            self.n = 0
            self.marks = {name: mark[:0] for name, mark in self.marks.items()}

    def keep(self, names: Collection[str]) -> None:
        """Take all other variables away; the order in the dataset stays."""
        kept = {self.variable(name).name for name in names}
        self.drop([name for name in self.variables if name not in kept])

    def rename(self, old: str, new: str) -> None:
        self.rename_all({old: new})

    def rename_all(self, changes: Mapping[str, str]) -> None:
        """Rename variables at once (names may be swapped); r(111), r(198), r(110)."""
        for old, new in changes.items():
            self.variable(old)
            naming.check_name(new)
        renamed = [changes.get(name, name) for name in self.variables]
        if len(set(renamed)) != len(renamed):
            raise already_defined(next(name for name in renamed if renamed.count(name) > 1))
        self.variables = {
            new: variable if new == variable.name else replace(variable, name=new)
            for new, variable in zip(renamed, self.variables.values(), strict=True)
        }
        self.sorted_by = tuple(changes.get(name, name) for name in self.sorted_by)
        self.characteristics = {
            changes.get(name, name): texts for name, texts in self.characteristics.items()
        }
        self.changed = True

    def order(
        self,
        names: Sequence[str],
        *,
        last: bool = False,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Move variables to the front, to the end, or next to another one ([D] order)."""
        moved = list(dict.fromkeys(self.variable(name).name for name in names))
        others = [name for name in self.variables if name not in set(moved)]
        place = len(others) if last else 0
        anchor = before if before is not None else after
        if anchor is not None:
            self.variable(anchor)
            if anchor not in others:
                raise StataError(198, f"{anchor} may not be both moved and the place to move to")
            place = others.index(anchor) + (before is None)
        arranged = [*others[:place], *moved, *others[place:]]
        if arranged != self.names:
            self.variables = {name: self.variables[name] for name in arranged}
            self.changed = True

    # -- observations

    def take_rows(self, rows: np.ndarray) -> None:
        """Become the rows with these indices, in that order, repeats allowed.

        The sort order is kept only when the indices ascend.
        """
        self.variables = {name: old.take(rows) for name, old in self.variables.items()}
        self.marks = {name: mark[rows] for name, mark in self.marks.items()}
        self.n = len(rows)
        if self.sorted_by and self.n > 1 and not (rows[:-1] <= rows[1:]).all():
            self.sorted_by = ()
        self.changed = True

    def keep_rows(self, mask: np.ndarray) -> int:
        """Keep the rows where ``mask`` (boolean, shape (n,)) is true; the number dropped."""
        self._check_length(mask)
        dropped = self.n - int(np.count_nonzero(mask))
        if dropped:
            self.take_rows(np.flatnonzero(mask))
        return dropped

    def drop_rows(self, mask: np.ndarray) -> int:
        """Drop the rows where ``mask`` is true; the number dropped."""
        return self.keep_rows(~mask)

    def set_observations(self, n: int) -> None:
        """Grow to ``n`` observations by rows of missing values and empty strings (``set obs``).

        r(198) when there are more already.
        """
        if n < self.n:
            raise StataError(198, f"number of observations must be at least {self.n}")
        if n == self.n:
            return
        for name, old in self.variables.items():
            grown = np.concatenate([old.values, empty_column(old.storage, n - self.n)])
            self.variables[name] = old.with_values(grown)
        self._extend_marks(n)
        self.n = n
        self.sorted_by = ()
        self.changed = True

    def _extend_marks(self, total: int) -> None:
        """New observations are in none of the marked sets."""
        self.marks = {
            name: np.concatenate([mark, np.zeros(total - self.n, dtype=bool)])
            for name, mark in self.marks.items()
        }

    def append(self, other: Dataset, *, force: bool = False) -> None:
        """Add the observations of ``other`` below, types growing as they must ([D] append).

        A variable that one side lacks is missing there.  Labels, formats and value label sets of
        this dataset win.  r(106) when a variable is text on one side and numbers on the other,
        unless ``force``, which makes the other side's values missing.
        """
        before = self.n
        total = before + other.n
        combined: dict[str, Variable] = {}
        for name in dict.fromkeys([*self.variables, *other.variables]):
            mine, theirs = self.variables.get(name), other.variables.get(name)
            model = theirs if mine is None else mine
            assert model is not None
            if mine is not None and theirs is not None and mine.is_string != theirs.is_string:
                if not force:
                    raise _conflicting_types(mine, theirs)
                theirs = None
            kinds = [side.storage for side in (mine, theirs) if side is not None]
            kind = common_type(kinds[0], kinds[-1])
            pieces = [
                empty_column(kind, rows) if side is None else as_type(side, kind)
                for side, rows in ((mine, before), (theirs, other.n))
            ]
            combined[name] = replace(model, storage=kind, values=np.concatenate(pieces))
        self.variables = combined
        self._extend_marks(total)
        self.n = total
        self.value_labels = {**other.value_labels, **self.value_labels}
        for owner, texts in other.characteristics.items():
            if owner != "_dta":
                merged = {**texts, **self.characteristics.get(owner, {})}
                self.characteristics[owner] = merged
        self.sorted_by = ()
        self.changed = True

    def sort(
        self,
        keys: Sequence[str],
        descending: Collection[str] = (),
        *,
        missing_first: bool = False,
    ) -> None:
        """Sort the rows, ties keeping their order; see :func:`ordering.row_order`.

        Does nothing to data that ascend by the keys already, except to note that they do.
        """
        keys = list(dict.fromkeys(self.variable(name).name for name in keys))
        if not descending:
            if self.sorted_by[: len(keys)] == tuple(keys):
                return
            if is_sorted([self.variables[name] for name in keys]):
                self.sorted_by = tuple(keys)
                return
        columns = [self.variables[name] for name in keys]
        rows = row_order(columns, descending, missing_first=missing_first)
        self.take_rows(rows)
        ascending = next((i for i, key in enumerate(keys) if key in descending), len(keys))
        self.sorted_by = tuple(keys[:ascending])

    # -- labels and characteristics

    def value_label_of(self, name: str) -> ValueLabel | None:
        """The set of value labels attached to a variable, None when there is none or it is not
        defined."""
        return self.value_labels.get(self.variable(name).value_label)

    def label_of(self, name: str, value: float) -> str | None:
        """The value label of one value of a variable (missing codes as doubles), or None."""
        labels = self.value_label_of(name)
        return None if labels is None else labels.text(value)

    def characteristics_of(self, owner: str = "_dta") -> Characteristics:
        """The named texts of ``_dta`` or a variable, to read and to change."""
        if owner != "_dta":
            self.variable(owner)
        return self.characteristics.setdefault(owner, {})

    def update(self, name: str, change: Callable[[Variable], Variable]) -> Variable:
        """Put ``change(variable)``, a variable with the same rows, in the place of a variable."""
        changed = change(self.variable(name))
        self.variables[name] = changed
        self.changed = True
        return changed


def _conflicting_types(mine: Variable, theirs: Variable) -> StataError:
    return StataError(
        106,
        f"variable {mine.name} is {mine.storage} in master but {theirs.storage} in using data",
    )
