"""What a command was given, read against its specification."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from statalike.language.ast import Expression, ObservationRange, VariableList


@dataclass(frozen=True)
class NewVariable:
    """A variable to be made: ``double x:yesno`` has a storage type and a value label."""

    name: str
    storage: str | None = None
    value_label: str = ""


@dataclass(frozen=True)
class WeightArgument:
    """Weights of one kind: ``fweight``, ``aweight``, ``pweight`` or ``iweight``.

    ``assumed`` tells that no kind was typed, ``[=exp]`` or ``[weight=exp]``, and the command's
    first one was taken; Stata says so in a note.
    """

    kind: str
    expression: Expression
    text: str
    assumed: bool = False


@dataclass
class Arguments:
    """The parts of a command line with names in full and options by their full names.

    ``varlist``
        full names of all variables in the list, each once when the list may have operators;
        for an optional list that was not typed, all variables unless the default is none.
    ``terms``
        the list itself with full names, when it may have operators.
    ``given``
        whether a list was typed.
    ``names``
        of ``namelist`` and ``name``; ``new_variables`` of ``newvarlist`` and ``newvarname``.
    ``level``
        the variable before the colon of an equation, or ``_all``.
    ``options``
        the options that were typed; :meth:`option` also knows the defaults.
    ``rest``
        options that the specification passes on unread (``*``), as typed.
    ``text``
        the command as typed with single blanks: what ``e(cmdline)`` holds.
    """

    name: str = ""
    text: str = ""
    body: str = ""
    varlist: tuple[str, ...] = ()
    terms: VariableList = ()
    given: bool = False
    new_variables: tuple[NewVariable, ...] = ()
    names: tuple[str, ...] = ()
    level: str | None = None
    assignment: Expression | None = None
    assignment_text: str = ""
    condition: Expression | None = None
    condition_text: str = ""
    observations: ObservationRange | None = None
    weight: WeightArgument | None = None
    using: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    rest: str = ""
    equations: tuple[Arguments, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str) -> Any:
        """The option's value, or its default: False for a flag, None where there is none.

        The full name must be one that the specification has.
        """
        return self.options[name] if name in self.options else self.defaults[name]

    def typed(self, name: str) -> bool:
        """Whether the option was typed."""
        if name not in self.defaults:
            raise KeyError(name)
        return name in self.options

    def flag(self, name: str) -> bool:
        """Whether an option without argument was typed."""
        return bool(self.option(name))

    def string(self, name: str) -> str | None:
        """The text of a string option, name or variable; None when it was not typed.

        For an option whose argument may be left out it is empty when it was.
        """
        value = self.option(name)
        if value is None or isinstance(value, str):
            return value
        if value is True:
            return ""
        raise TypeError(f"option {name} is not a text")

    def integer(self, name: str) -> int | None:
        value = self.option(name)
        return None if value is None else int(value)

    def number(self, name: str) -> float | None:
        value = self.option(name)
        return None if value is None else float(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        """The numbers of a numlist option; none when it was not typed."""
        return tuple(self.option(name) or ())

    def variables(self, name: str) -> tuple[str, ...]:
        """The names of a varlist or namelist option; none when it was not typed."""
        value = self.option(name)
        if isinstance(value, str):
            return (value,)
        return tuple(value or ())


_QUOTED_OR_BLANK = re.compile(r'`".*?"\'|"[^"]*"|\s+', re.DOTALL)


def single_spaced(text: str) -> str:
    """Text with one blank for each run of blanks outside quotes, and none around it."""
    return _QUOTED_OR_BLANK.sub(lambda found: " " if found[0].isspace() else found[0], text.strip())
