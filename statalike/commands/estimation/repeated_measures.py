"""``anova, repeated()``: who the subjects are, and how far their measures are from sphericity."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.linear_regression import LinearRegression
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.anova_terms import AnovaTerm, anova_terms, combined_levels
from statalike.design.factor_columns import factor_levels
from statalike.design.terms import Factor
from statalike.engine.linear.sphericity import (
    epsilons,
    pooled_covariance,
    repeated_contrasts,
)
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_anova_model
from statalike.language.variable_lists import with_full_names
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results

MOST_REPEATED = 4


@dataclass(frozen=True)
class RepeatedDesign:
    """``error`` is the position of the between-subjects error term; its variables are the ``unit``
    that tells subjects apart and those that the covariance is ``pooled`` over.
    """

    variables: tuple[str, ...]
    error: int
    unit: str
    pooled: tuple[str, ...]


def read_repeated_measures(
    arguments: Arguments, terms: Sequence[AnovaTerm], data: Dataset
) -> RepeatedDesign | None:
    """What the options say, and what the terms tell where they don't; None without repeated().

    Raises r(198) where the error term or the unit cannot be told, r(103) for more than four
    repeated variables.
    """
    repeated = tuple(dict.fromkeys(arguments.variables("repeated")))
    if not repeated:
        for option in ("bse", "bseunit"):
            if arguments.typed(option):
                raise StataError(198, f"option {option}() requires option repeated()")
        return None
    if len(repeated) > MOST_REPEATED:
        raise StataError(103, "repeated():  too many variables specified")
    for name in repeated:
        if not any(name in _factors(named) for named in terms):
            raise StataError(198, f"repeated(): {name} is not a term of the model")
    error = _error_term(arguments, terms, repeated, data)
    unit = _unit(arguments, terms, error, repeated)
    pooled = tuple(name for name in _factors(terms[error]) if name != unit)
    return RepeatedDesign(repeated, error, unit, pooled)


def _factors(named: AnovaTerm) -> tuple[str, ...]:
    return tuple(e.variable for e in named.term.elements if isinstance(e, Factor))


def _error_term(
    arguments: Arguments, terms: Sequence[AnovaTerm], repeated: Sequence[str], data: Dataset
) -> int:
    typed = arguments.string("bse")
    if typed:
        parts = [with_full_names(part, data) for part in parse_anova_model(typed)]
        wanted = [named.term.key for named in anova_terms(parts[:1], data)]
        for number, named in enumerate(terms):
            if [named.term.key] == wanted:
                return number
        raise StataError(198, f"bse(): {typed.strip()} is not a term of the model")
    between = [i for i, named in enumerate(terms) if not set(_factors(named)) & set(repeated)]
    errors = {named.error for named in terms if named.error is not None}
    candidates = [i for i in between if i in errors]
    if not candidates:
        candidates = [
            i
            for i in between
            if all(set(_factors(terms[j])) <= set(_factors(terms[i])) for j in between)
        ]
    if len(candidates) != 1:
        raise StataError(198, "could not determine between-subject error term; use bse() option")
    return candidates[0]


def _unit(
    arguments: Arguments, terms: Sequence[AnovaTerm], error: int, repeated: Sequence[str]
) -> str:
    names = _factors(terms[error])
    typed = arguments.string("bseunit")
    if typed:
        if typed not in names:
            raise StataError(198, f"bseunit(): {typed} is not part of {terms[error].name}")
        return typed
    above = {
        name
        for number, named in enumerate(terms)
        if number != error and not set(names) <= set(_factors(named))
        for name in _factors(named)
        if not set(_factors(named)) & set(repeated)
    }
    lowest = [name for name in names if name not in above]
    if len(lowest) != 1:
        raise StataError(
            198, "could not determine between-subject basic unit; use bseunit() option"
        )
    return lowest[0]


def post_repeated_measures(
    results: Results,
    design: RepeatedDesign,
    found: LinearRegression,
    terms: Sequence[AnovaTerm],
    data: Dataset,
) -> None:
    """e() of the repeated measures: the pooled covariance Srep and the factors for each set of
    repeated variables.

    r(459) unless every subject has one observation of each combination of repeated variables.
    """
    rows = found.sample.rows
    named = terms[design.error]
    subjects = combined_levels(data, _factors(named), rows)
    levels = [len(factor_levels(data, name, rows).levels) for name in design.variables]
    occasions = combined_levels(data, design.variables, rows)
    count, times = int(subjects.max()) + 1, int(np.prod(levels))
    cells = np.bincount(subjects * times + occasions, minlength=count * times)
    if len(cells) != count * times or not (cells == 1).all():
        raise StataError(
            459,
            "repeated measures need one observation of each subject for every combination of the "
            "repeated variables",
        )
    measures = np.zeros((count, times))
    measures[subjects, occasions] = found.outcome.evaluate(data, rows)
    groups = np.zeros(count, dtype=np.intp)
    groups[subjects] = combined_levels(data, design.pooled, rows)
    number_of_groups = int(groups.max()) + 1
    if count <= number_of_groups:
        raise StataError(2001, "insufficient observations")
    covariance = pooled_covariance(measures, groups)
    scalars, macros = results.scalars, results.macros
    scalars["N_bse"] = float(count)
    scalars["df_bse"] = scalars[f"df_{design.error + 1}"]
    macros["bse"] = named.name
    macros["bseunit"] = design.unit
    if design.pooled:
        macros["bsepooled"] = " ".join(design.pooled)
    macros["repvars"] = " ".join(design.variables)
    for number, subset in enumerate(_subsets(design.variables, terms), 1):
        within = [name in subset for name in design.variables]
        factors = epsilons(covariance, repeated_contrasts(levels, within), count, number_of_groups)
        macros[f"repvar{number}"] = "#".join(subset)
        scalars[f"box{number}"] = factors.box
        scalars[f"gg{number}"] = _settled(factors.greenhouse_geisser)
        scalars[f"hf{number}"] = _settled(factors.huynh_feldt)
    names = tuple(Stripe("", f"c{i + 1}") for i in range(times))
    results.matrices["Srep"] = NamedMatrix.square(covariance, names)


def _subsets(variables: Sequence[str], terms: Sequence[AnovaTerm]) -> list[tuple[str, ...]]:
    """The sets of repeated variables that terms have, small ones first."""
    present = {frozenset(set(_factors(named)) & set(variables)) for named in terms}
    return [
        subset
        for size in range(1, len(variables) + 1)
        for subset in itertools.combinations(variables, size)
        if frozenset(subset) in present
    ]


def _settled(value: float) -> float:
    return value if np.isfinite(value) else MISSING
