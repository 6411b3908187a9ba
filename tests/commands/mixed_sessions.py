"""Simulated multilevel data in a session, and the model in e() as dense matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.data.storage import storage_type
from statalike.output.console import Console
from statalike.output.sinks import Capture
from statalike.session import Session


def with_data(**columns: Sequence[float] | Sequence[str] | np.ndarray) -> Session:
    """A session whose dataset has these variables, doubles or str8."""
    session = Session(Console(Capture()))
    for name, values in columns.items():
        text = isinstance(values[0], str)
        session.state.data.add(name, np.asarray(values), storage_type("str8" if text else "double"))
    return session


def pupils(seed: int = 7, *, shuffled: bool = True) -> Session:
    """Pupils in schools in regions; school numbers begin again in each region.

    ``y`` has random intercepts of region and school and a random slope of ``x`` in schools;
    ``a`` is 1, 2 or 3, ``b`` 0 or 1, and ``name`` a school's name as text.
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, float]] = []
    for region in range(1, 7):
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
        + rng.normal(size=6)[region.astype(int) - 1]
        + 1.2 * rng.normal(size=30)[code]
        + 0.8 * rng.normal(size=30)[code] * x
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
        inverse = np.linalg.inv(self.V)
        covariance = np.linalg.inv(self.X.T @ inverse @ self.X)
        return covariance @ self.X.T @ inverse @ self.y, covariance

    def log_likelihood(self, *, restricted: bool = False) -> float:
        """The (restricted) likelihood at the generalised least-squares coefficients."""
        b, covariance = self.coefficients()
        residual = self.y - self.X @ b
        n = len(self.y) - (self.X.shape[1] if restricted else 0)
        value = n * np.log(2 * np.pi) + np.linalg.slogdet(self.V)[1]
        value += residual @ np.linalg.solve(self.V, residual)
        if restricted:
            value -= np.linalg.slogdet(covariance)[1]
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
