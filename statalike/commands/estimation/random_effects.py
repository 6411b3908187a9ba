"""The equations after ``||``: which levels a model has, and the random effects at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from statalike.data.dataset import Dataset
from statalike.design.columns import CONSTANT, Column
from statalike.design.factor_columns import term_columns
from statalike.design.terms import Term, model_terms
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.ast import Operated
from statalike.language.suboptions import Suboptions, read_option_list
from statalike.state import State

#: the covariance structures, by the shortest abbreviation that is understood
STRUCTURES = {"id": "identity", "ind": "independent", "ex": "exchangeable", "un": "unstructured"}
#: the structures that a matrix describes
BY_MATRIX = Suboptions("[, FIXed(string) PATtern(string)]")


@dataclass(frozen=True)
class RandomEquation:
    """The random effects of one equation: the variable that forms groups, and their covariates.

    ``terms`` are the covariates without the constant.  ``structure`` is one of the values of
    ``STRUCTURES``, or ``fixed(matname)`` or ``pattern(matname)``; with a single effect every other
    structure is the identity.  ``categories`` is the variable of ``R.varname``, which stands by
    itself.  ``collinear`` keeps covariates that depend on others.
    """

    level: str
    terms: tuple[Term, ...]
    constant: bool
    structure: str
    categories: str = ""
    collinear: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        names = [name for term in self.terms for name in term.variables]
        return tuple(dict.fromkeys([*names, self.categories] if self.categories else names))

    def columns(self, data: Dataset, rows: np.ndarray) -> tuple[Column, ...]:
        """The covariates on an estimation sample, the constant last."""
        found = [column for column in term_columns(self.terms, data, rows) if not column.omitted]
        return (*found, CONSTANT) if self.constant else tuple(found)


def covariance_structure(typed: str) -> str:
    """The full name of a structure given in ``covariance()``; r(198) when there is none."""
    text = typed.strip().lower()
    for short, full in STRUCTURES.items():
        if text.startswith(short) and full.startswith(text):
            return full
    raise StataError(198, f"covariance(): vartype {typed.strip()} not allowed")


def structure_by_matrix(state: State, typed: str) -> str | None:
    """``fixed(matname)`` or ``pattern(matname)``, None where no matrix is named; r(198)."""
    if "(" not in typed:
        return None
    options = read_option_list(BY_MATRIX, typed, state.data).options
    given = [(name, options[name]) for name in ("fixed", "pattern") if options.get(name)]
    if len(given) != 1:
        raise StataError(198, f"covariance(): vartype {typed.strip()} not allowed")
    name, matrix = given[0]
    return f"{name}({str(matrix).strip()})"


def read_random_equation(
    state: State, arguments: Arguments, *, by_matrix: bool = False
) -> RandomEquation:
    """One equation ``levelvar: [varlist] [, covariance() noconstant]``, or with ``R.varname`` in
    the place of the list; r(198).  ``by_matrix`` allows structures that a matrix describes.
    """
    assert arguments.level is not None
    typed = arguments.options.get("covariance")
    if any(isinstance(item, Operated) and item.operators == "r" for item in arguments.terms):
        return _of_categories(arguments, str(typed) if typed is not None else "identity")
    structure = structure_by_matrix(state, str(typed)) if by_matrix and typed is not None else None
    if structure is None:
        structure = covariance_structure(str(typed)) if typed is not None else "independent"
    return RandomEquation(
        arguments.level,
        model_terms(arguments.terms, state.data),
        not arguments.options.get("noconstant"),
        structure,
        collinear=bool(arguments.options.get("collinear")),
    )


def _of_categories(arguments: Arguments, typed: str) -> RandomEquation:
    assert arguments.level is not None
    names = arguments.varlist
    if len(names) != 1 or len(arguments.terms) != 1:
        raise StataError(198, "R.varname must be the only term of its random-effects equation")
    structure = covariance_structure(typed)
    if structure not in ("identity", "exchangeable"):
        raise StataError(
            198,
            f"covariance({structure}) not allowed with R.{names[0]}",
            hint="only covariance(identity) and covariance(exchangeable) are allowed with R.",
        )
    return RandomEquation(arguments.level, (), False, structure, names[0])


def settle_repeated_levels(equations: Sequence[RandomEquation]) -> tuple[RandomEquation, ...]:
    """Leave the constant to the last equation of a level; repeated levels must be consecutive."""
    settled: list[RandomEquation] = []
    for position, equation in enumerate(equations):
        later = [other.level for other in equations[position + 1 :]]
        if equation.level in later:
            if later[0] != equation.level:
                raise StataError(
                    198, f"repeated-level equations for {equation.level} must be consecutive"
                )
            equation = replace(equation, constant=False)
        settled.append(equation)
    return tuple(settled)
