"""Text files with a character between values ([D] import delimited, export delimited)."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.formats import format_column
from statalike.data.missing import MISSING, missing_code, missing_text
from statalike.data.names import is_name
from statalike.data.storage import DOUBLE, FLOAT, StorageType, smallest_type, string_type
from statalike.errors import file_could_not_be_opened, file_exists, file_not_found

_NUMBER = re.compile(r"\s*([-+]?(\d+\.?\d*|\.\d+)([eEdD][-+]?\d+)?)?\s*|\s*\.[a-z]?\s*")
_CASES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "preserve": lambda name: name,
}


@dataclass(frozen=True)
class DelimitedFormat:
    """How a file is to be read.

    ``delimiter`` is empty where it is to be found out: a tab, a comma, a semicolon, whichever the
    first line has first.  ``names_row`` is the line with names, 0 for none, None where that is to
    be found out.  ``first`` and ``last`` are the lines read.
    """

    delimiter: str = ""
    names_row: int | None = None
    case: str = "lower"
    encoding: str = "utf-8"
    first: int | None = None
    last: int | None = None
    as_strings: bool = False
    doubles: bool = False


def read_delimited(path: str, chosen: DelimitedFormat) -> Dataset:
    """The dataset in a delimited file; numbers in the smallest type that holds them, texts in str#.

    r(601), r(603).
    """
    given = os.path.expanduser(path)
    if not os.path.exists(given):
        raise file_not_found(path)
    try:
        with open(given, encoding=chosen.encoding, errors="replace", newline="") as file:
            text = file.read().removeprefix("\ufeff")
    except (OSError, LookupError):
        raise file_could_not_be_opened(path) from None
    delimiter = chosen.delimiter or _found_delimiter(text)
    if delimiter == " ":
        rows = [row.split() for row in text.splitlines()]
    else:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    rows = [row for row in rows if row]
    return dataset_of_texts(rows, chosen)


def dataset_of_texts(rows: Sequence[Sequence[str]], chosen: DelimitedFormat) -> Dataset:
    """A dataset of a table of texts, whose first row may have the names."""
    width = max((len(row) for row in rows), default=0)
    named = chosen.names_row
    if named is None:
        named = 1 if rows and _looks_like_names(rows[0], rows[1:]) else 0
    heads = list(rows[named - 1]) if named and len(rows) >= named else []
    heads += [""] * (width - len(heads))
    start = max(chosen.first or 1, named + 1) - 1
    body = rows[start : chosen.last]
    data = Dataset()
    names = _names(heads, chosen.case)
    for position, (name, head) in enumerate(zip(names, heads, strict=True)):
        texts = [row[position] if position < len(row) else "" for row in body]
        label = head.strip() if head.strip() and head.strip() != name else ""
        _add_column(data, name, texts, label, chosen)
    data.n = len(body)
    data.changed = False
    return data


def _found_delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    marks = [mark for mark in "\t,;|" if mark in first]
    return max(marks, key=first.count) if marks else ","


def _looks_like_names(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Texts alone, above a table: no number stands in a row of names."""
    return bool(others) and all(text.strip() and not _NUMBER.fullmatch(text) for text in first)


def _names(heads: Sequence[str], case: str) -> list[str]:
    wanted = []
    for number, head in enumerate(heads, 1):
        name = "".join(c for c in head.strip() if c == "_" or c.isalnum() or c == " ")
        name = _CASES[case](name.replace(" ", ""))[:32]
        wanted.append(name if is_name(name) else f"v{number}" if not name else f"_{name}"[:32])
    taken: set[str] = set()
    for position, name in enumerate(wanted):
        if name in taken or not is_name(name):
            wanted[position] = f"v{position + 1}"
        taken.add(wanted[position])
    return wanted


def _add_column(
    data: Dataset, name: str, texts: list[str], label: str, chosen: DelimitedFormat
) -> None:
    if not chosen.as_strings and all(_NUMBER.fullmatch(text) for text in texts):
        numbers = np.array([_number(text) for text in texts], dtype=float)
        kind = DOUBLE if chosen.doubles else _number_type(numbers)
        data.add(name, numbers, kind, label=label[:80])
        return
    values = np.array([*texts, ""], dtype=object)[:-1]
    data.add(name, values, string_type(values), label=label[:80])


def _number_type(numbers: np.ndarray) -> StorageType:
    """Integers in the smallest type; fractions in float when it holds seven digits, else double."""
    known = numbers[numbers < MISSING]
    if len(known) and (known != np.floor(known)).any():
        rounded = known.astype(np.float32).astype(float)
        near = np.abs(rounded - known) <= 5e-8 * np.abs(known)
        short = all(len(f"{x:.15g}".lstrip("-0.").replace(".", "")) <= 7 for x in known.tolist())
        return FLOAT if short and bool(near.all()) else DOUBLE
    return smallest_type(numbers, DOUBLE)


def _number(text: str) -> float:
    text = text.strip()
    if not text or (text[0] == "." and not text[1:2].isdigit()):
        return missing_code(text[1:])
    return float(text.lower().replace("d", "e"))


@dataclass(frozen=True)
class Writing:
    """How a file is to be written: the delimiter, names in the first line, labels for numbers."""

    delimiter: str = ","
    names: bool = True
    labels: bool = True
    quotes: bool = False
    formats: bool = False
    replace: bool = False


def cells_of(data: Dataset, names: Sequence[str], chosen: Writing) -> list[list[str]]:
    """The values as texts, a list for each variable; missing values are empty."""
    columns = []
    for name in names:
        variable = data.variable(name)
        if variable.is_string:
            columns.append([str(text) for text in variable.strings().tolist()])
            continue
        numbers = variable.numbers()
        known = data.value_label_of(name) if chosen.labels else None
        if variable.storage is FLOAT and not chosen.formats:
            texts = [_shortest(value) for value in numbers.tolist()]
        else:
            form = variable.format if chosen.formats else "%21.0g"
            texts = [text.strip() for text in format_column(numbers, form)]
        columns.append(
            [
                (known.text(value) if known else None) or ("" if value == MISSING else text)
                for value, text in zip(numbers.tolist(), texts, strict=True)
            ]
        )
    return columns


def _shortest(value: float) -> str:
    """The fewest digits that read as the same float, without a zero before the point."""
    missing = missing_text(value)
    if missing is not None:
        return missing
    text = str(np.float32(value)).removesuffix(".0")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def write_delimited(
    data: Dataset, path: str, names: Sequence[str], rows: np.ndarray, chosen: Writing
) -> None:
    """Write chosen variables and rows (mask); r(602), r(603)."""
    given = os.path.expanduser(path)
    if os.path.exists(given) and not chosen.replace:
        raise file_exists(path)
    part = data.copy()
    part.take_rows(np.flatnonzero(rows))
    columns = cells_of(part, names, chosen)
    try:
        with open(given, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=chosen.delimiter, lineterminator="\n")
            if chosen.names:
                writer.writerow(names)
            if not chosen.quotes:
                writer.writerows(zip(*columns, strict=True))
                return
            quoted = [
                [_quoted(cell) if _is_text(part, name, chosen) else cell for cell in column]
                for name, column in zip(names, columns, strict=True)
            ]
            file.writelines(f"{chosen.delimiter.join(row)}\n" for row in zip(*quoted, strict=True))
    except OSError:
        raise file_could_not_be_opened(path) from None


def _is_text(data: Dataset, name: str, chosen: Writing) -> bool:
    """Whether the values of a variable are written as texts: strings, labels, formatted numbers."""
    labelled = chosen.labels and data.value_label_of(name) is not None
    return data.variable(name).is_string or labelled or chosen.formats


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
