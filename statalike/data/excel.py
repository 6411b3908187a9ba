"""Worksheets of Excel files, read and written with openpyxl ([D] import excel)."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.names import is_name
from statalike.data.storage import DOUBLE, smallest_type, string_type
from statalike.errors import StataError, file_could_not_be_opened, file_exists, file_not_found

if TYPE_CHECKING:
    from openpyxl import Workbook

Cell = float | str | bool | datetime.datetime | datetime.date | None

_EPOCH = datetime.datetime(1960, 1, 1)
_DAY = 86_400.0


def _package() -> None:
    """r(601) where openpyxl is not installed."""
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        raise StataError(
            601, "Excel files need the Python package openpyxl", hint="pip install openpyxl"
        ) from None


def sheet_names(path: str) -> list[tuple[str, str]]:
    """The worksheets of a file with their ranges; r(601), r(603)."""
    book = _book(path)
    return [(sheet.title, sheet.dimensions) for sheet in book.worksheets]


def _book(path: str) -> Workbook:
    _package()
    from openpyxl import load_workbook

    given = os.path.expanduser(path)
    if not os.path.exists(given):
        raise file_not_found(path)
    try:
        return load_workbook(given, data_only=True)
    except Exception:  # openpyxl raises whatever its parts do
        raise file_could_not_be_opened(path) from None


def read_excel(
    path: str,
    *,
    sheet: str = "",
    cell_range: str = "",
    first_row: bool = False,
    case: str = "preserve",
    all_strings: bool = False,
) -> Dataset:
    """The dataset in a worksheet, the first one unless another is named; r(601), r(603), r(198).

    With ``first_row`` the first row has the names; without, variables are called A, B, ...
    """
    from openpyxl.utils import get_column_letter

    book = _book(path)
    if sheet and sheet not in book.sheetnames:
        raise StataError(601, f"worksheet {sheet} not found")
    worksheet = book[sheet] if sheet else book.worksheets[0]
    try:
        area = worksheet[cell_range] if cell_range else worksheet.iter_rows()
        rows: list[list[Any]] = [[cell.value for cell in row] for row in area]
    except (ValueError, TypeError):
        raise StataError(198, f"invalid cell range {cell_range}") from None
    width = max((len(row) for row in rows), default=0)
    letters = [get_column_letter(number) for number in range(1, width + 1)]
    heads: list[str] = letters
    labels = [""] * width
    if first_row and rows:
        labels = ["" if value is None else str(value) for value in rows[0]]
        heads = _names(labels, letters, case)
        rows = rows[1:]
    data = Dataset()
    for position, name in enumerate(heads):
        column = [row[position] if position < len(row) else None for row in rows]
        label = labels[position] if labels[position] != name else ""
        _add(data, name, column, label, all_strings=all_strings)
    data.n = len(rows)
    data.changed = False
    return data


def _names(labels: Sequence[str], letters: Sequence[str], case: str) -> list[str]:
    change = {"lower": str.lower, "upper": str.upper}.get(case, str)
    names: list[str] = []
    for label, letter in zip(labels, letters, strict=True):
        name = change("".join(c for c in label.strip() if c == "_" or c.isalnum()))[:32]
        names.append(name if is_name(name) and name not in names else letter)
    return names


def _add(data: Dataset, name: str, cells: Sequence[Cell], label: str, *, all_strings: bool) -> None:
    present = [cell for cell in cells if cell is not None]
    if not all_strings and all(isinstance(cell, datetime.datetime) for cell in present) and present:
        days = np.array([MISSING if cell is None else _days(cell) for cell in cells])
        whole = bool((days[days < MISSING] == np.floor(days[days < MISSING])).all())
        values = days if whole else np.where(days < MISSING, days * _DAY * 1000, MISSING)
        form = "%td" if whole else "%tc"
        data.add(name, values, smallest_type(values, DOUBLE), format=form, label=label[:80])
    elif not all_strings and all(isinstance(cell, bool | int | float) for cell in present):
        numbers = np.array([MISSING if cell is None else _float(cell) for cell in cells])
        data.add(name, numbers, smallest_type(numbers, DOUBLE), label=label[:80])
    else:
        texts = ["" if cell is None else _text(cell) for cell in cells]
        values = np.array([*texts, ""], dtype=object)[:-1]
        data.add(name, values, string_type(values), label=label[:80])


def _float(cell: Cell) -> float:
    assert isinstance(cell, bool | int | float)
    return float(cell)


def _days(cell: Cell) -> float:
    assert isinstance(cell, datetime.datetime)
    return (cell - _EPOCH).total_seconds() / _DAY


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return str(cell)


def write_excel(
    data: Dataset,
    path: str,
    names: Sequence[str],
    rows: np.ndarray,
    *,
    sheet: str = "Sheet1",
    heads: Sequence[str] | None = None,
    labels: bool = True,
    replace: bool = False,
) -> None:
    """Write chosen variables and rows (mask), with ``heads`` in the first row; r(602), r(603)."""
    _package()
    from openpyxl import Workbook

    given = os.path.expanduser(path)
    if os.path.exists(given) and not replace:
        raise file_exists(path)
    book = Workbook()
    worksheet = book.active
    assert worksheet is not None
    worksheet.title = sheet
    if heads is not None:
        worksheet.append(list(heads))
    chosen = np.flatnonzero(rows)
    columns = [_cells(data, name, chosen, labels=labels) for name in names]
    for row in zip(*columns, strict=True):
        worksheet.append(list(row))
    try:
        book.save(given)
    except OSError:
        raise file_could_not_be_opened(path) from None


def _cells(data: Dataset, name: str, rows: np.ndarray, *, labels: bool) -> list[Cell]:
    variable = data.variable(name)
    if variable.is_string:
        return [str(text) for text in variable.strings()[rows]]
    known = data.value_label_of(name) if labels else None
    cells: list[Cell] = []
    for value in variable.numbers()[rows].tolist():
        label = known.text(value) if known else None
        if label is not None:
            cells.append(label)
        elif value >= MISSING:
            cells.append(None)
        elif variable.format.startswith("%td"):
            cells.append(_EPOCH + datetime.timedelta(days=value))
        else:
            cells.append(int(value) if value == int(value) else value)
    return cells
