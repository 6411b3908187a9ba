"""What a nonlinear model says: its named expressions, parameters, random effects and their order.

The parts of a command line are resolved here: names that refer to something defined elsewhere are
looked up, and what cannot be is refused ([ME] menl, Random-effects substitutable expressions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from statalike.data.dataset import Dataset
from statalike.errors import StataError, suggestion
from statalike.language.ast import (
    Definition,
    Expression,
    InitialCondition,
    LinearCombination,
    NamedExpression,
    OperatorVariable,
    Parameter,
    RandomEffect,
    VariableItem,
)
from statalike.language.expressions import children
from statalike.nonlinear.linear_terms import LinearTerms, effect_of, expanded_items, linear_terms


@dataclass(frozen=True)
class FreeParameter:
    """A parameter by itself; ``start`` is where nonlinear least squares begins."""

    group: str
    name: str
    start: float = 0.0


@dataclass(frozen=True)
class DeclaredCombination:
    """A linear combination under the name it was declared by.

    It is a ``form`` when neither a coefficient nor a part of it is referred to by itself.
    """

    name: str
    syntax: LinearCombination
    terms: LinearTerms
    form: bool


@dataclass(frozen=True)
class NonlinearSpecification:
    """A nonlinear model, resolved against the variables of a dataset.

    ``definitions`` has the named expressions that are not linear combinations.  ``effects`` gives
    the level of each random effect as variables, outermost first, in the order of appearance;
    so are ``combinations`` and ``parameters``, definitions before the mean.
    """

    outcome: str
    mean: Expression
    definitions: Mapping[str, Expression]
    combinations: Mapping[str, DeclaredCombination]
    initial: Mapping[str, Expression]
    effects: Mapping[str, tuple[str, ...]]
    parameters: tuple[FreeParameter, ...]
    lagged: tuple[str, ...] = field(default=())

    @cached_property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """The levels of the random effects, outermost first."""
        return tuple(sorted(dict.fromkeys(self.effects.values()), key=len))

    @property
    def named(self) -> tuple[str, ...]:
        """The names of all named expressions and linear combinations."""
        return (*self.definitions, *self.combinations)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Every expression of the model: definitions, the mean, initial conditions."""
        return (*self.definitions.values(), self.mean, *self.initial.values())

    def body(self, name: str) -> Expression:
        """What a name stands for; the outcome's name for the mean; r(111)."""
        if name == self.outcome:
            return self.mean
        if name in self.definitions:
            return self.definitions[name]
        if name in self.combinations:
            return self.combinations[name].syntax
        raise undefined(name, self.named)


def undefined(name: str, known: Iterable[str]) -> StataError:
    """r(111) for a named expression that nothing defines."""
    return StataError(
        111,
        f"expression {{{name}:}} not found",
        hint=suggestion(name, known) or f"define it with define({name}: ...)",
    )


def nonlinear_specification(
    outcome: str,
    mean: Expression,
    definitions: Iterable[Definition],
    initial: Iterable[InitialCondition],
    data: Dataset,
) -> NonlinearSpecification:
    """Resolve the parts of a model.

    Raises r(111) for names that nothing defines, r(110) for names defined twice, r(198) for
    definitions that go in circles, levels that are not nested and lags that are not allowed.
    """
    typed = list(definitions)
    conditions = list(initial)
    roots: list[Expression] = [*typed, mean, *(each.expression for each in conditions)]
    effects = _declared_effects(roots)
    declared = _declarations(typed, roots, effects)
    combinations = {
        name: body for name, body in declared.items() if isinstance(body, LinearCombination)
    }
    referred = _referred(roots, combinations, effects)
    resolved = {
        name: DeclaredCombination(
            name, body, linear_terms(body, data, effects), name not in referred
        )
        for name, body in combinations.items()
    }
    lagged = _lagged(roots, outcome)
    specification = NonlinearSpecification(
        outcome,
        mean,
        {name: body for name, body in declared.items() if name not in combinations},
        resolved,
        _initial(conditions, outcome, declared),
        effects,
        _free_parameters(roots, resolved, effects),
        lagged,
    )
    _check_levels(effects)
    _check_lags(specification, roots[: len(typed)])
    _check_references(specification)
    _check_initial(specification)
    return specification


# --- walking -----------------------------------------------------------------------------------


def subexpressions(expression: Expression) -> Iterator[Expression]:
    """An expression and all its parts, definitions in braces included, in the order of reading."""
    yield expression
    parts = (expression.body,) if isinstance(expression, Definition) else children(expression)
    for part in parts:
        yield from subexpressions(part)


def named_reference(node: Expression, outcome: str) -> NamedExpression | None:
    """The named expression that a node refers to; ``L._yhat`` is the lagged mean."""
    if isinstance(node, NamedExpression):
        return node
    if isinstance(node, OperatorVariable) and node.name == "_yhat":
        if node.operators not in ("l", "l1"):
            raise StataError(
                198, f"{node.operators}._yhat not allowed; only L._yhat is", span=node.span
            )
        return NamedExpression(outcome, lagged=True, span=node.span)
    return None


def _items(nodes: Iterable[Expression]) -> Iterator[VariableItem]:
    for root in nodes:
        for node in subexpressions(root):
            if isinstance(node, LinearCombination):
                yield from expanded_items(node.items)


# --- random effects ----------------------------------------------------------------------------


def _declared_effects(roots: list[Expression]) -> dict[str, tuple[str, ...]]:
    effects: dict[str, tuple[str, ...]] = {}
    for item in _items(roots):
        for effect in _effects_within(item):
            if not effect.name[0].isupper():
                raise StataError(
                    198,
                    f"{effect.name} invalid name",
                    hint="names of random effects begin with a capital letter",
                    span=effect.span,
                )
            known = effects.setdefault(effect.name, effect.levels)
            if known != effect.levels:
                raise StataError(
                    198,
                    f"random effect {effect.name} defined at two levels, "
                    f"{'>'.join(known)} and {'>'.join(effect.levels)}",
                    span=effect.span,
                )
    return effects


def _effects_within(item: VariableItem) -> Iterator[RandomEffect]:
    if isinstance(item, RandomEffect):
        yield item
    for name in ("left", "right"):
        part = getattr(item, name, None)
        if part is not None:
            yield from _effects_within(part)


def _check_levels(effects: Mapping[str, tuple[str, ...]]) -> None:
    """Levels must be nested: the path of each is the beginning of the next."""
    ordered = sorted(set(effects.values()), key=len)
    for outer, inner in pairwise(ordered):
        if inner[: len(outer)] != outer or len(inner) == len(outer):
            raise StataError(
                198,
                f"levels {'>'.join(outer)} and {'>'.join(inner)} are not nested",
                hint="write the level of an inner random effect from the outermost level on, "
                f"as in [{'>'.join((*outer, inner[-1]))}]",
            )
    for path in ordered:
        if len(set(path)) != len(path):
            raise StataError(198, f"level {'>'.join(path)} has a variable twice")


# --- named expressions and parameters ----------------------------------------------------------


def _declarations(
    typed: list[Definition], roots: list[Expression], effects: Mapping[str, tuple[str, ...]]
) -> dict[str, Expression]:
    """What each name is defined as, in the order of appearance.

    A linear combination that was defined before may come again with some of its terms.
    """
    declared: dict[str, Expression] = {}
    repeated: list[Definition] = []
    for definition in typed:
        if definition.name in declared:
            raise StataError(110, f"expression {definition.name} already defined")
        _check_single(definition, effects)
        declared[definition.name] = definition.body
    outermost = {id(definition) for definition in typed}
    for root in roots:
        for node in subexpressions(root):
            if not isinstance(node, Definition) or id(node) in outermost:
                continue
            if node.name not in declared:
                declared[node.name] = node.body
            elif declared[node.name] != node.body:
                repeated.append(node)
    for node in repeated:
        first = declared[node.name]
        if not isinstance(first, LinearCombination) or not isinstance(node.body, LinearCombination):
            raise StataError(110, f"expression {node.name} already defined", span=node.span)
    return declared


def _check_single(definition: Definition, effects: Mapping[str, tuple[str, ...]]) -> None:
    """A single variable is a linear combination by option ``xb`` only."""
    body = definition.body
    if not isinstance(body, LinearCombination) or body.explicit or not body.constant:
        return
    items = list(expanded_items(body.items))
    if len(items) == 1 and effect_of(items[0], effects) is None:
        raise StataError(
            198,
            f"define({definition.name}:) incorrectly specified",
            hint="a linear combination of one variable needs option xb",
            span=body.span,
        )


def _referred(
    roots: list[Expression],
    combinations: Mapping[str, LinearCombination],
    effects: Mapping[str, tuple[str, ...]],
) -> set[str]:
    """Linear combinations of which a coefficient or a part is referred to by itself."""
    found: set[str] = set()
    for root in roots:
        for node in subexpressions(root):
            if isinstance(node, Parameter):
                if node.group in combinations and node.name not in effects:
                    found.add(node.group)
            elif (
                isinstance(node, Definition) and combinations.get(node.name, node.body) != node.body
            ):
                found.add(node.name)
    return found


def _free_parameters(
    roots: list[Expression],
    combinations: Mapping[str, DeclaredCombination],
    effects: Mapping[str, tuple[str, ...]],
) -> tuple[FreeParameter, ...]:
    found: dict[tuple[str, str], FreeParameter] = {}
    for root in roots:
        for node in subexpressions(root):
            if not isinstance(node, Parameter) or node.group in combinations:
                continue
            if node.name in effects and not node.group:
                continue
            key = (node.group, node.name)
            known = found.get(key)
            if known is None or node.start is not None:
                found[key] = FreeParameter(node.group, node.name, node.start or 0.0)
    return tuple(found.values())


# --- lags and circles --------------------------------------------------------------------------


def _lagged(roots: list[Expression], outcome: str) -> tuple[str, ...]:
    """The names that are referred to with a lag, the outcome's first."""
    found: dict[str, None] = {}
    for root in roots:
        for node in subexpressions(root):
            reference = named_reference(node, outcome)
            if reference is not None and reference.lagged:
                found[reference.name] = None
    return tuple(sorted(found, key=lambda name: name != outcome))


def _check_lags(specification: NonlinearSpecification, defined: list[Expression]) -> None:
    outcome = specification.outcome
    for root in defined:
        for node in subexpressions(root):
            reference = named_reference(node, outcome)
            if reference is not None and reference.name == outcome:
                raise StataError(
                    198,
                    f"L.{{{outcome}:}} not allowed in option define()",
                    hint="the lagged mean belongs in the main expression",
                    span=node.span,
                )


def _check_references(specification: NonlinearSpecification) -> None:
    """r(111) for what is not defined, r(198) for expressions defined by themselves."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join((*path[path.index(name) :], name))
            raise StataError(198, f"expression {{{name}:}} is defined by itself", hint=circle)
        if name in done:
            return
        for node in subexpressions(specification.body(name)):
            reference = named_reference(node, specification.outcome)
            if reference is None:
                continue
            if reference.lagged:
                specification.body(reference.name)
            else:
                visit(reference.name, (*path, name))
        done.add(name)

    for name in (*specification.named, specification.outcome):
        visit(name, ())
    for expression in specification.initial.values():
        for node in subexpressions(expression):
            reference = named_reference(node, specification.outcome)
            if reference is not None and reference.lagged:
                raise StataError(198, "lags not allowed in option tsinit()", span=node.span)
            if reference is not None:
                specification.body(reference.name)


def _initial(
    conditions: list[InitialCondition], outcome: str, declared: Mapping[str, Expression]
) -> dict[str, Expression]:
    found: dict[str, Expression] = {}
    for condition in conditions:
        name = condition.name
        if name in found:
            raise StataError(198, f"tsinit({{{name}:}}) specified more than once")
        if name != outcome and name not in declared:
            raise undefined(name, declared)
        found[name] = condition.expression
    return found


def _check_initial(specification: NonlinearSpecification) -> None:
    """The lagged mean and expressions that depend on their own lag need an initial condition."""
    for name in specification.lagged:
        if name in specification.initial:
            continue
        if name == specification.outcome or depends_on_lag_of(specification, name):
            raise StataError(
                198,
                f"option tsinit() required for {{{name}:}}",
                hint=f"as in tsinit({{{name}:}} = ...)",
            )


def depends_on_lag_of(specification: NonlinearSpecification, name: str) -> bool:
    """Whether a named expression depends, directly or through others, on its own lag."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for node in subexpressions(specification.body(waiting.pop())):
            reference = named_reference(node, specification.outcome)
            if reference is None:
                continue
            if reference.lagged and reference.name == name:
                return True
            if reference.name not in seen:
                seen.add(reference.name)
                waiting.append(reference.name)
    return False
