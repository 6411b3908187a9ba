"""Programs fit in turns: the exchange between `run` and the process of one program.

A program lives in a process of its own, with the data of one workload in memory.  It says once
that it is ready, then fits as often as it is told to by a line with a number, and answers with
one line of JSON.
"""

import contextlib
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

ROOT = Path(__file__).resolve().parent.parent

Fit = Callable[[], float]


class Workload(Protocol):
    """A dataclass that describes what is fitted, in the terms every program can be told."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def name(self) -> str: ...

    @property
    def command(self) -> str: ...

    @property
    def formula(self) -> str: ...

    @property
    def csv(self) -> Path: ...


class Failure(Exception):
    """A program that could not start, could not fit, or took too long; says why."""


@dataclass
class Turns:
    """What one program did with one workload.

    ``first`` is the seconds of the very first fit; ``seconds`` holds one number a turn, the median
    of the fits of that turn.
    """

    program: str
    version: str = ""
    first: float = float("nan")
    seconds: list[float] = field(default_factory=list)
    log_likelihood: float = float("nan")
    note: str = ""
    failure: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else self.first


def installed_version(distribution: str) -> str:
    """The version of an installed distribution, or "" for one that isn't."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def serve(version: str, fit: Fit) -> None:
    """Answer the lines of standard input by fitting; ``fit`` returns its log likelihood.

    Whatever the program itself writes to standard output goes to standard error.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    print(json.dumps({"version": version}), file=answers)
    for line in sys.stdin:
        seconds: list[float] = []
        answer: dict[str, Any] = {"seconds": seconds}
        try:
            for _ in range(int(line)):
                start = time.perf_counter()
                answer["log_likelihood"] = fit()
                seconds.append(time.perf_counter() - start)
        except Exception as error:
            answer = {"failure": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)


class Program:
    """The process of one program on one workload, and the record of its turns.

    A turn of a fast program is several fits, so that it lasts about ``span`` seconds.
    A process that keeps silent for longer than ``limit`` seconds is ended.
    """

    span = 0.25

    def __init__(self, name: str, command: list[str], workload: Workload, limit: float) -> None:
        self.turns = Turns(name)
        self.limit = limit
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by `end`)
        description = {
            **asdict(workload),
            "command": workload.command,
            "formula": workload.formula,
            "csv": str(workload.csv),
        }
        try:
            self.process = subprocess.Popen(
                [*command, workload.name, json.dumps(description)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                cwd=ROOT,
                text=True,
            )
        except OSError as error:
            self.errors.close()
            raise Failure(f"not installed: {error}") from error

    def answer(self) -> dict[str, Any]:
        """The next answer of the process; raises Failure when there is none in time."""
        assert self.process.stdout is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.process.kill()

        alarm = threading.Timer(self.limit, give_up)
        alarm.start()
        try:
            line = next((text for text in self.process.stdout if text.startswith("{")), None)
        finally:
            alarm.cancel()
        if line is None:
            raise Failure(f"more than {self.limit:g} s" if late.is_set() else self.last_words())
        reply: dict[str, Any] = json.loads(line)
        if "failure" in reply:
            raise Failure(reply["failure"])
        return reply

    def last_words(self) -> str:
        """The last line the process wrote to standard error before it ended."""
        self.process.wait()
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        return lines[-1] if lines else f"ended with code {self.process.returncode}"

    def fit(self, times: int) -> float:
        """Median seconds of as many fits."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{times}\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Failure(self.last_words()) from error
        reply = self.answer()
        self.turns.log_likelihood = reply["log_likelihood"]
        self.turns.note = reply.get("note", "")
        seconds: list[float] = reply["seconds"]
        return statistics.median(seconds)

    def start(self) -> None:
        """Wait until the data are read, and fit once, cold."""
        self.turns.version = self.answer()["version"]
        self.turns.first = self.fit(1)

    def turn(self) -> None:
        shortest = min([self.turns.first, *self.turns.seconds])
        self.turns.seconds.append(self.fit(max(1, min(10, int(self.span / shortest)))))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.errors.close()
