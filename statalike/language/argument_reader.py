"""A command line read against its specification: :class:`Arguments` or Stata's error.

The clauses after ``||`` are read with the specification for equations.  An option stands where it
was typed when that clause's own specification has it; otherwise it belongs to the whole command,
wherever it was typed, as in ``mixed y x || id: x, covariance(unstructured) reml``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from statalike.data.names import is_name
from statalike.errors import (
    StataError,
    invalid_name,
    invalid_syntax,
    option_not_yet_supported,
    suggestion,
)
from statalike.language.arguments import Arguments, WeightArgument, single_spaced
from statalike.language.ast import Clause, CommandLine, ObservationRange, Option, Weight
from statalike.language.option_values import option_value, read_list, split_names
from statalike.language.parser import parse_expression, split_comma, split_name, split_prefix
from statalike.language.specification import (
    OptionSpecification,
    Specification,
    weight_kind,
)
from statalike.language.variable_lists import names_in, new_variables

if TYPE_CHECKING:
    from statalike.data.dataset import Dataset


def read_arguments(
    specification: Specification,
    command_line: CommandLine,
    dataset: Dataset,
    *,
    abbreviations: bool = True,
) -> Arguments:
    """Read every clause of the line; see the module."""
    reader = _Reader(specification, dataset, abbreviations)
    arguments = reader.clause(specification, command_line.clause, command_line.text)
    arguments.name = command_line.name
    arguments.text = single_spaced(command_line.text)
    if command_line.equations:
        if specification.equations is None:
            raise invalid_name("||")
        inner = specification.equations
        arguments.equations = tuple(
            reader.clause(inner, clause) for clause in command_line.equations
        )
    reader.finish(arguments)
    return arguments


class _Reader:
    """Reads the clauses of one line; options of the whole command gather from all of them."""

    def __init__(self, specification: Specification, dataset: Dataset, abbreviations: bool) -> None:
        self._whole = specification
        self._dataset = dataset
        self._abbreviations = abbreviations
        self._elsewhere: list[tuple[OptionSpecification, Option]] = []
        self._rest: list[str] = []

    def clause(self, specification: Specification, clause: Clause, text: str = "") -> Arguments:
        _check_parts(specification, clause)
        arguments = Arguments(
            body=clause.body,
            assignment_text=clause.assignment or "",
            condition=clause.condition,
            condition_text=clause.condition_text,
            using=clause.using,
            defaults=_defaults(specification),
        )
        if clause.observations is not None:
            arguments.observations = resolved(clause.observations, self._dataset.n)
        if clause.weight is not None:
            arguments.weight = _weight(specification, clause.weight)
        is_text = specification.assignment_is_text or specification.equal_ok
        if clause.assignment is not None and not is_text:
            arguments.assignment = parse_expression(clause.assignment)
        self._body(specification, clause, text, arguments)
        self._options(specification, clause, arguments)
        return arguments

    def finish(self, arguments: Arguments) -> None:
        """Give the command the options that were typed in equations; check the required ones."""
        for option, typed in self._elsewhere:
            self._store(option, typed, arguments)
        arguments.rest = " ".join(self._rest)
        specifications = [(self._whole, arguments)]
        if self._whole.equations is not None:
            specifications += [(self._whole.equations, each) for each in arguments.equations]
        for specification, read in specifications:
            for option in specification.options:
                if option.required and option.name not in read.options:
                    raise StataError(198, f"option {option.name}() required")

    # --- the list before the options ---

    def _body(
        self, specification: Specification, clause: Clause, text: str, arguments: Arguments
    ) -> None:
        body = clause.body
        if specification.everything:
            body = split_comma(split_name(text)[1])[0]
        elif specification.equal_ok and clause.assignment is not None:
            body = f"{body} = {clause.assignment}".strip()
        arguments.body = body
        if specification.level:
            body = self._level(body, arguments)
        arguments.given = bool(body)
        kind, rule = specification.body_kind, specification.names
        if not body:
            if specification.body == "required" and (rule.minimum or kind == "anything"):
                raise StataError(100, _REQUIRED[kind])
            if kind == "varlist" and rule.default_all:
                arguments.varlist = tuple(self._dataset.names)
            return
        match kind:
            case "":
                raise StataError(101, "varlist not allowed")
            case "varlist" | "varname":
                terms = read_list(body, rule, self._dataset, abbreviations=self._abbreviations)
                names = names_in(terms)
                if rule.operators:
                    arguments.terms = terms
                    arguments.varlist = tuple(dict.fromkeys(names))
                else:
                    arguments.varlist = tuple(names)
            case "newvarlist" | "newvarname":
                arguments.new_variables = new_variables(body, self._dataset)
                _check_count(len(arguments.new_variables), specification)
            case "namelist" | "name":
                arguments.names = split_names(body, rule)

    def _level(self, body: str, arguments: Arguments) -> str:
        """Take ``variable:`` off an equation; what is left is its list."""
        name, rest = split_prefix(body)
        if rest is None or not name:
            raise StataError(198, "invalid random-effects equation; level variable and : required")
        if name == "_all":
            arguments.level = name
        elif is_name(name):
            full = self._dataset.unabbreviate(name, abbreviations=self._abbreviations)
            arguments.level = full
        else:
            raise invalid_name(name)
        return rest

    # --- options ---

    def _options(self, specification: Specification, clause: Clause, arguments: Arguments) -> None:
        if clause.options and not _takes_options(self._whole, specification):
            raise StataError(101, "options not allowed")
        for typed in clause.options:
            own = _find(specification, typed)
            if own is not None and own.supported:
                self._store(own, typed, arguments)
                continue
            whole = _find(self._whole, typed) if specification is not self._whole else None
            found = whole if whole is not None else own
            if found is None:
                if not self._whole.passes_rest:
                    raise self._not_allowed(specification, typed)
                self._rest.append(_as_typed(typed))
            elif not found.supported:
                raise option_not_yet_supported(found.name)
            else:
                self._elsewhere.append((found, typed))

    def _store(self, option: OptionSpecification, typed: Option, arguments: Arguments) -> None:
        value = option_value(option, typed, self._dataset, abbreviations=self._abbreviations)
        key = f"no{option.name}" if option.negated_by(typed.name) else option.name
        if option.repeated:
            arguments.options[key] = (*arguments.options.get(key, ()), value)
            return
        if key in arguments.options and typed.argument is not None:
            raise StataError(198, f"option {typed.name}() not allowed", span=typed.span)
        arguments.options[key] = value

    def _not_allowed(self, specification: Specification, typed: Option) -> StataError:
        known = [word.removesuffix("(") for word in (*specification.words, *self._whole.words)]
        if typed.name in known:
            takes = "no argument" if typed.argument is not None else "an argument"
            hint = f"{typed.name} takes {takes}"
        else:
            hint = suggestion(typed.name, known)
        shown = typed.name if typed.argument is None else f"{typed.name}()"
        return StataError(198, f"option {shown} not allowed", hint=hint, span=typed.span)


_REQUIRED = {
    "varlist": "varlist required",
    "varname": "varlist required",
    "newvarlist": "varlist required",
    "newvarname": "varlist required",
    "namelist": "name required",
    "name": "name required",
    "anything": "something required",
}


def _check_parts(specification: Specification, clause: Clause) -> None:
    """Parts that the specification does not have, r(101), and those that it needs, r(100)."""
    assignment = specification.assignment or ("optional" if specification.equal_ok else "")
    if specification.everything:
        return
    for given, need, name in (
        (clause.condition is not None, specification.condition, "if"),
        (clause.observations is not None, specification.observations, "in"),
        (clause.using is not None, specification.using, "using"),
        (clause.weight is not None, "optional" if specification.weights else "", "weights"),
        (clause.assignment is not None, assignment, "=exp"),
    ):
        if given and not need:
            raise StataError(101, f"{name} not allowed")
        if need == "required" and not given:
            raise StataError(100, f"{name} required")


def _check_count(count: int, specification: Specification) -> None:
    rule = specification.names
    if count < rule.minimum:
        raise StataError(102, "too few variables specified")
    if rule.maximum is not None and count > rule.maximum:
        raise StataError(103, "too many variables specified")


def _defaults(specification: Specification) -> dict[str, object]:
    return {
        key: option.default
        for option in specification.options
        if option.supported
        for key in option.keys
    }


def _takes_options(*specifications: Specification) -> bool:
    return any(each.options or each.passes_rest for each in specifications)


def _find(specification: Specification, typed: Option) -> OptionSpecification | None:
    """The option meant: the one of that name, or the first that it abbreviates."""
    fitting = [
        option
        for option in specification.options
        if option.matches(typed.name) and _takes_argument(option, typed)
    ]
    exact = [option for option in fitting if typed.name in option.keys]
    return next(iter(exact or fitting), None)


def _takes_argument(option: OptionSpecification, typed: Option) -> bool:
    if typed.argument is None:
        return option.kind in ("flag", "noflag") or option.optional_argument
    return option.kind not in ("flag", "noflag") or not option.supported


def _as_typed(typed: Option) -> str:
    return typed.name if typed.argument is None else f"{typed.name}({typed.argument})"


def _weight(specification: Specification, weight: Weight) -> WeightArgument:
    assumed = weight.kind in ("", "weight", "w", "we", "wei", "weig", "weigh")
    kind = specification.weights[0] if assumed else weight_kind(weight.kind)
    if kind is None:
        raise invalid_syntax(weight.span)
    if kind not in specification.weights:
        raise StataError(101, f"{kind}s not allowed", span=weight.span)
    return WeightArgument(kind, weight.expression, weight.text, assumed)


def resolved(observations: ObservationRange, n: int) -> ObservationRange:
    """The range with both ends counted from the first observation; r(198) outside 1 to ``n``."""
    first, last = (
        end if end >= 0 else n + 1 + end for end in (observations.first, observations.last)
    )
    if not 1 <= first <= last <= n:
        raise StataError(198, "observation numbers out of range", span=observations.span)
    return dataclasses.replace(observations, first=first, last=last)
