"""``lrtest``: likelihood-ratio tests of nested models ([R] lrtest)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scipy import special

from statalike.commands.postestimation.estat_ic import (
    criteria_matrix,
    criteria_table,
    information_criteria,
    parameters_estimated,
)
from statalike.commands.postestimation.estimates import show_directory
from statalike.commands.postestimation.stored_estimates import estimates_named, expand_names
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.likelihood_ratio_test import LikelihoodRatioTest, likelihood_ratio_test
from statalike.output.notes import note
from statalike.results.stores import Results
from statalike.state import State

RESTRICTED_NOTE = (
    "LR tests based on REML are valid only when the fixed-effects specification is identical for"
    " both models."
)

_SPECIFICATION = re.compile(r"\(([^()]*)\)|[^\s()]+")


@dataclass(frozen=True)
class Model:
    """One side of the test: one set of estimates, or several whose likelihoods are summed."""

    names: tuple[str, ...]
    estimates: tuple[Results, ...]

    def total(self, name: str) -> float:
        """The sum of a scalar of e(); missing when one of the estimates lacks it."""
        values = [results.scalars.get(name, MISSING) for results in self.estimates]
        return sum(values) if all(value < MISSING for value in values) else MISSING

    @property
    def df(self) -> float:
        return sum(parameters_estimated(results) for results in self.estimates)

    @property
    def producer(self) -> str:
        """The command, as it was typed, that made the first of the estimates."""
        macros = self.estimates[0].macros
        return macros.get("cmd2") or macros.get("cmd", "")

    @property
    def method(self) -> str:
        """``ML`` or ``REML``, the first of the estimates' own."""
        return self.estimates[0].macros.get("method", "ML").upper()


@command(
    "lrtest",
    syntax="anything [, STats DIr Force DF(real 0)]",
    help="likelihood-ratio tests of nested models",
    section="Postestimation",
)
def lrtest(state: State, arguments: Arguments) -> None:
    first, second = _models(state, arguments.body)
    check_log_likelihoods(first, second)
    if not arguments.flag("force"):
        check_comparable(first, second)
    smaller, larger = (first, second) if first.df <= second.df else (second, first)
    test = _test(smaller, larger, arguments)
    state.r = Results(scalars={"p": test.p, "chi2": test.statistic, "df": test.df})
    linesize = state.settings.linesize
    console = state.console
    boundary = differ_in_variances(smaller, larger)
    console.print()
    console.print_lines(
        likelihood_ratio_test(
            test, smaller.names, larger.names, boundary_note=boundary, linesize=linesize
        )
    )
    if "REML" in (smaller.method, larger.method):
        if not boundary:
            console.print()
        console.print_lines(note(RESTRICTED_NOTE, linesize))
    names = list(dict.fromkeys((*smaller.names, *larger.names)))
    if arguments.flag("dir"):
        show_directory(state, names)
    if arguments.flag("stats"):
        rows = [information_criteria(name, estimates_named(state, name)) for name in names]
        state.r.matrices["S"] = criteria_matrix(rows)
        console.print()
        console.print_lines(criteria_table(rows))


def _models(state: State, text: str) -> tuple[Model, Model]:
    """The two sides of the test; ``.`` stands for a second side that was not typed; r(198)."""
    groups: list[list[str]] = []
    for found in _SPECIFICATION.finditer(text):
        inside = found[1]
        groups.append([found[0]] if inside is None else inside.replace(",", " ").split())
    unread = _SPECIFICATION.sub("", text).strip()
    if unread or not 1 <= len(groups) <= 2 or not all(groups):
        raise StataError(198, "invalid syntax", hint="lrtest compares two sets of estimates")
    sides = [expand_names(state, group) for group in [*groups, ["."]][:2]]
    if len(groups) < 2 and sides[0] == ["."]:
        raise StataError(198, "invalid syntax", hint="lrtest compares two sets of estimates")
    first, second = (
        Model(tuple(side), tuple(estimates_named(state, name) for name in side)) for side in sides
    )
    return first, second


def check_log_likelihoods(*models: Model) -> None:
    """r(498) when estimates have no log likelihood to compare."""
    for model in models:
        for name, results in zip(model.names, model.estimates, strict=True):
            if results.scalars.get("ll", MISSING) >= MISSING:
                raise StataError(498, f"{name} does not contain scalar e(ll)")


def check_comparable(first: Model, second: Model) -> None:
    """r(498) when a difference of log likelihoods would not be that of nested models."""
    for results in (*first.estimates, *second.estimates):
        sampled = results.macros.get("wtype", "") == "pweight"
        if sampled or results.macros.get("vce") in ("robust", "cluster"):
            raise StataError(498, "LR test likely invalid for models with robust vce")
    if len(first.estimates) == len(second.estimates) == 1:
        _check_alike("estimators", first.producer, second.producer)
        _check_alike("estimation methods", first.method, second.method)
    n, m = first.total("N"), second.total("N")
    if n != m:
        raise StataError(498, f"observations differ: {n:.0f} vs. {m:.0f}")


def _check_alike(what: str, ours: str, theirs: str) -> None:
    if ours != theirs:
        raise StataError(498, f"test involves different {what}: {ours} vs. {theirs}")


def _test(smaller: Model, larger: Model, arguments: Arguments) -> LikelihoodRatioTest:
    statistic = 2 * (larger.total("ll") - smaller.total("ll"))
    if arguments.typed("df"):
        df = arguments.number("df") or 0.0
        if df <= 0:
            raise StataError(198, "df() must be positive")
    else:
        df = larger.df - smaller.df
        if df == 0:
            raise StataError(498, f"df(unrestricted) = df(restricted) = {larger.df:.0f}")
    p = float(special.chdtrc(df, statistic)) if statistic > 0 else 1.0
    return LikelihoodRatioTest(statistic, df, p)


def differ_in_variances(first: Model, second: Model) -> bool:
    """Whether variances or residual parameters set two models apart, not covariances alone.

    Then the null hypothesis may lie on the boundary of the parameter space.
    """
    if len(first.estimates) != 1 or len(second.estimates) != 1:
        return False
    a, b = first.estimates[0], second.estimates[0]
    if "k_rs" not in a.scalars and "k_rs" not in b.scalars:
        return False
    if first.producer != second.producer:
        return True
    return any(a.scalars.get(name, 0.0) != b.scalars.get(name, 0.0) for name in ("k_rs", "k_res"))
