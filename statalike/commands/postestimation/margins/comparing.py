"""``margins`` with contrasts or pairwise comparisons: options, results and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from statalike.commands.postestimation.adjusted_inference import inference_table
from statalike.commands.postestimation.combination_inference import (
    CombinationInference,
    Combinations,
)
from statalike.commands.postestimation.comparison_options import SINGLE, read_adjustment
from statalike.commands.postestimation.contrast_tables import (
    comparison_table_options,
    contrast_tables,
)
from statalike.commands.postestimation.margins.comparisons import pairwise_report
from statalike.commands.postestimation.margins.contrasts import contrast_report
from statalike.commands.postestimation.margins.display import show_heading, show_note
from statalike.commands.postestimation.margins.estimation import MarginsEstimates
from statalike.commands.postestimation.margins.plan import MarginsPlan
from statalike.commands.postestimation.margins.requested_effects import TITLES
from statalike.data.missing import MISSING
from statalike.design.contrast_terms import ComparedFactor, ContrastTerm, contrast_terms
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.ast import Operated, VariablePattern
from statalike.language.suboptions import Suboptions, read_option_list
from statalike.output.coefficient_table import CoefficientTable, coefficient_table
from statalike.output.comparison_counts import comparison_counts
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

if TYPE_CHECKING:
    from statalike.data.dataset import Dataset

#: suboptions that say which statistics of comparisons are shown
_SHOWN = "EFFects CIeffects PVeffects noEFFects"
_CONTRAST = Suboptions(
    f"[, noWALD {_SHOWN} ATcontrast(string) PREDICTcontrast(string) OVERcontrast(string) "
    "MCOMPare(string) sort noATLEVels SMALL DF(real 0)]",
    unsupported="ATJOINT OVERJOINT WITHINcontrast(string) WITHINJOINT PREDICTJOINT MARGINSWITHIN "
    "NOSVYadjust OVERall LINCOM",
)
_PAIRWISE = Suboptions(
    f"[, {_SHOWN} MCOMPare(string) SMALL DF(real 0)]",
    unsupported="CIMargins GRoups sort",
)
#: a word in the place of a variable, to read an operator by itself
_PLACE = "operand"


@dataclass(frozen=True)
class Comparison:
    """What comparisons are asked for: of pairs, or contrasts of ``terms``.

    ``operators`` are those of dimensions, such as ``_at``; ``arguments`` the suboptions together
    with the options of ``margins``.
    """

    pairwise: bool
    terms: tuple[ContrastTerm, ...]
    operators: dict[str, ComparedFactor]
    arguments: Arguments


def requested_comparison(
    arguments: Arguments, terms: Sequence[ContrastTerm], over: Sequence[str], data: Dataset
) -> Comparison | None:
    """The comparisons that operators in the list or options ask for; None for plain margins."""
    contrast, pairwise = arguments.string("contrast"), arguments.string("pwcompare")
    operated = any(
        term.within or any(factor.operator for factor in term.compared) for term in terms
    )
    if pairwise is not None:
        if contrast is not None:
            raise StataError(198, "options contrast and pwcompare may not be combined")
        if operated:
            raise StataError(198, "contrast operators are not allowed with pwcompare")
        read = read_option_list(_PAIRWISE, pairwise, data)
        return Comparison(True, tuple(terms), {}, _together(arguments, read))
    if contrast is None and not operated:
        return None
    read = read_option_list(_CONTRAST, contrast or "", data)
    operators: dict[str, ComparedFactor] = {}
    for option, names in (
        ("atcontrast", ("_at",)),
        ("predictcontrast", ("_predict",)),
        ("overcontrast", tuple(over)),
    ):
        text = read.string(option)
        if text is not None:
            operators |= {name: _operator(text, name, data) for name in names}
    whole = tuple(terms) or (ContrastTerm(()),)
    return Comparison(False, whole, operators, _together(arguments, read))


def _together(arguments: Arguments, read: Arguments) -> Arguments:
    """The options of ``margins`` and the suboptions, which come first."""
    return replace(
        arguments,
        options={**arguments.options, **read.options},
        defaults={**arguments.defaults, **read.defaults},
    )


def _operator(text: str, name: str, data: Dataset) -> ComparedFactor:
    """``r``, ``ar`` or ``rb2._at``: the operator that a dimension is given; r(198)."""
    word = text.strip().removesuffix("._at").removesuffix(".")
    item = Operated(word.lower(), (VariablePattern(_PLACE),))
    twin = data.copy()
    if _PLACE not in twin:
        twin.add(_PLACE, np.zeros(twin.n))
    (term,) = contrast_terms((item,), twin)
    if not term.compared or not term.compared[0].operator:
        raise StataError(198, f"{word}: operator invalid")
    return replace(term.compared[0], variables=(name,))


def show_comparison(
    state: State,
    plan: MarginsPlan,
    estimates: MarginsEstimates,
    results: Results,
    comparison: Comparison,
) -> Results:
    """Print the comparisons of the margins in ``results``; r() with their results as well."""
    arguments = comparison.arguments
    if "V" not in results.matrices:
        raise StataError(198, "option nose not allowed with comparisons of margins")
    inference = _inference(state, arguments, results)
    kind = TITLES[plan.effects[0].kind] if plan.effects else ""
    title = results.macros["title"]
    lead = "Pairwise comparisons of" if comparison.pairwise else "Contrasts of"
    heading = f"{lead} {title[0].lower()}{title[1:]}"
    show_heading(state, plan, estimates, results, arguments.options, heading, closing=False)
    found = results.copy()
    found.macros["title"] = heading
    if comparison.pairwise:
        adjustment = read_adjustment(state, arguments)
        report = pairwise_report(state, plan, estimates, inference, results, adjustment)
        names = [Stripe(term.equation, name) for term in report.terms for name in term.names]
        combinations, shown = report.found, report.shown
        both = arguments.flag("effects")
        pvalues = both or arguments.flag("pveffects")
        interval = both or arguments.flag("cieffects") or not pvalues
        if adjustment.adjusts:
            state.console.print()
            state.console.print_lines(comparison_counts(report.counts(), "comparisons"))
        table = CoefficientTable(
            tuple(report.sections()),
            coefficient_title=kind or "Contrast",
            statistic_title="t" if inference.by_f else "z",
            level=results.scalars["level"],
            error_method=results.macros["vcetype"],
            coefficient_above="Contrast" if kind else "",
            test_above=adjustment.title,
            interval_above=adjustment.title,
        )
        options = comparison_table_options(
            state, arguments, pvalues=pvalues, interval=interval, df=False
        )
        state.console.print()
        state.console.print_lines(coefficient_table(table, options))
        suffix = "vs"
    else:
        adjustment = read_adjustment(state, arguments, SINGLE)
        contrasts, combinations = contrast_report(
            state,
            plan,
            estimates,
            comparison.terms,
            comparison.operators,
            inference,
            results,
            adjustment,
        )
        contrasts = replace(
            contrasts,
            error_method=results.macros["vcetype"],
            above="Contrast" if kind else "",
            title=kind or "Contrast",
        )
        names = [
            Stripe(term.equation, name) for term in contrasts.terms for name in term.contrasts.names
        ]
        shown = contrasts.shown
        state.console.print_lines(contrast_tables(state, arguments, contrasts))
        suffix = ""
    show_note(state, plan)
    _post(found, combinations, tuple(names), results, suffix)
    found.matrices["table_vs" if suffix else "table"] = inference_table(
        shown, tuple(names), by_t=inference.by_f, eform=False
    )
    found.macros["mcmethod"] = adjustment.method
    return found


def _inference(state: State, arguments: Arguments, results: Results) -> CombinationInference:
    """Inference about combinations of the margins in the place of e(b)."""
    active = state.e
    state.e = results
    try:
        return CombinationInference(state, arguments)
    finally:
        state.e = active


def _post(
    found: Results,
    combinations: Combinations,
    names: tuple[Stripe, ...],
    margins: Results,
    suffix: str,
) -> None:
    """Matrices of comparisons: r(b), r(V) and r(L) of contrasts; r(b_vs), r(V_vs) of pairs."""
    estimates = np.where(combinations.estimable, combinations.estimates, MISSING)
    error = np.where(combinations.estimable, 0.0, 8.0)
    b = NamedMatrix.row(estimates, names)
    V = NamedMatrix.square(combinations.covariance, names)
    if suffix:
        found.matrices |= {"b_vs": b, "V_vs": V, "error_vs": NamedMatrix.row(error, names)}
        return
    found.matrices["L"] = NamedMatrix(combinations.weights, names, margins.matrices["b"].columns)
    found.matrices |= {"b": b, "V": V, "error": NamedMatrix.row(error, names)}
    found.matrices.pop("Jacobian", None)
    found.matrices.pop("_N", None)
