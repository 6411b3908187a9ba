"""Text → syntax tree, for each kind of text that Stata's language has.

Every function is cached by its text, so a loop parses each distinct line once; the trees are
immutable and may be shared.  What cannot be read raises :class:`StataError` with Stata's message
and the span of the offending characters.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from statalike.errors import StataError, invalid_syntax
from statalike.language import grammar
from statalike.language.ast import (
    AtSetting,
    AxisLabel,
    Binary,
    Clause,
    CommandLine,
    Expression,
    Hypothesis,
    InitialValue,
    LegendKey,
    MatrixTarget,
    Node,
    Number,
    NumberList,
    ObservationRange,
    Option,
    PlacedText,
    Span,
    StatisticItem,
    TechniqueItem,
    VariableList,
    Weight,
)
from statalike.language.numeral_shapes import expression_by_shape, pieces_of_line
from statalike.language.quoting import check_balance, marks, unquoted
from statalike.language.tree_builder import ClausePieces, Piece

#: Levels of nesting an expression may have; beyond it Stata's r(130).  It keeps every recursive
#: reader of a tree well inside Python's own limit.
DEEPEST_EXPRESSION: Final = 300

_OBSERVATIONS = re.compile(r"(-?\d+|[flFL])(?:\s*/\s*(-?\d+|[flFL]))?")
_NAME = re.compile(r"\s*(\w*)")
_NUMERAL = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_EQUALS = re.compile(r"(?<![=<>!~])=(?!=)")
_PAIRS: Final = ("()", "[]")
_AROUND_EQUALS = re.compile(r"(?<=\w)\s*(?<![=<>!~])=(?!=)\s*")
_CACHED_LINES: Final = 4096

TextSpan: TypeAlias = tuple[str, Span]


# --- the kinds of text -------------------------------------------------------------------------


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_command_line(text: str) -> CommandLine:
    """A standard command line: name, first clause and the clauses after each ``||``."""
    name, clauses = pieces_of_line(text)
    first, *rest = (_clause(text, pieces) for pieces in clauses)
    return CommandLine(str(name or ""), first, tuple(rest), text, span=(0, len(text)))


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_clause(text: str) -> Clause:
    """What follows a command's name, without ``||``."""
    return _clause(text, grammar.parse("clause", text))


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_expression(text: str) -> Expression:
    """One expression, numeric or string.  Raises r(198), r(132), r(130)."""
    if _NUMERAL.fullmatch(text):  # as loops make them, a new one at every turn
        return Number(float(text), text, span=(0, len(text)))
    expression = expression_by_shape(text) if len(text) <= DEEPEST_EXPRESSION else None
    if expression is not None:
        return expression
    expression = grammar.parse("expression", text)
    check_depth(expression, text)
    return expression


def parse_expression_prefix(text: str) -> tuple[Expression, str]:
    """The longest expression that ``text`` begins with, and the text after it.

    For commands that take expressions without separators, such as ``display x "cm"``.
    """
    try:
        return parse_expression(text), ""
    except StataError as error:
        if error.span is None or not 0 < error.span[0] < len(text):
            raise
        cut = error.span[0]
        if not text[:cut].strip():
            raise
        try:
            return parse_expression(text[:cut].rstrip()), text[cut:]
        except StataError:
            raise error from None


def parse_expression_groups(text: str) -> tuple[tuple[str, str], ...]:
    """The expressions of ``(name: exp) (exp)`` or ``name: exp``, each with its name; r(198).

    The name is empty where there is none; expressions stay text.
    """
    try:
        pieces: list[Piece] = grammar.parse("expression_groups", text)
        inside = [text[slice(*piece.inside)] for piece in pieces if piece.inside is not None]
    except StataError:
        inside = [text]
    named = [split_prefix(each) for each in inside]
    return tuple(
        ("", first) if expression is None else (first, expression) for first, expression in named
    )


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_equality(text: str) -> tuple[Expression, ...]:
    """The sides of ``exp = exp = ...``, at least two; r(198)."""
    cuts = [found.start() for found in _EQUALS.finditer(text)]
    outside = [
        cut for cut in cuts if all(text[:cut].count(a) == text[:cut].count(b) for a, b in _PAIRS)
    ]
    if not outside:
        raise invalid_syntax()
    starts = [0, *(cut + 1 for cut in outside)]
    ends = [*outside, len(text)]
    return tuple(parse_expression(text[a:b].strip()) for a, b in zip(starts, ends, strict=True))


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_varlist(text: str) -> VariableList:
    """Names, abbreviations, ranges, factor-variable and time-series terms.

    An empty text is an empty list.
    """
    return _variables("varlist", text)


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_contrast_list(text: str) -> VariableList:
    """A list of terms that may also have ``@`` (simple effects) and ``|`` (nesting)."""
    return _variables("contrast_list", text)


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_anova_model(text: str) -> tuple[VariableList, ...]:
    """The terms of an analysis of variance, cut at each slash: ``a / b|a /`` has three parts.

    A term may be nested with ``|``; a part may be empty.
    """
    parts: tuple[VariableList, ...] = grammar.parse("anova_model", text)
    if len(text) > DEEPEST_EXPRESSION:
        for part in parts:
            for item in part:
                check_depth(item, text)
    return parts


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_linear_hypotheses(text: str) -> tuple[Hypothesis, ...]:
    """What ``test`` is given: lists of coefficients, equalities, equations; r(198)."""
    hypotheses: tuple[Hypothesis, ...] = grammar.parse("linear_hypotheses", text)
    for hypothesis in hypotheses:
        check_depth(hypothesis, text)
    return hypotheses


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_linear_combination(text: str) -> Expression:
    """A sum of coefficients that may be named as in ``2.group`` and ``1.group#c.x``; r(198)."""
    combination: Expression = grammar.parse("linear_combination", text)
    check_depth(combination, text)
    return combination


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_numlist(text: str) -> NumberList:
    """Numbers and sequences, ``1 3/5 10(10)50``; r(121) for anything else."""
    if not text.strip():
        return ()
    numbers: NumberList = grammar.parse("numlist", text)
    return numbers


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_matrix_expression(text: str) -> Expression:
    """An expression of matrices and scalars, ``(1, 2 \\ 3, 4) * A'``; r(198), r(130)."""
    expression: Expression = grammar.parse("matrix_expression", text)
    check_depth(expression, text)
    return expression


def parse_matrix_target(text: str) -> MatrixTarget:
    """What stands before the equals sign of ``matrix A[1, 2] = ...``; r(198)."""
    target: MatrixTarget = grammar.parse("matrix_target", text)
    return target


def parse_techniques(text: str) -> tuple[TechniqueItem, ...]:
    """Techniques of maximisation in turn, ``nr 5 bfgs 10``; r(198)."""
    techniques: tuple[TechniqueItem, ...] = grammar.parse("techniques", text)
    return techniques


def parse_initial_values(text: str) -> tuple[InitialValue, ...]:
    """Starting values with their names, ``x=2 /lnsigma=1``, or without; r(198)."""
    values: tuple[InitialValue, ...] = grammar.parse("initial_values", text)
    return values


def parse_collected(text: str) -> tuple[tuple[str, str, str], ...]:
    """What a prefix such as ``bootstrap`` collects: equation, name and text of each expression.

    ``mean=r(mean) (r(sd)/2) _b (eq: a=_b[x])``: expressions end at a blank outside brackets.
    Equation and name are empty where they were not given; r(198).
    """
    found: list[tuple[str, str, str]] = []
    for word in _bracketed_words(_AROUND_EQUALS.sub("=", text)):
        if word.startswith("(") and word.endswith(")"):
            equation, inner = split_prefix(word[1:-1])
            if inner is not None:
                found += [(equation, name, each) for _, name, each in parse_collected(inner)]
                continue
        name, equals, expression = word.partition("=")
        if equals and name.isidentifier() and not expression.startswith("="):
            found.append(("", name, expression))
        else:
            found.append(("", "", word))
    return tuple(found)


def _bracketed_words(text: str) -> Iterator[str]:
    """Words between blanks that stand outside brackets and quotes."""
    start = depth = 0
    for position, character in enumerate(f"{text} "):
        depth += (character in "([") - (character in ")]")
        if character.isspace() and depth == 0:
            if text[start:position].strip():
                yield text[start:position].strip()
            start = position + 1
    if depth:
        raise invalid_syntax()


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_at_settings(text: str) -> tuple[AtSetting, ...]:
    """What ``at()`` of margins sets covariates to, ``(mean) x z=(1 2)``; r(198)."""
    settings: tuple[AtSetting, ...] = grammar.parse("at_settings", text)
    return settings


# --- graphs ------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_plots(text: str) -> tuple[CommandLine, ...]:
    """The plots of a graph, each a line whose name is the plot's type; r(198).

    ``scatter y x`` is one plot; ``(scatter y x if a) (lfit y x || lfit z x)`` are three.
    """
    if not text.lstrip().startswith("("):
        return (parse_command_line(text),)
    plots: list[CommandLine] = []
    for piece in grammar.parse("plot_list", text):
        for each in split_equations(text[slice(*piece.inside)]):
            if each:
                plots.extend(parse_plots(each))
    return tuple(plots)


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_axis_labels(text: str) -> tuple[AxisLabel, ...]:
    """The values, texts and rules in ``ylabel()``; r(198), r(121)."""
    labels: tuple[AxisLabel, ...] = grammar.parse("axis_labels", text) if text.strip() else ()
    return labels


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_legend_keys(text: str) -> tuple[LegendKey, ...]:
    """The keys in ``order()`` and ``label()`` of a legend; r(198)."""
    keys: tuple[LegendKey, ...] = grammar.parse("legend_keys", text) if text.strip() else ()
    return keys


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_placed_texts(text: str) -> tuple[PlacedText, ...]:
    """The texts in ``text()`` and the points of ``scatteri``; r(198)."""
    texts: tuple[PlacedText, ...] = grammar.parse("placed_texts", text) if text.strip() else ()
    return texts


@functools.lru_cache(maxsize=_CACHED_LINES)
def parse_statistics(text: str) -> tuple[StatisticItem, ...]:
    """``(mean) x y (sd) z``: variables with the statistics they are summarised by; r(198)."""
    items: tuple[StatisticItem, ...] = grammar.parse("statistic_list", text) if text.strip() else ()
    return items


# --- cutting -----------------------------------------------------------------------------------


def without_selection(text: str) -> str:
    """A command line without its ``if`` and ``in``, for data that hold the selected rows alone."""
    _, clauses = grammar.parse("command_line", text)
    for pieces in reversed(clauses):
        for piece in reversed(pieces.pieces):
            if piece.kind in ("if", "in"):
                text = f"{text[: piece.span[0]].rstrip()} {text[piece.span[1] :].lstrip()}".rstrip()
    return text


# --- splitting ---------------------------------------------------------------------------------


def split_name(text: str) -> tuple[str, str]:
    """The command's name and the rest, which starts at the first character after the name.

    The name is empty when the text does not begin with a letter, digit or underscore.
    """
    found = _NAME.match(text)
    assert found is not None
    return found[1], text[found.end() :]


def split_prefix(text: str) -> tuple[str, str | None]:
    """What a prefix command was given and the command after its colon.

    ``id, sort: generate n = _n`` gives ``("id, sort", "generate n = _n")``.  The second part is
    None when no colon stands outside quotes and brackets.
    """
    for mark, position, depth in marks(text):
        if mark == ":" and depth == 0:
            return text[:position].strip(), text[position + 1 :].strip()
    return text.strip(), None


def split_comma(text: str) -> tuple[str, str | None]:
    """The text before and after the first comma outside quotes and brackets.

    The second part is None when there is no such comma.
    """
    for mark, position, depth in marks(text):
        if mark == "," and depth == 0:
            return text[:position].strip(), text[position + 1 :].strip()
    return text.strip(), None


def split_equations(text: str) -> list[str]:
    """The texts between ``||`` outside quotes and brackets."""
    cuts = [position for mark, position, depth in marks(text) if mark == "||" and depth == 0]
    starts = [0, *(cut + 2 for cut in cuts)]
    return [text[start:end].strip() for start, end in zip(starts, [*cuts, len(text)], strict=True)]


@functools.lru_cache(maxsize=_CACHED_LINES)
def split_options(text: str) -> tuple[Option, ...]:
    """Options as typed: ``level(90) nolog`` gives two, the first with an argument."""
    return tuple(_option(text, piece) for piece in grammar.parse("options", text))


def split_words(text: str) -> list[str]:
    """Words between blanks; quoted text is one word, without its quotes."""
    return [unquoted(word) for word in quoted_words(text)]


def quoted_words(text: str) -> list[str]:
    """Words between blanks as typed; quoted text is one word and keeps its quotes."""
    unbalanced = check_balance("".join(_only_quotes(text)))
    if unbalanced is not None:
        raise unbalanced
    return list(_words(text))


# --- cutting a clause --------------------------------------------------------------------------


def _clause(text: str, clause: ClausePieces) -> Clause:
    values: dict[str, str] = {}
    weight: Weight | None = None
    options: list[Option] = []
    for piece in _with_joined_assignments(clause.pieces):
        if piece.kind == "option":
            options.append(_option(text, piece))
            continue
        if piece.kind in values:
            raise invalid_syntax(piece.span)
        assert piece.inside is not None
        values[piece.kind] = text[slice(*piece.inside)].strip()
        if piece.kind == "weight":
            weight = _weight(text, piece)
    if values.get("=") == "":
        raise invalid_syntax()
    condition = values.get("if", "")
    spans = {piece.kind: piece.inside for piece in clause.pieces}
    using = values.get("using")
    return Clause(
        body=values.get("text", ""),
        assignment=values.get("="),
        condition=_expression_within(text, spans["if"]) if condition else None,
        observations=_observations(values["in"], spans["in"]) if "in" in values else None,
        weight=weight,
        using=None if using is None else unquoted(using),
        options=tuple(options),
        condition_text=condition,
        has_comma=clause.has_comma,
    )


def _with_joined_assignments(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    """``a = b = c`` has one assignment, ``b = c``, though the grammar reads two."""
    waiting: Piece | None = None
    for piece in pieces:
        if piece.kind == "=" and waiting is not None:
            assert waiting.inside is not None and piece.inside is not None
            end = piece.inside[1]
            waiting = dataclasses.replace(
                waiting, span=(waiting.span[0], end), inside=(waiting.inside[0], end)
            )
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if piece.kind == "=":
            waiting = piece
        else:
            yield piece
    if waiting is not None:
        yield waiting


def _option(text: str, piece: Piece) -> Option:
    argument = None if piece.inside is None else text[slice(*piece.inside)].strip()
    return Option(piece.name, argument, span=piece.span)


def _weight(text: str, piece: Piece) -> Weight:
    assert piece.inside is not None
    expression = text[slice(*piece.inside)].strip()
    if not expression:
        raise invalid_syntax(piece.span)
    return Weight(piece.name, _expression_within(text, piece.inside), expression, span=piece.span)


def _expression_within(text: str, span: Span | None) -> Expression:
    """The expression in a part of a line, with the spans of errors counted from the line."""
    assert span is not None
    part = text[slice(*span)]
    indent = len(part) - len(part.lstrip())
    try:
        return parse_expression(part.strip())
    except StataError as error:
        if error.span is not None:
            shift = span[0] + indent
            span = error.span[0] + shift, error.span[1] + shift
        raise StataError(error.code, error.message, hint=error.hint, span=span) from None


def _observations(text: str, span: Span | None) -> ObservationRange:
    found = _OBSERVATIONS.fullmatch(text)
    if found is None:
        raise StataError(198, f"'{text}' invalid observation number", span=span)
    first = _observation_number(found[1])
    last = first if found[2] is None else _observation_number(found[2])
    return ObservationRange(first, last)


def _observation_number(text: str) -> int:
    """``f`` is the first observation and ``l`` the last, which is also -1."""
    match text.lower():
        case "f":
            return 1
        case "l":
            return -1
        case _:
            return int(text[:19])


# --- pieces of text ----------------------------------------------------------------------------

_WORD = re.compile(r'(?:`"(?:[^"`]|`(?!")|"(?!\'))*+"\'|"[^"]*"|[^\s"])+|"')
_QUOTED = re.compile(r'`"|"\'|"')


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in _WORD.finditer(text))


def _only_quotes(text: str) -> Iterator[str]:
    return (found[0] for found in _QUOTED.finditer(text))


def _variables(rule: str, text: str) -> VariableList:
    if not text.strip():
        return ()
    variables: VariableList = grammar.parse(rule, text)
    if len(text) > DEEPEST_EXPRESSION:
        for item in variables:
            check_depth(item, text)
    return variables


def check_depth(root: Node, text: str) -> None:
    """r(130) for a tree too deep to be read by recursion."""
    if len(text) <= DEEPEST_EXPRESSION:
        return
    level: list[Node] = [root]
    for _ in range(DEEPEST_EXPRESSION):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise StataError(130, "expression too long", span=(0, len(text)))


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, Binary):
        yield node.left
        yield node.right
        return
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))
