"""What was said: the syntax tree of expressions, variable lists and command lines.

Nodes are frozen, so a parsed line can be cached by its text and shared.  ``Span`` is the
half-open range of characters in the text that was parsed; it is left out of comparisons, so that
parse → print → parse gives equal trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Node:
    """A part of the tree and where it stood."""

    span: Span = field(default=(0, 0), compare=False, kw_only=True)


# --- expressions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number(Node):
    """A numeric literal; ``.`` and ``.a`` to ``.z`` are numbers with Stata's missing codes."""

    value: float
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class String(Node):
    text: str


@dataclass(frozen=True)
class Name(Node):
    """A bare name: a variable, a scalar or a system variable such as ``_n``."""

    name: str


@dataclass(frozen=True)
class Unary(Node):
    """``-``, ``+`` or ``!`` (``~`` reads as ``!``); of matrices also ``'``."""

    operator: str
    operand: Expression


@dataclass(frozen=True)
class Binary(Node):
    """``+ - * / ^ == != < <= > >= & |``; ``~=`` reads as ``!=``; of matrices ``, \\ #``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Call(Node):
    """A function of expressions, for example ``cond(x > 3, 1, 2)``."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class StoredResult(Node):
    """``e(N)``, ``r(mean)``, ``s(x)``, ``c(level)``: one element of a store.

    ``store`` is ``e``, ``r``, ``s`` or ``c``.
    """

    store: str
    name: str


@dataclass(frozen=True)
class Coefficient(Node):
    """``_b[x]``, ``[eq]_b[1.a#c.x]``, ``_se[eq:x]``, ``[eq]x``.

    ``kind`` is ``b`` or ``se``; ``name`` is the text between the brackets, without blanks.
    """

    kind: str
    equation: str
    name: str


@dataclass(frozen=True)
class Subscript(Node):
    """``x[_n-1]`` with one index, a matrix element ``A[1, 2]`` with two."""

    base: Name | StoredResult
    indices: tuple[Expression, ...]


@dataclass(frozen=True)
class IndexRange(Node):
    """``2..4`` or ``2...`` in a subscript of a matrix: rows or columns from the first to the last.

    No ``first`` means all of them, no ``last`` those up to the end.
    """

    first: Expression | None
    last: Expression | None


@dataclass(frozen=True)
class OperatorVariable(Node):
    """A variable under time-series or factor operators: ``L2.x``, ``1.group``, ``2b.g``."""

    operators: str
    name: str


@dataclass(frozen=True)
class Prediction(Node):
    """``predict(mu fixedonly)`` in the expression of ``predictnl``: the options of a prediction.

    ``xb()`` and ``xb(eq)`` read as ``predict(xb)`` and ``predict(xb equation(eq))``.
    """

    options: str


@dataclass(frozen=True)
class LabelValue(Node):
    """``"Foreign":origin``: the number that a value label gives to a text."""

    text: str
    label: str


# --- expressions of nonlinear models -----------------------------------------------------------


@dataclass(frozen=True)
class VariableProduct(Node):
    """``c.x#c.x``: variables under operators, multiplied."""

    factors: tuple[OperatorVariable, ...]


@dataclass(frozen=True)
class Parameter(Node):
    """``{b}`` or ``{group:b}``, with ``=2`` a value to begin from.

    The name may also be that of a random effect, or with a group of a coefficient of a linear
    combination; who knows the model decides.
    """

    group: str
    name: str
    start: float | None = None


@dataclass(frozen=True)
class NamedExpression(Node):
    """``{phi:}``, and ``L.{phi:}`` where it is ``lagged``."""

    name: str
    lagged: bool = False


@dataclass(frozen=True)
class LinearCombination(Node):
    """``x1 i.g c.x#U[id], xb noconstant``: variables and random effects, each with a coefficient.

    ``explicit`` tells that ``xb`` was typed.  Random effects in braces of their own are linear
    combinations without a constant.
    """

    items: VariableList
    constant: bool = True
    explicit: bool = False


@dataclass(frozen=True)
class Definition(Node):
    """``name: body``, alone or in braces."""

    name: str
    body: Expression


@dataclass(frozen=True)
class InitialCondition(Node):
    """``{name:} = expression``: a named expression, or the outcome, before the first period."""

    name: str
    expression: Expression


@dataclass(frozen=True)
class PredictedExpression(Node):
    """``(newvar = {phi:})``."""

    variable: str
    name: str


@dataclass(frozen=True)
class StartingValue(Node):
    """Parameters and the expression of the value that each of them begins from.

    A name is as typed without blanks: ``b``, ``lc:x``, ``/id:lnsd(U)``; ``lc:`` is all of a group.
    """

    names: tuple[str, ...]
    value: Expression


Expression: TypeAlias = (
    Number
    | String
    | Name
    | Unary
    | Binary
    | Call
    | StoredResult
    | Coefficient
    | Subscript
    | OperatorVariable
    | Prediction
    | LabelValue
    | IndexRange
    | VariableProduct
    | Parameter
    | NamedExpression
    | LinearCombination
    | Definition
)


# --- variable lists ----------------------------------------------------------------------------


@dataclass(frozen=True)
class VariablePattern(Node):
    """A name as typed in a variable list: abbreviated, or with ``*``, ``?`` or ``~``."""

    text: str


@dataclass(frozen=True)
class VariableRange(Node):
    """``x1-x5``: the variables from the first to the last, in the order of the dataset."""

    first: VariablePattern
    last: VariablePattern


@dataclass(frozen=True)
class Operated(Node):
    """Operators on a variable or a parenthesised list: ``i.a``, ``ib2.a``, ``L(1/3).x``.

    ``operators`` is the text before the point, lower case, without blanks, for example ``i``,
    ``c``, ``ib3``, ``ib(last)``, ``i(2 4)``, ``2``, ``3bn``, ``o2``, ``l2``, ``d.l`` (several
    operators are joined by a point).
    """

    operators: str
    variables: tuple[VariableItem, ...]


@dataclass(frozen=True)
class Interaction(Node):
    """``a#b`` or, with ``full`` set, ``a##b``; nested to the left for more than two."""

    left: VariableItem
    right: VariableItem
    full: bool = False


@dataclass(frozen=True)
class Group(Node):
    """A parenthesised list, ``(a b)``, as a factor of an interaction."""

    items: tuple[VariableItem, ...]


@dataclass(frozen=True)
class SimpleEffect(Node):
    """``a@b`` in a list of contrasts: the effects of ``a`` within the levels of ``b``."""

    effect: VariableItem
    within: VariableItem


@dataclass(frozen=True)
class NestedEffect(Node):
    """``a|b`` in a list of contrasts: ``a`` nested in ``b``."""

    effect: VariableItem
    within: VariableItem


@dataclass(frozen=True)
class CustomContrast(Node):
    """``{a -1 0 1}``: one contrast of the levels of ``a``, or of the cells of several factors.

    ``matrix`` names a matrix of contrasts where no coefficients are given.
    """

    variables: tuple[VariablePattern, ...]
    coefficients: tuple[float, ...] = ()
    matrix: str = ""


@dataclass(frozen=True)
class RandomEffect(Node):
    """``U[id]``, ``V[school>class]``: a random effect of a nonlinear model and its level.

    ``levels`` are variables from the outermost to the innermost.
    """

    name: str
    levels: tuple[str, ...]


VariableItem: TypeAlias = (
    VariablePattern
    | VariableRange
    | Operated
    | Interaction
    | Group
    | SimpleEffect
    | NestedEffect
    | CustomContrast
    | RandomEffect
)
VariableList: TypeAlias = tuple[VariableItem, ...]


# --- lists of numbers --------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberSequence(Node):
    """``1/10``, ``0(5)20``, ``5 10 to 25``: from the first number in steps up to the last.

    ``step`` is None for ``first/last``, whose steps of one go up or down as the ends require.
    """

    first: Number
    step: Number | None
    last: Number


NumberList: TypeAlias = tuple[Number | NumberSequence, ...]


@dataclass(frozen=True)
class MatrixTarget(Node):
    """What a matrix is assigned to: ``A``, or with two indices a part of it."""

    name: str
    indices: tuple[Expression, ...] = ()


# --- maximisation ------------------------------------------------------------------------------


@dataclass(frozen=True)
class TechniqueItem(Node):
    """``bfgs 10``: a technique as typed, and its number of iterations if one was given."""

    name: str
    iterations: float | None = None


@dataclass(frozen=True)
class InitialValue(Node):
    """``x=2``, ``eq:x=2``, ``/lnsigma=1``, or a number without a name."""

    name: str
    value: float


# --- margins -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class AtSetting(Node):
    """Covariates in ``at()`` and what they are set to: a statistic, values or an expression.

    ``statistic`` is empty where none was typed; ``values`` are those of ``x=(1 2/4)``, and
    ``expression`` that of ``x=generate(x+1)``.
    """

    covariate: VariableItem
    statistic: str = ""
    values: NumberList = ()
    expression: Expression | None = None


# --- graphs ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TickCount(Node):
    """``#5``: about five labels at round values; ``##5`` counts ticks between major ones."""

    count: int
    minor: bool = False


@dataclass(frozen=True)
class TickRule(Node):
    """``none`` or ``minmax`` in the place of values."""

    rule: str


@dataclass(frozen=True)
class LabelledValue(Node):
    """``12 "twelve"``: a value of an axis and the text shown there."""

    value: Number
    text: str


AxisLabel: TypeAlias = Number | NumberSequence | LabelledValue | TickCount | TickRule


@dataclass(frozen=True)
class LegendKey(Node):
    """A key of a legend by the number of its plot, or None for ``-``; its lines of text."""

    number: float | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlacedText(Node):
    """Lines of text at a place of a plot region; ``clock`` is where they stand around it."""

    y: float
    x: float
    lines: tuple[str, ...] = ()
    clock: int | None = None


@dataclass(frozen=True)
class StatisticItem(Node):
    """Variables and the statistic they are summarised by; ``name`` is that of ``name = variable``.

    ``statistic`` is empty before the first one in parentheses.
    """

    statistic: str
    variables: VariablePattern | VariableRange
    name: str = ""


# --- linear hypotheses -------------------------------------------------------------------------

# In a hypothesis a ``Name`` may also be that of a column: ``2.group``, ``1.group#c.x``.


@dataclass(frozen=True)
class Equality(Node):
    """``a = b = c``: every side equals the first."""

    sides: tuple[Expression, ...]


@dataclass(frozen=True)
class EquationHypothesis(Node):
    """``[a]``: the coefficients of an equation are zero; ``[a=b]``: those of both are equal.

    ``coefficients`` are the ones named after a colon, ``[a=b]: x y``; none stands for all.
    """

    equations: tuple[str, ...]
    coefficients: tuple[Name, ...] = ()


Hypothesis: TypeAlias = Expression | Equality | EquationHypothesis


# --- command lines -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Option(Node):
    """An option as typed; ``argument`` is the text inside its parentheses, or None."""

    name: str
    argument: str | None = None


@dataclass(frozen=True)
class Weight(Node):
    """``[pweight=exp]``; ``kind`` is as typed (``pw``), empty for ``[=exp]``."""

    kind: str
    expression: Expression
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class ObservationRange(Node):
    """``in 1/10``, ``in f/l``, ``in -5/l``; one number stands for both ends.

    The ends are as typed: a positive number counts from the first observation, a negative one
    from the last.
    """

    first: int
    last: int


@dataclass(frozen=True)
class Clause(Node):
    """One command line, or one equation between ``||``: its body and what may follow it.

    ``body`` is the text between the command's name and the first ``if``, ``in``, ``using``,
    weight, ``=`` or comma that stands outside parentheses and quotes.
    """

    body: str
    assignment: str | None = None
    condition: Expression | None = None
    observations: ObservationRange | None = None
    weight: Weight | None = None
    using: str | None = None
    options: tuple[Option, ...] = ()
    condition_text: str = field(default="", compare=False)
    has_comma: bool = False


@dataclass(frozen=True)
class CommandLine(Node):
    """A standard command line: a first clause and the equations after each ``||``."""

    name: str
    clause: Clause
    equations: tuple[Clause, ...] = ()
    text: str = field(default="", compare=False)
