"""``set``: the settings of a session ([R] set)."""

from __future__ import annotations

import re

from statalike.commands.registry import command
from statalike.errors import StataError, invalid_syntax, option_not_allowed
from statalike.graphics.schemes import find_scheme
from statalike.language.functions.mersenne_twister import MersenneTwister64
from statalike.language.parser import split_comma, split_name
from statalike.settings import NAMES, apply_setting
from statalike.state import State

#: settings that change nothing here, accepted so that old do-files run
_WITHOUT_EFFECT = {
    "adosize",
    "matastrict",
    "max_memory",
    "maxdb",
    "memory",
    "min_memory",
    "niceness",
    "processors",
    "searchdefault",
    "segmentsize",
    "update_query",
}


_WHOLE_NUMBER = re.compile(r"[0-9]{1,12}")
LARGEST_N = 2_147_483_619
_NOT_YET = {("trace", "on"), ("rmsg", "on"), ("dp", "comma")}


@command("set", "set", form="text", help="change a setting")
def set_(state: State, text: str) -> None:
    given, options = split_comma(text)
    for word in (options or "").split():
        if not "permanently".startswith(word) or len(word) < 4:
            raise option_not_allowed(word)
    name, value = split_name(given)
    value = value.strip()
    if not name:
        raise StataError(198, "invalid syntax")
    if name == "seed":
        _set_seed(state, value)
    elif name in ("obs", "ob"):
        _set_observations(state, value)
    elif name not in _WITHOUT_EFFECT:
        name = _full_name(name)
        if name == "scheme":
            find_scheme(split_comma(value)[0])
        if (name, value) in _NOT_YET:
            raise StataError(198, f"set {name} {value} not yet supported")
        apply_setting(state.settings, name, value)
        state.console.linesize = state.settings.linesize


def _full_name(name: str) -> str:
    matches = [known for known in NAMES if known.startswith(name)]
    return matches[0] if len(matches) == 1 or name in matches else name


def _set_seed(state: State, value: str) -> None:
    if not _WHOLE_NUMBER.fullmatch(value) or int(value) > 2**31 - 1:
        raise StataError(198, "invalid seed; it must be a whole number from 0 to 2147483647")
    state.settings.seed = int(value)
    state.random = MersenneTwister64(int(value))


def _set_observations(state: State, value: str) -> None:
    if not _WHOLE_NUMBER.fullmatch(value) or int(value) > LARGEST_N:
        raise StataError(198, f"{value or 'nothing'} invalid obs no")
    before = state.data.n
    state.data.set_observations(int(value))
    state.console.print(f"Number of observations (_N) was {before:,}, now {int(value):,}.")


@command("query", "q", form="text", help="show the settings")
def query(state: State, text: str) -> None:
    if text:
        raise invalid_syntax()
    for name in NAMES:
        value = getattr(state.settings, name)
        state.console.print(f"    set {name:<16} {value if value != '' else '(default)'}")
