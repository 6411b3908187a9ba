"""The covariates of the model that ``margins`` works on, and the words that choose among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from statalike.data.dataset import Dataset
from statalike.data.names import expand
from statalike.design.columns import Column, Continuous, FactorLevel
from statalike.design.covariate_values import covariate_name, covariates_of
from statalike.errors import StataError
from statalike.language.ast import Group, Operated, VariableItem, VariablePattern, VariableRange


@dataclass(frozen=True)
class ModelCovariates:
    """Covariates in the model's order; those that are factors, their levels and base levels."""

    names: tuple[str, ...]
    factors: tuple[str, ...]
    levels: Mapping[str, tuple[int, ...]]
    bases: Mapping[str, int]
    measures: tuple[str, ...]

    def chosen(self, item: VariableItem, option: str) -> list[str]:
        """The covariates that a word or a pattern names; r(322) for what is none.

        ``_all`` (and ``*``), ``_factor`` and ``_continuous`` stand for covariates of a kind;
        ``i.`` and ``c.`` may stand before a name.
        """
        match item:
            case VariablePattern(text="_all" | "*"):
                return list(self.names)
            case VariablePattern(text="_factor"):
                return list(self.factors)
            case VariablePattern(text="_continuous"):
                return list(self.measures)
            case VariablePattern(text=text):
                return self._named(text, option)
            case VariableRange(first, last):
                return self._named(f"{first.text}-{last.text}", option)
            case Group(items):
                return [name for part in items for name in self.chosen(part, option)]
            case Operated(operators, variables):
                found: list[str] = []
                for part in variables:
                    if operators in ("i", "c"):
                        found += self.chosen(part, option)
                    else:
                        found += self._operated(operators, part, option)
                return found
        raise StataError(198, f"invalid {option}() option;\ninteractions not allowed")

    def _named(self, text: str, option: str) -> list[str]:
        try:
            return expand(text, dict.fromkeys(self.names))
        except StataError:
            raise self._unknown(text, option) from None

    def _operated(self, operators: str, item: VariableItem, option: str) -> list[str]:
        prefix = operators.upper()
        for letter in "LFDS":
            prefix = prefix.removesuffix("1") if prefix == f"{letter}1" else prefix
        name = f"{prefix}.{getattr(item, 'text', '')}"
        if name not in self.names:
            raise self._unknown(name, option)
        return [name]

    @staticmethod
    def _unknown(text: str, option: str) -> StataError:
        return StataError(
            322, f"invalid {option}() option;\nvariable {text} not found in list of covariates"
        )


def model_covariates(columns: Sequence[Column], others: Iterable[Column] = ()) -> ModelCovariates:
    """The covariates of the columns of a linear predictor, then those of ``others``."""
    every = [*columns, *others]
    levels: dict[str, dict[int, None]] = {}
    bases: dict[str, int] = {}
    measures: dict[str, None] = {}
    for column in every:
        for part in column.parts:
            if isinstance(part, FactorLevel):
                levels.setdefault(part.variable, {})[part.level] = None
                if part.mark in ("b", "bn"):
                    bases.setdefault(part.variable, part.level)
            elif isinstance(part, Continuous):
                measures[covariate_name(part)] = None
    ordered = {name: tuple(sorted(own)) for name, own in levels.items()}
    names = covariates_of(every)
    return ModelCovariates(
        names,
        tuple(name for name in names if name in ordered),
        ordered,
        {name: bases.get(name, own[0]) for name, own in ordered.items()},
        tuple(name for name in names if name in measures and name not in ordered),
    )


def check_in_data(names: Iterable[str], data: Dataset) -> None:
    """r(111) when a covariate is not in the data."""
    for name in names:
        data.variable(name.rpartition(".")[2])
