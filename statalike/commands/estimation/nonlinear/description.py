"""A nonlinear mixed model as its parts: made from a command line, or read back from e()."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from statalike.commands.estimation.nonlinear.residual_description import (
    ResidualDescription,
    stored_residuals,
)
from statalike.commands.estimation.nonlinear.sample import NonlinearSample
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.design.groups import group_codes
from statalike.engine.covariance import (
    CovarianceStructure,
    Exchangeable,
    Identity,
    Independent,
    Unstructured,
)
from statalike.engine.nonlinear.model import (
    EffectsBlock,
    GroupingLevel,
    Method,
    NonlinearMixedModel,
)
from statalike.evaluation import StateContext
from statalike.language.nonlinear_parser import (
    parse_definition,
    parse_initial_condition,
    parse_substitutable,
)
from statalike.nonlinear.mean_function import (
    CoefficientColumns,
    NonlinearFunctions,
    ParameterNumbers,
    nonlinear_functions,
)
from statalike.nonlinear.specification import (
    FreeParameter,
    NonlinearSpecification,
    nonlinear_specification,
)
from statalike.results.matrix import Stripe
from statalike.results.stores import Results
from statalike.state import State

_STRUCTURES: dict[str, type[CovarianceStructure]] = {
    "identity": Identity,
    "independent": Independent,
    "exchangeable": Exchangeable,
    "unstructured": Unstructured,
}
_HIERARCHY = re.compile(r"\(([^():]+):(\w+):([^():]+)\)")


@dataclass(frozen=True)
class CovarianceBlock:
    """Random effects of one level with a covariance matrix of their own."""

    path: tuple[str, ...]
    structure: str
    effects: tuple[str, ...]

    @property
    def path_text(self) -> str:
        """``school>class``."""
        return ">".join(self.path)

    @property
    def effective_structure(self) -> str:
        """The structure; that of a single effect is identity."""
        return "identity" if len(self.effects) == 1 else self.structure

    def covariance(self) -> CovarianceStructure:
        """The engine's structure."""
        return _STRUCTURES[self.effective_structure](len(self.effects))

    def parameter_names(self) -> tuple[str, ...]:
        """``lnsd(U1)``, ``athcorr(U2,U1)``; shared parameters name all their effects."""
        structure = self.effective_structure
        shared = structure in ("identity", "exchangeable")
        everything = " ".join(self.effects)
        names: list[str] = []
        for parameter in self.covariance().parameters:
            if parameter.kind == "lnsd":
                own = everything if shared else self.effects[parameter.i]
                names.append(f"lnsd({own})")
            else:
                pair = f"{self.effects[parameter.j]},{self.effects[parameter.i]}"
                names.append(f"athcorr({everything if shared else pair})")
        return tuple(names)


@dataclass(frozen=True)
class NonlinearDescription:
    """A model with its coefficients' columns.

    ``columns`` are those of each linear combination, ``blocks`` the random effects from the
    outermost level on.
    """

    specification: NonlinearSpecification
    columns: Mapping[str, tuple[Column, ...]]
    blocks: tuple[CovarianceBlock, ...]
    residuals: ResidualDescription
    method: Method = "ml"

    @property
    def outcome(self) -> str:
        """The dependent variable."""
        return self.specification.outcome

    @cached_property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """The levels, outermost first."""
        return tuple(dict.fromkeys(block.path for block in self.blocks))

    @cached_property
    def effects(self) -> tuple[str, ...]:
        """The q random effects in the order of the engine."""
        return tuple(name for block in self.blocks for name in block.effects)

    # --- parameters ---

    @cached_property
    def fixed(self) -> tuple[tuple[Stripe, Column | None], ...]:
        """The fixed-effects parameters under their names in e(b), with their columns: linear
        forms, then the free parameters of groups, then those without.
        """
        combinations = self.specification.combinations
        forms: list[tuple[Stripe, Column | None]] = []
        grouped: list[tuple[Stripe, Column | None]] = []
        for name, columns in self.columns.items():
            declared = combinations[name]
            equation = name if declared.form else f"/{name}"
            target = forms if declared.form else grouped
            target += [(Stripe(equation, column.name), column) for column in columns]
        single: list[tuple[Stripe, Column | None]] = []
        for parameter in self.specification.parameters:
            stripe = free_stripe(parameter)
            (single if stripe.equation == "/" else grouped).append((stripe, None))
        order = dict.fromkeys(stripe.equation for stripe, _ in grouped)
        grouped = [item for name in order for item in grouped if item[0].equation == name]
        return (*forms, *grouped, *single)

    @cached_property
    def estimated(self) -> np.ndarray:
        """Which of the fixed-effects parameters are estimated: a mask (k_f,)."""
        return np.array([column is None or not column.omitted for _, column in self.fixed], bool)

    @cached_property
    def numbers(self) -> ParameterNumbers:
        """The parameters numbered as the engine has them."""
        position = np.cumsum(self.estimated) - 1
        number = {
            stripe: int(position[i]) if self.estimated[i] else -1
            for i, (stripe, _) in enumerate(self.fixed)
        }
        combinations: dict[str, CoefficientColumns] = {}
        for name, columns in self.columns.items():
            equation = name if self.specification.combinations[name].form else f"/{name}"
            combinations[name] = CoefficientColumns(
                columns, tuple(number[Stripe(equation, column.name)] for column in columns)
            )
        free = {
            (parameter.group, parameter.name): number[free_stripe(parameter)]
            for parameter in self.specification.parameters
        }
        effects = {name: k for k, name in enumerate(self.effects)}
        return ParameterNumbers(combinations, free, effects, int(self.estimated.sum()))

    @cached_property
    def stripes(self) -> tuple[Stripe, ...]:
        """The names of all parameters in e(b)."""
        random = [
            Stripe(f"/{block.path_text}", name)
            for block in self.blocks
            for name in block.parameter_names()
        ]
        residual = [Stripe("/Residual", name) for name in self.residuals.names()]
        return (*(stripe for stripe, _ in self.fixed), *random, *residual)

    def starting_point(self) -> np.ndarray:
        """Where nonlinear least squares begins, (p,): zeros but for ``{b=2}``."""
        start = np.zeros(self.numbers.count)
        for parameter in self.specification.parameters:
            start[self.numbers.free[parameter.group, parameter.name]] = parameter.start
        return start

    # --- data ---

    def functions(self, state: State, sample: NonlinearSample) -> NonlinearFunctions:
        """The mean and the named expressions on a sample."""
        return nonlinear_functions(
            self.specification,
            self.numbers,
            StateContext(state, sample.data),
            sample.evaluation_rows(),
        )

    def engine_model(
        self, state: State, sample: NonlinearSample, functions: NonlinearFunctions
    ) -> NonlinearMixedModel:
        """The engine's model of a sample; a missing outcome is nan."""
        data = sample.data
        outcome = data.numbers(self.outcome)[sample.chosen]
        outcome = np.where(outcome >= MISSING, np.nan, outcome)
        codes = _nested_codes(data, sample.chosen, self.paths)
        levels: list[GroupingLevel] = []
        position = 0
        for path, groups in zip(self.paths, codes, strict=True):
            blocks: list[EffectsBlock] = []
            for block in self.blocks:
                if block.path == path:
                    count = len(block.effects)
                    own = tuple(range(position, position + count))
                    blocks.append(EffectsBlock(own, block.covariance()))
                    position += count
            levels.append(GroupingLevel(groups, tuple(blocks)))
        return NonlinearMixedModel(
            outcome,
            functions.mean(self.outcome),
            self.numbers.count,
            tuple(levels),
            len(self.effects),
            self.residuals.model(data, sample.positions, codes),
            self.method,
        )


def _nested_codes(
    data: Dataset, mask: np.ndarray, paths: Sequence[tuple[str, ...]]
) -> list[np.ndarray]:
    """Codes (n,) of the groups of each path: the combinations of its variables' values."""
    result: list[np.ndarray] = []
    for path in paths:
        code = np.zeros(int(mask.sum()), dtype=np.intp)
        for name in path:
            own = group_codes(data, name, mask)
            code = np.unique(code * (int(own.max(initial=0)) + 1) + own, return_inverse=True)[1]
            code = code.reshape(-1)
        result.append(code)
    return result


def path_codes(data: Dataset, mask: np.ndarray, path: tuple[str, ...]) -> np.ndarray:
    """Codes (n,) of the groups of one level."""
    return _nested_codes(data, mask, [path])[0]


def free_stripe(parameter: FreeParameter) -> Stripe:
    """``/b``, or ``/group:b``."""
    return Stripe(f"/{parameter.group}", parameter.name)


# --- e() ---------------------------------------------------------------------------------------


def hierarchy_text(blocks: Iterable[CovarianceBlock]) -> str:
    """``(school:unstructured:U1 U2) (school>class:identity:V)``."""
    return " ".join(
        f"({block.path_text}:{block.effective_structure}:{' '.join(block.effects)})"
        for block in blocks
    )


def stored_blocks(results: Results) -> tuple[CovarianceBlock, ...]:
    """The random effects that e(hierarchy) tells of."""
    return tuple(
        CovarianceBlock(tuple(path.split(">")), structure, tuple(effects.split()))
        for path, structure, effects in _HIERARCHY.findall(results.macros.get("hierarchy", ""))
    )


def stored_description(results: Results, data: Dataset) -> NonlinearDescription:
    """The model whose estimates e() holds, with the variables of a dataset."""
    macros = results.macros
    names = macros.get("defined", "").split()
    definitions = [parse_definition(f"{name}: {macros[f'define_{name}']}") for name in names]
    outcome = macros["depvar"]
    initial = [
        parse_initial_condition(f"{{{name}:}} = {macros[f'tsinit_{name}']}")
        for name in macros.get("tsinits", "").split()
    ]
    specification = nonlinear_specification(
        outcome, parse_substitutable(macros["eq_depvar"]), definitions, initial, data
    )
    columns = {
        name: tuple(
            Column.parse(stripe.name)
            for stripe in results.matrices["b"].columns
            if stripe.equation == (name if declared.form else f"/{name}")
        )
        for name, declared in specification.combinations.items()
    }
    return NonlinearDescription(
        specification,
        columns,
        stored_blocks(results),
        stored_residuals(results),
        "reml" if macros["method"] == "REML" else "ml",
    )
