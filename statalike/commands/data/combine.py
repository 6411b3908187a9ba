"""``append`` and ``merge``: data of other files ([D] append, merge)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.merging import (
    MergeRequest,
    add_result,
    joined_rows,
    kept_results,
    merged,
)
from statalike.data.names import check_name
from statalike.data.sources import find_dataset
from statalike.data.storage import BYTE
from statalike.errors import StataError, already_defined
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.output.combining_report import merge_report
from statalike.state import State


@command(
    "append",
    "app",
    syntax="using [, FORCE KEEP(string) GENerate(string) noLabel noNOTEs]",
    help="add the observations of other files",
    section="Data",
)
def append(state: State, arguments: Arguments) -> None:
    data = state.data.copy()
    before = data.copy()
    marker = arguments.string("generate")
    if marker is not None and check_name(marker) in data:
        raise already_defined(marker)
    source = [np.zeros(data.n)]
    for number, path in enumerate(_paths(arguments), 1):
        other = find_dataset(path, "use")
        wanted = arguments.string("keep")
        if wanted:
            other.keep(other.expand(wanted))
        _forget_labels(other, arguments)
        for name in other.value_labels:
            if name in data.value_labels:
                state.console.print(f"(label {name} already defined)")
        data.append(other, force=arguments.flag("force"))
        source.append(np.full(other.n, float(number)))
    for text in _widened(before, data):
        state.console.print(text)
    if marker is not None:
        data.add(marker, np.concatenate(source), BYTE)
    state.data = data


def _paths(arguments: Arguments) -> list[str]:
    paths = split_words(arguments.using or "")
    if not paths:
        raise StataError(198, "invalid file specification")
    return paths


def _forget_labels(other: Dataset, arguments: Arguments) -> None:
    """Leave out value labels and notes of the other file where that is asked for."""
    if arguments.flag("nolabel"):
        other.value_labels.clear()
    if arguments.flag("nonotes"):
        other.characteristics.clear()


def _widened(before: Dataset, after: Dataset) -> Iterator[str]:
    """What is said of variables whose type had to grow."""
    for name, old in before.variables.items():
        new = after.variables.get(name)
        if new is not None and new.storage != old.storage:
            yield (
                f"(variable {name} was {old.storage}, now {new.storage} to accommodate using "
                "data's values)"
            )


@command(
    "merge",
    "mer",
    syntax="anything using [, KEEPUSing(string) GENerate(string) NOGENerate noLabel noNOTEs "
    "UPDATE REPLACE noREPort FORCE ASSERT(string) KEEP(string)]",
    unsupported="SORTED",
    help="join another file by key variables",
    section="Data",
)
def merge(state: State, arguments: Arguments) -> None:
    kind, *words = arguments.body.split()
    data = state.data
    keys = tuple(dict.fromkeys(data.expand(words)))
    if kind not in ("1:1", "m:1", "1:m"):
        message = "merge m:m not yet supported" if kind == "m:m" else f"{kind} is no kind of match"
        raise StataError(198, message)
    if not keys:
        raise StataError(100, "varlist required")
    if arguments.flag("replace") and not arguments.flag("update"):
        raise StataError(198, "option replace requires option update")
    paths = _paths(arguments)
    if len(paths) > 1:
        raise StataError(198, "invalid file specification")
    using = find_dataset(paths[0], "use")
    _forget_labels(using, arguments)
    wanted = arguments.string("keepusing")
    unique = [side for side, place in (("master", 0), ("using", 2)) if kind[place] == "1"]
    request = MergeRequest(
        keys,
        tuple(unique),
        tuple(using.expand(wanted) if wanted else using.names),
        arguments.flag("update"),
        arguments.flag("replace"),
    )
    name = "" if arguments.flag("nogenerate") else arguments.string("generate") or "_merge"
    if name and (check_name(name) in data or name in request.wanted):
        raise already_defined(name)
    rows = joined_rows(data, using, request)
    combined, result = merged(data, using, rows, request)
    for label in using.value_labels:
        if label in data.value_labels:
            state.console.print(f"(label {label} already defined)")
    for text in _widened(data, combined):
        state.console.print(text)
    _assert(arguments, result)
    if name:
        add_result(combined, name, result)
    wanted_results = arguments.string("keep")
    if wanted_results:
        kept = np.isin(result, list(kept_results(wanted_results.split())))
        combined.keep_rows(kept)
        result = result[kept]
    state.data = combined
    if not arguments.flag("noreport"):
        counts = Counter(result.tolist())
        state.console.print()
        update = arguments.flag("update")
        state.console.print_lines(merge_report(counts, name, update=update))


def _assert(arguments: Arguments, result: np.ndarray) -> None:
    """r(9) when observations have other results than were asserted."""
    expected = arguments.string("assert")
    if expected and not np.isin(result, list(kept_results(expected.split()))).all():
        raise StataError(9, "after merge, not all observations matched as asserted")
