"""``xi``: indicators for the terms ``i.x``, ``i.a*i.b``, ``i.a*x`` and ``i.a|x`` of a command.

[R] xi.  Commands that take factor variables do not need it; old do-files have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from statalike.commands.registry import command
from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.data.storage import BYTE, DOUBLE, StorageType
from statalike.errors import StataError, invalid_syntax
from statalike.language.parser import split_comma, split_options
from statalike.state import State

_TERM = re.compile(r"(?<![\w.])[iI]\.(\w+)(?:\s*([*|])\s*([iI]\.)?(\w+))?")
_LONGEST_STUB = 9
#: the characteristic of the data under which the names of the variables made are kept
_MADE = "__xi__Vars__To__Drop__"


@dataclass(frozen=True)
class Coding:
    """A categorical variable: its levels (the first is left out), each with the number in its
    name, and each observation's level, -1 where it is missing."""

    name: str
    stub: str
    numbers: tuple[int, ...]
    labels: tuple[str, ...]
    positions: np.ndarray

    @property
    def natural(self) -> bool:
        """Whether the numbers in the names are the values themselves."""
        return self.labels == tuple(map(str, self.numbers))

    def indicator(self, place: int) -> np.ndarray:
        found = (self.positions == place).astype(float)
        return np.where(self.positions < 0, MISSING, found)

    def variable(self, place: int) -> str:
        return f"{self.stub}_{self.numbers[place]}"


@command("xi", "xi", form="prefix", help="make indicators for i.x terms", section="Programming")
def xi(state: State, given: str, run: Callable[[], None], inner: str) -> None:
    """Make the variables and run the command with their names in the place of the terms."""
    prefix = _prefix(given)
    with state.undone_on_failure():
        data = state.data
        known = data.characteristics.get("_dta", {}).get(_MADE, "").split()
        data.drop([name for name in known if name in data])
        before = set(data.names)
        codings: dict[str, Coding] = {}

        def replaced(found: re.Match[str]) -> str:
            return " ".join(dict.fromkeys(_term(state, prefix, found, codings)))

        text = _TERM.sub(replaced, inner)
        made = [name for name in data.names if name not in before]
        data.characteristics_of()[_MADE] = " ".join(made)
    state.interpreter.run_line(text)


def _prefix(given: str) -> str:
    before, options = split_comma(given)
    if before:
        raise invalid_syntax()
    prefix = "_I"
    for option in split_options(options or ""):
        if "prefix".startswith(option.name) and len(option.name) >= 4 and option.argument:
            prefix = option.argument
        elif option.name == "noomit":
            raise StataError(198, "option noomit not yet supported")
        else:
            raise StataError(198, f"option {option.name} not allowed")
    return prefix


def _term(state: State, prefix: str, found: re.Match[str], codings: dict[str, Coding]) -> list[str]:
    """The variables of a term, made unless they are there already."""
    first = _coding(state, prefix, found[1], codings, shown=found[2] is None)
    if found[2] is None:
        return _indicators(state, first)
    if found[3]:
        _say(state, first)
        second = _coding(state, prefix, found[4], codings, shown=True)
        own = [*_indicators(state, first), *_indicators(state, second)]
        stub = f"{prefix}{first.name[:3]}X{second.name[:3]}"
        products = {
            f"{stub}_{first.numbers[i]}_{second.numbers[j]}": first.indicator(i)
            * second.indicator(j)
            for i in range(1, len(first.numbers))
            for j in range(1, len(second.numbers))
        }
        known = (first.positions >= 0) & (second.positions >= 0)
        _announce(state, f"i.{first.name}*i.{second.name}", f"{stub}_#_#", "(coded as above)")
        return [*own, *_products(state, products, known, BYTE)]
    name = state.data.unabbreviate(found[4])
    values = state.data.numbers(name)
    _say(state, first)
    own = [name] if found[2] == "|" else [*_indicators(state, first), name]
    stub = f"{prefix}{first.name[:3]}X{name[:3]}"
    products = {
        f"{stub}_{first.numbers[i]}": first.indicator(i) * values
        for i in range(1, len(first.numbers))
    }
    known = (first.positions >= 0) & (values < MISSING)
    sign = found[2]
    _announce(state, f"i.{first.name}{sign}{name}", f"{stub}_#", "(coded as above)")
    return [*own, *_products(state, products, known, DOUBLE)]


def _products(
    state: State, products: dict[str, np.ndarray], known: np.ndarray, kind: StorageType
) -> list[str]:
    for name, values in products.items():
        if name not in state.data:
            column = np.where(known, values, MISSING)
            state.data.add(name, column, kind)
    return list(products)


def _coding(
    state: State, prefix: str, typed: str, codings: dict[str, Coding], *, shown: bool
) -> Coding:
    name = state.data.unabbreviate(typed)
    coding = codings.get(name)
    if coding is None:
        coding = _new_coding(state, prefix, name)
        codings[name] = coding
    if shown:
        _say(state, coding)
    return coding


def _new_coding(state: State, prefix: str, name: str) -> Coding:
    variable = state.data.variable(name)
    there = ~variable.missing()
    column = variable.strings() if variable.is_string else variable.numbers()
    levels, places = np.unique(column[there], return_inverse=True)
    if not len(levels):
        raise StataError(2000, "no observations")
    positions = np.full(len(column), -1)
    positions[there] = places.reshape(-1)
    labels = tuple(
        level if isinstance(level, str) else format_value(level, "%9.0g").strip()
        for level in levels.tolist()
    )
    whole = not variable.is_string and bool(((levels >= 0) & (levels == np.floor(levels))).all())
    numbers = tuple(int(x) for x in levels) if whole else tuple(range(1, len(levels) + 1))
    return Coding(name, f"{prefix}{name[:_LONGEST_STUB]}", numbers, labels, positions)


def _indicators(state: State, coding: Coding) -> list[str]:
    names = []
    for place in range(1, len(coding.numbers)):
        name = coding.variable(place)
        names.append(name)
        if name not in state.data:
            label = f"{coding.name}=={coding.labels[place]}"
            state.data.add(name, coding.indicator(place), BYTE, label=label[:80])
    return names


def _say(state: State, coding: Coding) -> None:
    first, last = coding.numbers[0], coding.numbers[-1]
    omitted = f"{coding.stub}_{first}"
    note = f"(naturally coded; {omitted} omitted)"
    if not coding.natural:
        note = f"({omitted} for {coding.name}=={coding.labels[0]} omitted)"
    _announce(state, f"i.{coding.name}", f"{coding.stub}_{first}-{last}", note)


def _announce(state: State, term: str, names: str, note: str) -> None:
    state.console.print(f"{term:<18}{names:<20}{note}")
