"""``estat sd`` after generalized mixed commands ([ME] estat sd)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    result_table,
    value_labels,
)
from statalike.commands.estimation.constraints import constrained_parameters
from statalike.commands.estimation.display_options import confidence_level, table_options
from statalike.commands.estimation.distributions import two_sided_critical_value
from statalike.commands.estimation.generalized.description import (
    VarianceEntry,
    stored_description,
)
from statalike.commands.estimation.generalized.reported_estimates import RESIDUAL_VARIANCE
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class TransformedParameters:
    """Names (k,), values (k,) and the derivatives of e(b) (k, k) of the parameters with variances
    as standard deviations and covariances as correlations; ``first`` of them are not transformed.
    """

    stripes: tuple[Stripe, ...]
    values: np.ndarray
    jacobian: np.ndarray
    first: int


def generalized_sd(state: State, arguments: Arguments) -> None:
    """Standard deviations and correlations with standard errors by the delta method; r(198)."""
    options = arguments.options
    if options.get("variance"):
        raise StataError(198, "option variance is allowed only after mixed and menl")
    level = confidence_level(options, state.settings)
    found = transformed_parameters(state.e)
    V = found.jacobian @ state.e.matrices["V"].values @ found.jacobian.T
    results = Results(
        matrices={
            "b": NamedMatrix.row(found.values, found.stripes),
            "V": NamedMatrix.square(V, found.stripes),
        }
    )
    lower, upper = _intervals(found, V, level)
    table = result_table(results, level)
    values = table.values.copy()
    kept = [row.name for row in table.rows]
    values[kept.index("ll"), found.first :] = lower
    values[kept.index("ul"), found.first :] = upper
    results.matrices["table"] = NamedMatrix(values, table.rows, table.columns)
    state.console.print()
    state.console.print_lines(
        coefficient_table(
            CoefficientTable(
                _sections(state, results, found, options, level),
                dependent=found.stripes[0].equation if _whole(options) and found.first else "",
                level=level,
                error_method=state.e.macros.get("vcetype", ""),
                labels=value_labels(state.data),
            ),
            table_options(options, state.settings),
        )
    )
    state.r = results
    if options.get("post"):
        post_parameters(state)


def post_parameters(state: State) -> None:
    """Make the parameters in r(b) and r(V) the active estimates."""
    state.e = Results(
        macros={"cmd": "estat sd", "properties": "b V"},
        matrices={name: state.r.matrices[name] for name in ("b", "V")},
        sample=state.e.sample,
    )


def _whole(options: Mapping[str, Any]) -> bool:
    """Whether coefficients are shown too."""
    return bool(options.get("verbose") or options.get("post"))


def transformed_parameters(results: Results) -> TransformedParameters:
    """e(b) with standard deviations and correlations in the place of variances and covariances."""
    b = results.matrices["b"]
    values, places = b.values[0].copy(), {str(s): k for k, s in enumerate(b.columns)}
    description = stored_description(results)
    entries = {str(entry.stripe): entry for entry in description.variance_entries()}
    stripes = list(b.columns)
    jacobian = np.eye(len(stripes))
    first = len(stripes)
    variances = {
        (entry.path, entry.effects[0]): places[name]
        for name, entry in entries.items()
        if entry.is_variance
    }
    for place, stripe in enumerate(b.columns):
        entry = entries.get(str(stripe))
        residual = stripe.equation == "/" and stripe.name.startswith(RESIDUAL_VARIANCE)
        if entry is None and not residual:
            continue
        first = min(first, place)
        if entry is None:
            stripes[place] = Stripe("/", stripe.name.replace("var(", "sd(", 1))
        else:
            stripes[place] = Stripe(entry.path, _name(entry))
        value = float(b.values[0, place])
        if entry is None or entry.is_variance:
            values[place] = np.sqrt(value)
            jacobian[place, place] = 0.5 / values[place] if value > 0 else 0.0
            continue
        own = [variances[entry.path, effect] for effect in entry.effects]
        product = float(np.prod(b.values[0, own]))
        scale = 1.0 / np.sqrt(product) if product > 0 else 0.0
        values[place] = value * scale
        jacobian[place, place] = scale
        for position in own:
            variance = float(b.values[0, position])
            jacobian[place, position] = -0.5 * values[place] / variance if variance > 0 else 0.0
    return TransformedParameters(tuple(stripes), values, jacobian, first)


def _name(entry: VarianceEntry) -> str:
    return f"{'sd' if entry.is_variance else 'corr'}({','.join(entry.effects)})"


def _intervals(
    found: TransformedParameters, V: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Those of logarithms of standard deviations and of inverse hyperbolic tangents of
    correlations, transformed; missing where there is no standard error."""
    critical = two_sided_critical_value(level)
    values = found.values[found.first :]
    errors = np.sqrt(np.diagonal(V)[found.first :])
    correlated = np.array([s.name.startswith("corr(") for s in found.stripes[found.first :]])
    with np.errstate(all="ignore"):
        spread = critical * errors / np.where(correlated, 1.0 - values**2, values)
        bounds = [
            np.where(
                correlated,
                np.tanh(np.arctanh(values) + side * spread),
                values * np.exp(side * spread),
            )
            for side in (-1.0, 1.0)
        ]
    known = errors > 0
    lower, upper = (np.where(known & np.isfinite(b), b, MISSING) for b in bounds)
    return lower, upper


def _sections(
    state: State,
    results: Results,
    found: TransformedParameters,
    options: Mapping[str, Any],
    level: float,
) -> tuple[CoefficientSection, ...]:
    """The table's rows, equation by equation."""
    sections: list[CoefficientSection] = []
    first = found.stripes[0].equation
    places = range(0 if _whole(options) else found.first, len(found.stripes))
    if _whole(options) and first != "/":
        empty = emptiness(state.data, estimation_sample(state))
        coefficients = coefficient_rows(state.e, first, level, empty)
        sections.append(CoefficientSection(coefficients))
        places = range(len(coefficients), len(found.stripes))
    table = results.matrices["table"]
    columns = {row.name: values for row, values in zip(table.rows, table.values, strict=True)}
    constrained = constrained_parameters(state.e)
    titles = [found.stripes[place].equation for place in places]
    own = [place for place in places if place < found.first]
    groups = [own] if own else []
    for title in dict.fromkeys(titles):
        members = [p for p in places if p >= found.first and found.stripes[p].equation == title]
        groups += [members] if members else []
    for members in groups:
        rows = tuple(
            CoefficientRow(
                f"/{found.stripes[place].name}"
                if place < found.first
                else found.stripes[place].name,
                float(found.values[place]),
                float(columns["se"][place]),
                lower=float(columns["ll"][place]),
                upper=float(columns["ul"][place]),
                parameter=True,
                tested=False,
                status="constrained" if constrained[place] else "",
                legend=f"_b[{found.stripes[place]}]",
            )
            for place in members
        )
        title = found.stripes[members[0]].equation
        sections.append(CoefficientSection(rows, title="" if title == "/" else title))
    return tuple(sections)
