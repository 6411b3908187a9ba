"""``codebook``: each variable's type, range and values ([D] codebook)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.list import cells
from statalike.commands.data.summary_statistics import percentiles, summary
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.data.variable import Variable
from statalike.errors import no_variables_defined
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.output.codebook import CodebookEntry, CodebookTabulation, codebook_entry
from statalike.output.number_columns import trimmed
from statalike.state import State

MOST_TABULATED = 9
_PERCENTILES = (10.0, 25.0, 50.0, 75.0, 90.0)
_EXAMPLES = (0.2, 0.4, 0.6, 0.8)


@command(
    "codebook",
    "codebook",
    syntax="[varlist] [if] [in] [, Tabulate(integer 9)]",
    unsupported="ALL Header Notes Mv Detail Problems Compact DOts languages(string)",
    help="types, ranges and values of variables",
    section="Description",
)
def codebook(state: State, arguments: Arguments) -> None:
    if not arguments.varlist:
        raise no_variables_defined()
    mask = observations_mask(state, arguments.condition, arguments.observations)
    rows = np.flatnonzero(mask)
    most = arguments.integer("tabulate")
    most = MOST_TABULATED if most is None else most
    for name in arguments.varlist:
        variable = state.data.variable(name).take(rows)
        if variable.is_string:
            entry = _string_entry(variable, most)
        else:
            entry = _numeric_entry(state, variable, rows, most)
        state.console.print()
        state.console.print_lines(codebook_entry(entry, state.console.linesize))


def _string_entry(variable: Variable, most: int) -> CodebookEntry:
    texts = variable.strings()
    there = texts[~variable.missing()]
    distinct, counts = np.unique(there, return_counts=True)
    kind = f"String ({variable.storage})"
    longest = max((len(text.encode()) for text in texts.tolist()), default=0)
    if not variable.storage.is_long_string and longest < variable.storage.width:
        kind += f", but longest is str{max(longest, 1)}"
    few = len(distinct) <= most
    values = [f'"{text}"' for text in distinct.tolist()]
    examples = [distinct[int(len(distinct) * share)] for share in _EXAMPLES] if not few else []
    return CodebookEntry(
        variable.name,
        variable.label,
        kind,
        len(texts),
        len(distinct),
        len(texts) - len(there),
        tabulation=CodebookTabulation(counts.tolist(), values) if few else None,
        examples=examples,
    )


def _numeric_entry(state: State, variable: Variable, rows: np.ndarray, most: int) -> CodebookEntry:
    numbers = variable.numbers()
    values = numbers[numbers < MISSING]
    plain = int(np.count_nonzero(numbers == MISSING))
    known = state.data.value_label_of(variable.name)
    label = variable.value_label
    if label and known is None:
        label += ", but label does not exist"
    distinct = np.unique(values)
    few = len(distinct) <= most
    moments = summary(values, None)
    tabulation = None
    if few and len(numbers):
        tabulation = _tabulation(state, variable.name, rows, numbers)
    return CodebookEntry(
        variable.name,
        variable.label,
        f"Numeric ({variable.storage})",
        len(numbers),
        len(distinct),
        plain,
        value_label=label,
        range=(moments.minimum, moments.maximum) if moments.n else None,
        units=_units(distinct),
        extended=len(numbers) - len(values) - plain,
        extended_kinds=len(np.unique(numbers[numbers > MISSING])),
        mean=None if few else moments.mean,
        standard_deviation=None if few else moments.standard_deviation,
        percentiles=() if few else _percentiles(values),
        tabulation=tabulation,
    )


def _percentiles(values: np.ndarray) -> tuple[float, ...]:
    found = percentiles(np.sort(values), np.ones(len(values)), _PERCENTILES)
    return tuple(found.tolist())


def _tabulation(
    state: State, name: str, rows: np.ndarray, numbers: np.ndarray
) -> CodebookTabulation:
    """How often each value comes, missing values last, with its label."""
    _, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    values = cells(state, name, rows[first], labels=False)
    known = state.data.value_label_of(name)
    labels = [known.text(float(x)) or "" for x in numbers[first]] if known else []
    return CodebookTabulation(counts.tolist(), values, labels)


def _units(values: np.ndarray) -> str:
    """The coarsest power of ten of which all values are multiples."""
    for power in range(9, -1, -1):
        if (np.mod(values, 10.0**power) == 0).all():
            return f"{10**power}"
    for power in range(1, 9):
        scaled = values * 10.0**power
        if np.allclose(scaled, np.rint(scaled), rtol=1e-7, atol=1e-9):
            return trimmed(10.0**-power, "%10.0g")
    return trimmed(1e-8, "%10.0g")
