"""A generalized mixed model as its columns and levels, and the arrays that the engine takes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from statalike.commands.estimation.generalized.outcomes import OutcomeRequest, PreparedOutcome
from statalike.commands.estimation.linear_mixed import RandomColumns, RandomEffectsEquation
from statalike.commands.estimation.mixed_weights import ModelWeights
from statalike.commands.estimation.random_categories import (
    PREFIX,
    RandomCategories,
    category_codes,
)
from statalike.commands.estimation.random_effects_rows import effect_name
from statalike.data.dataset import Dataset
from statalike.design.columns import Column
from statalike.design.design import Design, design_from_names
from statalike.design.groups import group_codes
from statalike.engine.covariance import Identity
from statalike.engine.generalized.crossed_laplace import CrossedGeneralizedModel, CrossedTerm
from statalike.engine.generalized.model import GeneralizedMixedModel
from statalike.engine.linear.model import Level, RandomEffects
from statalike.engine.nested_groups import nested_groups
from statalike.results.matrix import Stripe
from statalike.results.stores import Results


@dataclass(frozen=True)
class GeneralizedDescription:
    """Outcome, fixed-effects design, offset and random-effects equations, outermost level first.

    ``offset`` names a variable that enters with a coefficient of one, by its logarithm when
    ``exposure``.
    """

    outcome: OutcomeRequest
    fixed: Design
    equations: tuple[RandomEffectsEquation, ...]
    offset: str = ""
    exposure: bool = False

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

    def path(self, level: str) -> str:
        """``school>class``: a level within those above it, of which ``_all`` is not told."""
        above = self.level_names[: self.level_names.index(level)]
        return ">".join([*(name for name in above if name != "_all"), level])

    @property
    def crossed(self) -> bool:
        """Whether effects of categories need not be nested."""
        return any(isinstance(equation, RandomCategories) for equation in self.equations)

    def codes(self, data: Dataset, rows: np.ndarray) -> list[np.ndarray]:
        """Group codes (n,) for each of ``level_names`` on the chosen rows."""
        return [group_codes(data, name, rows) for name in self.level_names]

    def offset_values(self, data: Dataset, rows: np.ndarray) -> np.ndarray | None:
        """What is added to the linear predictor on the chosen rows."""
        if not self.offset:
            return None
        values = data.numbers(self.offset)[rows]
        return np.log(values) if self.exposure else values

    def engine_model(
        self,
        data: Dataset,
        rows: np.ndarray,
        prepared: PreparedOutcome,
        fixed: np.ndarray | None = None,
        weights: ModelWeights | None = None,
    ) -> GeneralizedMixedModel:
        """The arrays of the model on the chosen rows, a mask (n,)."""
        codes = dict(zip(self.level_names, self.codes(data, rows), strict=True))
        positions = [self.level_names.index(name) for name, _ in self.levels]
        return GeneralizedMixedModel(
            prepared.family,
            prepared.rows,
            self.fixed.matrix(data, rows) if fixed is None else fixed,
            tuple(
                Level(
                    codes[name],
                    tuple(
                        equation.effects(data, rows)
                        for equation in equations
                        if isinstance(equation, RandomColumns)
                    ),
                )
                for name, equations in self.levels
            ),
            self.offset_values(data, rows),
            None if weights is None else weights.observations,
            () if weights is None else tuple(weights.levels[position] for position in positions),
        )

    def crossed_model(
        self,
        data: Dataset,
        rows: np.ndarray,
        prepared: PreparedOutcome,
        fixed: np.ndarray | None = None,
    ) -> CrossedGeneralizedModel:
        """The arrays of a model with effects of categories, on the chosen rows."""
        groups = nested_groups(self.codes(data, rows))
        terms: list[CrossedTerm] = []
        for name, equations in self.levels:
            codes = groups.group(self.level_names.index(name))
            for equation in equations:
                if isinstance(equation, RandomColumns):
                    terms.append(CrossedTerm(codes, equation.effects(data, rows)))
                    continue
                categories, count = category_codes(data, equation.variable, rows)
                cells = np.unique(codes * count + categories, return_inverse=True)[1].ravel()
                intercepts = RandomEffects(np.ones((len(codes), 1)), Identity(1))
                terms.append(CrossedTerm(cells, intercepts))
        return CrossedGeneralizedModel(
            prepared.family,
            prepared.rows,
            self.fixed.matrix(data, rows) if fixed is None else fixed,
            tuple(terms),
            self.offset_values(data, rows),
        )

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the model, each once."""
        names = [*self.outcome.variables, *self.fixed.variables]
        names += [name for name in self.level_names if name != "_all"]
        names += [name for equation in self.equations for name in equation.variables]
        names += [self.offset] if self.offset else []
        return tuple(dict.fromkeys(names))

    def variance_entries(self) -> list[VarianceEntry]:
        """The variances and covariances in e(b), level by level: variances, then covariances.

        Effects that share a variance have an entry each ([ME] meglm shows them one by one).
        """
        found: list[VarianceEntry] = []
        position = 0
        for _, equations in self.levels:
            variances: list[VarianceEntry] = []
            covariances: list[VarianceEntry] = []
            for equation in equations:
                path = self.path(equation.level)
                if isinstance(equation, RandomCategories):
                    variances.append(
                        VarianceEntry(f"{path}>{equation.variable}", ("_cons",), position)
                    )
                    position += 1
                    continue
                structure = equation.covariance()
                names = [effect_name(column) for column in equation.columns]
                for i, j in _pairs(len(names)):
                    value = structure.basis[:, i, j]
                    if not value.any():
                        continue
                    entry = VarianceEntry(
                        path,
                        (names[i],) if i == j else (names[i], names[j]),
                        position + int(np.argmax(value)),
                    )
                    (variances if i == j else covariances).append(entry)
                position += structure.parameter_count
            found += [*variances, *covariances]
        return found


@dataclass(frozen=True)
class VarianceEntry:
    """A variance of one effect or the covariance of two at the level ``path``.

    ``parameter`` is its position among the distinct variances and covariances of the model.
    """

    path: str
    effects: tuple[str, ...]
    parameter: int

    @property
    def is_variance(self) -> bool:
        return len(self.effects) == 1

    @property
    def row_name(self) -> str:
        """``var(_cons)``, as tables show it under the name of the level."""
        return f"{'var' if self.is_variance else 'cov'}({','.join(self.effects)})"

    @property
    def stripe(self) -> Stripe:
        """``/var(_cons[school>class])``."""
        names = ",".join(f"{effect}[{self.path}]" for effect in self.effects)
        return Stripe("/", f"{'var' if self.is_variance else 'cov'}({names})")


def _pairs(size: int) -> list[tuple[int, int]]:
    above = [(i, j) for i in range(size) for j in range(i + 1, size)]
    return [*((i, i) for i in range(size)), *above]


def is_generalized(results: Results) -> bool:
    """Whether e() holds the results of a generalized mixed command."""
    return "cmd2" in results.macros and results.macros.get("predict") == "meglm_p"


def stored_description(results: Results) -> GeneralizedDescription:
    """The model whose estimates e() holds."""
    macros = results.macros
    depvar, *rest = macros["depvar"].split()
    fixed = design_from_names(
        stripe.name for stripe in results.matrices["b"].columns if stripe.equation == depvar
    )
    covariates = iter(macros.get("revars", "").split())
    counts = [int(size) for size in macros.get("redim", "").split()]
    equations: list[RandomEffectsEquation] = []
    for level, count, structure in zip(
        macros["ivars"].split(), counts, macros["vartypes"].split(), strict=True
    ):
        names = [next(covariates)] if count else []
        if names and names[0].startswith(PREFIX):
            variable = names[0].removeprefix(PREFIX)
            equations.append(RandomCategories(level, variable, count, structure.lower()))
            continue
        names += [next(covariates) for _ in range(count - 1)]
        columns = tuple(Column.parse(name) for name in names)
        equations.append(RandomColumns(level, columns, structure.lower()))
    offset = macros.get("offset", "")
    exposure = offset.startswith("ln(")
    return GeneralizedDescription(
        _stored_outcome(results, depvar, rest[0] if rest else ""),
        fixed,
        tuple(equations),
        offset.removeprefix("ln(").removesuffix(")") if exposure else offset,
        exposure,
    )


def _stored_outcome(results: Results, depvar: str, second: str) -> OutcomeRequest:
    macros = results.macros
    model = {"tobit": "tobit", "interval": "interval"}.get(macros["model"], "")
    return OutcomeRequest(
        Column.parse(depvar),
        macros["family"].split()[0],
        macros["link"],
        macros.get("binomial", ""),
        macros.get("dispersion", "mean"),
        "survival" if "distribution" in macros else model,
        macros.get("llopt", ""),
        macros.get("ulopt", second),
        macros.get("distribution", ""),
        macros.get("frm2", ""),
    )
