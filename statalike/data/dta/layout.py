"""The .dta formats 113 to 119: field widths, type codes, and how they differ.

Formats 113 (Stata 8), 114 (10) and 115 (12) follow one another without marks; 117 (13), 118 (14)
and 119 (15, more than 32,767 variables) put each section between tags.  Texts are UTF-8 from 118
on.  Source: the published description of the file formats (``help dta``).
"""

from __future__ import annotations

from dataclasses import dataclass

from statalike.data.storage import (
    BYTE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRL,
    StorageType,
    fixed_string,
)


@dataclass(frozen=True)
class Layout:
    """What one release of the format looks like.

    Widths are in bytes and include the terminating zero.  ``variables``, ``observations``,
    ``label_length``, ``sort_entry`` and ``object_row`` are :mod:`struct` letters.
    ``reference_bits`` is how many of a strL reference's 64 bits give the variable; the rest give
    the observation.
    """

    release: int
    tagged: bool
    name_width: int
    format_width: int
    label_width: int
    variables: str
    observations: str
    sort_entry: str
    label_length: str = ""
    type_code: str = "H"
    object_row: str = ""
    reference_bits: int = 0

    @property
    def unicode(self) -> bool:
        return self.release >= 118

    @property
    def longest_string(self) -> int:
        return 2045 if self.tagged else 244

    @property
    def most_variables(self) -> int:
        return 120_000 if self.release == 119 else 32_767

    def storage(self, code: int) -> StorageType | None:
        """The storage type of a type code, None when there is none."""
        if 1 <= code <= self.longest_string:
            return fixed_string(code)
        return (_TAGGED_TYPES if self.tagged else _OLD_TYPES).get(code)

    def code(self, storage: StorageType) -> int:
        """The type code of a storage type."""
        if storage.is_string and not storage.is_long_string:
            return storage.width
        return (_TAGGED_CODES if self.tagged else _OLD_CODES)[storage.name]


_OLD_TYPES = {251: BYTE, 252: INT, 253: LONG, 254: FLOAT, 255: DOUBLE}
_TAGGED_TYPES = {32768: STRL, 65526: DOUBLE, 65527: FLOAT, 65528: LONG, 65529: INT, 65530: BYTE}
_OLD_CODES = {kind.name: code for code, kind in _OLD_TYPES.items()}
_TAGGED_CODES = {kind.name: code for code, kind in _TAGGED_TYPES.items()}

LAYOUTS: dict[int, Layout] = {
    113: Layout(113, False, 33, 12, 81, "H", "I", "H", type_code="B"),
    114: Layout(114, False, 33, 49, 81, "H", "I", "H", type_code="B"),
    115: Layout(115, False, 33, 49, 81, "H", "I", "H", type_code="B"),
    117: Layout(117, True, 33, 49, 81, "H", "I", "H", "B", "H", "I", 32),
    118: Layout(118, True, 129, 57, 321, "H", "Q", "H", "H", "H", "Q", 16),
    119: Layout(119, True, 129, 57, 321, "I", "Q", "I", "H", "H", "Q", 24),
}

OLD_LABEL_WIDTH = 81
OLD_TIMESTAMP_WIDTH = 18
"""Widths of dataset label and timestamp in the header of the untagged formats."""

TEXT_OBJECT = 130
BINARY_OBJECT = 129
"""Types of the objects that hold the values of strL variables."""
