"""``return``, ``ereturn``, ``sreturn``: results that commands left, and a program's own.

[P] return, [P] ereturn.  What ``ereturn post`` makes of a vector and a matrix is in
:mod:`statalike.commands.programming.posted_estimates`.
"""

from __future__ import annotations

from statalike.commands.programming.macros import macro_definition
from statalike.commands.registry import command
from statalike.data.formats import full_precision
from statalike.errors import StataError, invalid_name, invalid_syntax, type_mismatch
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression, split_comma
from statalike.output.stored_results import stored_results
from statalike.results.stores import Results
from statalike.state import State
from statalike.system_values import SYSTEM_VALUES


def _show(state: State, results: Results, letter: str, text: str) -> None:
    if text.replace(",", " ").split() not in ([], ["all"]):
        raise invalid_syntax()
    lines = stored_results(results, letter, state.console.linesize)
    if lines:
        state.console.print()
    state.console.print_lines(lines)


def _result_name(name: str) -> str:
    if not name.isidentifier() or len(name) > 32:
        raise invalid_name(name) if name else invalid_syntax()
    return name


def _forget(results: Results, name: str) -> None:
    results.scalars.pop(name, None)
    results.macros.pop(name, None)
    results.matrices.pop(name, None)


def set_scalar(state: State, results: Results, text: str) -> None:
    """``name = exp``: a number among results; r(109) for a text."""
    name, equals, expression = text.partition("=")
    name = _result_name(name.strip())
    if not equals or not expression.strip():
        raise invalid_syntax()
    value = evaluate_scalar(parse_expression(expression.strip()), StateContext(state))
    if isinstance(value, str):
        raise type_mismatch()
    _forget(results, name)
    results.scalars[name] = value


def set_macro(state: State, results: Results, text: str) -> None:
    """``name text``, ``name = exp`` or ``name : function``: a macro among results."""
    name, value = macro_definition(state, text, results.macros)
    _forget(results, _result_name(name))
    if value:
        results.macros[name] = value


def set_matrix(state: State, results: Results, text: str) -> None:
    """``name [=] matrix [, copy]``: the matrix moves into the results unless it is copied."""
    given, options = split_comma(text)
    words = given.replace("=", " = ", 1).split()
    if len(words) == 3 and words[1] == "=":
        del words[1]
    if len(words) != 2 or (options or "").strip() not in ("", "copy"):
        raise invalid_syntax()
    name, source = _result_name(words[0]), words[1]
    matrices = state.memory.matrices
    if source not in matrices:
        raise StataError(111, f"matrix {source} not found")
    _forget(results, name)
    results.matrices[name] = matrices[source]
    if not options:
        del matrices[source]


def _nothing(text: str) -> None:
    if text:
        raise invalid_syntax()


# --- r() ---------------------------------------------------------------------------------------


@command("return", "ret", form="family", help="results in r()")
def return_(state: State, text: str) -> None:
    """Chooses ``return list`` and the like."""


@command("return list", "return li", form="text", help="show the results in r()")
def return_list(state: State, text: str) -> None:
    _show(state, state.r, "r", text)


@command("return scalar", "return sca", form="text", help="a number that a program returns")
def return_scalar(state: State, text: str) -> None:
    set_scalar(state, state.call.returned, text)


@command("return local", "return loc", form="text", help="a text that a program returns")
def return_local(state: State, text: str) -> None:
    set_macro(state, state.call.returned, text)


@command("return matrix", "return mat", form="text", help="a matrix that a program returns")
def return_matrix(state: State, text: str) -> None:
    set_matrix(state, state.call.returned, text)


@command("return add", "return add", form="text", help="return what is in r() as well")
def return_add(state: State, text: str) -> None:
    _nothing(text)
    own, others = state.call.returned, state.r
    for name, number in others.scalars.items():
        if name not in own:
            own.scalars[name] = number
    for name, content in others.macros.items():
        if name not in own:
            own.macros[name] = content
    for name, matrix in others.matrices.items():
        if name not in own:
            own.matrices[name] = matrix


@command("return clear", "return clear", form="text", help="forget what a program was to return")
def return_clear(state: State, text: str) -> None:
    _nothing(text)
    state.call.returned = Results()
    if state.call.program is None:
        state.r = Results()


# --- e() ---------------------------------------------------------------------------------------


@command("ereturn", "eret", form="family", help="results in e()")
def ereturn(state: State, text: str) -> None:
    """Chooses ``ereturn list`` and the like."""


@command("ereturn list", "ereturn li", form="text", help="show the estimation results in e()")
def ereturn_list(state: State, text: str) -> None:
    _show(state, state.e, "e", text)


@command("ereturn scalar", "ereturn sca", form="text", help="a number among estimation results")
def ereturn_scalar(state: State, text: str) -> None:
    set_scalar(state, state.e, text)


@command("ereturn local", "ereturn loc", form="text", help="a text among estimation results")
def ereturn_local(state: State, text: str) -> None:
    set_macro(state, state.e, text)


@command("ereturn hidden", "ereturn hidden", form="text", help="results that are kept unlisted")
def ereturn_hidden(state: State, text: str) -> None:
    _hidden(state, state.e, text)


@command("ereturn matrix", "ereturn mat", form="text", help="a matrix among estimation results")
def ereturn_matrix(state: State, text: str) -> None:
    name = text.split("=")[0].split()[:1]
    if name in (["b"], ["V"]):
        raise StataError(198, f"e({name[0]}) may be set by ereturn post and repost only")
    set_matrix(state, state.e, text)


@command("ereturn clear", "ereturn clear", form="text", help="forget estimation results")
def ereturn_clear(state: State, text: str) -> None:
    _nothing(text)
    state.e = Results()


def _hidden(state: State, results: Results, text: str) -> None:
    """Results are kept as others are; there is no list that leaves them out."""
    kind, _, rest = text.partition(" ")
    setters = {"scalar": set_scalar, "local": set_macro, "matrix": set_matrix}
    if kind not in setters:
        raise invalid_syntax()
    setters[kind](state, results, rest.strip())


# --- c() ---------------------------------------------------------------------------------------


@command("creturn", "cret", form="family", default="list", help="the system's values in c()")
def creturn(state: State, text: str) -> None:
    """Chooses ``creturn list``."""


@command("creturn list", "creturn li", form="text", help="show the system's values and settings")
def creturn_list(state: State, text: str) -> None:
    _nothing(text)
    values = {
        name: value(state) for name, value in SYSTEM_VALUES.items() if name not in ("rc", "_rc")
    }
    settings = {name: state.system_value(name) for name in vars(state.settings)}
    for heading, group in (("System values", values), ("Settings (set)", settings)):
        state.console.print()
        state.console.print(f"    {heading}")
        state.console.print("    " + "-" * 75)
        for name, value in group.items():
            shown = f'"{value}"' if isinstance(value, str) else full_precision(value or 0.0).strip()
            state.console.print(f"{f'c({name})':>23} = {shown[:50]}")


# --- s() ---------------------------------------------------------------------------------------


@command("sreturn", "sret", form="family", help="results in s()")
def sreturn(state: State, text: str) -> None:
    """Chooses ``sreturn list`` and the like."""


@command("sreturn list", "sreturn li", form="text", help="show the results in s()")
def sreturn_list(state: State, text: str) -> None:
    _show(state, state.memory.s, "s", text)


@command("sreturn local", "sreturn loc", form="text", help="a text in s()")
def sreturn_local(state: State, text: str) -> None:
    set_macro(state, state.memory.s, text)


@command("sreturn clear", "sreturn clear", form="text", help="forget the results in s()")
def sreturn_clear(state: State, text: str) -> None:
    _nothing(text)
    state.memory.s = Results()
