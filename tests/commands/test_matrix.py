"""``matrix`` and ``mkmat``."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.session import Session
from tests.commands.mixed_sessions import failure, pupils
from tests.commands.typed import session, small

SETUP = "matrix A = (2, 1 \\ 1, 3)\nmatrix B = (1, 2, 3 \\ 4, 5, 6)\nscalar two = 2\n"


def values(made: Session, name: str) -> list[list[float]]:
    found: list[list[float]] = made.state.memory.matrices[name].values.tolist()
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("A + A", [[4, 2], [2, 6]]),
        ("A - two*A", [[-2, -1], [-1, -3]]),
        ("A*B", [[6, 9, 12], [13, 17, 21]]),
        ("B'", [[1, 4], [2, 5], [3, 6]]),
        ("-A/2", [[-1, -0.5], [-0.5, -1.5]]),
        ("A'*A", [[5, 5], [5, 10]]),
        ("inv(A)*5", [[3, -1], [-1, 2]]),
        ("A, J(2, 1, 7)", [[2, 1, 7], [1, 3, 7]]),
        ("A \\ 5, two", [[2, 1], [1, 3], [5, 2]]),
        ("I(2) # (1, 2)", [[1, 2, 0, 0], [0, 0, 1, 2]]),
        ("diag((1, 2))", [[1, 0], [0, 2]]),
        ("vecdiag(A)", [[2, 3]]),
        ("vec(A)", [[2], [1], [1], [3]]),
        ("trace(A) + det(A)", [[10]]),
        ("rowsof(B), colsof(B)", [[2, 3]]),
        ("B[2, 1]", [[4]]),
        ("B[1..2, 2...]", [[2, 3], [5, 6]]),
        ("B[2, ...]", [[4, 5, 6]]),
        ("B[2, 'c3']".replace("'", '"'), [[6]]),
        ("nullmat(none), A", [[2, 1], [1, 3]]),
        ("sqrt(A[2, 2] + 1), 2^3", [[2, 8]]),
        ("cholesky(A*2)*cholesky(A*2)'", [[4, 2], [2, 6]]),
        ("hadamard(A, A)", [[4, 1], [1, 9]]),
        ("invsym((1, 1 \\ 1, 1))", [[1, 0], [0, 0]]),
        ("corr((4, 2 \\ 2, 9))", [[1, 1 / 3], [1 / 3, 1]]),
        ("mreldif(A, A + J(2, 2, 1))", [[1 / 3]]),
        ("(1, . \\ 2, 3)[2, 2]", None),
    ],
)
def test_expressions(expression: str, expected: list[list[float]] | None) -> None:
    made = session(SETUP)
    if expected is None:
        assert failure(made, f"matrix R = {expression}").code == 198
        return
    made.run(f"matrix R = {expression}", quietly=True)
    np.testing.assert_allclose(values(made, "R"), expected)


def test_missing_values_are_handed_on() -> None:
    made = session("matrix A = (1, .a)\nmatrix B = A*2\nmatrix C = A")
    assert made.output("matrix list C, noblank") == "C[1,2]\n    c1  c2\nr1   1  .a\n"
    assert made.output("matrix list B, noblank") == "B[1,2]\n    c1  c2\nr1   2   .\n"
    assert values(
        session("matrix A = (1,.)\nscalar m = matmissing(A)\nmatrix B = matmissing(A)"), "B"
    ) == [[1]]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("matrix R = A*B'", 503),
        ("matrix R = A + B", 503),
        ("matrix R = A, (1, 2, 3)", 503),
        ("matrix R = A \\ 1", 503),
        ("matrix R = nothing", 111),
        ("matrix R = e(nothing)", 111),
        ("matrix R = inv(B)", 503),
        ("matrix R = inv((1, 1 \\ 1, 1))", 504),
        ("matrix R = cholesky((1, 2 \\ 2, 1))", 506),
        ("matrix R = cholesky((1, 2 \\ 3, 1))", 505),
        ("matrix R = inv((1, . \\ 2, 3))", 504),
        ("matrix R = A[3, 1]", 503),
        ("matrix R = A['x', 1]".replace("'", '"'), 111),
        ("matrix R = J(0, 1, 2)", 198),
        ("matrix R = J(1, 2)", 198),
        ("matrix R = 'text'".replace("'", '"'), 109),
        ("matrix R = (1, 2", 132),
        ("matrix R", 198),
        ("matrix R =", 198),
        ("matrix 1R = A", 198),
        ("matrix", 198),
        ("matrix drop nothing", 111),
        ("matrix list nothing", 111),
        ("matrix list e(nothing)", 111),
        ("matrix rename A B", 110),
        ("matrix rownames A = a b c", 503),
        ("matrix rownames A", 198),
        ("matrix glsaccum X = y", 199),
        ("matrix A[1, 2] = B", 503),
        ("matrix A[9, 9] = 1", 503),
    ],
)
def test_mistakes(command: str, code: int) -> None:
    made = session(SETUP)
    before = dict(made.state.memory.matrices)
    assert failure(made, command).code == code
    assert made.state.memory.matrices == before


def test_names_follow_the_operations() -> None:
    made = session(SETUP)
    made.run(
        "matrix rownames A = a b\nmatrix colnames A = eq:x eq:y\nmatrix colnames B = u v w\n"
        "matrix P = A*B\nmatrix S = A + I(2)\nmatrix T = A'\nmatrix V = inv(A)",
        quietly=True,
    )
    known = made.state.memory.matrices

    def names(name: str) -> tuple[list[str], list[str]]:
        return [str(s) for s in known[name].rows], [str(s) for s in known[name].columns]

    assert names("P") == (["a", "b"], ["u", "v", "w"])
    assert names("S") == (["a", "b"], ["eq:x", "eq:y"])
    assert names("T") == names("V") == (["eq:x", "eq:y"], ["a", "b"])
    made.run("matrix coleq A = one two\nmatrix roweq A = both", quietly=True)
    assert names("A") == (["both:a", "both:b"], ["one:x", "two:y"])


def test_parts_may_be_replaced() -> None:
    made = session(SETUP)
    made.run("matrix A[1, 2] = 9\nmatrix B[1, 2] = (7, 8 \\ 7, 8)", quietly=True)
    assert values(made, "A") == [[2, 9], [1, 3]]
    assert values(made, "B") == [[1, 7, 8], [4, 7, 8]]


def test_listing_naming_and_dropping() -> None:
    made = session(SETUP)
    assert made.output("matrix list A") == ("\nsymmetric A[2,2]\n    c1  c2\nr1   2\nr2   1   3\n")
    assert made.output("matrix list A, nohalf noheader noblank") == (
        "    c1  c2\nr1   2   1\nr2   1   3\n"
    )
    assert made.output("matrix list B, title(numbers) format(%4.1f)").startswith(
        "\nB[2,3]:  numbers\n"
    )
    assert made.output("matrix dir") == "            A[2,2]\n            B[2,3]\n"
    made.run("matrix rename A Z\nmatrix drop B", quietly=True)
    assert list(made.state.memory.matrices) == ["Z"]
    made.run("matrix drop _all", quietly=True)
    assert not made.state.memory.matrices


def test_results_of_estimation() -> None:
    made = pupils()
    made.run("mixed y x || unique:, nolog\nmatrix b = e(b)\nmatrix V = e(V)", quietly=True)
    assert made.state.memory.matrices["b"] == made.state.e.matrices["b"]
    made.run('matrix s = _b[x], b[1, "y:x"], b[1, colnumb(b, "lnsig_e:_cons")]', quietly=True)
    b = made.state.e.matrices["b"].values[0]
    np.testing.assert_allclose(values(made, "s"), [[b[0], b[0], b[-1]]])
    assert made.output("matrix list e(b)").startswith("\ne(b)[1,4]\n")


def test_matrices_from_variables() -> None:
    made = small()
    made.run("mkmat id x in 6/8, matrix(M)", quietly=True)
    assert made.output("matrix list M") == (
        "\nM[3,2]\n    id   x\nr1   6  36\nr2   7  49\nr3   8   .\n"
    )
    made.run("mkmat id x if id > 5, matrix(M) nomissing rownames(name)", quietly=True)
    assert [str(row) for row in made.state.memory.matrices["M"].rows] == ["a6", "a7"]
    made.run("mkmat id x in 1/2", quietly=True)
    assert values(made, "id") == [[1], [2]] and values(made, "x") == [[1], [4]]
    assert failure(made, "mkmat id if id > 100, matrix(M)").code == 2000
    assert failure(made, "mkmat name").code == 109
