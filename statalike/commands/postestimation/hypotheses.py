"""Linear hypotheses about the coefficients in e(b), as ``test`` and ``lincom`` are given them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from statalike.data.missing import MISSING, is_missing
from statalike.data.names import is_name
from statalike.errors import (
    StataError,
    invalid_syntax,
    last_estimates_not_found,
    suggestion,
    type_mismatch,
)
from statalike.evaluation import StateContext, coefficient_position, find_coefficient
from statalike.language.arguments import Arguments
from statalike.language.ast import (
    Binary,
    Call,
    Coefficient,
    Equality,
    EquationHypothesis,
    Expression,
    Hypothesis,
    Name,
    Node,
    Number,
    StoredResult,
    Unary,
)
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_linear_combination, parse_linear_hypotheses
from statalike.results.matrix import NamedMatrix
from statalike.results.restrictions import LinearRestrictions
from statalike.results.stores import Results
from statalike.state import State


@dataclass(frozen=True)
class LinearForm:
    """``weights`` (k,) times the coefficients, plus a constant."""

    weights: np.ndarray
    constant: float

    @property
    def is_constant(self) -> bool:
        return not self.weights.any()

    def plus(self, other: LinearForm, factor: float = 1.0) -> LinearForm:
        return LinearForm(
            self.weights + factor * other.weights, self.constant + factor * other.constant
        )

    def times(self, factor: float) -> LinearForm:
        return LinearForm(self.weights * factor, self.constant * factor)


def estimated_coefficients(results: Results) -> NamedMatrix:
    """e(b) of results that have an e(V) as well; r(301) when there are none."""
    if "b" not in results.matrices or "V" not in results.matrices:
        raise last_estimates_not_found()
    return results.matrices["b"]


def residual_degrees_of_freedom(results: Results, arguments: Arguments) -> float:
    """Those of option ``df()`` or else e(df_r); missing for large-sample inference; r(198)."""
    if not arguments.typed("df"):
        return results.scalars.get("df_r", MISSING)
    given = arguments.number("df") or 0.0
    if given <= 0:
        raise StataError(198, "df() must be positive")
    return given


def read_restrictions(
    state: State,
    text: str,
    *,
    constant: bool = False,
    common: bool = False,
    coefficients: NamedMatrix | None = None,
) -> LinearRestrictions:
    """The restrictions that ``test`` is given, on e(b) or on ``coefficients`` (1, k).

    A coefficient by its bare name stands for itself in every equation that has it; within an
    equality for that of the first equation.  ``constant`` includes the constants where a whole
    equation is tested, and ``common`` leaves out what equations that are set equal do not all have,
    which is an error otherwise.  Raises r(111), r(131) for what is not linear, r(303) and r(198).
    """
    reader = _Reader(state, coefficients)
    forms = [
        form
        for hypothesis in parse_linear_hypotheses(text)
        for form in reader.restrictions(hypothesis, constant, common)
    ]
    return restrictions_of(reader.b, forms)


def restrictions_of(b: NamedMatrix, forms: Sequence[LinearForm]) -> LinearRestrictions:
    """The restrictions that each of the forms is zero."""
    weights = np.array([form.weights for form in forms]).reshape(len(forms), len(b.columns))
    return LinearRestrictions(b, weights, np.array([-form.constant for form in forms]) + 0.0)


def read_combination(state: State, text: str) -> LinearForm:
    """A linear combination of coefficients; r(111), r(131), r(198)."""
    return _Reader(state).form(parse_linear_combination(text))


def unit_form(position: int, count: int) -> LinearForm:
    """A single coefficient out of ``count``."""
    weights = np.zeros(count)
    weights[position] = 1.0
    return LinearForm(weights, 0.0)


def equation_named(b: NamedMatrix, typed: str) -> str:
    """The equation that a name or ``#2`` stands for; r(303)."""
    names = equations_of(b)
    if typed.startswith("#") and typed[1:].isdigit() and 0 < int(typed[1:]) <= len(names):
        return names[int(typed[1:]) - 1]
    if typed not in names:
        raise StataError(
            303, f"equation [{typed}] not found", hint=suggestion(typed, filter(None, names))
        )
    return typed


def equations_of(b: NamedMatrix) -> tuple[str, ...]:
    """The equations of e(b), each once, in order."""
    return tuple(dict.fromkeys(stripe.equation for stripe in b.columns))


class _Reader:
    """Turns hypotheses into linear forms of one set of estimates."""

    def __init__(self, state: State, coefficients: NamedMatrix | None = None) -> None:
        self._state = state
        self._context = StateContext(state)
        self.b = estimated_coefficients(state.e) if coefficients is None else coefficients
        self._count = len(self.b.columns)

    # -- hypotheses

    def restrictions(
        self, hypothesis: Hypothesis, constant: bool, common: bool
    ) -> Iterator[LinearForm]:
        """The forms that the hypothesis says are zero."""
        match hypothesis:
            case Equality(sides):
                first, *others = (self.form(side) for side in sides)
                for other in others:
                    yield first.plus(other, -1.0)
            case EquationHypothesis():
                yield from self._equations(hypothesis, constant, common)
            case Name():
                for position in self._everywhere(hypothesis):
                    yield unit_form(position, self._count)
            case Coefficient():
                yield self.form(hypothesis)
            case _:
                raise StataError(
                    198,
                    "invalid syntax",
                    hint="a hypothesis is a list of coefficients or an equality",
                    span=hypothesis.span,
                )

    def _equations(
        self, hypothesis: EquationHypothesis, constant: bool, common: bool
    ) -> Iterator[LinearForm]:
        equations = [equation_named(self.b, name) for name in hypothesis.equations]
        first, *others = equations
        names = [name.name for name in hypothesis.coefficients]
        if not names:
            own = [self._names_of(equation, constant) for equation in equations]
            everywhere = set(own[0]).intersection(*own)
            names = [name for name in own[0] if not common or name in everywhere]
            for equation, theirs in zip(equations, own, strict=True):
                missing = next((name for name in theirs if name not in everywhere), None)
                if missing is not None and not common:
                    raise StataError(
                        111,
                        f"[{equation}]{missing} is not in all of these equations",
                        hint="option common tests what they have in common",
                    )
        if not others:
            for name in names:
                yield self._of_equation(first, name)
        for other in others:
            for name in names:
                yield self._of_equation(first, name).plus(self._of_equation(other, name), -1.0)

    def _names_of(self, equation: str, constant: bool) -> list[str]:
        """The coefficients of an equation, with its constant if wanted."""
        return [
            stripe.name
            for stripe in self.b.columns
            if stripe.equation == equation and (constant or stripe.name != "_cons")
        ]

    def _of_equation(self, equation: str, name: str) -> LinearForm:
        position = coefficient_position(self.b, equation, self._full_name(name))
        if position is None:
            raise StataError(111, f"[{equation}]{name} not found")
        return unit_form(position, self._count)

    def _everywhere(self, name: Name) -> list[int]:
        """The positions of a coefficient in all equations that have it.

        Equations that hold nothing but a constant are parameters such as ``lnsig_e``, which
        ``_cons`` does not stand for.
        """
        full = self._full_name(name.name)
        equations = equations_of(self.b)
        if full == "_cons":
            own = {stripe.equation for stripe in self.b.columns if stripe.name != "_cons"}
            equations = tuple(each for each in equations if each in own) or equations[:1]
        found = [coefficient_position(self.b, equation, full) for equation in equations]
        positions = [position for position in found if position is not None]
        if not positions:
            raise self._not_found(name)
        return positions

    # -- combinations

    def form(self, expression: Expression) -> LinearForm:
        """An expression that is linear in the coefficients; r(131) when it is not."""
        match expression:
            case Number(value):
                return self._constant(value)
            case Name():
                return self._named(expression)
            case Coefficient("b", equation, name):
                return unit_form(find_coefficient(self.b, equation, name), self._count)
            case Unary("-", operand):
                return self.form(operand).times(-1.0)
            case Unary("+", operand):
                return self.form(operand)
            case Binary("+", left, right):
                return self.form(left).plus(self.form(right))
            case Binary("-", left, right):
                return self.form(left).plus(self.form(right), -1.0)
            case Binary("*", left, right):
                first, second = self.form(left), self.form(right)
                if first.is_constant:
                    return second.times(first.constant)
                if second.is_constant:
                    return first.times(second.constant)
                raise _not_linear()
            case Binary("/", left, right):
                return self._divided(self.form(left), self.form(right))
            case Binary("^", left, right):
                return self._power(self.form(left), self.form(right))
            case Coefficient() | StoredResult():
                return self._value(expression)
            case Call():
                if self._mentions_coefficients(expression):
                    raise _not_linear()
                return self._value(expression)
            case _:
                raise invalid_syntax(expression.span)

    def _constant(self, value: float) -> LinearForm:
        if is_missing(value):
            raise StataError(504, "missing values")
        return LinearForm(np.zeros(self._count), float(value))

    def _value(self, expression: Expression) -> LinearForm:
        value = evaluate_scalar(expression, self._context)
        if isinstance(value, str):
            raise type_mismatch()
        return self._constant(float(value))

    def _divided(self, numerator: LinearForm, denominator: LinearForm) -> LinearForm:
        if not denominator.is_constant:
            raise _not_linear()
        if denominator.constant == 0:
            raise StataError(504, "missing values")
        return numerator.times(1 / denominator.constant)

    def _power(self, base: LinearForm, exponent: LinearForm) -> LinearForm:
        if not (base.is_constant and exponent.is_constant):
            raise _not_linear()
        power = Binary("^", Number(base.constant), Number(exponent.constant))
        return self._value(power)

    def _mentions_coefficients(self, node: Node) -> bool:
        if isinstance(node, Coefficient):
            return node.kind == "b"
        if isinstance(node, Name):
            return coefficient_position(self.b, equations_of(self.b)[0], node.name) is not None
        if isinstance(node, Call) and node.function == "scalar":
            return False
        inside: list[Node] = []
        for field in dataclasses.fields(node):
            value = getattr(node, field.name)
            parts = value if isinstance(value, tuple) else (value,)
            inside += [part for part in parts if isinstance(part, Node)]
        return any(self._mentions_coefficients(part) for part in inside)

    # -- names

    def _named(self, name: Name) -> LinearForm:
        """The coefficient of the first equation, or a scalar of that name."""
        try:
            position = find_coefficient(self.b, "", self._full_name(name.name))
        except StataError:
            scalar = self._state.memory.scalars.get(name.name)
            if isinstance(scalar, float | int):
                return self._constant(float(scalar))
            raise self._not_found(name) from None
        return unit_form(position, self._count)

    def _full_name(self, name: str) -> str:
        """A bare name as e(b) has it; a variable's name may be abbreviated."""
        if not is_name(name) or any(stripe.name == name for stripe in self.b.columns):
            return name
        try:
            return self._state.data.unabbreviate(
                name, abbreviations=self._state.settings.varabbrev == "on"
            )
        except StataError:
            return name

    def _not_found(self, name: Name) -> StataError:
        hint = suggestion(name.name, {s.name for s in self.b.columns} - {name.name})
        if name.name.startswith(("i.", "ib", "i(")):
            hint = f"testparm {name.name} tests all levels of a factor variable"
        return StataError(111, f"{name.name} not found", hint=hint, span=name.span)


def _not_linear() -> StataError:
    return StataError(
        131, "not possible with test", hint="the hypothesis is not linear in the coefficients"
    )
