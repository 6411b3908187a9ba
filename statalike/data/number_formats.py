"""Numbers as text, the way Stata's ``%w.dg``, ``%w.df``, ``%w.de`` and ``%21x`` show them.

The functions give the bare text, not padded to the width; ``formats.py`` pads it and knows the
syntax of a format.  They are for finite numbers; missing values are the caller's.

The general format keeps two of its ``width`` positions, for a sign and a decimal point, whether
they are needed or not, and shows as many digits as the other ``width - 2`` hold, without
trailing zeros and without a zero before the point.  Exponential notation takes ``width - 1``
positions beside the sign, and is used when the integer part has more digits than fit or when it
shows more significant digits than the decimals would.  (Measured on Stata's printed output;
W. Gould explains the two positions and the switch on Statalist, 7 April 2003.)
"""

from __future__ import annotations

import struct

import numpy as np

DIGITS_OF_A_DOUBLE = 17


def decimal_exponent(x: float, significant: int) -> int:
    """The power of ten of the first digit of ``x`` once rounded to ``significant`` digits."""
    return int(f"{x:.{significant - 1}e}".rpartition("e")[2])


def exponential_digits(x: float, width: int, exponent: int) -> int:
    """How many significant digits exponential notation shows of ``x`` in a field of ``width``.

    One position stays free for the sign while that leaves two digits or more; 0 when not even
    one digit and its exponent fit.
    """
    tail = 4 if abs(exponent) < 100 else 5
    digits = width - 2 - tail
    if digits >= 2:
        return min(digits, DIGITS_OF_A_DOUBLE)
    positions = width - (x < 0)
    if positions >= tail + 3:
        return 2
    return 1 if positions > tail else 0


def general(x: float, width: int, digits: int = 0, commas: bool = False) -> str:
    """``x`` in ``%width.digitsg``, or ``%width.digitsgc`` with ``commas``.

    ``digits`` above zero is the most significant digits to show; the integer part is shown in
    full even when it is longer.  Commas count as positions, so that they cost decimals, and are
    left out when the integer part and its commas do not fit.

    >>> general(1 / 3, 9), general(12345678, 9), general(0.0000689, 9), general(314.159, 9, 4)
    ('.3333333', '1.23e+07', '.0000689', '314.2')
    """
    if x == 0:
        return "0"
    room = max(width - 2, 1)
    most = min(room, DIGITS_OF_A_DOUBLE)
    significant = min(most, digits) if digits else most
    exponent = decimal_exponent(x, most)
    scientific = min(exponential_digits(x, width, exponent), significant)
    if exponent < 0:
        zeros = -exponent - 1
        decimals = min(room, zeros + significant)
        if scientific and decimals - zeros < scientific:
            return f"{x:.{scientific - 1}e}"
        return _trimmed(f"{x:.{decimals}f}")
    integer = exponent + 1
    if integer > room and (scientific or integer > len(f"{x:.0e}")):
        return f"{x:.{max(scientific - 1, 0)}e}"
    decimals = max(significant - integer, 0)
    if commas:
        with_commas = integer + exponent // 3
        if with_commas <= room:
            return _trimmed(f"{x:,.{min(decimals, room - with_commas)}f}")
    return _trimmed(f"{x:.{decimals}f}")


def general_column(values: np.ndarray, width: int) -> list[str]:
    """:func:`general` of every number in ``values`` (float64, finite), in ``%width.0g``."""
    room = width - 2
    if not 6 <= room <= DIGITS_OF_A_DOUBLE:
        return [general(x, width) for x in values.tolist()]
    size = np.abs(values)
    # Away from the powers of ten at which rounding moves a number to another notation, C's own
    # formats give the digits; the few numbers near them, and the rest, take the general path.
    whole = (size >= 1.0) & (size < 0.99 * 10.0**room)
    fraction = (size >= 1e-4) & (size < 0.99)
    texts = np.empty(len(values), dtype=object)
    by_digits, by_decimals = f"%.{room}g", f"%.{room}f"
    texts[whole] = [by_digits % x for x in values[whole].tolist()]
    texts[fraction] = [
        (by_decimals % x).rstrip("0").replace("0.", ".", 1) for x in values[fraction].tolist()
    ]
    texts[size == 0.0] = "0"
    rest = ~(whole | fraction | (size == 0.0))
    texts[rest] = [general(x, width) for x in values[rest].tolist()]
    return list(texts)


def fixed(x: float, width: int, decimals: int, commas: bool = False) -> str:
    """``x`` in ``%width.decimalsf``, or ``%width.decimalsfc`` with ``commas``.

    A number too wide loses its commas, then goes to exponential notation.  In a field so narrow
    that two digits and an exponent do not fit, it takes more than ``width``: in full, or in
    exponential notation where that is shorter.

    >>> fixed(-0.001, 8, 2), fixed(1e7, 9, 2), fixed(123456789, 12, 0, commas=True)
    ('-0.00', '1.00e+07', '123,456,789')
    """
    x += 0.0
    text = f"{x:.{decimals}f}"
    if len(text) <= width:
        with_commas = f"{x:,.{decimals}f}" if commas else text
        return with_commas if len(with_commas) <= width else text
    exponent = decimal_exponent(x, DIGITS_OF_A_DOUBLE) if x else 0
    scientific = exponential_digits(x, width, exponent)
    shortest = f"{x:.{max(scientific, 2) - 1}e}"
    return shortest if exponent > 0 and len(shortest) < len(text) else text


def exponential(x: float, decimals: int) -> str:
    """``x`` in ``%w.decimalse``: one digit, ``decimals`` more, and the exponent."""
    return f"{x + 0.0:.{decimals}e}"


def hexadecimal(x: float) -> str:
    """``x`` in ``%21x``: sign, 13 hexadecimal digits after the point, and the power of two.

    Missing values are shown as the numbers that stand for them.

    >>> hexadecimal(10.0), hexadecimal(0.1)
    ('+1.4000000000000X+003', '+1.999999999999aX-004')
    """
    if x == 0:
        return "+0.0000000000000X-3ff"
    sign = "-" if x < 0 else "+"
    mantissa, _, power = abs(x).hex()[2:].partition("p")
    head, _, tail = mantissa.partition(".")
    exponent = int(power)
    return f"{sign}{head}.{tail:0<13}X{'-' if exponent < 0 else '+'}{abs(exponent):03x}"


def stored_bytes(x: float, width: int, high_first: bool) -> str:
    """The bytes of ``x`` in hexadecimal: of the double (``%16H``, ``%16L``) or float (``%8H``)."""
    kind = "d" if width >= 16 else "f"
    if kind == "f" and abs(x) >= 2.0**1023:
        x /= 2.0**896
    return struct.pack((">" if high_first else "<") + kind, x).hex()


def with_decimal_comma(text: str) -> str:
    """Comma and point exchanged: ``1,000.03`` becomes ``1.000,03``."""
    return text.translate({ord(","): ".", ord("."): ","})


def _trimmed(text: str) -> str:
    """Without zeros at the end of the decimals and without a lone zero before the point."""
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    if text in ("0", "-0"):
        return "0"
    if text.startswith("0."):
        return text[1:]
    return "-" + text[2:] if text.startswith("-0.") else text
