"""Times statalike's nonlinear engine and nlme side by side, in turns as in `benchmarks.run`.

python -m benchmarks.nonlinear_run [--rounds 5] [NAME ...]
"""

import argparse
import statistics
import sys

from benchmarks.nonlinear_workloads import WORKLOADS, NonlinearWorkload, write
from benchmarks.run import ONE_THREAD, shown
from benchmarks.turns import Failure, Program

COMMANDS = {
    "engine": [*ONE_THREAD, sys.executable, "-m", "benchmarks.nonlinear_workloads"],
    "nlme": ["Rscript", "--vanilla", "benchmarks/nonlinear.R"],
}


def take_turns(workload: NonlinearWorkload, rounds: int) -> str:
    """Fit in turns; the workload's row of the table."""
    write(workload)
    programs = [Program(name, command, workload, 300.0) for name, command in COMMANDS.items()]
    row = [workload.name]
    try:
        for program in programs:
            program.start()
        for number in range(rounds):
            for program in programs[:: 1 if number % 2 else -1]:
                program.turn()
    except Failure as failure:
        row.append(f"failed: {failure}")
    for program in programs:
        program.end()
    own, rival = (program.turns for program in programs)
    pairs = list(zip(own.seconds, rival.seconds, strict=False))
    row += [f"{own.log_likelihood:.4f}", f"{rival.log_likelihood:.4f}"]
    row += [shown(own.median), shown(rival.median)]
    if pairs:
        row.append(shown(statistics.median(theirs / mine for mine, theirs in pairs)))
    return "| " + " | ".join(row) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nonlinear_run")
    parser.add_argument("names", nargs="*", default=list(WORKLOADS), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| workload | log likelihood | of nlme | engine | nlme | nlme / engine |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in options.names:
        print(take_turns(WORKLOADS[name], options.rounds), flush=True)


if __name__ == "__main__":
    main()
