"""Likelihood-ratio tests: the line under a fitted model, and the output of ``lrtest``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.output.notes import note
from statalike.output.number_columns import degrees_of_freedom_text, probability_text, trimmed
from statalike.output.styled import BLANK, Line, line, result
from statalike.output.text_width import abbreviate

CONSERVATIVE_NOTE = "LR test is conservative and provided only for reference."
BOUNDARY_NOTE = (
    "The reported degrees of freedom assumes the null hypothesis is not on the boundary of the"
    " parameter space. If this is not true, then the reported test is conservative."
)
MODEL_LINE_WIDTH = 78
MODEL_NAME_WIDTH = 14


@dataclass(frozen=True)
class LikelihoodRatioTest:
    """A test against a smaller model.

    ``boundary`` marks the 50:50 mixture of chi-squared distributions with 0 and 1 degrees of
    freedom (chibar2).
    """

    statistic: float
    df: float
    p: float
    boundary: bool = False


def against_model_line(test: LikelihoodRatioTest, model: str = "linear") -> Line:
    """``LR test vs. linear model: chibar2(01) = 472.65 ...``, 78 columns wide."""
    return test_line(f"LR test vs. {model} model", test)


def test_line(title: str, test: LikelihoodRatioTest) -> Line:
    """``LR test of alpha=0: chibar2(01) = 434.62 ...``, 78 columns wide."""
    if test.boundary:
        name, probability = "chibar2(01)", "Prob >= chibar2"
    else:
        name, probability = f"chi2({degrees_of_freedom_text(test.df)})", "Prob > chi2"
    left = f"{title}: {name} = "
    value = trimmed(test.statistic, "%8.2f")
    p = probability_text(test.p)
    right = f"{probability} = "
    gap = max(MODEL_LINE_WIDTH - len(left) - len(value) - len(right) - len(p), 1)
    return line(left, result(value), " " * gap + right, result(p))


def likelihood_ratio_test(
    test: LikelihoodRatioTest,
    smaller: Sequence[str],
    larger: Sequence[str],
    *,
    boundary_note: bool = False,
    linesize: int = 79,
) -> list[Line]:
    """The output of ``lrtest``: names of the nested and of the larger model, then the test.

    Several names on a side are printed with commas between them, as composite models are.
    """
    inner = ", ".join(abbreviate(name, MODEL_NAME_WIDTH) for name in smaller)
    outer = ", ".join(abbreviate(name, MODEL_NAME_WIDTH) for name in larger)
    distribution = "chibar2(01)" if test.boundary else f"chi2({degrees_of_freedom_text(test.df)})"
    sign = "Prob >= chibar2" if test.boundary else "Prob > chi2"
    value = trimmed(test.statistic, "%8.2f")
    p = probability_text(test.p)
    name = f"LR {distribution}"
    names = max(len(name), len(sign))
    numbers = max(len(value), len(p))
    lines = [
        line("Likelihood-ratio test"),
        line("Assumption: ", result(inner), " nested within ", result(outer)),
        BLANK,
        line(f"{name:>{names}} = ", result(value.rjust(numbers))),
        line(f"{sign:>{names}} = ", result(p.rjust(numbers))),
    ]
    if boundary_note:
        lines += [BLANK, *note(BOUNDARY_NOTE, linesize)]
    return lines
