"""``isid``, ``duplicates``, ``levelsof``: values and what they identify ([D] isid, duplicates)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.group_statistics import combined_codes
from statalike.commands.registry import command
from statalike.data.formats import format_value
from statalike.data.missing import MISSING, missing_text
from statalike.data.names import check_name
from statalike.errors import StataError, already_defined, option_not_allowed
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.output.styled import line, result
from statalike.results.stores import Results
from statalike.state import State


def group_codes(state: State, names: tuple[str, ...] | list[str], mask: np.ndarray) -> np.ndarray:
    """Numbers of the groups that the chosen rows form by some variables, in their order."""
    columns = []
    for name in names:
        variable = state.data.variable(name)
        column = variable.strings() if variable.storage.is_long_string else variable.values
        columns.append(column[mask])
    return combined_codes(columns)[0]


@command(
    "isid",
    "isid",
    syntax="varlist [, Sort Missok]",
    help="check that variables identify observations",
    section="Data",
)
def isid(state: State, arguments: Arguments) -> None:
    """Nothing when they do; r(459) otherwise, and for missing values without ``missok``."""
    names = list(dict.fromkeys(arguments.varlist))
    if not arguments.flag("missok"):
        for name in names:
            if state.data.variable(name).missing().any():
                noun = "variable" if len(names) == 1 else "variables"
                raise StataError(459, f"{noun} {' '.join(names)} should never be missing")
    codes = group_codes(state, names, np.ones(state.data.n, dtype=bool))
    if len(np.unique(codes)) < len(codes):
        noun, verb = ("variable", "does") if len(names) == 1 else ("variables", "do")
        raise StataError(
            459, f"{noun} {' '.join(names)} {verb} not uniquely identify the observations"
        )
    if arguments.flag("sort"):
        state.data.sort(names)


# --- duplicates ----------------------------------------------------------------------------------


@command("duplicates", "dup", form="family", help="observations that are the same", section="Data")
def duplicates(state: State, text: str) -> None:
    """Chooses ``duplicates report`` and the like."""


def _announce(state: State, arguments: Arguments) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(arguments.varlist))
    state.console.print()
    shown = " ".join(names) if arguments.given else "all variables"
    state.console.print(line("Duplicates in terms of ", result(shown)))
    return names


def _copies(
    state: State, arguments: Arguments, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The chosen rows (indices), how many rows are like each, and the number of its group."""
    mask = observations_mask(state, arguments.condition, arguments.observations)
    codes = group_codes(state, names, mask)
    sizes = np.bincount(codes) if len(codes) else np.zeros(0, dtype=np.int64)
    return np.flatnonzero(mask), sizes[codes] if len(codes) else codes, codes


@command(
    "duplicates report",
    "duplicates r",
    syntax="[varlist] [if] [in] [, FAST]",
    help="count observations that are the same",
    section="Data",
)
def duplicates_report(state: State, arguments: Arguments) -> None:
    names = _announce(state, arguments)
    _, copies, codes = _copies(state, arguments, names)
    console = state.console
    console.print()
    console.print("-" * 38)
    console.print("   Copies | Observations       Surplus")
    console.print("-" * 10 + "+" + "-" * 27)
    for number in np.unique(copies).tolist():
        observations = int(np.count_nonzero(copies == number))
        surplus = observations - observations // number
        console.print(line(f"{number:9d} | ", result(f"{observations:12d}{surplus:14d}")))
    console.print("-" * 38)
    state.r = Results(
        scalars={"unique_value": float(len(np.unique(codes))), "N": float(len(codes))}
    )


@command(
    "duplicates drop",
    "duplicates drop",
    syntax="[varlist] [if] [in] [, FORCE]",
    help="drop observations that repeat earlier ones",
    section="Data",
)
def duplicates_drop(state: State, arguments: Arguments) -> None:
    if arguments.given and not arguments.flag("force"):
        raise StataError(
            198, "option force is required when a varlist is given: observations may differ"
        )
    names = _announce(state, arguments)
    rows, _, codes = _copies(state, arguments, names)
    keep = np.ones(state.data.n, dtype=bool)
    first = np.zeros(len(codes), dtype=bool)
    first[np.unique(codes, return_index=True)[1]] = True
    keep[rows[~first]] = False
    dropped = state.data.keep_rows(keep)
    console = state.console
    console.print()
    if not dropped:
        console.print("(0 observations are duplicates)")
    else:
        noun = "observation" if dropped == 1 else "observations"
        console.print(f"({dropped:,} {noun} deleted)")
    state.r = Results(scalars={"N_drop": float(dropped)})


@command(
    "duplicates tag",
    "duplicates t",
    syntax="[varlist] [if] [in] , Generate(name)",
    help="count for each observation how many others are the same",
    section="Data",
)
def duplicates_tag(state: State, arguments: Arguments) -> None:
    made = check_name(arguments.string("generate") or "")
    if made in state.data:
        raise already_defined(made)
    names = _announce(state, arguments)
    rows, copies, _ = _copies(state, arguments, names)
    values = np.full(state.data.n, MISSING)
    values[rows] = copies - 1
    from statalike.data.storage import LONG, smallest_type

    state.data.add(made, values, smallest_type(values, LONG))


@command(
    "duplicates list",
    "duplicates l",
    syntax="[varlist] [if] [in] [, *]",
    help="list observations that are the same",
    section="Data",
)
@command(
    "duplicates examples",
    "duplicates e",
    syntax="[varlist] [if] [in] [, *]",
    help="list one observation of those that are the same",
    section="Data",
)
def duplicates_list(state: State, arguments: Arguments) -> None:
    """The observations that have others like them, group by group."""
    names = _announce(state, arguments)
    rows, copies, codes = _copies(state, arguments, names)
    chosen = np.flatnonzero(copies > 1)
    if not len(chosen):
        state.console.print()
        state.console.print("(0 observations are duplicates)")
        return
    if "example" in arguments.name:
        chosen = chosen[np.unique(codes[chosen], return_index=True)[1]]
    order = chosen[np.argsort(codes[chosen], kind="stable")]
    kept = state.data
    numbers = np.unique(codes[order], return_inverse=True)[1] + 1
    try:
        part = kept.copy()
        part.take_rows(rows[order])
        part.keep(names)
        part.add("__group", numbers.astype(np.int32), label="Group")
        part.add("__obs", (rows[order] + 1).astype(np.int32))
        part.rename_all(_free_names(names))
        state.data = part
        shown = list(_free_names(names).values())
        state.interpreter.run_line(
            f"list {' '.join(shown)} {' '.join(names)}, noobs {arguments.rest}"
        )
    finally:
        state.data = kept


def _free_names(names: tuple[str, ...]) -> dict[str, str]:
    """``Group`` and ``Obs``, unless variables are called so."""
    return {
        old: new if new not in names else old
        for old, new in (("__group", "Group"), ("__obs", "Obs"))
    }


# --- levels --------------------------------------------------------------------------------------


@command(
    "levelsof",
    "levelsof",
    syntax="varname [if] [in] [, Clean Local(name) MIssing Separate(string) MATROW(name) "
    "Hexadecimal(string)]",
    help="the distinct values of a variable",
    section="Data",
)
def levelsof(state: State, arguments: Arguments) -> None:
    """Distinct values in ascending order, shown, in r(levels) and in the macro of ``local()``."""
    if arguments.string("hexadecimal"):
        raise option_not_allowed("hexadecimal()")
    name = arguments.varlist[0]
    variable = state.data.variable(name)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    if not arguments.flag("missing"):
        mask &= ~variable.missing()
    if variable.is_string:
        values = sorted({bytes(text) for text in variable.values[mask].tolist()})
        texts = [text.decode("utf-8", "replace") for text in values]
        if not arguments.flag("clean"):
            texts = [f'`"{text}"\'' for text in texts]
    else:
        numbers = np.unique(variable.numbers()[mask])
        texts = [missing_text(value) or _number_text(value) for value in numbers.tolist()]
        matrix = arguments.string("matrow")
        if matrix:
            from statalike.results.matrix import NamedMatrix

            state.memory.matrices[matrix] = NamedMatrix.plain(numbers.reshape(-1, 1))
    separator = arguments.string("separate")
    levels = (separator or " ").join(texts)
    if levels:
        state.console.print(line(result(levels)))
    state.r = Results(
        scalars={"N": float(np.count_nonzero(mask)), "r": float(len(texts))},
        macros={"levels": levels},
    )
    macro = arguments.string("local")
    if macro:
        state.macros[macro] = levels


def _number_text(value: float) -> str:
    return format_value(value, "%21.0g").strip()
