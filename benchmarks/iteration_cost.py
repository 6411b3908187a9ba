"""What one evaluation of the likelihood costs as observations are added to the same groups.

    python -m benchmarks.iteration_cost [--groups 1000] [--largest 1000000]

The model is the random slope of `linear_workloads`, by ML.  Data are reduced to cross-products
once; an evaluation after that should cost the same whatever the number of observations.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.linear_workloads import WORKLOADS, random_slope
from benchmarks.statalike_fits import nested_model_of
from statalike.engine.linear.cross_products import reduce_to_cross_products
from statalike.engine.linear.likelihood import LinearLikelihood

MEMBERS = (3, 10, 30, 100, 300, 1_000)

# Anywhere inside the parameter space: two variances and a covariance, in working units.
PARAMETERS = np.array([0.5, 0.5, 0.1])


def median_seconds(work: Callable[[], object], span: float = 0.3) -> float:
    """Median seconds of a piece of work, done for about ``span`` seconds and at least 5 times."""
    work()
    seconds: list[float] = []
    while len(seconds) < 5 or sum(seconds) < span:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def row(groups: int, members: int) -> str:
    """One row of the table: the costs with so many members in every group."""
    data = pd.DataFrame(random_slope(np.random.default_rng(7), groups, members))
    model = nested_model_of(WORKLOADS["lmm_rs_s_ml"], data)
    reduction = median_seconds(partial(reduce_to_cross_products, model))
    likelihood = LinearLikelihood(reduce_to_cross_products(model), restricted=False)
    value = median_seconds(partial(likelihood.evaluate, PARAMETERS, 0))
    derivatives = median_seconds(partial(likelihood.evaluate, PARAMETERS, 2))
    return (
        f"| {groups:,} | {groups * members:,} | {reduction:.5f} | {value:.6f} | {derivatives:.6f} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time one evaluation of the likelihood.")
    parser.add_argument("--groups", type=int, default=1_000)
    parser.add_argument("--largest", type=int, default=1_000_000, help="most observations")
    options = parser.parse_args(arguments)
    print("| groups | observations | reduction, s | value, s | value, gradient and Hessian, s |")
    print("|---:|---:|---:|---:|---:|")
    for members in MEMBERS:
        if members * options.groups <= options.largest:
            print(row(options.groups, members), flush=True)


if __name__ == "__main__":
    main()
