"""``matrix accum``, ``vecaccum``, ``symeigen``, ``svd``, ``eigenvalues``, ``score`` and ``svmat``.

[P] matrix accum, matrix symeigen, matrix svd, matrix eigenvalues, matrix score, [P] matrix mkmat.
"""

from __future__ import annotations

import numpy as np

from statalike.commands.data.weights import weights_of
from statalike.commands.programming.matrix import own_matrix
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.data.names import check_name, is_name
from statalike.data.storage import DOUBLE, storage_type
from statalike.design.columns import Column
from statalike.errors import StataError, already_defined, invalid_syntax, no_observations
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


def _split(body: str) -> tuple[str, str]:
    """``A = varlist`` cut at the equals sign; r(198)."""
    name, equals, rest = body.partition("=")
    if not equals or not name.strip() or not rest.strip():
        raise invalid_syntax()
    return check_name(name.strip()), rest.strip()


@command(
    "matrix accum",
    "matrix ac",
    syntax="anything(equalok) [if] [in] [aweight fweight iweight pweight] [, noConstant "
    "Deviations Means(name)]",
    help="cross-products of variables",
    section="Programming",
)
def matrix_accum(state: State, arguments: Arguments) -> None:
    """``matrix accum A = varlist``: X'X of the complete observations, the constant last."""
    name, listed = _split(arguments.body)
    names = list(dict.fromkeys(state.data.expand(listed)))
    table, weights = _complete(state, arguments, names)
    centre = (weights @ table) / weights.sum()
    if arguments.flag("deviations"):
        table = table - centre
    columns = names
    if not arguments.flag("noconstant"):
        table = np.hstack([table, np.ones((len(table), 1))])
        columns = [*names, "_cons"]
    stripes = tuple(Stripe("", each) for each in columns)
    product = (table * weights[:, None]).T @ table
    means = arguments.string("means")
    if means:
        row = np.append(centre, 1.0) if len(columns) > len(names) else centre
        state.memory.matrices[check_name(means)] = NamedMatrix.row(row, stripes, "_cons")
    state.memory.matrices[name] = NamedMatrix.square((product + product.T) / 2, stripes)
    _report(state, float(weights.sum()))


@command(
    "matrix vecaccum",
    "matrix vecac",
    syntax="anything(equalok) [if] [in] [aweight fweight iweight pweight] [, noConstant]",
    help="cross-products of a variable with others",
    section="Programming",
)
def matrix_vecaccum(state: State, arguments: Arguments) -> None:
    """``matrix vecaccum a = y x1 x2``: y'X as a row, the constant last."""
    name, listed = _split(arguments.body)
    names = state.data.expand(listed)
    table, weights = _complete(state, arguments, names)
    columns = names[1:]
    others = table[:, 1:]
    if not arguments.flag("noconstant"):
        others = np.hstack([others, np.ones((len(table), 1))])
        columns = [*columns, "_cons"]
    row = (weights * table[:, 0]) @ others
    stripes = tuple(Stripe("", each) for each in columns)
    state.memory.matrices[name] = NamedMatrix.row(row, stripes, names[0])
    _report(state, float(weights.sum()))


def _complete(
    state: State, arguments: Arguments, names: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """The variables (m, k) on the complete observations, and weights (m,); r(2000)."""
    mask = observations_mask(state, arguments.condition, arguments.observations)
    weights, mask = weights_of(state, arguments, mask)
    table = np.column_stack([state.data.numbers(each) for each in names])
    mask &= (table < MISSING).all(axis=1)
    if not mask.any():
        raise no_observations()
    chosen = np.ones(int(mask.sum())) if weights is None else weights[mask].astype(float)
    if arguments.weight is not None and arguments.weight.kind in ("aweight", "pweight"):
        chosen = chosen * (len(chosen) / chosen.sum())
    return table[mask], chosen


def _report(state: State, n: float) -> None:
    state.console.print(f"(obs={n:,.0f})")
    state.r = Results(scalars={"N": n})


def _symmetric(state: State, name: str) -> NamedMatrix:
    matrix = own_matrix(state, name)
    values = matrix.values
    if values.shape[0] != values.shape[1] or not np.allclose(values, values.T, rtol=1e-8, atol=0):
        raise StataError(505, "matrix not symmetric")
    if np.any(values >= MISSING):
        raise StataError(504, "matrix has missing values")
    return matrix


@command(
    "matrix symeigen",
    "matrix syme",
    form="text",
    help="eigenvectors of a symmetric matrix",
    section="Programming",
)
def matrix_symeigen(state: State, text: str) -> None:
    """``matrix symeigen X v = A``: eigenvectors as columns, eigenvalues from the largest on."""
    left, equals, right = text.partition("=")
    words = left.split()
    if not equals or len(words) != 2:
        raise invalid_syntax()
    matrix = _symmetric(state, right.strip())
    values, vectors = np.linalg.eigh(matrix.values)
    values, vectors = values[::-1], vectors[:, ::-1]
    signs = np.where(vectors[np.argmax(np.abs(vectors), axis=0), range(len(values))] < 0, -1, 1)
    names = tuple(Stripe("", f"e{number}") for number in range(1, len(values) + 1))
    state.memory.matrices[check_name(words[0])] = NamedMatrix(vectors * signs, matrix.rows, names)
    state.memory.matrices[check_name(words[1])] = NamedMatrix.row(values, names, "r1")


@command(
    "matrix eigenvalues",
    "matrix eigenval",
    form="text",
    help="eigenvalues of a square matrix",
    section="Programming",
)
def matrix_eigenvalues(state: State, text: str) -> None:
    """``matrix eigenvalues r c = A``: real and imaginary parts."""
    left, equals, right = text.partition("=")
    words = left.split()
    if not equals or len(words) != 2:
        raise invalid_syntax()
    matrix = own_matrix(state, right.strip())
    if matrix.shape[0] != matrix.shape[1]:
        raise StataError(503, "conformability error")
    found = np.linalg.eigvals(matrix.values)
    found = found[np.argsort(-np.abs(found), kind="stable")]
    names = tuple(Stripe("", f"e{number}") for number in range(1, len(found) + 1))
    for name, part in zip(words, (found.real, found.imag), strict=True):
        state.memory.matrices[check_name(name)] = NamedMatrix.row(part, names, "r1")


@command(
    "matrix svd",
    "matrix svd",
    form="text",
    help="singular value decomposition",
    section="Programming",
)
def matrix_svd(state: State, text: str) -> None:
    """``matrix svd U w V = A``: A = U diag(w) V'; A has at least as many rows as columns."""
    left, equals, right = text.partition("=")
    words = left.split()
    if not equals or len(words) != 3:
        raise invalid_syntax()
    matrix = own_matrix(state, right.strip())
    if matrix.shape[0] < matrix.shape[1]:
        raise StataError(503, "conformability error")
    u, w, v = np.linalg.svd(matrix.values, full_matrices=False)
    state.memory.matrices[check_name(words[0])] = NamedMatrix(u, matrix.rows, matrix.columns)
    state.memory.matrices[check_name(words[1])] = NamedMatrix.row(w, matrix.columns, "r1")
    state.memory.matrices[check_name(words[2])] = NamedMatrix.square(v.T, matrix.columns)


@command(
    "matrix score",
    "matrix sco",
    form="text",
    syntax="newvar = b [if] [in] [, Equation(string) Missval(real) REPLACE]",
    help="linear predictor of a row of coefficients",
    section="Programming",
)
def matrix_score(state: State, text: str) -> None:
    """``matrix score newvar = b``: the columns of b times the variables they name."""
    from statalike.commands.data.use import read_clause
    from statalike.language.parser import parse_clause
    from statalike.language.variable_lists import new_variables

    clause = parse_clause(text)
    options = "anything =anything [if] [in] [, Equation(string) Missval(real .) REPLACE]"
    arguments = read_clause(options, clause, state.data)
    matrix = own_matrix(state, (clause.assignment or "").strip())
    equation = arguments.string("equation")
    names = list(dict.fromkeys(stripe.equation for stripe in matrix.columns))
    if equation and equation.startswith("#") and equation[1:].isdigit():
        place = int(equation[1:])
        equation = names[place - 1] if 0 < place <= len(names) else equation
    wanted = equation or names[0]
    if wanted not in names:
        raise StataError(303, f"equation {wanted} not found")
    mask = observations_mask(state, arguments.condition, arguments.observations)
    values = np.zeros(state.data.n)
    missing = np.zeros(state.data.n, dtype=bool)
    for position, stripe in enumerate(matrix.columns):
        if stripe.equation != wanted:
            continue
        column = Column.parse(stripe.name).evaluate(state.data, slice(None))
        missing |= column >= MISSING
        values += matrix.values[0, position] * np.where(column < MISSING, column, 0.0)
    values[missing | ~mask] = MISSING
    if arguments.flag("replace"):
        state.data.replace(state.data.unabbreviate(clause.body.strip()), values[mask], mask)
        return
    (new,) = new_variables(clause.body, state.data)
    state.data.add(new.name, values, storage_type(new.storage or state.settings.type))


@command(
    "svmat",
    "svmat",
    form="text",
    syntax="[type] A [, Names(string)]",
    help="make variables of a matrix",
    section="Programming",
)
def svmat(state: State, text: str) -> None:
    """``svmat A``: a variable for each column, A1, A2, ...; ``names(col)`` takes the columns'
    names, ``names(stub*)`` a stub, ``names(eqcol)`` equation and name."""
    from statalike.commands.data.use import read_clause
    from statalike.language.parser import parse_clause

    arguments = read_clause("anything [, Names(string)]", parse_clause(text), state.data)
    words = arguments.body.split()
    kind = storage_type(words[0]) if len(words) == 2 else storage_type(state.settings.type)
    if not 1 <= len(words) <= 2:
        raise invalid_syntax()
    matrix = own_matrix(state, words[-1])
    names = _variable_names(arguments.string("names") or "", words[-1], matrix)
    for name in names:
        if check_name(name) in state.data:
            raise already_defined(name)
    rows, columns = matrix.shape
    if rows > state.data.n:
        state.data.set_observations(rows)
    for position in range(columns):
        values = np.full(state.data.n, MISSING)
        values[:rows] = matrix.values[:, position]
        state.data.add(names[position], values, kind if kind.is_numeric else DOUBLE)


def _variable_names(choice: str, name: str, matrix: NamedMatrix) -> list[str]:
    count = matrix.shape[1]
    if choice in ("col", "eqcol"):
        names = [
            f"{stripe.equation}{stripe.name}" if choice == "eqcol" else stripe.name
            for stripe in matrix.columns
        ]
        return [each if is_name(each) else f"{name}{k}" for k, each in enumerate(names, 1)]
    stub = choice.removesuffix("*") or name
    if choice == "matcol":
        return [f"{name}{stripe.name}" for stripe in matrix.columns]
    return [f"{stub}{number}" for number in range(1, count + 1)]
