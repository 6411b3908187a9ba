"""``vce()`` and its old spellings ``robust`` and ``cluster()``: which variances are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from statalike.data.dataset import Dataset
from statalike.design.groups import group_codes
from statalike.errors import StataError

REFUSED = ("bootstrap", "jackknife", "opg")


@dataclass(frozen=True)
class VarianceEstimator:
    """``kind`` is model-based (``oim``, ``ols``, ``opg``), ``robust``, ``hc2``, ``hc3`` or
    ``cluster``; ``cluster`` the variable of the last.
    """

    kind: str
    cluster: str = ""

    @property
    def robust(self) -> bool:
        return self.kind not in ("oim", "ols", "opg")


def requested_variance(
    options: Mapping[str, Any], data: Dataset, kinds: Sequence[str] = ("oim",)
) -> VarianceEstimator:
    """What the options ask for; r(198), r(111).

    ``kinds`` are those that the command has besides ``robust`` and ``cluster``, its default first.
    """
    requests: list[VarianceEstimator] = []
    if options.get("vce") is not None:
        requests.append(_read(str(options["vce"]), data, kinds))
    if options.get("cluster") is not None:
        requests.append(_clustered(str(options["cluster"]).split(), data))
    elif options.get("robust"):
        requests.append(VarianceEstimator("robust"))
    if len(set(requests)) > 1:
        raise StataError(198, "options vce() and robust or cluster() may not be combined")
    return requests[0] if requests else VarianceEstimator(kinds[0])


def _read(text: str, data: Dataset, kinds: Sequence[str]) -> VarianceEstimator:
    typed, *rest = text.split() or [""]
    if typed in kinds and not rest:
        return VarianceEstimator(typed)
    if typed and "robust".startswith(typed) and not rest:
        return VarianceEstimator("robust")
    if len(typed) >= 2 and "cluster".startswith(typed):
        return _clustered(rest, data)
    known = bool(typed) and any(name.startswith(typed) for name in REFUSED)
    raise StataError(
        198, f"vcetype {text.strip()} {'not yet supported' if known else 'not allowed'}"
    )


def _clustered(names: Sequence[str], data: Dataset) -> VarianceEstimator:
    if len(names) != 1:
        raise StataError(198, "vce(cluster clustvar) requires one variable")
    return VarianceEstimator("cluster", data.unabbreviate(names[0]))


def cluster_codes(
    data: Dataset, variable: str, rows: np.ndarray, highest: np.ndarray
) -> np.ndarray:
    """The cluster (G,), numbered from 0, of each highest-level group; r(459).

    ``highest`` (n,) are the groups of the chosen rows; each must lie within one cluster.
    """
    codes = np.unique(group_codes(data, variable, rows), return_inverse=True)[1].ravel()
    clusters = np.zeros(int(highest.max()) + 1, dtype=np.intp)
    clusters[highest] = codes
    if np.any(clusters[highest] != codes):
        raise StataError(459, f"highest-level groups are not nested within {variable}")
    return clusters
