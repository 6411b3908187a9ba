"""A stand-in for the session: data, scalars and results that expressions can see."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.labels import ValueLabel
from statalike.data.missing import MISSING, missing_code
from statalike.errors import StataError
from statalike.language.context import Stored
from statalike.language.expressions import (
    Rows,
    evaluate,
    evaluate_condition,
    evaluate_scalar,
)
from statalike.language.functions.mersenne_twister import MersenneTwister64
from statalike.language.parser import parse_expression
from statalike.language.regular_expressions import Matches
from statalike.language.replacement import evaluate_replacement
from statalike.language.values import as_numbers, is_string
from statalike.results.matrix import NamedMatrix, Stripe

A = missing_code("a")
Z = missing_code("z")


@dataclass
class ExpressionSession:
    """A context with plain dictionaries, and short ways to evaluate a text."""

    dataset: Dataset = field(default_factory=Dataset)
    random: MersenneTwister64 = field(default_factory=lambda: MersenneTwister64(12345))
    groups: np.ndarray | None = None
    matches: Matches = field(default_factory=Matches)
    scalars: dict[str, float | str] = field(default_factory=dict)
    results: dict[tuple[str, str], Stored] = field(default_factory=dict)
    matrices: dict[str, NamedMatrix] = field(default_factory=dict)
    mask: np.ndarray | None = None

    def scalar(self, name: str) -> float | str | None:
        return self.scalars.get(name)

    def stored(self, store: str, name: str) -> Stored:
        return self.results.get((store, name))

    def sample(self) -> np.ndarray | None:
        return self.mask

    def coefficient(self, kind: str, equation: str, name: str) -> float:
        if (equation, name) != ("", "x"):
            raise StataError(111, f"[{equation or '_'}]{name} not found")
        return {"b": 1.5, "se": 0.25}[kind]

    def matrix(self, name: str) -> NamedMatrix | None:
        return self.matrices.get(name)

    def display(self, text: str) -> float | str:
        return evaluate_scalar(parse_expression(text), self)

    def column(self, text: str, rows: Rows = None) -> list[float | str]:
        """One value per chosen observation, as a list."""
        value = evaluate(parse_expression(text), self, rows)
        size = len(np.arange(self.dataset.n)[slice(None) if rows is None else rows])
        if isinstance(value, str):
            return [value] * size
        if is_string(value):
            assert isinstance(value, np.ndarray)
            return list(value)
        return list(as_numbers(value, size).tolist())

    def condition(self, text: str) -> list[bool]:
        return list(evaluate_condition(parse_expression(text), self).tolist())

    def replace(self, name: str, text: str, rows: Rows = None) -> list[float | str]:
        """The new values of a variable for the chosen observations."""
        value = evaluate_replacement(parse_expression(text), self, name, rows)
        size = len(np.arange(self.dataset.n)[slice(None) if rows is None else rows])
        return list(value.tolist()) if isinstance(value, np.ndarray) else [value] * size


def small_session() -> ExpressionSession:
    """Six observations in two groups, with missing values, texts, labels and results."""
    data = Dataset()
    data.set_observations(6)
    data.add("x", np.array([1.0, 2.0, MISSING, 4.0, A, -6.0]))
    data.add("age", np.array([10, 20, 30, 40, 50, 101], dtype=np.int8))
    data.add("f", np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], dtype=np.float32))
    data.add("group", np.array([1, 1, 1, 2, 2, 2], dtype=np.int8))
    data.add("name", ["ann", "Bob", "", "dé", "eve", "f g"])
    data.add("time", np.array([1, 2, 4, 1, 2, 3], dtype=np.int16))
    data.value_labels["yesno"] = ValueLabel("yesno", {0: "no", 1: "yes", 2147483622: "refused"})
    session = ExpressionSession(data)
    session.scalars = {"pi2": 6.25, "word": "text", "_rc": 111.0, "age": -1.0}
    session.results = {
        ("e", "N"): 74.0,
        ("e", "cmd"): "mixed",
        ("e", "properties"): "b V",
        ("e", "b"): NamedMatrix.row(np.array([1.5, 2.5]), (Stripe("y", "x"), Stripe("y", "_cons"))),
        ("r", "mean"): 3.5,
        ("c", "level"): 95.0,
    }
    session.matrices = {
        "M": NamedMatrix.plain(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, A]])),
        "S": NamedMatrix.plain(np.array([[2.0, 1.0], [1.0, 3.0]])),
    }
    return session
