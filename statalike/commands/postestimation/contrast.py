"""``contrast``: tests of contrasts of marginal linear predictions ([R] contrast)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from statalike.commands.estimation.coefficient_rows import value_labels
from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.postestimation.adjusted_inference import (
    AdjustedFamily,
    adjusted_inference,
    exponentiated,
    inference_table,
)
from statalike.commands.postestimation.combination_inference import (
    CombinationInference,
    Combinations,
)
from statalike.commands.postestimation.comparison_options import (
    MARGIN_OPTIONS,
    REPORT_OPTIONS,
    SINGLE,
    Adjustment,
    exponentiation_title,
    read_adjustment,
)
from statalike.commands.postestimation.comparison_results import (
    add_combinations,
    comparison_results,
    posted,
    title_lines,
)
from statalike.commands.postestimation.contrast_matrices import (
    FactorSettings,
    TermContrasts,
    TermRow,
    term_contrasts,
)
from statalike.commands.postestimation.contrast_tables import (
    ContrastReport,
    TestedTerm,
    contrast_tables,
)
from statalike.commands.postestimation.linear_predictions import (
    LinearPrediction,
    chosen_equations,
    margin_options,
)
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.design.contrast_terms import ContrastTerm, contrast_terms
from statalike.engine.multiple_comparisons import Family
from statalike.engine.wald_test import independent_restrictions
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_contrast_list
from statalike.language.variable_lists import with_full_names
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

TITLE = "Contrasts of marginal linear predictions"


@command(
    "contrast",
    "contr",
    syntax=f"anything [, OVERall LINCOM {MARGIN_OPTIONS} noEFFects CIeffects PVeffects noWALD "
    f"noATLEVels NOSVYadjust {REPORT_OPTIONS}]",
    help="contrasts of marginal linear predictions and tests of terms",
    section="Postestimation",
)
def contrast(state: State, arguments: Arguments) -> None:
    if arguments.flag("small") and arguments.flag("nosvyadjust"):
        raise StataError(198, "options small and nosvyadjust may not be combined")
    inference = CombinationInference(state, arguments)
    adjustment = read_adjustment(state, arguments, SINGLE)
    eform = exponentiation_title(arguments)
    level = confidence_level(arguments.options, state.settings)
    terms, found = _contrasts(state, arguments, inference)
    families = _families(terms, found, adjustment)
    shown = adjusted_inference(found, level, adjustment.method, families)
    shown = exponentiated(shown) if eform else shown
    overall = None
    if arguments.flag("overall"):
        overall = inference.test(found, range(len(found.estimates)))
    results = comparison_results(state, arguments, TITLE, adjustment)
    _add_contrasts(results, state.e.matrices["b"].columns, inference, terms, found)
    results.matrices["table"] = inference_table(
        shown, results.matrices["b"].columns, by_t=inference.by_f, eform=bool(eform)
    )
    own = families if not adjustment.all_terms else families * len(terms)
    report = ContrastReport(
        terms, shown, adjustment, [each.family for each in own], eform, inference, overall
    )
    state.console.print()
    state.console.print_lines(title_lines(results))
    state.console.print_lines(contrast_tables(state, arguments, report))
    state.r = results
    if arguments.flag("post"):
        state.e = posted(state.e, results, "b", "V")


# --- what is computed --------------------------------------------------------------------------


def _contrasts(
    state: State, arguments: Arguments, inference: CombinationInference
) -> tuple[list[TestedTerm], Combinations]:
    items = with_full_names(
        parse_contrast_list(arguments.body),
        state.data,
        abbreviations=state.settings.varabbrev == "on",
    )
    asked = contrast_terms(items, state.data)
    parts: list[tuple[str, TermContrasts, np.ndarray]] = []
    estimable: list[np.ndarray] = []
    options = margin_options(arguments)
    for equation in chosen_equations(state.e, arguments):
        prediction = LinearPrediction(state, equation, options)
        settings = FactorSettings(
            prediction.levels,
            prediction.bases,
            prediction.counts,
            state.memory.matrices,
            value_labels(state.data),
            arguments.flag("lincom"),
        )
        for term in asked:
            if arguments.flag("atequations") and not prediction.has(term):
                continue
            prediction.check(term)
            contrasts, weights = _term_weights(term, prediction, settings)
            parts.append((equation, contrasts, weights))
            estimable.append(prediction.estimable(weights))
    if not parts:
        raise StataError(322, "no equation has the factors of these contrasts")
    weights = np.vstack([each for _, _, each in parts])
    found = inference.about(weights, np.concatenate(estimable))
    return list(_tested(parts, inference, found)), found


def _term_weights(
    term: ContrastTerm, prediction: LinearPrediction, settings: FactorSettings
) -> tuple[TermContrasts, np.ndarray]:
    """The contrasts of a term and their combinations (m, k) of e(b).

    Of a nested term only the levels that occur within each level of the outer factors count.
    """
    measures = [(part.operators, part.variable) for part in term.measures]
    margins = prediction.margins(term.variables, measures)
    contrasts = term_contrasts(term, settings)
    occurring = prediction.occurring_cells(term.variables) if term.nested else None
    if occurring is not None:
        contrasts = _among_occurring(contrasts, term, prediction, occurring)
    return contrasts, contrasts.coefficients @ margins


def _among_occurring(
    contrasts: TermContrasts,
    term: ContrastTerm,
    prediction: LinearPrediction,
    occurring: set[tuple[int, ...]],
) -> TermContrasts:
    """The contrasts that have no weight in cells without observations."""
    grid = np.meshgrid(*(prediction.levels[name] for name in term.variables), indexing="ij")
    cells = np.column_stack([axis.reshape(-1) for axis in grid]).tolist()
    empty = np.array([tuple(cell) not in occurring for cell in cells])
    kept = ~np.any(contrasts.coefficients[:, empty] != 0, axis=1)
    if kept.all() or not kept.any():
        return contrasts
    places = np.cumsum(kept) - 1
    rows = [
        TermRow(row.label, tuple(int(places[i]) for i in row.members if kept[i]))
        for row in contrasts.rows
    ]
    positions = np.flatnonzero(kept).tolist()
    return replace(
        contrasts,
        coefficients=contrasts.coefficients[kept],
        labels=tuple(contrasts.labels[i] for i in positions),
        names=tuple(contrasts.names[i] for i in positions),
        rows=tuple(row for row in rows if row.members),
    )


def _tested(
    parts: Sequence[tuple[str, TermContrasts, np.ndarray]],
    inference: CombinationInference,
    found: Combinations,
) -> list[TestedTerm]:
    terms: list[TestedTerm] = []
    start = 0
    for equation, contrasts, weights in parts:
        members = range(start, start + len(weights))
        start += len(weights)
        joint = inference.test(found, members)
        rows = tuple(
            (row, inference.test(found, [members[i] for i in row.members]))
            for row in contrasts.rows
        )
        terms.append(TestedTerm(equation, contrasts, members, joint, rows if len(rows) > 1 else ()))
    return terms


def _families(
    terms: Sequence[TestedTerm], found: Combinations, adjustment: Adjustment
) -> list[AdjustedFamily]:
    sets = [list(term.members) for term in terms]
    if adjustment.all_terms:
        sets = [[member for members in sets for member in members]]
    return [AdjustedFamily(members, _family(members, found)) for members in sets]


def _family(members: Sequence[int], found: Combinations) -> Family:
    chosen = [member for member in members if found.estimable[member]]
    rank = int(independent_restrictions(found.covariance[np.ix_(chosen, chosen)]).sum())
    return Family(len(chosen), rank)


# --- what is stored ----------------------------------------------------------------------------


def _add_contrasts(
    results: Results,
    coefficients: tuple[Stripe, ...],
    inference: CombinationInference,
    terms: Sequence[TestedTerm],
    found: Combinations,
) -> None:
    """r(b), r(V), r(error), r(L), and the tests of the terms and their parts."""
    names = tuple(Stripe(term.equation, name) for term in terms for name in term.contrasts.names)
    tests = [
        entry
        for term in terms
        for entry in (
            *((Stripe(term.term.name, row.label), joint) for row, joint in term.rows),
            (Stripe(term.equation, term.term.name), term.joint),
        )
    ]
    columns = tuple(stripe for stripe, _ in tests)
    results.scalars["k_terms"] = float(len(terms))
    if inference.residual < MISSING:
        results.scalars["df_r"] = inference.residual
    add_combinations(results, found, names, coefficients)
    for name, values in (
        ("F" if inference.by_f else "chi2", [joint.statistic for _, joint in tests]),
        ("p", [joint.p for _, joint in tests]),
        ("df", [joint.df for _, joint in tests]),
        *((("df2", [joint.denominator for _, joint in tests]),) if inference.by_f else ()),
    ):
        results.matrices[name] = NamedMatrix.row(np.array(values), columns, name)
