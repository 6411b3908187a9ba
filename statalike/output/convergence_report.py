"""The output of ``estat convergence``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.data.missing import is_missing
from statalike.output.notes import wrapped
from statalike.output.styled import BLANK, Line, line, result, rule
from statalike.output.text_width import abbreviate

LABEL_WIDTH = 44
NAME_WIDTH = 26


@dataclass(frozen=True)
class ParameterDiagnosis:
    """One parameter: its name, value, gradient and relative gradient, and a remark."""

    name: str
    estimate: float
    gradient: float
    relative_gradient: float
    remark: str = ""


@dataclass(frozen=True)
class ConvergenceReport:
    """Facts about the fit as pairs of label and value, its parameters, and what follows."""

    facts: Sequence[tuple[str, float | str]]
    parameters: Sequence[ParameterDiagnosis]
    verdict: str
    reasons: Sequence[str] = ()
    advice: Sequence[str] = ()


def convergence_report(report: ConvergenceReport, linesize: int = 79) -> list[Line]:
    """The facts, a table of the parameters, the verdict, and what to try."""
    lines = [
        line(f"{label:<{LABEL_WIDTH}} = ", result(f"{_text(value):>10}"))
        for label, value in report.facts
    ]
    if report.parameters:
        lines += [BLANK, *_table(report.parameters)]
    lines += [BLANK, *wrapped(report.verdict, linesize, indent=0)]
    for title, items in (("Reasons:", report.reasons), ("What to try:", report.advice)):
        if items:
            lines += [BLANK, line(title)]
            for item in items:
                lines += wrapped(f"  - {item}", linesize, indent=4)
    return lines


def _text(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return "." if bool(is_missing(value)) else format_value(value, "%9.0g").strip()


def _table(parameters: Sequence[ParameterDiagnosis]) -> list[Line]:
    heading = f"{'Parameter':>{NAME_WIDTH}} | {'Estimate':>10} {'Gradient':>10} {'Relative':>10}"
    lines = [
        rule(79),
        line(heading),
        line("-" * (NAME_WIDTH + 1) + "+" + "-" * (78 - NAME_WIDTH - 1)),
    ]
    for parameter in parameters:
        numbers = " ".join(
            f"{_text(value):>10}"
            for value in (parameter.estimate, parameter.gradient, parameter.relative_gradient)
        )
        stub = f"{abbreviate(parameter.name, NAME_WIDTH):>{NAME_WIDTH}} | "
        remark = f"  {parameter.remark}" if parameter.remark else ""
        lines.append(line(stub, result(numbers), remark))
    return [*lines, rule(79)]
