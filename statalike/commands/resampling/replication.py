"""What all prefixes that repeat a command share: running it out of sight, seeds, result files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import numpy as np

from statalike.commands.registry import find_command
from statalike.commands.resampling.collected_statistics import Collection
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.storage import storage_type
from statalike.errors import StataError, file_exists
from statalike.evaluation import estimation_sample, observations_mask
from statalike.language.argument_reader import resolved
from statalike.language.arguments import Arguments
from statalike.language.functions.mersenne_twister import MersenneTwister64
from statalike.language.parser import (
    parse_command_line,
    split_comma,
    split_name,
    without_selection,
)
from statalike.language.specification import Specification
from statalike.output.styled import Line, line, result
from statalike.output.text_width import wrap_paragraph
from statalike.state import State

Run = Callable[[], None]

NAME_COLUMN = 13


def read_prefix(state: State, name: str, given: str, syntax: str, unsupported: str) -> Arguments:
    """The arguments before the colon of a prefix, read by its syntax."""
    specification = Specification.parse(syntax, unsupported=unsupported)
    return specification.read(
        parse_command_line(f"{name} {given}"),
        state.data,
        abbreviations=state.settings.varabbrev == "on",
    )


def command_name(inner: str) -> str:
    """The full name of the command after the colon, through ``quietly`` and the like; r(198)."""
    word, rest = split_name(inner)
    command = find_command(word)
    while command is not None and command.form == "prefix" and rest.strip():
        word, rest = split_name(rest.strip().removeprefix(":").strip())
        command = find_command(word)
    if not word:
        raise StataError(198, "command required")
    return command.name if command is not None else word


def selected_rows(state: State, inner: str) -> tuple[np.ndarray, str]:
    """The observations (n,) that the command's own ``if`` and ``in`` select, and the command
    without them, for samples that are made of those observations only.
    """
    try:
        clause = parse_command_line(inner).clause
        plain = without_selection(inner)
    except StataError:  # not a line of the standard form
        return np.ones(state.data.n, dtype=bool), inner
    observations = clause.observations
    if observations is not None:
        observations = resolved(observations, state.data.n)
    return observations_mask(state, clause.condition, observations), plain


def rows_and_command(
    state: State, arguments: Arguments, run: Run, inner: str, again: Run | None = None
) -> tuple[np.ndarray, Run]:
    """The rows (n,) that samples are made of after the first run, and how to run the command there.

    They are the estimation sample, or what ``if`` and ``in`` of the command select; as samples
    have no other rows, the command is run without the two.  ``again`` is given where that is no
    matter of the command's text.  With ``nodrop`` they are all rows, and nothing changes.
    """
    if arguments.flag("nodrop"):
        return np.arange(state.data.n), run
    mask, plain = selected_rows(state, inner)
    sample = estimation_sample(state)
    if sample is not None:
        mask = sample
    if again is None:
        again = run if plain == inner else lambda: state.interpreter.run_line(plain)
    return np.flatnonzero(mask), again


def set_seed(state: State, arguments: Arguments) -> None:
    """Begin the random numbers anew with option ``seed()``."""
    if arguments.typed("seed"):
        seed = arguments.integer("seed") or 0
        if not 0 <= seed <= 2147483647:
            raise StataError(198, "seed() must be a whole number from 0 to 2147483647")
        state.settings.seed = seed
        state.random = MersenneTwister64(seed)


def run_first(state: State, run: Run, inner: str, *, quietly: bool = True) -> None:
    """Run the command on the data as they are; r() and e() are empty before it."""
    state.console.print(f"(running {command_name(inner)} on estimation sample)")
    if quietly:
        with state.console.quiet():
            run()
    else:
        run()


def collected(
    state: State, run: Run, collection: Collection, reject: Callable[[], bool] | None = None
) -> np.ndarray | None:
    """Run the command out of sight: its statistics (k,), or None when it failed or was rejected."""
    try:
        with state.console.silent():
            run()
        if reject is not None and reject():
            return None
        return collection.values(state)
    except StataError:
        # A failed command leaves the random numbers as they were: go on from other ones.
        state.random.uniform()
        return None


def dot_step(arguments: Arguments) -> int:
    """How many replications make one dot, from ``nodots`` and ``dots()``; 0 for none."""
    if arguments.flag("nodots"):
        return 0
    if arguments.typed("dots"):
        return max(arguments.integer("dots") or 0, 0)
    return 1


def legend_lines(command: str, legend: Sequence[tuple[str, str]], linesize: int) -> list[Line]:
    """``      Command: regress y x`` and a line for each statistic and its expression."""
    lines: list[Line] = []
    for name, text in [("Command", command), *legend]:
        first, *others = wrap_paragraph(text, max(linesize - NAME_COLUMN - 2, 20), 0)
        lines.append(line(f"{name:>{NAME_COLUMN}}: ", result(first)))
        lines += [line(" " * (NAME_COLUMN + 2), result(row)) for row in others]
    return lines


# --- files of results ---------------------------------------------------------------------------


class ResultFile:
    """The file of ``saving(filename, replace double every(#))``; r(602) when it exists."""

    def __init__(self, state: State, text: str) -> None:
        name, options = split_comma(text)
        arguments = Specification.parse("[, REPLACE DOUBLE EVery(integer 0)]").read(
            parse_command_line(f"saving, {options or ''}"), state.data
        )
        path = os.path.expanduser(name.strip().strip('"'))
        if not path:
            raise StataError(198, "option saving() requires a filename")
        self.path = path if os.path.splitext(path)[1] else f"{path}.dta"
        self.replace = arguments.flag("replace")
        self.double = arguments.flag("double")
        if os.path.exists(self.path):
            if not self.replace:
                raise file_exists(self.path)
        else:
            state.console.print(f"(file {self.path} not found)")

    def write(self, data: Dataset) -> None:
        """Put the dataset there."""
        from statalike.data.dta import save as save_dta

        save_dta(data, self.path, replace=True)


def result_file(state: State, arguments: Arguments) -> ResultFile | None:
    """The file of option ``saving()``, checked before any work is done."""
    text = arguments.string("saving")
    return None if text is None else ResultFile(state, text)


def results_dataset(
    names: Sequence[str],
    values: np.ndarray,
    texts: Sequence[str],
    *,
    double: bool = False,
    label: str = "",
) -> Dataset:
    """Replicated statistics (R, k) as a dataset, one variable each; nan is missing."""
    data = Dataset()
    data.label = label[:80]
    if not len(values):
        data.set_observations(0)
    for name, column, text in zip(names, np.asarray(values, dtype=float).T, texts, strict=True):
        filled = np.where(np.isfinite(column), column, MISSING)
        data.add(name, filled, storage_type("double" if double else "float"), label=text[:80])
    return data


def put_in_memory(state: State, data: Dataset) -> None:
    """Make results the data in memory, to be saved or dropped without warning as any others."""
    data.changed = True
    state.data = data
