"""``test, coef``: the coefficients that the tested restrictions imply."""

from __future__ import annotations

from statalike.commands.estimation.coefficient_rows import (
    coefficient_rows,
    emptiness,
    equation_names,
    value_labels,
)
from statalike.commands.estimation.display_options import table_options
from statalike.engine.wald_test import constrained_estimates
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.output.coefficient_table import (
    CoefficientSection,
    CoefficientTable,
    coefficient_table,
)
from statalike.output.styled import BLANK, Line, line
from statalike.results.matrix import NamedMatrix
from statalike.results.restrictions import LinearRestrictions
from statalike.results.stores import Results
from statalike.state import State


def constrained_coefficients(
    state: State, restrictions: LinearRestrictions, arguments: Arguments
) -> list[Line]:
    """A table of e(b) under the restrictions."""
    results = state.e
    b, V = results.matrices["b"], results.matrices["V"]
    values, covariance = constrained_estimates(
        b.values[0], V.values, restrictions.weights, restrictions.constants
    )
    scalars = {name: results.scalars[name] for name in ("df_r",) if name in results.scalars}
    found = Results(
        scalars,
        matrices={
            "b": NamedMatrix.row(values, b.columns),
            "V": NamedMatrix.square(covariance, b.columns),
        },
    )
    names = equation_names(b)
    level = state.settings.level
    empty = emptiness(state.data, estimation_sample(state))
    table = CoefficientTable(
        tuple(
            CoefficientSection(coefficient_rows(found, name, level, empty), name) for name in names
        ),
        dependent="" if len(names) > 1 else results.macros.get("depvar", ""),
        statistic_title="t" if scalars else "z",
        level=level,
        labels=value_labels(state.data),
    )
    options = table_options(arguments.options, state.settings)
    return [line("Constrained coefficients"), BLANK, *coefficient_table(table, options)]
