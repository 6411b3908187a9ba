"""``matrix``: matrices of a session ([P] matrix), and ``mkmat``, which makes one from variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from statalike.commands.programming.matrix_expressions import evaluate_matrix, index_positions
from statalike.commands.registry import Command, command, register
from statalike.data.missing import MISSING
from statalike.data.names import check_name
from statalike.errors import StataError, invalid_syntax, type_mismatch
from statalike.evaluation import observations_mask, some_observations
from statalike.language.arguments import Arguments
from statalike.language.ast import MatrixTarget, StoredResult
from statalike.language.parser import (
    parse_expression,
    parse_matrix_expression,
    parse_matrix_target,
    split_name,
)
from statalike.output.matrix_display import matrix_list
from statalike.output.styled import line
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.state import State

NOT_YET_SUPPORTED = "glsaccum opaccum dissimilarity coljoinbyname rowjoinbyname mlsum post"


@command("matrix", "mat", form="family", default="define", help="matrices of the session")
def matrix(state: State, text: str) -> None:
    """Chooses ``matrix define`` and the like."""


@command(
    "matrix define",
    "matrix def",
    form="text",
    help="make a matrix from an expression",
    section="Programming",
)
def matrix_define(state: State, text: str) -> None:
    """``matrix A = exp`` and ``matrix A[i, j] = exp``."""
    left, equals, right = text.partition("=")
    if not equals or not right.strip():
        raise invalid_syntax()
    target = parse_matrix_target(left.strip())
    value = evaluate_matrix(parse_matrix_expression(right.strip()), state)
    if target.indices:
        value = _with_part(state, target, value)
    elif not value.values.size:
        raise StataError(198, "a matrix has at least one row and one column")
    state.memory.matrices[check_name(target.name)] = value


def _with_part(state: State, target: MatrixTarget, part: NamedMatrix) -> NamedMatrix:
    """The target with the rows and columns from the given indices on replaced."""
    whole = _matrix(state, target.name)
    top, bottom, one_row = index_positions(target.indices[0], whole.rows, state)
    left, right, one_column = index_positions(target.indices[1], whole.columns, state)
    bottom = top + part.shape[0] if one_row else bottom
    right = left + part.shape[1] if one_column else right
    values = whole.values.copy()
    if values[top:bottom, left:right].shape != part.shape:
        raise StataError(503, "conformability error")
    values[top:bottom, left:right] = part.values
    return whole.with_values(values)


@command(
    "matrix input",
    "matrix in",
    form="text",
    help="type in a matrix",
    section="Programming",
)
def matrix_input(state: State, text: str) -> None:
    """``matrix input A = (1, 2 \\ 3, 4)``, a matrix like any other."""
    matrix_define(state, text)


@command(
    "matrix list",
    "matrix l",
    syntax="anything [, noBlank noHAlf noHeader noNames Format(string) Title(string)]",
    unsupported="NODOTz",
    help="show a matrix",
    section="Programming",
)
def show_matrix(state: State, arguments: Arguments) -> None:
    name = arguments.body.strip()
    found = _matrix(state, name)
    if not arguments.flag("noblank"):
        state.console.print()
    state.console.print_lines(
        matrix_list(
            name,
            found,
            display_format=arguments.string("format") or "%10.0g",
            title=arguments.string("title") or "",
            header=not arguments.flag("noheader"),
            names=not arguments.flag("nonames"),
            half=not arguments.flag("nohalf"),
            linesize=state.settings.linesize,
        )
    )


@command("matrix dir", "matrix dir", form="text", help="name the matrices", section="Programming")
def matrix_dir(state: State, text: str) -> None:
    if text.strip():
        raise invalid_syntax()
    for name in sorted(state.memory.matrices):
        rows, columns = state.memory.matrices[name].shape
        state.console.print(line(f"{name:>13}[{rows},{columns}]"))


@command("matrix drop", "matrix drop", form="text", help="drop matrices", section="Programming")
def matrix_drop(state: State, text: str) -> None:
    names = text.split()
    if names == ["_all"]:
        state.memory.matrices.clear()
        return
    if not names:
        raise invalid_syntax()
    for name in names:
        own_matrix(state, name)
    for name in names:
        state.memory.matrices.pop(name, None)


@command(
    "matrix rename",
    "matrix ren",
    syntax="namelist(min=2 max=2)",
    help="give a matrix another name",
    section="Programming",
)
def matrix_rename(state: State, arguments: Arguments) -> None:
    old, new = arguments.names
    found = own_matrix(state, old)
    if new in state.memory.matrices:
        raise StataError(110, f"{new} already defined")
    state.memory.matrices[check_name(new)] = found
    del state.memory.matrices[old]


def _rename(state: State, text: str, rows: bool, rename: Callable[[Stripe, str], Stripe]) -> None:
    """``A = names``: the names in turn, the last for all that remain; r(198), r(503)."""
    name, rest = split_name(text)
    rest = rest.strip()
    if not rest.startswith("="):
        raise invalid_syntax()
    found = own_matrix(state, name)
    given = rest[1:].split()
    stripes = found.rows if rows else found.columns
    if not given:
        raise invalid_syntax()
    if len(given) > len(stripes):
        raise StataError(503, "conformability error")
    given += given[-1:] * (len(stripes) - len(given))
    named = tuple(rename(stripe, text) for stripe, text in zip(stripes, given, strict=True))
    changed = replace(found, rows=named) if rows else replace(found, columns=named)
    state.memory.matrices[name] = changed


def _with_name(stripe: Stripe, text: str) -> Stripe:
    parsed = Stripe.parse(text)
    return parsed if ":" in text else Stripe(stripe.equation, parsed.name)


def _with_equation(stripe: Stripe, text: str) -> Stripe:
    text = text.removesuffix(":")
    return Stripe("" if text == "_" else text, stripe.name)


@command("matrix rownames", "matrix rown", form="text", help="name rows", section="Programming")
def matrix_rownames(state: State, text: str) -> None:
    _rename(state, text, True, _with_name)


@command("matrix colnames", "matrix coln", form="text", help="name columns", section="Programming")
def matrix_colnames(state: State, text: str) -> None:
    _rename(state, text, False, _with_name)


@command("matrix roweq", "matrix rowe", form="text", help="name equations", section="Programming")
def matrix_roweq(state: State, text: str) -> None:
    _rename(state, text, True, _with_equation)


@command("matrix coleq", "matrix cole", form="text", help="name equations", section="Programming")
def matrix_coleq(state: State, text: str) -> None:
    _rename(state, text, False, _with_equation)


@command(
    "mkmat",
    "mkmat",
    syntax="varlist(numeric) [if] [in] [, MATrix(name) NOMissing ROWNames(varname)]",
    unsupported="ROWEq(varname) ROWPrefix(string) OBS NCHAR(integer 0)",
    help="make matrices from variables",
    section="Programming",
)
def mkmat(state: State, arguments: Arguments) -> None:
    names = arguments.varlist
    rows = observations_mask(state, arguments.condition, arguments.observations)
    values = np.column_stack([state.data.numbers(name)[rows] for name in names])
    labels = np.flatnonzero(rows)
    if arguments.flag("nomissing"):
        complete = np.all(values < MISSING, axis=1)
        values, labels = values[complete], labels[complete]
    if not len(values):
        some_observations(np.zeros(1, dtype=bool))
    stripes = _row_names(state, arguments.string("rownames"), labels)
    columns = tuple(Stripe("", name) for name in names)
    together = arguments.string("matrix")
    if together:
        state.memory.matrices[check_name(together)] = NamedMatrix(values, stripes, columns)
        return
    for position, stripe in enumerate(columns):
        state.memory.matrices[stripe.name] = NamedMatrix(
            values[:, position : position + 1], stripes, (stripe,)
        )


def _row_names(state: State, variable: str | None, labels: np.ndarray) -> tuple[Stripe, ...]:
    if not variable:
        return tuple(Stripe("", f"r{number + 1}") for number in range(len(labels)))
    found = state.data.variable(variable)
    texts = [found.value(int(row)) for row in labels]
    return tuple(
        Stripe("", text if isinstance(text, str) else f"{text:.9g}".replace(".", "_"))
        for text in texts
    )


def own_matrix(state: State, name: str) -> NamedMatrix:
    """A matrix of the session; r(111)."""
    found = state.memory.matrices.get(name)
    if found is None:
        raise StataError(111, f"matrix {name} not found")
    return found


def _matrix(state: State, name: str) -> NamedMatrix:
    """A matrix of the session or of e() and r(); r(111)."""
    if "(" not in name:
        return own_matrix(state, name)
    stored = parse_expression(name)
    if not isinstance(stored, StoredResult):
        raise invalid_syntax()
    found = evaluate_matrix(stored, state)
    if not isinstance(found, NamedMatrix):
        raise type_mismatch()
    return found


def _refuse(name: str) -> Callable[[State, str], None]:
    def refuse(state: State, text: str) -> None:
        raise StataError(199, f"matrix {name} not yet supported")

    return refuse


for _name in NOT_YET_SUPPORTED.split():
    register(
        Command(
            f"matrix {_name}", f"matrix {_name}", "text", _refuse(_name), help="not yet supported"
        )
    )
