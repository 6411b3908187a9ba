"""``tabulate``, ``tab1`` and ``tab2``: frequencies of one or two variables ([R] tabulate)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from statalike.commands.data import association
from statalike.commands.data.summary_statistics import summary
from statalike.commands.data.weights import weights_of
from statalike.commands.registry import command
from statalike.data.formats import format_value
from statalike.data.missing import MISSING, is_missing
from statalike.data.names import check_name
from statalike.data.storage import BYTE
from statalike.data.variable import empty_column
from statalike.errors import StataError, already_defined, option_not_allowed
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.output.cross_table import (
    CellContent,
    CrossTable,
    cross_table,
    key_box,
    test_line,
)
from statalike.output.frequency_table import (
    FrequencyTable,
    MeansTable,
    frequency_table,
    means_table,
)
from statalike.output.styled import line, result
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results
from statalike.state import State

MOST_ROWS, MOST_ROWS_OF_TWO, MOST_COLUMNS = 12_000, 1_200, 80

_COMMON = "Missing noLabel noFreq MATCELL(name) MATROW(name)"
_ONE = "SORT GENerate(name) Summarize(varname numeric) noMEANs noSTandard"
_TWO = (
    "CHi2 Exact EXACT(integer) LRchi2 V Gamma Taub All Row COlumn CEll Expected CCHI2 CLRchi2 "
    "Wrap noKey KEY noLOg MATCOL(name)"
)
_TESTS = ("chi2", "lrchi2", "v", "gamma", "taub")
_UNSUPPORTED = "plot subpop(string) obs noobs rowsort colsort"


@dataclass(frozen=True)
class Categories:
    """The distinct values of a variable: labels, values, and each chosen row's position among
    them, -1 for a row that is left out."""

    name: str
    labels: list[str]
    values: np.ndarray
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def categories(
    state: State, name: str, mask: np.ndarray, *, labels: bool, missing: bool
) -> Categories:
    """The values that a variable takes in the chosen rows, in ascending order."""
    variable = state.data.variable(name)
    used = mask if missing else mask & ~variable.missing()
    column = variable.strings() if variable.is_string else variable.numbers()
    values, place = np.unique(column[used], return_inverse=True)
    positions = np.full(len(mask), -1)
    positions[used] = place
    if variable.is_string:
        return Categories(name, values.tolist(), values, positions)
    known = state.data.value_label_of(name) if labels else None
    texts = [
        (known.text(x) if known else None) or format_value(x, variable.format).strip()
        for x in values.tolist()
    ]
    return Categories(name, texts, values, positions)


@command(
    "tabulate",
    "ta",
    syntax=f"varlist(min=1 max=2) [if] [in] [fweight aweight iweight] [, {_COMMON} {_ONE} {_TWO}]",
    unsupported=_UNSUPPORTED,
    help="frequencies of one or two variables",
    section="Description",
    by="each",
)
def tabulate(state: State, arguments: Arguments) -> None:
    mask = observations_mask(state, arguments.condition, arguments.observations)
    if arguments.option("summarize"):
        _tabulate_means(state, arguments, mask)
    elif len(arguments.varlist) == 1:
        _tabulate_one(state, arguments, arguments.varlist[0], mask)
    else:
        _tabulate_two(state, arguments, arguments.varlist[0], arguments.varlist[1], mask)


@command(
    "tab1",
    "tab1",
    syntax=f"varlist [if] [in] [fweight aweight iweight] [, {_COMMON} {_ONE}]",
    unsupported=_UNSUPPORTED,
    help="frequencies of each of several variables",
    section="Description",
    by="each",
)
def tab1(state: State, arguments: Arguments) -> None:
    for name in arguments.varlist:
        _announce(state, name)
        mask = observations_mask(state, arguments.condition, arguments.observations)
        _tabulate_one(state, arguments, name, mask)


@command(
    "tab2",
    "tab2",
    syntax=f"varlist(min=2) [if] [in] [fweight aweight iweight] [, {_COMMON} {_TWO} FIRSTonly]",
    unsupported=_UNSUPPORTED,
    help="frequencies of all pairs of several variables",
    section="Description",
    by="each",
)
def tab2(state: State, arguments: Arguments) -> None:
    names = dict.fromkeys(arguments.varlist)
    for first, second in combinations(names, 2):
        if arguments.flag("firstonly") and first != arguments.varlist[0]:
            break
        _announce(state, f"{first} by {second}")
        mask = observations_mask(state, arguments.condition, arguments.observations)
        _tabulate_two(state, arguments, first, second, mask)


def _announce(state: State, subject: str) -> None:
    state.console.print()
    state.console.print(line("-> tabulation of ", result(subject), "  "))


def _title(state: State, name: str) -> str:
    return state.data.variable(name).label or name


def _weighted_counts(
    codes: np.ndarray, size: int, weights: np.ndarray | None, kind: str
) -> np.ndarray:
    """Frequencies (size,) of codes; analytic weights are scaled to sum to the observations."""
    counts = np.bincount(codes, weights=weights, minlength=size).astype(np.float64)
    return counts * (len(codes) / counts.sum()) if kind == "aweight" and len(codes) else counts


def _nothing(state: State, *names: str) -> None:
    state.console.print("no observations")
    state.r = Results(scalars={"N": 0.0, **dict.fromkeys(names, 0.0)})


# --- one variable --------------------------------------------------------------------------------


def _check_one(arguments: Arguments) -> None:
    """Options of two-way tables say nothing about one variable; r(198)."""
    names = (*_TESTS, "exact", "all", "row", "column", "cell", "expected", "cchi2", "clrchi2")
    for name in names:
        if name in arguments.defaults and arguments.option(name):
            raise option_not_allowed(name)


def _tabulate_one(state: State, arguments: Arguments, name: str, mask: np.ndarray) -> None:
    _check_one(arguments)
    weights, mask = weights_of(state, arguments, mask)
    kind = arguments.weight.kind if arguments.weight else ""
    found = categories(
        state,
        name,
        mask,
        labels=not arguments.flag("nolabel"),
        missing=arguments.flag("missing"),
    )
    if len(found) > MOST_ROWS:
        raise StataError(134, "too many values")
    used = found.positions >= 0
    if not used.any():
        _nothing(state, "r")
        return
    codes = found.positions[used]
    chosen = None if weights is None else weights[used]
    counts = _weighted_counts(codes, len(found), chosen, kind)
    order = np.argsort(-counts, kind="stable") if arguments.flag("sort") else slice(None)
    labels = np.array(found.labels, dtype=object)[order].tolist()
    if not arguments.flag("nofreq"):
        table = FrequencyTable(
            _title(state, name), labels, counts[order].tolist(), kind in ("", "fweight")
        )
        state.console.print()
        state.console.print_lines(frequency_table(table))
    stub = arguments.string("generate")
    if stub is not None:
        _generate_indicators(state, stub, found)
    _keep_matrices(state, arguments, counts[order][:, None], found.values[order])
    state.r = Results(scalars={"N": float(counts.sum()), "r": float(len(found))})


def _generate_indicators(state: State, stub: str, found: Categories) -> None:
    """``stub1``, ``stub2``, ...: 1 where the variable has its first, second, ... value."""
    names = [check_name(f"{stub}{i}") for i in range(1, len(found) + 1)]
    for name in names:
        if name in state.data:
            raise already_defined(name)
    known = state.data.value_label_of(found.name)
    outside = found.positions < 0
    for i, name in enumerate(names):
        value = found.values[i]
        shown = found.labels[i]
        if not isinstance(value, str) and (known is None or known.text(float(value)) is None):
            shown = shown if bool(is_missing(value)) else f"{value:10.4f}"
        column = empty_column(BYTE, state.data.n)
        column[~outside] = found.positions[~outside] == i
        state.data.add(name, column, BYTE, format="%8.0g", label=f"{found.name}=={shown}"[:80])


def _keep_matrices(
    state: State,
    arguments: Arguments,
    cells: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray | None = None,
) -> None:
    matrices = state.memory.matrices
    for option, values in (
        ("matcell", cells),
        ("matrow", rows[:, None]),
        ("matcol", None if columns is None else columns[None, :]),
    ):
        target = arguments.string(option) if option in arguments.defaults else None
        if target is None:
            continue
        if values is None or values.dtype == object:
            raise StataError(109, f"{option}() not allowed with string variables")
        matrices[target] = NamedMatrix.plain(values.astype(np.float64))


def _tabulate_means(state: State, arguments: Arguments, mask: np.ndarray) -> None:
    """``tabulate x, summarize(y)``: means of ``y`` within the values of ``x``."""
    if len(arguments.varlist) > 1:
        raise StataError(198, "option summarize() with two variables not yet supported")
    _check_one(arguments)
    weights, mask = weights_of(state, arguments, mask)
    kind = arguments.weight.kind if arguments.weight else ""
    name, summarized = arguments.varlist[0], str(arguments.option("summarize"))
    numbers = state.data.numbers(summarized)
    mask = mask & (numbers < MISSING)
    found = categories(
        state,
        name,
        mask,
        labels=not arguments.flag("nolabel"),
        missing=arguments.flag("missing"),
    )
    used = found.positions >= 0
    if not used.any():
        _nothing(state)
        return
    parts = [found.positions == i for i in range(len(found))]
    moments = [
        summary(numbers[part], None if weights is None else weights[part], kind)
        for part in [*parts, used]
    ]
    whole = kind in ("", "fweight")
    table = MeansTable(
        _title(state, name),
        _title(state, summarized),
        found.labels,
        [each.mean for each in moments],
        [0.0 if each.n == 1 else each.standard_deviation for each in moments],
        [float(each.n) if whole else each.weight for each in moments],
        whole,
    )
    state.console.print()
    state.console.print_lines(
        means_table(
            table,
            means=not arguments.flag("nomeans"),
            deviations=not arguments.flag("nostandard"),
            frequencies=not arguments.flag("nofreq"),
        )
    )
    state.r = Results()


# --- two variables -------------------------------------------------------------------------------


def _tabulate_two(
    state: State, arguments: Arguments, first: str, second: str, mask: np.ndarray
) -> None:
    for name in ("sort", "generate"):
        if name in arguments.defaults and arguments.option(name):
            raise option_not_allowed(name)
    weights, mask = weights_of(state, arguments, mask)
    kind = arguments.weight.kind if arguments.weight else ""
    shown = {
        "labels": not arguments.flag("nolabel"),
        "missing": arguments.flag("missing"),
    }
    if not shown["missing"]:
        mask = mask & ~state.data.variable(first).missing() & ~state.data.variable(second).missing()
    rows = categories(state, first, mask, **shown)
    columns = categories(state, second, mask, **shown)
    if len(rows) > MOST_ROWS_OF_TWO or len(columns) > MOST_COLUMNS:
        raise StataError(134, "too many values")
    if not mask.any():
        _nothing(state, "r", "c")
        return
    codes = rows.positions[mask] * len(columns) + columns.positions[mask]
    chosen = None if weights is None else weights[mask]
    counts = _weighted_counts(codes, len(rows) * len(columns), chosen, kind)
    table = counts.reshape(len(rows), len(columns))
    contents = _contents(arguments, table)
    if contents:
        if len(contents) > 1 or contents[0].name != "frequency":
            _show_key(state, arguments, contents)
        state.console.print()
        state.console.print_lines(
            cross_table(
                CrossTable(
                    _title(state, first),
                    _title(state, second),
                    rows.labels,
                    columns.labels,
                    contents,
                    kind in ("", "fweight"),
                ),
                linesize=state.console.linesize,
                wrap=not arguments.flag("wrap"),
            )
        )
    _keep_matrices(state, arguments, table, rows.values, columns.values)
    scalars = {"N": float(table.sum()), "r": float(len(rows)), "c": float(len(columns))}
    state.r = Results(scalars={**scalars, **_tests(state, arguments, table, kind)})


def _show_key(state: State, arguments: Arguments, contents: list[CellContent]) -> None:
    if not arguments.flag("nokey"):
        state.console.print()
        state.console.print_lines(key_box(contents))


def _with_totals(cells: np.ndarray) -> np.ndarray:
    """Cells (r, c) with row sums, column sums and the whole sum, (r + 1, c + 1)."""
    with_rows = np.column_stack((cells, cells.sum(axis=1)))
    return np.vstack((with_rows, with_rows.sum(axis=0)))


def _contents(arguments: Arguments, table: np.ndarray) -> list[CellContent]:
    """What each cell shows, in Stata's order."""
    whole = _with_totals(table)
    contents = []
    if not arguments.flag("nofreq"):
        contents.append(CellContent("frequency", whole))
    if arguments.flag("expected"):
        fitted = _with_totals(association.expected(table))
        contents.append(CellContent("expected frequency", fitted, "%10.1f"))
    if arguments.flag("cchi2"):
        parts = _with_totals(association.pearson_contributions(table))
        contents.append(CellContent("chi2 contribution", parts, "%10.1f"))
    if arguments.flag("clrchi2"):
        parts = _with_totals(association.likelihood_ratio_contributions(table))
        contents.append(CellContent("LR-chi2 contribution", parts, "%10.1f"))
    for option, name, base in (
        ("row", "row percentage", whole[:, -1:]),
        ("column", "column percentage", whole[-1:, :]),
        ("cell", "cell percentage", whole[-1:, -1:]),
    ):
        if arguments.flag(option):
            share = np.divide(100 * whole, base, out=np.zeros_like(whole), where=base != 0)
            contents.append(CellContent(name, share, "%6.2f"))
    return contents


def _tests(state: State, arguments: Arguments, table: np.ndarray, kind: str) -> dict[str, float]:
    """Print the tests asked for; their results under the names they have in r()."""
    everything = arguments.flag("all")
    exact = arguments.option("exact")
    wanted = {name: everything or arguments.flag(name) for name in _TESTS}
    wanted["exact"] = exact is not None and exact is not False
    if not any(wanted.values()):
        return {}
    if kind in ("aweight", "iweight"):
        raise StataError(101, f"{kind}s not allowed with tests of association")
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    found: dict[str, float] = {}
    lines = []
    if wanted["chi2"]:
        chi2 = float(association.pearson_contributions(table).sum())
        p = association.upper_tail(chi2, degrees)
        found |= {"chi2": chi2, "p": p}
        lines.append(test_line(f"Pearson chi2({degrees})", chi2, remark=f"   Pr = {_p(p)}"))
    if wanted["lrchi2"]:
        chi2 = float(association.likelihood_ratio_contributions(table).sum())
        p = association.upper_tail(chi2, degrees)
        found |= {"chi2_lr": chi2, "p_lr": p}
        title = f"Likelihood-ratio chi2({degrees})"
        lines.append(test_line(title, chi2, remark=f"   Pr = {_p(p)}"))
    if wanted["v"]:
        found["CramersV"] = association.cramers_v(table)
        lines.append(test_line("Cramér's V", found["CramersV"]))
    if wanted["gamma"]:
        measure = association.gamma(table)
        found |= {"gamma": measure.value, "ase_gam": measure.standard_error}
        remark = f"  ASE = {_p(measure.standard_error)}"
        lines.append(test_line("gamma", measure.value, remark=remark))
    if wanted["taub"]:
        measure = association.kendalls_tau_b(table)
        found |= {"taub": measure.value, "ase_taub": measure.standard_error}
        remark = f"  ASE = {_p(measure.standard_error)}"
        lines.append(test_line("Kendall's tau-b", measure.value, remark=remark))
    if wanted["exact"]:
        found["p_exact"] = association.fisher_exact(table)
        lines.append(test_line("Fisher's exact", found["p_exact"], format="%21.3f"))
        if table.shape == (2, 2):
            found["p1_exact"] = association.fisher_exact_one_sided(table)
            title = "1-sided Fisher's exact"
            lines.append(test_line(title, found["p1_exact"], format="%21.3f"))
    state.console.print()
    state.console.print_lines(lines)
    return found


def _p(value: float) -> str:
    return "." if value >= MISSING else f"{value:.3f}"
