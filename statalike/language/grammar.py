"""The parser made from ``grammar.lark``: loading, its cache on disk, and errors as Stata's."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from statalike.errors import StataError
from statalike.language.quoting import check_balance
from statalike.language.tree_builder import TreeBuilder

if TYPE_CHECKING:
    from lark import Lark, UnexpectedInput

START_RULES: Final = (
    "command_line",
    "clause",
    "options",
    "expression",
    "varlist",
    "contrast_list",
    "anova_model",
    "substitutable",
    "definition",
    "initial_condition",
    "predictions",
    "starting_values",
    "starting_numbers",
    "linear_hypotheses",
    "linear_combination",
    "numlist",
    "matrix_expression",
    "matrix_target",
    "techniques",
    "initial_values",
    "expression_groups",
    "at_settings",
    "plot_list",
    "axis_labels",
    "legend_keys",
    "placed_texts",
    "statistic_list",
)


def parse(rule: str, text: str) -> Any:
    """Parse ``text`` by a start rule; whatever is wrong with it is a :class:`StataError`."""
    parser = load()
    from lark import UnexpectedInput

    try:
        return parser.parse(text, start=rule)
    except UnexpectedInput as problem:
        error = _as_stata_error(problem, rule, text)
    raise error


@functools.cache
def load() -> Lark:
    """The parser, from the table in the user's cache directory or built anew.

    Building takes tens of times as long as loading; a cache that can be neither read nor written
    costs that time and nothing else.
    """
    grammar = (Path(__file__).parent.parent / "grammar.lark").read_text(encoding="utf-8")
    table = _table(grammar)
    parser = _read(table)
    if parser is None:
        parser = _build(grammar)
        _write(parser, table)
    return parser


def _build(grammar: str) -> Lark:
    from lark import Lark

    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=list(START_RULES),
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=TreeBuilder(),
    )


def _table(grammar: str) -> Path:
    """Where the table of this grammar, made by this version of Lark and Python, belongs."""
    import lark
    import platformdirs

    made_by = f"{lark.__version__} {sys.version_info[:3]} {START_RULES} {grammar}"
    digest = hashlib.sha256(made_by.encode()).hexdigest()[:16]
    folder = platformdirs.user_cache_dir("statalike", appauthor=False)
    return Path(folder) / f"grammar-{digest}.pickle"


def _read(table: Path) -> Lark | None:
    from lark import Lark

    try:
        with table.open("rb") as file:
            return Lark.load(file)
    except Exception:  # a damaged pickle may raise anything
        return None


def _write(parser: Lark, table: Path) -> None:
    """Write the table beside its place and move it there, so that no one reads half of it."""
    temporary = None
    try:
        table.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=table.parent, prefix=table.stem)
        with os.fdopen(handle, "wb") as file:
            parser.save(file)
        os.replace(temporary, table)
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


# --- errors ------------------------------------------------------------------------------------

_LAST_NAME = re.compile(r"[^\W\d]\w*(?=\s+$)")
_OPENING_A_VALUE = '"`([._'
_NAMELESS_ENDS = set("+-*/^&|<>=!~(),:[]{} \t\n")


def _as_stata_error(problem: UnexpectedInput, rule: str, text: str) -> StataError:
    from lark import UnexpectedCharacters, UnexpectedToken

    unbalanced = check_balance(text)
    if unbalanced is not None:
        return unbalanced
    if isinstance(problem, UnexpectedCharacters):
        expected, start = problem.allowed or set(), problem.pos_in_stream or 0
    elif isinstance(problem, UnexpectedToken) and problem.token.type != "$END":
        expected, start = problem.expected, problem.token.start_pos or 0
    else:
        return _at_the_end(rule, (len(text), len(text)))
    word = _word_at(text, start)
    span = (start, start + len(word))
    match rule:
        case "expression":
            return _in_expression(text, word, "POWER" in expected, span)
        case "varlist" | "contrast_list" | "anova_model":
            return StataError(198, f"{word} invalid name", span=span)
        case "numlist":
            return StataError(121, "invalid numlist", span=span)
        case "axis_labels":
            return StataError(198, "invalid label specifier", span=span)
        case _ if text[start] in "=,|":
            return StataError(198, "invalid syntax", span=span)
        case _:
            return StataError(198, f"invalid '{_blank_delimited(text, start)}'", span=span)


def _at_the_end(rule: str, span: tuple[int, int]) -> StataError:
    if rule == "numlist":
        return StataError(121, "invalid numlist", span=span)
    return StataError(198, "invalid syntax", span=span)


def _in_expression(text: str, word: str, after_a_value: bool, span: tuple[int, int]) -> StataError:
    if after_a_value and word == "(":
        function = _LAST_NAME.search(text[: span[0]])
        if function and _is_function(function[0]):
            hint = f"a function's name and its parenthesis stand together: {function[0]}("
            return StataError(111, f"{function[0]} not found", hint=hint, span=function.span())
    names_something = word[0].isalnum() or word[0] in _OPENING_A_VALUE
    if after_a_value and names_something:
        return StataError(198, f"invalid '{word}'", span=span)
    if word[0] in _NAMELESS_ENDS:
        return StataError(198, "invalid syntax", span=span)
    return StataError(198, f"{word} invalid name", span=span)


def _is_function(name: str) -> bool:
    from statalike.language.functions.registry import FUNCTIONS

    return name in FUNCTIONS


def _word_at(text: str, start: int) -> str:
    """The run of characters at ``start`` that no blank or operator breaks; at least one."""
    end = start + 1
    if text[start] == '"':
        closing = text.find('"', end)
        return text[start : closing + 1] if closing >= 0 else text[start:]
    if text[start] in _NAMELESS_ENDS:
        return text[start:end]
    while end < len(text) and text[end] not in _NAMELESS_ENDS:
        end += 1
    return text[start:end]


def _blank_delimited(text: str, start: int) -> str:
    words = text[start:].split(None, 1)
    return words[0] if words else text[start:]
