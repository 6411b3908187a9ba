"""The first steps towards the variance parameters of a crossed-effects model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CommutingStructure, Exchangeable
from statalike.engine.linear.crossed_products import CrossedProducts
from statalike.engine.linear.starting_values import STARTING_VARIANCE

Array = NDArray[np.float64]

# Bounds of variances found by moments, for units of unit length.
SMALLEST_START, LARGEST_START = 0.05, 1e4


def crossed_starting_values(products: CrossedProducts) -> Array:
    """Working parameters: diagonal covariances by the method of moments.

    The quadratic forms ``sum_e (Z_t'r)_e^2 / (Z_t'Z_t)_ee`` of the least-squares residual r, one
    for each equation, and ``r'r`` are set to their expectations, the estimation of the fixed
    effects aside.  An equation whose solution is out of bounds begins as in nested models.
    """
    variances = _moments(products)
    parts: list[Array] = []
    position = 0
    for level in products.equations:
        for equation in level:
            structure = equation.structure
            diagonal = np.array([float(p.kind == "lnsd") for p in structure.parameters])
            parts.append(variances[position] * diagonal)
            position += 1
    return np.concatenate(parts)


def _moments(products: CrossedProducts) -> Array:
    """A variance for each equation, in working units over the residual variance."""
    terms = [equation.terms[0] for level in products.equations for equation in level]
    count = len(terms)
    usual = np.full(count, STARTING_VARIANCE)
    # In units of the design of a factor's terms a working variance of one is 1/scale.
    unit = np.array(
        [float(eq.directions[0][0][1][0, 0]) for level in products.equations for eq in level]
    )
    own = np.diagonal(products.own, axis1=1, axis2=2).reshape(-1)
    others = np.diagonal(products.others)
    counts = {t: others[place] for t, place in products.places.items()}
    residuals = {t: products.others_right[place, -1] for t, place in products.places.items()}
    if products.apart is not None:
        counts[products.apart] = own
        residuals[products.apart] = products.own_right[:, -1]
    inverse = {t: 1.0 / np.where(n > 0.0, n, np.inf) for t, n in counts.items()}
    system, found = np.zeros((count + 1, count + 1)), np.zeros(count + 1)
    apart_squares = (
        {
            "rows": products.cells.column_squares(inverse[products.apart]),
            "all": products.cells.column_squares(np.ones(len(own))),
        }
        if products.apart is not None
        else {}
    )
    for i, t in enumerate(terms):
        found[i] = np.sum(residuals[t] ** 2 * inverse[t])
        system[i, count] = np.count_nonzero(inverse[t])
        system[count, i] = unit[i] * np.sum(counts[t])
        for j, s in enumerate(terms):
            if t == s == products.apart:
                rows = np.sum(products.own**2, axis=2).reshape(-1)
                total = np.sum(rows * inverse[t])
            elif t == products.apart:
                total = np.sum(apart_squares["rows"][products.places[s]])
            elif s == products.apart:
                total = np.sum(apart_squares["all"][products.places[t]] * inverse[t])
            else:
                block = products.others[products.places[t], products.places[s]]
                total = inverse[t] @ np.einsum("ij,ij->i", block, block)
            system[i, j] = unit[j] * total
    found[count], system[count, count] = products.right[-1, -1], products.observations
    try:
        solution = np.linalg.solve(system, found)
    except np.linalg.LinAlgError:
        return usual
    if not np.all(np.isfinite(solution)) or not solution[count] > 0.0:
        return usual
    relative = solution[:count] / solution[count]
    return np.where((relative > SMALLEST_START) & (relative < LARGEST_START), relative, usual)


def crossed_expectation_step(
    products: CrossedProducts, parameters: Array, gradient: Array
) -> Array:
    """Working parameters after one EM step."""
    result = np.empty_like(parameters)
    start = 0
    for level in products.equations:
        for equation in level:
            structure = equation.structure
            own = slice(start, start + structure.parameter_count)
            if isinstance(structure, Exchangeable) and equation.categories is not None:
                result[own] = exchangeable_step(
                    structure, parameters[own], gradient[own], equation.repetitions
                )
            else:
                result[own] = structure.expectation_maximisation_step(
                    parameters[own], gradient[own], equation.repetitions
                )
            start = own.stop
    return result


def exchangeable_step(
    structure: CommutingStructure, values: Array, gradient: Array, groups: int
) -> Array:
    """:meth:`CovarianceStructure.expectation_maximisation_step` on the two eigenvalues alone,
    for matrices too large to be formed.
    """
    size = structure.size
    eigenvalues = structure.eigenvalue_map @ values
    slopes = structure.eigenvalue_map @ (gradient / np.array([size, size * (size - 1.0)]))
    moved = eigenvalues + (2.0 / groups) * eigenvalues**2 * slopes
    return np.asarray(np.linalg.solve(structure.eigenvalue_map, np.maximum(moved, 0.0)))
