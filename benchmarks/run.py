"""Times the programs side by side on the workloads, and writes the table.

    python -m benchmarks.run [--rounds 5] [--size s --size m] [--programs ...] [NAME ...]

Every program has a process of its own with the data in memory.  In a round each program fits in
its turn, so that whatever else the machine does falls on all of them; ratios are medians of the
ratios within a round.  A fit counts only at the same or a better log likelihood.
"""

import argparse
import datetime
import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from benchmarks.generalized_workloads import GeneralizedWorkload
from benchmarks.linear_workloads import SIZES
from benchmarks.turns import ROOT, Failure, Program, Turns
from benchmarks.workloads import KINDS, WORKLOADS, AnyWorkload, write

RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "benchmarks" / "README.md"
TABLE_BEGINS, TABLE_ENDS = "<!-- {} table -->", "<!-- end of {} table -->"

PEERS_PYTHON = os.environ.get("BENCH_PYTHON", "/tmp/venv-bench/bin/python")

# What the program `statalike` sets for itself.
ONE_THREAD = ["env", "OPENBLAS_NUM_THREADS=1"]

COMMANDS: dict[str, list[str]] = {
    "statalike": [*ONE_THREAD, sys.executable, "-m", "benchmarks.statalike_fits", "command"],
    "engine": [*ONE_THREAD, sys.executable, "-m", "benchmarks.statalike_fits", "engine"],
    "glmm": [PEERS_PYTHON, "-m", "benchmarks.peers", "glmm"],
    "lme4": ["Rscript", "--vanilla", "benchmarks/peers.R", "lme4"],
    "nlme": ["Rscript", "--vanilla", "benchmarks/peers.R", "nlme"],
    "glmmTMB": ["Rscript", "--vanilla", "benchmarks/peers.R", "glmmTMB"],
    "gpboost": [PEERS_PYTHON, "-m", "benchmarks.peers", "gpboost"],
    "GLMMadaptive": ["Rscript", "--vanilla", "benchmarks/peers.R", "GLMMadaptive"],
    "ordinal": ["Rscript", "--vanilla", "benchmarks/peers.R", "ordinal"],
    "mixedlm": [PEERS_PYTHON, "-m", "benchmarks.peers", "mixedlm"],
    "statsmodels": [PEERS_PYTHON, "-m", "benchmarks.peers", "statsmodels"],
    "lmerTest": ["Rscript", "--vanilla", "benchmarks/peers.R", "lmerTest"],
    "pbkrtest": ["Rscript", "--vanilla", "benchmarks/peers.R", "pbkrtest"],
    "WeMix": ["Rscript", "--vanilla", "benchmarks/peers.R", "WeMix"],
}
OWN = ("statalike", "engine")
# The programs that have weights at every level, autoregressive residuals, degrees of freedom.
WEIGHTED = ("WeMix",)
AUTOREGRESSIVE = ("nlme", "glmmTMB")
BY_DF_METHOD = {
    "satterthwaite": ("glmm", "mixedlm", "lmerTest"),
    "kroger": ("mixedlm", "pbkrtest"),
}
# Those that are timed on nothing else.
SPECIAL = ("WeMix", "lmerTest", "pbkrtest", "gpboost", "GLMMadaptive", "ordinal")
RIVALS = (
    "lme4",
    "nlme",
    "glmm",
    "gpboost",
    "glmmTMB",
    "GLMMadaptive",
    "ordinal",
    "lmerTest",
    "pbkrtest",
)

LOG_LIKELIHOOD_TOLERANCE = 1e-4
# Quadrature about posterior modes gives another number than that about means.
RELATIVE_TOLERANCE = 2e-6


def generalized_peers(workload: GeneralizedWorkload) -> tuple[str, ...]:
    """The programs that fit the same approximation of the same model."""
    if workload.family in ("weibull", "tobit"):
        return ("GLMMadaptive",)
    if workload.family == "ordinal":
        return ("ordinal",)
    if workload.points == 1:
        peers = ("glmm", "glmmTMB", *(("gpboost",) if workload.slope is None else ()))
        return peers if workload.family == "negative binomial" else (*peers, "lme4")
    scalar = workload.slope is None and workload.family != "negative binomial"
    return ("glmm", "GLMMadaptive", *(("lme4",) if scalar else ()))


def able(workload: AnyWorkload, programs: Sequence[str]) -> list[str]:
    """Those of the programs that can fit the workload."""
    if isinstance(workload, GeneralizedWorkload):
        peers = generalized_peers(workload)
        return [name for name in programs if name in OWN or name in peers]
    others = [name for name in programs if name not in OWN and name not in SPECIAL]
    if workload.df_method:
        others = list(BY_DF_METHOD[workload.df_method])
    elif workload.time:
        others = list(AUTOREGRESSIVE)
    elif workload.weights:
        others = list(WEIGHTED)
    return [name for name in programs if name in OWN or name in others]


def take_turns(
    workload: AnyWorkload, programs: Sequence[str], rounds: int, limit: float, patience: float
) -> list[Turns]:
    """Start every program, let it fit once, then go round.

    A program whose first fit took longer than ``patience`` seconds has only that one.
    """
    records: list[Turns] = []
    going: list[Program] = []

    def failed(program: Program, failure: Failure) -> None:
        program.turns.failure = str(failure)
        program.end()

    for name in programs:
        try:
            program = Program(name, COMMANDS[name], workload, limit)
        except Failure as failure:
            records.append(Turns(name, failure=str(failure)))
            continue
        records.append(program.turns)
        try:
            program.start()
        except Failure as failure:
            failed(program, failure)
            continue
        if program.turns.first > patience:
            program.end()
        else:
            going.append(program)
    for number in range(rounds):
        first = number % len(going) if going else 0
        for program in going[first:] + going[:first]:
            if program.turns.failure:
                continue
            try:
                program.turn()
            except Failure as failure:
                failed(program, failure)
    for program in going:
        program.end()
    return records


def best_log_likelihood(records: Iterable[Turns]) -> float:
    found = [turns.log_likelihood for turns in records if not turns.failure]
    return max((value for value in found if not math.isnan(value)), default=math.nan)


def counts(turns: Turns, best: float) -> bool:
    """Whether the program fitted, and as well as the best."""
    tolerance = max(LOG_LIKELIHOOD_TOLERANCE, RELATIVE_TOLERANCE * abs(best))
    return not turns.failure and turns.log_likelihood >= best - tolerance


def ratio(own: Turns, rival: Turns) -> float:
    """The program's seconds over the rival's: median over the rounds both had."""
    rounds = list(zip(own.seconds, rival.seconds, strict=False))
    if not rounds:
        return own.median / rival.median
    return statistics.median(mine / theirs for mine, theirs in rounds)


def shown(number: float) -> str:
    return "" if math.isnan(number) else f"{number:#.3g}".rstrip(".")


def cell(turns: Turns | None, best: float) -> str:
    if turns is None:
        return ""
    if turns.failure:
        return "failed"
    if not counts(turns, best):
        return f"worse fit ({shown(turns.median)})"
    return shown(turns.median)


def table(results: dict[str, list[Turns]], programs: Sequence[str]) -> str:
    """The results in Markdown: a row a workload, a column a program, then the ratios."""
    own = [name for name in OWN if name in programs]
    pairs = [(mine, rival) for mine in own for rival in RIVALS if rival in programs]
    header = ["workload", "command", "observations", "groups", "log likelihood"]
    header += [*programs, *(f"{mine} / {rival}" for mine, rival in pairs)]
    numeric = len(header) - 2
    lines = ["| " + " | ".join(header) + " |", "|---|---|" + "---:|" * numeric]
    for name, records in results.items():
        workload = WORKLOADS[name]
        groups = pd.read_stata(workload.dta, columns=list(workload.groups))
        best = best_log_likelihood(records)
        by_program = {turns.program: turns for turns in records}
        row = [name, f"`{workload.command.replace('|', chr(92) + '|')}`", f"{len(groups):,}"]
        row.append(" / ".join(f"{groups[group].nunique():,}" for group in workload.groups))
        row.append(f"{best:.4f}")
        row += [cell(by_program.get(program), best) for program in programs]
        for mine, rival in pairs:
            both = [by_program[name] for name in (mine, rival) if name in by_program]
            fair = len(both) == 2 and all(counts(turns, best) for turns in both)
            row.append(shown(ratio(both[0], both[1])) if fair else "")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def remarks(results: dict[str, list[Turns]]) -> str:
    """Versions, machine, and what went wrong."""
    versions: dict[str, str] = {}
    lines = []
    for name, records in results.items():
        for turns in records:
            if turns.version:
                versions[turns.program] = turns.version
            if turns.failure or turns.note:
                what = (turns.failure or turns.note).splitlines()[0]
                lines.append(f"- {name}, {turns.program}: {what}")
    listed = ", ".join(f"{program} {version}" for program, version in versions.items())
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    date = datetime.date.today().isoformat()
    return "\n".join([f"Seconds, {date}; {machine}; {listed}.", "", *lines]).rstrip()


def put_into_readme(name: str, text: str, readme: Path = README) -> None:
    """Put the table of that name, between its two marks, into the page."""
    begins, ends = TABLE_BEGINS.format(name), TABLE_ENDS.format(name)
    before, rest = readme.read_text(encoding="utf-8").split(begins)
    after = rest.split(ends)[1]
    readme.write_text(f"{before}{begins}\n\n{text}\n\n{ends}{after}", encoding="utf-8")


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description="Time mixed-model programs side by side.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads (default: by size)")
    parser.add_argument("--kind", choices=KINDS, default="linear", help="which workloads")
    parser.add_argument("--size", action="append", choices=SIZES, help="default: s and m")
    parser.add_argument("--programs", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=300, help="seconds a turn may last")
    parser.add_argument(
        "--patience", type=float, default=20, help="a longer first fit (seconds) isn't repeated"
    )
    parser.add_argument("--results", type=Path, metavar="STEM", help="default: by kind")
    parser.add_argument(
        "--readme", metavar="TABLE", help="put it into README.md as the table of that name"
    )
    options = parser.parse_args(arguments)
    sizes = options.size or ["s", "m"]
    if not options.names:
        options.names = [name for name in KINDS[options.kind] if name.split("_")[2] in sizes]
    options.results = options.results or RESULTS / options.kind
    unknown = set(options.names) - set(WORKLOADS)
    if unknown:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    options = arguments_of(arguments)
    results: dict[str, list[Turns]] = {}
    options.results.parent.mkdir(parents=True, exist_ok=True)
    for name in options.names:
        workload = WORKLOADS[name]
        write(workload.data)
        records = take_turns(
            workload,
            able(workload, options.programs),
            options.rounds,
            options.limit,
            options.patience,
        )
        results[name] = records
        best = best_log_likelihood(records)
        for turns in records:
            said = turns.failure.splitlines()[0] if turns.failure else cell(turns, best)
            print(f"{name:14} {turns.program:12} {said}", flush=True)
        raw = {key: [asdict(turns) for turns in value] for key, value in results.items()}
        options.results.with_suffix(".json").write_text(json.dumps(raw, indent=1))
    text = f"{table(results, options.programs)}\n\n{remarks(results)}"
    options.results.with_suffix(".md").write_text(text + "\n", encoding="utf-8")
    if options.readme:
        put_into_readme(options.readme, text)
    print(f"\n{text}")


if __name__ == "__main__":
    main()
