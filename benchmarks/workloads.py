"""All workloads, and their data sets.

Run as a program, writes the data sets as ``NAME.dta`` and ``NAME.csv`` (same digits) for the
programs that are compared::

    python -m benchmarks.workloads [--directory DIR] [NAME ...]

A data set is always the same: its generator is seeded with the CRC-32 of its name.
"""

import argparse
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import generalized_workloads, linear_workloads
from benchmarks.generalized_workloads import GeneralizedWorkload
from benchmarks.linear_workloads import DIRECTORY, Workload

AnyWorkload = Workload | GeneralizedWorkload

KINDS: dict[str, dict[str, AnyWorkload]] = {
    "linear": {**linear_workloads.WORKLOADS},
    "generalized": {**generalized_workloads.WORKLOADS},
}
WORKLOADS = {name: one for kind in KINDS.values() for name, one in kind.items()}
GENERATORS = {**linear_workloads.GENERATORS, **generalized_workloads.GENERATORS}


def generate(name: str) -> pd.DataFrame:
    """The data set of that name, all columns double."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    return pd.DataFrame(GENERATORS[name](generator))


def write(name: str, directory: Path = DIRECTORY, again: bool = False) -> None:
    """Write ``name``.dta and ``name``.csv into ``directory``, unless both are there already."""
    dta, csv = directory / f"{name}.dta", directory / f"{name}.csv"
    if dta.exists() and csv.exists() and not again:
        return
    directory.mkdir(parents=True, exist_ok=True)
    data = generate(name)
    data.to_stata(dta, write_index=False, version=118)
    data.to_csv(csv, index=False)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Write the data sets of the workloads.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(GENERATORS))
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    parser.add_argument("--again", action="store_true", help="write files that exist already too")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(GENERATORS)
    if unknown:
        parser.error(f"no such data set: {', '.join(sorted(unknown))}")
    for name in options.names or GENERATORS:
        write(name, options.directory, options.again)
        print(name, flush=True)


if __name__ == "__main__":
    main()
