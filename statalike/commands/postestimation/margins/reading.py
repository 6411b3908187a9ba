"""From a command line to the margins it asks for."""

from __future__ import annotations

from collections.abc import Sequence

from statalike.commands.postestimation.margins.at_points import read_at_points
from statalike.commands.postestimation.margins.covariates import (
    ModelCovariates,
    model_covariates,
)
from statalike.commands.postestimation.margins.empty_cells import OccurringCells
from statalike.commands.postestimation.margins.estimation import needed_columns
from statalike.commands.postestimation.margins.expression_statistics import expression_statistic
from statalike.commands.postestimation.margins.observations import margins_sample
from statalike.commands.postestimation.margins.plan import MarginsPlan
from statalike.commands.postestimation.margins.requested_effects import requested_effects
from statalike.commands.postestimation.margins.statistics import Statistic, requested_statistics
from statalike.commands.postestimation.margins.terms import margins_terms, occurring_cells
from statalike.data.missing import MISSING
from statalike.design.contrast_terms import ContrastTerm, contrast_terms
from statalike.errors import StataError, last_estimates_not_found
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_contrast_list
from statalike.language.variable_lists import with_full_names
from statalike.state import State


def listed_terms(state: State, text: str) -> tuple[ContrastTerm, ...]:
    """The terms of the list of margins; r(111), r(198)."""
    items = with_full_names(
        parse_contrast_list(text),
        state.data,
        abbreviations=state.settings.varabbrev == "on",
    )
    return contrast_terms(items, state.data)


def margins_plan(state: State, arguments: Arguments, listed: Sequence[ContrastTerm]) -> MarginsPlan:
    """The margins of a list of factors, with the options of ``margins``.

    r(301) without estimates, r(322) for statistics and covariates that the model does not have.
    """
    if "b" not in state.e.matrices or "V" not in state.e.matrices:
        raise last_estimates_not_found()
    statistics = predictions(state, arguments)
    columns = needed_columns(statistics)
    random = [column for each in statistics for column in each.random_columns]
    covariates = model_covariates(statistics[0].columns, random)
    sample = margins_sample(state, arguments, columns)
    points = read_at_points(
        tuple(arguments.option("at") or ()),
        covariates,
        at_means=arguments.flag("atmeans"),
        as_balanced=arguments.flag("asbalanced"),
    )
    terms = margins_terms(listed, covariates)
    within = bool(arguments.variables("within"))
    if within and arguments.flag("asbalanced"):
        raise StataError(198, "option within() not yet supported with asbalanced")
    return MarginsPlan(
        covariates,
        statistics,
        points,
        sample,
        terms,
        requested_effects(state, arguments, covariates),
        _reweighting(state, arguments, covariates, statistics),
        tuple(occurring_cells(state.data, term, sample) for term in terms) if within else (),
    )


def predictions(state: State, arguments: Arguments) -> tuple[Statistic, ...]:
    """The statistics of every ``predict()``, or those that the estimator has by itself."""
    typed = tuple(arguments.option("predict") or ())
    expression = arguments.string("expression")
    if expression is not None:
        if typed:
            raise StataError(198, "only one of predict() or expression() is allowed")
        return (expression_statistic(state, expression),)
    return tuple(each for text in typed or ("",) for each in requested_statistics(state, text))


def _reweighting(
    state: State,
    arguments: Arguments,
    covariates: ModelCovariates,
    statistics: tuple[Statistic, ...],
) -> OccurringCells | None:
    """What ``emptycells(reweight)`` leaves out; None for ``emptycells(strict)``; r(198)."""
    how = arguments.string("emptycells")
    if how is None or (how and "strict".startswith(how)):
        return None
    if not (how and "reweight".startswith(how)):
        raise StataError(198, "option emptycells() incorrectly specified")
    if arguments.flag("asbalanced"):
        raise StataError(198, "option emptycells(reweight) not yet supported with asbalanced")
    sample = estimation_sample(state)
    assert sample is not None
    return OccurringCells.of(statistics[0].columns, state.data, sample)


def residual_df(state: State, arguments: Arguments) -> float | None:
    """The degrees of freedom of ``df()`` or e(df_r); None for the normal distribution; r(198)."""
    if arguments.typed("df"):
        given = arguments.number("df") or 0.0
        if given <= 0:
            raise StataError(198, "df() must be positive")
        return given
    known = state.e.scalars.get("df_r", MISSING)
    return known if known < MISSING else None
