"""From the grammar's rules to the nodes of :mod:`statalike.language.ast`.

The parser calls the method named after a rule as soon as the rule is complete, so no parse tree
is ever built.  Pieces of a command line that stay text are handed on as spans; the functions of
:mod:`statalike.language.parser` cut them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from statalike.data.missing import missing_code
from statalike.errors import StataError
from statalike.language.ast import (
    AtSetting,
    AxisLabel,
    Binary,
    Call,
    Coefficient,
    CustomContrast,
    Equality,
    EquationHypothesis,
    Expression,
    Group,
    Hypothesis,
    IndexRange,
    InitialValue,
    Interaction,
    LabelledValue,
    LabelValue,
    LegendKey,
    MatrixTarget,
    Name,
    NestedEffect,
    Number,
    NumberList,
    NumberSequence,
    Operated,
    OperatorVariable,
    PlacedText,
    Prediction,
    SimpleEffect,
    Span,
    StatisticItem,
    StoredResult,
    String,
    Subscript,
    TechniqueItem,
    TickCount,
    TickRule,
    Unary,
    VariableList,
    VariablePattern,
    VariableRange,
)
from statalike.language.substitutable_tree import SubstitutableTree
from statalike.language.substitutable_tree import span_of as _span

if TYPE_CHECKING:
    from lark import Token

Children: TypeAlias = list[Any]

_EXPRESSION_OPERATORS = re.compile(
    r"(?:\d+(?:b|o|n|bn|no)?|c|(?:[lfds]\d*)+)(?:\.(?:[lfds]\d*)+)*", re.IGNORECASE
)
_HEXADECIMAL = re.compile(r"([01]\.[0-9a-f]+)x([+-])([0-9a-f]+)", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Piece:
    """A qualifier, text or option of a command line: what it is and where it stands.

    ``span`` covers the piece with its keyword or brackets, ``inside`` what is within.
    """

    kind: str
    span: Span
    inside: Span | None = None
    name: str = ""


@dataclass(frozen=True)
class ClausePieces:
    pieces: tuple[Piece, ...]
    has_comma: bool


def _start(child: Any) -> int:
    start: int = child.span[0] if hasattr(child, "span") else child.start_pos
    return start


def _end(child: Any) -> int:
    end: int = child.span[1] if hasattr(child, "span") else child.end_pos
    return end


def _token_span(token: Token) -> Span:
    assert token.start_pos is not None and token.end_pos is not None
    return token.start_pos, token.end_pos


def _numeric_value(text: str) -> float:
    """The number a literal stands for, hexadecimal (``1.8x+3`` is 12) or decimal."""
    found = _HEXADECIMAL.fullmatch(text)
    if found is None:
        return float(text.lower().replace("d", "e"))
    mantissa, sign, exponent = found.groups()
    try:
        return float.fromhex(f"{mantissa}p{sign}{int(exponent, 16)}")
    except OverflowError:
        return missing_code("")


def _number(token: Token) -> Number:
    text = str(token)
    if text[0] == "." and (len(text) == 1 or text[1].isalpha()):
        return Number(missing_code(text[1:]), text, span=_token_span(token))
    value = _numeric_value(text)
    if abs(value) == float("inf"):
        value = missing_code("")
    return Number(value, text, span=_token_span(token))


def _operators(token: Token) -> str:
    """``L( 1/3 ).`` becomes ``l(1/3)``: no outer blanks, single inner blanks, lower case."""
    text = _BLANKS.sub(" ", str(token)[:-1].lower())
    return text.replace("( ", "(").replace(" )", ")")


class TreeBuilder(SubstitutableTree):
    """Callbacks of the parser: one method for a rule or alias of the grammar."""

    # --- command lines ---

    def command_line(self, children: Children) -> tuple[Token | None, list[ClausePieces]]:
        name = None if isinstance(children[0], ClausePieces) else children[0]
        return name, [child for child in children if isinstance(child, ClausePieces)]

    def clause(self, children: Children) -> ClausePieces:
        pieces: list[Piece] = []
        has_comma = False
        for child in children:
            if isinstance(child, list):
                has_comma = True
                pieces.extend(child)
            else:
                pieces.append(child)
        return ClausePieces(tuple(pieces), has_comma)

    def option_list(self, children: Children) -> list[Piece]:
        pieces: list[Piece] = []
        for child in children:
            if isinstance(child, list):
                pieces.extend(child)
            elif isinstance(child, Piece):
                pieces.append(child)
        return pieces

    def options(self, children: Children) -> list[Piece]:
        return list(children)

    def option(self, children: Children) -> Piece:
        inside = children[1].inside if len(children) > 1 else None
        return Piece("option", _span(children), inside, str(children[0]))

    def condition(self, children: Children) -> Piece:
        return Piece("if", _span(children), children[1].span)

    def observations(self, children: Children) -> Piece:
        return Piece("in", _span(children), children[1].span)

    def using(self, children: Children) -> Piece:
        return Piece("using", _span(children), children[1].span)

    def weight(self, children: Children) -> Piece:
        opening, closing = children[0], children[-1]
        return Piece(
            "weight",
            _span(children),
            (opening.end_pos, closing.start_pos),
            str(opening)[1:-1].strip(),
        )

    def assignment(self, children: Children) -> Piece:
        inside = children[1].span if len(children) > 1 else (children[0].end_pos,) * 2
        return Piece("=", _span(children), inside)

    def text(self, children: Children) -> Piece:
        span = _span(children)
        return Piece("text", span, span)

    def text_group(self, children: Children) -> Piece:
        return Piece("group", _span(children), (_end(children[0]), _start(children[-1])))

    option_group = inner_group = text_group

    def compound(self, children: Children) -> String:
        inner = "".join(
            f'`"{child.text}"\'' if isinstance(child, String) else str(child)
            for child in children[1:-1]
        )
        return String(inner, span=_span(children))

    text_compound = inner_compound = nested_compound = graph_compound = compound

    # --- expressions ---

    def binary(self, children: Children) -> Binary:
        operator = str(children[1])
        if operator == "~=":
            operator = "!="
        return Binary(operator, children[0], children[2], span=_span(children))

    def unary(self, children: Children) -> Unary:
        operator = str(children[0])
        return Unary("!" if operator == "~" else operator, children[1], span=_span(children))

    def number(self, children: Children) -> Number:
        return _number(children[0])

    missing = numlist_number = number

    def string(self, children: Children) -> String:
        child = children[0]
        if isinstance(child, String):
            return child
        return String(str(child)[1:-1], span=_span(children))

    graph_text = string

    def label_value(self, children: Children) -> LabelValue:
        return LabelValue(children[0].text, str(children[2]), span=_span(children))

    def name(self, children: Children) -> Name:
        return Name(str(children[0]), span=_span(children))

    def stored(self, children: Children) -> StoredResult:
        text = str(children[0])
        return StoredResult(text[0], text[2:-1], span=_span(children))

    def date(self, children: Children) -> Call:
        """``td(01jan2000)``: a call whose argument is the text of the date."""
        text, span = str(children[0]), _span(children)
        return Call(text[:2], (String(text[3:-1].strip(), span=span),), span=span)

    def operator_variable(self, children: Children) -> OperatorVariable:
        operators, _, name = str(children[0]).rpartition(".")
        if not _EXPRESSION_OPERATORS.fullmatch(operators):
            raise StataError(198, f"{operators}: operator invalid", span=_span(children))
        return OperatorVariable(operators.lower(), name, span=_span(children))

    def coefficient(self, children: Children) -> Coefficient:
        return _coefficient(str(children[0]), _span(children))

    def prediction(self, children: Children) -> Prediction:
        function, _, inside = str(children[0]).partition("(")
        inside = inside.removesuffix(")").strip()
        if function == "xb":
            inside = f"xb equation({inside})" if inside else "xb"
        return Prediction(inside, span=_span(children))

    def subscript(self, children: Children) -> Subscript:
        indices = tuple(children[2:-1:2])
        return Subscript(children[0], indices, span=_span(children))

    def call(self, children: Children) -> Call:
        return Call(str(children[0]), tuple(children[2:-1:2]), span=_span(children))

    def parenthesised(self, children: Children) -> Expression:
        inner: Expression = children[1]
        return replace(inner, span=_span(children))

    # --- variable lists ---

    def varlist(self, children: Children) -> VariableList:
        return tuple(children)

    contrast_list = anova_terms = varlist

    def anova_model(self, children: Children) -> tuple[VariableList, ...]:
        return tuple(child for child in children if isinstance(child, tuple))

    def pattern(self, children: Children) -> VariablePattern:
        return VariablePattern(str(children[0]), span=_span(children))

    def range(self, children: Children) -> VariableRange:
        first, last = self.pattern(children[:1]), self.pattern(children[2:])
        return VariableRange(first, last, span=_span(children))

    def interaction(self, children: Children) -> Interaction:
        return Interaction(children[0], children[2], span=_span(children))

    def full_interaction(self, children: Children) -> Interaction:
        return Interaction(children[0], children[2], full=True, span=_span(children))

    def simple_effect(self, children: Children) -> SimpleEffect:
        return SimpleEffect(children[0], children[2], span=_span(children))

    def nested_effect(self, children: Children) -> NestedEffect:
        return NestedEffect(children[0], children[2], span=_span(children))

    def custom_contrast(self, children: Children) -> CustomContrast:
        inner = children[1:-1]
        variables = tuple(child for child in inner if isinstance(child, VariablePattern))
        rest = inner[2 * len(variables) - 1 :]
        span = _span(children)
        if rest[0].type == "PATTERN":
            return CustomContrast(variables, matrix=str(rest[0]), span=span)
        return CustomContrast(variables, tuple(float(number) for number in rest), span=span)

    def list_group(self, children: Children) -> Group:
        return Group(tuple(children[1:-1]), span=_span(children))

    def operated(self, children: Children) -> Operated:
        token, operand = children
        span = _span(children)
        if isinstance(operand, Operated):
            operators = f"{_operators(token)}.{operand.operators}"
            return Operated(operators, operand.variables, span=span)
        variables = operand.items if isinstance(operand, Group) else (operand,)
        return Operated(_operators(token), variables, span=span)

    # --- linear hypotheses ---

    def linear_hypotheses(self, children: Children) -> tuple[Hypothesis, ...]:
        _check_list([child for child in children if not isinstance(child, list)])
        found: list[Hypothesis] = []
        for child in children:
            found.extend(child if isinstance(child, list) else [child])
        return tuple(found)

    def hypothesis_group(self, children: Children) -> list[Hypothesis]:
        _check_list(children[1:-1])
        return list(children[1:-1])

    def equality(self, children: Children) -> Equality:
        return Equality(tuple(children[::2]), span=_span(children))

    def equation_hypothesis(self, children: Children) -> EquationHypothesis:
        equations = tuple(part.strip() for part in str(children[0])[1:-1].split("="))
        return EquationHypothesis(equations, tuple(children[2:]), span=_span(children))

    # --- matrices ---

    def transposed(self, children: Children) -> Unary:
        return Unary("'", children[0], span=_span(children))

    def whole_index(self, children: Children) -> IndexRange:
        return IndexRange(None, None, span=_span(children))

    def index_range(self, children: Children) -> IndexRange:
        last = children[2] if len(children) > 2 else None
        return IndexRange(children[0], last, span=_span(children))

    def matrix_target(self, children: Children) -> MatrixTarget:
        return MatrixTarget(children[0].name, tuple(children[2:-1:2]), span=_span(children))

    # --- maximisation ---

    def techniques(self, children: Children) -> tuple[TechniqueItem, ...]:
        return tuple(children)

    def technique(self, children: Children) -> TechniqueItem:
        count = _number(children[1]).value if len(children) > 1 else None
        return TechniqueItem(str(children[0]), count, span=_span(children))

    def initial_values(self, children: Children) -> tuple[InitialValue, ...]:
        return tuple(children)

    def initial_value(self, children: Children) -> InitialValue:
        name = str(children[0]) if len(children) > 1 else ""
        return InitialValue(name, _number(children[-1]).value, span=_span(children))

    # --- graphs ---

    def plot_list(self, children: Children) -> list[Piece]:
        return list(children)

    plot_group = text_group
    expression_groups, expression_group = plot_list, text_group

    def axis_labels(self, children: Children) -> tuple[AxisLabel, ...]:
        return tuple(_labelled(children))

    def legend_keys(self, children: Children) -> tuple[LegendKey, ...]:
        return tuple(children)

    def legend_key(self, children: Children) -> LegendKey:
        first, *lines = children
        number = first.value if isinstance(first, Number) else None
        return LegendKey(number, tuple(line.text for line in lines), span=_span(children))

    def placed_texts(self, children: Children) -> tuple[PlacedText, ...]:
        return tuple(children)

    def placed_text(self, children: Children) -> PlacedText:
        y, x, *rest = children
        clock = int(rest.pop(0).name) if rest and isinstance(rest[0], Piece) else None
        lines = tuple(line.text for line in rest)
        return PlacedText(y.value, x.value, lines, clock, span=_span(children))

    def clock_position(self, children: Children) -> Piece:
        text = str(children[1])
        if not text.isdigit() or int(text) > 12:
            raise StataError(198, f"{text} is not a clock position", span=_span(children))
        return Piece("clock", _span(children), None, text)

    def statistic_list(self, children: Children) -> tuple[StatisticItem, ...]:
        found: list[StatisticItem] = []
        statistic = ""
        for child in children:
            if isinstance(child, Piece):
                statistic = child.name
            elif isinstance(child, StatisticItem):
                found.append(replace(child, statistic=statistic))
            else:
                found.append(StatisticItem(statistic, child, span=child.span))
        return tuple(found)

    def at_settings(self, children: Children) -> tuple[AtSetting, ...]:
        statistic = ""
        found: list[AtSetting] = []
        for child in children:
            if isinstance(child, Piece):
                statistic = child.name
            elif isinstance(child, AtSetting):
                found.append(child)
            else:
                found.append(AtSetting(child, statistic, span=child.span))
        return tuple(found)

    def at_assignment(self, children: Children) -> AtSetting:
        covariate, _, value = children
        if isinstance(value, tuple):
            return AtSetting(covariate, values=value, span=covariate.span)
        return AtSetting(covariate, expression=value, span=covariate.span)

    def at_value(self, children: Children) -> NumberList:
        if len(children) == 1:
            return (children[0],)
        values: NumberList = children[1]
        return values

    def generated(self, children: Children) -> Expression:
        name = str(children[0])
        if len(name) < 3 or not "generate".startswith(name):
            raise StataError(198, f"{name}() invalid in at()", span=_span(children))
        expression: Expression = children[2]
        return expression

    def statistic(self, children: Children) -> Piece:
        return Piece("statistic", _span(children), None, str(children[1]))

    def named_variable(self, children: Children) -> StatisticItem:
        variable = self.pattern(children[2:])
        return StatisticItem("", variable, str(children[0]), span=_span(children))

    # --- numlists ---

    def numlist(self, children: Children) -> NumberList:
        return tuple(_joined(children))

    def sequence(self, children: Children) -> NumberSequence:
        step = children[2] if len(children) > 3 else None
        return NumberSequence(children[0], step, children[-1], span=_span(children))

    def continued(self, children: Children) -> Piece:
        return Piece("to", _span(children), None, children[1].text)


def _check_list(hypotheses: Children) -> None:
    """Without parentheses around it a hypothesis stands alone; only coefficients make a list."""
    for hypothesis in hypotheses:
        if len(hypotheses) > 1 and not isinstance(hypothesis, Name | Coefficient):
            raise StataError(198, "invalid syntax", span=hypothesis.span)


def _joined(children: Children) -> Iterator[Number | NumberSequence]:
    """Elements of a numlist, with ``a b to c`` made one sequence of step ``b - a``."""
    waiting: list[Number | NumberSequence] = []
    for child in children:
        if isinstance(child, Number | NumberSequence):
            waiting.append(child)
        elif isinstance(child, Piece):
            ends = waiting[-2:]
            if len(ends) < 2 or not all(isinstance(end, Number) for end in ends):
                raise StataError(121, "invalid numlist", span=child.span)
            first, second = ends
            assert isinstance(first, Number) and isinstance(second, Number)
            step = Number(second.value - first.value, span=second.span)
            last = Number(_numeric_value(child.name), child.name, span=child.span)
            del waiting[-2:]
            waiting.append(NumberSequence(first, step, last, span=(first.span[0], child.span[1])))
    return iter(waiting)


def _labelled(children: Children) -> Iterator[AxisLabel]:
    """Elements of a list of axis labels, each text put to the number before it."""
    numbers: Children = []
    for child in children:
        if isinstance(child, String):
            if not numbers or not isinstance(numbers[-1], Number):
                raise StataError(198, "invalid label specifier", span=child.span)
            value = numbers.pop()
            yield from _joined(numbers)
            yield LabelledValue(value, child.text, span=(value.span[0], child.span[1]))
            numbers = []
        elif isinstance(child, Number | NumberSequence | Piece):
            numbers.append(child)
        else:
            yield from _joined(numbers)
            numbers = []
            yield _tick_rule(child)
    yield from _joined(numbers)


def _tick_rule(token: Token) -> TickCount | TickRule:
    text, span = str(token), _token_span(token)
    if text.startswith("#"):
        return TickCount(int(text.lstrip("#")), text.startswith("##"), span=span)
    return TickRule(text, span=span)


def _coefficient(text: str, span: Span) -> Coefficient:
    """``[eq]_b[x]``, ``_b[eq:x]`` and ``[eq]x`` name one coefficient: kind, equation and name."""
    kind, equation, name = "b", "", _BLANKS.sub("", text)
    if name.startswith("["):
        equation, _, name = name[1:].partition("]")
    found = re.match(r"_(b|se|coef)\[(.*)\]$", name)
    if found:
        kind = "se" if found[1] == "se" else "b"
        name = found[2]
        if not equation and ":" in name:
            equation, _, name = name.partition(":")
    if not name:
        raise StataError(198, "invalid syntax", span=span)
    return Coefficient(kind, equation, name, span=span)
