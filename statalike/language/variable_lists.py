"""Variable lists against a dataset: full names, and which operators a list may have."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from statalike.data.names import check_name
from statalike.errors import StataError, already_defined, invalid_name
from statalike.language.arguments import NewVariable
from statalike.language.ast import (
    CustomContrast,
    Group,
    Interaction,
    NestedEffect,
    Operated,
    SimpleEffect,
    VariableItem,
    VariableList,
    VariablePattern,
    VariableRange,
)

if TYPE_CHECKING:
    from statalike.data.dataset import Dataset

_TIME_SERIES = r"(?:[lfds](?:\d+|\([^()]*\))?)+"
_FACTOR = r"""(?:i?b(?:\d+|n|\([^()]*\))|io?(?:\d+|\([^()]*\))|o(?:\d+|\([^()]*\))
    |\d+(?:bn|bo|no|[bno])?|co|[ico])"""
_TIME_SERIES_PART: Final = re.compile(_TIME_SERIES)
_FACTOR_PART: Final = re.compile(rf"{_FACTOR}(?:{_TIME_SERIES})?", re.VERBOSE)
_STORAGE_TYPE: Final = re.compile(r"byte|int|long|float|double|str\d*|strL")
_NEW_NAMES: Final = re.compile(r"[()]|[^\s()]+")
_NUMBERED: Final = re.compile(r"(.*?)(\d+)")


@dataclasses.dataclass(frozen=True)
class Operators:
    """Which operators a list may have; ``random`` is ``R.`` in a random-effects equation."""

    factor: bool = False
    time_series: bool = False
    random: bool = False

    def __bool__(self) -> bool:
        return self.factor or self.time_series or self.random

    def refuse(self) -> StataError:
        """Stata's error, r(101), for operators that a list may not have."""
        if self.factor:
            kinds = "time-series operators"
        elif self.time_series:
            kinds = "factor variables"
        else:
            kinds = "factor variables and time-series operators"
        return StataError(101, f"{kinds} not allowed")


NO_OPERATORS: Final = Operators()


def names_in(variables: VariableList) -> Iterator[str]:
    """Names and patterns of a list as they stand, ranges by their ends."""
    for item in variables:
        match item:
            case VariablePattern(text):
                yield text
            case VariableRange(first, last):
                yield from (first.text, last.text)
            case Operated(_, inner) | Group(inner) | CustomContrast(inner):
                yield from names_in(inner)
            case Interaction(left, right) | SimpleEffect(left, right) | NestedEffect(left, right):
                yield from names_in((left, right))


def with_full_names(
    variables: VariableList, dataset: Dataset, *, abbreviations: bool = True
) -> VariableList:
    """The list with abbreviations, patterns and ranges replaced by the names they stand for.

    A pattern for several variables becomes several items, or a group inside an interaction.
    Raises r(111).
    """
    return tuple(full for item in variables for full in _full(item, dataset, abbreviations))


def _full(item: VariableItem, dataset: Dataset, abbreviations: bool) -> VariableList:
    match item:
        case VariablePattern(text):
            words = [text]
        case VariableRange(first, last):
            words = [f"{first.text}-{last.text}"]
        case Operated(_, inner):
            full = with_full_names(inner, dataset, abbreviations=abbreviations)
            return (dataclasses.replace(item, variables=full),)
        case Group(inner):
            full = with_full_names(inner, dataset, abbreviations=abbreviations)
            return (dataclasses.replace(item, items=full),)
        case CustomContrast(inner):
            full = with_full_names(inner, dataset, abbreviations=abbreviations)
            factors = tuple(name for name in full if isinstance(name, VariablePattern))
            return (dataclasses.replace(item, variables=factors),)
        case Interaction(left, right):
            left, right = (_factor(part, dataset, abbreviations) for part in (left, right))
            return (dataclasses.replace(item, left=left, right=right),)
        case SimpleEffect(effect, within) | NestedEffect(effect, within):
            effect, within = (_factor(part, dataset, abbreviations) for part in (effect, within))
            return (dataclasses.replace(item, effect=effect, within=within),)
    names = dataset.expand(words, abbreviations=abbreviations)
    return tuple(VariablePattern(name, span=item.span) for name in names)


def _factor(item: VariableItem, dataset: Dataset, abbreviations: bool) -> VariableItem:
    full = _full(item, dataset, abbreviations)
    return full[0] if len(full) == 1 else Group(full, span=item.span)


def check_operators(variables: VariableList, allowed: Operators, dataset: Dataset) -> None:
    """Refuse operators that are not allowed, r(101), or unknown, r(198), and strings as factors.

    ``variables`` have full names.
    """
    for item in variables:
        match item:
            case Operated(operators, inner):
                _check_operated(operators, inner, allowed, dataset)
                check_operators(inner, allowed, dataset)
            case Group(inner):
                if not allowed.factor:
                    raise allowed.refuse()
                check_operators(inner, allowed, dataset)
            case Interaction(left, right):
                if not allowed.factor:
                    raise _no_interactions(allowed)
                check_operators((left, right), allowed, dataset)
            case SimpleEffect(left, right) | NestedEffect(left, right):
                check_operators((left, right), allowed, dataset)
            case _:
                pass


def _no_interactions(allowed: Operators) -> StataError:
    return StataError(101, "interactions not allowed") if allowed else allowed.refuse()


def _check_operated(
    operators: str, inner: VariableList, allowed: Operators, dataset: Dataset
) -> None:
    for part in operators.split("."):
        if part == "r" and allowed.random:
            continue
        if _TIME_SERIES_PART.fullmatch(part):
            if not allowed.time_series:
                raise allowed.refuse()
        elif _FACTOR_PART.fullmatch(part):
            if not allowed.factor:
                raise allowed.refuse()
            if not part.startswith("c"):
                _refuse_string_factors(inner, dataset)
        else:
            raise StataError(198, f"{part}: operator invalid")


def _refuse_string_factors(variables: VariableList, dataset: Dataset) -> None:
    for name in names_in(variables):
        if name in dataset and dataset.variable(name).is_string:
            message = f"{name}:  string variables may not be used as factor variables"
            raise StataError(109, message)


# --- variables to be made ----------------------------------------------------------------------


def new_variables(text: str, dataset: Dataset) -> tuple[NewVariable, ...]:
    """``double x``, ``float(a b) y``, ``x1-x5``, ``byte yes:yesno``: names not in the dataset.

    Raises r(198) for what is no name and r(110) for a name that exists or comes twice.
    """
    made: list[NewVariable] = []
    storage: str | None = None
    grouped = False
    for word in _NEW_NAMES.findall(text):
        if word == "(":
            if grouped or storage is None:
                raise invalid_name(word)
            grouped = True
        elif word == ")":
            if not grouped:
                raise invalid_name(word)
            grouped, storage = False, None
        elif _STORAGE_TYPE.fullmatch(word) and not grouped:
            storage = word
        else:
            made.extend(_new(word, storage))
            storage = storage if grouped else None
    if grouped or storage is not None:
        raise invalid_name(storage or "(")
    seen: set[str] = set()
    for variable in made:
        if variable.name in dataset or variable.name in seen:
            raise already_defined(variable.name)
        seen.add(variable.name)
    return tuple(made)


def _new(word: str, storage: str | None) -> Iterator[NewVariable]:
    name, _, value_label = word.partition(":")
    first, dash, last = name.partition("-")
    if not dash:
        yield NewVariable(check_name(name), storage, value_label)
        return
    start, end = _NUMBERED.fullmatch(first), _NUMBERED.fullmatch(last)
    if start is None or end is None or start[1] != end[1] or len(last) > 32:
        raise invalid_name(name)
    numbers = range(int(start[2]), int(end[2]) + 1)
    if not 0 < len(numbers) <= 32_767:
        raise invalid_name(name)
    for number in numbers:
        yield NewVariable(check_name(f"{start[1]}{number}"), storage, value_label)
