"""The lines an optimiser writes while it works."""

from __future__ import annotations

from statalike.data.formats import format_value
from statalike.output.styled import BLANK, Line, line, result

EM_HEADING = "Performing EM optimization ..."
EM_START_HEADING = "Obtaining starting values by EM ..."
GRADIENT_HEADING = "Performing gradient-based optimization: "
STANDARD_ERRORS_HEADING = "Computing standard errors ..."
DEGREES_OF_FREEDOM_HEADING = "Computing degrees of freedom ..."
CONSTANT_ONLY_HEADING = "Fitting constant-only model:"
FIXED_EFFECTS_HEADING = "Fitting fixed-effects model:"
STARTING_VALUES_HEADING = "Refining starting values:"
UNSCALED_VALUES_HEADING = "Refining starting values (unscaled likelihoods):"
FULL_MODEL_HEADING = "Fitting full model:"


def iteration_line(
    number: int, value: float, *, criterion: str = "Log likelihood", remark: str = ""
) -> Line:
    """``Iteration 3:  Log likelihood = -17945.184``, with two blanks at its end as Stata has.

    ``criterion`` names the objective (``Log restricted-likelihood``, ``Log pseudolikelihood``);
    ``remark`` is ``not concave`` or ``backed up``.
    """
    return _value_line(f"Iteration {number}:".ljust(14), criterion, value, remark)


def grid_node_line(
    number: int, value: float, *, criterion: str = "Log likelihood", remark: str = ""
) -> Line:
    """``Grid node 0:  Log likelihood =  -1331.542``: the objective at a starting value."""
    styled = _value_line(f"Grid node {number}:".ljust(14), criterion, value, remark)
    return styled if remark else styled[:-1]


def _value_line(label: str, criterion: str, value: float, remark: str) -> Line:
    return line(
        f"{label}{criterion} = ",
        result(format_value(value, "%10.0g")),
        "  ",
        f"({remark})" if remark else "",
    )


def section(heading: str) -> list[Line]:
    """A heading with a blank line before it, as the steps of an estimation are announced."""
    return [BLANK, line(heading)]
