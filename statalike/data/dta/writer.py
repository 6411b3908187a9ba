"""Writing .dta files: format 118, or 119 for more than 32,767 variables; older ones on request."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from itertools import accumulate

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.dta.layout import (
    BINARY_OBJECT,
    LAYOUTS,
    OLD_LABEL_WIDTH,
    OLD_TIMESTAMP_WIDTH,
    TEXT_OBJECT,
    Layout,
)
from statalike.data.labels import ValueLabel
from statalike.data.replacing import replacing
from statalike.data.storage import StorageType, string_column, string_type
from statalike.data.timestamps import timestamp
from statalike.data.variable import Variable
from statalike.errors import StataError

Writer = Callable[[bytes], object]

_BLOCK_BYTES = 4 << 20


def save(
    dataset: Dataset,
    path: str | os.PathLike[str],
    *,
    replace: bool = False,
    value_labels: bool = True,
    all_value_labels: bool = False,
) -> str:
    """Save the data in memory, as the command ``save`` does; the path written.

    As :func:`write_dta`; afterwards the dataset bears the file's name and time and counts as
    unchanged.
    """
    now = timestamp()
    path = write_dta(
        dataset,
        path,
        replace=replace,
        value_labels=value_labels,
        all_value_labels=all_value_labels,
        time=now,
    )
    dataset.filename = path
    dataset.timestamp = now
    dataset.changed = False
    return path


def write_dta(
    dataset: Dataset,
    path: str | os.PathLike[str],
    *,
    replace: bool = False,
    release: int | None = None,
    value_labels: bool = True,
    all_value_labels: bool = False,
    time: str | None = None,
) -> str:
    """Write a dataset to a file, ``.dta`` added to a name without extension; the path written.

    ``release`` is the format's number (113, 114, 115, 117, 118, 119); by default 118, or 119 when
    there are more than 32,767 variables.  Value label sets are written when a variable uses them,
    or all (``all_value_labels``), or none.  ``time`` is the time stamp (now).

    Errors: r(602) the file exists and ``replace`` is False, r(603) it cannot be opened, r(693)
    writing failed, r(198) the format cannot hold the data.  The file that was there survives a
    failure.
    """
    name = os.fspath(path)
    if not os.path.splitext(name)[1]:
        name += ".dta"
    layout = _layout(dataset, release)
    text = _Text(layout)
    variables = list(dataset.variables.values())
    if not layout.unicode:
        variables = [_in_legacy_text(variable) for variable in variables]
    for variable in variables:
        _check(variable, layout)
    sets = _sets_to_write(dataset, value_labels, all_value_labels)
    names = {variable.value_label for variable in variables} if value_labels else set()

    head = _head(dataset, layout, text, timestamp() if time is None else time)
    description = _description(dataset, variables, layout, text, names)
    characteristics = _characteristics(dataset, layout, text)
    tail_labels = b"".join(_value_label(labels, layout, text) for labels in sets)

    with replacing(name, replace=replace) as file:
        written = 0

        def put(piece: bytes) -> None:
            nonlocal written
            file.write(piece)
            written += len(piece)

        if not layout.tagged:
            for piece in (head, *description.values(), characteristics):
                put(piece)
            _put_data(variables, dataset.n, layout, put, {})
            put(tail_labels)
            return name

        positions = [0]

        def section(tag: str, content: bytes) -> None:
            positions.append(written)
            put(b"<%s>" % tag.encode() + content + b"</%s>" % tag.encode())

        put(head)
        section("map", bytes(14 * 8))
        for tag, content in description.items():
            section(tag, content)
        section("characteristics", characteristics)
        positions.append(written)
        put(b"<data>")
        objects: dict[bytes, tuple[int, int]] = {}
        _put_data(variables, dataset.n, layout, put, objects)
        put(b"</data>")
        section("strls", b"".join(_string_objects(objects, layout)))
        section("value_labels", tail_labels)
        positions.append(written)
        put(b"</stata_dta>")
        positions.append(written)
        file.seek(positions[1] + len("<map>"))
        file.write(struct.pack("<14Q", *positions))
    return name


def _layout(dataset: Dataset, release: int | None) -> Layout:
    count = len(dataset.variables)
    if release is None:
        release = 118 if count <= LAYOUTS[118].most_variables else 119
    layout = LAYOUTS.get(release)
    if layout is None:
        raise StataError(198, f"file format {release} not supported")
    if count > layout.most_variables:
        raise StataError(
            900, f"file format {release} takes at most {layout.most_variables} variables"
        )
    if layout.observations == "I" and dataset.n >= 2**31:
        raise StataError(901, f"file format {release} takes at most {2**31 - 1} observations")
    return layout


def _check(variable: Variable, layout: Layout) -> None:
    kind = variable.storage
    if kind.is_long_string and not layout.tagged:
        raise StataError(198, f"file format {layout.release} has no strL: {variable.name}")
    if kind.is_string and not kind.is_long_string and kind.width > layout.longest_string:
        raise StataError(
            198,
            f"file format {layout.release} takes strings of up to {layout.longest_string} bytes:"
            f" {variable.name}",
        )


def _in_legacy_text(variable: Variable) -> Variable:
    """A string variable in Windows-1252, characters it lacks as question marks."""
    if not variable.is_string:
        return variable
    texts = [text.encode("cp1252", "replace") for text in variable.strings()]
    kind = variable.storage if variable.storage.is_long_string else string_type(texts)
    if not kind.is_long_string and kind.width < variable.storage.width:
        kind = variable.storage
    return variable.with_values(string_column(texts, kind), kind)


class _Text:
    """Texts in a format's encoding, cut at whole characters and padded with zeros."""

    def __init__(self, layout: Layout) -> None:
        self.encoding = "utf-8" if layout.unicode else "cp1252"

    def encode(self, text: str) -> bytes:
        return text.encode(self.encoding, "replace")

    def fitted(self, text: str, room: int) -> bytes:
        """At most ``room`` bytes of a text."""
        encoded = self.encode(text)
        if len(encoded) <= room:
            return encoded
        return encoded[:room].decode(self.encoding, "ignore").encode(self.encoding)

    def field(self, text: str, width: int) -> bytes:
        """A text in a field of ``width`` bytes that ends with a zero."""
        return self.fitted(text, width - 1).ljust(width, b"\0")


def _head(dataset: Dataset, layout: Layout, text: _Text, time: str) -> bytes:
    k, n = len(dataset.variables), dataset.n
    if not layout.tagged:
        return (
            struct.pack("<BBBBHI", layout.release, 2, 1, 0, k, n)
            + text.field(dataset.label, OLD_LABEL_WIDTH)
            + text.field(time, OLD_TIMESTAMP_WIDTH)
        )
    label = text.fitted(dataset.label, layout.label_width - 1)
    moment = text.fitted(time, OLD_TIMESTAMP_WIDTH - 1)
    return b"".join(
        [
            b"<stata_dta><header><release>%d</release>" % layout.release,
            b"<byteorder>LSF</byteorder><K>",
            struct.pack("<" + layout.variables, k),
            b"</K><N>",
            struct.pack("<" + layout.observations, n),
            b"</N><label>",
            struct.pack("<" + layout.label_length, len(label)),
            label,
            b"</label><timestamp>",
            struct.pack("<B", len(moment)),
            moment,
            b"</timestamp></header>",
        ]
    )


def _description(
    dataset: Dataset, variables: list[Variable], layout: Layout, text: _Text, used: set[str]
) -> dict[str, bytes]:
    """The sections that describe the variables, in the order of the file."""
    k = len(variables)
    place = {variable.name: i + 1 for i, variable in enumerate(variables)}
    keys = [place[name] for name in dataset.sorted_by]
    codes = [layout.code(variable.storage) for variable in variables]
    return {
        "variable_types": struct.pack(f"<{k}{layout.type_code}", *codes),
        "varnames": b"".join(text.field(v.name, layout.name_width) for v in variables),
        "sortlist": struct.pack(f"<{k + 1}{layout.sort_entry}", *keys, *[0] * (k + 1 - len(keys))),
        "formats": b"".join(text.field(v.format, layout.format_width) for v in variables),
        "value_label_names": b"".join(
            text.field(v.value_label if v.value_label in used else "", layout.name_width)
            for v in variables
        ),
        "variable_labels": b"".join(text.field(v.label, layout.label_width) for v in variables),
    }


def _characteristics(dataset: Dataset, layout: Layout, text: _Text) -> bytes:
    pieces = []
    for owner, texts in dataset.characteristics.items():
        if owner != "_dta" and owner not in dataset.variables:
            continue
        for name, content in texts.items():
            body = (
                text.field(owner, layout.name_width)
                + text.field(name, layout.name_width)
                + text.encode(content.replace("\0", ""))
                + b"\0"
            )
            length = struct.pack("<I", len(body))
            if layout.tagged:
                pieces.append(b"<ch>" + length + body + b"</ch>")
            else:
                pieces.append(b"\1" + length + body)
    if not layout.tagged:
        pieces.append(bytes(5))
    return b"".join(pieces)


def _put_data(
    variables: list[Variable],
    n: int,
    layout: Layout,
    put: Writer,
    objects: dict[bytes, tuple[int, int]],
) -> None:
    """Write the records, a block of rows at a time so that memory stays small.

    ``objects`` is filled with the long strings met and where each was met first.
    """
    if not variables or not n:
        return
    fields = [(f"v{i}", _record_type(variable.storage)) for i, variable in enumerate(variables)]
    record = np.dtype(fields)
    columns = [
        _references(variable.values, i + 1, layout, objects)
        if variable.storage.is_long_string
        else variable.values
        for i, variable in enumerate(variables)
    ]
    rows = max(1, _BLOCK_BYTES // record.itemsize)
    block = np.empty(min(rows, n), dtype=record)
    for start in range(0, n, rows):
        part = block[: min(rows, n - start)]
        for (field, _), column in zip(fields, columns, strict=True):
            part[field] = column[start : start + rows]
        put(part.tobytes())


def _record_type(kind: StorageType) -> np.dtype:
    return np.dtype("<u8") if kind.is_long_string else kind.dtype.newbyteorder("<")


def _references(
    strings: np.ndarray, variable: int, layout: Layout, objects: dict[bytes, tuple[int, int]]
) -> np.ndarray:
    """For each row of a strL variable the variable and row (from 1) that first had its text."""
    bits = layout.reference_bits
    references = np.zeros(len(strings), dtype="<u8")
    references[:] = [
        place[0] | place[1] << bits
        for row, text in enumerate(strings.tolist(), start=1)
        for place in (objects.setdefault(text, (variable, row)) if text else (0, 0),)
    ]
    return references


def _string_objects(objects: dict[bytes, tuple[int, int]], layout: Layout) -> Iterator[bytes]:
    pack = struct.Struct(f"<3sI{layout.object_row}BI").pack
    for content, (variable, row) in sorted(objects.items(), key=lambda item: item[1][::-1]):
        if b"\0" in content:
            yield pack(b"GSO", variable, row, BINARY_OBJECT, len(content)) + content
        else:
            yield pack(b"GSO", variable, row, TEXT_OBJECT, len(content) + 1) + content + b"\0"


def _sets_to_write(dataset: Dataset, wanted: bool, everything: bool) -> list[ValueLabel]:
    if not wanted:
        return []
    used = {variable.value_label for variable in dataset.variables.values()}
    return [labels for name, labels in dataset.value_labels.items() if everything or name in used]


def _value_label(labels: ValueLabel, layout: Layout, text: _Text) -> bytes:
    entries = labels.sorted_entries()
    texts = [text.encode(label.replace("\0", "")) + b"\0" for _, label in entries]
    lengths = [len(encoded) for encoded in texts]
    offsets = list(accumulate(lengths, initial=0))[:-1]
    count, size = len(entries), sum(lengths)
    body = (
        struct.pack("<II", count, size)
        + struct.pack(f"<{count}I", *offsets)
        + struct.pack(f"<{count}i", *[value for value, _ in entries])
        + b"".join(texts)
    )
    name = text.field(labels.name, layout.name_width) + bytes(3)
    piece = struct.pack("<I", len(body)) + name + body
    return b"<lbl>" + piece + b"</lbl>" if layout.tagged else piece
