"""Reading the bytes of a .dta file in order, never past their end."""

from __future__ import annotations

import struct
from typing import Literal

import numpy as np

from statalike.data.dta.layout import Layout
from statalike.errors import StataError


def unexpected_end() -> StataError:
    return StataError(612, "unexpected end of file")


def corrupt(detail: str = "") -> StataError:
    return StataError(688, "file is corrupt", hint=detail)


def decode_legacy(text: bytes) -> str:
    """Text of a format before 118: UTF-8 where it is valid UTF-8, else Windows-1252.

    Those formats name no encoding.  Text in Windows-1252 is hardly ever valid UTF-8 by accident.
    """
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(_WINDOWS_1252[byte] for byte in text)


def _windows_1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:  # five bytes have no character there; Latin-1 gives all of them one
        return chr(byte)


_WINDOWS_1252 = [_windows_1252(byte) for byte in range(256)]


class Cursor:
    """A position in the bytes of a file, with the format's byte order and encoding.

    Every read is checked against the bytes there are before anything is allocated: r(612) when
    they end too soon, r(688) where something else stands than the format demands.
    """

    def __init__(self, data: np.ndarray) -> None:
        self.data = data
        self.bytes: memoryview = data.data
        self.position = 0
        self.order: Literal["<", ">"] = "<"
        self.layout: Layout | None = None

    @property
    def left(self) -> int:
        return len(self.bytes) - self.position

    @property
    def tagged(self) -> bool:
        return self.layout is not None and self.layout.tagged

    def take(self, count: int) -> memoryview:
        """The next ``count`` bytes, uncopied."""
        if count > self.left:
            raise unexpected_end()
        piece = self.bytes[self.position : self.position + count]
        self.position += count
        return piece

    def expect(self, mark: str) -> None:
        """Pass a fixed text such as ``<varnames>``."""
        wanted = mark.encode("ascii")
        found = bytes(self.bytes[self.position : self.position + len(wanted)])
        if found != wanted:
            if wanted.startswith(found) and len(found) == self.left:
                raise unexpected_end()
            raise corrupt(f"{mark} expected at byte {self.position}")
        self.position += len(wanted)

    def begin(self, section: str) -> None:
        if self.tagged:
            self.expect(f"<{section}>")

    def end(self, section: str) -> None:
        if self.tagged:
            self.expect(f"</{section}>")

    def at(self, mark: str) -> bool:
        """Whether a fixed text comes next; it is passed if so."""
        wanted = mark.encode("ascii")
        if self.bytes[self.position : self.position + len(wanted)] != wanted:
            return False
        self.position += len(wanted)
        return True

    def integer(self, letter: str) -> int:
        """One integer of a :mod:`struct` type."""
        form = struct.Struct(self.order + letter)
        return int(form.unpack(self.take(form.size))[0])

    def integers(self, letter: str, count: int) -> list[int]:
        size = struct.calcsize("=" + letter)
        if count * size > self.left:
            raise unexpected_end()
        kind = np.dtype(f"{self.order}{letter}" if letter != "Q" else f"{self.order}u8")
        return [int(value) for value in np.frombuffer(self.take(count * size), dtype=kind)]

    def text(self, width: int) -> str:
        """A text in a field of ``width`` bytes, up to its terminating zero."""
        return self.decode(bytes(self.take(width)).partition(b"\0")[0])

    def texts(self, width: int, count: int) -> list[str]:
        if count * width > self.left:
            raise unexpected_end()
        return [self.text(width) for _ in range(count)]

    def decode(self, text: bytes) -> str:
        if self.layout is not None and not self.layout.unicode:
            return decode_legacy(text)
        return text.decode("utf-8", "replace")
