"""``syntax``: reads a program's arguments by their declaration ([P] syntax)."""

from __future__ import annotations

from typing import Any

from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.language.arguments import Arguments, NewVariable
from statalike.language.ast import ObservationRange
from statalike.language.numlist import number_text
from statalike.language.parser import parse_command_line
from statalike.language.specification import OptionSpecification, Specification
from statalike.language.unparse import expression_text, varlist_text
from statalike.state import State


@command(
    "syntax",
    "syntax",
    form="text",
    help="read a program's arguments by their declaration",
    section="Programming",
)
def syntax(state: State, text: str) -> None:
    """Read macro ``0`` and put its parts into local macros named after them; r(197) for a
    declaration that is none, and the errors of the arguments themselves."""
    specification = Specification.parse(text)
    given = state.macros.get("0", "")
    name = state.call.program.name if state.call.program is not None else "program"
    arguments = specification.read(
        parse_command_line(f"{name} {given}"),
        state.data,
        abbreviations=state.settings.varabbrev == "on",
    )
    for macro, value in _parts(specification, arguments, state).items():
        if value:
            state.macros[macro] = value
        else:
            state.macros.pop(macro, None)


def _parts(specification: Specification, arguments: Arguments, state: State) -> dict[str, str]:
    macros = _body(specification, arguments, state)
    bare = specification.bare
    if specification.condition:
        text = arguments.condition_text
        macros["if"] = text if "if" in bare or not text else f"if {text}"
    if specification.observations:
        text = _range_text(arguments.observations)
        macros["in"] = text if "in" in bare or not text else f"in {text}"
    if specification.using:
        text = arguments.using or ""
        macros["using"] = text if "using" in bare or not text else f'using `"{text}"\''
    if specification.assignment:
        text = arguments.assignment_text
        macros["exp"] = text if "=exp" in bare or not text else f"= {text}"
    if specification.weights:
        weight = arguments.weight
        macros["weight"] = weight.kind if weight else ""
        shown = f"= {weight.text}" if weight else ""
        if weight and bare & {"fweight", "aweight", "pweight", "iweight"}:
            shown = weight.text
        macros["exp"] = shown or macros.get("exp", "")
    for option in specification.options:
        macros[option.name] = _option_text(option, arguments, state)
    if specification.passes_rest:
        macros["options"] = arguments.rest
    return macros


def _body(specification: Specification, arguments: Arguments, state: State) -> dict[str, str]:
    match specification.body_kind:
        case "varlist" | "varname":
            if specification.names.operators and arguments.given:
                return {"varlist": varlist_text(arguments.terms)}
            return {"varlist": " ".join(arguments.varlist)}
        case "newvarlist" | "newvarname":
            made = arguments.new_variables
            return {
                "varlist": " ".join(each.name for each in made),
                "typlist": " ".join(each.storage or state.settings.type for each in made),
            }
        case "namelist" | "name":
            return {"namelist": " ".join(arguments.names)}
        case "anything":
            return {
                "anything": arguments.body,
                specification.body_name or "anything": arguments.body,
            }
    return {}


def _range_text(observations: ObservationRange | None) -> str:
    if observations is None:
        return ""
    if observations.first == observations.last:
        return str(observations.first)
    return f"{observations.first}/{observations.last}"


def _option_text(option: OptionSpecification, arguments: Arguments, state: State) -> str:
    """What the macro of an option holds."""
    if option.kind == "noflag":
        return f"no{option.name}" if arguments.flag(f"no{option.name}") else ""
    value = arguments.option(option.name)
    if option.kind == "flag":
        return option.name if value else ""
    if option.kind == "cilevel" and value is None:
        value = state.settings.level
    return _value_text(value)


def _value_text(value: Any) -> str:
    """A value that was read as the text it stands for."""
    match value:
        case None | False:
            return ""
        case str():
            return value
        case NewVariable():
            return value.name
        case float() | int():
            return "." if value == MISSING else number_text(float(value))
        case tuple() if value and all(
            isinstance(each, NewVariable | float | str) for each in value
        ):
            return " ".join(_value_text(each) for each in value)
        case tuple():
            return varlist_text(value)
    return expression_text(value)
