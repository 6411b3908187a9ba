"""Lists of numbers: ``1 2 3/5 10(10)50``, and the range of ``forvalues``."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from statalike.data.missing import MISSING, missing_text
from statalike.errors import StataError, invalid_syntax
from statalike.language.ast import Number, NumberList, NumberSequence
from statalike.language.parser import parse_numlist

#: Elements that a list may have.
LONGEST_NUMLIST: Final = 2500

#: Part of a step by which the last element may fall short of the end, for steps such as 0.1.
_SLACK: Final = 1e-9


@dataclass(frozen=True)
class Steps:
    """``first``, ``first + step``, …: ``count`` numbers, made when they are asked for."""

    first: float
    step: float
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[float]:
        first, step = self.first, self.step
        if first.is_integer() and step.is_integer():
            return (first + index * step for index in range(self.count))
        # Rounded where the ends have no digits any more, so that 0(.1)1 has .3 and not
        # .30000000000000004.
        digits = 14 - math.floor(math.log10(max(abs(first), abs(step))))
        return (round(first + index * step, digits) + 0.0 for index in range(self.count))

    def texts(self) -> Iterator[str]:
        """The numbers as a macro holds them."""
        if self.first.is_integer() and self.step.is_integer():
            first, step = int(self.first), int(self.step)
            return map(str, range(first, first + step * self.count, step or 1))
        return map(number_text, self)


@dataclass(frozen=True)
class NumlistRule:
    """What a list must satisfy; each rule has its own message and return code.

    ``limits`` are pairs such as ``(">=", 0.0)``; ``ascending`` refuses elements out of order,
    ``sort`` puts them in order first.
    """

    minimum: int = 0
    maximum: int = LONGEST_NUMLIST
    integer: bool = False
    ascending: bool = False
    sort: bool = False
    missing_okay: bool = False
    limits: tuple[tuple[str, float], ...] = ()


ANY_NUMBERS: Final = NumlistRule()


def read_numlist(text: str, rule: NumlistRule = ANY_NUMBERS) -> tuple[float, ...]:
    """The numbers of a list.

    Raises r(121) to r(127): invalid, too few, too many, out of order, outside the range, not
    integer, missing.
    """
    numbers = expanded_numbers(parse_numlist(text), rule.maximum)
    if rule.sort:
        numbers.sort()
    _check(numbers, rule)
    return tuple(numbers)


def expanded_numbers(elements: NumberList, maximum: int = LONGEST_NUMLIST) -> list[float]:
    """The numbers that the elements of a list stand for; r(123) for more than ``maximum``."""
    numbers: list[float] = []
    for element in elements:
        if isinstance(element, Number):
            numbers.append(element.value)
        else:
            steps = steps_of(element)
            if len(numbers) + len(steps) > maximum:
                raise StataError(123, "invalid numlist has too many elements")
            numbers.extend(steps)
    return numbers


def read_range(text: str) -> Steps:
    """The range of ``forvalues``: ``1/10``, ``0(5)20``, ``5 10 to 25``; ``5/1`` is empty.

    Raises r(198) for anything else.
    """
    try:
        elements = parse_numlist(text)
    except StataError as error:
        raise invalid_syntax(error.span) from None
    if len(elements) != 1 or not isinstance(elements[0], NumberSequence):
        raise invalid_syntax()
    sequence = elements[0]
    if sequence.step is None:
        step = Number(1.0)
        sequence = NumberSequence(sequence.first, step, sequence.last)
    return steps_of(sequence)


def number_text(value: float) -> str:
    """A number as Stata writes it in a macro: no zero before the point, ``.`` for missing."""
    missing = missing_text(value)
    if missing is not None:
        return missing
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def steps_of(sequence: NumberSequence) -> Steps:
    """The numbers of one sequence, ``0(5)20``; r(121)."""
    first, last = sequence.first.value, sequence.last.value
    if sequence.step is None:
        step = 1.0 if last >= first else -1.0
    else:
        step = sequence.step.value
    if max(first, last, step) >= MISSING or step == 0:
        raise StataError(121, "invalid numlist", span=sequence.span)
    length = (last - first) / step
    if not math.isfinite(length):
        raise StataError(121, "invalid numlist", span=sequence.span)
    count = math.floor(length + _SLACK) + 1
    return Steps(first, step, max(min(count, sys.maxsize), 0))


def _check(numbers: list[float], rule: NumlistRule) -> None:
    present = [number for number in numbers if number < MISSING]
    if len(numbers) < rule.minimum:
        raise StataError(122, "invalid numlist has too few elements")
    if len(numbers) > rule.maximum:
        raise StataError(123, "invalid numlist has too many elements")
    if len(present) < len(numbers) and not rule.missing_okay:
        raise StataError(127, "invalid numlist has missing values")
    if rule.integer and not all(number.is_integer() for number in present):
        raise StataError(126, "invalid numlist has noninteger elements")
    if not all(satisfies(number, rule.limits) for number in present):
        raise StataError(125, "invalid numlist has elements outside of allowed range")
    if rule.ascending and any(a >= b for a, b in itertools.pairwise(numbers)):
        raise StataError(124, "invalid numlist has elements out of order")


def satisfies(value: float, limits: tuple[tuple[str, float], ...]) -> bool:
    """Whether a number is inside limits such as ``((">=", 0.0), ("<", 1.0))``."""
    for relation, limit in limits:
        match relation:
            case ">":
                inside = value > limit
            case ">=":
                inside = value >= limit
            case "<":
                inside = value < limit
            case _:
                inside = value <= limit
        if not inside:
            return False
    return True
