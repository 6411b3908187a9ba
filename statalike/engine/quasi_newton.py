"""Where to step when maximising: quasi-Newton methods beside Newton and Raphson's.

A quasi-Newton method keeps an approximation Q of ``(-H)^-1``, H being the Hessian, and steps along
``Q g``.  With the last step s and the change y of minus the gradient along it,

    BFGS   Q <- (I - s y'/s'y) Q (I - y s'/s'y) + s s'/s'y,
    DFP    Q <- Q + s s'/s'y - Q y y'Q / y'Qy

(Nocedal and Wright 2006, Numerical Optimization, 2nd ed., equations 6.17 and 6.15).  The method of
Berndt, Hall, Hall and Hausman (1974, Annals of Economic and Social Measurement 3: 653-665) takes
``Q = (S'S)^-1``, S (G, K) holding the scores of the G independent groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Technique = Literal["nr", "bhhh", "dfp", "bfgs"]

ITERATIONS_BEFORE_SWITCHING = 5
# A step along which the gradient hardly changes tells nothing of the curvature.
LEAST_CURVATURE = 1e-10


@dataclass(frozen=True)
class TechniquePhase:
    """A technique and for how many iterations it is used before the next takes its turn."""

    technique: Technique
    iterations: int = ITERATIONS_BEFORE_SWITCHING


def techniques_in_turn(phases: Sequence[TechniquePhase]) -> Iterator[Technique]:
    """The technique of each iteration, endlessly; the last phase gives way to the first."""
    for phase in cycle(phases):
        for _ in range(phase.iterations):
            yield phase.technique


class ApproximateInverse:
    """Q (K, K), positive definite throughout."""

    def __init__(self, technique: Technique) -> None:
        self._technique = technique
        self.matrix: Array | None = None

    def forget(self) -> None:
        """Begin anew from a multiple of the identity."""
        self.matrix = None

    def step(self, gradient: Array) -> Array:
        """``Q g``; of unit length at most while nothing is known of the curvature."""
        if self.matrix is None:
            return gradient / max(1.0, float(np.linalg.norm(gradient)))
        return np.asarray(self.matrix @ gradient)

    def learn(self, moved: Array, gradient_change: Array) -> None:
        """Take in a step s (K,) and how the gradient changed (K,) along it."""
        change = -gradient_change
        product = float(moved @ change)
        size = float(np.linalg.norm(moved) * np.linalg.norm(change))
        if not product > LEAST_CURVATURE * size:
            return
        if self.matrix is None:
            # Nocedal and Wright (6.20): the first Q has the size of the curvature just seen.
            self.matrix = np.eye(len(moved)) * (product / float(change @ change))
        update = updated_bfgs if self._technique == "bfgs" else updated_dfp
        self.matrix = update(self.matrix, moved, change)


def updated_bfgs(inverse: Array, moved: Array, change: Array) -> Array:
    """Q (K, K) of Broyden, Fletcher, Goldfarb and Shanno after a step with
    ``moved @ change > 0``."""
    product = float(moved @ change)
    across = np.outer(moved, change @ inverse) / product
    curved = 1.0 + float(change @ inverse @ change) / product
    return np.asarray(inverse - across - across.T + curved / product * np.outer(moved, moved))


def updated_dfp(inverse: Array, moved: Array, change: Array) -> Array:
    """Q (K, K) of Davidon, Fletcher and Powell after a step with ``moved @ change > 0``."""
    turned = inverse @ change
    return np.asarray(
        inverse
        + np.outer(moved, moved) / float(moved @ change)
        - np.outer(turned, turned) / float(change @ turned)
    )
