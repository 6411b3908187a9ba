"""Wide data into long ones and back ([D] reshape).

In wide data each observation of ``i`` has a variable for each value of ``j``, named by a stub such
as ``inc`` with the value in the place of ``@`` or at its end; in long data it has an observation
for each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.data.combining import as_type, common_type
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.names import check_name
from statalike.data.storage import smallest_type, string_type
from statalike.data.variable import Variable, empty_column
from statalike.errors import StataError, already_defined, variable_not_found


@dataclass(frozen=True)
class Reshape:
    """``stubs`` as typed, the variables ``i``, the variable ``j``, and its values in order: texts
    of numbers, or any texts with ``string``."""

    stubs: tuple[str, ...]
    i: tuple[str, ...]
    j: str
    values: tuple[str, ...] = ()
    string: bool = False


def wide_name(stub: str, value: str) -> str:
    """``inc`` or ``@inc`` with the value of j in its place."""
    return stub.replace("@", value) if "@" in stub else stub + value


def long_name(stub: str) -> str:
    return stub.replace("@", "")


def values_in_names(data: Dataset, reshape: Reshape) -> tuple[str, ...]:
    """The values of j that variables in wide data have in their names; r(111) for none."""
    found: set[str] = set()
    inner = r"(.+)" if reshape.string else r"(0|[1-9]\d*)"
    for stub in reshape.stubs:
        before, _, after = stub.partition("@")
        pattern = re.compile(re.escape(before) + inner + re.escape(after) + r"\Z")
        found |= {
            m[1] for name in data.names if name not in reshape.i and (m := pattern.match(name))
        }
    if not found:
        raise StataError(111, f"no xij variables found for {' '.join(reshape.stubs)}")
    return tuple(sorted(found, key=(str if reshape.string else int)))


def to_long(data: Dataset, reshape: Reshape) -> Dataset:
    """Long data; r(9) when i does not identify the observations."""
    _check_identified(data, reshape.i)
    if reshape.j in data:
        raise already_defined(reshape.j)
    check_name(reshape.j)
    count = len(reshape.values)
    rows = np.repeat(np.arange(data.n), count)
    wide = {stub: [wide_name(stub, value) for value in reshape.values] for stub in reshape.stubs}
    used = {name for names in wide.values() for name in names}
    made: dict[str, Variable] = {name: data.variable(name).take(rows) for name in reshape.i}
    made[reshape.j] = _j_variable(reshape, data.n)
    first = {next((n for n in names if n in data), ""): stub for stub, names in wide.items()}
    for name in data.names:
        if name in first:
            stub = first[name]
            own = long_name(stub)
            if own in data and own not in used:
                raise already_defined(own)
            made[own] = _stacked(data, own, wide[stub])
        elif name not in used and name not in made:
            made[name] = data.variable(name).take(rows)
    for stub in reshape.stubs:
        if long_name(stub) not in made:
            raise variable_not_found(wide[stub][0], data.names)
    return _reshaped(data, made, (*reshape.i, reshape.j), rows)


def _j_variable(reshape: Reshape, repeats: int) -> Variable:
    holder = Dataset()
    if reshape.string:
        texts = np.array(list(reshape.values) * repeats, dtype=object)
        return holder.add(reshape.j, texts, string_type(list(reshape.values)))
    numbers = np.array([float(value) for value in reshape.values])
    return holder.add(reshape.j, np.tile(numbers, repeats), smallest_type(numbers))


def _stacked(data: Dataset, name: str, wide: Sequence[str]) -> Variable:
    """The values of wide variables one after another within observations; r(109) for a mixture of
    texts and numbers."""
    present = [data.variable(one) for one in wide if one in data]
    kind = present[0].storage
    for variable in present[1:]:
        if variable.is_string != kind.is_string:
            raise StataError(109, f"type mismatch: {' '.join(wide)} are not all of one type")
        kind = common_type(kind, variable.storage)
    columns = [
        as_type(data.variable(one), kind) if one in data else empty_column(kind, data.n)
        for one in wide
    ]
    return replace(
        present[0], name=name, storage=kind, values=np.stack(columns, axis=1).ravel(), label=""
    )


def to_wide(data: Dataset, reshape: Reshape) -> Dataset:
    """Wide data; r(9) when j repeats within i or other variables vary."""
    codes, groups, first = _groups(data, reshape.i)
    j = data.variable(reshape.j)
    if not j.is_string and np.any(j.numbers() >= MISSING):
        raise StataError(498, f"variable {reshape.j} contains missing values")
    place = {value: number for number, value in enumerate(reshape.values)}
    own = np.array([place[text] for text in j_texts(j)], dtype=np.intp)
    cells = codes * len(reshape.values) + own
    if len(np.unique(cells)) < len(cells):
        raise StataError(
            9, f"values of variable {reshape.j} not unique within {' '.join(reshape.i)}"
        )
    stubs = {long_name(stub): stub for stub in reshape.stubs}
    made: dict[str, Variable] = {name: data.variable(name).take(first) for name in reshape.i}
    for number, value in enumerate(reshape.values):
        chosen = own == number
        for name, stub in stubs.items():
            source = data.variable(name)
            values = empty_column(source.storage, groups)
            values[codes[chosen]] = source.values[chosen]
            wide = check_name(wide_name(stub, value))
            if wide in made or (wide in data and wide not in stubs):
                raise already_defined(wide)
            label = f"{value} {source.label or name}"[:80]
            made[wide] = replace(source, name=wide, values=values, label=label)
    for name in data.names:
        if name in made or name in stubs or name == reshape.j:
            continue
        source = data.variable(name)
        if np.any(source.values != source.values[first][codes]):
            raise StataError(9, f"variable {name} not constant within {' '.join(reshape.i)}")
        made[name] = source.take(first)
    return _reshaped(data, made, reshape.i, first)


def j_texts(variable: Variable) -> list[str]:
    """The values of j as they stand in names; r(498) for numbers that cannot."""
    if variable.is_string:
        return [value.decode("utf-8", "replace").strip() for value in variable.values.tolist()]
    numbers = variable.numbers()
    if np.any((numbers < 0) | (numbers != np.floor(numbers))):
        raise StataError(498, f"variable {variable.name} contains values that cannot be in names")
    return [str(int(value)) for value in numbers.tolist()]


def _groups(data: Dataset, names: Sequence[str]) -> tuple[np.ndarray, int, np.ndarray]:
    """The group of each row by the values of variables, their number, and the first row of each."""
    codes = np.zeros(data.n, dtype=np.intp)
    for name in names:
        distinct, place = np.unique(data.variable(name).values, return_inverse=True)
        codes = codes * max(len(distinct), 1) + place.reshape(-1)
        codes = np.unique(codes, return_inverse=True)[1].reshape(-1)
    groups = int(codes.max()) + 1 if data.n else 0
    first = np.full(groups, data.n)
    np.minimum.at(first, codes, np.arange(data.n))
    return codes, groups, first


def _check_identified(data: Dataset, names: Sequence[str]) -> None:
    _, groups, _ = _groups(data, names)
    if groups < data.n:
        noun, verb = ("variable", "does") if len(names) == 1 else ("variables", "do")
        raise StataError(
            9, f"{noun} {' '.join(names)} {verb} not uniquely identify the observations"
        )


def _reshaped(
    data: Dataset, made: dict[str, Variable], keys: tuple[str, ...], rows: np.ndarray
) -> Dataset:
    result = data.copy()
    result.variables = made
    result.n = len(rows)
    result.marks = {}
    result.characteristics = {
        owner: texts
        for owner, texts in result.characteristics.items()
        if owner == "_dta" or owner in made
    }
    result.sorted_by = ()
    result.sort(keys)
    result.changed = True
    return result
