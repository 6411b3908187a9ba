"""The register of commands: name, shortest abbreviation, syntax, one line of help, handler.

A command registers itself where it is written::

    @command("summarize", "su", syntax="[varlist(numeric)] [if] [in] [, Detail]", help="...")
    def summarize(state: State, arguments: Arguments) -> None: ...

Dispatch, abbreviations, completion, highlighting and ``help`` all read this register, so they
cannot disagree with what runs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from statalike.errors import StataError, suggestion

if TYPE_CHECKING:
    from statalike.language.specification import Specification


@dataclass(frozen=True)
class Command:
    """A registered command.

    ``minimum`` is the shortest abbreviation that is understood.  ``form`` tells what the handler
    is given: ``standard`` the arguments read by ``syntax``; ``text`` the rest of the line as it
    stands (``display``, ``local``); ``prefix`` the text before its colon, a function that runs the
    command it is put before, and that command's text; ``family`` nothing, for its second word
    chooses the command (``estat icc``); ``block`` the rest of the line and the lines up to ``end``.
    ``equation`` is the syntax of what may stand after each
    ``||``.  ``unsupported`` names options of Stata's that are recognised and refused by name.
    ``default`` names the subcommand of a family that is meant where the second word chooses none
    (``matrix A = B``).  ``by`` tells how the command works under ``by``: ``once`` (it sees all
    groups in one call), ``each`` (once for each group) or not at all.  ``composite`` commands run
    other commands, which are undone one by one; ``indivisible`` ones make their only change last,
    so that there is nothing to undo.  ``synonyms`` are words, between blanks, that
    stand for it besides its abbreviations.
    """

    name: str
    minimum: str
    form: str
    handler: Callable[..., None]
    syntax: str = ""
    equation: str = ""
    unsupported: str = ""
    help: str = ""
    section: str = ""
    by: str = ""
    composite: bool = False
    default: str = ""
    synonyms: str = ""
    indivisible: bool = False

    @cached_property
    def specification(self) -> Specification:
        """The parsed syntax, made when the command is first used."""
        from statalike.language.specification import Specification

        return Specification.parse(
            self.syntax, equations=self.equation, unsupported=self.unsupported
        )


_commands: dict[str, Command] = {}
_by_abbreviation: dict[str, Command | None] = {}
_loaded = False

F = TypeVar("F", bound=Callable[..., Any])


def _abbreviations(command: Command) -> Iterable[str]:
    head, _, last = command.name.rpartition(" ")
    prefix = f"{head} " if head else ""
    start = len(command.minimum.rpartition(" ")[2])
    shortened = (prefix + last[:length] for length in range(start, len(last) + 1))
    return (*shortened, *command.synonyms.split())


def register(command: Command) -> None:
    """Add a command to the register; two commands cannot share a name or an abbreviation."""
    if command.name in _commands:
        raise ValueError(f"command {command.name} is registered twice")
    _commands[command.name] = command
    for short in _abbreviations(command):
        taken = _by_abbreviation.get(short)
        if taken is not None and taken.name == short:
            continue
        if taken is not None and short != command.name:
            raise ValueError(f"{command.name} and {taken.name} share the abbreviation {short}")
        _by_abbreviation[short] = command


def command(
    name: str,
    minimum: str = "",
    *,
    syntax: str = "",
    equation: str = "",
    unsupported: str = "",
    help: str = "",
    section: str = "",
    form: str = "standard",
    by: str = "",
    composite: bool = False,
    default: str = "",
    synonyms: str = "",
    indivisible: bool = False,
) -> Callable[[F], F]:
    """Register the decorated function as the handler of a command."""

    def decorate(handler: F) -> F:
        register(
            Command(
                name,
                minimum or name,
                form,
                handler,
                syntax,
                equation,
                unsupported,
                help,
                section,
                by,
                composite,
                default,
                synonyms,
                indivisible,
            )
        )
        return handler

    return decorate


def load_commands() -> None:
    """Import every module under ``statalike.commands``, so that all commands are registered."""
    global _loaded
    if _loaded:
        return
    package = importlib.import_module("statalike.commands")
    for module in pkgutil.walk_packages(package.__path__, "statalike.commands."):
        importlib.import_module(module.name)
    from statalike.commands.refused import register_refused

    register_refused(set(_commands))
    _loaded = True


def all_commands() -> dict[str, Command]:
    """Every registered command by its full name."""
    load_commands()
    return dict(_commands)


def find_command(name: str) -> Command | None:
    """The command that a typed word stands for, in full or abbreviated; None when unknown."""
    load_commands()
    return _by_abbreviation.get(name)


def find_subcommand(name: str, word: str) -> Command | None:
    """The subcommand of ``name`` that ``word`` stands for, for example ``estat`` and ``recov``."""
    load_commands()
    return _by_abbreviation.get(f"{name} {word}")


def subcommands(name: str) -> list[str]:
    """The full names of the subcommands of a command, without the command's own name."""
    load_commands()
    start = f"{name} "
    return sorted(known[len(start) :] for known in _commands if known.startswith(start))


def unrecognized(name: str) -> StataError:
    """``command foo is unrecognized``, r(199)."""
    known = (known for known in _commands if " " not in known)
    return StataError(199, f"command {name} is unrecognized", hint=suggestion(name, known))
