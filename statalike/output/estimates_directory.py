"""The table of ``estimates dir``: what has been stored under which name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.output.styled import Line, line, result, rule
from statalike.output.text_width import abbreviate


@dataclass(frozen=True)
class StoredModel:
    name: str
    command: str
    dependent: str
    parameters: int
    title: str = ""


def estimates_directory(models: Sequence[StoredModel], linesize: int = 79) -> list[Line]:
    """One line for each stored model; titles are cut at the end of the line."""
    command = max(7, *(len(model.command) for model in models))
    dependents = [abbreviate(model.dependent, 12) for model in models]
    dependent = max(10, *(len(name) for name in dependents)) + 2
    room = max(linesize - 14 - command - 1 - dependent - 11 - 2, 6)
    titles = [model.title[:room].rstrip() for model in models]
    length = 1 + command + dependent + 11 + max(8, 2 + max(len(title) for title in titles))
    lines = [
        rule(14 + length),
        line(f"{'|':>14}{'':{1 + command}}{'Dependent':>{dependent}}  Number of{'':8}"),
        line(f"{'Name':>12} | {'Command':<{command}}{'variable':>{dependent}}     param.  Title "),
        line("-" * 13 + "+" + "-" * length),
    ]
    for model, name, title in zip(models, dependents, titles, strict=True):
        text = f" {model.command:<{command}}{name:>{dependent}}{model.parameters:>11}  {title}"
        lines.append(line(f"{abbreviate(model.name, 12):>12} |", result(text.rstrip())))
    return [*lines, rule(14 + length)]
