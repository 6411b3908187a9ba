"""The blocks of an iteration log that shows parameters, gradient, Hessian and steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.data.formats import format_value
from statalike.output.matrix_display import matrix_list
from statalike.output.styled import Line, line, result
from statalike.results.matrix import NamedMatrix, Stripe

VECTOR_FORMAT = "%9.0g"
# Values stand at the right of the line.
VALUE_COLUMN = 47


@dataclass(frozen=True)
class TracedIteration:
    """An iteration as a block shows it; what is None is left out.

    ``names`` are those of the parameters (k,); ``hessian`` (k, k) is shown with its sign changed.
    """

    number: int
    value: float
    names: tuple[Stripe, ...]
    criterion: str = "Log likelihood"
    remark: str = ""
    parameters: np.ndarray | None = None
    gradient: np.ndarray | None = None
    hessian: np.ndarray | None = None


def traced_iteration(iteration: TracedIteration, linesize: int = 79) -> list[Line]:
    """A rule, ``Iteration 2:``, and the vectors and matrices that are wanted."""
    remark = f"  ({iteration.remark})" if iteration.remark else ""
    lines = [line("-" * linesize), line(f"Iteration {iteration.number}:{remark}")]
    if iteration.parameters is not None:
        lines.append(line("Coefficient vector:"))
        lines += _vector(iteration.parameters, iteration.names, linesize)
        lines.append(line(""))
    lines.append(_value(iteration.criterion, iteration.value))
    if iteration.gradient is not None:
        length = format_value(float(np.linalg.norm(iteration.gradient)), VECTOR_FORMAT).strip()
        lines.append(line("Gradient vector (length = ", result(length), "):"))
        lines += _vector(iteration.gradient, iteration.names, linesize)
    if iteration.hessian is not None:
        lines.append(line("Negative Hessian:"))
        matrix = NamedMatrix.square(-iteration.hessian, iteration.names)
        lines += matrix_list(
            "", matrix, display_format=VECTOR_FORMAT, header=False, linesize=linesize
        )
    return lines


def step_lines(
    length: float, trials: Sequence[tuple[float, float]], criterion: str = "Log likelihood"
) -> list[Line]:
    """How long the step was, and what the objective was at each length (in steps) tried."""
    lines = [line("Step length = ", result(format_value(length, VECTOR_FORMAT).strip()))]
    for number, (factor, value) in enumerate(trials):
        if number == 0:
            remark = ""
        elif factor < 1.0:
            remark = f"({number}) stepping backward, step length = {factor:.4g}"
        else:
            remark = f"({number}) stepping forward, step length = {factor:.4g}"
        if remark:
            lines.append(line(remark))
        lines.append(_value(criterion, value))
    return lines


def tolerance_lines(parameters: float, value: float, scaled_gradient: float) -> list[Line]:
    """What an iteration is judged by; ``.`` where the Hessian is not negative definite."""
    shown = scaled_gradient if np.isfinite(scaled_gradient) else None
    return [
        _measure("relative change of coefficients", parameters),
        _measure("relative change of log likelihood", value),
        _measure("g inv(H) g'", shown),
    ]


def _measure(label: str, value: float | None) -> Line:
    text = "." if value is None else format_value(value, VECTOR_FORMAT).strip()
    return line(f"{label:>{VALUE_COLUMN + 16}} = ", result(text))


def _value(criterion: str, value: float) -> Line:
    text = format_value(value, "%10.0g") if np.isfinite(value) else f"{'.':>10}"
    return line(f"{criterion:>{VALUE_COLUMN + 16}} = ", result(text))


def _vector(values: np.ndarray, names: tuple[Stripe, ...], linesize: int) -> list[Line]:
    matrix = NamedMatrix.row(values, names, "r1")
    return matrix_list("", matrix, display_format=VECTOR_FORMAT, header=False, linesize=linesize)
