"""Reading a .dta file of a million rows and eleven columns: statalike and the other readers.

    python -m benchmarks.dta_reading [--rows 1000000] [--rounds 5]

The floor is the file's bytes read into one array.  The readers take turns; the file is in the
system's cache.  A reader's array of the outcome is compared with what was written.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyreadstat

from benchmarks.linear_workloads import DIRECTORY
from statalike.data.dta import read_dta

Outcome = npt.NDArray[np.float64]


def written(rows: int, directory: Path = DIRECTORY) -> tuple[Path, Outcome]:
    """A file with every numeric storage type and a string, and its outcome variable."""
    generator = np.random.default_rng(11)
    outcome = generator.standard_normal(rows)
    path = directory / f"reading_{rows}.dta"
    if not path.exists():
        names = np.array(["north", "south", "east", "west"])
        data = pd.DataFrame(
            {
                "id": np.arange(1, rows + 1, dtype=np.int32),
                "school": (np.arange(rows) // 25 + 1).astype(np.int32),
                "y": outcome,
                "x1": generator.standard_normal(rows),
                "x2": generator.standard_normal(rows),
                "x3": generator.standard_normal(rows).astype(np.float32),
                "x4": generator.standard_normal(rows).astype(np.float32),
                "age": generator.integers(18, 90, rows).astype(np.int8),
                "female": generator.integers(0, 2, rows).astype(np.int8),
                "year": generator.integers(1990, 2024, rows).astype(np.int16),
                "region": names[generator.integers(0, 4, rows)],
            }
        )
        directory.mkdir(parents=True, exist_ok=True)
        data.to_stata(path, write_index=False, version=118)
    return path, outcome


def the_bytes(path: Path) -> None:
    np.fromfile(path, dtype=np.uint8)


def one_variable(path: Path) -> Outcome:
    """The file read, and one variable as a computation takes it."""
    return read_dta(path).numbers("y")


def every_variable(path: Path) -> Outcome:
    """The file read, and every variable as a computation takes it: nothing is left for later."""
    dataset = read_dta(path)
    for variable in dataset.variables.values():
        if variable.is_numeric:
            variable.numbers()
        else:
            np.ascontiguousarray(variable.values)
    return dataset.numbers("y")


def pandas(path: Path) -> Outcome:
    return pd.read_stata(path)["y"].to_numpy(dtype=np.float64)


def readstat(path: Path) -> Outcome:
    data, _ = pyreadstat.read_dta(path)
    values: Outcome = data["y"].to_numpy()
    return values


READERS: dict[str, Callable[[Path], Outcome | None]] = {
    "bytes (numpy.fromfile)": the_bytes,
    "statalike, one variable used": one_variable,
    "statalike, every variable used": every_variable,
    "pandas.read_stata": pandas,
    "pyreadstat.read_dta": readstat,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the readers of .dta files.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    path, outcome = written(options.rows)
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    failures: dict[str, str] = {}
    for round_number in range(options.rounds + 1):
        for name, read in READERS.items():
            if name in failures:
                continue
            start = time.perf_counter()
            try:
                values = read(path)
            except Exception as error:
                failures[name] = f"{type(error).__name__}: {error}"
                continue
            elapsed = time.perf_counter() - start
            if values is not None and not np.array_equal(values, outcome):
                failures[name] = "read other values than were written"
            if round_number:
                seconds[name].append(elapsed)
    floor = statistics.median(seconds["bytes (numpy.fromfile)"])
    print(f"{path}: {options.rows:,} rows, {path.stat().st_size / 2**20:.1f} MiB")
    print("\n| reader | seconds | times the bytes |\n|---|---:|---:|")
    for name in READERS:
        if name in failures:
            print(f"| {name} | failed: {failures[name]} | |")
        else:
            median = statistics.median(seconds[name])
            print(f"| {name} | {median:.4f} | {median / floor:.1f} |")


if __name__ == "__main__":
    main()
