"""``correlate`` and ``pwcorr``: correlations and covariances ([R] correlate)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.summary_statistics import summary
from statalike.commands.data.weights import weights_of
from statalike.commands.estimation.distributions import two_sided_t_p
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.errors import StataError, no_observations
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.output.correlation_table import correlation_table
from statalike.output.styled import Line, line, result
from statalike.output.summary_table import SummaryRow, summary_table
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


def _covariance(values: np.ndarray, weights: np.ndarray | None, kind: str) -> np.ndarray:
    """The covariance matrix (k, k) of complete rows (m, k), with divisor n - 1."""
    m = len(values)
    w = np.ones(m) if weights is None else weights
    total = w.sum()
    if kind == "aweight":
        w = w * (m / total)
        total = float(m)
    deviations = values - (w @ values) / w.sum()
    if total <= 1:
        return np.full((values.shape[1],) * 2, np.nan)
    covariance: np.ndarray = (deviations * w[:, None]).T @ deviations / (total - 1)
    return covariance


def _correlations(covariance: np.ndarray) -> np.ndarray:
    """Correlations of a covariance matrix; nan where a variance is zero."""
    spread = np.sqrt(np.diag(covariance))
    with np.errstate(all="ignore"):
        found: np.ndarray = covariance / np.outer(spread, spread)
    np.fill_diagonal(found, np.where(spread > 0, 1.0, np.nan))
    return found


def _settled(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, MISSING)


@command(
    "correlate",
    "cor",
    syntax="[varlist(numeric)] [if] [in] [fweight aweight] [, Means Covariance Wrap]",
    unsupported="_COEF noFORMAT",
    help="correlations of variables",
    section="Description",
    by="each",
)
def correlate(state: State, arguments: Arguments) -> None:
    """Correlations, or covariances, of the observations that are complete."""
    names = tuple(dict.fromkeys(arguments.varlist))
    mask = observations_mask(state, arguments.condition, arguments.observations)
    weights, mask = weights_of(state, arguments, mask)
    table = np.column_stack([state.data.numbers(name) for name in names])
    mask &= (table < MISSING).all(axis=1)
    if not mask.any():
        raise no_observations()
    kind = arguments.weight.kind if arguments.weight else ""
    w = None if weights is None else weights[mask]
    covariance = _covariance(table[mask], w, kind)
    n = float(w.sum()) if w is not None and kind == "fweight" else float(np.count_nonzero(mask))
    correlations = _correlations(covariance)
    state.console.print(line("(obs=", result(f"{int(n):,}"), ")"))
    state.console.print()
    if arguments.flag("means"):
        rows = [_summary_row(name, table[mask, j], w, kind) for j, name in enumerate(names)]
        state.console.print_lines(summary_table(rows))
        state.console.print()
    whole = state.console.linesize if not arguments.flag("wrap") else 10_000
    shown = covariance if arguments.flag("covariance") else correlations
    state.console.print_lines(
        correlation_table(
            names,
            _settled(shown),
            display_format="%9.0g" if arguments.flag("covariance") else "%9.4f",
            linesize=whole,
        )
    )
    state.console.print()
    stripes = tuple(Stripe("", name) for name in names)
    scalars = {"N": n}
    if len(names) > 1:
        scalars["rho"] = float(_settled(correlations)[0, 1])
        if arguments.flag("covariance"):
            scalars |= {"cov_12": float(covariance[0, 1])}
            scalars |= {"Var_1": float(covariance[0, 0]), "Var_2": float(covariance[1, 1])}
    state.r = Results(scalars=scalars, matrices={"C": NamedMatrix.square(_settled(shown), stripes)})


def _summary_row(
    name: str, values: np.ndarray, weights: np.ndarray | None, kind: str
) -> SummaryRow:
    found = summary(values, weights, kind)
    return SummaryRow(
        name,
        found.n,
        found.mean,
        found.standard_deviation,
        found.minimum,
        found.maximum,
    )


@command(
    "pwcorr",
    "pwcorr",
    syntax="[varlist(numeric)] [if] [in] [fweight aweight] [, Obs SIG Print(real 2) STar(real 0) "
    "LISTwise CASEwise Bonferroni SIDak]",
    help="correlations of pairs of variables",
    section="Description",
    by="each",
)
def pwcorr(state: State, arguments: Arguments) -> None:
    """Correlations, each of the observations that have both variables.

    The significance of r is that of t = r sqrt((n - 2)/(1 - r²)) with n - 2 degrees of freedom.
    """
    names = tuple(dict.fromkeys(arguments.varlist))
    mask = observations_mask(state, arguments.condition, arguments.observations)
    weights, mask = weights_of(state, arguments, mask)
    table = np.column_stack([state.data.numbers(name) for name in names])
    if arguments.flag("listwise") or arguments.flag("casewise"):
        mask &= (table < MISSING).all(axis=1)
    if not mask.any():
        raise no_observations()
    kind = arguments.weight.kind if arguments.weight else ""
    k = len(names)
    correlations, counts, p = np.full((3, k, k), np.nan)
    for i in range(k):
        for j in range(i + 1):
            pair = mask & (table[:, i] < MISSING) & (table[:, j] < MISSING)
            w = None if weights is None else weights[pair]
            n = float(w.sum()) if w is not None and kind == "fweight" else float(pair.sum())
            r = _correlations(_covariance(table[pair][:, [i, j]], w, kind))[0, 1]
            correlations[i, j] = correlations[j, i] = 1.0 if i == j and np.isfinite(r) else r
            counts[i, j] = counts[j, i] = n
            if i != j:
                p[i, j] = p[j, i] = _significance(float(r), n)
    tests = k * (k - 1) / 2
    if arguments.flag("bonferroni"):
        p = np.minimum(p * tests, 1.0)
    elif arguments.flag("sidak"):
        p = np.minimum(1 - (1 - p) ** tests, 1.0)
    state.console.print()
    state.console.print_lines(_pairwise_lines(state, arguments, names, (correlations, counts, p)))
    state.console.print()
    stripes = tuple(Stripe("", name) for name in names)
    found = _settled(correlations)
    state.r = Results(
        scalars={"N": float(counts[-1, 0]), "rho": float(found[0, 1]) if k > 1 else 1.0},
        matrices={
            "C": NamedMatrix.square(found, stripes),
            "sig": NamedMatrix.square(_settled(p), stripes),
            "Nobs": NamedMatrix.square(counts, stripes),
        },
    )


def _pairwise_lines(
    state: State,
    arguments: Arguments,
    names: tuple[str, ...],
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> list[Line]:
    correlations, counts, p = found
    star = _level(arguments, "star") if arguments.typed("star") else 0.0
    shown = _settled(correlations)
    if arguments.typed("print"):
        hidden = ~(p <= _level(arguments, "print")) & ~np.eye(len(names), dtype=bool)
        shown = np.where(hidden, np.nan, shown)
    below: list[tuple[np.ndarray, str]] = []
    if arguments.flag("sig"):
        below.append((_settled(p), "%9.4f"))
    if arguments.flag("obs"):
        below.append((counts, "%9.0f"))
    return correlation_table(
        names,
        shown,
        pairwise=True,
        stars=np.nan_to_num(p, nan=2.0) <= star if star else None,
        below=below,
        linesize=state.console.linesize,
    )


def _level(arguments: Arguments, name: str) -> float:
    """A level of significance, given as a fraction or in percent."""
    level = arguments.number(name) or 0.0
    if level >= 1:
        level /= 100
    if not 0 < level < 1:
        raise StataError(198, f"{name}() must be between 0 and 1")
    return level


def _significance(r: float, n: float) -> float:
    if not np.isfinite(r) or n <= 2:
        return float("nan")
    if abs(r) >= 1:
        return 0.0
    t = r * np.sqrt((n - 2) / (1 - r * r))
    return float(two_sided_t_p(np.array([t]), np.array([n - 2.0]))[0])
