"""Small .dta files made byte by byte from the published description of the formats.

Independent of the package's own reader and writer: nothing but :mod:`struct`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

Cell = int | float | str | bytes

TAGGED_TYPES = {"double": 65526, "float": 65527, "long": 65528, "int": 65529, "byte": 65530}
OLD_TYPES = {"double": 255, "float": 254, "long": 253, "int": 252, "byte": 251}
LETTERS = {"double": "d", "float": "f", "long": "i", "int": "h", "byte": "b"}


@dataclass
class Column:
    """One variable: ``kind`` is byte, int, long, float, double, str# or strL.

    Numeric cells are stored as given; ``missing`` maps row numbers to 0 (.), 1 (.a), ...
    """

    name: str
    kind: str
    cells: list[Cell]
    missing: dict[int, int] = field(default_factory=dict)
    format: str = "%9.0g"
    value_label: str = ""
    label: str = ""


@dataclass
class File:
    columns: list[Column]
    label: str = ""
    timestamp: str = "01 Jan 2020 10:20"
    sort: list[int] = field(default_factory=list)
    characteristics: list[tuple[str, str, str]] = field(default_factory=list)
    value_labels: dict[str, dict[int, str]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.columns[0].cells) if self.columns else 0


def build(file: File, release: int, order: str = "<") -> bytes:
    return _tagged(file, release, order) if release >= 117 else _old(file, release, order)


def _pad(text: str, width: int, encoding: str) -> bytes:
    encoded = text.encode(encoding)
    assert len(encoded) < width
    return encoded + b"\0" * (width - len(encoded))


def _missing_bits(kind: str, k: int, order: str) -> bytes:
    if kind == "byte":
        return struct.pack(order + "b", 101 + k)
    if kind == "int":
        return struct.pack(order + "h", 32741 + k)
    if kind == "long":
        return struct.pack(order + "i", 2147483621 + k)
    if kind == "float":
        return struct.pack(order + "I", 0x7F000000 + 0x800 * k)
    return struct.pack(order + "Q", 0x7FE0000000000000 + 0x10000000000 * k)


def _records(file: File, release: int, order: str, encoding: str) -> bytes:
    out = b""
    for row in range(file.n):
        for number, column in enumerate(file.columns, start=1):
            cell = column.cells[row]
            if column.kind == "strL":
                out += _reference(number, row + 1, release, order) if cell else b"\0" * 8
            elif column.kind.startswith("str"):
                text = cell if isinstance(cell, bytes) else str(cell).encode(encoding)
                out += text.ljust(int(column.kind[3:]), b"\0")
            elif row in column.missing:
                out += _missing_bits(column.kind, column.missing[row], order)
            else:
                out += struct.pack(order + LETTERS[column.kind], cell)
    return out


def _reference(variable: int, row: int, release: int, order: str) -> bytes:
    size = {117: 4, 118: 2, 119: 3}[release]
    if order == "<":
        return variable.to_bytes(size, "little") + row.to_bytes(8 - size, "little")
    return variable.to_bytes(size, "big") + row.to_bytes(8 - size, "big")


def _labels(entries: dict[int, str], order: str, encoding: str) -> bytes:
    texts = [text.encode(encoding) + b"\0" for text in entries.values()]
    offsets, position = [], 0
    for text in texts:
        offsets.append(position)
        position += len(text)
    out = struct.pack(order + "ii", len(entries), position)
    out += b"".join(struct.pack(order + "i", offset) for offset in offsets)
    out += b"".join(struct.pack(order + "i", value) for value in entries)
    return out + b"".join(texts)


def _old(file: File, release: int, order: str) -> bytes:
    encoding = "cp1252"
    k = len(file.columns)
    out = bytes([release, 2 if order == "<" else 1, 1, 0])
    out += struct.pack(order + "Hi", k, file.n)
    out += _pad(file.label, 81, encoding) + _pad(file.timestamp, 18, encoding)
    for column in file.columns:
        code = OLD_TYPES.get(column.kind)
        out += bytes([code if code is not None else int(column.kind[3:])])
    out += b"".join(_pad(column.name, 33, encoding) for column in file.columns)
    sort = file.sort + [0] * (k + 1 - len(file.sort))
    out += struct.pack(f"{order}{k + 1}H", *sort)
    width = 12 if release == 113 else 49
    out += b"".join(_pad(column.format, width, encoding) for column in file.columns)
    out += b"".join(_pad(column.value_label, 33, encoding) for column in file.columns)
    out += b"".join(_pad(column.label, 81, encoding) for column in file.columns)
    for owner, name, text in file.characteristics:
        body = _pad(owner, 33, encoding) + _pad(name, 33, encoding) + text.encode(encoding) + b"\0"
        out += b"\1" + struct.pack(order + "i", len(body)) + body
    out += bytes(5)
    out += _records(file, release, order, encoding)
    for name, entries in file.value_labels.items():
        body = _labels(entries, order, encoding)
        out += struct.pack(order + "i", len(body)) + _pad(name, 33, encoding) + bytes(3) + body
    return out


def _tagged(file: File, release: int, order: str) -> bytes:
    encoding = "utf-8" if release >= 118 else "cp1252"
    name_width, format_width, label_width = (129, 57, 321) if release >= 118 else (33, 49, 81)
    k = len(file.columns)
    count = "I" if release == 119 else "H"
    label = file.label.encode(encoding)
    out = b"<stata_dta><header><release>" + str(release).encode() + b"</release><byteorder>"
    out += (b"LSF" if order == "<" else b"MSF") + b"</byteorder><K>"
    out += struct.pack(order + count, k) + b"</K><N>"
    out += struct.pack(order + ("Q" if release >= 118 else "I"), file.n) + b"</N><label>"
    out += struct.pack(order + ("H" if release >= 118 else "B"), len(label)) + label
    out += b"</label><timestamp>" + bytes([len(file.timestamp)]) + file.timestamp.encode()
    out += b"</timestamp></header>"
    places = [0, len(out)]
    out += b"<map>" + bytes(14 * 8) + b"</map>"

    def section(tag: str, content: bytes) -> None:
        nonlocal out
        places.append(len(out))
        out += f"<{tag}>".encode() + content + f"</{tag}>".encode()

    codes = []
    for column in file.columns:
        if column.kind == "strL":
            codes.append(32768)
        else:
            code = TAGGED_TYPES.get(column.kind)
            codes.append(code if code is not None else int(column.kind[3:]))
    section("variable_types", struct.pack(f"{order}{k}H", *codes))
    names = b"".join(_pad(column.name, name_width, encoding) for column in file.columns)
    section("varnames", names)
    sort = file.sort + [0] * (k + 1 - len(file.sort))
    section("sortlist", struct.pack(f"{order}{k + 1}{count}", *sort))
    section("formats", b"".join(_pad(c.format, format_width, encoding) for c in file.columns))
    attached = b"".join(_pad(c.value_label, name_width, encoding) for c in file.columns)
    section("value_label_names", attached)
    labels = b"".join(_pad(c.label, label_width, encoding) for c in file.columns)
    section("variable_labels", labels)
    characteristics = b""
    for owner, name, text in file.characteristics:
        body = _pad(owner, name_width, encoding) + _pad(name, name_width, encoding)
        body += text.encode(encoding) + b"\0"
        characteristics += b"<ch>" + struct.pack(order + "I", len(body)) + body + b"</ch>"
    section("characteristics", characteristics)
    section("data", _records(file, release, order, encoding))
    objects = b""
    for row in range(file.n):
        for number, column in enumerate(file.columns, start=1):
            cell = column.cells[row]
            if column.kind != "strL" or not cell:
                continue
            binary = isinstance(cell, bytes)
            content = cell if isinstance(cell, bytes) else str(cell).encode(encoding) + b"\0"
            objects += b"GSO" + struct.pack(order + "I", number)
            objects += struct.pack(order + ("Q" if release >= 118 else "I"), row + 1)
            objects += bytes([129 if binary else 130]) + struct.pack(order + "I", len(content))
            objects += content
    section("strls", objects)
    sets = b""
    for name, entries in file.value_labels.items():
        body = _labels(entries, order, encoding)
        sets += b"<lbl>" + struct.pack(order + "i", len(body))
        sets += _pad(name, name_width, encoding) + bytes(3) + body + b"</lbl>"
    section("value_labels", sets)
    places.append(len(out))
    out += b"</stata_dta>"
    places.append(len(out))
    start = places[1] + len("<map>")
    return out[:start] + struct.pack(f"{order}14Q", *places) + out[start + 14 * 8 :]
