"""statalike on one workload, fitting in turns: the whole command, or its engine alone.

``python -m benchmarks.statalike_fits command WORKLOAD`` types the ``mixed`` command at a session
that has the data in memory; timed is everything from parsing the line to the last character of
the table, which is kept from the terminal.  ``engine`` in place of ``command`` times the fit from
arrays: outcome, design matrices, integer group codes.  Both are started by `benchmarks.run`.
"""

import contextlib
import importlib
import io
import sys
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.linear_workloads import WORKLOADS, Workload
from benchmarks.turns import Fit, serve
from statalike import __version__
from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.linear.crossed_fit import fit_crossed_effects_model
from statalike.engine.linear.crossed_model import (
    CrossedEffectsModel,
    CrossedLevel,
    RandomFactor,
)
from statalike.engine.linear.fit import Method, fit_linear_mixed_model
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects


def command(workload: Workload) -> Fit:
    """The command at a session that has read the data."""
    session = importlib.import_module("statalike").Session()
    with contextlib.redirect_stdout(io.StringIO()):
        session.run(f'use "{workload.dta}", clear')

    def fit() -> float:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            session.run(workload.command)
        return float(session.e["ll"])

    return fit


Arrays = dict[str, np.ndarray]


def columns_of(data: pd.DataFrame) -> Arrays:
    return {str(name): data[name].to_numpy(dtype=np.float64) for name in data}


def design(columns: Arrays, names: tuple[str, ...]) -> np.ndarray:
    """A design matrix; the constant is the last column of every design, as in Stata."""
    ones = np.ones(len(columns["y"]))
    return np.asfortranarray(np.column_stack([*(columns[name] for name in names), ones]))


def nested_model_of(workload: Workload, data: pd.DataFrame) -> LinearMixedModel:
    """The arrays of a workload with nested levels."""
    columns = columns_of(data)

    def level(group: str, slope: str | None) -> Level:
        structure = Unstructured(2) if slope else Identity(1)
        effects = RandomEffects(design(columns, (slope,) if slope else ()), structure)
        return Level(columns[group].astype(np.int64), (effects,))

    *outer, inner = workload.groups
    levels = [*(level(group, None) for group in outer), level(inner, workload.slope)]
    return LinearMixedModel(columns["y"], design(columns, workload.fixed), tuple(levels))


def crossed_model_of(workload: Workload, data: pd.DataFrame) -> CrossedEffectsModel:
    """The arrays of crossed random intercepts, the innermost as a level of its own."""
    columns = columns_of(data)
    *factors, inner = (columns[group].astype(np.int64) - 1 for group in workload.groups)
    everything = np.zeros(len(data), dtype=np.int64)
    effects = tuple(RandomFactor(codes, Identity(int(codes.max()) + 1)) for codes in factors)
    intercept = RandomEffects(design(columns, ()), Identity(1))
    levels = CrossedLevel(everything, effects), CrossedLevel(inner, (intercept,))
    return CrossedEffectsModel(columns["y"], design(columns, workload.fixed), levels)


def engine(workload: Workload) -> Fit:
    """The fit with standard errors, from arrays."""
    data = pd.read_stata(workload.dta)
    method: Method = "reml" if workload.restricted else "ml"
    fitted = (
        partial(fit_crossed_effects_model, crossed_model_of(workload, data), method)
        if workload.crossed
        else partial(fit_linear_mixed_model, nested_model_of(workload, data), method)
    )

    def fit() -> float:
        result = fitted()
        if not result.converged:
            raise RuntimeError("not converged")
        return float(result.log_likelihood)

    return fit


PARTS = {"command": command, "engine": engine}


def main() -> None:
    part, name = sys.argv[1], sys.argv[2]
    serve(__version__, PARTS[part](WORKLOADS[name]))


if __name__ == "__main__":
    main()
