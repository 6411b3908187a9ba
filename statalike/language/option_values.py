"""The value in an option's parentheses, by the kind its specification gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from statalike.data.missing import MISSING
from statalike.errors import StataError, invalid_name
from statalike.language.ast import Option, VariableList
from statalike.language.numlist import NumlistRule, read_numlist
from statalike.language.parser import parse_expression, parse_varlist
from statalike.language.quoting import unquoted
from statalike.language.variable_lists import (
    check_operators,
    names_in,
    new_variables,
    with_full_names,
)

if TYPE_CHECKING:
    from statalike.data.dataset import Dataset
    from statalike.language.specification import ListRule, OptionSpecification

#: Levels of confidence that may be asked for, in percent ([R] level).
LOWEST_LEVEL: Final = 10.0
HIGHEST_LEVEL: Final = 99.99

_ONE_NUMBER: Final = NumlistRule(minimum=1, maximum=1, missing_okay=True)


def option_value(
    option: OptionSpecification, typed: Option, dataset: Dataset, *, abbreviations: bool = True
) -> Any:
    """The value of an option as typed.

    Raises r(198) ``option x() incorrectly specified`` and what lists of names and numbers raise,
    with the option's name before the message.
    """
    text = typed.argument
    if text is None:
        return True
    match option.kind:
        case "string":
            return text if option.asis else unquoted(text)
        case "passthru":
            return f"{option.name}({text})"
        case "integer":
            return _integer(option, text)
        case "real":
            return _number(option, text)
        case "cilevel":
            return _level(option, text)
        case "exp":
            return parse_expression(text)
    try:
        return _listed(option, text, dataset, abbreviations)
    except StataError as error:
        if error.code in (102, 103) or 121 <= error.code <= 127:
            separator = " invalid -- " if error.code >= 121 else ":  "
            message = f"{option.name}(){separator}{error.message}"
            raise StataError(error.code, message, hint=error.hint, span=typed.span) from None
        raise


def _listed(option: OptionSpecification, text: str, dataset: Dataset, abbreviations: bool) -> Any:
    rule = option.names
    match option.kind:
        case "numlist":
            return read_numlist(text, option.numbers)
        case "varlist" | "varname":
            terms = read_list(text, rule, dataset, abbreviations=abbreviations)
            if rule.operators:
                return terms
            names = tuple(names_in(terms))
            return names[0] if option.kind == "varname" else names
        case "newvarlist" | "newvarname":
            made = new_variables(text, dataset)
            _check_count(len(made), rule)
            return made[0] if option.kind == "newvarname" else made
        case _:
            listed = split_names(text, rule)
            return listed[0] if option.kind == "name" else listed


def read_list(
    text: str, rule: ListRule, dataset: Dataset, *, abbreviations: bool = True
) -> VariableList:
    """A list of variables with full names that satisfies its rule.

    Raises r(100) to r(103), r(109) for the wrong kind of variable, r(111).
    """
    typed = parse_varlist(text)
    terms = with_full_names(typed, dataset, abbreviations=abbreviations)
    check_operators(terms, rule.operators, dataset)
    if len(terms) < max(rule.minimum, 0 if rule.may_be_empty else 1):
        code, message = (102, "too few variables specified") if terms else (100, "varlist required")
        raise StataError(code, message)
    _check_count(len(terms), rule)
    if rule.numeric or rule.string:
        for name in names_in(terms):
            _check_type(name, rule, dataset)
    return terms


def _check_type(name: str, rule: ListRule, dataset: Dataset) -> None:
    is_string = dataset.variable(name).is_string
    if is_string and not rule.string:
        refused = "string"
    elif not is_string and not rule.numeric:
        refused = "numeric"
    else:
        return
    message = f"{refused} variables not allowed in varlist;\n{name} is a {refused} variable"
    raise StataError(109, message)


def split_names(text: str, rule: ListRule) -> tuple[str, ...]:
    """Words that must be names, of things that may not exist yet.  Raises r(198)."""
    words = tuple(text.split())
    for word in words:
        if not word.isidentifier():
            raise invalid_name(word)
    if len(words) < rule.minimum:
        raise StataError(102, "too few names specified")
    if rule.maximum is not None and len(words) > rule.maximum:
        raise StataError(103, "too many names specified")
    return words


def _check_count(count: int, rule: ListRule) -> None:
    if count < rule.minimum:
        raise StataError(102, "too few variables specified")
    if rule.maximum is not None and count > rule.maximum:
        raise StataError(103, "too many variables specified")


def _incorrect(option: OptionSpecification) -> StataError:
    return StataError(198, f"option {option.name}() incorrectly specified")


def _number(option: OptionSpecification, text: str) -> float:
    try:
        (number,) = read_numlist(text, _ONE_NUMBER)
    except StataError:
        raise _incorrect(option) from None
    return number


def _integer(option: OptionSpecification, text: str) -> int:
    number = _number(option, text)
    if number >= MISSING or not number.is_integer():
        raise _incorrect(option)
    return int(number)


def _level(option: OptionSpecification, text: str) -> float:
    level = _number(option, text)
    if not LOWEST_LEVEL <= level <= HIGHEST_LEVEL:
        message = f"{option.name}() must be between 10 and 99.99 inclusive"
        raise StataError(198, message)
    return level
