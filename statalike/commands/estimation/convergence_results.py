"""What e() keeps of how a maximisation ended, for ``estat convergence``."""

from __future__ import annotations

import numpy as np

from statalike.engine.newton_raphson import Optimum
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results

ITERATIONS_KEPT = 20


def post_convergence(
    results: Results, optimum: Optimum | None, gradient: np.ndarray, hessian: np.ndarray
) -> None:
    """Store e(ilog), and e(gradient) and e(hessian) of the last parameters of e(b).

    ``gradient`` (q,) and ``hessian`` (q, q) are the derivatives of the log likelihood at the
    estimates, with parameters maximised in closed form left out; empty where they were not
    computed.
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
