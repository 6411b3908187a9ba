"""A linear mixed model as its columns and levels, and the arrays that the engine takes.

The same description is made from a command line, when a model is estimated, and from e(), when
something is predicted from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from statalike.commands.estimation.covariance_patterns import PATTERN, stored_pattern
from statalike.commands.estimation.random_categories import (
    PREFIX,
    RandomCategories,
    whole_covariance,
)
from statalike.commands.estimation.residual_structure import ResidualDescription, stored_residuals
from statalike.data.dataset import Dataset
from statalike.design.columns import Column
from statalike.design.design import Design, design_from_names
from statalike.design.groups import group_codes
from statalike.engine.covariance import (
    CovarianceStructure,
    Exchangeable,
    Identity,
    Independent,
    Unstructured,
)
from statalike.engine.linear.crossed_model import CrossedEffectsModel, CrossedLevel
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.weights import TotalWeights
from statalike.results.stores import Results

_STRUCTURES: dict[str, type[CovarianceStructure]] = {
    "identity": Identity,
    "independent": Independent,
    "exchangeable": Exchangeable,
    "unstructured": Unstructured,
}


@dataclass(frozen=True)
class RandomColumns:
    """The random effects of one equation as columns; a single effect has the identity."""

    level: str
    columns: tuple[Column, ...]
    structure: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def empty(self) -> bool:
        return not self.columns

    @property
    def count(self) -> int:
        return len(self.columns)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for c in self.columns for name in c.variables))

    @property
    def structure_title(self) -> str:
        """The structure's name in output, for example ``Unstructured``."""
        return self.effective_structure.capitalize()

    @property
    def effective_structure(self) -> str:
        return "identity" if len(self.columns) <= 1 else self.structure

    def covariance(self) -> CovarianceStructure:
        if self.effective_structure.startswith(PATTERN):
            return stored_pattern(self.effective_structure, len(self.columns))
        return _STRUCTURES[self.effective_structure](len(self.columns))

    def effects(self, data: Dataset, rows: np.ndarray | slice) -> RandomEffects:
        """The columns on the chosen rows, for the engine."""
        return RandomEffects(Design(self.columns).matrix(data, rows), self.covariance())


RandomEffectsEquation: TypeAlias = RandomColumns | RandomCategories


class EquationsByLevel:
    """What models with random-effects ``equations``, outermost level first, have in common."""

    equations: tuple[RandomEffectsEquation, ...]

    @cached_property
    def level_names(self) -> tuple[str, ...]:
        """The variables that form groups, each once."""
        return tuple(dict.fromkeys(equation.level for equation in self.equations))

    @cached_property
    def levels(self) -> tuple[tuple[str, tuple[RandomEffectsEquation, ...]], ...]:
        """The levels that have random effects, with their equations that are not empty."""
        filled = [equation for equation in self.equations if not equation.empty]
        return tuple(
            (name, tuple(group))
            for name, group in itertools.groupby(filled, key=lambda equation: equation.level)
        )

    @property
    def crossed(self) -> bool:
        """Whether some of the random effects are those of categories."""
        return any(isinstance(equation, RandomCategories) for equation in self.equations)

    def codes(self, data: Dataset, rows: np.ndarray) -> list[np.ndarray]:
        """Group codes (n,) for each of ``level_names`` on the chosen rows."""
        return [group_codes(data, name, rows) for name in self.level_names]


@dataclass(frozen=True)
class LinearMixedDescription(EquationsByLevel):
    """Outcome, fixed-effects design and random-effects equations, outermost level first;
    ``residuals`` is None for independent residuals of one variance.  ``indicators`` says that the
    categories of ``R.varname`` are columns of indicators, as models need that have structured
    residuals, weights, or a robust variance.
    """

    outcome: Column
    fixed: Design
    equations: tuple[RandomEffectsEquation, ...]
    residuals: ResidualDescription | None = None
    indicators: bool = False

    @property
    def random_variables(self) -> tuple[str, ...]:
        """The variables whose coefficients or categories are random, each once."""
        names = [name for equation in self.equations for name in equation.variables]
        return tuple(dict.fromkeys(names))

    @property
    def level_positions(self) -> tuple[int, ...]:
        """Where the levels that have random effects stand in ``level_names``."""
        return tuple(self.level_names.index(name) for name, _ in self.levels)

    def engine_model(
        self,
        data: Dataset,
        rows: np.ndarray,
        fixed: np.ndarray | None = None,
        weights: TotalWeights | None = None,
    ) -> LinearMixedModel | CrossedEffectsModel:
        """The arrays of the model on the chosen rows, a mask (n,).

        ``fixed`` is the fixed-effects matrix on those rows where it has been made already.
        """
        if not self.crossed or self.indicators:
            return self.nested_model(data, rows, fixed, weights)
        codes = dict(zip(self.level_names, self.codes(data, rows), strict=True))
        selected: np.ndarray | slice = slice(None) if rows.all() else rows
        return CrossedEffectsModel(
            self.outcome.evaluate(data, selected),
            self.fixed.matrix(data, selected) if fixed is None else fixed,
            tuple(
                CrossedLevel(
                    codes[name],
                    tuple(
                        equation.factor(data, rows)
                        if isinstance(equation, RandomCategories)
                        else equation.effects(data, selected)
                        for equation in equations
                    ),
                )
                for name, equations in self.levels
            ),
        )

    def nested_model(
        self,
        data: Dataset,
        rows: np.ndarray,
        fixed: np.ndarray | None = None,
        weights: TotalWeights | None = None,
    ) -> LinearMixedModel:
        """The same with a column of indicators for every category of ``R.varname``."""
        of_levels = self.codes(data, rows)
        codes = dict(zip(self.level_names, of_levels, strict=True))
        selected: np.ndarray | slice = slice(None) if rows.all() else rows
        return LinearMixedModel(
            self.outcome.evaluate(data, selected),
            self.fixed.matrix(data, selected) if fixed is None else fixed,
            tuple(
                Level(
                    codes[name],
                    tuple(
                        equation.columns_of_indicators(data, rows)
                        if isinstance(equation, RandomCategories)
                        else equation.effects(data, selected)
                        for equation in equations
                    ),
                )
                for name, equations in self.levels
            ),
            self.residuals.errors(data, rows, of_levels) if self.residuals else None,
            weights,
        )


def described_by(results: Results) -> LinearMixedDescription:
    """The model whose estimates e() holds."""
    macros = results.macros
    outcome = macros["depvar"]
    fixed = design_from_names(
        stripe.name for stripe in results.matrices["b"].columns if stripe.equation == outcome
    )
    remaining = macros.get("revars", "").split()
    equations: list[RandomEffectsEquation] = []
    for level, size, title in zip(
        macros.get("ivars", "").split(),
        macros.get("redim", "").split(),
        macros.get("vartypes", "").split(),
        strict=True,
    ):
        structure, count = title.lower(), int(size)
        if count and remaining[0].startswith(PREFIX):
            variable = remaining.pop(0).removeprefix(PREFIX)
            equations.append(RandomCategories(level, variable, count, structure))
            continue
        columns, remaining = remaining[:count], remaining[count:]
        equations.append(
            RandomColumns(level, tuple(Column.parse(name) for name in columns), structure)
        )
    residuals = stored_residuals(results)
    # Weights are those of predictive margins too.
    weighted = "marginswtype" in macros
    indicators = residuals is not None or weighted or macros.get("vce", "oim") != "oim"
    return LinearMixedDescription(
        Column.parse(outcome), fixed, tuple(equations), residuals, indicators
    )


def covariance_matrices(
    results: Results, description: LinearMixedDescription
) -> Sequence[Sequence[np.ndarray]]:
    """The covariance matrices in e(b), for each level and equation of ``levels``.

    Of the effects of categories they are those of the first one or two, but of all where these are
    columns of indicators.
    """
    values = random_parameters(results)
    matrices: list[list[np.ndarray]] = []
    position = 0
    for _, equations in description.levels:
        of_level: list[np.ndarray] = []
        for equation in equations:
            structure = equation.covariance()
            count = structure.parameter_count
            estimation = values[position : position + count]
            matrix = structure.matrix(structure.from_estimation(estimation).values)
            if isinstance(equation, RandomCategories) and description.indicators:
                matrix = whole_covariance(matrix, equation.count)
            of_level.append(matrix)
            position += count
        matrices.append(of_level)
    return matrices


def random_parameters(results: Results) -> np.ndarray:
    """The random-effects and residual parameters of e(b), on the estimation scale, (k_r,)."""
    b = results.matrices["b"]
    return b.values[0, int(results.scalars["k_f"]) :]


def residual_parameters(results: Results) -> np.ndarray:
    """The residual parameters of e(b), ``lnsig_e`` first, (k_res,)."""
    values = random_parameters(results)
    return values[len(values) - int(results.scalars.get("k_res", 1)) :]


def residual_variance(results: Results) -> float:
    """The residual variance that e(b) holds as ``lnsig_e``."""
    return float(np.exp(2 * residual_parameters(results)[0]))
