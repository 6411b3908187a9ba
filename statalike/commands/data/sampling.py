"""``sample`` and ``bsample``: random samples of the observations ([D] sample, [R] bsample)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.identify import group_codes
from statalike.commands.registry import command
from statalike.errors import StataError
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.state import State


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise StataError(198, "invalid syntax") from None


@command(
    "sample",
    "sample",
    syntax="anything [if] [in] [, Count BY(varlist)]",
    help="keep a random sample of the observations",
    section="Data",
)
def sample(state: State, arguments: Arguments) -> None:
    """``sample #`` keeps that many percent of the chosen observations, with ``count`` that many,
    and all that were not chosen; ``by()`` samples within groups."""
    wanted = _number(arguments.body)
    counted = arguments.flag("count")
    if wanted < 0 or (wanted > 100 and not counted):
        raise StataError(198, "percentage must be between 0 and 100")
    mask = observations_mask(state, arguments.condition, arguments.observations)
    rows = np.flatnonzero(mask)
    by = arguments.variables("by")
    codes = group_codes(state, by, mask) if by else np.zeros(len(rows), dtype=np.intp)
    order = np.lexsort((state.random.uniforms(len(rows)), codes))
    sizes = np.bincount(codes[order]) if len(rows) else np.zeros(1, dtype=np.intp)
    starts = np.cumsum(sizes) - sizes
    place = np.arange(len(rows)) - starts[codes[order]]
    limits = np.full(len(sizes), wanted) if counted else np.round(sizes * wanted / 100)
    kept = ~mask
    kept[rows[order[place < limits[codes[order]]]]] = True
    dropped = state.data.keep_rows(kept)
    noun = "observation" if dropped == 1 else "observations"
    state.console.print(f"({dropped:,} {noun} deleted)")


@command(
    "bsample",
    "bsample",
    form="text",
    syntax="[exp] [if] [in] [, STRata(varlist) CLuster(varlist) IDcluster(name)]",
    help="draw observations with replacement",
    section="Data",
)
def bsample(state: State, text: str) -> None:
    """Replace the data by a sample of as many observations, or clusters, drawn with replacement."""
    from statalike.commands.data.use import read_clause
    from statalike.language.parser import parse_clause

    arguments = read_clause(
        "[anything] [if] [in] [, STRata(varlist) CLuster(varlist) IDcluster(name)]",
        parse_clause(text),
        state.data,
    )
    mask = observations_mask(state, arguments.condition, arguments.observations)
    rows = np.flatnonzero(mask)
    if not len(rows):
        raise StataError(2000, "no observations")
    clusters = arguments.variables("cluster")
    strata = arguments.variables("strata")
    units = group_codes(state, clusters, mask) if clusters else np.arange(len(rows))
    first = np.unique(units, return_index=True)[1]
    groups = (
        group_codes(state, strata, mask)[first] if strata else np.zeros(len(first), dtype=np.intp)
    )
    drawn = []
    for group in np.unique(groups).tolist():
        members = np.flatnonzero(groups == group)
        size = int(_number(arguments.body)) if arguments.body else len(members)
        if size > len(members):
            raise StataError(498, "resample size must not be greater than the number of units")
        places = np.floor(state.random.uniforms(size) * len(members)).astype(np.intp)
        drawn.append(members[places])
    chosen = np.concatenate(drawn)
    order = np.argsort(units, kind="stable")
    sizes = np.bincount(units)
    starts = np.cumsum(sizes) - sizes
    lengths = sizes[chosen]
    offset = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    taken = rows[order[np.repeat(starts[chosen], lengths) + offset]]
    state.data.take_rows(taken)
    state.data.sorted_by = ()
    name = arguments.string("idcluster")
    if name:
        state.data.add(name, np.repeat(np.arange(1, len(chosen) + 1), lengths).astype(np.int32))
