"""How long statalike takes to start: until it has done nothing and ended, and to its prompt.

    python -m benchmarks.startup [--times 10] [--imports 12]

Each start is a process of its own; the files are in the system's cache after the first, which
is reported apart.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pexpect

TARGET = 0.35

# What a terminal is sent when the prompt starts to take keys (bracketed paste on).
PROMPT_IS_READY = "\x1b[?2004h"


def program() -> list[str]:
    """The installed command of this environment, or the module when it isn't installed."""
    beside = Path(sys.executable).with_name("statalike")
    found = str(beside) if beside.exists() else shutil.which("statalike")
    return [found] if found else [sys.executable, "-m", "statalike"]


def seconds_to_run(command: Sequence[str]) -> float:
    """Seconds until the command has run and ended; raises CalledProcessError if it failed."""
    start = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def seconds_to_prompt() -> float:
    """Seconds until the program, in a terminal, is ready for a key."""
    command, *arguments = program()
    environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
    start = time.perf_counter()
    child = pexpect.spawn(command, arguments, env=environment, encoding="utf-8", timeout=30)
    try:
        child.expect_exact(PROMPT_IS_READY)
        return time.perf_counter() - start
    finally:
        child.close(force=True)


def report(name: str, measure: Callable[[], float], times: int) -> None:
    try:
        first = measure()
        seconds = [measure() for _ in range(times)]
    except (subprocess.CalledProcessError, pexpect.ExceptionPexpect) as failure:
        print(f"{name:24} failed: {str(failure).splitlines()[0]}")
        return
    median = statistics.median(seconds)
    verdict = "within" if median <= TARGET else "over"
    print(
        f"{name:24} median {median:.3f}  fastest {min(seconds):.3f}  slowest {max(seconds):.3f}"
        f"  first {first:.3f}  ({verdict} {TARGET} s)"
    )


def slowest_imports(number: int) -> list[tuple[float, str]]:
    """(seconds of the module alone, name) of the modules that cost most at the start."""
    command = [sys.executable, "-X", "importtime", "-c", "from statalike.cli import main"]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    found = []
    for line in finished.stderr.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[0].strip().isdigit():
            found.append((int(parts[0]) / 1e6, parts[2].strip()))
    return sorted(found, reverse=True)[:number]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the start of statalike.")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--imports", type=int, default=0, help="also list the slowest imports")
    options = parser.parse_args(arguments)
    commands = {
        "python -c ''": [sys.executable, "-c", ""],
        "statalike --version": [*program(), "--version"],
        "statalike -e exit": [*program(), "-e", "exit"],
    }
    for name, command in commands.items():
        report(name, partial(seconds_to_run, command), options.times)
    report("statalike, to the prompt", seconds_to_prompt, options.times)
    for seconds, name in slowest_imports(options.imports) if options.imports else []:
        print(f"{seconds * 1000:8.1f} ms  {name}")


if __name__ == "__main__":
    main()
