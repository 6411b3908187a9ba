"""Display formats: how a value looks in Stata's tables.

A format such as ``%9.0g``, ``%-12.2fc``, ``%td`` or ``%20s`` is read once by
:meth:`Format.parse`; :func:`format_value` gives one value, padded to the format's width, and
:func:`format_column` a whole column.  Missing values show as ``.``, ``.a`` ... ``.z``.
(Syntax: [D] format; [U] 12.5.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from statalike.data import number_formats
from statalike.data.date_formats import DEFAULT_DETAILS, DateFormat, date_format
from statalike.data.missing import is_missing, missing_text
from statalike.data.storage import storage_type
from statalike.errors import StataError, type_mismatch

WIDEST = 2045

_NUMBER = re.compile(
    r"%(?P<left>-?)(?P<zeros>0?)(?P<width>[1-9]\d*)?"
    r"(?:(?P<point>[.,])(?P<decimals>\d+))?(?P<kind>[gfe])(?P<commas>c?)"
)
_STRING = re.compile(r"%(?P<side>[-~]?)(?P<width>[1-9]\d*)?s")
_DATE = re.compile(r"%(?P<left>-?)(?:t(?P<unit>.)|d)(?P<details>.*)", re.DOTALL)
_BITS = re.compile(r"%(?P<left>-?)(?P<width>21x|16H|16L|8H|8L)")


@dataclass(frozen=True)
class Format:
    """A display format taken apart.

    ``kind`` is ``g``, ``f``, ``e``, ``x`` (hexadecimal), ``H`` or ``L`` (stored bytes),
    ``s`` (string) or ``t`` (date); ``justification`` is ``right``, ``left`` or ``center``;
    ``decimals`` is the number after the point.  ``str()`` gives the format as it was written.
    """

    written: str
    kind: str
    width: int
    justification: str = "right"
    decimals: int = 0
    commas: bool = False
    leading_zeros: bool = False
    decimal_comma: bool = False
    date: DateFormat | None = None

    @staticmethod
    def parse(text: str) -> Format:
        """The format written as ``text``; ``invalid %format``, r(120), when it is none.

        >>> Format.parse("%-9.2fc").width
        9
        """
        return _parse(text)

    def __str__(self) -> str:
        return self.written

    @property
    def is_date(self) -> bool:
        return self.kind == "t"

    @property
    def is_string(self) -> bool:
        return self.kind == "s"

    @property
    def is_numeric(self) -> bool:
        """For numeric variables; date formats are."""
        return self.kind != "s"

    @property
    def is_left_justified(self) -> bool:
        return self.justification == "left"

    def text(self, x: float) -> str:
        """The number ``x`` without the blanks that bring it to the format's width."""
        if self.kind == "x":
            return number_formats.hexadecimal(x)
        if self.kind in "HL":
            return number_formats.stored_bytes(x, self.width, self.kind == "H")
        missing = missing_text(x)
        if missing is not None:
            return missing
        if self.date is not None:
            return self.date.text(x)
        return self._finished(self._number(x))

    def texts(self, values: np.ndarray) -> list[str]:
        """:meth:`text` of every element of ``values`` (float64)."""
        values = np.asarray(values, dtype=np.float64)
        if self.kind in "xHL":
            return [self.text(x) for x in values.tolist()]
        missing = is_missing(values)
        if missing.any():
            texts = np.empty(len(values), dtype=object)
            texts[missing] = [missing_text(x) for x in values[missing].tolist()]
            texts[~missing] = self.texts(values[~missing])
            return list(texts)
        if self.kind == "g" and not (self.decimals or self.commas):
            shown = number_formats.general_column(values, self.width)
            if not (self.leading_zeros or self.decimal_comma):
                return shown
            return [self._finished(text) for text in shown]
        distinct, place = np.unique(values, return_inverse=True)
        texts = np.array([self.text(x) for x in distinct.tolist()], dtype=object)
        return list(texts[place])

    def pad(self, text: str) -> str:
        """``text`` with blanks to the format's width, at the side its justification says."""
        missing = self.width - (len(text) if text.isascii() else display_columns(text))
        if missing <= 0:
            return text
        if self.justification == "left":
            return text + " " * missing
        if self.justification == "center":
            return " " * (missing // 2) + text + " " * (missing - missing // 2)
        return " " * missing + text

    def _number(self, x: float) -> str:
        if self.kind == "g":
            return number_formats.general(x, self.width, self.decimals, self.commas)
        if self.kind == "f":
            return number_formats.fixed(x, self.width, self.decimals, self.commas)
        return number_formats.exponential(x, self.decimals)

    def _finished(self, text: str) -> str:
        if self.decimal_comma:
            text = number_formats.with_decimal_comma(text)
        return text.zfill(self.width) if self.leading_zeros else text


@lru_cache(maxsize=1024)
def _parse(text: str) -> Format:
    for pattern, build in _READERS:
        found = pattern.fullmatch(text)
        if found:
            return build(found)
    raise StataError(120, "invalid %format")


def _number_format(found: re.Match[str]) -> Format:
    width, decimals = found["width"], found["decimals"]
    if width is None and (found["kind"] != "g" or decimals is not None or found["zeros"]):
        raise StataError(120, "invalid %format")
    if found["commas"] and found["kind"] == "e":
        raise StataError(120, "invalid %format")
    return Format(
        found.string,
        found["kind"],
        _width(width or "9"),
        "left" if found["left"] else "right",
        _width(decimals or "0"),
        commas=bool(found["commas"]),
        leading_zeros=bool(found["zeros"]),
        decimal_comma=found["point"] == ",",
    )


def _string_format(found: re.Match[str]) -> Format:
    side = {"": "right", "-": "left", "~": "center"}[found["side"]]
    return Format(found.string, "s", _width(found["width"] or "0"), side)


def _date_format(found: re.Match[str]) -> Format:
    side = "left" if found["left"] else "right"
    unit = found["unit"] or "d"
    if unit == "g" and not found["details"]:
        return Format(found.string, "g", 9, side)
    if unit not in DEFAULT_DETAILS:
        raise StataError(120, "invalid %format")
    date = date_format(unit, found["details"])
    return Format(found.string, "t", date.width, side, date=date)


def _bits_format(found: re.Match[str]) -> Format:
    side = "left" if found["left"] else "right"
    return Format(found.string, found["width"][-1], int(found["width"][:-1]), side)


def _width(digits: str) -> int:
    if len(digits) > 4 or int(digits) > WIDEST:
        raise StataError(120, "invalid %format")
    return int(digits)


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Format]], ...] = (
    (_NUMBER, _number_format),
    (_STRING, _string_format),
    (_BITS, _bits_format),
    (_DATE, _date_format),
)


def format_value(x: float | str, fmt: str | Format) -> str:
    """``x`` in the format, padded with blanks to its width.

    A string longer than the format is given whole (see :func:`fit_string`); a number with a
    string format, or a string with a numeric one, is ``type mismatch``, r(109).

    >>> format_value(1 / 3, "%9.0g"), format_value("abc", "%-5s"), format_value(0, "%td")
    (' .3333333', 'abc  ', '01jan1960')
    """
    form = fmt if isinstance(fmt, Format) else _parse(fmt)
    if isinstance(x, str) != form.is_string:
        raise type_mismatch()
    return form.pad(x if isinstance(x, str) else form.text(float(x)))


def format_column(values: np.ndarray, fmt: str | Format) -> list[str]:
    """Every element of ``values`` in the format, as :func:`format_value` gives it.

    ``values`` are doubles with Stata's missing codes, or strings (objects, or UTF-8 bytes).
    """
    form = fmt if isinstance(fmt, Format) else _parse(fmt)
    if (values.dtype.kind in "OSU") != form.is_string:
        raise type_mismatch()
    if form.is_string:
        return [form.pad(_decoded(value)) for value in values.tolist()]
    texts = form.texts(values)
    if form.justification == "left":
        return [text.ljust(form.width) for text in texts]
    return [text.rjust(form.width) for text in texts]


def default_format(storage_name: str) -> str:
    """The format of a new variable of that storage type: ``%9.0g`` for ``float``, and so on."""
    return storage_type(storage_name).default_format


def display_number(x: float) -> str:
    """``x`` as ``display x`` shows it: ``%10.0g``, without leading blanks.

    >>> display_number(2 / 3), display_number(1e10)
    ('.66666667', '1.000e+10')
    """
    return _parse("%10.0g").text(x)


def full_precision(x: float) -> str:
    """``x`` as a macro takes it (``local a = x``) and ``return list`` shows it: ``%18.0g``.

    >>> full_precision(1 / 3), full_precision(74)
    ('.3333333333333333', '74')
    """
    return _parse("%18.0g").text(x)


def display_columns(text: str) -> int:
    """The columns ``text`` takes on a screen: two for wide East Asian characters."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def fit_string(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns: cut and ended with ``..`` when it is longer.

    >>> fit_string("AMC Concord", 10), fit_string("AMC", 10)
    ('AMC Conc..', 'AMC')
    """
    if display_columns(text) <= width:
        return text
    mark = ".." if width > 2 else ""
    room = width - len(mark)
    end = 0
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        end += 1
    return text[:end] + mark


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _decoded(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
