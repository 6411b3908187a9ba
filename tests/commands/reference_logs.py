"""Reference logs: their commands, and what Stata printed, token by token."""

from __future__ import annotations

import re
from dataclasses import dataclass

from statalike.session import Session
from tests.commands.typed import session
from tests.shared import shared_path

_ADDRESS = re.compile(r"https?://www\.stata-press\.com/data/r\d+/(\w+)")
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\Z")
_DRAWN = re.compile(r"[|]|(?<![\w.])[-+]{3,}(?![\w.])")
_OMITTED = "(output omitted)"


@dataclass(frozen=True)
class Step:
    command: str
    printed: str


def steps(case: str) -> list[Step]:
    """The commands of a case with what each printed."""
    commands: list[str] = []
    outputs: list[list[str]] = []
    for row in shared_path("conformance", "cases", f"{case}.log").read_text("utf-8").split("\n"):
        if row.startswith(". "):
            commands.append(row[2:])
            outputs.append([])
        elif row.startswith("> ") and not outputs[-1]:
            commands[-1] += " " + row[2:]
        elif commands:
            outputs[-1].append(row)
    return [Step(c, "\n".join(o)) for c, o in zip(commands, outputs, strict=True)]


def run(made: Session, command: str) -> str:
    """What a command prints; data come from the reference copies."""
    folder = shared_path("data")
    command = re.sub(r"^webuse (\w+)", rf"use {folder}/\1", command)
    return made.output(_ADDRESS.sub(lambda found: f"{folder}/{found[1]}", command))


def tokens(text: str) -> list[str]:
    return _DRAWN.sub(" ", text).split()


def agrees(printed: str, expected: str) -> bool:
    """Equal words; numbers within one and a half units of the last digit printed."""
    if not (_NUMBER.match(printed) and _NUMBER.match(expected)):
        return printed == expected
    digits, _, exponent = expected.partition("e")
    decimals = len(digits.partition(".")[2]) - int(exponent or 0)
    near = 1.5 * 10.0**-decimals
    difference = abs(float(printed) - float(expected))
    return difference <= near or difference <= 1e-4 * abs(float(expected))


def disagreements(case: str, *, leave_out: tuple[str, ...] = ()) -> list[str]:
    """Where the output of a case differs from the reference; commands left out are not run."""
    made = session()
    found: list[str] = []
    for step in steps(case):
        if step.command.startswith(leave_out):
            continue
        given = tokens(run(made, step.command))
        wanted = tokens(step.printed.replace(_OMITTED, ""))
        if step.command.startswith(("use ", "webuse ")):
            continue
        if _OMITTED in step.printed:
            given = given[len(given) - len(wanted) :]
        if len(given) != len(wanted):
            found.append(f"{step.command}: {len(given)} tokens for {len(wanted)}")
            continue
        found += [
            f"{step.command}: {mine} for {theirs}"
            for mine, theirs in zip(given, wanted, strict=True)
            if not agrees(mine, theirs)
        ]
    return found
