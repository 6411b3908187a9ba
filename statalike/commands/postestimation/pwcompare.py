"""``pwcompare``: pairwise comparisons of marginal linear predictions ([R] pwcompare)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.coefficient_rows import WaldInference, value_labels
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
from statalike.commands.postestimation.contrast_matrices import cell_labels
from statalike.commands.postestimation.linear_predictions import (
    LinearPrediction,
    chosen_equations,
    margin_options,
)
from statalike.commands.postestimation.pwcompare_tables import (
    ComparedMargins,
    PairwiseReport,
    pairwise_tables,
)
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.design.contrast_terms import ContrastTerm, contrast_terms
from statalike.engine.multiple_comparisons import (
    Family,
    homogeneous_groups,
    spans_of,
)
from statalike.engine.wald_test import independent_restrictions
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_contrast_list
from statalike.language.variable_lists import with_full_names
from statalike.output.coefficient_names import Labels
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

TITLE = "Pairwise comparisons of marginal linear predictions"

#: letters of groups; where they do not suffice, none are shown
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@command(
    "pwcompare",
    "pwc",
    syntax=f"anything [, {MARGIN_OPTIONS} EFFects CIeffects PVeffects CIMargins GROUPs "
    f"{REPORT_OPTIONS}]",
    help="pairwise comparisons of marginal linear predictions",
    section="Postestimation",
)
def pwcompare(state: State, arguments: Arguments) -> None:
    inference = CombinationInference(state, arguments)
    adjustment = read_adjustment(state, arguments)
    eform = exponentiation_title(arguments)
    level = confidence_level(arguments.options, state.settings)
    compared, margins, pairs = _compared(state, arguments, inference, adjustment)
    families = _families(compared, margins, pairs, adjustment)
    effects = adjusted_inference(pairs, level, adjustment.method, families)
    every = range(len(margins.estimates))
    single = [AdjustedFamily(every, Family(1, 1))]
    report = PairwiseReport(
        compared,
        exponentiated(effects) if eform else effects,
        adjusted_inference(margins, level, "noadjust", single),
        _letters(compared, margins, effects, level) if arguments.flag("groups") else {},
        adjustment,
        eform,
        inference,
    )
    results = comparison_results(state, arguments, TITLE, adjustment)
    _add_comparisons(results, state, inference, compared, margins, pairs, report)
    state.console.print()
    state.console.print_lines(title_lines(results))
    state.console.print_lines(pairwise_tables(state, arguments, report))
    state.r = results
    if arguments.flag("post"):
        state.e = posted(state.e, results, "b", "V")


# --- what is computed --------------------------------------------------------------------------


def _compared(
    state: State, arguments: Arguments, inference: CombinationInference, adjustment: Adjustment
) -> tuple[list[ComparedMargins], Combinations, Combinations]:
    """The terms, all their margins and all their comparisons."""
    items = with_full_names(
        parse_contrast_list(arguments.body),
        state.data,
        abbreviations=state.settings.varabbrev == "on",
    )
    terms = contrast_terms(items, state.data)
    for term in terms:
        _check(term)
    options = margin_options(arguments)
    labels = value_labels(state.data)
    compared: list[ComparedMargins] = []
    margins: list[np.ndarray] = []
    estimable: list[np.ndarray] = []
    pairs_estimable: list[np.ndarray] = []
    differences: list[np.ndarray] = []
    start = first_pair = 0
    for equation in chosen_equations(state.e, arguments):
        prediction = LinearPrediction(state, equation, options)
        for term in terms:
            if arguments.flag("atequations") and not prediction.has(term):
                continue
            prediction.check(term)
            own = _term_margins(term, prediction, labels)
            weights = prediction.margins(term.variables)[list(own.kept)]
            pairs = _pairs(len(weights), own.base if adjustment.method == "dunnett" else None)
            between = weights[pairs[:, 0]] - weights[pairs[:, 1]]
            compared.append(
                ComparedMargins(
                    equation,
                    term.name,
                    own.names,
                    own.labels,
                    range(start, start + len(weights)),
                    range(first_pair, first_pair + len(pairs)),
                    pairs,
                    prediction.unbalanced(term.variables),
                )
            )
            start += len(weights)
            first_pair += len(pairs)
            margins.append(weights)
            differences.append(between)
            estimable.append(prediction.estimable(weights))
            pairs_estimable.append(prediction.estimable(between))
    if not compared:
        raise StataError(322, "no equation has the factors of these comparisons")
    return (
        compared,
        inference.about(np.vstack(margins), np.concatenate(estimable)),
        inference.about(np.vstack(differences), np.concatenate(pairs_estimable)),
    )


def _check(term: ContrastTerm) -> None:
    """r(198) for what can be contrasted but not be compared in pairs."""
    if term.measures:
        raise StataError(198, "only factor variables and their interactions are allowed")
    if term.within or any(factor.operator for factor in term.compared):
        raise StataError(198, "contrast operators are not allowed")


@dataclass(frozen=True)
class _TermMargins:
    """The cells of a term: which of all of them are compared, their names in r(b), their labels,
    and the place of the one that Dunnett's method compares the others with."""

    kept: tuple[int, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    base: int


def _term_margins(term: ContrastTerm, prediction: LinearPrediction, labels: Labels) -> _TermMargins:
    variables = term.variables
    chosen = [factor.chosen for factor in term.compared]
    cells = list(itertools.product(*(prediction.levels[name] for name in variables)))
    kept = [
        i
        for i, cell in enumerate(cells)
        if all(own is None or level in own for own, level in zip(chosen, cell, strict=True))
    ]
    if len(kept) < 2:
        raise StataError(198, f"{term.name} has no levels to compare")
    used = [cells[i] for i in kept]
    texts = cell_labels(variables, used, labels)
    if len(variables) > 1:
        texts = [f"({text})" for text in texts]
    elif all(text.isdigit() for text in texts):
        width = max(map(len, texts))
        texts = [text.rjust(width) for text in texts]
    bases = tuple(
        factor.base if isinstance(factor.base, int) else prediction.bases.get(name, levels[0])
        for factor, name, levels in (
            (factor, name, prediction.levels[name])
            for factor, name in zip(term.compared, variables, strict=True)
        )
    )
    return _TermMargins(
        tuple(kept),
        tuple(
            "#".join(f"{level}.{name}" for level, name in zip(cell, variables, strict=True))
            for cell in used
        ),
        tuple(texts),
        used.index(bases) if bases in used else 0,
    )


def _pairs(count: int, base: int | None) -> np.ndarray:
    """The pairs (m, 2) of positions: all, the later one first, or all with the base."""
    if base is not None:
        return np.array([(i, base) for i in range(count) if i != base])
    return np.array([(i, j) for j in range(count) for i in range(j + 1, count)])


def _families(
    compared: Sequence[ComparedMargins],
    margins: Combinations,
    pairs: Combinations,
    adjustment: Adjustment,
) -> list[AdjustedFamily]:
    if adjustment.all_terms:
        every = range(len(pairs.estimates))
        return [AdjustedFamily(every, _family(every, pairs, 0))]
    families = []
    for each in compared:
        family = _family(each.comparisons, pairs, len(each.members))
        spans = spans_of(margins.estimates[list(each.members)], each.pairs)
        families.append(
            AdjustedFamily(each.comparisons, Family(family.count, family.rank, family.means, spans))
        )
    return families


def _family(members: Sequence[int], pairs: Combinations, means: int) -> Family:
    chosen = [member for member in members if pairs.estimable[member]]
    rank = int(independent_restrictions(pairs.covariance[np.ix_(chosen, chosen)]).sum())
    return Family(len(chosen), rank, means)


def _letters(
    compared: Sequence[ComparedMargins], margins: Combinations, effects: WaldInference, level: float
) -> dict[int, str]:
    """The letters of each margin, by its place among all of them; each term has its own.

    Letters stand in columns as wide as the term needs.
    """
    found: dict[int, str] = {}
    for each in compared:
        p = effects.p[list(each.comparisons)]
        groups = homogeneous_groups(
            margins.estimates[list(each.members)], each.pairs, p < 1 - level / 100
        )
        if len(groups) > len(LETTERS):
            continue
        for place, member in enumerate(each.members):
            text = "".join(
                letter if place in group else " "
                for letter, group in zip(LETTERS, groups, strict=False)
            )
            found[member] = text if text.strip() else ""
    return found


# --- what is stored ----------------------------------------------------------------------------


def _add_comparisons(
    results: Results,
    state: State,
    inference: CombinationInference,
    compared: Sequence[ComparedMargins],
    margins: Combinations,
    pairs: Combinations,
    report: PairwiseReport,
) -> None:
    """Margins under the names ``b`` and ``table``, comparisons under ``b_vs`` and ``table_vs``."""
    coefficients = state.e.matrices["b"].columns
    names = tuple(Stripe(each.equation, name) for each in compared for name in each.names)
    versus = tuple(
        Stripe(each.equation, _pair_name(each.names[i], each.names[j]))
        for each in compared
        for i, j in each.pairs.tolist()
    )
    results.scalars["k_terms"] = float(len(compared))
    if inference.residual < MISSING:
        results.scalars["df_r"] = inference.residual
    results.scalars["balanced"] = float(not any(each.unbalanced for each in compared))
    add_combinations(results, margins, names, coefficients, weights="M")
    add_combinations(results, pairs, versus, coefficients, "_vs")
    by_t = inference.by_f
    matrices = results.matrices
    matrices["table"] = inference_table(report.margins, names, by_t=by_t, eform=False)
    matrices["table_vs"] = inference_table(
        report.effects, versus, by_t=by_t, eform=bool(report.eform)
    )
    if inference.small:
        for name, found, stripes in (("M_df", margins, names), ("L_df", pairs, versus)):
            df = np.where(np.isnan(found.df), MISSING, found.df)
            matrices[name] = NamedMatrix.row(df, stripes, name)
    if report.letters:
        counts = [
            max(len(report.letters.get(member, "")) for member in each.members) for each in compared
        ]
        columns = tuple(Stripe(each.equation, each.name) for each in compared)
        matrices["k_groups"] = NamedMatrix.row(np.array(counts, dtype=float), columns, "k_groups")
        for member in range(len(names)):
            results.macros[f"groups{member + 1}"] = report.letters.get(member, "").replace(" ", "")


def _pair_name(first: str, second: str) -> str:
    """``2.a`` and ``1.a`` → ``2vs1.a``; of interactions ``(2 1)vs(1 1).a#b``."""
    levels = [[part.partition(".")[0] for part in name.split("#")] for name in (first, second)]
    variables = "#".join(part.partition(".")[2] for part in first.split("#"))
    if len(levels[0]) == 1:
        return f"{levels[0][0]}vs{levels[1][0]}.{variables}"
    return f"({' '.join(levels[0])})vs({' '.join(levels[1])}).{variables}"
