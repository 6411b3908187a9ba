"""``sort`` and ``gsort``: the order of the observations ([D] sort, gsort)."""

from __future__ import annotations

import numpy as np

from statalike.commands.registry import command
from statalike.data.names import check_name
from statalike.errors import StataError, already_defined, invalid_syntax
from statalike.language.arguments import Arguments
from statalike.state import State


@command(
    "sort",
    "so",
    syntax="varlist [, Stable]",
    help="arrange the observations in ascending order; ties keep their order",
    section="Data",
)
def sort(state: State, arguments: Arguments) -> None:
    state.data.sort(arguments.varlist)


@command(
    "gsort",
    "gs",
    syntax="anything [, Generate(name) Mfirst]",
    help="arrange the observations in ascending (+x) or descending (-x) order",
    section="Data",
)
def gsort(state: State, arguments: Arguments) -> None:
    generated = arguments.string("generate")
    if generated is not None:
        check_name(generated)
        if generated in state.data:
            raise already_defined(generated)
    keys, descending = signed_keys(state, arguments.body)
    state.data.sort(keys, descending, missing_first=arguments.flag("mfirst"))
    if generated is not None:
        state.data.add(generated, _numbered_groups(state, keys))


def signed_keys(state: State, text: str) -> tuple[list[str], set[str]]:
    """The full names in ``+a -b c``, and those that are to descend."""
    keys: list[str] = []
    descending: set[str] = set()
    words = text.replace("+", " +").replace("-", " -").split()
    sign = "+"
    for word in words:
        if word in "+-":
            sign = word
            continue
        if word[0] in "+-":
            sign, word = word[0], word[1:]
        for name in state.data.expand([word]):
            keys.append(name)
            if sign == "-":
                descending.add(name)
        sign = "+"
    if not keys:
        raise StataError(100, "varlist required") if not words else invalid_syntax()
    return keys, descending


def _numbered_groups(state: State, keys: list[str]) -> np.ndarray:
    """1, 2, ... for runs of equal keys in the rows as they stand, shape (n,)."""
    starts = np.zeros(state.data.n, dtype=np.int64)
    starts[:1] = 1
    for name in keys:
        values = state.data.variable(name).values
        starts[1:] |= np.asarray(values[1:] != values[:-1], dtype=bool)
    return np.cumsum(starts)
