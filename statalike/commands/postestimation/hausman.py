"""``hausman``: whether two estimators differ systematically ([R] hausman).

With b of an estimator that is consistent either way, and B of one that is efficient under the
hypothesis and inconsistent otherwise (Hausman 1978),

    H = (b - B)' (V_b - V_B)^- (b - B),

chi-squared with as many degrees of freedom as V_b - V_B has rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.postestimation.compared_models import ComparedModel, compared_model
from statalike.commands.postestimation.stored_estimates import estimates_named
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.engine.hausman_test import HausmanTest, hausman_test
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.hausman_table import HausmanRow, HausmanSection, hausman_table
from statalike.output.notes import note
from statalike.results.matrix import Stripe
from statalike.results.stores import Results
from statalike.state import State


@command(
    "hausman",
    syntax="anything [, Constant ALLEQs SKIPEqs(string) EQuations(string) FORCE DF(integer 0) "
    "SIGMAMORE SIGMALESS TCONsistent(string) TEFFicient(string)]",
    unsupported="SIGMA(string)",
    help="Hausman's specification test",
    section="Postestimation",
)
def hausman(state: State, arguments: Arguments) -> None:
    names = arguments.body.split()
    if not 1 <= len(names) <= 2:
        raise StataError(198, "hausman compares two sets of estimates")
    names = [*names, "."][:2]
    if names[0] == names[1]:
        raise StataError(198, "hausman compares two sets of estimates")
    stored = [estimates_named(state, name) for name in names]
    if not arguments.flag("force"):
        for name, results in zip(names, stored, strict=True):
            if results.macros.get("vce") in ("robust", "cluster", "bootstrap", "jackknife"):
                raise StataError(
                    198,
                    f"hausman cannot be used with vce({results.macros['vce']}); see {name}",
                    hint="option force carries the test out all the same",
                )
    level = state.settings.level
    consistent, efficient = (
        compared_model(name, results, level) for name, results in zip(names, stored, strict=True)
    )
    pairs = _common(consistent, efficient, arguments)
    if not pairs:
        raise StataError(498, "no coefficients in common; specify equations(matchlist)")
    scale = _scales(stored[0], stored[1], arguments)
    b, V_b = _part(consistent, [pair.first for pair in pairs], scale[0])
    B, V_B = _part(efficient, [pair.second for pair in pairs], scale[1])
    found = hausman_test(b, B, V_b, V_B, arguments.integer("df") or None)
    scalars = {"chi2": found.statistic, "df": float(found.df), "p": found.p}
    scalars["rank"] = float(found.rank)
    state.r = Results(scalars={k: v if np.isfinite(v) else MISSING for k, v in scalars.items()})
    _show(state, arguments, names, stored, pairs, (b, B), V_b - V_B, found)


@dataclass(frozen=True)
class _Pair:
    """Where a coefficient stands in e(b) of both, and its name and equation."""

    stripe: Stripe
    first: int
    second: int


def _common(first: ComparedModel, second: ComparedModel, arguments: Arguments) -> list[_Pair]:
    """The coefficients that both have, of the first equation or of all that are matched."""
    matches = _matched_equations(first, second, arguments)
    pairs = []
    for own, other in matches:
        for stripe, place in first.places.items():
            if stripe.equation != own:
                continue
            if stripe.name == "_cons" and not arguments.flag("constant"):
                continue
            there = second.place(Stripe(other, stripe.name))
            known = there is not None and all(
                model.inference.standard_errors[at] < MISSING
                for model, at in ((first, place), (second, there))
            )
            if known and there is not None:
                pairs.append(_Pair(stripe, place, there))
    return pairs


def _matched_equations(
    first: ComparedModel, second: ComparedModel, arguments: Arguments
) -> list[tuple[str, str]]:
    own, other = (
        list(dict.fromkeys(stripe.equation for stripe in model.places)) for model in (first, second)
    )
    text = arguments.string("equations")
    if text:
        pairs = []
        for item in text.split(","):
            left, colon, right = item.strip().partition(":")
            numbers = (left, right if colon else left)
            try:
                pairs.append((own[int(numbers[0]) - 1], other[int(numbers[1]) - 1]))
            except (ValueError, IndexError):
                raise StataError(198, f"equations({text}) invalid") from None
        return pairs
    skipped = (arguments.string("skipeqs") or "").split()
    if not arguments.flag("alleqs") and not skipped:
        return [(own[0], other[0])]
    return [(name, name) for name in own if name in other and name not in skipped]


def _scales(consistent: Results, efficient: Results, arguments: Arguments) -> tuple[float, float]:
    """Factors of both covariances that ``sigmamore`` and ``sigmaless`` ask for; r(198)."""
    more, less = arguments.flag("sigmamore"), arguments.flag("sigmaless")
    if more and less:
        raise StataError(198, "options sigmamore and sigmaless may not be combined")
    if not (more or less):
        return 1.0, 1.0
    first, second = _residual_variance(consistent), _residual_variance(efficient)
    return (second / first, 1.0) if more else (1.0, first / second)


def _residual_variance(results: Results) -> float:
    for name in ("rmse", "sigma_e", "sigma"):
        value = results.scalars.get(name, MISSING)
        if value < MISSING:
            return value**2
    b = results.matrices["b"]
    position = b.column_position("lnsig_e", "_cons")
    if position >= 0:
        return float(np.exp(2 * b.values[0, position]))
    raise StataError(198, "estimates have no residual variance; sigmamore and sigmaless need one")


def _part(model: ComparedModel, places: list[int], scale: float) -> tuple[np.ndarray, np.ndarray]:
    b = model.results.matrices["b"].values[0, places]
    return b, scale * model.results.matrices["V"].values[np.ix_(places, places)]


def _show(
    state: State,
    arguments: Arguments,
    names: list[str],
    stored: list[Results],
    pairs: list[_Pair],
    coefficients: tuple[np.ndarray, np.ndarray],
    difference: np.ndarray,
    found: HausmanTest,
) -> None:
    console, linesize = state.console, state.settings.linesize
    console.print()
    if found.rank < len(pairs):
        text = (
            f"the rank of the differenced variance matrix ({found.rank}) does not equal the number "
            f"of coefficients being tested ({len(pairs)}); be sure this is what you expect, or "
            "there may be problems computing the test. Examine the output of your estimators for "
            "anything unexpected and possibly consider scaling your variables so that the "
            "coefficients are on a similar scale."
        )
        console.print_lines(note(text, linesize))
        console.print()
    variances = np.diag(difference)
    errors = np.where(variances >= 0, np.sqrt(np.abs(variances)), MISSING)
    b, B = coefficients
    rows = [
        HausmanRow(pair.stripe.name, float(b[i]), float(B[i]), float(b[i] - B[i]), float(errors[i]))
        for i, pair in enumerate(pairs)
    ]
    equations = list(dict.fromkeys(pair.stripe.equation for pair in pairs))
    sections = [
        HausmanSection(
            equation if len(equations) > 1 else "",
            tuple(row for row, p in zip(rows, pairs, strict=True) if p.stripe.equation == equation),
        )
        for equation in equations
    ]
    titles = (
        arguments.string("tconsistent") or ("Active" if names[0] == "." else names[0]),
        arguments.string("tefficient") or ("." if names[1] == "." else names[1]),
    )
    producers = tuple(each.macros.get("cmd2") or each.macros.get("cmd", "") for each in stored)
    console.print_lines(hausman_table(sections, titles, (producers[0], producers[1]), found))
