"""Estimation results in files: what ``estimates save`` writes and ``estimates use`` reads.

A file is JSON: a mark of the format, its version, and a list of sets of results, each with its
scalars, macros and matrices.  Doubles are written so that they read back as the same numbers; the
estimation sample is not kept.  Files written by Stata are in a format of their own and are refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from statalike.errors import StataError, file_not_found
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results

MARK = "statalike estimates"
VERSION = 1


def read_estimates(path: Path) -> list[Results]:
    """All sets of results in a file; r(601) without the file, r(610) when it is no such file."""
    if not path.is_file():
        raise file_not_found(str(path))
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != MARK or content["version"] > VERSION:
            raise ValueError
        return [_results(each) for each in content["estimates"]]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        raise StataError(
            610,
            f"file {path} not in the format of estimates save",
            hint="files written by Stata itself cannot be read",
        ) from None


def write_estimates(path: Path, sets: list[Results]) -> None:
    """Write sets of results, in the place of what was there; r(603) when that is not possible."""
    content = {"format": MARK, "version": VERSION, "estimates": [_plain(each) for each in sets]}
    try:
        path.write_text(json.dumps(content), encoding="utf-8")
    except OSError:
        raise StataError(603, f"file {path} could not be opened") from None


def _plain(results: Results) -> dict[str, Any]:
    return {
        "scalars": {name: float(value) for name, value in results.scalars.items()},
        "macros": dict(results.macros),
        "matrices": {
            name: {
                "values": matrix.values.tolist(),
                "rows": [[*stripe] for stripe in matrix.rows],
                "columns": [[*stripe] for stripe in matrix.columns],
            }
            for name, matrix in results.matrices.items()
        },
    }


def _results(content: dict[str, Any]) -> Results:
    matrices = {}
    for name, matrix in content["matrices"].items():
        rows = tuple(Stripe(*stripe) for stripe in matrix["rows"])
        columns = tuple(Stripe(*stripe) for stripe in matrix["columns"])
        values = np.array(matrix["values"], dtype=float).reshape(len(rows), len(columns))
        matrices[name] = NamedMatrix(values, rows, columns)
    return Results(dict(content["scalars"]), dict(content["macros"]), matrices)
