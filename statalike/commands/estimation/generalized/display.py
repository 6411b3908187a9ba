"""The output of generalized mixed commands, made from e()."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    result_table,
    value_labels,
)
from statalike.commands.estimation.display_options import confidence_level, table_options
from statalike.commands.estimation.distributions import two_sided_critical_value
from statalike.commands.estimation.generalized.description import (
    GeneralizedDescription,
    VarianceEntry,
    stored_description,
)
from statalike.commands.estimation.generalized.named_commands import NAMED_COMMANDS
from statalike.commands.estimation.mixed_display import (
    UNDETERMINED,
    criterion_name,
    group_summaries,
    with_clusters,
)
from statalike.data.missing import MISSING
from statalike.evaluation import estimation_sample
from statalike.output.coefficient_table import (
    CoefficientRow,
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.output.estimation_header import EstimationHeader, ModelTest, mixed_effects_header
from statalike.output.likelihood_ratio_test import (
    CONSERVATIVE_NOTE,
    LikelihoodRatioTest,
    against_model_line,
)
from statalike.output.notes import note, warning
from statalike.output.styled import Line
from statalike.output.wald_test import restriction_lines
from statalike.results.restrictions import LinearRestrictions
from statalike.results.stores import Results
from statalike.state import State

#: of log likelihoods with few and with more integration points
LARGEST_DIFFERENCE = 0.5
#: of the log likelihood with respect to that without random effects
LEAST_LOSS = 1e-3
#: numbers of observations by kind, and what they are called
COUNTS = {
    "N_unc": "Uncensored",
    "N_lc": "Left-censored",
    "N_rc": "Right-censored",
    "N_int": "Interval-cens.",
}
#: what exponentiated coefficients are called, by the option that asks for them
EXPONENTIATED = {
    "or": "Odds ratio",
    "irr": "IRR",
    "eform": "exp(b)",
    "hazard": "Haz. ratio",
    "tratio": "Time ratio",
}
#: in the notes below the table, and what the constant then is
_TRANSFORMED = {
    "or": ("odds ratios", "baseline odds"),
    "irr": ("incidence-rate ratios", "baseline incidence rate"),
    "eform": ("", ""),
    "hazard": ("hazard ratios", "baseline hazard"),
    "tratio": ("time ratios", "baseline time"),
}


def show_generalized(state: State, options: Mapping[str, Any], *, replay: bool = False) -> None:
    """Print what the commands print, as far as the display options ask, and refresh r(table)."""
    results = state.e
    level = confidence_level(options, state.settings)
    state.r = Results(scalars={"level": level}, matrices={"table": result_table(results, level)})
    console = state.console
    description = stored_description(results)
    if not options.get("noheader"):
        console.print()
        groups = not options.get("nogroup")
        console.print_lines(mixed_effects_header(header(results, groups=groups)))
    if not options.get("nocnsreport"):
        console.print_lines(restriction_lines(_constraints(results, description)))
    if not options.get("notable"):
        table = generalized_table(state, description, options, level)
        console.print_lines(with_clusters(results, table))
    linesize = state.settings.linesize
    chosen = exponentiation(options, results)
    if chosen and not options.get("notable"):
        ratios, baseline = _TRANSFORMED[chosen]
        into = f" to {ratios}" if ratios else ""
        text = f"Estimates are transformed only in the first equation{into}."
        console.print_lines(note(text, linesize))
        if baseline and any(column.constant for column in description.fixed.columns):
            text = f"_cons estimates {baseline} (conditional on zero random effects)."
            console.print_lines(note(text, linesize))
    console.print_lines(_comparison(results, linesize))
    for text in doubts(results):
        console.print_lines(warning(text, linesize))
    if replay and not results.scalars["converged"]:
        console.print_lines(warning("convergence not achieved", linesize))


def doubts(results: Results) -> list[str]:
    """What makes converged estimates doubtful: parameters that the data do not determine, and
    quadrature with too few points."""
    scalars, matrices = results.scalars, results.matrices
    texts: list[str] = []
    if scalars["converged"] and "gradient" in matrices:
        positions = {stripe: k for k, stripe in enumerate(matrices["b"].columns)}
        estimated = [positions[stripe] for stripe in matrices["gradient"].columns]
        free = np.ones(len(positions), dtype=bool)
        if "Cns" in matrices:
            free = ~np.any(matrices["Cns"].values[:, :-1] != 0.0, axis=0)
        variances = np.diagonal(matrices.get("V_modelbased", matrices["V"]).values)
        if any(free[k] and not variances[k] > 0.0 for k in estimated):
            texts.append(UNDETERMINED)
    if scalars["ll"] < scalars.get("ll_c", -np.inf) - LEAST_LOSS:
        texts.append(
            "the log likelihood is below that of the model without random effects; "
            "the integration is not accurate enough or the search ended too early."
        )
    difference = scalars.get("ll_finer", scalars["ll"]) - scalars["ll"]
    if abs(difference) > LARGEST_DIFFERENCE:
        texts.append(
            f"the log likelihood changes by {difference:.2g} with more integration points; "
            "intpoints() is too small for these random effects."
        )
    return texts


def _constraints(results: Results, description: GeneralizedDescription) -> list[str]:
    """The texts of all constraints: a constant that is left out, and those in e(Cns)."""
    texts: list[str] = []
    if lacks_constant(description):
        texts.append(f"[{description.outcome.equation}]_cons = 0")
    stored = results.matrices.get("Cns")
    if stored is not None:
        weights, constants = stored.values[:, :-1], stored.values[:, -1]
        texts += LinearRestrictions(results.matrices["b"], weights, constants).texts
    return texts


def lacks_constant(description: GeneralizedDescription) -> bool:
    """Whether the constant was left out, which is shown as a constraint."""
    ordinal = description.outcome.family == "ordinal"
    return not ordinal and not any(column.constant for column in description.fixed.columns)


def exponentiation(options: Mapping[str, Any], results: Results) -> str:
    """How coefficients are exponentiated, empty where they are not.

    Hazard ratios are shown unless ``nohr`` is given; other ratios when asked for.
    """
    if results.macros.get("frm2") == "hazard":
        return "" if options.get("nohr") else "hazard"
    return next((name for name in EXPONENTIATED if options.get(name)), "")


def header(results: Results, *, groups: bool = True) -> EstimationHeader:
    """The block above the table."""
    scalars, macros = results.scalars, results.macros
    method = macros["intmethod"]
    points = None if method in ("laplace", "pclaplace") else int(macros["n_quad"])
    counts = tuple(
        (label, f"{scalars[name]:,.0f}") for name, label in COUNTS.items() if name in scalars
    )
    return EstimationHeader(
        macros["title"],
        scalars["N"],
        group_summaries(results) if groups else (),
        ModelTest(scalars["df_m"], scalars["chi2"], scalars["p"]),
        scalars["ll"],
        criterion_name(False, macros["vce"] in ("robust", "cluster")),
        None,
        _details(results),
        counts,
        (method, points) if macros["ivars"] else None,
    )


def _details(results: Results) -> tuple[str, ...]:
    """The lines under the title: family and link of ``meglm``, and what the family adds."""
    macros = results.macros
    lines: list[str] = []
    if macros["cmd2"] == "meglm":
        lines += [
            f"Family: {macros['family'].capitalize()}",
            f"Link:   {macros['link'].capitalize()}",
        ]
    if "dispersion" in macros:
        lines.append(f"Overdispersion: {macros['dispersion']}")
    if macros.get("binomial"):
        trials = macros["binomial"]
        kind = "trials:  " if trials.isdigit() else "variable:"
        lines.append(f"Binomial {kind} {trials}")
    if "llopt" in macros:
        lower, upper = macros["llopt"] or "-inf", macros["ulopt"] or "+inf"
        lines += ["", f"Limits: Lower = {lower}", f"        Upper = {upper}"]
    return tuple(lines)


def generalized_table(
    state: State, description: GeneralizedDescription, options: Mapping[str, Any], level: float
) -> list[Line]:
    """Coefficients, the family's own parameters, and variances level by level."""
    results = state.e
    outcome = description.outcome.equation
    empty = emptiness(state.data, estimation_sample(state))
    rows = coefficient_rows(results, outcome, level, empty)
    chosen = exponentiation(options, results)
    if chosen:
        rows = tuple(exponentiated(row) for row in rows)
    if description.offset:
        name = results.macros["offset"]
        entered = "exposure" if description.exposure else "offset"
        rows = (*rows, CoefficientRow(name, 1.0, status=entered))
    if lacks_constant(description):
        rows = (*rows, CoefficientRow("_cons", 0.0, status="omitted"))
    sections = [CoefficientSection(rows)]
    parameters = coefficient_rows(results, "/", level, empty)
    entries = {str(entry.stripe)[1:]: entry for entry in description.variance_entries()}
    own = [row for row in parameters if row.name not in entries]
    residual = [row for row in own if row.name.startswith("var(e.")]
    plain = tuple(
        replace(row, name=f"/{row.name}", tested=False) for row in own if row not in residual
    )
    if plain:
        sections.append(CoefficientSection(plain))
    sections += _variance_sections(
        [(entries[row.name], row) for row in parameters if row.name in entries], level
    )
    if residual:
        logged = tuple(_variance_row(row, row.name, level) for row in residual)
        sections.append(CoefficientSection(logged))
    table = CoefficientTable(
        tuple(sections),
        dependent="" if description.outcome.model == "interval" else outcome,
        coefficient_title=EXPONENTIATED.get(chosen, "Coefficient"),
        level=level,
        error_method=results.macros.get("vcetype", ""),
        labels=value_labels(state.data),
    )
    return coefficient_table(table, table_options(options, state.settings))


def exponentiated(row: CoefficientRow) -> CoefficientRow:
    """exp(b) with its standard error by the delta method and its interval transformed."""
    with np.errstate(over="ignore"):
        value = float(np.exp(row.coefficient))

        def moved(bound: float) -> float:
            return bound if bound >= MISSING else float(np.exp(bound))

        error = row.standard_error
        return replace(
            row,
            coefficient=value,
            standard_error=error if error >= MISSING else error * value,
            lower=moved(row.lower),
            upper=moved(row.upper),
        )


def _variance_sections(
    rows: Sequence[tuple[VarianceEntry, CoefficientRow]], level: float
) -> list[CoefficientSection]:
    """For each level its variances, then its covariances."""
    sections: list[CoefficientSection] = []
    for path in dict.fromkeys(entry.path for entry, _ in rows):
        of_level = [(entry, row) for entry, row in rows if entry.path == path]
        variances = tuple(
            _variance_row(row, entry.row_name, level)
            for entry, row in of_level
            if entry.is_variance
        )
        covariances = tuple(
            replace(row, name=entry.row_name, parameter=True)
            for entry, row in of_level
            if not entry.is_variance
        )
        sections += [
            CoefficientSection(found, title=path) for found in (variances, covariances) if found
        ]
    return sections


def _variance_row(row: CoefficientRow, name: str, level: float) -> CoefficientRow:
    """A variance, whose interval is that of its logarithm, transformed."""
    lower = upper = MISSING
    if row.standard_error < MISSING and row.coefficient > 0:
        spread = two_sided_critical_value(level) * row.standard_error / row.coefficient
        with np.errstate(over="ignore"):
            lower = row.coefficient * float(np.exp(-spread))
            upper = row.coefficient * float(np.exp(spread))
    return replace(
        row,
        name=name,
        parameter=True,
        tested=False,
        lower=lower,
        upper=upper if np.isfinite(upper) else MISSING,
    )


def _comparison(results: Results, linesize: int) -> list[Line]:
    """The likelihood-ratio test against the model without random effects."""
    scalars = results.scalars
    if "chi2_c" not in scalars:
        return []
    single = scalars["df_c"] == 1
    test = LikelihoodRatioTest(scalars["chi2_c"], scalars["df_c"], scalars["p_c"], boundary=single)
    lines = [against_model_line(test, _compared_with(results))]
    if not single:
        lines += [(), *note(CONSERVATIVE_NOTE, linesize)]
    return lines


def _compared_with(results: Results) -> str:
    """What the model without random effects is called."""
    named = NAMED_COMMANDS[results.macros["cmd2"]]
    if named.comparison:
        return named.comparison
    if "distribution" in results.macros:
        name = results.macros["distribution"]
        return "Weibull" if name == "weibull" else name
    family, link = results.macros["family"], results.macros["link"]
    return COMPARISONS.get((family, link), family)


COMPARISONS = {
    ("gaussian", "identity"): "linear",
    ("bernoulli", "logit"): "logistic",
    ("bernoulli", "probit"): "probit",
    ("bernoulli", "cloglog"): "cloglog",
    ("binomial", "logit"): "logistic",
    ("binomial", "probit"): "probit",
    ("binomial", "cloglog"): "cloglog",
    ("ordinal", "logit"): "ologit",
    ("ordinal", "probit"): "oprobit",
    ("ordinal", "cloglog"): "ocloglog",
    ("poisson", "log"): "Poisson",
    ("nbinomial", "log"): "nbinomial",
    ("gamma", "log"): "gamma",
}
