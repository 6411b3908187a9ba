"""Lists of contrasts → terms: which factors are compared, how, and within which others.

``r.a#b@c`` compares the levels of ``a`` with a reference level, interacted with ``b``, at each
level of ``c``; ``a|b`` compares ``a`` nested in ``b``; ``a##b`` stands for ``a b a#b``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from statalike.data.dataset import Dataset
from statalike.errors import StataError, invalid_syntax
from statalike.language.ast import (
    CustomContrast,
    Group,
    Interaction,
    NestedEffect,
    Operated,
    SimpleEffect,
    VariableItem,
    VariableList,
    VariablePattern,
    VariableRange,
)

#: contrast operators, and what they compare each level with
OPERATORS = {
    "r": "a reference level",
    "a": "the next level",
    "ar": "the previous level",
    "g": "the grand mean",
    "h": "the mean of the following levels",
    "j": "the mean of the previous levels",
    "p": "orthogonal polynomials in the levels",
    "q": "orthogonal polynomials in the ranks of the levels",
}


@dataclass(frozen=True)
class ComparedFactor:
    """A factor whose levels are compared, or several whose cells a custom contrast compares.

    ``operator`` is a key of ``OPERATORS``, ``custom``, or empty for all differences at once;
    ``weighted`` means by numbers of observations.  ``chosen`` are the levels (of polynomials the
    degrees) to be compared, None for all.  ``base`` is a level, ``first``, ``last`` or ``freq``,
    None for the base level of the model.  ``coefficients`` or the name of a ``matrix`` belong to a
    custom contrast.
    """

    variables: tuple[str, ...]
    operator: str = ""
    weighted: bool = False
    chosen: tuple[int, ...] | None = None
    base: int | str | None = None
    coefficients: tuple[float, ...] = ()
    matrix: str = ""


@dataclass(frozen=True)
class WithinFactor:
    """A factor at whose levels others are compared, ``chosen`` or all of them."""

    variable: str
    chosen: tuple[int, ...] | None = None


@dataclass(frozen=True)
class ContinuousPart:
    """A continuous variable of a term, with its time-series operators."""

    variable: str
    operators: str = ""


@dataclass(frozen=True)
class ContrastTerm:
    """A term of a list of contrasts; ``nested`` when it has ``|`` in the place of ``@``."""

    compared: tuple[ComparedFactor, ...]
    within: tuple[WithinFactor, ...] = ()
    measures: tuple[ContinuousPart, ...] = ()
    nested: bool = False

    @property
    def name(self) -> str:
        """The term as tables write it: without operators, continuous variables with ``c.``"""
        parts = [name for factor in self.compared for name in factor.variables]
        parts += [f"c{part.operators}.{part.variable}" for part in self.measures]
        name = "#".join(parts)
        if self.within:
            mark = "|" if self.nested else "@"
            name += mark + "#".join(factor.variable for factor in self.within)
        return name

    @property
    def variables(self) -> tuple[str, ...]:
        """The factors, compared ones first."""
        names = [name for factor in self.compared for name in factor.variables]
        return (*names, *(factor.variable for factor in self.within))

    @property
    def operated(self) -> bool:
        """Whether every comparison has been asked for by an operator."""
        return all(factor.operator for factor in self.compared)


def contrast_terms(items: VariableList, data: Dataset) -> tuple[ContrastTerm, ...]:
    """The terms that a list of contrasts with full names stands for, each once, in order.

    r(198) for operators that are unknown or stand where they cannot.
    """
    terms = dict.fromkeys(term for item in items for term in _expand(item, data))
    for term in terms:
        if len(set(term.variables)) < len(term.variables):
            raise StataError(198, f"{term.name}: a factor may appear only once in a term")
    return tuple(terms)


def _expand(item: VariableItem, data: Dataset) -> list[ContrastTerm]:
    match item:
        case VariablePattern() | VariableRange():
            return [ContrastTerm((ComparedFactor((name,)),)) for name in _names(item, data)]
        case Group(items=items):
            return [term for part in items for term in _expand(part, data)]
        case CustomContrast(variables, coefficients, matrix):
            names = tuple(variable.text for variable in variables)
            factor = ComparedFactor(names, "custom", coefficients=coefficients, matrix=matrix)
            return [ContrastTerm((factor,))]
        case Operated(operators=operators, variables=variables):
            terms = [term for part in variables for term in _expand(part, data)]
            return [_with_operators(term, operators) for term in terms]
        case Interaction(left=left, right=right, full=full):
            first, second = _expand(left, data), _expand(right, data)
            products = [_product(a, b) for a in first for b in second]
            return [*first, *second, *products] if full else products
        case SimpleEffect(effect=effect, within=within):
            return _within(_expand(effect, data), _expand(within, data), nested=False)
        case NestedEffect(effect=effect, within=within):
            return _within(_expand(effect, data), _expand(within, data), nested=True)
    raise TypeError(item)


def _names(item: VariablePattern | VariableRange, data: Dataset) -> Sequence[str]:
    if isinstance(item, VariableRange):
        return data.expand([f"{item.first.text}-{item.last.text}"])
    return data.expand([item.text])


def _product(a: ContrastTerm, b: ContrastTerm) -> ContrastTerm:
    if a.within or b.within:
        raise invalid_syntax()
    return ContrastTerm((*a.compared, *b.compared), (), (*a.measures, *b.measures))


def _within(
    effects: list[ContrastTerm], outer: list[ContrastTerm], *, nested: bool
) -> list[ContrastTerm]:
    found: list[ContrastTerm] = []
    for effect in effects:
        for other in outer:
            if other.measures or other.within:
                raise invalid_syntax()
            for factor in other.compared:
                if factor.operator:
                    raise StataError(
                        198, "contrast operators are not allowed on the factors after @ or |"
                    )
            within = tuple(WithinFactor(f.variables[0], f.chosen) for f in other.compared)
            found.append(
                replace(effect, within=(*effect.within, *within), nested=nested or effect.nested)
            )
    return found


_CONTRAST = re.compile(
    r"(?P<operator>ar|[ra]|[ghjpq])(?P<weighted>w?)(?P<chosen>\d+|\([\d\s/]+\))?"
    r"(?:b(?P<base>\d+|\((?:first|last|freq|\d+)\)))?\Z"
)
_LEVELS = re.compile(
    r"i?(?P<chosen>\d+|\([\d\s/]+\))?(?:bn?|o)?(?P<base>\d+|\((?:first|last|freq|none|\d+)\))?\Z"
)
_CONTINUOUS = re.compile(r"c?\.?(?P<time>(?:[lfds]\d*)*)\Z")


def _with_operators(term: ContrastTerm, operators: str) -> ContrastTerm:
    """A term of one plain factor under operators; r(198)."""
    if len(term.compared) != 1 or term.within or term.measures or term.compared[0].operator:
        raise StataError(198, f"{operators}. invalid operator")
    factor = term.compared[0]
    if operators == "c" or (_CONTINUOUS.match(operators) and not operators.startswith("i")):
        time = _CONTINUOUS.match(operators)
        lags = re.sub(r"([LFDS])1(?!\d)", r"\1", (time["time"] if time else "").upper())
        return ContrastTerm((), measures=(ContinuousPart(factor.variables[0], lags),))
    contrast = _CONTRAST.match(operators)
    if contrast:
        operator, weighted = contrast["operator"], bool(contrast["weighted"])
        if (weighted and operator in ("r", "a", "ar")) or (contrast["base"] and operator != "r"):
            raise StataError(198, f"{operators}. invalid operator")
        return replace(
            term,
            compared=(
                replace(
                    factor,
                    operator=operator,
                    weighted=weighted,
                    chosen=_integers(contrast["chosen"]),
                    base=_base(contrast["base"]),
                ),
            ),
        )
    levels = _LEVELS.match(operators)
    if levels is None:
        raise StataError(198, f"{operators}. invalid operator")
    plain = replace(factor, chosen=_integers(levels["chosen"]), base=_base(levels["base"]))
    return replace(term, compared=(plain,))


def _base(text: str | None) -> int | str | None:
    if text is None or text == "(none)":
        return None
    inner = text.strip("()")
    return int(inner) if inner.isdigit() else inner


def _integers(text: str | None) -> tuple[int, ...] | None:
    """``3``, ``(1 3)`` and ``(2/6)`` as numbers; None for none."""
    if text is None:
        return None
    numbers: list[int] = []
    for part in text.strip("()").split():
        first, slash, last = part.partition("/")
        numbers += range(int(first), int(last) + 1) if slash else [int(first)]
    return tuple(numbers)
