"""Datasets joined by key variables ([D] merge)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.data.combining import as_type, common_type
from statalike.data.dataset import Dataset
from statalike.data.labels import ValueLabel
from statalike.data.missing import MISSING
from statalike.data.storage import BYTE
from statalike.data.variable import Variable, empty_column
from statalike.errors import StataError, variable_not_found

MASTER, USING, MATCHED, UPDATED, CONFLICT = 1, 2, 3, 4, 5
RESULTS = {
    MASTER: "Master only (1)",
    USING: "Using only (2)",
    MATCHED: "Matched (3)",
    UPDATED: "Missing updated (4)",
    CONFLICT: "Nonmissing conflict (5)",
}


@dataclass(frozen=True)
class Joined:
    """Rows of the result: positions in master and using data, -1 where there is none, (r,)."""

    master: np.ndarray
    using: np.ndarray


@dataclass(frozen=True)
class MergeRequest:
    """``keys`` identify observations, uniquely in the ``unique`` sides (``master``, ``using``).

    ``wanted`` are the variables to take from the using data.  ``update`` fills missing values of
    the master from the using data, ``overwrite`` lets the using data win.
    """

    keys: tuple[str, ...]
    unique: tuple[str, ...]
    wanted: tuple[str, ...]
    update: bool = False
    overwrite: bool = False


def joined_rows(master: Dataset, using: Dataset, request: MergeRequest) -> Joined:
    """Master observations in the order of the keys, each with its using ones; then those that are
    in the using data only.  r(106), r(111), r(459) for keys that don't do.
    """
    codes = key_codes(master, using, request.keys)
    mine, theirs = codes[: master.n], codes[master.n :]
    groups = int(codes.max()) + 1 if len(codes) else 0
    for side, own in (("master", mine), ("using", theirs)):
        if side in request.unique and len(np.unique(own)) < len(own):
            raise _not_unique(request.keys, side)
    if "using" in request.unique:
        rows = np.argsort(mine, kind="stable")
        partner = _positions(theirs, groups)[mine[rows]] if len(rows) else rows
        left, right = rows, partner
    else:
        alone = np.flatnonzero(~_present(theirs, groups)[mine]) if len(mine) else np.zeros(0, int)
        with_partner = _positions(mine, groups)[theirs] if len(theirs) else np.zeros(0, int)
        paired = np.flatnonzero(with_partner >= 0)
        left = np.concatenate([alone, with_partner[paired]])
        right = np.concatenate([np.full(len(alone), -1), paired])
        order = np.lexsort((right, mine[left]))
        left, right = left[order], right[order]
    only = np.flatnonzero(~_present(mine, groups)[theirs]) if len(theirs) else np.zeros(0, int)
    only = only[np.argsort(theirs[only], kind="stable")]
    return Joined(
        np.concatenate([left, np.full(len(only), -1)]).astype(np.intp),
        np.concatenate([right, only]).astype(np.intp),
    )


def key_codes(master: Dataset, using: Dataset, keys: Sequence[str]) -> np.ndarray:
    """A number for each combination of key values, in their order, master rows first."""
    codes = np.zeros(master.n + using.n, dtype=np.intp)
    for name in keys:
        if name not in using:
            raise variable_not_found(name, using.names)
        mine, theirs = master.variable(name), using.variable(name)
        if mine.is_string != theirs.is_string:
            raise StataError(
                106,
                f"key variable {name} is {mine.storage} in master but {theirs.storage} in using "
                "data",
            )
        if mine.is_string:
            both = np.concatenate([side.values.astype(object) for side in (mine, theirs)])
        else:
            both = np.concatenate([mine.numbers(), theirs.numbers()])
        distinct, place = np.unique(both, return_inverse=True)
        codes = codes * max(len(distinct), 1) + place.reshape(-1)
        codes = np.unique(codes, return_inverse=True)[1].reshape(-1)
    return codes


def _positions(codes: np.ndarray, groups: int) -> np.ndarray:
    """The row of each code (groups,), -1 for codes without one."""
    place = np.full(groups, -1)
    place[codes] = np.arange(len(codes))
    return place


def _present(codes: np.ndarray, groups: int) -> np.ndarray:
    present = np.zeros(groups, dtype=bool)
    present[codes] = True
    return present


def _not_unique(keys: Sequence[str], side: str) -> StataError:
    noun, verb = ("variable", "does") if len(keys) == 1 else ("variables", "do")
    return StataError(
        459,
        f"{noun} {' '.join(keys)} {verb} not uniquely identify observations in the {side} data",
    )


def merged(
    master: Dataset, using: Dataset, rows: Joined, request: MergeRequest
) -> tuple[Dataset, np.ndarray]:
    """The joined dataset, and the result of each row (r,), one of :data:`RESULTS`."""
    result = np.where(rows.master < 0, USING, np.where(rows.using < 0, MASTER, MATCHED))
    combined = master.copy()
    combined.variables = {}
    theirs = [name for name in using.names if name in request.wanted or name in request.keys]
    for name in dict.fromkeys([*master.names, *theirs]):
        left = master.variables.get(name)
        right = using.variables.get(name) if name in theirs else None
        combined.variables[name] = _joined_variable(left, right, rows, request, result)
    combined.n = len(result)
    combined.value_labels = {**using.value_labels, **master.value_labels}
    for owner, texts in using.characteristics.items():
        if owner in theirs and owner not in master.characteristics:
            combined.characteristics[owner] = dict(texts)
    combined.marks = {
        name: np.where(rows.master >= 0, mark[rows.master], False)
        for name, mark in master.marks.items()
        if master.n
    }
    combined.sorted_by = () if np.any(rows.master < 0) else request.keys
    combined.changed = True
    return combined, result


def _joined_variable(
    left: Variable | None,
    right: Variable | None,
    rows: Joined,
    request: MergeRequest,
    result: np.ndarray,
) -> Variable:
    """A variable of the result; ``result`` is marked where it was updated or conflicts."""
    model = left or right
    assert model is not None
    if left is not None and right is not None and left.is_string != right.is_string:
        raise StataError(
            106,
            f"variable {left.name} is {left.storage} in master but {right.storage} in using data",
        )
    sides = [side.storage for side in (left, right) if side is not None]
    kind = common_type(sides[0], sides[-1])
    values = empty_column(kind, len(result))
    if right is not None:
        _fill(values, as_type(right, kind), rows.using)
    if left is None:
        return replace(model, storage=kind, values=values)
    theirs = values.copy()
    _fill(values, as_type(left, kind), rows.master)
    whole = replace(model, storage=kind, values=values)
    if right is None or not request.update or left.name in request.keys:
        return whole
    return _updated(whole, replace(whole, values=theirs), rows, request, result)


def _fill(values: np.ndarray, source: np.ndarray, rows: np.ndarray) -> None:
    present = rows >= 0
    values[present] = source[rows[present]]


def _missing(variable: Variable) -> np.ndarray:
    if variable.is_string:
        return np.asarray(variable.values == b"")
    return np.asarray(variable.numbers() >= MISSING)


def _updated(
    mine: Variable, theirs: Variable, rows: Joined, request: MergeRequest, result: np.ndarray
) -> Variable:
    """The master's values with missing ones, or all, replaced by the using data's.

    Marks in ``result`` where a missing value is filled and where nonmissing ones differ.
    """
    both = (rows.master >= 0) & (rows.using >= 0)
    absent, known = _missing(mine), ~_missing(theirs)
    filled = both & absent & known
    differ = both & ~absent & known & np.asarray(mine.values != theirs.values)
    result[filled & (result == MATCHED)] = UPDATED
    result[differ] = CONFLICT
    values = mine.values.copy()
    taken = filled | (differ & request.overwrite)
    values[taken] = theirs.values[taken]
    return replace(mine, values=values)


def add_result(data: Dataset, name: str, result: np.ndarray) -> None:
    """Add the variable that tells where each observation comes from."""
    data.value_labels["_merge"] = ValueLabel("_merge", RESULTS)
    data.add(
        name,
        result.astype(float),
        BYTE,
        format="%23.0g",
        label="Matching result from merge",
        value_label="_merge",
    )


def kept_results(words: Collection[str]) -> frozenset[int]:
    """The results that words such as ``match master`` or ``1 3`` stand for; r(198)."""
    names = {
        "master": MASTER,
        "using": USING,
        "matched": MATCHED,
        "match": MATCHED,
        "match_update": UPDATED,
        "match_conflict": CONFLICT,
    }
    found: set[int] = set()
    for word in words:
        if word.isdigit() and int(word) in RESULTS:
            found.add(int(word))
            continue
        known = names.get(word) or next(
            (code for name, code in names.items() if len(word) >= 2 and name.startswith(word)), 0
        )
        if not known:
            raise StataError(198, f"{word} is not a merge result")
        found.add(known)
    return frozenset(found)
