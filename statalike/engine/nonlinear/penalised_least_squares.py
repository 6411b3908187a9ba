"""Fixed effects and random effects given their covariances: penalised nonlinear least squares.

With ``s2 Lambda`` the covariance matrix of the residuals and ``s2 D`` that of the random effects,
b and u minimise ``(y - mu)' Lambda^-1 (y - mu) + sum u' D^-1 u`` ([ME] menl, Methods and formulas,
the PNLS step).  A step of Gauss and Newton's is generalised least squares and best linear unbiased
prediction in the linearised model, whose generalised sum of squares is what the step is expected to
reach (Bates and Watts 1988; Pinheiro and Bates 2000, section 7.5.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.covariance import CovarianceStructure, block_diagonal_matrix
from statalike.engine.errors import EstimationError
from statalike.engine.linear.cross_products import CrossProducts
from statalike.engine.linear.prediction import eliminated_levels, joint_predictions
from statalike.engine.newton_raphson import (
    ConvergenceMeasures,
    ConvergenceRules,
    IterationRecord,
    StepTrial,
)
from statalike.engine.nonlinear.grouped_observations import GroupedObservations
from statalike.engine.nonlinear.linearisation import Linearisation, linearise
from statalike.engine.nonlinear.residual_whitening import (
    ResidualWhitener,
    Whitening,
    whitened_products,
)
from statalike.engine.nonlinear.variance_step import VarianceEstimates

Array = NDArray[np.float64]

MAXIMUM_HALVINGS = 30
# Eigenvalues of a covariance matrix below this part of the largest count as zero.
NO_VARIANCE = 1e-14
SMALLEST = 1e-300
ROUNDING = 1e-13


@dataclass(frozen=True)
class GaussNewtonStep:
    """Change ``fixed`` of the fixed effects in the design and new random ``effects``, with the
    penalised sum of squares ``expected`` there if the model were linear.
    """

    fixed: Array
    effects: list[Array]
    expected: float


def gauss_newton_step(products: CrossProducts, relative: Array) -> GaussNewtonStep:
    """The step of a linearised model with covariance parameters ``relative`` (K,) to ``s2``."""
    covariances = working_covariances(products, relative)
    crossproduct, levels = eliminated_levels(products, covariances)
    p = products.fixed_count
    coefficients: Array = np.zeros(p)
    if p:
        coefficients[:] = np.linalg.solve(crossproduct[:p, :p], crossproduct[:p, p])
    expected = float(crossproduct[p, p] - crossproduct[:p, p] @ coefficients)
    effects = [
        (np.linalg.inv(level.transform) @ joint.effects[: joint.own, 0]).T
        for level, joint in zip(
            products.levels, joint_predictions(products, levels, -coefficients), strict=True
        )
    ]
    return GaussNewtonStep(products.design.original_coefficients(coefficients), effects, expected)


def working_covariances(products: CrossProducts, relative: Array) -> list[Array]:
    """The covariance matrix of each level to the scale, in working coordinates."""
    covariances: list[Array] = []
    start = 0
    for level in products.levels:
        blocks: list[Array] = []
        for equation in level.equations:
            stop = start + equation.structure.parameter_count
            matrix = equation.structure.matrix(relative[start:stop])
            blocks.append(equation.transform @ matrix @ equation.transform.T)
            start = stop
        covariances.append(blocks[0] if len(blocks) == 1 else block_diagonal_matrix(blocks))
    return covariances


class Penalty:
    """``sum u' D^-1 u`` of random effects with covariance matrices D.

    Effects outside the range of a singular D, which no step leads to, count as they would if its
    smallest eigenvalues were tiny.
    """

    def __init__(
        self, structures: Sequence[Sequence[CovarianceStructure]], relative: Array
    ) -> None:
        self._levels: list[list[tuple[slice, Array, Array]]] = []
        start = 0
        for level in structures:
            blocks: list[tuple[slice, Array, Array]] = []
            column = 0
            for structure in level:
                count = structure.parameter_count
                matrix = structure.matrix(relative[start : start + count])
                eigenvalues, vectors = np.linalg.eigh(matrix)
                blocks.append((slice(column, column + structure.size), eigenvalues, vectors))
                start += count
                column += structure.size
            self._levels.append(blocks)

    def __call__(self, effects: Sequence[Array]) -> float:
        total = 0.0
        for own, blocks in zip(effects, self._levels, strict=True):
            for columns, eigenvalues, vectors in blocks:
                turned = own[:, columns] @ vectors
                squares = np.einsum("ij,ij->j", turned, turned)
                floor = max(float(eigenvalues[-1]) * NO_VARIANCE, SMALLEST)
                total += float(squares @ (1.0 / np.maximum(eigenvalues, floor)))
        return total

    def within_range(self, effects: Sequence[Array]) -> list[Array]:
        """The effects without their parts outside the range of D."""
        result: list[Array] = []
        for own, blocks in zip(effects, self._levels, strict=True):
            kept = own
            for columns, eigenvalues, vectors in blocks:
                none = eigenvalues <= max(float(eigenvalues[-1]) * NO_VARIANCE, SMALLEST)
                if none.any():
                    kept = kept.copy()
                    outside = vectors[:, none]
                    kept[:, columns] -= kept[:, columns] @ outside @ outside.T
            result.append(kept)
        return result


@dataclass(frozen=True)
class PenalisedFit:
    """Where the iterations arrived, linearised there."""

    linearisation: Linearisation
    converged: bool
    log: tuple[IterationRecord, ...]


class PenalisedLeastSquares:
    """The problem for covariances ``relative`` (K,) to the scale ``variance``.

    ``whitening`` multiplies by ``Lambda^-1/2``; None is independence.  With ``hold_fixed`` only the
    random effects move.
    """

    def __init__(
        self,
        observations: GroupedObservations,
        relative: Array,
        variance: float,
        whitening: Whitening | None,
        hold_fixed: bool = False,
    ) -> None:
        self._hold_fixed = hold_fixed
        self._observations = observations
        self._relative = relative
        self._variance = variance
        self._whitening = whitening
        structures = [[block.structure for block in lv.blocks] for lv in observations.model.levels]
        self._penalty = Penalty(structures, relative)

    def sum_of_squares(self, linearisation: Linearisation) -> float:
        """The penalised sum of squares; infinite where the mean is not defined."""
        if not linearisation.usable:
            return float("inf")
        with np.errstate(all="ignore"):
            residual = linearisation.residual
            if self._whitening is not None:
                residual = self._whitening(residual)
            total = float(residual @ residual) + self._penalty(linearisation.effects)
        return total if np.isfinite(total) else float("inf")

    def minimise(
        self,
        start: Linearisation,
        rules: ConvergenceRules,
        products: CrossProducts | None = None,
        on_iteration: Callable[[IterationRecord], None] | None = None,
    ) -> PenalisedFit:
        """Gauss-Newton steps, halved until the sum of squares falls.

        ``products`` are the whitened ones of ``start``, if they are at hand.  Values of the records
        are minus half the sum of squares over s2.  Raises
        :class:`EstimationError` where the mean is not defined at the start.
        """
        kept = self._penalty.within_range(start.effects)
        moved = any(a is not b for a, b in zip(kept, start.effects, strict=True))
        here = start
        if moved:
            products = None
            here = linearise(self._observations, start.fixed, kept, self._hold_fixed)
        value = self.sum_of_squares(here)
        if not np.isfinite(value):
            raise EstimationError("likelihood_undefined", "the mean is not defined at the start")
        log: list[IterationRecord] = []
        converged = False
        for iteration in range(1, rules.iterations + 1):
            if products is None:
                products = whitened_products(here, self._whitening)
            step = gauss_newton_step(products, self._relative)
            products = None
            gradient = max(value - step.expected, 0.0) / self._variance
            before, value_before = here, value
            here, value, trials = self._moved(before, value_before, step)
            change = _largest_change(before, here)
            gained = 0.5 * abs(value_before - value) / self._variance
            gained /= 0.5 * value_before / self._variance + 1.0
            measures = ConvergenceMeasures(change, gained, gradient)
            record = IterationRecord(
                iteration,
                -0.5 * value / self._variance,
                False,
                len(trials) > 1,
                np.zeros(0),
                here.fixed,
                step_length=float(np.linalg.norm(step.fixed)),
                trials=trials,
                measures=measures,
            )
            log.append(record)
            if on_iteration is not None:
                on_iteration(record)
            still = change <= rules.parameter_tolerance or gained <= rules.value_tolerance
            small = gradient < rules.scaled_gradient_tolerance or not rules.use_scaled_gradient
            if here is before or (still and small):
                converged = still and small
                break
        return PenalisedFit(here, converged, tuple(log))

    def _moved(
        self, before: Linearisation, value: float, step: GaussNewtonStep
    ) -> tuple[Linearisation, float, tuple[StepTrial, ...]]:
        """Where the step leads, shortened where it must be; ``before`` itself if nowhere."""
        length = 1.0
        trials: list[StepTrial] = []
        slack = ROUNDING * value
        for _ in range(MAXIMUM_HALVINGS):
            effects = [
                new if length == 1.0 else old + length * (new - old)
                for old, new in zip(before.effects, step.effects, strict=True)
            ]
            fixed = before.fixed + length * before.expanded(step.fixed)
            there = linearise(self._observations, fixed, effects, self._hold_fixed)
            reached = self.sum_of_squares(there)
            trials.append(StepTrial(length, -0.5 * reached / self._variance))
            if reached <= value + slack:
                return there, reached, tuple(trials)
            length /= 2.0
        return before, value, tuple(trials)


def penalised_least_squares(
    observations: GroupedObservations,
    whitener: ResidualWhitener,
    start: Linearisation,
    estimates: VarianceEstimates,
    mean: Array,
    rules: ConvergenceRules,
    products: CrossProducts | None = None,
    hold_fixed: bool = False,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> PenalisedFit:
    """Penalised least squares at variance estimates, the predicted ``mean`` (m,) of the variance
    function held; ``products`` are the whitened ones of ``start``, if they are at hand.
    """
    whitening = None
    if not whitener.trivial:
        whitening = whitener.at(estimates.residual, mean)
        if whitening is None:
            raise EstimationError("likelihood_undefined", "the residual covariance is singular")
    problem = PenalisedLeastSquares(
        observations, estimates.relative, estimates.scale, whitening, hold_fixed
    )
    return problem.minimise(start, rules, products, on_iteration)


def _largest_change(before: Linearisation, after: Linearisation) -> float:
    """The largest relative change of a fixed effect or random effect."""
    pairs = zip((before.fixed, *before.effects), (after.fixed, *after.effects), strict=True)
    return max(relative_change(old, new) for old, new in pairs)


def relative_change(before: Array, after: Array) -> float:
    """The largest change of an entry relative to its size."""
    return float(np.max(np.abs(after - before) / (np.abs(before) + 1.0), initial=0.0))
