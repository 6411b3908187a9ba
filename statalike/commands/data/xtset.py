"""``xtset`` and ``tsset``: which variables are panel and time ([XT] xtset, [TS] tsset)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.formats import Format, format_value
from statalike.data.missing import MISSING
from statalike.data.periods import read_delta
from statalike.errors import StataError
from statalike.evaluation import StateContext
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression
from statalike.output.styled import Line, line, result
from statalike.results.stores import Results
from statalike.state import State

PANEL, TIME, DELTA = "_TSpanel", "_TStvar", "_TSdelta"

#: unit options, the format each gives the time variable, and what one step is called
_UNITS = {
    "clocktime": ("%tc", "millisecond"),
    "daily": ("%td", "day"),
    "weekly": ("%tw", "week"),
    "monthly": ("%tm", "month"),
    "quarterly": ("%tq", "quarter"),
    "halfyearly": ("%th", "half-year"),
    "yearly": ("%ty", "year"),
    "generic": ("", "unit"),
}
_STEPS = {
    "%tc": "millisecond", "%tC": "millisecond", "%td": "day", "%d": "day", "%tw": "week",
    "%tm": "month", "%tq": "quarter", "%th": "half-year", "%ty": "year",
}  # fmt: skip
_OPTIONS = (
    "[, clear CLOCKtime Daily Weekly Monthly Quarterly Halfyearly Yearly Generic "
    "DELta(string) NOQuery]"
)


@dataclass(frozen=True)
class PanelTime:
    """The panel variable (may be empty), the time variable (may be empty) and its step."""

    panel: str
    time: str
    delta: float = 1.0


@command(
    "xtset",
    "xtset",
    syntax=f"[varlist(max=2 default=none)] {_OPTIONS}",
    unsupported="format(string)",
    help="declare panel and time variables",
    section="Data",
)
def xtset(state: State, arguments: Arguments) -> None:
    _declare(state, arguments, "xtset")


@command(
    "tsset",
    "tsset",
    syntax=f"[varlist(max=2 default=none)] {_OPTIONS}",
    unsupported="format(string)",
    help="declare time and panel variables",
    section="Data",
)
def tsset(state: State, arguments: Arguments) -> None:
    _declare(state, arguments, "tsset")


def settings(state: State) -> PanelTime | None:
    """What was declared, None when nothing was."""
    return declared_in(state.data)


def declared_in(data: Dataset) -> PanelTime | None:
    """Panel, time and period of a dataset, None when nothing was declared."""
    known = data.characteristics.get("_dta", {})
    panel, time = known.get(PANEL, ""), known.get(TIME, "")
    if not (panel or time):
        return None
    return PanelTime(panel, time, read_delta(known.get(DELTA, "")))


def _declare(state: State, arguments: Arguments, name: str) -> None:
    if arguments.flag("clear"):
        if arguments.given:
            raise StataError(198, "option clear may not be combined with a varlist")
        for key in (PANEL, TIME, DELTA):
            state.data.characteristics_of().pop(key, None)
        state.data.changed = True
        return
    if arguments.given:
        declared = _given(state, arguments, name)
        _check_variables(state, declared)
        _sort_and_check(state, declared)
        texts = state.data.characteristics_of()
        for key, value in ((PANEL, declared.panel), (TIME, declared.time)):
            if value:
                texts[key] = value
            else:
                texts.pop(key, None)
        if declared.time:
            texts[DELTA] = format_value(declared.delta, "%21x").strip()
        state.data.changed = True
    else:
        known = settings(state)
        if known is None:
            missing = "panel" if name == "xtset" else "time"
            raise StataError(111 if name == "tsset" else 459, f"{missing} variable not set")
        declared = known
        _sort_and_check(state, declared)
    _report(state, declared)


def _given(state: State, arguments: Arguments, name: str) -> PanelTime:
    names = arguments.varlist
    if len(names) == 2:
        panel, time = names
    elif name == "xtset":
        panel, time = names[0], ""
    else:
        panel, time = "", names[0]
    delta = 1.0
    text = arguments.string("delta")
    units = [unit for unit in _UNITS if arguments.flag(unit)]
    if len(units) > 1:
        raise StataError(198, f"options {' and '.join(units)} may not be combined")
    if not time and (text or units):
        raise StataError(198, "time variable must be specified with options on its units")
    if text:
        value = evaluate_scalar(parse_expression(text), StateContext(state))
        if isinstance(value, str) or not 0 < value < MISSING:
            raise StataError(198, "invalid delta()")
        delta = value
    if units and _UNITS[units[0]][0]:
        state.data.update(time, lambda old: replace(old, format=_UNITS[units[0]][0]))
    return PanelTime(panel, time, delta)


def _check_variables(state: State, declared: PanelTime) -> None:
    for name in (declared.panel, declared.time):
        if name and state.data.variable(name).is_string:
            message = f"string variables not allowed in varlist;\n{name} is a string variable"
            raise StataError(109, message)
    if not declared.time:
        return
    times = state.data.numbers(declared.time)
    times = times[times < MISSING]
    if (times != np.floor(times)).any():
        raise StataError(451, "time variable must contain only integer values")


def _sort_and_check(state: State, declared: PanelTime) -> None:
    """Sort by panel and time; r(451) for times that repeat or do not fit the step."""
    keys = [name for name in (declared.panel, declared.time) if name]
    state.data.sort(keys)
    if not declared.time:
        return
    panels, times = _columns(state.data, declared)
    same = panels[1:] == panels[:-1]
    steps = np.diff(times)
    if (same & (steps == 0)).any():
        within = "panel" if declared.panel else "sample"
        raise StataError(
            451, f"repeated time values {'within' if declared.panel else 'in'} {within}"
        )
    if (same & (np.mod(steps, declared.delta) != 0)).any():
        raise StataError(451, "time values with periodicity less than delta() found")


def _columns(data: Dataset, declared: PanelTime) -> tuple[np.ndarray, np.ndarray]:
    """Panel and time of the observations in which neither is missing, as they stand."""
    n = data.n
    panels = data.numbers(declared.panel) if declared.panel else np.zeros(n)
    times = data.numbers(declared.time) if declared.time else np.zeros(n)
    there = (panels < MISSING) & (times < MISSING)
    return panels[there], times[there]


def _report(state: State, declared: PanelTime) -> None:
    panels, times = _columns(state.data, declared)
    balance = _balance_of(panels, times, declared)
    scalars: dict[str, float] = {}
    macros: dict[str, str] = {}
    state.console.print()
    state.console.print_lines(declared_lines(state.data, declared))
    if declared.panel:
        macros |= {"panelvar": declared.panel}
        macros |= {"balanced": balance}
        if len(panels):
            scalars |= {"imin": float(panels[0]), "imax": float(panels[-1])}
    if declared.time:
        macros |= {"timevar": declared.time}
        if len(times):
            scalars |= {"tmin": float(times.min()), "tmax": float(times.max())}
        scalars |= {"tdelta": declared.delta}
    state.r = Results(scalars=scalars, macros=macros)


def declared_lines(data: Dataset, declared: PanelTime) -> list[Line]:
    """Panel with its balance, time with its span, and the period, of data in any order."""
    panels, times = _columns(data, declared)
    order = np.lexsort((times, panels))
    panels, times = panels[order], times[order]
    width = 14 if declared.panel else 13
    lines: list[Line] = []
    if declared.panel:
        balance = _balance_of(panels, times, declared)
        lines.append(line("Panel variable: ", result(f"{declared.panel} ({balance})")))
    if declared.time:
        span = _span(data, declared, panels, times)
        lines.append(line(f"{'Time variable':>{width}}: ", result(span)))
        lines.append(line(f"{'Delta':>{width}}: ", result(_step(data, declared))))
    return lines


def _balance_of(panels: np.ndarray, times: np.ndarray, declared: PanelTime) -> str:
    starts = np.flatnonzero(np.append(True, panels[1:] != panels[:-1])[: len(panels)])
    sizes = np.diff(np.append(starts, len(panels)))
    return _balance(times, sizes, bool(declared.time))


def _balance(times: np.ndarray, sizes: np.ndarray, with_time: bool) -> str:
    """``strongly balanced``: all panels have the same times; ``weakly``: as many of them."""
    if not len(sizes) or (sizes != sizes[0]).any():
        return "unbalanced"
    if not with_time:
        return "balanced"
    grid = times.reshape(len(sizes), -1)
    return "strongly balanced" if (grid == grid[0]).all() else "weakly balanced"


def _span(data: Dataset, declared: PanelTime, panels: np.ndarray, times: np.ndarray) -> str:
    form = data.variable(declared.time).format
    if not len(times):
        return declared.time
    low, high = (format_value(float(x), form).strip() for x in (times.min(), times.max()))
    same = panels[1:] == panels[:-1]
    gaps = bool((same & (np.diff(times) > declared.delta)).any())
    return f"{declared.time}, {low} to {high}{', but with gaps' if gaps else ''}"


def _step(data: Dataset, declared: PanelTime) -> str:
    form = Format.parse(data.variable(declared.time).format)
    unit = "unit"
    if form.is_date:
        plain = form.written.replace("-", "")
        unit = next((name for start, name in _STEPS.items() if plain.startswith(start)), "unit")
    number = format_value(declared.delta, "%18.0g").strip()
    return f"{number} {unit}{'' if declared.delta == 1 else 's'}"
