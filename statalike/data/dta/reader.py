"""Reading .dta files.

The whole file is read into one buffer.  Columns are views of its records until they are first
looked at (:class:`statalike.data.variable.Variable` makes them contiguous then), so that opening
a file takes little longer than reading its bytes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.dta.cursor import Cursor, corrupt, decode_legacy, unexpected_end
from statalike.data.dta.layout import (
    BINARY_OBJECT,
    LAYOUTS,
    OLD_LABEL_WIDTH,
    OLD_TIMESTAMP_WIDTH,
    TEXT_OBJECT,
    Layout,
)
from statalike.data.labels import ValueLabel
from statalike.data.notes import Characteristics
from statalike.data.storage import MAXIMUM_STRING_WIDTH, StorageType, fixed_string
from statalike.data.variable import Variable, end_at_zero_byte
from statalike.errors import StataError, file_could_not_be_opened, file_not_found

_START = b"<stata_dta><header><release>"
_NAME = re.compile(r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*")
_MOST_OBSERVATIONS = 2**40


def read_dta(path: str | os.PathLike[str]) -> Dataset:
    """The dataset in a .dta file of format 113, 114, 115, 117, 118 or 119.

    Errors: r(601) no such file, r(603) it cannot be opened, r(610) not Stata format, r(612) it
    ends too soon, r(688) it is corrupt.
    """
    name = os.fspath(path)
    dataset = parse_dta(_read_bytes(name), name)
    dataset.filename = name
    return dataset


def _read_bytes(name: str) -> np.ndarray:
    try:
        with Path(name).open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            data = np.empty(size, dtype=np.uint8)
            view = data.data
            filled = 0
            while filled < size:
                count = file.readinto(view[filled:])
                if not count:
                    raise unexpected_end()
                filled += count
    except FileNotFoundError:
        raise file_not_found(name) from None
    except (OSError, ValueError):
        raise file_could_not_be_opened(name) from None
    except MemoryError:
        raise StataError(909, "op. sys. refuses to provide memory") from None
    return data


def parse_dta(data: np.ndarray, name: str = "") -> Dataset:
    """The dataset in the bytes of a .dta file (an array of ``uint8``)."""
    cursor = Cursor(data)
    layout = _recognise(cursor, name)
    k, n, label, timestamp = _header(cursor, layout)
    if cursor.tagged:
        cursor.begin("map")
        cursor.take(14 * 8)
        cursor.end("map")
    types = _types(cursor, layout, k)
    cursor.begin("varnames")
    names = cursor.texts(layout.name_width, k)
    cursor.end("varnames")
    if len(set(names)) != k or not all(_NAME.fullmatch(name) for name in names):
        raise corrupt("names of variables")
    cursor.begin("sortlist")
    sort_list = cursor.integers(layout.sort_entry, k + 1)
    cursor.end("sortlist")
    cursor.begin("formats")
    formats = cursor.texts(layout.format_width, k)
    cursor.end("formats")
    cursor.begin("value_label_names")
    attached = cursor.texts(layout.name_width, k)
    cursor.end("value_label_names")
    cursor.begin("variable_labels")
    labels = cursor.texts(layout.label_width, k)
    cursor.end("variable_labels")
    characteristics = _characteristics(cursor, layout)
    columns = _columns(cursor, types, n)
    objects: dict[tuple[int, int], bytes] = {}
    if cursor.tagged:
        objects = _string_objects(cursor, layout)
    value_labels = _value_labels(cursor, layout)
    if cursor.tagged:
        cursor.expect("</stata_dta>")

    dataset = Dataset(n=n if k else 0, label=label, timestamp=timestamp)
    for i, name in enumerate(names):
        values, storage = columns[i], types[i]
        if storage.is_long_string:
            values = _long_strings(values, objects, layout, cursor.order)
        elif storage.is_string and not layout.unicode:
            values, storage = _as_unicode(values, storage)
        if not formats[i].startswith("%"):
            formats[i] = storage.default_format
        dataset.variables[name] = Variable(
            name, storage, values, formats[i], attached[i], labels[i]
        )
    dataset.sorted_by = _sorted_by(sort_list, names)
    dataset.value_labels = value_labels
    dataset.characteristics = {
        owner: texts
        for owner, texts in characteristics.items()
        if owner == "_dta" or owner in dataset.variables
    }
    return dataset


def _recognise(cursor: Cursor, name: str) -> Layout:
    """Find out format and byte order; r(610) when it is no format known here."""
    beginning = bytes(cursor.bytes[: len(_START)])
    if beginning == _START:
        cursor.take(len(_START))
        release = bytes(cursor.take(3))
        layout = LAYOUTS.get(int(release)) if release.isdigit() else None
        if layout is None or not layout.tagged:
            raise _not_stata_format(name)
        cursor.layout = layout
        cursor.expect("</release><byteorder>")
        order = bytes(cursor.take(3))
        if order not in (b"LSF", b"MSF"):
            raise corrupt("byte order")
        cursor.order = "<" if order == b"LSF" else ">"
        cursor.expect("</byteorder>")
        return layout
    if beginning and _START.startswith(beginning):
        raise unexpected_end()
    layout = LAYOUTS.get(beginning[0]) if beginning else None
    if layout is None or layout.tagged:
        raise _not_stata_format(name)
    if len(beginning) < 4:
        raise unexpected_end()
    if beginning[1] not in (1, 2) or beginning[2] != 1:
        raise _not_stata_format(name)
    cursor.layout = layout
    cursor.order = ">" if beginning[1] == 1 else "<"
    cursor.take(4)
    return layout


def _not_stata_format(name: str) -> StataError:
    return StataError(610, f"file {name} not Stata format")


def _header(cursor: Cursor, layout: Layout) -> tuple[int, int, str, str]:
    """Numbers of variables and observations, dataset label, timestamp."""
    cursor.begin("K")
    k = cursor.integer(layout.variables)
    cursor.end("K")
    cursor.begin("N")
    n = cursor.integer(layout.observations)
    cursor.end("N")
    cursor.begin("label")
    label = cursor.text(cursor.integer(layout.label_length) if layout.tagged else OLD_LABEL_WIDTH)
    cursor.end("label")
    cursor.begin("timestamp")
    timestamp = cursor.text(cursor.integer("B") if layout.tagged else OLD_TIMESTAMP_WIDTH)
    cursor.end("timestamp")
    cursor.end("header")
    if n > _MOST_OBSERVATIONS:
        raise corrupt("number of observations")
    return k, n, label, timestamp


def _types(cursor: Cursor, layout: Layout, k: int) -> list[StorageType]:
    cursor.begin("variable_types")
    codes = cursor.integers(layout.type_code, k)
    cursor.end("variable_types")
    types = [kind for code in codes if (kind := layout.storage(code)) is not None]
    if len(types) != k:
        raise corrupt("types of variables")
    return types


def _sorted_by(entries: list[int], names: list[str]) -> tuple[str, ...]:
    keys = []
    for entry in entries:
        if entry == 0:
            break
        if entry > len(names):
            raise corrupt("sort order")
        keys.append(names[entry - 1])
    return tuple(keys)


def _characteristics(cursor: Cursor, layout: Layout) -> dict[str, Characteristics]:
    found: dict[str, Characteristics] = {}
    cursor.begin("characteristics")
    while True:
        if layout.tagged:
            if not cursor.at("<ch>"):
                cursor.end("characteristics")
                return found
            kind, length = 1, cursor.integer("I")
        else:
            kind, length = cursor.integer("B"), cursor.integer("I")
            if kind == 0 and length == 0:
                return found
        content = Cursor(cursor.data[cursor.position : cursor.position + length])
        cursor.take(length)
        if kind == 1:
            if length < 2 * layout.name_width:
                raise corrupt("characteristics")
            content.layout = layout
            owner, name = content.texts(layout.name_width, 2)
            found.setdefault(owner, {})[name] = content.text(content.left)
        cursor.end("ch")


def _columns(cursor: Cursor, types: list[StorageType], n: int) -> list[np.ndarray]:
    """Strided views of the records, one for each variable; strL references as 64 bits."""
    cursor.begin("data")
    start = cursor.position
    width = sum(kind.width for kind in types)
    cursor.take(n * width)
    cursor.end("data")
    columns = []
    for kind in types:
        dtype = np.dtype(np.uint64) if kind.is_long_string else kind.dtype
        columns.append(
            np.ndarray(
                (n,),
                dtype=dtype.newbyteorder(cursor.order),
                buffer=cursor.bytes,
                offset=start if n else 0,
                strides=(width,),
            )
        )
        start += kind.width
    return columns


def _as_unicode(values: np.ndarray, storage: StorageType) -> tuple[np.ndarray, StorageType]:
    """A str# column of an old format as UTF-8, its type wider where that takes more bytes."""
    column = end_at_zero_byte(np.ascontiguousarray(values))
    letters = column.view(np.uint8).reshape(-1, storage.width)
    rows = np.flatnonzero((letters >= 0x80).any(axis=1))
    if rows.size == 0:
        return column, storage
    texts = [decode_legacy(text).encode() for text in column[rows].tolist()]
    width = max(storage.width, max(map(len, texts)))
    if width > MAXIMUM_STRING_WIDTH:
        long = np.empty(len(column), dtype=object)
        long[:] = column.tolist()
        long[rows] = texts
        return long, fixed_string(width)
    column = column.astype(f"S{width}")
    column[rows] = texts
    return column, fixed_string(width)


def _string_objects(cursor: Cursor, layout: Layout) -> dict[tuple[int, int], bytes]:
    """The contents of strL variables by (variable, observation) of first use."""
    objects: dict[tuple[int, int], bytes] = {}
    cursor.begin("strls")
    while cursor.at("GSO"):
        variable = cursor.integer("I")
        row = cursor.integer(layout.object_row)
        kind = cursor.integer("B")
        content = bytes(cursor.take(cursor.integer("I")))
        if kind == TEXT_OBJECT:
            content = content.removesuffix(b"\0")
            if not layout.unicode:
                content = decode_legacy(content).encode()
        elif kind != BINARY_OBJECT:
            raise corrupt("long strings")
        objects[variable, row] = content
    cursor.end("strls")
    return objects


def _long_strings(
    references: np.ndarray, objects: dict[tuple[int, int], bytes], layout: Layout, order: str
) -> np.ndarray:
    distinct, where = np.unique(references.astype(np.uint64), return_inverse=True)
    bits = layout.reference_bits
    texts = np.empty(len(distinct), dtype=object)
    for i, reference in enumerate(distinct.tolist()):
        if order == "<":
            key = (reference & ((1 << bits) - 1), reference >> bits)
        else:
            key = (reference >> (64 - bits), reference & ((1 << (64 - bits)) - 1))
        if key != (0, 0) and key not in objects:
            raise corrupt("long strings")
        texts[i] = objects.get(key, b"")
    strings: np.ndarray = texts[where]
    return strings


def _value_labels(cursor: Cursor, layout: Layout) -> dict[str, ValueLabel]:
    found: dict[str, ValueLabel] = {}
    cursor.begin("value_labels")
    while cursor.at("<lbl>") if layout.tagged else cursor.left:
        length = cursor.integer("I")
        name = cursor.text(layout.name_width)
        cursor.take(3)
        if length > cursor.left:
            raise unexpected_end()
        end = cursor.position + length
        count, text_length = cursor.integer("I"), cursor.integer("I")
        if 8 + 8 * count + text_length != length:
            raise corrupt("value labels")
        offsets = cursor.integers("I", count)
        values = cursor.integers("i", count)
        texts = bytes(cursor.take(text_length))
        at = _texts_at(cursor, texts, offsets)
        found[name] = ValueLabel(
            name, {value: at[offset] for value, offset in zip(values, offsets, strict=True)}
        )
        cursor.position = end
        cursor.end("lbl")
    cursor.end("value_labels")
    return found


def _texts_at(cursor: Cursor, texts: bytes, offsets: list[int]) -> dict[int, str]:
    """The zero-terminated texts that begin at these offsets.

    Texts do not overlap in a sound file; were they let to, a small forged file could ask for any
    amount of memory.
    """
    found: dict[int, str] = {}
    total = 0
    for offset in set(offsets):
        end = texts.find(b"\0", offset)
        end = len(texts) if end < 0 else end
        total += end - offset + 1
        if offset >= len(texts) or total > len(texts) + 1:
            raise corrupt("value labels")
        found[offset] = cursor.decode(texts[offset:end])
    return found
