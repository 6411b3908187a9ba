"""``xtsum``, ``xttab``, ``xtdescribe``: panel data described ([XT] xtsum, xttab, xtdescribe)."""

from __future__ import annotations

from collections import Counter

import numpy as np

from statalike.commands.data import group_statistics as statistics
from statalike.commands.data.tabulate import categories
from statalike.commands.data.xtset import PanelTime, settings
from statalike.commands.registry import command
from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.errors import StataError, no_observations
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.output.panel_tables import (
    PanelFrequency,
    PanelSummary,
    panel_frequency_table,
    panel_summary_table,
)
from statalike.output.styled import line, result
from statalike.results.stores import Results
from statalike.state import State


def panel_of(state: State, arguments: Arguments) -> str:
    """The panel variable, from ``i()`` or from ``xtset``; r(459)."""
    given = arguments.string("i") if "i" in arguments.defaults else None
    known = settings(state)
    panel = given or (known.panel if known else "")
    if not panel:
        raise StataError(
            459, "must specify panelvar; use xtset", hint="or type the panel variable in i()"
        )
    return panel


def _groups(state: State, panel: str, mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Each chosen row's panel as a number from 0, and how many panels there are."""
    distinct, codes = np.unique(state.data.numbers(panel)[mask], return_inverse=True)
    return codes.reshape(-1), len(distinct)


@command(
    "xtsum",
    "xtsum",
    syntax="[varlist] [if] [in] [, I(varname)]",
    help="summary statistics of panel data",
    section="Description",
)
def xtsum(state: State, arguments: Arguments) -> None:
    """Means and deviations overall, between panels (of their means) and within panels (of
    deviations from panel means, the overall mean added back)."""
    panel = panel_of(state, arguments)
    chosen = observations_mask(state, arguments.condition, arguments.observations)
    chosen &= ~state.data.variable(panel).missing()
    rows, scalars = [], {}
    for name in dict.fromkeys(arguments.varlist):
        if state.data.variable(name).is_string:
            continue
        mask = chosen & ~state.data.variable(name).missing()
        if not mask.any():
            continue
        row = _summary(state, name, panel, mask)
        rows.append(row)
        scalars = _last(row)
    state.console.print()
    state.console.print()
    state.console.print_lines(panel_summary_table(rows))
    state.r = Results(scalars=scalars)


def _summary(state: State, name: str, panel: str, mask: np.ndarray) -> PanelSummary:
    values = state.data.numbers(name)[mask]
    codes, groups = _groups(state, panel, mask)
    means = statistics.means(values, codes, groups)
    sizes = np.bincount(codes)
    within = values - means[codes] + values.mean()

    def spread(numbers: np.ndarray) -> float:
        return float(numbers.std(ddof=1)) if len(numbers) > 1 else MISSING

    n = len(values)
    deviations = within - values.mean()
    rounding = 1e-14 * np.abs(values).max(initial=0.0)
    squares = float(np.square(np.where(np.abs(deviations) <= rounding, 0.0, deviations)).sum())
    return PanelSummary(
        name,
        (float(values.mean()), spread(values), float(values.min()), float(values.max())),
        (spread(means), float(means.min()), float(means.max())),
        (
            float(np.sqrt(squares / (n - 1))) if n > 1 else MISSING,
            float(within.min()),
            float(within.max()),
        ),
        float(n),
        float(groups),
        n / groups,
        bool((sizes == sizes[0]).all()),
    )


def _last(row: PanelSummary) -> dict[str, float]:
    return {
        "N": row.observations,
        "n": row.panels,
        "Tbar": row.average,
        "mean": row.overall[0],
        "sd": row.overall[1],
        "min": row.overall[2],
        "max": row.overall[3],
        "sd_b": row.between[0],
        "min_b": row.between[1],
        "max_b": row.between[2],
        "sd_w": row.within[0],
        "min_w": row.within[1],
        "max_w": row.within[2],
    }


@command(
    "xttab",
    "xttab",
    syntax="varname [if] [in] [, I(varname)]",
    help="frequencies of panel data",
    section="Description",
)
def xttab(state: State, arguments: Arguments) -> None:
    """For each value: observations, panels that ever have it, and the mean share of observations
    with it in those panels."""
    panel = panel_of(state, arguments)
    name = arguments.varlist[0]
    mask = observations_mask(state, arguments.condition, arguments.observations)
    mask &= ~state.data.variable(panel).missing() & ~state.data.variable(name).missing()
    if not mask.any():
        raise no_observations()
    found = categories(state, name, mask, labels=True, missing=False)
    codes, groups = _groups(state, panel, mask)
    table = np.zeros((groups, len(found)))
    np.add.at(table, (codes, found.positions[mask]), 1)
    sizes = table.sum(axis=1)
    ever = table > 0
    rows = []
    for column, label in enumerate(found.labels):
        panels = ever[:, column]
        share = 100 * table[panels, column].sum() / sizes[panels].sum()
        rows.append(
            PanelFrequency(label, table[:, column].sum(), float(panels.sum()), float(share))
        )
    weights = np.array([row.panels for row in rows])
    within = float((weights * [row.within for row in rows]).sum() / weights.sum())
    state.console.print()
    state.console.print_lines(panel_frequency_table(name, rows, groups, within))
    state.r = Results(scalars={"n": float(groups)})


@command(
    "xtdescribe",
    "xtdes",
    syntax="[if] [in] [, Patterns(integer 9) Width(integer 100)]",
    help="pattern of panel data",
    section="Description",
)
def xtdescribe(state: State, arguments: Arguments) -> None:
    """Panels, times, how many observations panels have, and the commonest patterns of times."""
    known = settings(state)
    if known is None or not known.panel:
        raise StataError(459, "must specify panelvar; use xtset")
    if not known.time:
        raise StataError(459, "must specify timevar; use xtset")
    mask = observations_mask(state, arguments.condition, arguments.observations)
    for name in (known.panel, known.time):
        mask &= ~state.data.variable(name).missing()
    if not mask.any():
        raise no_observations()
    codes, groups = _groups(state, known.panel, mask)
    times = state.data.numbers(known.time)[mask]
    console = state.console
    console.print()
    _heading(state, known, mask, groups, times)
    sizes = np.sort(np.bincount(codes)).astype(float)
    one = np.zeros(groups, dtype=np.int64)
    quantiles = [float(statistics.percentiles(sizes, one, 1, p)[0]) for p in (5, 25, 50, 75, 95)]
    cells = [sizes[0], *quantiles, sizes[-1]]
    console.print()
    console.print(
        line("Distribution of T_i:   min      5%     25%       50%       75%     95%     max")
    )
    widths = (28 - 2, 8, 8, 10, 10, 8, 8)
    console.print(
        line(
            result(
                "".join(
                    f"{format_value(x, '%9.0g').strip():>{w}}"
                    for x, w in zip(cells, widths, strict=True)
                )
            )
        )
    )
    _patterns(state, arguments, known, codes, groups, times)
    state.r = Results(
        scalars={
            "N": float(groups),
            "sum_N": float(len(codes)),
            "min": cells[0],
            "p5": cells[1],
            "p25": cells[2],
            "p50": cells[3],
            "p75": cells[4],
            "p95": cells[5],
            "max": cells[6],
        }
    )


def _list_of(values: np.ndarray, form: str) -> str:
    """``1, 2, ..., 9`` for the distinct values."""
    distinct = np.unique(values)
    shown = [format_value(float(x), form).strip() for x in distinct]
    if len(shown) > 3:
        shown = [shown[0], shown[1], "...", shown[-1]]
    return ", ".join(shown)


def _heading(
    state: State, known: PanelTime, mask: np.ndarray, groups: int, times: np.ndarray
) -> None:
    data = state.data
    panels = data.numbers(known.panel)[mask]
    distinct = len(np.unique(times))
    rows = (
        (known.panel, _list_of(panels, data.variable(known.panel).format), "n", groups),
        (known.time, _list_of(times, data.variable(known.time).format), "T", distinct),
    )
    for name, values, symbol, count in rows:
        left = f"{name:>8}:  {values}"
        state.console.print(line(f"{left:<60}{symbol:>11} =", result(f"{count:>11,}")))
    low, high = float(times.min()), float(times.max())
    steps = (high - low) / known.delta + 1
    state.console.print(f"{'':11}Delta({known.time}) = {known.delta:g} unit")
    state.console.print(f"{'':11}Span({known.time})  = {steps:g} periods")
    unique = len(np.unique(np.column_stack([panels, times]), axis=0)) == len(times)
    state.console.print(
        f"{'':11}({known.panel}*{known.time} "
        f"{'uniquely identifies' if unique else 'does not uniquely identify'} each observation)"
    )


def _patterns(
    state: State,
    arguments: Arguments,
    known: PanelTime,
    codes: np.ndarray,
    groups: int,
    times: np.ndarray,
) -> None:
    """The commonest patterns: 1 where a panel has an observation, a point where it has none."""
    low = times.min()
    positions = np.round((times - low) / known.delta).astype(np.intp)
    width = int(positions.max()) + 1
    if width > (arguments.integer("width") or 100):
        positions = np.unique(times, return_inverse=True)[1].reshape(-1)
        width = int(positions.max()) + 1
    grid = np.full((groups, width), ".")
    grid[codes, positions] = "1"
    counted = Counter("".join(row) for row in grid)
    commonest = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    shown = commonest[: arguments.integer("patterns") or 9]
    console = state.console
    console.print()
    console.print(line("     Freq.  Percent    Cum. |  Pattern"))
    divider = line("-" * 28 + "+" + "-" * (width + 2))
    console.print_lines([divider])
    total = 0.0
    for pattern, count in shown:
        total += count
        console.print(
            line(
                result(f"{count:9d}{100 * count / groups:10.2f}{100 * total / groups:8.2f}"),
                " |  ",
                result(pattern),
            )
        )
    rest = groups - total
    if rest:
        console.print(
            line(result(f"{rest:9.0f}{100 * rest / groups:10.2f}{100:8.2f}"), " | (other patterns)")
        )
    console.print_lines([divider])
    marks = "".join("X" if (grid[:, column] == "1").any() else "." for column in range(width))
    console.print(line(result(f"{groups:9d}{100:10.2f}"), " " * 9 + "|  ", result(marks)))
