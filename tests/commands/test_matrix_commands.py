"""Cross-products, decompositions, scores, and variables made of matrices."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.typed import session, small


def values(made: Session, name: str) -> np.ndarray:
    return made.state.memory.matrices[name].values


def test_cross_products() -> None:
    made = small()
    assert made.output("matrix accum A = id x") == "(obs=7)\n"
    data = made.data[["id", "x"]].dropna().to_numpy()
    full = np.column_stack([data, np.ones(7)])
    assert values(made, "A") == pytest.approx(full.T @ full)
    made.run("matrix accum D = id x, deviations noconstant means(M)", quietly=True)
    assert values(made, "D") / 6 == pytest.approx(np.cov(data.T))
    assert values(made, "M")[0, :2] == pytest.approx(data.mean(axis=0))
    made.run("matrix vecaccum a = id x\nmatrix b = a * invsym(A[2..3, 2..3])", quietly=True)
    made.run("regress id x", quietly=True)
    assert values(made, "b")[0] == pytest.approx(made.state.e.matrices["b"].values[0])


def test_decompositions_multiply_to_the_matrix() -> None:
    made = session("matrix A = (4, 1, 0 \\ 1, 3, 1 \\ 0, 1, 2)")
    made.run("matrix symeigen X v = A\nmatrix S = X * diag(v) * X'\nmatrix svd U w V = A")
    made.run("matrix T = U * diag(w) * V'\nmatrix eigenvalues r c = A")
    assert values(made, "S") == pytest.approx(values(made, "A"))
    assert values(made, "T") == pytest.approx(values(made, "A"))
    assert values(made, "v")[0].tolist() == sorted(values(made, "v")[0], reverse=True)
    assert values(made, "r") == pytest.approx(values(made, "v"))


def test_scores_are_linear_predictions() -> None:
    made = small()
    made.run("regress x i.group id\nmatrix b = e(b)\nmatrix score double s = b", quietly=True)
    made.run("predict double p\ngenerate double d = s - p", quietly=True)
    assert np.abs(made.data["d"]).max() < 1e-9


def test_variables_of_a_matrix_and_back() -> None:
    made = session("matrix A = (1, 2 \\ 3, 4)\nmatrix colnames A = x y\nsvmat double A")
    assert made.data.to_dict("list") == {"A1": [1, 3], "A2": [2, 4]}
    made.run("svmat A, names(col)\nmkmat x y, matrix(B)\nsvmat A, names(z)")
    assert np.array_equal(values(made, "B"), values(made, "A"))
    assert made.data["z2"].tolist() == [2, 4]


ERRORS = [
    ("matrix accum x", "invalid syntax", 198),
    ("matrix accum A = name", "type mismatch", 109),
    ("matrix accum A = x if id > 100", "no observations", 2000),
    ("matrix symeigen X v = A", "matrix A not found", 111),
    ("matrix A = (1, 2 \\ 3, 4)\nmatrix symeigen X v = A", "matrix not symmetric", 505),
    ("matrix A = (1, 2)\nmatrix svd U w V = A", "conformability error", 503),
    ("matrix A = (1)\nmatrix score y = A, equation(z)", "equation z not found", 303),
    (
        "matrix id = (1)\nsvmat id, names(id)\nsvmat id, names(id)",
        "variable id1 already defined",
        110,
    ),
    ("svmat A", "matrix A not found", 111),
]


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_what_goes_wrong(text: str, message: str, code: int) -> None:
    made = small()
    with pytest.raises(StataError) as caught:
        made.run(text, quietly=True)
    assert (caught.value.code, caught.value.message) == (code, message)
