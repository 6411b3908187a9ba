"""What e() keeps of how a maximisation ended, for ``estat convergence``."""

from __future__ import annotations

import numpy as np

from statalike.engine.newton_raphson import Optimum
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results

ITERATIONS_KEPT = 20


def post_convergence(
    results: Results,
    optimum: Optimum | None,
    gradient: np.ndarray,
    hessian: np.ndarray,
    at_boundary: np.ndarray,
) -> None:
    """Store e(ilog), and e(gradient), e(hessian) and e(boundary) of the last parameters of e(b).

    ``gradient`` (q,) and ``hessian`` (q, q) are the derivatives of the log likelihood at the
    estimates, with parameters maximised in closed form left out; empty where they were not
    computed.  ``at_boundary`` marks the first of these, as far as they can be, that stand at the
    boundary of the parameter space.
    """
    if optimum is not None:
        values = np.zeros(ITERATIONS_KEPT)
        last = [entry.value for entry in optimum.log][-ITERATIONS_KEPT:]
        values[: len(last)] = last
        results.matrices["ilog"] = NamedMatrix.row(
            values, tuple(Stripe("", f"c{i + 1}") for i in range(ITERATIONS_KEPT)), "r1"
        )
    if not len(gradient):
        return
    stripes = results.matrices["b"].columns[-len(gradient) :]
    results.matrices["gradient"] = NamedMatrix.row(gradient, stripes, "r1")
    results.matrices["hessian"] = NamedMatrix.square(hessian, stripes)
    marks = np.zeros(len(gradient))
    marks[: len(at_boundary)] = at_boundary
    results.matrices["boundary"] = NamedMatrix.row(marks, stripes, "r1")


def undetermined_parameters(results: Results) -> tuple[Stripe, ...]:
    """The parameters inside their space that have no standard error, for the likelihood is flat
    along them; none where standard errors were not computed.
    """
    if "hessian" not in results.matrices:
        return ()
    stripes = results.matrices["hessian"].columns
    by_model = results.matrices.get("V_modelbased", results.matrices["V"])
    variances = np.diagonal(by_model.values)[-len(stripes) :]
    inside = results.matrices["boundary"].values[0] == 0
    return tuple(
        stripe
        for stripe, variance, free in zip(stripes, variances, inside, strict=True)
        if free and not variance > 0
    )
