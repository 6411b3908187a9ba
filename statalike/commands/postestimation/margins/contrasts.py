"""Contrasts of margins: ``margins r.group``, ``margins a@b``, ``margins ..., contrast()``.

They are linear combinations of margins.  The points of ``at()``, the groups of ``over()`` and the
statistics are levels of factors ``_at``, the variables of ``over()``, and ``_predict``: levels are
compared within them, unless ``contrast()`` gives them operators of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.estimation.coefficient_rows import value_labels
from statalike.commands.postestimation.adjusted_inference import (
    AdjustedFamily,
    adjusted_inference,
)
from statalike.commands.postestimation.combination_inference import (
    CombinationInference,
    Combinations,
)
from statalike.commands.postestimation.comparison_options import Adjustment
from statalike.commands.postestimation.contrast_matrices import (
    FactorSettings,
    TermContrasts,
    term_contrasts,
)
from statalike.commands.postestimation.contrast_tables import ContrastReport, TestedTerm
from statalike.commands.postestimation.margins.estimation import MarginsEstimates
from statalike.commands.postestimation.margins.plan import Margin, MarginsPlan
from statalike.design.contrast_terms import ComparedFactor, ContrastTerm, WithinFactor
from statalike.engine.multiple_comparisons import Family
from statalike.engine.wald_test import independent_restrictions
from statalike.errors import StataError
from statalike.output.coefficient_names import simplified
from statalike.results.stores import Results
from statalike.state import State

#: size of derivatives of a combination, relative to those of its margins, that is taken for zero
NULL_TOLERANCE = 1e-11


@dataclass(frozen=True)
class MarginsAxes:
    """The factors that margins of a term vary by, each with its levels, and the position of the
    margin of each combination, an array with an axis for each factor.
    """

    levels: Mapping[str, Sequence[int]]
    positions: np.ndarray

    def in_order(self, names: Sequence[str]) -> np.ndarray:
        """The positions (cells,) with the axes in another order, the last fastest."""
        axes = list(self.levels)
        return self.positions.transpose([axes.index(name) for name in names]).ravel()


def margins_axes(
    plan: MarginsPlan, margins: Sequence[Margin], term: int, effect: int
) -> MarginsAxes:
    """The axes of the margins of a term (and an effect, -1 for none); r(198) where groups of
    several variables do not have all combinations.
    """
    levels: dict[str, Sequence[int]] = {}
    if len(plan.statistics) > 1:
        levels["_predict"] = range(1, len(plan.statistics) + 1)
    if len(plan.points) > 1:
        levels["_at"] = range(1, len(plan.points) + 1)
    groups = plan.sample.groups
    for number, name in enumerate(plan.sample.over):
        levels[name] = sorted({group.levels[number] for group in groups})
    own = plan.terms[term]
    for number, name in enumerate(own.factors):
        levels[name] = list(dict.fromkeys(cell[number] for cell in own.cells))
    shape = [len(each) for each in levels.values()]
    positions = [
        k for k, margin in enumerate(margins) if margin.term == term and margin.effect == effect
    ]
    if len(positions) != int(np.prod(shape)):
        raise StataError(198, "comparisons need margins for all combinations of over()")
    return MarginsAxes(levels, np.array(positions).reshape(shape))


def compared_dimensions(
    term: ContrastTerm, axes: MarginsAxes, operators: Mapping[str, ComparedFactor]
) -> ContrastTerm:
    """A term with the other dimensions of its margins: compared where they have an operator, and
    otherwise what is compared within.
    """
    outer = [name for name in axes.levels if name not in term.variables]
    return replace(
        term,
        compared=(*(operators[n] for n in outer if n in operators), *term.compared),
        within=(*(WithinFactor(n) for n in outer if n not in operators), *term.within),
    )


def contrast_report(
    state: State,
    plan: MarginsPlan,
    estimates: MarginsEstimates,
    terms: Sequence[ContrastTerm],
    operators: Mapping[str, ComparedFactor],
    inference: CombinationInference,
    results: Results,
    adjustment: Adjustment,
) -> tuple[ContrastReport, Combinations]:
    """All contrasts of the margins in ``results``, with their tests."""
    found: list[tuple[str, TermContrasts, np.ndarray]] = []
    margins = estimates.margins
    effects = [k for k, effect in enumerate(plan.effects) if not effect.is_base] or [-1]
    for effect in effects:
        for number, term in enumerate(terms):
            axes = margins_axes(plan, margins, number, effect)
            whole = compared_dimensions(term, axes, operators)
            if not whole.compared:
                raise StataError(198, "no margins to compare")
            contrasts = term_contrasts(whole, _settings(state, plan, axes))
            weights = np.zeros((len(contrasts.coefficients), len(margins)))
            weights[:, axes.in_order(whole.variables)] = contrasts.coefficients
            equation = simplified(plan.effects[effect].name) if effect >= 0 else ""
            found.append((equation, contrasts, weights))
    lost = results.matrices["error"].values[0] > 0
    weights = without_null(np.vstack([each for _, _, each in found]), estimates.jacobian)
    combinations = inference.about(weights, ~np.any(weights[:, lost] != 0, axis=1))
    tested = _tested(found, inference, combinations)
    families = _families(tested, combinations, adjustment)
    shown = adjusted_inference(
        combinations,
        results.scalars["level"],
        adjustment.method,
        [
            AdjustedFamily(list(term.members), family)
            for term, family in zip(tested, families, strict=True)
        ],
    )
    report = ContrastReport(tested, shown, adjustment, families, "", inference)
    return report, combinations


def without_null(weights: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    """Combinations (c, m) of margins, zero where they do not depend on the coefficients at all: the
    difference of margins that are the same function of them is nothing but rounding.
    """
    own = np.abs(weights @ jacobian).max(axis=1, initial=0.0)
    size = (np.abs(weights) @ np.abs(jacobian)).max(axis=1, initial=0.0)
    return np.where((own <= NULL_TOLERANCE * size)[:, None], 0.0, weights)


def _settings(state: State, plan: MarginsPlan, axes: MarginsAxes) -> FactorSettings:
    def counts(name: str) -> np.ndarray:
        levels = axes.levels[name]
        if name in ("_at", "_predict"):
            return np.ones(len(levels))
        values = np.concatenate(
            [state.data.numbers(name)[group.positions] for group in plan.sample.groups]
        )
        weights = np.concatenate([group.weights for group in plan.sample.groups])
        return np.array([weights[values == level].sum() for level in levels])

    bases = {name: levels[0] for name, levels in axes.levels.items()}
    bases |= {n: base for n, base in plan.covariates.bases.items() if n in axes.levels}
    return FactorSettings(
        axes.levels, bases, counts, state.memory.matrices, value_labels(state.data)
    )


def _tested(
    found: Sequence[tuple[str, TermContrasts, np.ndarray]],
    inference: CombinationInference,
    combinations: Combinations,
) -> list[TestedTerm]:
    terms: list[TestedTerm] = []
    start = 0
    for equation, contrasts, weights in found:
        members = range(start, start + len(weights))
        start = members.stop
        rows = tuple(
            (row, inference.test(combinations, [members[i] for i in row.members]))
            for row in contrasts.rows
        )
        joint = inference.test(combinations, members)
        terms.append(TestedTerm(equation, contrasts, members, joint, rows if len(rows) > 1 else ()))
    return terms


def _families(
    terms: Sequence[TestedTerm], found: Combinations, adjustment: Adjustment
) -> list[Family]:
    """The family of the contrasts of each term, or that of all of them."""
    everything = [member for term in terms for member in term.members]
    sets = [everything if adjustment.all_terms else list(term.members) for term in terms]
    families: list[Family] = []
    for members in sets:
        chosen = [member for member in members if found.estimable[member]]
        rank = int(independent_restrictions(found.covariance[np.ix_(chosen, chosen)]).sum())
        families.append(Family(len(chosen), rank))
    return families
