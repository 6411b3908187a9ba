"""Functions of the coefficients in e(b), with their covariance by the delta method.

For g(b), of shape (m,), with Jacobian G = dg/db' (m, k) at the estimates,

    Var g(b) = G V G'

([R] nlcom, Methods and formulas).  G is exact: see :mod:`statalike.language.derivatives`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.postestimation.hypotheses import estimated_coefficients
from statalike.data.missing import MISSING
from statalike.errors import StataError, type_mismatch
from statalike.evaluation import StateContext, find_coefficient
from statalike.language import ast
from statalike.language.derivatives import Gradient, Known, gradient
from statalike.language.evaluation import Evaluation, Shared
from statalike.results.matrix import NamedMatrix
from statalike.state import State


@dataclass(frozen=True)
class NonlinearFunctions:
    """Values (m,) and their Jacobian (m, k) in the coefficients."""

    values: np.ndarray
    jacobian: np.ndarray

    def covariance(self, V: np.ndarray) -> np.ndarray:
        """The covariance (m, m) when that of the coefficients is ``V`` (k, k)."""
        return np.asarray(self.jacobian @ V @ self.jacobian.T)


def coefficient_gradient(b: NamedMatrix) -> Known:
    """The gradient of ``_b[x]``: one at the coefficient's place in e(b)."""

    def known(node: ast.Expression) -> Gradient:
        if not isinstance(node, ast.Coefficient) or node.kind != "b":
            return None
        unit = np.zeros(len(b.columns))
        unit[find_coefficient(b, node.equation, node.name)] = 1.0
        return unit

    return known


def nonlinear_functions(
    state: State, expressions: Sequence[tuple[ast.Expression, str]]
) -> NonlinearFunctions:
    """The value and gradient of each expression, given with its text for messages.

    r(301) without estimates, r(111) for unknown coefficients, r(498) for missing values.
    """
    b = estimated_coefficients(state.e)
    context = StateContext(state)
    evaluation = Evaluation(context, 0, 1, Shared(context))
    known = coefficient_gradient(b)
    values = np.empty(len(expressions))
    jacobian = np.zeros((len(expressions), len(b.columns)))
    for i, (expression, text) in enumerate(expressions):
        value = evaluation.value(expression)
        if isinstance(value, str):
            raise type_mismatch()
        if not float(np.max(value)) < MISSING:
            raise StataError(498, f"expression ({text}) evaluates to missing")
        values[i] = float(np.max(value))
        slopes = gradient(expression, evaluation, known)
        if slopes is not None:
            if not np.isfinite(slopes).all():
                raise StataError(498, f"expression ({text}) has no derivative at the estimates")
            jacobian[i] = slopes
    return NonlinearFunctions(values, jacobian)
