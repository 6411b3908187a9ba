"""Finding estimates by name: the active ones under ``.``, stored ones, lists with wildcards."""

from __future__ import annotations

from fnmatch import fnmatchcase

from statalike.errors import StataError, last_estimates_not_found, suggestion
from statalike.results.stores import Results
from statalike.state import State


def active_estimates(state: State) -> Results:
    """e() of the last estimation command; r(301) when there is none."""
    if not state.e.macros.get("cmd"):
        raise last_estimates_not_found()
    return state.e


def estimates_named(state: State, name: str) -> Results:
    """The active estimates for ``.``, otherwise stored ones; r(301), r(111)."""
    if name == ".":
        return active_estimates(state)
    stored = state.memory.stored
    if name not in stored:
        raise StataError(111, f"estimation result {name} not found", hint=suggestion(name, stored))
    return stored[name].results


def expand_names(state: State, names: list[str]) -> list[str]:
    """Names of estimates, each once: ``_all`` and patterns are of stored ones; r(111)."""
    found: list[str] = []
    for name in names:
        if name == "_all":
            found += state.memory.stored
        elif "*" in name or "?" in name:
            fitting = [stored for stored in state.memory.stored if fnmatchcase(stored, name)]
            if not fitting:
                raise StataError(111, f"estimation result {name} not found")
            found += fitting
        else:
            estimates_named(state, name)
            found.append(name)
    return list(dict.fromkeys(found))


def is_active(state: State, results: Results) -> bool:
    """Whether stored results are those that are active now."""
    b = results.matrices.get("b")
    return b is not None and b is state.e.matrices.get("b")
