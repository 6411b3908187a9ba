"""``timer``: how long commands take ([P] timer); ``sleep``."""

from __future__ import annotations

import time
from dataclasses import dataclass

from statalike.commands.registry import command
from statalike.errors import StataError, invalid_syntax
from statalike.results.stores import Results
from statalike.state import State

MOST_TIMERS = 100
LONGEST_SLEEP = 2_000_000


@dataclass
class _Timer:
    """Seconds added up so far, how often, and since when the timer runs."""

    total: float = 0.0
    times: int = 0
    since: float | None = None


_TIMERS: dict[int, _Timer] = {}


@command("timer", "timer", form="text", help="measure time", section="Programming")
def timer(state: State, text: str) -> None:
    """``timer clear [#]``, ``on #``, ``off #``, ``list [#]``; r(198) outside 1 to 100."""
    words = text.split()
    action, numbers = (words[0] if words else ""), words[1:]
    for number in numbers:
        if not number.isdigit() or not 1 <= int(number) <= MOST_TIMERS:
            raise StataError(198, "timer number must be between 1 and 100")
    chosen = [int(number) for number in numbers]
    moment = time.perf_counter()
    if action in ("on", "off") and len(chosen) == 1:
        _switch(chosen[0], action == "on", moment)
    elif action == "clear" and len(chosen) <= 1:
        for each in chosen or list(_TIMERS):
            _TIMERS.pop(each, None)
    elif action == "list" and len(chosen) <= 1:
        _show(state, chosen or sorted(_TIMERS))
    else:
        raise invalid_syntax()


def _switch(number: int, on: bool, moment: float) -> None:
    timer = _TIMERS.setdefault(number, _Timer())
    if on:
        timer.since = moment if timer.since is None else timer.since
        return
    if timer.since is None:
        return
    timer.total += moment - timer.since
    timer.times += 1
    timer.since = None


def _show(state: State, numbers: list[int]) -> None:
    results = Results()
    for number in numbers:
        timer = _TIMERS.get(number)
        if timer is None or not timer.times:
            continue
        mean = timer.total / timer.times
        state.console.print(f"{number:4d}: {timer.total:10.2f} /{timer.times:9d} ={mean:12.4f}")
        results.scalars[f"t{number}"] = timer.total
        results.scalars[f"nt{number}"] = float(timer.times)
    state.r = results


@command("sleep", "sleep", form="text", help="wait for some milliseconds")
def sleep(state: State, text: str) -> None:
    if not text.isdigit() or int(text) > LONGEST_SLEEP:
        raise invalid_syntax()
    time.sleep(int(text) / 1000)
