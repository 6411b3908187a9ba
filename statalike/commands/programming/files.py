"""``do``, ``run``, ``include``, ``exit``, ``log``, ``cmdlog``, ``cd``, ``pwd``."""

from __future__ import annotations

import os
from pathlib import Path

from statalike.commands.registry import command
from statalike.control_flow import ExitRequest, LoopControl
from statalike.errors import (
    StataError,
    invalid_syntax,
    no_data_lost_unsaved,
    option_not_allowed,
)
from statalike.evaluation import StateContext
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression, split_comma, split_words
from statalike.state import State


def _run(state: State, text: str, *, echo: bool, new_scope: bool) -> None:
    given, options = split_comma(text)
    words = split_words(given)
    if not words:
        raise StataError(198, "invalid file specification")
    stop = True
    for option in (options or "").split():
        if len(option) < 4 or not "nostop".startswith(option):
            raise option_not_allowed(option, ("nostop",))
        stop = False
    state.interpreter.run_file(words[0], words[1:], echo=echo, stop=stop, new_scope=new_scope)


@command("do", "do", form="text", composite=True, help="run a do-file and show its commands")
def do(state: State, text: str) -> None:
    _run(state, text, echo=True, new_scope=True)


@command("run", "ru", form="text", composite=True, help="run a do-file silently")
def run(state: State, text: str) -> None:
    with state.console.quiet():
        _run(state, text, echo=False, new_scope=True)


@command(
    "include", "inc", form="text", composite=True, help="run a do-file with the macros at hand"
)
def include(state: State, text: str) -> None:
    _run(state, text, echo=True, new_scope=False)


@command("exit", "e", form="text", composite=True, help="leave a do-file or the program")
def exit_(state: State, text: str) -> None:
    given, options = split_comma(text)
    words = (options or "").split()
    for word in words:
        if word not in ("clear", "STATA"):
            raise option_not_allowed(word, ("clear", "STATA"))
    code = 0
    if given:
        value = evaluate_scalar(parse_expression(given), StateContext(state))
        code = _return_code(value)
    leaves_program = len(state.locals) == 1 or "STATA" in words
    unsaved = state.data.changed and state.interactive and "clear" not in words
    if leaves_program and not code and unsaved:
        raise no_data_lost_unsaved()
    raise ExitRequest(code, leaves_program=leaves_program)


def _return_code(value: float | str) -> int:
    if isinstance(value, str) or not 0 <= value <= 100_000:
        raise invalid_syntax()
    return int(value)


@command("continue", "continue", form="text", composite=True, help="go on with a loop's next turn")
def continue_(state: State, text: str) -> None:
    rest = text.replace(",", " ").split()
    if rest not in ([], ["break"]):
        raise invalid_syntax()
    raise LoopControl(bool(rest))


#: what ``error #`` says, for the codes whose message names nothing
_MESSAGES = {
    1: "--Break--",
    3: "no dataset in use",
    4: "no; dataset in memory has changed since last saved",
    5: "not sorted",
    7: "found where something else expected",
    9: "assertion is false",
    18: "you must start with an empty dataset",
    100: "varlist required",
    101: "varlist not allowed",
    102: "too few variables specified",
    103: "too many variables specified",
    104: "nothing to input",
    106: "variable is of another type in the other data",
    107: "not possible with numeric variable",
    108: "not possible with string variable",
    109: "type mismatch",
    110: "already defined",
    111: "not found",
    119: "statement out of context",
    120: "invalid %format",
    121: "invalid numlist",
    122: "invalid numlist has too few elements",
    123: "invalid numlist has too many elements",
    124: "invalid numlist has elements out of order",
    125: "invalid numlist has elements outside of allowed range",
    126: "invalid numlist has noninteger elements",
    127: "invalid numlist has missing values",
    130: "expression too long",
    131: "not possible with test",
    132: "too many '(' or '['",
    133: "unknown function",
    134: "too many values",
    135: "not possible with weighted data",
    145: "term contains more than 8 variables",
    146: "too many variables or values",
    170: "unable to change directory",
    180: "invalid attempt to modify label",
    181: "may not label strings",
    182: "not labeled",
    190: "request may not be combined with by",
    191: "request may not be combined with by() option",
    198: "invalid syntax",
    199: "unrecognized command",
    301: "last estimates not found",
    302: "last test not found",
    303: "equation not found",
    321: "requested action not valid after most recent estimation command",
    322: "something that should be true of your estimation results is not",
    401: "may not use noninteger frequency weights",
    402: "negative weights encountered",
    404: "not possible with pweighted data",
    406: "not possible with analytic weights",
    409: "no variance",
    411: "nonpositive values encountered",
    412: "redundant or inconsistent constraints",
    416: "missing values encountered",
    420: "groups found, 2 required",
    430: "convergence not achieved",
    450: "is not a 0/1 variable",
    451: "invalid values for time variable",
    452: "invalid values for factor variable",
    459: "something that should be true of your data is not",
    480: "starting values invalid or some RHS variables have missing values",
    491: "could not find feasible values",
    501: "matrix operation not found",
    503: "conformability error",
    504: "matrix has missing values",
    505: "matrix not symmetric",
    506: "matrix not positive definite",
    507: "name conflict",
    508: "matrix has zero values",
    601: "file not found",
    602: "file already exists",
    603: "file could not be opened",
    604: "log file already open",
    606: "no log file open",
    608: "file is read-only; cannot be modified or erased",
    610: "file not Stata format",
    612: "unexpected end of file",
    621: "already preserved",
    622: "nothing to restore",
    901: "no room to add more observations",
    903: "no room to promote variable",
    908: "matsize too small",
    920: "macro length exceeded",
    950: "insufficient memory",
    1400: "numerical overflow",
    2000: "no observations",
    2001: "insufficient observations",
}


@command("error", "error", form="text", help="stop with a return code")
def error(state: State, text: str) -> None:
    code = _return_code(evaluate_scalar(parse_expression(text), StateContext(state)))
    if code:
        raise StataError(code, _MESSAGES.get(code, ""))


def _log_path(text: str, suffix: str) -> Path:
    path = Path(os.path.expanduser(text))
    return path if path.suffix or not path.name else path.with_name(path.name + suffix)


@command(
    "log",
    "log",
    syntax="[anything] [using/] [, append replace text smcl Name(name)]",
    unsupported="NOMSG",
    help="keep what is shown in a file",
)
def log(state: State, arguments: Arguments) -> None:
    console = state.console
    name = str(arguments.options.get("name") or "<unnamed>")
    action = (arguments.body or "").strip()
    if arguments.using is not None:
        if action:
            raise invalid_syntax()
        if arguments.options.get("smcl") or arguments.using.endswith(".smcl"):
            raise StataError(198, "option smcl not yet supported")
        console.open_log(
            _log_path(arguments.using, ".log"),
            name,
            append=bool(arguments.options.get("append")),
            replace=bool(arguments.options.get("replace")),
        )
        return
    first, _, rest = action.partition(" ")
    name = rest.strip() or name
    if action in ("", "query"):
        _log_status(state)
    elif first == "close":
        if name == "_all":
            for open_name in list(console.logs.files):
                console.close_log(open_name)
        else:
            console.close_log(name)
    elif first in ("off", "on"):
        console.pause_log(console.logs.named(name), first == "off")
    else:
        raise invalid_syntax()


def _log_status(state: State) -> None:
    logs = state.console.logs
    if not logs.files:
        state.console.print("(log closed)")
    for opened in logs.files.values():
        state.console.print_lines(
            opened.status("paused" if opened.paused else "opened", logs.clock())
        )


@command(
    "cmdlog",
    "cmdlog",
    syntax="[anything] [using/] [, append replace]",
    help="keep what is typed in a file",
)
def cmdlog(state: State, arguments: Arguments) -> None:
    if arguments.using is not None:
        state.console.open_log(
            _log_path(arguments.using, ".txt"),
            append=bool(arguments.options.get("append")),
            replace=bool(arguments.options.get("replace")),
            commands_only=True,
        )
    elif (arguments.body or "").strip() == "close":
        state.console.close_command_log()
    else:
        raise invalid_syntax()


@command("cd", "cd", form="text", help="change the working directory")
def cd(state: State, text: str) -> None:
    words = split_words(text) or ["~"]
    if len(words) > 1:
        raise invalid_syntax()
    try:
        os.chdir(os.path.expanduser(words[0]))
    except (OSError, ValueError):
        raise StataError(170, f"unable to change to {words[0]}") from None
    state.console.print(os.getcwd())


@command("pwd", "pwd", form="text", help="show the working directory")
def pwd(state: State, text: str) -> None:
    if text:
        raise invalid_syntax()
    state.console.print(os.getcwd())
