"""Fitting a nonlinear mixed model by the alternating algorithm of Lindstrom and Bates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statalike.engine.linear.expectation_maximisation import EMRecord
from statalike.engine.linear.fit import VarianceParameter
from statalike.engine.newton_raphson import ConvergenceRules, IterationRecord
from statalike.engine.nonlinear.model import Method, NonlinearMixedModel
from statalike.engine.nonlinear.residuals import NonlinearResidualParameter

Array = NDArray[np.float64]

Algorithm = Literal["lindstrom_bates", "generalised_least_squares", "least_squares"]


@dataclass(frozen=True)
class NonlinearStart:
    """Where a fit begins.

    ``fixed`` (p,) begin nonlinear least squares, unless ``keep_fixed`` or ``variance`` are given:
    with the former they are kept while EM finds the variance parameters; ``variance`` (K,), in the
    order and on the scale of :attr:`NonlinearMixedFit.estimates`, takes the place of EM too.
    """

    fixed: Array
    keep_fixed: bool = False
    variance: Array | None = None


@dataclass(frozen=True)
class NonlinearFitOptions:
    """How to fit; the defaults are menl's.

    The alternation ends when the parameters or the log likelihood of successive iterations are
    within ``rules``' tolerances, of which the scaled gradient serves nonlinear least squares
    alone.  ``penalised_rules`` are those of a PNLS (or GNLS) step, ``linear_rules`` of an LME (or
    ML, REML) step.
    """

    rules: ConvergenceRules = field(default_factory=lambda: ConvergenceRules(iterations=300))
    penalised_rules: ConvergenceRules = field(
        default_factory=lambda: ConvergenceRules(iterations=5)
    )
    linear_rules: ConvergenceRules = field(default_factory=lambda: ConvergenceRules(iterations=5))
    em_iterations: int = 25
    em_tolerance: float = 1e-10
    standard_errors: bool = True


@dataclass(frozen=True)
class AlternationRecord:
    """One iteration of the alternating algorithm (of nonlinear least squares, one of its own).

    ``log_likelihood`` is that of the linearised model; ``fixed`` (p,) and ``estimates`` (K,) are
    where it arrived; ``penalised`` and ``linear`` are the records of its two steps, the values of
    the former minus half the penalised sum of squares over s2.
    """

    iteration: int
    log_likelihood: float
    fixed: Array
    estimates: Array
    penalised: tuple[IterationRecord, ...] = ()
    linear: tuple[IterationRecord, ...] = ()


@dataclass(frozen=True)
class NonlinearFitProgress:
    """What to call as a fit proceeds; each may be None.

    ``starting_values`` is called before they are sought, if they are, with whether it is by EM;
    ``alternation`` before the first iteration, if there is any; ``standard_errors`` before these.
    """

    starting_values: Callable[[bool], None] | None = None
    em_iteration: Callable[[int, float], None] | None = None
    alternation: Callable[[], None] | None = None
    iteration: Callable[[AlternationRecord], None] | None = None
    standard_errors: Callable[[], None] | None = None


@dataclass(frozen=True)
class NonlinearMixedFit:
    """Estimates of a nonlinear mixed model.

    ``fixed`` (p,) with ``fixed_covariance`` (p, p); ``covariances[level][block]`` and the scale
    ``residual_variance`` s2.  ``estimates`` (K,) are the variance parameters on the estimation
    scale named by ``parameters``: the random effects' level by level and block by block, the log
    scale, then the residuals', of the variance function before those of the correlations.
    ``parameter_covariance`` (K, K) is from the observed information of the linearised model with
    the fixed effects profiled out, nan where it is not determined (``singular``) or was not
    computed; the covariances of both kinds of estimates are zero.  ``effects[level]`` (G, q_l) are
    the empirical Bayes modes, columns in the order of the level's blocks; ``groups[level]`` (n,)
    the row each observation has there.  ``at_boundary`` (K,) marks zero variances and correlations
    of one.  ``rank`` is that of the fixed effects' information.
    """

    method: Method
    algorithm: Algorithm
    observations: int
    fixed: Array
    fixed_covariance: Array
    rank: int
    covariances: tuple[tuple[Array, ...], ...]
    residual_variance: float
    parameters: tuple[VarianceParameter | NonlinearResidualParameter, ...]
    estimates: Array
    parameter_covariance: Array
    singular: bool
    at_boundary: NDArray[np.bool_]
    log_likelihood: float
    converged: bool
    iterations: tuple[AlternationRecord, ...]
    em: EMRecord
    effects: tuple[Array, ...]
    groups: tuple[NDArray[np.intp], ...]
    group_sizes: tuple[NDArray[np.intp], ...]


def fit_nonlinear_mixed_model(
    model: NonlinearMixedModel,
    start: NonlinearStart | Array | None = None,
    options: NonlinearFitOptions | None = None,
    progress: NonlinearFitProgress | None = None,
) -> NonlinearMixedFit:
    """Fit ``model`` ([ME] menl, Methods and formulas, Inference based on linearization).

    ``start`` as an array (p,) begins nonlinear least squares; None is zeros.  Raises
    :class:`EstimationError`; never fails for want of convergence, which ``converged`` tells.
    """
    raise NotImplementedError
