"""Small nonlinear models on made-up data, as functions of parameters and random effects."""

from __future__ import annotations

import numpy as np

from statalike.data.dataset import Dataset
from statalike.design.columns import CONSTANT
from statalike.design.design import build_design
from statalike.language.nonlinear_parser import (
    parse_definition,
    parse_initial_condition,
    parse_substitutable,
)
from statalike.nonlinear.mean_function import (
    CoefficientColumns,
    EvaluationRows,
    NonlinearFunctions,
    ParameterNumbers,
    nonlinear_functions,
)
from statalike.nonlinear.specification import NonlinearSpecification, nonlinear_specification
from tests.design.small_data import dataset
from tests.language.expression_session import ExpressionSession


def small_data() -> Dataset:
    """Twelve observations of y, x, z, of a factor f and of three groups."""
    random = np.random.default_rng(7)
    return dataset(
        y=random.normal(size=12),
        x=random.uniform(0.5, 2.0, 12),
        z=random.normal(size=12),
        f=np.tile([1.0, 2.0, 3.0], 4),
        id=np.repeat([1.0, 2.0, 3.0], 4),
        b=np.tile([1.0, 1.0, 2.0, 2.0], 3),
        time=np.tile([1.0, 2.0, 3.0, 4.0], 3),
    )


def specification(
    mean: str, *definitions: str, initial: tuple[str, ...] = (), data: Dataset | None = None
) -> NonlinearSpecification:
    return nonlinear_specification(
        "y",
        parse_substitutable(mean),
        [parse_definition(text) for text in definitions],
        [parse_initial_condition(text) for text in initial],
        small_data() if data is None else data,
    )


def numbered(model: NonlinearSpecification, data: Dataset) -> ParameterNumbers:
    """Parameters numbered in the order of their appearance, combinations first."""
    combinations: dict[str, CoefficientColumns] = {}
    count = 0
    for name, declared in model.combinations.items():
        design = build_design(
            declared.terms.terms,
            data,
            np.ones(data.n, dtype=bool),
            constant=declared.terms.constant,
        )
        numbers = []
        for column in design.columns:
            numbers.append(-1 if column.omitted else count)
            count += not column.omitted
        combinations[name] = CoefficientColumns(design.columns, tuple(numbers))
        assert not declared.terms.constant or design.columns[-1] == CONSTANT
    free = {}
    for parameter in model.parameters:
        free[parameter.group, parameter.name] = count
        count += 1
    effects = {name: number for number, name in enumerate(model.effects)}
    return ParameterNumbers(combinations, free, effects, count)


def functions_of(
    model: NonlinearSpecification, data: Dataset, rows: EvaluationRows | None = None
) -> NonlinearFunctions:
    if rows is None:
        rows = EvaluationRows(np.arange(data.n))
    return nonlinear_functions(model, numbered(model, data), ExpressionSession(data), rows)
