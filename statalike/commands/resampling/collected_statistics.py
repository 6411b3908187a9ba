"""The statistics that a prefix collects from each run of its command.

``_b`` stands for all coefficients and ``_se`` for their standard errors; anything else is an
expression of coefficients and of r() and e().
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.data.missing import MISSING
from statalike.data.names import check_name
from statalike.errors import StataError, type_mismatch
from statalike.evaluation import StateContext
from statalike.language import ast
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_collected, parse_expression
from statalike.results.matrix import Stripe
from statalike.state import State


@dataclass(frozen=True)
class Statistic:
    """One number to collect: what it is called, its text, and the expression that gives it."""

    stripe: Stripe
    text: str
    expression: ast.Expression

    @property
    def variable_name(self) -> str:
        """The name of the variable that holds it: ``eq_b_x`` for ``[eq]_b[x]``."""
        name = f"{self.stripe.equation}_{self.stripe.name}".removeprefix("_")
        return "".join(c if c.isalnum() or c == "_" else "_" for c in name)[:32]


@dataclass(frozen=True)
class Collection:
    """The statistics of a run; ``coefficients`` tells that they are e(b) and nothing else."""

    statistics: tuple[Statistic, ...]
    coefficients: bool = False

    @property
    def stripes(self) -> tuple[Stripe, ...]:
        return tuple(each.stripe for each in self.statistics)

    def values(self, state: State) -> np.ndarray:
        """The values (k,) after a run; nan where one is missing."""
        context = StateContext(state)
        values = np.empty(len(self.statistics))
        for i, statistic in enumerate(self.statistics):
            value = evaluate_scalar(statistic.expression, context)
            if isinstance(value, str):
                raise type_mismatch()
            values[i] = value if value < MISSING else np.nan
        return values

    @property
    def variable_names(self) -> list[str]:
        """Names of variables for the statistics, each different; r(198)."""
        names = [check_name(each.variable_name) for each in self.statistics]
        if len(set(names)) < len(names):
            raise StataError(198, "expressions must have different names")
        return names


def collection_of(state: State, text: str, prefix: str) -> Collection:
    """The statistics asked for, after a first run of the command; ``prefix`` begins the names of
    those without one (``_bs_1``).

    Without a text they are the coefficients of an estimation, or all scalars in r().
    """
    items = parse_collected(text)
    if not items:
        return _everything(state)
    if items in ((("", "", "_b"),), (("", "", "_coef"),)):
        return Collection(_coefficients(state, "b", plain=True), coefficients=True)
    found: list[Statistic] = []
    for equation, name, expression in items:
        if expression in ("_b", "_coef", "_se") and not name:
            kind = "se" if expression == "_se" else "b"
            found += _coefficients(state, kind, plain=False)
        else:
            called = name or f"{prefix}{len(found) + 1}"
            stripe = Stripe(equation, check_name(called))
            found.append(Statistic(stripe, _bare(expression), parse_expression(expression)))
    if len({each.stripe for each in found}) < len(found):
        raise StataError(198, "expressions must have different names")
    return Collection(tuple(found))


def _bare(text: str) -> str:
    """An expression without parentheses around all of it."""
    inside = text[1:-1]
    if text[:1] == "(" and text[-1:] == ")" and "(" not in inside and ")" not in inside:
        return inside
    return text


def _everything(state: State) -> Collection:
    if "b" in state.e.matrices:
        return Collection(_coefficients(state, "b", plain=True), coefficients=True)
    names = list(state.r.scalars)
    if not names:
        raise StataError(198, "expression list required")
    return Collection(
        tuple(
            Statistic(Stripe("", name), f"r({name})", ast.StoredResult("r", name)) for name in names
        )
    )


def _coefficients(state: State, kind: str, *, plain: bool) -> tuple[Statistic, ...]:
    b = state.e.matrices.get("b")
    if b is None:
        raise StataError(301, "last estimates not found")
    several = len({stripe.equation for stripe in b.columns}) > 1
    found = []
    for stripe in b.columns:
        expression = ast.Coefficient(kind, stripe.equation, stripe.name)
        called = stripe
        if not plain:
            equation = stripe.equation.strip("/") if several else ""
            called = Stripe(equation, f"_{kind}_{stripe.name.removeprefix('_')}")
        found.append(Statistic(called, f"_{kind}[{stripe}]", expression))
    return tuple(found)


def legend(statistics: Sequence[Statistic]) -> list[tuple[str, str]]:
    """Names and texts for the lines under ``Command:``."""
    return [(each.stripe.name, each.text) for each in statistics]
