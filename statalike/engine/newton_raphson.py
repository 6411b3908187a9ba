"""Maximisation by Newton and Raphson's method or a quasi-Newton one, by Stata's rules.

Stata's rules ([R] Maximize): after an iteration the maximum is declared found when the parameters
or the objective have stopped moving and, unless that test is switched off, the scaled gradient
``g (-H)^-1 g'`` is small with a negative definite Hessian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from statalike.engine.quasi_newton import (
    ApproximateInverse,
    Technique,
    TechniquePhase,
    techniques_in_turn,
)

Array = NDArray[np.float64]

MAXIMUM_HALVINGS = 40
MAXIMUM_DOUBLINGS = 8
# The first lengthening of a Newton step, in multiples of it, as Stata's logs show.
FIRST_INCREMENT = 0.125
# How often a step is halved before approximations other than the present one are asked.
MAXIMUM_NEARBY_HALVINGS = 6
FLAT = 1e-10
# Where the objective is flat no iteration gets any further.
STILL = 1e-12
MAXIMUM_STALLED = 10
LEAST_LENGTH = 1e-12
# The part of its slope that may be left at the end of a quasi-Newton step: DFP, unlike BFGS, is
# known to be slow when line searches are loose (Nocedal and Wright 2006, section 6.1).
SLOPE_LEFT: dict[Technique, float] = {"bfgs": 0.9, "dfp": 0.1}


class Objective(Protocol):
    """Value, gradient (K,) and Hessian (K, K) at parameters (K,).

    With ``derivatives`` false only the value is needed; the arrays returned are then ignored.  An
    undefined value is nan or infinite.
    """

    def __call__(self, parameters: Array, derivatives: bool, /) -> tuple[float, Array, Array]: ...


@runtime_checkable
class GradientObjective(Protocol):
    """An objective that can spare quasi-Newton methods the Hessian."""

    def gradient(self, parameters: Array, /) -> tuple[float, Array]:
        """Value and gradient (K,)."""


@runtime_checkable
class ScoredObjective(Protocol):
    """An objective that is a sum over independent groups, as BHHH needs it."""

    def scores(self, parameters: Array, /) -> Array:
        """The gradient of each group's part, (G, K)."""


@runtime_checkable
class AdaptedObjective(Protocol):
    """An objective computed by an approximation that is adapted to the parameters.

    Steps are judged by the approximation adapted to the point they start from, which a gradient
    that holds it fixed belongs to; only where they arrive is it adapted anew.  The objective so
    defined need not rise from one iteration to the next.
    """

    def nearby_value(self, parameters: Array, /) -> float:
        """The value by the approximation of the latest point whose derivatives were asked for."""


@dataclass(frozen=True)
class ConvergenceRules:
    """How to step and when to stop; the defaults are Stata's.

    ``lengthen`` makes Newton steps that improve the objective longer as long as that pays; it costs
    an evaluation an iteration.  ``quasi_tolerance`` lets ``g Q g'`` of a quasi-Newton method take
    the place of the scaled gradient, so that the Hessian is not needed.
    """

    iterations: int = 16_000
    parameter_tolerance: float = 1e-6
    value_tolerance: float = 1e-7
    scaled_gradient_tolerance: float = 1e-5
    use_scaled_gradient: bool = True
    difficult: bool = False
    techniques: tuple[TechniquePhase, ...] = (TechniquePhase("nr"),)
    quasi_tolerance: float | None = None
    lengthen: bool = False


@dataclass(frozen=True)
class ConvergenceMeasures:
    """What an iteration is judged by.

    ``parameters`` is the largest relative change of a parameter, ``value`` the relative change of
    the objective, ``scaled_gradient`` is ``g (-H)^-1 g'``, nan where H is not negative definite or
    was not computed.
    """

    parameters: float
    value: float
    scaled_gradient: float


@dataclass(frozen=True)
class StepTrial:
    """A length tried along the step, in multiples of it, and the objective there."""

    length: float
    value: float


@dataclass(frozen=True)
class IterationRecord:
    """One line of an iteration log: where the iteration arrived, and how.

    ``hessian`` (K, K) is empty where a quasi-Newton method did without it.  ``step_length`` is the
    norm of the proposed step, of which ``trials`` are the lengths tried.  The starting values
    have neither these nor ``measures``.
    """

    iteration: int
    value: float
    not_concave: bool
    backed_up: bool
    gradient: Array
    parameters: Array
    hessian: Array = field(default_factory=lambda: np.zeros((0, 0)))
    technique: Technique = "nr"
    step_length: float = 0.0
    trials: tuple[StepTrial, ...] = ()
    measures: ConvergenceMeasures | None = None


@dataclass(frozen=True)
class Optimum:
    """What an optimisation did and found.

    ``hessian`` is at the end; ``evaluations`` counts calls of the objective.
    """

    start: Array
    parameters: Array
    value: float
    gradient: Array
    hessian: Array
    converged: bool
    evaluations: int
    rules: ConvergenceRules
    log: list[IterationRecord] = field(default_factory=list)

    @property
    def iterations(self) -> int:
        return self.log[-1].iteration if self.log else 0


@dataclass(frozen=True)
class _Point:
    parameters: Array
    value: float
    gradient: Array
    hessian: Array | None


class _Evaluations:
    """The objective with its calls counted, computing the Hessian only where it is needed."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self.count = 0

    @property
    def adapted(self) -> bool:
        return isinstance(self._objective, AdaptedObjective)

    def nearby_value(self, parameters: Array) -> float:
        """The value to judge a step by."""
        self.count += 1
        if isinstance(self._objective, AdaptedObjective):
            return self._objective.nearby_value(parameters)
        return self._objective(parameters, False)[0]

    def value(self, parameters: Array) -> float:
        """The value there, by an approximation adapted to it."""
        self.count += 1
        return self._objective(parameters, False)[0]

    def point(self, parameters: Array, technique: Technique) -> _Point:
        self.count += 1
        if technique != "nr" and isinstance(self._objective, GradientObjective):
            return _Point(parameters, *self._objective.gradient(parameters), None)
        return _Point(parameters, *self._objective(parameters, True))

    def hessian(self, point: _Point) -> Array:
        if point.hessian is not None:
            return point.hessian
        self.count += 1
        return self._objective(point.parameters, True)[2]

    def outer_product(self, point: _Point) -> Array:
        """Minus the sum over groups of the scores' outer products, (K, K)."""
        if not isinstance(self._objective, ScoredObjective):
            raise ValueError("BHHH needs an objective with scores")
        self.count += 1
        scores = self._objective.scores(point.parameters)
        return -(scores.T @ scores)


def maximise(
    objective: Objective,
    start: Array,
    rules: ConvergenceRules | None = None,
    on_iteration: Callable[[IterationRecord], None] | None = None,
) -> Optimum:
    """Maximise ``objective`` from ``start``.

    A step that does not improve the objective is halved until it does ("backed up").  Where the
    Hessian is not negative definite a ridge is added to its diagonal, or with ``rules.difficult``
    its eigenvalues are replaced by their magnitudes, and the step is lengthened as long as that
    pays; so is that of a quasi-Newton method while the slope along it stays steep.  Techniques
    take turns as ``rules.techniques`` say.  It ends without convergence after
    ``rules.iterations``, or when the objective does not change in several iterations in
    succession: to go on would be to follow rounding errors.

    Raises ``FloatingPointError`` when the objective is undefined at the start, and ``ValueError``
    for BHHH when the objective has no scores.
    """
    rules = rules or ConvergenceRules()
    evaluations = _Evaluations(objective)
    turns = techniques_in_turn(rules.techniques)
    technique = next(turns)
    approximation = ApproximateInverse(technique)
    point = evaluations.point(np.array(start, dtype=np.float64), technique)
    if not np.isfinite(point.value):
        raise FloatingPointError("the objective is not defined at the starting values")
    log: list[IterationRecord] = []

    def direction() -> tuple[Array, bool]:
        if technique == "nr":
            return ascent_direction(point.gradient, evaluations.hessian(point), rules.difficult)
        if technique == "bhhh":
            return ascent_direction(point.gradient, evaluations.outer_product(point), False)
        return approximation.step(point.gradient), True

    def record(
        iteration: int,
        not_concave: bool,
        backed_up: bool,
        trials: tuple[StepTrial, ...] = (),
        step_length: float = 0.0,
        measures: ConvergenceMeasures | None = None,
    ) -> None:
        entry = IterationRecord(
            iteration,
            point.value,
            not_concave,
            backed_up,
            point.gradient.copy(),
            point.parameters.copy(),
            np.zeros((0, 0)) if point.hessian is None else point.hessian.copy(),
            technique,
            step_length,
            trials,
            measures,
        )
        log.append(entry)
        if on_iteration is not None:
            on_iteration(entry)

    step, concave = direction()
    record(0, not concave, False)
    converged = point.parameters.size == 0
    iteration = stalled = 0
    while not converged and iteration < rules.iterations:
        iteration += 1
        before, taken = point, step
        if not concave and float(point.gradient @ step) <= FLAT * (abs(point.value) + 1.0):
            # So little is to be gained that gradient and curvature are rounding errors.
            taken = np.zeros_like(step)
        point, backed_up, trials = _moved(
            evaluations, before, taken, concave, technique, rules.lengthen
        )
        coming = next(turns)
        if coming != technique:
            approximation = ApproximateInverse(coming)
        elif backed_up and np.array_equal(point.parameters, before.parameters):
            approximation.forget()
        else:
            approximation.learn(
                point.parameters - before.parameters, point.gradient - before.gradient
            )
        switched, technique = coming != technique, coming
        if technique == "nr" and point.hessian is None:
            point = _with_hessian(evaluations, point)
        step, concave = direction()
        change = point.parameters - before.parameters
        moved = float(np.max(np.abs(change) / (np.abs(before.parameters) + 1.0)))
        gained = abs(point.value - before.value) / (abs(before.value) + 1.0)
        still = moved <= rules.parameter_tolerance or gained <= rules.value_tolerance
        scaled_gradient = float("nan")
        if technique != "nr" and rules.quasi_tolerance is not None and not switched:
            scaled_gradient = float(point.gradient @ step)
            small = scaled_gradient < rules.quasi_tolerance
        elif technique == "nr":
            if concave:
                scaled_gradient = float(point.gradient @ step)
            small = scaled_gradient < rules.scaled_gradient_tolerance
        elif still and rules.use_scaled_gradient:
            point = _with_hessian(evaluations, point)
            newton, definite = ascent_direction(point.gradient, evaluations.hessian(point), False)
            if definite:
                scaled_gradient = float(point.gradient @ newton)
            small = scaled_gradient < rules.scaled_gradient_tolerance
        else:
            small = False
        converged = still and (small or not rules.use_scaled_gradient)
        record(
            iteration,
            not concave,
            backed_up,
            trials,
            float(np.linalg.norm(taken)),
            ConvergenceMeasures(moved, gained, scaled_gradient),
        )
        flat = gained <= (STILL if concave else FLAT)
        stalled = stalled + 1 if flat else 0
        if stalled == MAXIMUM_STALLED:
            break
    return Optimum(
        np.array(start, dtype=np.float64),
        point.parameters,
        point.value,
        point.gradient,
        evaluations.hessian(point),
        converged,
        evaluations.count,
        rules,
        log,
    )


def _with_hessian(evaluations: _Evaluations, point: _Point) -> _Point:
    return _Point(point.parameters, point.value, point.gradient, evaluations.hessian(point))


def _moved(
    evaluations: _Evaluations,
    before: _Point,
    step: Array,
    concave: bool,
    technique: Technique,
    lengthen: bool,
) -> tuple[_Point, bool, tuple[StepTrial, ...]]:
    """Where the step leads, whether it had to be shortened, and the lengths tried."""
    length = 1.0
    trial: _Point | None = None
    if evaluations.adapted:
        value = evaluations.nearby_value(before.parameters + step)
    else:
        trial = evaluations.point(before.parameters + step, technique)
        value = trial.value
    trials = [StepTrial(length, value)]
    slack = 1e-13 * (abs(before.value) + 1.0)
    backed_up = not before.value - slack <= value < np.inf
    if backed_up:
        length = _shortened(evaluations, before, step, trials)
        trial = None
    elif not concave or (lengthen and technique == "nr"):
        increment = FIRST_INCREMENT if lengthen else 1.0
        length = _lengthened(evaluations, before, step, trials, increment)
        trial = trial if length == 1.0 else None
    if trial is None:
        trial = evaluations.point(before.parameters + length * step, technique)
        while not np.isfinite(trial.value) and length > LEAST_LENGTH:
            # What was near enough to judge by need not be defined by itself.
            length, backed_up = length / 2.0, True
            trial = evaluations.point(before.parameters + length * step, technique)
        if not np.isfinite(trial.value):
            trial = before
    if technique in SLOPE_LEFT and length > 0.0:
        trial = _settled(evaluations, before, step, trial, length, technique, trials)
    return trial, backed_up, tuple(trials)


def _shortened(
    evaluations: _Evaluations, before: _Point, step: Array, trials: list[StepTrial]
) -> float:
    """The step halved until the objective rises, zero where it does not.

    What an approximation adapted elsewhere does not see, one of its own may: where short steps
    do not pay by the former, they are judged once more, from the whole step on, by the latter,
    and then shorter ones by the former, which costs less.
    """
    nearby, own = evaluations.nearby_value, evaluations.value
    judges: list[tuple[Callable[[Array], float], range]]
    judges = [(nearby, range(1, MAXIMUM_HALVINGS + 1))]
    if evaluations.adapted:
        judges = [
            (nearby, range(1, MAXIMUM_NEARBY_HALVINGS + 1)),
            (own, range(MAXIMUM_NEARBY_HALVINGS + 1)),
            (nearby, range(MAXIMUM_NEARBY_HALVINGS + 1, MAXIMUM_HALVINGS + 1)),
        ]
    for judge, halvings in judges:
        for halving in halvings:
            length = 0.5**halving
            value = judge(before.parameters + length * step)
            trials.append(StepTrial(length, value))
            if before.value < value < np.inf:
                return length
    return 0.0


def _lengthened(
    evaluations: _Evaluations,
    before: _Point,
    step: Array,
    trials: list[StepTrial],
    increment: float,
) -> float:
    """The step grown by ``increment``, twice that and so on as long as the objective rises.

    It has to rise by more than rounding errors.
    """
    length, best = 1.0, trials[-1].value
    for _ in range(MAXIMUM_DOUBLINGS):
        value = evaluations.nearby_value(before.parameters + (length + increment) * step)
        trials.append(StepTrial(length + increment, value))
        if not best + FLAT * (abs(best) + 1.0) < value < np.inf:
            break
        length, best, increment = length + increment, value, 2.0 * increment
    return length


def _settled(
    evaluations: _Evaluations,
    before: _Point,
    step: Array,
    trial: _Point,
    length: float,
    technique: Technique,
    trials: list[StepTrial],
) -> _Point:
    """The trial, or a better point along the step where its slope has nearly vanished.

    Lengths are doubled until the slope changes its sign, then found by the secant of the slope.
    """
    slope = float(before.gradient @ step)
    low, high = (0.0, slope), None
    for _ in range(MAXIMUM_DOUBLINGS):
        here = float(trial.gradient @ step)
        if abs(here) <= SLOPE_LEFT[technique] * slope:
            break
        if here > 0.0:
            low = length, here
        else:
            high = length, here
        if high is None:
            length *= 2.0
        else:
            length = low[0] + (high[0] - low[0]) * low[1] / (low[1] - high[1])
        better = evaluations.point(before.parameters + length * step, technique)
        trials.append(StepTrial(length, better.value))
        if not better.value > trial.value:
            break
        trial = better
    return trial


def ascent_direction(gradient: Array, hessian: Array, difficult: bool) -> tuple[Array, bool]:
    """A step along which the objective rises, and whether the Hessian is negative definite.

    Curvature is judged after scaling to a unit diagonal, so that the units of the parameters do
    not matter.
    """
    if gradient.size == 0:
        return np.zeros(0), True
    size = np.sqrt(np.abs(np.diagonal(hessian)))
    size = np.where(size > 0.0, size, 1.0)
    curvature = -hessian / np.outer(size, size)
    scaled = gradient / size
    if not np.all(np.isfinite(curvature)):
        return scaled / (1.0 + float(np.linalg.norm(scaled))) / size, False
    eigenvalues, vectors = np.linalg.eigh(curvature)
    concave = bool(eigenvalues[0] > 1e-14)
    if concave:
        adjusted = eigenvalues
    elif difficult:
        adjusted = np.maximum(np.abs(eigenvalues), 1e-3)
    else:
        ridge = max(1e-3, 1e-3 - 2.0 * float(eigenvalues[0]))
        adjusted = eigenvalues + ridge
    return np.asarray(vectors @ ((vectors.T @ scaled) / adjusted) / size), concave
