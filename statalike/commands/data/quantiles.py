"""``xtile``, ``pctile``, ``_pctile``, ``centile``, ``ci``: quantiles and intervals.

[D] pctile, [R] centile, [R] ci.
"""

from __future__ import annotations

import numpy as np

from statalike.commands.data import group_statistics as statistics
from statalike.commands.data.generate import report_missing
from statalike.commands.data.use import read_clause
from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.estimation.distributions import t_critical_values
from statalike.commands.registry import command
from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.data.names import check_name
from statalike.data.storage import storage_type
from statalike.errors import StataError, already_defined, no_observations
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate
from statalike.language.parser import parse_clause, split_name
from statalike.language.values import as_numbers
from statalike.language.variable_lists import new_variables
from statalike.output.styled import line, result
from statalike.output.text_width import abbreviate
from statalike.results.stores import Results
from statalike.state import State

_OPTIONS = "[, Nquantiles(integer 2) Percentiles(numlist >0 <100) Cutpoints(varname) GENP(name)]"


def _quantiles(values: np.ndarray, percents: list[float]) -> np.ndarray:
    """Percentiles of a sample, as ``summarize, detail`` defines them."""
    one = np.zeros(len(values), dtype=np.int64)
    return np.array([statistics.percentiles(values, one, 1, p)[0] for p in percents])


def _percents(arguments: Arguments) -> list[float]:
    given = list(arguments.numbers("percentiles"))
    if given:
        return given
    number = arguments.integer("nquantiles") or 2
    if number < 2:
        raise StataError(198, "nquantiles() must be at least 2")
    return [100.0 * i / number for i in range(1, number)]


def _read(state: State, text: str) -> tuple[str, np.ndarray, np.ndarray, Arguments]:
    """``newvar = exp [if] [in], options``: the name, the values, the chosen rows, the options."""
    clause = parse_clause(text)
    arguments = read_clause(f"anything =exp [if] [in] {_OPTIONS}", clause, state.data)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    assert arguments.assignment is not None
    values = as_numbers(evaluate(arguments.assignment, StateContext(state)), state.data.n)
    return clause.body.strip(), values, mask & (values < MISSING), arguments


@command("xtile", "xtile", form="text", help="groups by quantiles", section="Data")
def xtile(state: State, text: str) -> None:
    """``xtile newvar = exp, nquantiles(#)``: 1 up to the first quantile, 2 up to the second, ..."""
    body, values, mask, arguments = _read(state, text)
    new = new_variables(body, state.data)[0]
    if not mask.any():
        raise no_observations()
    cuts = arguments.string("cutpoints")
    if cuts:
        limits = np.unique(state.data.numbers(cuts))
        limits = limits[limits < MISSING]
    else:
        limits = _quantiles(values[mask], _percents(arguments))
    found = np.full(state.data.n, MISSING)
    found[mask] = np.searchsorted(limits, values[mask], side="left") + 1
    label = f"{arguments.integer('nquantiles')} quantiles of {arguments.assignment_text}"
    kind = storage_type(new.storage or "byte")
    state.data.add(new.name, found, kind, label=label[:80])
    report_missing(state, int(np.count_nonzero(found >= MISSING)))


@command("pctile", "pctile", form="text", help="a variable of quantiles", section="Data")
def pctile(state: State, text: str) -> None:
    """``pctile newvar = exp, nquantiles(#)``: the quantiles in the first observations."""
    body, values, mask, arguments = _read(state, text)
    new = new_variables(body, state.data)[0]
    if not mask.any():
        raise no_observations()
    percents = _percents(arguments)
    found = _quantiles(values[mask], percents)
    if len(found) > state.data.n:
        raise StataError(198, "nquantiles() must be no more than the number of observations plus 1")
    column = np.full(state.data.n, MISSING)
    column[: len(found)] = found
    kind = storage_type(new.storage or state.settings.type)
    state.data.add(new.name, column, kind, label=f"percentiles of {arguments.assignment_text}"[:80])
    genp = arguments.string("genp")
    if genp:
        if check_name(genp) in state.data:
            raise already_defined(genp)
        column = np.full(state.data.n, MISSING)
        column[: len(found)] = percents
        state.data.add(genp, column, storage_type(state.settings.type))
    _store(state, found)


@command(
    "_pctile",
    "_pctile",
    syntax=f"varname(numeric) [if] [in] {_OPTIONS}",
    help="quantiles in r()",
    section="Data",
)
def percentiles_in_r(state: State, arguments: Arguments) -> None:
    mask = observations_mask(state, arguments.condition, arguments.observations)
    values = state.data.numbers(arguments.varlist[0])
    mask &= values < MISSING
    if not mask.any():
        raise no_observations()
    _store(state, _quantiles(values[mask], _percents(arguments)))


def _store(state: State, found: np.ndarray) -> None:
    state.r = Results(scalars={f"r{i}": float(x) for i, x in enumerate(found, 1)})


@command(
    "centile",
    "centile",
    syntax="[varlist] [if] [in] [, CEntile(numlist >=0 <=100) Level(cilevel)]",
    unsupported="CCi Normal Meansd",
    help="centiles with confidence intervals",
    section="Description",
    by="each",
)
def centile(state: State, arguments: Arguments) -> None:
    """Centiles by interpolation between order statistics at (n + 1) p, with intervals by the
    binomial distribution, interpolated."""
    level = confidence_level(arguments.options, state.settings)
    percents = list(arguments.numbers("centile")) or [50.0]
    chosen = observations_mask(state, arguments.condition, arguments.observations)
    console = state.console
    console.print()
    console.print(f"{'Binom. interp.':>71}")
    console.print(
        f"{'Variable':>12} |{'Obs':>9}{'Percentile':>12}{'Centile':>13}"
        f"{f'[{level:g}% conf. interval]':>28}"
    )
    console.print("-" * 13 + "+" + "-" * 61)
    scalars: dict[str, float] = {}
    for name in arguments.varlist:
        if state.data.variable(name).is_string:
            continue
        values = state.data.numbers(name)[chosen]
        values = np.sort(values[values < MISSING])
        for number, p in enumerate(percents, 1):
            found, low, high = _centile(values, p, level)
            first = number == 1
            head = f"{abbreviate(name, 12):>12} |{len(values):>9,}" if first else f"{'':13}|{'':9}"
            cells = "".join(
                f"{format_value(x, '%9.0g').strip():>{w}}"
                for x, w in ((p, 12), (found, 13), (low, 16), (high, 12))
            )
            console.print(line(head, result(cells)))
            scalars |= {f"c_{number}": found, f"lb_{number}": low, f"ub_{number}": high}
        scalars |= {"N": float(len(values)), "n_cent": float(len(percents))}
    state.r = Results(scalars=scalars)


def _interpolated(values: np.ndarray, rank: float) -> float:
    n = len(values)
    if not n:
        return MISSING
    if rank <= 1:
        return float(values[0])
    if rank >= n:
        return float(values[-1])
    low = int(np.floor(rank))
    return float(values[low - 1] + (rank - low) * (values[low] - values[low - 1]))


def _centile(values: np.ndarray, p: float, level: float) -> tuple[float, float, float]:
    """A centile and the interval between order statistics whose coverage is interpolated."""
    from scipy.stats import binom

    n, q = len(values), p / 100
    if not n:
        return MISSING, MISSING, MISSING
    found = _interpolated(values, q * (n + 1))
    if not 0 < q < 1:
        return found, found, found
    tail = (100 - level) / 200
    below = binom.cdf(np.arange(n + 1), n, q)
    low = int(np.searchsorted(below, tail, side="right"))
    if low > 0:
        before = below[low - 1]
        low_rank = low + (tail - before) / (below[low] - before)
    else:
        low_rank = 0.0
    high = int(np.searchsorted(below, 1 - tail, side="left"))
    before = below[high - 1] if high else 0.0
    high_rank = high + (1 - tail - before) / (below[high] - before)
    return found, _interpolated(values, low_rank), _interpolated(values, high_rank + 1 - 0.0)


@command("ci", "ci", form="text", help="confidence intervals", section="Description", by="each")
def ci(state: State, text: str) -> None:
    """``ci means varlist``, ``ci proportions varlist``; the other kinds are refused."""
    kind, rest = split_name(text)
    options = "[varlist] [if] [in] [, Level(cilevel) EXAct WAld Wilson Agresti JEffreys Poisson]"
    if kind in ("variances", "var", "vari"):
        raise StataError(198, "ci variances not yet supported")
    if kind not in ("means", "mean", "proportions", "proportion", "prop"):
        raise StataError(198, f"{kind} invalid subcommand; type ci means or ci proportions")
    arguments = read_clause(options, parse_clause(rest.strip()), state.data)
    if arguments.flag("poisson"):
        raise StataError(198, "option poisson not yet supported")
    level = confidence_level(arguments.options, state.settings)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    means = kind.startswith("mean")
    method = _method(arguments)
    console = state.console
    console.print()
    title = "" if means else {"exact": "Binomial exact"}.get(method, method.capitalize())
    if title:
        console.print(f"{title:>76}")
    interval = f"[{level:g}% conf. interval]"
    middle = "Mean" if means else "Proportion"
    console.print(f"{'Variable':>12} |{'Obs':>11}{middle:>12}{'Std. err.':>13}{interval:>28}")
    console.print("-" * 13 + "+" + "-" * 63)
    scalars: dict[str, float] = {}
    for name in arguments.varlist:
        if state.data.variable(name).is_string:
            continue
        values = state.data.numbers(name)[mask]
        values = values[values < MISSING]
        if not means and not np.isin(values, (0.0, 1.0)).all():
            continue
        row = _mean_interval(values, level) if means else _proportion(values, level, method)
        cells = "".join(
            f"{format_value(x, '%9.0g').strip():>{w}}"
            for x, w in zip(row, (12, 13, 16, 12), strict=True)
        )
        console.print(line(f"{abbreviate(name, 12):>12} |", result(f"{len(values):>11,}{cells}")))
        scalars = {
            "N": float(len(values)),
            "mean" if means else "proportion": row[0],
            "se": row[1],
            "lb": row[2],
            "ub": row[3],
            "level": level,
        }
    state.r = Results(scalars=scalars)


def _method(arguments: Arguments) -> str:
    names = ("exact", "wald", "wilson", "agresti", "jeffreys")
    chosen = [name for name in names if arguments.flag(name)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {', '.join(names)} is allowed")
    return chosen[0] if chosen else "exact"


def _mean_interval(values: np.ndarray, level: float) -> tuple[float, float, float, float]:
    n = len(values)
    if n < 2:
        mean = float(values.mean()) if n else MISSING
        return mean, MISSING, MISSING, MISSING
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(n))
    half = float(t_critical_values(level, np.array([n - 1.0]))[0]) * error
    return mean, error, mean - half, mean + half


def _proportion(values: np.ndarray, level: float, method: str) -> tuple[float, float, float, float]:
    """A proportion and its interval: exact (Clopper and Pearson), Wald, Wilson, Agresti and Coull,
    or Jeffreys ([R] ci, Methods and formulas)."""
    from scipy import special

    n, k = len(values), float(values.sum())
    if not n:
        return MISSING, MISSING, MISSING, MISSING
    p = k / n
    error = float(np.sqrt(p * (1 - p) / n))
    tail = (100 - level) / 200
    z = float(special.ndtri(1 - tail))
    match method:
        case "exact":
            low = float(special.betaincinv(k, n - k + 1, tail)) if k > 0 else 0.0
            high = float(special.betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
        case "wald":
            low, high = max(p - z * error, 0.0), min(p + z * error, 1.0)
        case "jeffreys":
            low = float(special.betaincinv(k + 0.5, n - k + 0.5, tail))
            high = float(special.betaincinv(k + 0.5, n - k + 0.5, 1 - tail))
        case _:
            center = (k + z * z / 2) / (n + z * z)
            if method == "wilson":
                half = z * np.sqrt(n) / (n + z * z) * np.sqrt(p * (1 - p) + z * z / (4 * n))
            else:
                half = z * np.sqrt(center * (1 - center) / (n + z * z))
            low, high = float(center - half), float(center + half)
    return p, error, low, high
