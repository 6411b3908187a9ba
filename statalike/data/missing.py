"""Stata's 27 missing values: ``.``, ``.a``, ..., ``.z``, as large numbers.

In double precision ``.`` is :math:`2^{1023}` and the k-th extended missing value is
:math:`2^{1023}(1 + k/4096)`, k = 1..26, so all of them lie above every number, in order, and
comparisons and sorting need no special case.  ``float`` has the same pattern at
:math:`2^{127}`; the integer types use their 27 largest values.  (File format .dta, section
"Missing values"; [U] 12.2.1.)

An infinity or NaN is not a value of Stata's; :func:`settle` turns them into ``.``.
"""

from __future__ import annotations

import math
import string

import numpy as np
from numpy.typing import ArrayLike

MISSING: float = 2.0**1023
LETTERS: str = string.ascii_lowercase

DOUBLE_CODES: np.ndarray = MISSING * (1.0 + np.arange(27) / 4096.0)
DOUBLE_CODES.flags.writeable = False

MAXIMUM: float = math.nextafter(MISSING, 0.0)
MINIMUM: float = -float(np.finfo(np.float64).max)


def is_missing(values: ArrayLike) -> np.ndarray:
    """True where a double is a missing value: ``values >= .``, or not a number at all."""
    return ~(np.asarray(values, dtype=np.float64) < MISSING)


def missing_code(letter: str = "") -> float:
    """The double for ``.`` (``letter`` empty or ``"."``) or for ``.a`` (``"a"`` or ``".a"``)."""
    letter = letter.removeprefix(".")
    if not letter:
        return MISSING
    return float(DOUBLE_CODES[LETTERS.index(letter) + 1])


def missing_index(value: float) -> int | None:
    """0 for ``.``, 1..26 for ``.a``..``.z``, None for a number.

    A double above ``.`` that is none of the codes counts as the code below it, and anything
    past ``.z``, infinite or not a number as ``.``.
    """
    if value < MISSING:
        return None
    if not value < DOUBLE_CODES[26] * (1.0 + 2.0**-14):
        return 0
    return int((value / MISSING - 1.0) * 4096.0)


def missing_letter(value: float) -> str | None:
    """``""`` for ``.``, ``"a"``..``"z"`` for an extended missing value, None for a number."""
    index = missing_index(value)
    if index is None:
        return None
    return "" if index == 0 else LETTERS[index - 1]


def missing_text(value: float) -> str | None:
    """``"."``, ``".a"``..``".z"``, or None for a number."""
    letter = missing_letter(value)
    return None if letter is None else "." + letter


def settle(values: np.ndarray) -> np.ndarray:
    """The double array with infinities and NaN replaced by ``.``; the same array if it has none.

    What an expression yields is settled before it is stored: overflow, division by zero and
    the logarithm of a negative number are all ``.`` in Stata.
    """
    finite = np.isfinite(values)
    if finite.all():
        return values
    return np.where(finite, values, MISSING)
