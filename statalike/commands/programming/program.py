"""``program``: commands of the user's own ([P] program); ``args``, ``discard``, ``which``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from statalike.commands.registry import command, find_command
from statalike.data.names import LONGEST_NAME
from statalike.errors import StataError, invalid_name, invalid_syntax
from statalike.language.ast import Clause, CommandLine
from statalike.language.parser import split_comma, split_options
from statalike.language.source import Unit
from statalike.language.specification import Specification
from statalike.programs import Program
from statalike.state import State

_OPTIONS = Specification.parse(
    "[, Nclass Rclass Eclass Sclass BYable(string) SORTpreserve PROPerties(string)]",
    unsupported="PLUGIN PLUGIN(string)",
)
_CLASSES = ("nclass", "rclass", "eclass", "sclass")


@command("program", "pr", form="family", default="define", help="commands of your own")
def program(state: State, text: str) -> None:
    """Chooses ``program define`` and the like."""


@command(
    "program define",
    "program define",
    form="block",
    help="define a command of your own",
    section="Programming",
    synonyms="",
)
def program_define(state: State, text: str, body: tuple[Unit, ...]) -> None:
    """The lines up to ``end`` under a name; r(110) for a name that a program has already."""
    name, options = split_comma(text)
    if not name.isidentifier() or len(name) > LONGEST_NAME:
        raise invalid_name(name) if name else invalid_syntax()
    clause = Clause("", options=split_options(options or ""))
    given = _OPTIONS.read(CommandLine("program", clause), state.data)
    chosen = [kind for kind in _CLASSES if given.flag(kind)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {', '.join(_CLASSES)} is allowed")
    if name in state.memory.programs:
        raise StataError(110, f"program {name} already defined")
    known = find_command(name)
    own = known is not None and known.name == name
    if own and known is not None and known.handler.__module__.split(".")[2] == "programming":
        raise StataError(110, f"{name} is a command of the language; it may not be redefined")
    state.memory.programs[name] = Program(
        name,
        body,
        chosen[0] if chosen else "nclass",
        _byable(given.string("byable")),
        given.flag("sortpreserve"),
        given.string("properties") or "",
    )


def _byable(text: str | None) -> str:
    if text is None:
        return ""
    kind, _, rest = text.partition(",")
    kind = kind.strip()
    for full, shortest in (("recall", 1), ("onecall", 1)):
        if len(kind) >= shortest and full.startswith(kind) and rest.strip() in ("", "noheader"):
            return full
    raise StataError(198, "option byable() incorrectly specified")


@command(
    "program drop",
    "program drop",
    form="text",
    help="forget programs",
    section="Programming",
)
def program_drop(state: State, text: str) -> None:
    programs = state.memory.programs
    names = text.split()
    if not names:
        raise invalid_syntax()
    if names == ["_all"]:
        programs.clear()
        return
    if names == ["_allado"]:
        for name in [name for name, each in programs.items() if each.file]:
            del programs[name]
        return
    for name in names:
        if name not in programs:
            raise StataError(111, f"program {name} not found")
    for name in names:
        programs.pop(name, None)


@command("program dir", "program di", form="text", help="names of programs", section="Programming")
def program_dir(state: State, text: str) -> None:
    if text:
        raise invalid_syntax()
    for name, each in state.memory.programs.items():
        state.console.print(f"{'ado' if each.file else '':5}{name}")


@command("program list", "program l", form="text", help="show programs", section="Programming")
def program_list(state: State, text: str) -> None:
    programs = state.memory.programs
    names = text.split() or [""]
    for name in programs if names == ["_all"] else names:
        if name not in programs:
            raise StataError(111, f"program {name} not found")
        each = programs[name]
        attributes = [] if each.results == "nclass" else [each.results]
        attributes += [f"byable({each.byable})"] if each.byable else []
        attributes += ["sortpreserve"] if each.sorts_back else []
        state.console.print()
        state.console.print(f"{name}{', ' if attributes else ''}{' '.join(attributes)}:")
        for number, row in zip(itertools.count(1), _rows(each.body), strict=False):
            state.console.print(f"{number:3d}. {row.rstrip()}")


def _rows(body: tuple[Unit, ...]) -> Iterator[str]:
    for unit in body:
        yield from unit.source_lines()


@command("args", "args", form="text", help="names for a program's arguments", section="Programming")
def args(state: State, text: str) -> None:
    """Put the positional arguments ``1``, ``2``, ... into local macros of these names."""
    names = text.split()
    if not names:
        raise invalid_syntax()
    for name in names:
        if not name.isidentifier():
            raise invalid_name(name)
    macros = state.macros
    for number, name in enumerate(names, 1):
        value = macros.get(str(number), "")
        if value:
            macros[name] = value
        else:
            macros.pop(name, None)


@command("discard", "discard", form="text", help="forget programs read from ado-files")
def discard(state: State, text: str) -> None:
    if text:
        raise invalid_syntax()
    for name in [name for name, each in state.memory.programs.items() if each.file]:
        del state.memory.programs[name]


@command("which", "which", form="text", help="tell where a command comes from")
def which(state: State, text: str) -> None:
    name, _ = split_comma(text)
    known = find_command(name)
    if name in state.memory.programs:
        shown = state.memory.programs[name].file or f"{name} is a program in memory"
    elif known is not None and known.help != "not yet supported":
        shown = f"built-in command:  {known.name}"
    else:
        path = state.ado_path.file(name)
        if path is None:
            raise StataError(111, f"command {name} not found as either built-in or ado-file")
        shown = str(path)
    state.console.print(shown)


@command("adopath", "adopath", form="text", help="show or change where ado-files are looked for")
def adopath(state: State, text: str) -> None:
    """``adopath``, ``adopath + directory``, ``adopath ++ directory``, ``adopath - entry``."""
    from statalike.language.quoting import unquoted

    entries = state.ado_path.entries
    sign = text[: len(text) - len(text.lstrip("+-"))]
    rest = unquoted(text[len(sign) :])
    if sign in ("+", "++") and rest:
        if rest in entries:
            entries.remove(rest)
        entries.insert(0 if sign == "++" else len(entries), rest)
    elif sign == "-" and rest:
        chosen = int(rest) - 1 if rest.isdigit() else -1
        if rest in entries:
            entries.remove(rest)
        elif 0 <= chosen < len(entries):
            del entries[chosen]
        else:
            raise StataError(111, f"{rest} not found in path")
    elif text:
        raise invalid_syntax()
    for number, entry in enumerate(entries, 1):
        label = f"({entry})" if entry in state.ado_path.directories else ""
        state.console.print(f'  [{number}]  {label:13}"{state.ado_path.directory(entry)}"')


@command("sysdir", "sysdir", form="text", help="show or set the system directories")
def sysdir(state: State, text: str) -> None:
    """``sysdir`` lists them; ``sysdir set codeword "directory"`` changes one."""
    from statalike.language.parser import split_words

    directories = state.ado_path.directories
    words = split_words(text)
    if words[:1] == ["set"] and len(words) == 3 and words[1].upper() in directories:
        directories[words[1].upper()] = words[2]
    elif words not in ([], ["list"], ["dir"]):
        raise invalid_syntax()
    for entry in directories if len(words) < 3 else ():
        state.console.print(f"{entry + ':':>12}  {state.ado_path.directory(entry)}")
