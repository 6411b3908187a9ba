"""Pairwise comparisons of margins: ``margins group, pwcompare``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.coefficient_rows import WaldInference, value_labels
from statalike.commands.postestimation.adjusted_inference import (
    AdjustedFamily,
    adjusted_inference,
    inference_row,
)
from statalike.commands.postestimation.combination_inference import (
    CombinationInference,
    Combinations,
)
from statalike.commands.postestimation.comparison_options import Adjustment
from statalike.commands.postestimation.contrast_matrices import cell_labels
from statalike.commands.postestimation.margins.contrasts import margins_axes, without_null
from statalike.commands.postestimation.margins.estimation import MarginsEstimates
from statalike.commands.postestimation.margins.plan import Margin, MarginsPlan
from statalike.commands.postestimation.pwcompare_tables import FOR_BALANCED_DATA
from statalike.data.missing import MISSING
from statalike.engine.multiple_comparisons import Family, spans_of
from statalike.engine.wald_test import independent_restrictions
from statalike.errors import StataError
from statalike.output.coefficient_names import simplified
from statalike.output.coefficient_table import CoefficientRow, CoefficientSection
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class ComparedMargins:
    """The pairs (m, 2) of margins of a term (and effect) that are compared, by position in r(b),
    the higher level first, how each pair reads, and its name in r(b_vs).
    """

    equation: str
    name: str
    margins: np.ndarray
    pairs: np.ndarray
    labels: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class PairwiseReport:
    """All comparisons in turn, with inference about them."""

    terms: tuple[ComparedMargins, ...]
    found: Combinations
    shown: WaldInference
    adjustment: Adjustment

    def sections(self) -> list[CoefficientSection]:
        """The rows of the table by equation."""
        rows: dict[str, list[CoefficientRow]] = {}
        position = 0
        for term in self.terms:
            for label in term.labels:
                row = inference_row(
                    self.shown, position, name=label, heading=term.name, label=label
                )
                rows.setdefault(term.equation, []).append(row)
                position += 1
        return [CoefficientSection(tuple(own), equation) for equation, own in rows.items()]

    def counts(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """How many comparisons each term has, by equation."""
        found: dict[str, list[tuple[str, int]]] = {}
        for term in self.terms:
            found.setdefault(term.equation, []).append((term.name, len(term.labels)))
        return list(found.items())


def pairwise_report(
    state: State,
    plan: MarginsPlan,
    estimates: MarginsEstimates,
    inference: CombinationInference,
    results: Results,
    adjustment: Adjustment,
) -> PairwiseReport:
    """Every margin of a term against every other one, the later less the earlier; r(198)."""
    effects = [k for k, effect in enumerate(plan.effects) if not effect.is_base] or [-1]
    margins = estimates.margins
    terms: list[ComparedMargins] = []
    for effect in effects:
        for number in range(len(plan.terms)):
            terms.append(_compared(state, plan, margins, number, effect))
    pairs = np.concatenate([term.pairs for term in terms])
    if not len(pairs):
        raise StataError(198, "no margins to compare")
    weights = np.zeros((len(pairs), len(margins)))
    rows = np.arange(len(pairs))
    weights[rows, pairs[:, 0]] = 1.0
    weights[rows, pairs[:, 1]] = -1.0
    weights = without_null(weights, estimates.jacobian)
    lost = results.matrices["error"].values[0] > 0
    found = inference.about(weights, ~lost[pairs].any(axis=1))
    shown = adjusted_inference(
        found,
        results.scalars["level"],
        adjustment.method,
        _families(terms, found, adjustment, results),
    )
    return PairwiseReport(tuple(terms), found, shown, adjustment)


def _compared(
    state: State, plan: MarginsPlan, margins: Sequence[Margin], term: int, effect: int
) -> ComparedMargins:
    axes = margins_axes(plan, margins, term, effect)
    names = list(axes.levels)
    cells = list(itertools.product(*axes.levels.values()))
    texts = cell_labels(names, cells, value_labels(state.data))
    if len(names) > 1:
        texts = [f"({text})" for text in texts]
    positions = axes.positions.ravel()
    chosen = list(itertools.combinations(range(len(cells)), 2))
    pairs = [(positions[later], positions[earlier]) for earlier, later in chosen]
    return ComparedMargins(
        simplified(plan.effects[effect].name) if effect >= 0 else "",
        "#".join(names),
        positions,
        np.array(pairs, dtype=np.intp).reshape(-1, 2),
        tuple(f"{texts[later]} vs {texts[earlier]}" for earlier, later in chosen),
        tuple(
            f"{_levels(cells[later])}vs{_levels(cells[earlier])}.{'#'.join(names)}"
            for earlier, later in chosen
        ),
    )


def _levels(cell: tuple[int, ...]) -> str:
    """``2``, or ``(2 1)`` for the levels of several factors."""
    text = " ".join(map(str, cell))
    return f"({text})" if len(cell) > 1 else text


def _families(
    terms: Sequence[ComparedMargins],
    found: Combinations,
    adjustment: Adjustment,
    results: Results,
) -> list[AdjustedFamily]:
    """The families in which comparisons are adjusted: those of a term, or all of them."""
    b = results.matrices["b"].values[0]
    members: list[list[int]] = []
    start = 0
    for term in terms:
        members.append(list(range(start, start + len(term.pairs))))
        start += len(term.pairs)
    if adjustment.all_terms:
        members = [[k for own in members for k in own]]
    families: list[AdjustedFamily] = []
    for number, own in enumerate(members):
        chosen = [k for k in own if found.estimable[k]]
        rank = int(independent_restrictions(found.covariance[np.ix_(chosen, chosen)]).sum())
        spans = None
        means = 0
        if adjustment.method in FOR_BALANCED_DATA:
            term = terms[number]
            known = np.where(b[term.margins] < MISSING, b[term.margins], 0.0)
            place = {int(margin): k for k, margin in enumerate(term.margins)}
            local = np.array([[place[int(m)] for m in pair] for pair in term.pairs])
            means, spans = len(term.margins), spans_of(known, local)
        families.append(AdjustedFamily(own, Family(len(chosen), rank, means, spans)))
    return families
