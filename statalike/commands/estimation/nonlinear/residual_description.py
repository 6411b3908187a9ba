"""The residuals of ``menl``: what the data make of a request, its names in e(), the engine's view.

Residual parameters stand in e(b) under ``/Residual`` after ``lnsigma``: ``delta`` and ``ln_cons``
of a power function, ``gamma`` of an exponential one, ``lndelta#`` the logarithm of the standard
deviation of kind # relative to the first, ``athcorr`` a correlation, ``corr`` that of CTAR1, and
``phi#`` and ``theta#`` of higher-order processes.  Strata and by-levels are numbered after ``_``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from statalike.commands.estimation.nonlinear.residual_request import MEAN, ResidualRequest
from statalike.commands.estimation.residual_structure import named_structure, observed_lags
from statalike.data.dataset import Dataset
from statalike.data.formats import format_value
from statalike.design.groups import group_codes
from statalike.engine.nested_groups import nested_groups
from statalike.engine.nonlinear.residuals import (
    ConstantVariance,
    DistinctVariances,
    ExponentialVariance,
    LinearVariance,
    NonlinearResidualParameter,
    PowerVariance,
    ResidualCorrelation,
    ResidualModel,
    Strata,
    VarianceFunction,
)
from statalike.engine.residual_structures import (
    ResidualStructure,
)
from statalike.errors import StataError
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results

_PREFIX = "res_"


@dataclass(frozen=True)
class ResidualDescription:
    """The residual structure of a model, settled on an estimation sample.

    ``kind_variable`` separates the variances of the function ``distinct``, by index or by-level
    (then ``kinds_by``).  ``levels`` are those of the index of banded and unstructured correlations
    and the observed lags of Toeplitz ones; ``unit`` is a typical distance in time.
    """

    function: str = "identity"
    variable: str = ""
    constant: bool = True
    strata: str = ""
    strata_values: tuple[float, ...] = ()
    kind_variable: str = ""
    kind_values: tuple[float, ...] = ()
    kinds_by: bool = False
    structure: str = "identity"
    order: int = -1
    time: str = ""
    index: str = ""
    levels: tuple[float, ...] = ()
    by: str = ""
    by_values: tuple[float, ...] = ()
    group: str = ""
    unit: float = 1.0
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Whether the residuals are independent with one variance."""
        return self.function == "identity" and self.structure == "identity"

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that the residuals depend on."""
        names = (
            *("" if self.variable == MEAN else self.variable, self.strata, self.kind_variable),
            *(self.time, self.index, self.by, self.group),
        )
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def correlation_title(self) -> str:
        """``AR(1)``, ``CTAR1``, ``Exchangeable``."""
        if self.structure in ("ar", "ma"):
            return f"{self.structure.upper()}({self.order})"
        if self.structure == "ctar1":
            return "CTAR1"
        if self.structure in ("toeplitz", "banded"):
            return f"{self.structure.capitalize()}({self.order})"
        return self.structure.capitalize()

    @property
    def label(self) -> str:
        """The whole structure in a few words, for e(rstructlab)."""
        parts = []
        if self.function != "identity":
            parts.append(f"{self.function.capitalize()} {self.variable or self.kind_variable}")
        if self.structure != "identity":
            parts.append(self.correlation_title)
        return ", ".join(parts) or "Identity"

    def model(self, data: Dataset, rows: np.ndarray, codes: Sequence[np.ndarray]) -> ResidualModel:
        """The engine's residuals of the observations ``rows``, positions (n,), in the groups
        ``codes`` of every level.
        """
        return ResidualModel(self._variance(data, rows), self._correlation(data, rows, codes))

    def parameters(self) -> tuple[NonlinearResidualParameter, ...]:
        """The parameters after ``lnsigma``, in the order of e(b)."""
        nothing = np.zeros(0, dtype=np.intp)
        variance = self._function(None, nothing)
        found = list(variance.parameters)
        if self.structure != "identity":
            by = Strata(nothing, len(self.by_values)) if self.by else None
            correlation = ResidualCorrelation(self._structure(), nothing, None, by)
            found += ResidualModel(ConstantVariance(), correlation).reported_parameters
        return tuple(found)

    def names(self) -> tuple[str, ...]:
        """The names of the parameters under ``/Residual``, ``lnsigma`` first."""
        return ("lnsigma", *(self._name(parameter) for parameter in self.parameters()))

    def _name(self, parameter: NonlinearResidualParameter) -> str:
        several = self.strata if parameter.kind in ("delta", "ln_cons", "gamma") else self.by
        suffix = f"_{parameter.stratum + 1}" if several else ""
        match parameter.kind:
            case "lnsd_ratio":
                return f"lndelta{parameter.i + 1}"
            case "ar" | "ma":
                return f"{'phi' if parameter.kind == 'ar' else 'theta'}{parameter.i}{suffix}"
            case "atanhcorr" if self.structure == "toeplitz":
                return f"athcorr{parameter.i}{suffix}"
            case "atanhcorr" if self.structure in ("banded", "unstructured"):
                return f"athcorr({parameter.j},{parameter.i})"
            case "atanhcorr":
                return f"athcorr{suffix}"
        return f"{parameter.kind}{suffix}"

    # --- the engine's view ---

    def _variance(self, data: Dataset, rows: np.ndarray) -> VarianceFunction:
        covariate = None
        if self.variable and self.variable != MEAN:
            covariate = data.numbers(self.variable)[rows]
        codes = np.zeros(len(rows), dtype=np.intp)
        if self.strata:
            codes = _codes(data, self.strata, rows, self.strata_values)
        elif self.kind_variable:
            codes = _codes(data, self.kind_variable, rows, self.kind_values)
        return self._function(covariate, codes)

    def _function(self, covariate: np.ndarray | None, codes: np.ndarray) -> VarianceFunction:
        strata = Strata(codes, len(self.strata_values)) if self.strata else None
        match self.function:
            case "linear":
                return LinearVariance(np.zeros(0) if covariate is None else covariate)
            case "power":
                return PowerVariance(covariate, self.constant, strata)
            case "exponential":
                return ExponentialVariance(covariate, strata)
            case "distinct":
                return DistinctVariances(Strata(codes, len(self.kind_values)))
        return ConstantVariance()

    def _correlation(
        self, data: Dataset, rows: np.ndarray, codes: Sequence[np.ndarray]
    ) -> ResidualCorrelation | None:
        if self.structure == "identity":
            return None
        times = by = None
        if self.index:
            times = _codes(data, self.index, rows, self.levels).astype(np.float64)
        elif self.time:
            times = data.numbers(self.time)[rows]
        if self.by:
            by = Strata(_codes(data, self.by, rows, self.by_values), len(self.by_values))
        groups = lowest_groups(data, rows, codes, self.group)
        return ResidualCorrelation(self._structure(), groups, times, by)

    def _structure(self) -> ResidualStructure:
        return named_structure(self.structure, self.order, self.levels, self.unit)


def lowest_groups(
    data: Dataset, rows: np.ndarray, codes: Sequence[np.ndarray], group: str
) -> np.ndarray:
    """Codes (n,) of the groups within which residuals may be correlated.

    They are those of ``group`` nested in the random effects' lowest level, one group without both.
    """
    own = list(codes)
    if group:
        mask = np.zeros(data.n, dtype=bool)
        mask[rows] = True
        of_mask = np.zeros(data.n, dtype=np.intp)
        of_mask[mask] = group_codes(data, group, mask)
        own.append(of_mask[rows])
    if not own:
        return np.zeros(len(rows), dtype=np.intp)
    return np.asarray(nested_groups(own).innermost_group)


def describe_residuals(
    request: ResidualRequest, data: Dataset, rows: np.ndarray, codes: Sequence[np.ndarray]
) -> ResidualDescription:
    """The request on an estimation sample, positions (n,), where times and strata must suit it.

    r(451) for times or indices repeated in a group; r(459) for by-levels that vary within one,
    values that are not integers and variables that are not positive; r(198).
    """
    variance, correlation = request.variance, request.correlation
    needs_groups = correlation.structure != "identity" or variance.function == "distinct"
    if needs_groups and not codes and not request.group:
        needed = correlation.structure != "identity" or not variance.by
        if needed:
            raise StataError(198, "option group() required in a model without random effects")
    if variance.function == "linear" and np.any(data.numbers(variance.variable)[rows] <= 0.0):
        raise StataError(459, f"resvariance(): variable {variance.variable} must be positive")
    group = lowest_groups(data, rows, codes, request.group)
    order = correlation.order
    levels: tuple[float, ...] = ()
    unit = 1.0
    if correlation.index:
        levels = _levels(data, correlation.index, rows)
        _check_distinct(data, correlation.index, rows, group)
        longest = len(levels) - 1
        if order > longest:
            raise StataError(198, f"order of banded must be between 0 and {longest}")
        order = longest if correlation.structure == "banded" and order < 0 else order
    elif correlation.time:
        integer = correlation.structure != "ctar1"
        gaps = _check_distinct(data, correlation.time, rows, group, integer=integer)
        unit = float(np.median(gaps)) if len(gaps) else 1.0
        if correlation.structure == "toeplitz":
            lags = observed_lags(data.numbers(correlation.time)[rows], group)
            longest = int(lags[-1]) if len(lags) else 0
            if order > longest:
                raise StataError(198, f"order of toeplitz must be between 1 and {longest}")
            order = longest if order < 0 else order
            levels = tuple(float(lag) for lag in lags if lag <= order)
    for name in dict.fromkeys((variance.strata, correlation.by)):
        if name:
            _check_constant(data, name, rows, group)
    if variance.index and not correlation.index:
        _check_distinct(data, variance.index, rows, group)
    kinds = variance.index or variance.by

    def values_of(name: str) -> tuple[float, ...]:
        return _levels(data, name, rows) if name else ()

    return ResidualDescription(
        variance.function,
        variance.variable,
        variance.constant,
        variance.strata,
        values_of(variance.strata),
        kinds,
        values_of(kinds),
        bool(variance.by),
        correlation.structure,
        order,
        correlation.time,
        correlation.index,
        levels,
        correlation.by,
        values_of(correlation.by),
        request.group,
        unit,
        dict(request.texts),
    )


def _levels(data: Dataset, name: str, rows: np.ndarray) -> tuple[float, ...]:
    """The distinct values of an index, strata or by variable; r(459) unless integers from 0 up."""
    values = np.unique(data.numbers(name)[rows])
    if np.any(values < 0) or np.any(values != np.floor(values)):
        raise StataError(459, f"variable {name} must contain nonnegative integers")
    return tuple(float(value) for value in values)


def _codes(data: Dataset, name: str, rows: np.ndarray, values: tuple[float, ...]) -> np.ndarray:
    return np.searchsorted(np.array(values), data.numbers(name)[rows])


def _check_constant(data: Dataset, name: str, rows: np.ndarray, group: np.ndarray) -> None:
    values = data.numbers(name)[rows]
    first = np.zeros(int(group.max()) + 1)
    first[group] = values
    if np.any(first[group] != values):
        raise StataError(459, f"variable {name} is not constant within lowest-level groups")


def _check_distinct(
    data: Dataset, name: str, rows: np.ndarray, group: np.ndarray, *, integer: bool = True
) -> np.ndarray:
    """Distances between neighbours within groups; r(451) for zero, r(459) for fractions."""
    values = data.numbers(name)[rows]
    if integer and np.any(values != np.floor(values)):
        raise StataError(459, f"variable {name} must be integer valued")
    order = np.lexsort((values, group))
    same = group[order][1:] == group[order][:-1]
    gaps = np.diff(values[order])[same]
    if np.any(gaps == 0.0):
        raise StataError(451, f"repeated values of {name} within lowest-level groups")
    return np.asarray(gaps)


def level_label(data: Dataset, variable: str, value: float) -> str:
    """How a level of a strata or by variable is shown."""
    if variable in data:
        text = data.label_of(variable, int(value)) if value == int(value) else None
        return text or format_value(value, data.variable(variable).format).strip()
    return f"{value:g}"


# --- e() ---------------------------------------------------------------------------------------


def post_residuals(results: Results, residuals: ResidualDescription) -> None:
    """e() of the residual structure, from which :func:`stored_residuals` reads it back."""
    macros = results.macros
    names = {
        "rescovariance": "rescovopt",
        "resvariance": "resvaropt",
        "rescorrelation": "rescorropt",
    }
    for option, name in names.items():
        if option in residuals.texts:
            macros[name] = residuals.texts[option]
    shown = {
        "timevar": residuals.time,
        "indexvar": residuals.index or ("" if residuals.kinds_by else residuals.kind_variable),
        "stratavar": residuals.strata,
        "covbyvar" if "rescovariance" in residuals.texts else "corrbyvar": residuals.by,
        "groupvar": residuals.group,
    }
    macros.update({name: value for name, value in shown.items() if value})
    macros["rstructlab"] = residuals.label
    for each in fields(residuals):
        value = getattr(residuals, each.name)
        if each.name == "texts" or value == each.default:
            continue
        if isinstance(value, tuple):
            results.matrices[_PREFIX + each.name] = NamedMatrix.plain(np.array([value]))
        elif isinstance(value, str):
            macros[_PREFIX + each.name] = value
        else:
            results.scalars[_PREFIX + each.name] = float(value)


def stored_residuals(results: Results) -> ResidualDescription:
    """The residual structure that e() holds."""
    found: dict[str, Any] = {}
    for each in fields(ResidualDescription):
        name = _PREFIX + each.name
        if name in results.matrices:
            found[each.name] = tuple(float(value) for value in results.matrices[name].values[0])
        elif name in results.macros:
            found[each.name] = results.macros[name]
        elif name in results.scalars:
            value = results.scalars[name]
            found[each.name] = {"int": int, "bool": bool}.get(str(each.type), float)(value)
    return ResidualDescription(**found)
