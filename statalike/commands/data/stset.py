"""``stset``: which variables are survival times and failures ([ST] stset).

What was declared is kept in characteristics of the data, as Stata keeps it, so that it is saved
with them: ``st_bt`` time, ``st_bd`` the failure variable, ``st_ev`` its values, ``st_o`` origin,
``st_enter``, ``st_id``, ``st_s`` scale.  The variables ``_st``, ``_d``, ``_t`` and ``_t0`` hold the
records in analysis time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.data.storage import storage_type
from statalike.errors import StataError
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate
from statalike.language.numlist import read_numlist
from statalike.language.parser import parse_expression
from statalike.output.styled import Line, line
from statalike.state import State

MADE = ("_st", "_d", "_t", "_t0")
_KEYS = ("st_bt", "st_bd", "st_ev", "st_o", "st_enter", "st_id", "st_s", "st_orig", "st_show")
_RULE = "-" * 74


@dataclass(frozen=True)
class SurvivalDeclaration:
    """What ``stset`` was told: names, and expressions as typed (empty for none)."""

    time: str
    failure: str = ""
    values: str = ""
    identifier: str = ""
    origin: str = ""
    enter: str = ""
    scale: float = 1.0
    shown: bool = True

    @property
    def event(self) -> str:
        """When a record ends in failure, in words."""
        if not self.failure:
            return "(meaning all fail)"
        if not self.values:
            return f"{self.failure}!=0 & {self.failure}<."
        return f"{self.failure}=={self.values}"

    @property
    def command_line(self) -> str:
        """The command that declares the same."""
        failure = f"{self.failure}=={self.values}" if self.values else self.failure
        options = [
            f"{name}({text})"
            for name, text in (
                ("id", self.identifier),
                ("failure", failure),
                ("origin", f"time {self.origin}" if self.origin else ""),
                ("enter", f"time {self.enter}" if self.enter else ""),
                ("scale", f"{self.scale:g}" if self.scale != 1.0 else ""),
            )
            if text
        ]
        return f"stset {self.time}{', ' if options else ''}{' '.join(options)}"

    @property
    def analysis_time(self) -> str:
        """Analysis time in terms of the variables."""
        text = f"({self.time}-origin)" if self.origin else self.time
        return f"{text}/{self.scale:g}" if self.scale != 1.0 else text


def declared_survival(data: Dataset) -> SurvivalDeclaration:
    """The declaration in the data; r(119) when there is none."""
    known = data.characteristics_of()
    if "st_bt" not in known or not all(name in data for name in MADE):
        raise StataError(119, "data not st; use stset")
    return SurvivalDeclaration(
        known["st_bt"],
        known.get("st_bd", ""),
        known.get("st_ev", ""),
        known.get("st_id", ""),
        _unless_zero(known.get("st_orig", known.get("st_o", ""))),
        _unless_zero(known.get("st_enter", "")),
        float(known.get("st_s", "1")),
        known.get("st_show", "") != "noshow",
    )


def _unless_zero(text: str) -> str:
    """Stata writes that time begins at 0."""
    return "" if text.strip() in ("0", "time 0") else _time_expression(text)


def survival_lines(declared: SurvivalDeclaration) -> list[Line]:
    """What commands for survival data say of the declaration before their results."""
    failure = declared.failure or "1 (meaning all fail)"
    if declared.values:
        failure = f"{failure}=={declared.values}"
    entries = [("Failure _d:", failure), ("Analysis time _t:", declared.analysis_time)]
    if declared.origin:
        entries.append(("Origin:", f"time {declared.origin}"))
    if declared.enter:
        entries.append(("Enter on or after:", f"time {declared.enter}"))
    if declared.identifier:
        entries.append(("ID variable:", declared.identifier))
    return [line(f"{label:>19} {text}") for label, text in entries]


@command(
    "stset",
    "stset",
    syntax=(
        "[varlist(max=1 default=none numeric)] [if] [in] [, Failure(string) ID(varname) "
        "Origin(string) ENter(string) SCale(real 1) noSHow CLEAR REPLACE]"
    ),
    unsupported=(
        "EXit(string) time0(varname) EVer(string) NEver(string) AFter(string) BEFore(string)"
    ),
    help="declare data to be survival-time data",
    section="Data",
)
def stset(state: State, arguments: Arguments) -> None:
    options, data = arguments.options, state.data
    if options.get("clear"):
        _forget(data)
        return
    names = arguments.varlist
    if not names:
        declared = declared_survival(data)
        state.console.print(f"-> {declared.command_line}")
        _show(state, declared, _Exclusions(0, 0, 0))
        return
    failure, values = _failure(state, str(options.get("failure") or ""))
    declared = SurvivalDeclaration(
        names[0],
        failure,
        values,
        str(options.get("id") or ""),
        _time_expression(str(options.get("origin") or "")),
        _time_expression(str(options.get("enter") or "")),
        float(options.get("scale", 1.0)),
        not options.get("noshow"),
    )
    if declared.scale <= 0:
        raise StataError(198, "scale() must be greater than zero")
    chosen = observations_mask(state, arguments.condition, arguments.observations)
    exclusions = _declare(state, declared, chosen)
    texts = data.characteristics_of()
    for key in _KEYS:
        texts.pop(key, None)
    texts["_dta"] = "st"
    texts.update(
        {
            "st_bt": declared.time,
            "st_bd": declared.failure,
            "st_ev": declared.values,
            "st_o": declared.origin,
            "st_enter": declared.enter,
            "st_id": declared.identifier,
            "st_s": f"{declared.scale:g}",
            "st_show": "" if declared.shown else "noshow",
        }
    )
    _show(state, declared, exclusions)


def _forget(data: Dataset) -> None:
    data.drop([name for name in MADE if name in data])
    texts = data.characteristics_of()
    for key in (*_KEYS, "_dta"):
        texts.pop(key, None)


def _failure(state: State, typed: str) -> tuple[str, str]:
    """``failvar`` and its values, of ``failvar[==numlist]``; r(111), r(121)."""
    name, _, values = typed.partition("==")
    if not name.strip():
        return "", ""
    values = values.strip()
    if values:
        read_numlist(values)
    return state.data.unabbreviate(name.strip()), values


def _time_expression(typed: str) -> str:
    """The expression of ``origin(time exp)`` or ``origin(exp)``."""
    text = typed.strip()
    return text.removeprefix("time ").strip() if text.startswith("time ") else text


@dataclass(frozen=True)
class _Exclusions:
    """Why observations are not records of analysis time, and how many."""

    missing: int
    before_entry: int
    after_failure: int

    @property
    def total(self) -> int:
        return self.missing + self.before_entry + self.after_failure

    def lines(self) -> list[tuple[int, str]]:
        return [
            (count, text)
            for count, text in (
                (self.missing, "event time missing (time>=.)                PROBABLE ERROR"),
                (self.before_entry, "observations end on or before enter()"),
                (self.after_failure, "observations begin on or after (first) failure"),
            )
            if count
        ]


def _declare(state: State, declared: SurvivalDeclaration, chosen: np.ndarray) -> _Exclusions:
    """Make ``_st``, ``_d``, ``_t`` and ``_t0``."""
    data = state.data
    time = data.numbers(declared.time).astype(np.float64)
    origin = _values(state, declared.origin, 0.0)
    enter = _values(state, declared.enter, -np.inf)
    known = chosen & (time < MISSING) & (origin < MISSING)
    missing = int(np.sum(chosen & ~known))
    failed = np.ones(data.n, dtype=bool)
    if declared.failure:
        failure = data.numbers(declared.failure)
        if declared.values:
            failed = np.isin(failure, np.array(read_numlist(declared.values)))
        else:
            failed = (failure != 0) & (failure < MISSING)
    scaled = np.where(known, (time - origin) / declared.scale, MISSING)
    start = np.zeros(data.n)
    after = np.zeros(data.n, dtype=bool)
    if declared.identifier:
        start, after = _histories(data, declared.identifier, scaled, failed, known)
    with np.errstate(invalid="ignore"):
        entry = np.where(np.isfinite(enter), (enter - origin) / declared.scale, 0.0)
    start = np.maximum(start, np.maximum(entry, 0.0))
    early = known & ~after & (scaled <= start)
    used = known & ~after & ~early
    byte, double = storage_type("byte"), storage_type("double")
    for name in MADE:
        if name in data:
            data.drop([name])
    data.add("_st", used.astype(np.float64), byte, label="")
    data.add("_d", np.where(used, failed.astype(np.float64), MISSING), byte, label="")
    data.add("_t", np.where(used, scaled, MISSING), double, label="")
    data.add("_t0", np.where(used, start, MISSING), double, label="")
    return _Exclusions(missing, int(np.sum(early)), int(np.sum(known & after)))


def _values(state: State, text: str, none: float) -> np.ndarray:
    if not text:
        return np.full(state.data.n, none)
    found = evaluate(parse_expression(text), StateContext(state))
    return np.broadcast_to(np.asarray(found, dtype=np.float64), (state.data.n,)).copy()


def _histories(
    data: Dataset, identifier: str, time: np.ndarray, failed: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where each subject's records begin, (n,), and which of them follow a failure, (n,).

    A record begins where the subject's previous one, in order of time, ends.
    """
    rows = np.flatnonzero(known)
    _, subject = np.unique(data.variable(identifier).values[rows], return_inverse=True)
    order = np.lexsort((time[rows], subject.ravel()))
    sorted_rows, sorted_subject = rows[order], subject.ravel()[order]
    first = np.concatenate([[True], sorted_subject[1:] != sorted_subject[:-1]])
    previous = np.concatenate([[0.0], time[sorted_rows][:-1]])
    start = np.zeros(data.n)
    start[sorted_rows] = np.where(first, 0.0, previous)
    failures = np.cumsum(failed[sorted_rows]) - failed[sorted_rows]
    at_start = np.maximum.accumulate(np.where(first, failures, 0))
    after = np.zeros(data.n, dtype=bool)
    after[sorted_rows] = failures > at_start
    return start, after


def _show(state: State, declared: SurvivalDeclaration, exclusions: _Exclusions) -> None:
    data, console = state.data, state.console
    used = data.numbers("_st") == 1
    time, start = data.numbers("_t")[used], data.numbers("_t0")[used]
    failures = int(np.sum(data.numbers("_d")[used] == 1))
    left = "origin" if declared.origin else "0"
    entries = [] if not declared.identifier else [("ID variable:", declared.identifier)]
    entries.append(("Failure event:", declared.event))
    interval = f"({left}, {declared.time}]"
    if declared.identifier:
        interval = f"({declared.time}[_n-1], {declared.time}]"
    entries.append(("Observed time interval:", interval))
    if declared.enter:
        entries.append(("Enter on or after:", f"time {declared.enter}"))
    entries.append(("Exit on or before:", "failure"))
    if declared.origin or declared.scale != 1.0:
        shown = "(time-origin)" if declared.origin else "time"
        shown += f"/{declared.scale:g}" if declared.scale != 1.0 else ""
        entries.append(("Time for analysis:", shown))
    if declared.origin:
        entries.append(("Origin:", f"time {declared.origin}"))
    console.print("\nSurvival-time data settings\n")
    for label, text in entries:
        console.print(f"{label:>23} {text}")
    console.print(f"\n{_RULE}")
    total = int(used.sum()) + exclusions.total
    console.print(f"{total:>11,}  total observations")
    if exclusions.total:
        for count, text in exclusions.lines():
            console.print(f"{count:>11,}  {text}")
    else:
        console.print(f"{0:>11,}  exclusions")
    console.print(_RULE)
    console.print(f"{int(used.sum()):>11,}  observations remaining, representing")
    kind = "single-record/single-failure data"
    if declared.identifier:
        subjects = len(np.unique(data.variable(declared.identifier).values[used]))
        console.print(f"{subjects:>11,}  subject{'' if subjects == 1 else 's'}")
        kind = "single-failure-per-subject data"
    console.print(f"{failures:>11,}  failure{'' if failures == 1 else 's'} in {kind}")
    risk = _number(float(np.sum(time - start)))
    console.print(f"{risk:>11}  total analysis time at risk and under observation")
    if not len(time):
        return
    for label, value in (
        ("At risk from t =", 0.0),
        ("Earliest observed entry t =", float(start.min())),
        ("Last observed exit t =", float(time.max())),
    ):
        console.print(f"{label:>64} {format_value(value, '%9.0g').strip():>9}")


def _number(value: float) -> str:
    return format_value(value, "%11.0gc").strip()
