"""A linear mixed model as its columns and levels, and the arrays that the engine takes.

The same description is made from a command line, when a model is estimated, and from e(), when
something is predicted from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

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
    def structure_title(self) -> str:
        """The structure's name in output, for example ``Unstructured``."""
        return self.effective_structure.capitalize()

    @property
    def effective_structure(self) -> str:
        return "identity" if len(self.columns) <= 1 else self.structure

    def covariance(self) -> CovarianceStructure:
        return _STRUCTURES[self.effective_structure](len(self.columns))


@dataclass(frozen=True)
class LinearMixedDescription:
    """Outcome, fixed-effects design and random-effects equations, outermost level first;
    ``residuals`` is None for independent residuals of one variance.
    """

    outcome: Column
    fixed: Design
    equations: tuple[RandomColumns, ...]
    residuals: ResidualDescription | None = None

    @cached_property
    def level_names(self) -> tuple[str, ...]:
        """The variables that form groups, each once."""
        return tuple(dict.fromkeys(equation.level for equation in self.equations))

    @cached_property
    def levels(self) -> tuple[tuple[str, tuple[RandomColumns, ...]], ...]:
        """The levels that have random effects, with their equations that are not empty."""
        filled = [equation for equation in self.equations if equation.columns]
        return tuple(
            (name, tuple(group))
            for name, group in itertools.groupby(filled, key=lambda equation: equation.level)
        )

    @property
    def effects(self) -> tuple[tuple[str, Column], ...]:
        """Level and covariate of every random effect, in the order of e(revars)."""
        return tuple(
            (equation.level, column) for equation in self.equations for column in equation.columns
        )

    def codes(self, data: Dataset, rows: np.ndarray) -> list[np.ndarray]:
        """Group codes (n,) for each of ``level_names`` on the chosen rows."""
        return [group_codes(data, name, rows) for name in self.level_names]

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
    ) -> LinearMixedModel:
        """The arrays of the model on the chosen rows, a mask (n,).

        ``fixed`` is the fixed-effects matrix on those rows where it has been made already.
        """
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
                        RandomEffects(
                            Design(equation.columns).matrix(data, selected), equation.covariance()
                        )
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
    covariates = iter(macros.get("revars", "").split())
    sizes = [int(size) for size in macros.get("redim", "").split()]
    equations = tuple(
        RandomColumns(
            level,
            tuple(Column.parse(next(covariates)) for _ in range(size)),
            structure.lower(),
        )
        for level, size, structure in zip(
            macros.get("ivars", "").split(),
            sizes,
            macros.get("vartypes", "").split(),
            strict=True,
        )
    )
    return LinearMixedDescription(
        Column.parse(outcome), fixed, equations, stored_residuals(results)
    )


def covariance_matrices(
    results: Results, description: LinearMixedDescription
) -> Sequence[Sequence[np.ndarray]]:
    """The covariance matrices in e(b), for each level and equation of ``levels``."""
    values = random_parameters(results)
    matrices: list[list[np.ndarray]] = []
    position = 0
    for _, equations in description.levels:
        of_level: list[np.ndarray] = []
        for equation in equations:
            structure = equation.covariance()
            count = structure.parameter_count
            estimation = values[position : position + count]
            of_level.append(structure.matrix(structure.from_estimation(estimation).values))
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
