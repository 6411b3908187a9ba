"""The categories of ``graph bar``, ``box`` and ``dot``: groups of ``over()`` and their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.graphics.plot_types import variable_texts
from statalike.commands.graphics.twoway_options import read_label_style
from statalike.errors import StataError
from statalike.graphics.graph import Axis, Ticks
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_legend_keys
from statalike.language.suboptions import Suboptions, read_suboptions
from statalike.state import State

#: gaps between categories and between outer groups, in widths of a bar
GAP = 0.67
OUTER_GAP = 0.6
MOST_OVER = 3

_OVER = Suboptions(
    "varname [, RELabel(string asis) LABel(string asis) SORT(string) DEScending REVerse]",
    unsupported="GAP(string) AXis(string) TOTal",
)


@dataclass(frozen=True)
class Over:
    """One ``over()``: its variable, its levels' codes in the rows (-1: none), texts, and looks.

    ``order`` are the levels in the order in which they are shown.
    """

    name: str
    codes: np.ndarray
    texts: tuple[str, ...]
    order: tuple[int, ...]
    sort: str
    descending: bool
    labels: Ticks


def read_overs(
    state: State, options: Sequence[str], mask: np.ndarray, *, missing: bool
) -> list[Over]:
    """The ``over()`` options; the first one varies fastest.  r(198), r(111)."""
    if len(options) > MOST_OVER:
        raise StataError(198, f"over() may be specified up to {MOST_OVER} times")
    return [_read_over(state, text, mask, missing) for text in options]


def split_overs(
    state: State, arguments: Arguments, mask: np.ndarray, variables: int
) -> tuple[Over | None, list[Over]]:
    """The ``over()`` whose levels are plots of their own (``asyvars``), and the other ones.

    r(198) for ``asyvars`` with more than one variable.
    """
    overs = read_overs(state, overs_of(arguments), mask, missing=arguments.flag("missing"))
    if not arguments.flag("asyvars") or not overs:
        return None, overs
    if variables > 1:
        raise StataError(198, "option asyvars is for a single variable")
    return overs[0], overs[1:]


def _read_over(state: State, text: str, mask: np.ndarray, missing: bool) -> Over:
    read = read_suboptions(_OVER, text, state.data)
    (name,) = read.varlist
    variable = state.data.variable(name)
    used = mask if missing else mask & ~variable.missing()
    values = variable.strings() if variable.is_string else variable.numbers()
    rows = np.flatnonzero(used)
    codes = np.full(len(mask), -1)
    levels, first, place = np.unique(values[rows], return_index=True, return_inverse=True)
    codes[rows] = place
    texts = list(variable_texts(state, name, rows[first]))
    for key in parse_legend_keys(str(read.option("relabel") or "")):
        position = int(key.number or 0)
        if not 1 <= position <= len(levels):
            raise StataError(198, "option relabel() incorrectly specified")
        texts[position - 1] = "\n".join(key.lines)
    order = tuple(range(len(levels)))
    sort = read.string("sort") or ""
    if sort and not sort.lstrip("+-").isdigit():
        raise StataError(198, "over(, sort()): only the number of a variable is supported")
    if (read.flag("descending") and not sort) or read.flag("reverse"):
        order = order[::-1]
    labels = Ticks(ticked=False, grid=False)
    label = read.option("label")
    if label is not None:
        labels = read_label_style(str(label), state.data, labels)
    return Over(name, codes, tuple(texts), order, sort, read.flag("descending"), labels)


@dataclass(frozen=True)
class Leaf:
    """A combination of levels: the rows in it (a mask), its place, and the text of each level."""

    mask: np.ndarray
    levels: tuple[int, ...]
    centre: float


@dataclass(frozen=True)
class Categories:
    """All combinations in the order they are drawn, and the axis that names them."""

    leaves: tuple[Leaf, ...]
    axis: Axis


def laid_out_categories(
    overs: list[Over],
    mask: np.ndarray,
    width: float,
    heights: dict[tuple[int, ...], float] | None = None,
    *,
    skip_empty: bool = False,
) -> Categories:
    """The combinations of levels along an axis, each ``width`` wide.

    Outer groups are further apart than the categories within them.  With ``heights``, by
    combination, the levels of an ``over(, sort())`` are ordered by them.  ``skip_empty`` leaves
    out combinations without observations (``nofill``).
    """
    combinations = _combinations(overs, mask, heights, skip_empty)
    leaves: list[Leaf] = []
    place = 0.0
    before: tuple[int, ...] | None = None
    for levels in combinations:
        if before is not None:
            changed = [i for i, (a, b) in enumerate(zip(levels, before, strict=True)) if a != b]
            place += GAP + OUTER_GAP * max(changed)
        leaves.append(Leaf(_rows_of(overs, levels, mask), levels, place + width / 2))
        place += width
        before = levels
    labels = overs[0].labels if overs else Ticks(ticked=False, grid=False)
    axis = Axis(low=-GAP, high=place + GAP, fixed=True, labels=labels)
    if overs:
        centres = tuple(leaf.centre for leaf in leaves)
        texts = tuple(overs[0].texts[leaf.levels[0]] for leaf in leaves)
        axis = replace(axis, labels=replace(labels, values=centres, texts=texts, count=None))
        groups = tuple(_outer(leaves, overs, depth) for depth in range(1, len(overs)))
        axis = replace(axis, groups=groups)
    else:
        axis = replace(axis, labels=Ticks(count=None, ticked=False, grid=False))
    return Categories(tuple(leaves), axis)


def _combinations(
    overs: list[Over],
    mask: np.ndarray,
    heights: dict[tuple[int, ...], float] | None,
    skip_empty: bool,
) -> list[tuple[int, ...]]:
    """Combinations of levels, the levels of the first ``over()`` varying fastest."""
    found: list[tuple[int, ...]] = [()]
    for over in reversed(overs):
        extended = []
        for outer in found:
            order = list(over.order)
            if over.sort and heights is not None:

                def height(level: int, outer: tuple[int, ...] = outer) -> float:
                    return heights.get((level, *outer), np.inf)

                order.sort(key=height, reverse=over.descending or over.sort.startswith("-"))
            extended += [(level, *outer) for level in order]
        found = extended
    if skip_empty:
        found = [levels for levels in found if _rows_of(overs, levels, mask).any()]
    return found


def _rows_of(overs: list[Over], levels: tuple[int, ...], mask: np.ndarray) -> np.ndarray:
    rows = mask.copy()
    for over, level in zip(overs, levels, strict=True):
        rows &= over.codes == level
    return rows


def _outer(leaves: list[Leaf], overs: list[Over], depth: int) -> Ticks:
    """The texts of an outer ``over()``, each in the middle of its categories."""
    runs: list[tuple[tuple[int, ...], list[float]]] = []
    for leaf in leaves:
        key = leaf.levels[depth:]
        if runs and runs[-1][0] == key:
            runs[-1][1].append(leaf.centre)
        else:
            runs.append((key, [leaf.centre]))
    centres = tuple((places[0] + places[-1]) / 2 for _, places in runs)
    texts = tuple(overs[depth].texts[key[0]] for key, _ in runs)
    return Ticks(values=centres, texts=texts, ticked=False)


def overs_of(arguments: Arguments) -> tuple[str, ...]:
    """The texts of the ``over()`` options."""
    return tuple(arguments.options.get("over", ()))
