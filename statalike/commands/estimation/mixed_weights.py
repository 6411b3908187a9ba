"""Weights of a multilevel model: ``[fweight]``, ``[iweight]`` or ``[pweight]`` of the observations,
``fweight()`` and the like of the groups of each level, and how ``pwscale()`` scales them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from statalike.commands.data.weights import WEIGHT_NAMES, evaluated_weights
from statalike.data.dataset import Dataset
from statalike.engine.linear.weights import TotalWeights
from statalike.engine.nested_groups import nested_groups
from statalike.engine.weight_scaling import Scaling, scaled_weights
from statalike.errors import StataError
from statalike.language.arguments import Arguments, WeightArgument
from statalike.language.ast import Name
from statalike.language.expressions import walk
from statalike.language.parser import parse_expression
from statalike.language.unparse import expression_text
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results
from statalike.state import State

KINDS = ("fweight", "iweight", "pweight")
SCALINGS = ("size", "effective", "gk")


@dataclass(frozen=True)
class WeightRequest:
    """The weights a model is given: of the observations, and of the groups of each level variable,
    the outermost first, None where there are none.
    """

    observations: WeightArgument | None
    levels: tuple[WeightArgument | None, ...]
    scaling: str

    @property
    def given(self) -> tuple[WeightArgument, ...]:
        return tuple(w for w in (self.observations, *self.levels) if w is not None)

    @property
    def sampling(self) -> bool:
        """Whether any are sampling weights, for which variances have to be robust."""
        return any(weight.kind == "pweight" for weight in self.given)

    def variables(self, data: Dataset) -> tuple[str, ...]:
        """The variables that the weights are made of."""
        names = (
            data.unabbreviate(node.name)
            for weight in self.given
            for node in walk(weight.expression)
            if isinstance(node, Name) and not node.name.startswith("_")
        )
        return tuple(dict.fromkeys(name for name in names if name in data))


def read_weights(arguments: Arguments, level_names: Sequence[str]) -> WeightRequest | None:
    """The weights that a command line gives, None without any; r(198)."""
    given: dict[str, WeightArgument] = {}
    for equation in arguments.equations:
        kinds = [kind for kind in KINDS if equation.options.get(kind) is not None]
        if len(kinds) > 1 or (kinds and equation.level in given):
            raise StataError(198, f"only one kind of weights is allowed for level {equation.level}")
        for kind in kinds:
            expression = equation.options[kind]
            text = expression_text(expression)
            given[str(equation.level)] = WeightArgument(kind, expression, text)
    request = WeightRequest(
        arguments.weight,
        tuple(given.get(name) for name in level_names),
        _read_scaling(arguments.options),
    )
    if request.scaling:
        if len(level_names) != 1:
            raise StataError(198, "option pwscale() is allowed only with two-level models")
        if not request.sampling or (
            request.observations is not None and request.observations.kind != "pweight"
        ):
            raise StataError(198, "option pwscale() requires sampling weights")
    return request if request.given else None


def _read_scaling(options: Mapping[str, Any]) -> str:
    typed = options.get("pwscale")
    if typed is None:
        return ""
    word = str(typed).strip()
    for name in SCALINGS:
        if word and name.startswith(word):
            return name
    raise StataError(198, f"pwscale(): scale method {word} not allowed")


@dataclass(frozen=True)
class ModelWeights:
    """Weights on the estimation sample: ``observations`` (n,) given the innermost group, and for
    each level variable those of each observation's group given the groups above, (n,).

    ``frequencies`` tells of the levels, and last of the observations, which weights count copies,
    as importance weights do too.
    """

    observations: np.ndarray
    levels: tuple[np.ndarray, ...]
    frequencies: tuple[bool, ...]

    def total(self, positions: Sequence[int]) -> TotalWeights:
        """The weights as the engine takes them; ``positions`` are those of the level variables
        that have random effects.
        """
        products = _products(self.levels, len(self.observations))
        return TotalWeights(
            self.observations * products[-1],
            tuple(products[position + 1] for position in positions),
        )

    @cached_property
    def copies(self) -> tuple[np.ndarray, ...]:
        """For each level, and last for the observations, for how many each stands (n,)."""
        n = len(self.observations)
        counted = [
            weights if frequency else np.ones(n)
            for weights, frequency in zip(
                (*self.levels, self.observations), self.frequencies, strict=True
            )
        ]
        return tuple(_products(counted, n)[1:])


def _products(factors: Sequence[np.ndarray], n: int) -> list[np.ndarray]:
    """One, and the products of the first, the first two, ... of the factors (n,)."""
    products = [np.ones(n)]
    for factor in factors:
        products.append(products[-1] * factor)
    return products


def weighted_sample(state: State, request: WeightRequest, sample: np.ndarray) -> np.ndarray:
    """The mask ``sample`` less observations without a weight of their own or their groups.

    r(401), r(402) for weights that are not allowed.
    """
    for weight in request.given:
        _, sample = evaluated_weights(state, weight, sample)
    return sample


def model_weights(
    state: State,
    request: WeightRequest,
    sample: np.ndarray,
    level_names: Sequence[str],
    codes: Sequence[np.ndarray],
) -> ModelWeights:
    """The weights on the estimation sample, scaled; ``codes`` are those of the levels; r(459)."""

    def values(weight: WeightArgument | None) -> np.ndarray:
        if weight is None:
            return np.ones(int(sample.sum()))
        return evaluated_weights(state, replace(weight, assumed=False), sample)[0][sample]

    observations = values(request.observations)
    levels = [values(weight) for weight in request.levels]
    groups = nested_groups(codes) if codes else None
    for number, (name, weight, own) in enumerate(
        zip(level_names, request.levels, levels, strict=True)
    ):
        if weight is None or groups is None:
            continue
        group = groups.group(number)
        first = np.zeros(groups.counts[number])
        first[group] = own
        if np.any(first[group] != own):
            kind = WEIGHT_NAMES[weight.kind]
            raise StataError(459, f"{kind} weights not constant within {name}")
    if request.scaling and groups is not None:
        scaling = cast(Scaling, request.scaling)
        observations, levels[0] = scaled_weights(scaling, observations, levels[0], groups.group(0))
    kinds = (*request.levels, request.observations)
    return ModelWeights(
        observations,
        tuple(levels),
        tuple(weight is not None and weight.kind != "pweight" for weight in kinds),
    )


def post_weights(results: Results, request: WeightRequest) -> None:
    """e() of the weights, from which :func:`stored_weights` reads them back."""
    macros = results.macros
    for number, weight in enumerate(request.levels, 1):
        if weight is not None:
            macros[f"{weight.kind}{number}"] = weight.text
    if request.observations is not None:
        macros["wtype"] = request.observations.kind
        macros["wexp"] = f"= {request.observations.text}"
    if request.scaling:
        macros["pwscale"] = request.scaling
    # Predictions are averaged over the population, which the products of all weights make up.
    kinds = {weight.kind for weight in request.given}
    macros["marginswtype"] = next(kind for kind in reversed(KINDS) if kind in kinds)
    factors = [f"({weight.text})" for weight in request.given]
    macros["marginswexp"] = f"= {'*'.join(factors)}"


def stored_weights(results: Results, level_names: Sequence[str]) -> WeightRequest | None:
    """The weights that e() holds, None without any."""
    macros = results.macros

    def read(kind: str, text: str) -> WeightArgument:
        return WeightArgument(kind, parse_expression(text), text)

    levels: list[WeightArgument | None] = []
    for number in range(1, len(level_names) + 1):
        found = [kind for kind in KINDS if f"{kind}{number}" in macros]
        levels.append(read(found[0], macros[f"{found[0]}{number}"]) if found else None)
    observations = None
    if "wtype" in macros:
        observations = read(macros["wtype"], macros["wexp"].removeprefix("=").strip())
    request = WeightRequest(observations, tuple(levels), macros.get("pwscale", ""))
    return request if request.given else None


def post_copies(results: Results, weights: ModelWeights, codes: Sequence[np.ndarray]) -> None:
    """e(N), and the numbers and sizes of groups, with every observation and group counted as often
    as frequency weights say.
    """
    if not any(weights.frequencies):
        return
    observations = weights.copies[-1]
    results.scalars["N"] = float(observations.sum())
    if not codes:
        return
    groups = nested_groups(codes)
    summary: dict[str, list[float]] = {"N_g": [], "g_min": [], "g_avg": [], "g_max": []}
    for number, copies in enumerate(weights.copies[:-1]):
        group = groups.group(number)
        count = np.zeros(groups.counts[number])
        count[group] = copies
        sizes = np.bincount(group, observations) / count
        found = (count.sum(), sizes.min(), observations.sum() / count.sum(), sizes.max())
        for values, value in zip(summary.values(), found, strict=True):
            values.append(float(value))
    for name, values in summary.items():
        results.matrices[name] = NamedMatrix.plain(np.array([values]))
