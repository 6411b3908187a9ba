"""``anova``: analysis of variance and covariance ([R] anova)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.commands.estimation.anova_display import show_anova
from statalike.commands.estimation.display_options import DISPLAY_OPTIONS
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.estimation.fixed_design import outcome_column
from statalike.commands.estimation.linear_regression import (
    LinearRegression,
    fit_regression,
    regression_results,
    regression_sample,
)
from statalike.commands.estimation.repeated_measures import (
    post_repeated_measures,
    read_repeated_measures,
)
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.anova_terms import (
    AnovaTerm,
    anova_terms,
    cell_columns,
    containing_terms,
)
from statalike.design.terms import Term, model_terms
from statalike.engine.linear.analysis_of_variance import (
    SumOfSquares,
    TermColumns,
    partial_sums_of_squares,
    sequential_sums_of_squares,
)
from statalike.errors import StataError, last_estimates_not_found
from statalike.language.arguments import Arguments
from statalike.language.ast import VariableList
from statalike.language.parser import parse_anova_model
from statalike.language.variable_lists import names_in, with_full_names
from statalike.results.stores import Results
from statalike.state import State


@command(
    "anova",
    syntax="[anything] [if] [in] [aweight fweight] [, REPeated(varlist) PARtial SEquential "
    "noCONStant BSE(string) BSEUnit(varname) CONTinuous(varlist) CATegory(varlist) "
    f"{DISPLAY_OPTIONS}]",
    unsupported="GROUPing(varlist) DROPEMPtycells",
    help="analysis of variance and covariance",
    section="Estimation",
    by="each",
)
def anova(state: State, arguments: Arguments) -> None:
    if not arguments.given:
        if state.e.macros.get("cmd") != "anova":
            raise last_estimates_not_found()
        show_anova(state)
        return
    if arguments.flag("partial") and arguments.flag("sequential"):
        raise StataError(198, "only one of partial or sequential is allowed")
    data = state.data
    outcome_term, terms = _read_model(arguments, data)
    outcome = outcome_column(outcome_term)
    repeated = read_repeated_measures(arguments, terms, data)
    sample = regression_sample(state, arguments, [outcome_term, *(named.term for named in terms)])
    constant = not arguments.flag("noconstant")
    found = fit_regression(
        state,
        outcome,
        [named.term for named in terms],
        sample,
        constant=constant,
        notes=False,
    )
    results = regression_results(found, "anova", arguments)
    sums = _sums_of_squares(found, terms, data, constant, arguments.flag("sequential"))
    results.macros["sstype"] = "sequential" if arguments.flag("sequential") else "partial"
    results.macros["varnames"] = " ".join(
        dict.fromkeys(name for named in terms for name in named.term.variables)
    )
    _post_terms(results, terms, sums)
    if repeated is not None:
        post_repeated_measures(results, repeated, found, terms, data)
    state.e = results
    set_estimation_sample(state, sample.rows)
    show_anova(state)


def _read_model(arguments: Arguments, data: Dataset) -> tuple[Term, tuple[AnovaTerm, ...]]:
    parts = [with_full_names(part, data) for part in parse_anova_model(arguments.body)]
    if not parts[0]:
        raise StataError(100, "varlist required")
    first, *rest = parts[0]
    outcome = model_terms((first,), data)[0]
    return outcome, anova_terms([tuple(rest), *parts[1:]], data, _measures(arguments, parts))


def _measures(arguments: Arguments, parts: Sequence[VariableList]) -> tuple[str, ...]:
    """The variables that are continuous by an option rather than by ``c.``."""
    factors = arguments.variables("category")
    if factors and arguments.variables("continuous"):
        raise StataError(198, "only one of category() or continuous() is allowed")
    if not factors:
        return arguments.variables("continuous")
    return tuple(name for part in parts for name in names_in(part) if name not in factors)


def _sums_of_squares(
    found: LinearRegression,
    terms: Sequence[AnovaTerm],
    data: Dataset,
    constant: bool,
    sequential: bool,
) -> list[SumOfSquares]:
    rows = found.sample.rows
    weights = found.sample.values
    root = np.ones(len(found.matrix)) if weights is None else np.sqrt(weights)
    outcome = found.outcome.evaluate(data, rows) * root
    columns = [
        TermColumns(cell_columns(named.term, data, rows) * root[:, None], containing)
        for named, containing in zip(terms, containing_terms(terms), strict=True)
    ]
    first = root[:, None] if constant else np.zeros((len(root), 0))
    sums_of_squares = sequential_sums_of_squares if sequential else partial_sums_of_squares
    return sums_of_squares(outcome, first, columns)


def _post_terms(results: Results, terms: Sequence[AnovaTerm], sums: Sequence[SumOfSquares]) -> None:
    """The tests of the terms: ss_#, df_#, F_# and what each is tested by."""
    for number, (named, own) in enumerate(zip(terms, sums, strict=True), 1):
        results.macros[f"term_{number}"] = named.name
        if named.error is None:
            name, error_ss, error_df = "Residual", results.scalars["rss"], results.scalars["df_r"]
        else:
            error = sums[named.error]
            name, error_ss, error_df = terms[named.error].name, error.value, float(error.df)
        f = MISSING
        if named.tested and own.df and error_df > 0 and error_ss > 0:
            f = own.value / own.df / (error_ss / error_df)
        results.scalars[f"ss_{number}"] = own.value
        results.scalars[f"df_{number}"] = float(own.df)
        results.scalars[f"F_{number}"] = f
        if named.tested:
            results.macros[f"errorterm_{number}"] = name
            results.scalars[f"ssdenom_{number}"] = error_ss
            results.scalars[f"dfdenom_{number}"] = error_df
