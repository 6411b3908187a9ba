"""Runs commands: echo, macro expansion, control flow, prefixes, dispatch, errors and Break.

A do-file is read into units (:mod:`statalike.language.source`); the text of each has its macros
expanded when it is run, so a loop's body is expanded anew at every turn.  A command either does
all of what it was asked or nothing: what it changed in memory is put back when it fails or is
interrupted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from statalike.commands.registry import Command, find_command, find_subcommand, unrecognized
from statalike.control_flow import ExitRequest, LoopControl, loop_values, misplaced_continue
from statalike.echo import PROMPT, echoed, unnumbered
from statalike.errors import (
    Origin,
    StataError,
    file_could_not_be_opened,
    file_not_found,
    invalid_syntax,
)
from statalike.evaluation import StateContext
from statalike.frames import in_frame
from statalike.language.expressions import is_true
from statalike.language.macros import expand
from statalike.language.parser import (
    parse_command_line,
    parse_expression,
    parse_expression_prefix,
    split_name,
    split_prefix,
)
from statalike.language.source import Unit, read_source
from statalike.macro_scope import Macros
from statalike.output.styled import Segment, Style, line
from statalike.program_calls import positional_macros, program_from_ado_file, run_program
from statalike.programs import Program
from statalike.state import State

DEEPEST_NESTING = 64

_FORVALUES = tuple("forvalues"[:length] for length in range(4, 10))
_LOOPS = ("foreach", "while", *_FORVALUES)


class Interpreter:
    """Runs units, lines and files against one state."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._macros = Macros(state)
        self._nesting = _Nesting()
        state.interpreter = self

    def deeper(self) -> _Nesting:
        """One more level of commands inside each other; use it in a ``with`` statement."""
        return self._nesting

    def return_to_top_level(self) -> None:
        """Forget what was running: a Break may come anywhere, in the middle of leaving too."""
        state = self.state
        self._nesting = _Nesting()
        state.by_groups = state.by_rows = None
        del state.locals[1:], state.temporary_names[1:], state.calls[1:]
        state.console.show_again()

    # -- sources

    def run_units(
        self,
        units: Iterable[Unit],
        *,
        echo: bool,
        stop: bool = True,
        branch_taken: bool | None = None,
        in_block: bool = False,
    ) -> bool | None:
        """Run units in order; with ``stop`` false an error is shown and the next one is run.

        An ``else`` belongs to the ``if`` just before it: ``branch_taken`` tells whether a branch
        of one before the first unit was taken (None: there was none), and so does what is returned
        of the last.  A blank line follows each command that is echoed, but not ``in_block``.
        """
        for unit in units:
            if echo:
                self._echo_start(unit)
            try:
                branch_taken = self._run_unit(unit, branch_taken, echo)
            except StataError as error:
                if error.origin is None:
                    error.origin = Origin(error.message, unit.text, unit.number)
                if stop:
                    raise
                self.show_error(error)
                branch_taken = None
            if echo and not in_block and unit.text and unit.text[0] != "#":
                self.state.console.print()
        return branch_taken

    def run_file(
        self, path: str, arguments: list[str], *, echo: bool, stop: bool, new_scope: bool
    ) -> None:
        """Run a do-file; r(601) when it does not exist, r(603) when it cannot be read."""
        found = do_file_path(path)
        try:
            text = found.read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            raise file_could_not_be_opened(path) from None
        macros = {"0": " ".join(arguments), **positional_macros(arguments)}
        scope = macros if new_scope else self.state.macros
        console = self.state.console
        echo = echo and console.shown
        with self.state.new_scope(scope), self._nesting:
            try:
                self.run_units(read_source(text), echo=echo, stop=stop)
                if echo:
                    console.echo("")
                    console.print("end of do-file")
            except ExitRequest as request:
                if request.leaves_program:
                    raise
                if echo:
                    console.print("\nend of do-file\n" if request.code else "\nend of do-file")
                if request.code:
                    raise StataError(request.code) from request
            except LoopControl:
                raise misplaced_continue() from None
            except KeyboardInterrupt:
                if echo:
                    self.show_error(StataError(1, "--Break--"))
                    console.print("\nend of do-file\n")
                raise
            except StataError as error:
                if error.origin is not None and not error.origin.file:
                    error.origin = replace(error.origin, file=str(found))
                if echo:
                    self.show_error(error)
                    console.print("\nend of do-file\n")
                    error.shown = False
                    error.message = error.hint = ""
                raise

    # -- echo

    def _echo_start(self, unit: Unit) -> None:
        """Show a command before it is run; of a block that is shown as it runs, its first line."""
        lines = echoed(unit)
        self._echo([next(lines)] if _is_shown_as_it_runs(unit) else lines)

    def _echo(self, lines: Iterable[tuple[str, str]]) -> None:
        console = self.state.console
        with console.noisy():
            for prompt, text in lines:
                console.echo(text, prompt=prompt)
        console.flush()

    def show_error(self, error: StataError) -> None:
        """Print an error's message and code, once."""
        if error.shown:
            return
        console = self.state.console
        console.finish_line()
        self.show_message(error)
        console.error(f"r({error.code});")
        error.shown = True

    def show_message(self, error: StataError) -> None:
        """Print what an error says, and its hint below."""
        console = self.state.console
        if error.message:
            console.error(error.message)
        if error.hint:
            console.error(line(Segment(f"    {error.hint}", Style.NOTE)))

    # -- one unit

    def _run_unit(self, unit: Unit, branch_taken: bool | None, echo: bool) -> bool | None:
        """Run one unit; returns whether a branch of an ``if`` has been taken, None after others."""
        if unit.problem is not None:
            raise unit.problem
        if not unit.text:
            return branch_taken
        if unit.body is None:
            return self._run_text(self.expanded(unit.text), None, branch_taken)
        block = _Block(unit, iter(unit.body), echo and _is_shown_as_it_runs(unit))
        taken = self._run_text(unit.header, block, branch_taken)
        if block.echo:
            self._echo(shown for part in block.rest for shown in unnumbered(part))
            self._echo([(PROMPT, "\n".join(unit.closing))])
        return taken

    def _run_text(self, text: str, block: _Block | None, branch_taken: bool | None) -> bool | None:
        """Run a line whose macros are expanded, or a block by its header, where they are not."""
        word, rest = split_name(text)
        if word == "else":
            if branch_taken is None:
                raise StataError(198, "else without if")
            return branch_taken or self._run_else(rest.strip(), block)
        if word == "if":
            return self._run_if(rest.strip(), block)
        if block is not None and word in _LOOPS:
            self._run_loop(block, word, rest.strip())
            return None
        prefix = None if word in self.state.memory.programs else _plain_prefix(word)
        if prefix is not None:
            return self._run_after_prefix(prefix, rest, block)
        if block is None:
            self.run_line(text)
        else:
            self._run_block(text, block)
        return None

    def _run_else(self, rest: str, block: _Block | None) -> bool:
        word, condition = split_name(rest)
        if word == "if":
            return self._run_if(condition.strip(), block)
        if block is None:
            self._run_text(rest, None, None)
        elif rest:
            raise invalid_syntax()
        else:
            self._run_body(block)
        return True

    def _run_if(self, rest: str, block: _Block | None) -> bool:
        if block is not None:
            taken = self._true(self.expanded(rest))
            if taken:
                self._run_body(block)
            return taken
        condition, command = _condition_and_command(rest)
        taken = self._true(condition)
        if taken:
            with self._nesting:
                self._run_text(command, None, None)
        return taken

    def _true(self, text: str) -> bool:
        text = text.strip()
        if not text:
            raise invalid_syntax()
        return is_true(parse_expression(text), StateContext(self.state))

    def _run_after_prefix(self, prefix: Command, rest: str, block: _Block | None) -> bool | None:
        """``quietly`` and the like, which may stand before control flow and blocks as well."""
        inner = _after_colon(rest)
        taken: bool | None = None

        def run() -> None:
            nonlocal taken
            if inner or block is not None:
                taken = self._run_text(inner, block, None)

        with self._nesting:
            prefix.handler(self.state, "", run, inner)
        return taken

    def _run_block(self, header: str, block: _Block) -> None:
        """Run a block without control flow of its own, or one whose header is in a macro."""
        if block.unit.terminator == "end":
            self._run_ended_block(self.expanded(header), block.unit)
            return
        text = self.expanded(header).strip()
        word, rest = split_name(text)
        command = find_command(word)
        if not text:
            self._run_body(block)
        elif command is not None and command.name == "frame":
            with in_frame(self.state, rest.strip()):
                self._run_body(block)
        elif text != header:
            self._run_text(text, block, None)
        else:
            raise StataError(198, f"{split_name(text)[0] or text} may not be followed by a block")

    def _run_ended_block(self, header: str, unit: Unit) -> None:
        """``program`` and ``input``, whose lines go to the command unread."""
        word, rest = split_name(header)
        command = self._find(word, rest)
        if command.form != "block":
            raise StataError(199, f"command {word} not yet supported")
        if " " in command.name:
            rest = self._after_subcommand(command, rest)
        body = unit.body or ()
        self._atomically(command, lambda: command.handler(self.state, rest.strip(), body))

    def _run_body(self, block: _Block) -> None:
        with self._nesting:
            self.run_units(block.rest, echo=block.echo, in_block=True)

    # -- loops

    def _run_loop(self, block: _Block, word: str, header: str) -> None:
        body = block.unit.body or ()
        if word == "while":
            while self._true(self.expanded(header)):
                if not self._turn(body):
                    return
            return
        macros = self.state.macros
        name, values = loop_values(self.state, word, self.expanded(header).strip())
        before = macros.get(name)
        try:
            for value in values:
                macros[name] = value
                if not self._turn(body):
                    return
        finally:
            if before is None:
                macros.pop(name, None)
            else:
                macros[name] = before

    def _turn(self, body: Iterable[Unit]) -> bool:
        """One turn of a loop; False after ``continue, break``."""
        try:
            with self._nesting:
                self.run_units(body, echo=False)
        except LoopControl as control:
            return not control.leaves
        return True

    def expanded(self, text: str) -> str:
        """The text with its macros expanded."""
        if "`" not in text and "$" not in text:
            return text
        return expand(text, self._macros)

    # -- one command

    def run_line(self, text: str) -> None:
        """Run one command line whose macros are already expanded."""
        text = text.strip()
        if text:
            with self._nesting:
                self._dispatch(text)

    def _dispatch(self, text: str) -> None:
        word, rest = split_name(text)
        if not word:
            if text[0] == "#":
                self._say_delimiter(text)
                return
            if text[0] == "!":
                raise StataError(199, "shell commands are not run")
            raise StataError(199, f"{text.split()[0]} is not a valid command name")
        if word in _LOOPS:
            raise StataError(100, "{ required")
        program = self.find_program(word)
        if program is not None:
            run_program(self, program, rest.strip())
            return
        command = self._find(word, rest)
        if command.form == "prefix":
            self._run_prefixed(command, rest)
        elif command.form == "block":
            raise StataError(198, f"{command.name} must be followed by its lines and end")
        elif command.form == "text":
            if " " in command.name:
                rest = self._after_subcommand(command, rest)
            self._atomically(command, lambda: command.handler(self.state, rest.strip()))
        else:
            self._atomically(command, lambda: self._call(command, text))

    def _after_subcommand(self, command: Command, rest: str) -> str:
        """What follows a subcommand; the default one of a family need not be named."""
        second, after = split_name(rest.lstrip())
        return after if find_subcommand(command.name.split()[0], second) else rest

    def _say_delimiter(self, text: str) -> None:
        """``#delimit``, which the reader of the source has obeyed already."""
        directive = text[1:].split()
        if not directive or len(directive[0]) == 1 or not "delimit".startswith(directive[0]):
            raise StataError(199, f"{text.split()[0]} is not a valid command name")
        self.state.console.print(f"delimiter now {directive[-1]}")

    def find_program(self, name: str) -> Program | None:
        """The user's program of this name, from memory or, for a command that there is not, from
        an ado-file ([U] 17.5)."""
        program = self.state.memory.programs.get(name)
        if program is not None or not name:
            return program
        command = find_command(name)
        if command is not None and command.help != "not yet supported":
            return None
        return program_from_ado_file(self, name)

    def _find(self, word: str, rest: str) -> Command:
        command = find_command(word)
        if command is None:
            if not word.isidentifier():
                raise StataError(199, f"{word} is not a valid command name")
            raise unrecognized(word)
        if command.form == "family":
            second, _ = split_name(rest.lstrip())
            chosen = find_subcommand(command.name, second) if second else None
            if chosen is None and command.default and rest.strip():
                chosen = find_subcommand(command.name, command.default)
            if chosen is None:
                raise StataError(
                    321 if command.name == "estat" else 198,
                    f"invalid subcommand {second}" if second else "subcommand required",
                )
            return chosen
        return command

    def _call(self, command: Command, text: str) -> None:
        if " " in command.name:
            _, tail = split_name(text)
            _, rest = split_name(tail.lstrip())
            text = f"{command.name.replace(' ', '_')}{rest}"
        arguments = command.specification.read(
            parse_command_line(text),
            self.state.data,
            abbreviations=self.state.settings.varabbrev == "on",
        )
        command.handler(self.state, arguments)

    def _atomically(self, command: Command, run: Callable[[], None]) -> None:
        if command.composite or command.indivisible:
            run()
            return
        with self.state.undone_on_failure():
            run()

    def _run_prefixed(self, command: Command, rest: str) -> None:
        """``by id:`` and other prefixes that are given something before their colon."""
        if command.syntax == "colon optional":
            given, inner = "", _after_colon(rest)
        else:
            given, after = split_prefix(rest)
            if after is None and command.syntax == "shows results":
                after = ""
            if after is None:
                raise StataError(198, f"{command.name} must be followed by a colon and a command")
            inner = after
        command.handler(self.state, given, lambda: self._run_text(inner, None, None), inner)


class _Nesting:
    """Counts how deep commands, blocks and files run inside each other; r(1000) when too deep."""

    def __init__(self) -> None:
        self._depth = 0

    def __enter__(self) -> None:
        if self._depth >= DEEPEST_NESTING:
            raise StataError(1000, "system limit exceeded; commands are nested too deeply")
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1


@dataclass
class _Block:
    """A block that is being run: ``rest`` are the units not yet reached."""

    unit: Unit
    rest: Iterator[Unit]
    echo: bool


def do_file_path(path: str) -> Path:
    """The file a do-file name stands for, ``.do`` added when it has no suffix; r(601)."""
    given = Path(os.path.expanduser(path))
    for candidate in (given, given.with_name(f"{given.name}.do")) if given.name else ():
        if os.path.isfile(candidate):
            return candidate
    raise file_not_found(path if given.suffix else f"{path}.do")


def _plain_prefix(word: str) -> Command | None:
    """The prefix that a word stands for when it is one that is given nothing but a command."""
    command = find_command(word)
    if command is not None and command.form == "prefix" and command.syntax == "colon optional":
        return command
    return None


def _after_colon(rest: str) -> str:
    return rest.strip().removeprefix(":").strip()


def _is_shown_as_it_runs(unit: Unit) -> bool:
    """Whether a log shows the commands of a block one by one between their output.

    Loops and programs are shown as a whole before they run.
    """
    if unit.body is None or unit.terminator == "end":
        return False
    word, rest = split_name(unit.header)
    while _plain_prefix(word) is not None:
        word, rest = split_name(_after_colon(rest))
    return word not in _LOOPS


def _condition_and_command(text: str) -> tuple[str, str]:
    """``x == 1 display "a"`` cut after the expression."""
    _, rest = parse_expression_prefix(text)
    if not rest.strip():
        raise invalid_syntax()
    return text[: len(text) - len(rest)].strip(), rest.strip()
