"""``ttest``: tests of means ([R] ttest, Methods and formulas)."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.estimation.distributions import t_critical_values, two_sided_t_p
from statalike.commands.registry import command
from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.errors import StataError, invalid_syntax
from statalike.evaluation import StateContext, observations_mask
from statalike.language.arguments import Arguments
from statalike.language.ast import Clause
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_clause, parse_expression
from statalike.output.ttest_table import MeanRow, MeansTest, means_and_test
from statalike.results.stores import Results
from statalike.state import State

_OPTIONS = "[if] [in] [, BY(varname) UNEqual Welch UNPaired Level(cilevel) REVerse]"


@command(
    "ttest",
    "ttest",
    form="text",
    syntax=f"anything {_OPTIONS}",
    help="tests of means",
    section="Estimation",
    by="each",
)
def ttest(state: State, text: str) -> None:
    """``ttest x == #``, ``ttest x == y``, ``ttest x == y, unpaired``, ``ttest x, by(group)``."""
    clause = parse_clause(text)
    left, equals, right = _sides(clause)
    arguments = _arguments(state, clause)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    name = state.data.unabbreviate(left)
    if state.data.variable(name).is_string:
        raise StataError(109, "type mismatch")
    level = confidence_level(arguments.options, state.settings)
    by = arguments.string("by")
    if by is None and (not equals or not right):
        raise StataError(100, "by() option required")
    if by is not None:
        if equals:
            raise invalid_syntax()
        _two_groups(state, arguments, name, by, mask, level)
    elif right in state.data or (right.isidentifier() and right not in state.memory.scalars):
        other = state.data.unabbreviate(right)
        _two_variables(state, arguments, (name, other), mask, level)
    else:
        value = evaluate_scalar(parse_expression(right), StateContext(state))
        if isinstance(value, str):
            raise StataError(109, "type mismatch")
        _one_sample(state, name, float(value), mask, level)


def _sides(clause: Clause) -> tuple[str, str, str]:
    """The two sides of ``x == y``, of which the parser may have taken one sign for itself."""
    body = clause.body if clause.assignment is None else f"{clause.body}={clause.assignment}"
    left, equals, right = body.partition("=")
    return left.strip(), equals, right.strip().lstrip("=").strip()


def _arguments(state: State, clause: Clause) -> Arguments:
    from dataclasses import replace

    from statalike.commands.data.use import read_clause

    return read_clause(_OPTIONS, replace(clause, body="", assignment=None), state.data)


def _values(state: State, name: str, mask: np.ndarray) -> np.ndarray:
    values = state.data.numbers(name)[mask]
    return values[values < MISSING]


def mean_row(name: str, values: np.ndarray, level: float) -> MeanRow:
    """Mean, standard error and interval of a sample; r(2000), r(2001) where there is too little."""
    n = len(values)
    if not n:
        raise StataError(2000, "no observations")
    mean = float(values.mean())
    if n < 2:
        return MeanRow(name, n, mean, MISSING, MISSING, MISSING, MISSING)
    deviation = float(values.std(ddof=1))
    error = deviation / np.sqrt(n)
    half = float(t_critical_values(level, np.array([n - 1.0]))[0]) * error
    return MeanRow(name, n, mean, error, deviation, mean - half, mean + half)


def _tails(t: float, df: float) -> tuple[float, float, float]:
    """Probabilities below t, beyond |t| on both sides, and above t."""
    both = float(two_sided_t_p(np.array([t]), np.array([df]))[0])
    low = both / 2 if t < 0 else 1 - both / 2
    return low, both, 1 - low


def _scalars(t: float, df: float, p: tuple[float, float, float], level: float) -> dict[str, float]:
    return {"level": level, "t": t, "df_t": df, "p_l": p[0], "p": p[1], "p_u": p[2]}


def _one_sample(state: State, name: str, value: float, mask: np.ndarray, level: float) -> None:
    row = mean_row(name, _values(state, name, mask), level)
    if row.n < 2:
        raise StataError(2001, "insufficient observations")
    t, df = (row.mean - value) / row.standard_error, row.n - 1
    p = _tails(t, df)
    shown = format_value(value, "%9.0g").strip()
    test = MeansTest(
        f"    mean = mean({name})",
        f"H0: mean = {shown}",
        "t",
        t,
        "Degrees of freedom",
        f"{df:.0f}",
        [f"mean {sign} {shown}" for sign in ("<", "!=", ">")],
        p,
    )
    state.console.print()
    state.console.print_lines(means_and_test("One-sample t test", "Variable", [[row]], level, test))
    state.r = Results(
        scalars={
            **_scalars(t, df, p, level),
            "se": row.standard_error,
            "sd_1": row.deviation,
            "mu_1": row.mean,
            "N_1": row.n,
        }
    )


def _two_variables(
    state: State, arguments: Arguments, names: tuple[str, str], mask: np.ndarray, level: float
) -> None:
    first, second = names
    if arguments.flag("unpaired"):
        samples = [_values(state, name, mask) for name in names]
        _two_samples(state, arguments, names, samples, level, head="Variable")
        return
    if arguments.flag("unequal") or arguments.flag("welch"):
        raise StataError(198, "options unequal and welch need unpaired samples")
    both = mask & ~state.data.variable(first).missing() & ~state.data.variable(second).missing()
    x, y = (state.data.numbers(name)[both] for name in names)
    rows = [mean_row(name, values, level) for name, values in zip(names, (x, y), strict=True)]
    difference = mean_row("diff", x - y, level)
    if difference.n < 2:
        raise StataError(2001, "insufficient observations")
    t, df = difference.mean / difference.standard_error, difference.n - 1
    p = _tails(t, df)
    test = MeansTest(
        f"     mean(diff) = mean({first} - {second})",
        " H0: mean(diff) = 0",
        "t",
        t,
        "Degrees of freedom",
        f"{df:.0f}",
        [f"mean(diff) {sign} 0" for sign in ("<", "!=", ">")],
        p,
    )
    state.console.print()
    state.console.print_lines(
        means_and_test("Paired t test", "Variable", [rows, [difference]], level, test)
    )
    state.r = Results(scalars=_two_sample_scalars(rows, difference, t, df, p, level))


def _two_sample_scalars(
    rows: list[MeanRow],
    difference: MeanRow,
    t: float,
    df: float,
    p: tuple[float, float, float],
    level: float,
) -> dict[str, float]:
    first, second = rows
    return {
        **_scalars(t, df, p, level),
        "se": difference.standard_error,
        "sd_2": second.deviation,
        "sd_1": first.deviation,
        "mu_2": second.mean,
        "N_2": second.n,
        "mu_1": first.mean,
        "N_1": first.n,
    }


def _two_groups(
    state: State, arguments: Arguments, name: str, by: str, mask: np.ndarray, level: float
) -> None:
    group = state.data.variable(by)
    there = mask & ~group.missing() & ~state.data.variable(name).missing()
    keys = group.strings() if group.is_string else group.numbers()
    levels = np.unique(keys[there]).tolist()
    if len(levels) != 2:
        found = "1 group" if len(levels) == 1 else "more than 2 groups" if levels else "no groups"
        raise StataError(420, f"{found} found, 2 required")
    if arguments.flag("reverse"):
        levels.reverse()
    labels = [
        value
        if isinstance(value, str)
        else state.data.label_of(by, value) or format_value(value, group.format).strip()
        for value in levels
    ]
    samples = [_values(state, name, there & (keys == value)) for value in levels]
    _two_samples(state, arguments, (labels[0], labels[1]), samples, level, head="Group")


def _two_samples(
    state: State,
    arguments: Arguments,
    names: tuple[str, str],
    samples: list[np.ndarray],
    level: float,
    *,
    head: str,
) -> None:
    """Two independent samples, with equal variances or by Satterthwaite's or Welch's degrees of
    freedom."""
    rows = [mean_row(name, values, level) for name, values in zip(names, samples, strict=True)]
    first, second = rows
    if first.n + second.n < 3 or min(first.n, second.n) < 1:
        raise StataError(2001, "insufficient observations")
    welch = arguments.flag("welch")
    unequal = welch or arguments.flag("unequal")
    combined = mean_row("Combined", np.concatenate(samples), level)
    if unequal:
        a, b = first.deviation**2 / first.n, second.deviation**2 / second.n
        error = float(np.sqrt(a + b))
        if welch:
            df = -2 + (a + b) ** 2 / (a**2 / (first.n + 1) + b**2 / (second.n + 1))
        else:
            df = (a + b) ** 2 / (a**2 / (first.n - 1) + b**2 / (second.n - 1))
        title = "Welch's degrees of freedom" if welch else "Satterthwaite's degrees of freedom"
        df_text = format_value(df, "%8.4f").strip()
    else:
        squares = sum(float(np.square(values - values.mean()).sum()) for values in samples)
        df = first.n + second.n - 2
        error = float(np.sqrt(squares / df * (1 / first.n + 1 / second.n)))
        title, df_text = "Degrees of freedom", f"{df:.0f}"
    mean = first.mean - second.mean
    half = float(t_critical_values(level, np.array([df]))[0]) * error
    difference = MeanRow("diff", MISSING, mean, error, MISSING, mean - half, mean + half)
    t = mean / error
    p = _tails(t, df)
    test = MeansTest(
        f"    diff = mean({names[0]}) - mean({names[1]})",
        "H0: diff = 0",
        "t",
        t,
        title,
        df_text,
        [f"diff {sign} 0" for sign in ("<", "!=", ">")],
        p,
    )
    kind = "unequal" if unequal else "equal"
    state.console.print()
    state.console.print_lines(
        means_and_test(
            f"Two-sample t test with {kind} variances",
            head,
            [rows, [combined], [difference]],
            level,
            test,
        )
    )
    state.r = Results(
        scalars={
            **_two_sample_scalars(rows, difference, t, df, p, level),
            "sd": combined.deviation,
        }
    )
