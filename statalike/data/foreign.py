"""Data of SPSS (.sav, .zsav, .por) and SAS (.sas7bdat, .xpt), read with pyreadstat.

Numbers keep their precision in the smallest storage type; user-defined and special missing
values become ``.a`` to ``.z``; value labels, variable labels and dates come along.
([D] import spss, import sas.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.labels import FIRST_MISSING_LONG, ValueLabel, label_code
from statalike.data.missing import DOUBLE_CODES, LETTERS, MISSING, settle
from statalike.data.names import LONGEST_NAME, is_name
from statalike.data.notes import add_note
from statalike.data.storage import DOUBLE, smallest_type
from statalike.errors import StataError, file_could_not_be_opened, file_not_found

SPSS_EPOCH_TO_1960 = 137775
"""Days from 14 October 1582, where SPSS counts from, to 1 January 1960."""

_DAY, _MILLISECONDS = 86400.0, 1000.0


def read_spss(path: str | os.PathLike[str]) -> Dataset:
    """The dataset in an SPSS file, .sav, .zsav or portable .por.

    Values that the file declares missing become ``.a``, ``.b``, ... in ascending order, variable
    by variable, and keep their labels.  Errors: r(601), r(603), r(610).
    """
    import pyreadstat

    if _extension(path) == ".por":
        columns, meta = _read(pyreadstat.read_por, path, "SPSS")
    else:
        columns, meta = _read(pyreadstat.read_sav, path, "SPSS", user_missing=True)
    return _dataset(columns, meta, spss=True)


def read_sas(
    path: str | os.PathLike[str], catalog: str | os.PathLike[str] | None = None
) -> Dataset:
    """The dataset in a SAS file, .sas7bdat or transport .xpt.

    The special missing values ``.A`` to ``.Z`` become ``.a`` to ``.z``, and ``._`` becomes
    ``.``.  ``catalog`` is a .sas7bcat file with value labels.  Errors: r(601), r(603), r(610).
    """
    import pyreadstat

    if _extension(path) in (".xpt", ".v8xpt", ".xport"):
        columns, meta = _read(pyreadstat.read_xport, path, "SAS")
    else:
        options: dict[str, Any] = {"user_missing": True}
        if catalog is not None:
            options["catalog_file"] = os.fspath(catalog)
        columns, meta = _read(pyreadstat.read_sas7bdat, path, "SAS", **options)
    return _dataset(columns, meta, spss=False)


def _extension(path: str | os.PathLike[str]) -> str:
    return os.path.splitext(os.fspath(path))[1].lower()


def _read(
    reader: Callable[..., Any], path: str | os.PathLike[str], program: str, **options: Any
) -> tuple[dict[str, list[Any]], Any]:
    name = os.fspath(path)
    if not os.path.exists(name):
        raise file_not_found(name)
    if not os.path.isfile(name) or not os.access(name, os.R_OK):
        raise file_could_not_be_opened(name)
    try:
        columns, meta = reader(
            name, disable_datetime_conversion=True, output_format="dict", **options
        )
    except Exception as error:  # pyreadstat's own exceptions have no common class of their own
        raise StataError(610, f"file {name} not {program} format", hint=str(error)) from None
    return columns, meta


def _dataset(columns: Mapping[str, list[Any]], meta: Any, *, spss: bool) -> Dataset:
    data = Dataset(n=int(meta.number_rows or 0), label=(meta.file_label or "")[:80])
    names = stata_names(list(meta.column_names))
    for foreign, name in names.items():
        label = (meta.column_names_to_labels.get(foreign) or "").strip()
        if not label and name != foreign:
            label = foreign
        if meta.readstat_variable_types[foreign] == "string":
            texts = [text or "" for text in columns[foreign]]
            data.add(name, texts if texts else np.array([], dtype=object), label=label)
            continue
        values = _numbers(columns[foreign])
        foreign_labels = dict(meta.variable_value_labels.get(foreign) or {})
        ranges = meta.missing_ranges.get(foreign, ()) if meta.missing_ranges else ()
        values, codes = _missing_as_letters(values, foreign_labels, ranges)
        format, values = _dates(meta.original_variable_types.get(foreign) or "", values, spss=spss)
        values = settle(values)
        data.add(name, values, smallest_type(values, DOUBLE), format=format, label=label)
        mapping = _label_mapping(foreign_labels, codes)
        if mapping:
            _attach(data, name, mapping)
    for note in meta.notes or ():
        add_note(data.characteristics_of(), note)
    data.changed = False
    return data


def stata_names(foreign: list[str]) -> dict[str, str]:
    """Names another program allows as names that are valid here and distinct.

    Characters that may not be in a name become underscores.

    >>> stata_names(["q1.a", "q1_a", "2nd"])
    {'q1.a': 'q1_a', 'q1_a': 'q1_a1', '2nd': '_2nd'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for original in foreign:
        name = "".join(c if c == "_" or c.isalnum() else "_" for c in original)[:LONGEST_NAME]
        if not is_name(name):
            name = f"_{name}"[:LONGEST_NAME]
        unique, number = name, 0
        while unique in taken:
            number += 1
            unique = f"{name[: LONGEST_NAME - len(str(number))]}{number}"
        names[original] = unique
        taken.add(unique)
    return names


def _numbers(values: list[Any]) -> np.ndarray:
    """A column of numbers, None (missing) and letters (special missing) as doubles."""
    try:
        doubles = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        cells = np.array(values, dtype=object)
        doubles = np.full(len(cells), MISSING)
        letters = np.array([isinstance(cell, str) for cell in cells], dtype=bool)
        for letter in set(cells[letters]):
            code = LETTERS.find(letter.lower()) + 1
            doubles[cells == letter] = DOUBLE_CODES[code]
        doubles[~letters] = cells[~letters].astype(np.float64)
        return doubles
    return doubles


def _missing_as_letters(
    values: np.ndarray, labels: Mapping[Any, str], ranges: list[dict[str, Any]] | tuple[()]
) -> tuple[np.ndarray, dict[float, int]]:
    """Values declared missing replaced by ``.a``, ``.b``, ...; and which became which (1..26).

    What is beyond the twenty-sixth becomes ``.``.
    """
    if not ranges:
        return values, {}
    declared = np.zeros(len(values), dtype=bool)
    candidates: set[float] = set()
    for limits in ranges:
        if isinstance(limits["lo"], str) or isinstance(limits["hi"], str):
            continue
        low, high = float(limits["lo"]), float(limits["hi"])
        declared |= (values >= low) & (values <= high)
        labelled = (code for code in labels if not isinstance(code, str))
        candidates.update(float(code) for code in labelled if low <= code <= high)
    candidates.update(np.unique(values[declared]).tolist())
    codes = {value: k for k, value in enumerate(sorted(candidates), start=1) if k <= 26}
    changed = values.copy()
    changed[declared] = MISSING
    for value, k in codes.items():
        changed[declared & (values == value)] = DOUBLE_CODES[k]
    return changed, codes


def _label_mapping(labels: Mapping[Any, str], codes: Mapping[float, int]) -> dict[int, str]:
    """Value labels by long; those of fractions and texts have no place in Stata."""
    mapping: dict[int, str] = {}
    for value, text in labels.items():
        if isinstance(value, str):
            if len(value) == 1 and value.lower() in LETTERS:
                mapping[FIRST_MISSING_LONG + 1 + LETTERS.index(value.lower())] = text
            continue
        if float(value) in codes:
            mapping[FIRST_MISSING_LONG + codes[float(value)]] = text
            continue
        code = label_code(float(value))
        if code is not None:
            mapping[code] = text
    return mapping


def _attach(data: Dataset, name: str, mapping: dict[int, str]) -> None:
    """Give a variable value labels: a set that has these entries already, or a new one."""
    found = next((s.name for s in data.value_labels.values() if dict(s.mapping) == mapping), None)
    if found is None:
        found = name
        data.value_labels[name] = ValueLabel(name, mapping)
    data.put(replace(data.variable(name), value_label=found))


def _dates(foreign: str, values: np.ndarray, *, spss: bool) -> tuple[str, np.ndarray]:
    """The Stata format for a foreign one, and dates and times on Stata's scale."""
    kind = re.match(r"[A-Z]*", foreign.upper())
    word = kind[0] if kind else ""
    number = values < MISSING

    def rescale(shift: float, factor: float) -> np.ndarray:
        return np.where(number, (values - shift) * factor, values)

    origin = SPSS_EPOCH_TO_1960 * _DAY if spss else 0.0
    if word in ("DATETIME", "YMDHMS"):
        return "%tc", rescale(origin, _MILLISECONDS)
    if word in ("TIME", "DTIME", "MTIME", "HHMM", "TOD"):
        return "%tcHH:MM:SS", rescale(0.0, _MILLISECONDS)
    if spss and word in ("DATE", "ADATE", "EDATE", "SDATE", "JDATE"):
        return "%td", rescale(origin, 1 / _DAY)
    if not spss and word in ("DATE", "MMDDYY", "DDMMYY", "YYMMDD", "JULIAN", "MONYY"):
        return "%td", values
    digits = re.fullmatch(r"F(\d+)\.(\d+)", foreign)
    if digits and 0 < int(digits[2]) < int(digits[1]) <= 20:
        return f"%{digits[1]}.{digits[2]}f", values
    return "", values
