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

import numpy as np
import pandas as pd

from benchmarks.linear_workloads import WORKLOADS, Workload
from benchmarks.turns import Fit, serve
from statalike import __version__
from statalike.engine.covariance import Identity, Unstructured
from statalike.engine.linear.fit import fit_linear_mixed_model
from statalike.engine.linear.model import Level, LinearMixedModel, RandomEffects
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.linear.small_sample import small_sample_inference
from statalike.engine.residual_structures import AutoregressiveResiduals


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


def model_of(workload: Workload, data: pd.DataFrame) -> LinearMixedModel:
    """The workload's arrays; the constant is the last column of every design, as in Stata."""
    ones = np.ones(len(data))
    columns = {name: data[name].to_numpy(dtype=np.float64) for name in data}

    def design(names: tuple[str, ...]) -> np.ndarray:
        return np.asfortranarray(np.column_stack([*(columns[name] for name in names), ones]))

    def level(group: str, slope: str | None) -> Level:
        structure = Unstructured(2) if slope else Identity(1)
        effects = RandomEffects(design((slope,) if slope else ()), structure)
        return Level(columns[group].astype(np.int64), (effects,))

    *outer, inner = workload.groups
    levels = [*(level(group, None) for group in outer), level(inner, workload.slope)]
    errors = None
    if workload.time:
        family = ResidualFamily(AutoregressiveResiduals(1))
        groups = tuple(one.groups for one in levels)
        errors = ResidualErrors(family, groups, columns[workload.time])
    return LinearMixedModel(columns["y"], design(workload.fixed), tuple(levels), errors)


def engine(workload: Workload) -> Fit:
    """The fit with standard errors, and degrees of freedom if they are wanted, from arrays."""
    model = model_of(workload, pd.read_stata(workload.dta))

    def fit() -> float:
        result = fit_linear_mixed_model(model, "reml" if workload.restricted else "ml")
        if not result.converged:
            raise RuntimeError("not converged")
        if workload.df_method:
            inference = small_sample_inference(
                model,
                result.covariances,
                result.residual_variance,
                likelihood=result.likelihood,
            )
            inference.degrees_of_freedom(np.eye(len(result.coefficients)))
        return float(result.log_likelihood)

    return fit


PARTS = {"command": command, "engine": engine}


def main() -> None:
    part, name = sys.argv[1], sys.argv[2]
    serve(__version__, PARTS[part](WORKLOADS[name]))


if __name__ == "__main__":
    main()
