"""``residuals()`` of ``mixed``: what is asked for, what the data make of it, and its e() names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.formats import format_value
from statalike.engine.linear.residual_errors import ResidualErrors, ResidualFamily
from statalike.engine.nested_groups import nested_groups
from statalike.engine.residual_structures import (
    AutoregressiveResiduals,
    BandedResiduals,
    ExchangeableResiduals,
    ExponentialResiduals,
    IndependentResiduals,
    MovingAverageResiduals,
    ResidualStructure,
    ToeplitzResiduals,
    UnstructuredResiduals,
)
from statalike.errors import StataError
from statalike.language.parser import quoted_words, split_comma, split_options
from statalike.language.quoting import unquoted
from statalike.results.matrix import NamedMatrix
from statalike.results.stores import Results

#: the structures by the shortest abbreviation that is understood
STRUCTURES = {
    "ind": "independent",
    "ex": "exchangeable",
    "ar": "ar",
    "ma": "ma",
    "un": "unstructured",
    "ba": "banded",
    "to": "toeplitz",
    "exp": "exponential",
}
WITH_ORDER = ("ar", "ma", "banded", "toeplitz")
WITH_LEVELS = ("unstructured", "banded")
WITHOUT_TIME = ("independent", "exchangeable")


@dataclass(frozen=True)
class ResidualRequest:
    """``residuals(structure order, by(by) t(time))`` as typed; no order is -1."""

    structure: str
    order: int
    by: str
    time: str
    text: str

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(name for name in (self.time, self.by) if name)


def named_structure(
    name: str, order: int, levels: Sequence[float], unit: float
) -> ResidualStructure:
    """The engine's structure of a name; ``levels`` are the times of unstructured and banded ones,
    the lags of Toeplitz ones, ``unit`` a typical distance for exponential ones."""
    match name:
        case "independent":
            return IndependentResiduals()
        case "exchangeable":
            return ExchangeableResiduals()
        case "ar":
            return AutoregressiveResiduals(order)
        case "ma":
            return MovingAverageResiduals(order)
        case "toeplitz":
            return ToeplitzResiduals(tuple(int(lag) for lag in levels))
        case "banded":
            return BandedResiduals(len(levels), order)
        case "unstructured":
            return UnstructuredResiduals(len(levels), len(levels) - 1)
    return ExponentialResiduals(unit)


@dataclass(frozen=True)
class ResidualDescription:
    """The residual structure of a model.

    ``times`` are the levels of t() for unstructured and banded ones, the estimated lags for
    Toeplitz ones.  ``by_values`` are the levels of by(), ``labels`` how they are shown; ``unit`` is
    a typical distance between neighbours, where the search of an exponential one begins.
    """

    structure: str
    order: int = -1
    time: str = ""
    by: str = ""
    times: tuple[float, ...] = ()
    by_values: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    text: str = ""
    unit: float = 1.0

    @property
    def title(self) -> str:
        """``AR(2)``, ``Unstructured``."""
        if self.structure in ("ar", "ma"):
            return f"{self.structure.upper()}({self.order})"
        if self.structure in WITH_ORDER:
            return f"{self.structure.capitalize()}({self.order})"
        return self.structure.capitalize()

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(name for name in (self.time, self.by) if name)

    def family(self) -> ResidualFamily:
        structure = named_structure(self.structure, self.order, self.times, self.unit)
        return ResidualFamily(structure, max(len(self.by_values), 1))

    def errors(
        self, data: Dataset, rows: np.ndarray, codes: Sequence[np.ndarray]
    ) -> ResidualErrors:
        """The engine's residuals on the chosen rows; ``codes`` are those of every level."""
        times = by = None
        if self.time:
            times = data.numbers(self.time)[rows]
            if self.structure in WITH_LEVELS:
                times = np.searchsorted(np.array(self.times), times).astype(np.float64)
        if self.by:
            values = np.array(self.by_values)
            by = np.searchsorted(values, data.numbers(self.by)[rows])
        return ResidualErrors(self.family(), tuple(codes), times, by)

    def check_weights(self, weights: np.ndarray, codes: Sequence[np.ndarray]) -> None:
        """r(459) for weights of observations (n,) that vary where residuals are correlated.

        The density of correlated residuals has no factor for each observation that could count
        more or less than others.
        """
        if self.structure != "independent":
            distinct = np.unique(weights, return_inverse=True)[1].ravel()
            group = nested_groups(codes).innermost_group
            _require_constant(distinct, group, "weight of observations")

    def parameter_names(self) -> list[str]:
        """Equation names of the parameters after ``lnsig_e``.

        ``r_lns2ose`` is the log of the second standard deviation over the first (``r_lns2_3ose``:
        by-level 2, time 3); ``r_atr1`` the atanh of the correlation of by-level 1, followed by the
        lag or the two positions where there are several; ``r_logitr1`` the logit of one;
        ``r_phi1_2`` and ``r_theta1_2`` second coefficients of by-level 1.
        """
        names: list[str] = []
        several_times = self.structure in WITH_LEVELS
        several_groups = len(self.by_values) > 1
        for parameter in self.family().parameters:
            by = parameter.by + 1
            match parameter.kind:
                case "lnsd_ratio":
                    place = f"{parameter.i + 1}" if several_times else f"{by}"
                    if several_times and several_groups:
                        place = f"{by}_{place}"
                    names.append(f"r_lns{place}ose")
                case "atanhcorr" if several_times:
                    start = f"{by}_" if several_groups else ""
                    names.append(f"r_atr{start}{parameter.i}_{parameter.j}")
                case "atanhcorr" if self.structure == "toeplitz":
                    names.append(f"r_atr{by}_{parameter.i}")
                case "atanhcorr":
                    names.append(f"r_atr{by}")
                case "logitcorr":
                    names.append(f"r_logitr{by}")
                case "ar":
                    names.append(f"r_phi{by}_{parameter.i}")
                case "ma":
                    names.append(f"r_theta{by}_{parameter.i}")
        return names


def read_residuals(text: str, data: Dataset) -> ResidualRequest | None:
    """What ``residuals()`` asks for; None for the default, independent residuals; r(198)."""
    head, rest = split_comma(text)
    found = re.fullmatch(r"\s*([A-Za-z]+)\s*(-?\d+)?\s*", head)
    if not found:
        raise StataError(
            198, f"option residuals() invalid; {head.strip() or 'nothing'} not allowed"
        )
    typed, number = found[1].lower(), found[2]
    matches = [s for s in STRUCTURES if typed.startswith(s) and STRUCTURES[s].startswith(typed)]
    if not matches:
        raise StataError(198, f"residuals(): residual structure {found[1]} not allowed")
    structure = STRUCTURES[max(matches, key=len)]
    if number is not None and structure not in WITH_ORDER:
        raise StataError(198, f"residuals(): {structure} does not take an order")
    order = -1 if number is None else int(number)
    least = 0 if structure == "banded" else 1
    if number is not None and order < least:
        raise StataError(198, f"residuals(): order of {structure} must be at least {least}")
    if structure in ("ar", "ma") and number is None:
        order = 1
    chosen = {"by": "", "t": ""}
    for option in split_options(rest or ""):
        if option.name not in chosen:
            raise StataError(198, f"residuals(): option {option.name} not allowed")
        if not (option.argument or "").strip():
            raise StataError(198, f"residuals(): option {option.name}() requires a variable")
        name = data.unabbreviate(str(option.argument).strip())
        if data.variable(name).storage.is_string:
            raise StataError(109, f"residuals(): string variable {name} not allowed")
        chosen[option.name] = name
    if structure not in WITHOUT_TIME and not chosen["t"]:
        raise StataError(198, f"residuals(): option t() required with {structure} residuals")
    if structure == "independent" and not chosen["by"]:
        return None
    time = "" if structure in WITHOUT_TIME else chosen["t"]
    return ResidualRequest(structure, order, chosen["by"], time, " ".join(text.split()))


def describe_residuals(
    request: ResidualRequest, data: Dataset, rows: np.ndarray, codes: Sequence[np.ndarray]
) -> ResidualDescription:
    """The request on an estimation sample, where times and by-levels must suit it.

    r(451) for times repeated in a group, r(459) for times that are not integers or by-levels that
    vary within a group.
    """
    if not codes:
        raise StataError(198, "option residuals() requires a random-effects equation")
    structure, order = request.structure, request.order
    group = nested_groups(codes).innermost_group
    by = data.numbers(request.by)[rows] if request.by else np.zeros(len(group))
    by_values, by_code = np.unique(by, return_inverse=True)
    if request.by and structure != "independent":
        _require_constant(by_code.ravel(), group, request.by)
    times: tuple[float, ...] = ()
    unit = 1.0
    if request.time:
        values = data.numbers(request.time)[rows]
        gaps = _gaps(values, group, request.time, structure)
        if structure in WITH_LEVELS:
            times = tuple(float(value) for value in np.unique(values))
            if order > len(times) - 1:
                raise StataError(
                    198, f"residuals(): order of banded must be between 0 and {len(times) - 1}"
                )
            if structure == "banded" and order < 0:
                order = len(times) - 1
        elif structure == "toeplitz":
            lags = observed_lags(values, group)
            longest = int(lags[-1]) if len(lags) else 0
            if order > longest:
                raise StataError(
                    198, f"residuals(): order of toeplitz must be between 1 and {longest}"
                )
            order = longest if order < 0 else order
            times = tuple(float(lag) for lag in lags if lag <= order)
        elif len(gaps):
            unit = float(np.median(gaps))
    labels = tuple(_label(data, request.by, value) for value in by_values) if request.by else ()
    return ResidualDescription(
        structure,
        order,
        request.time,
        request.by,
        times,
        tuple(float(value) for value in by_values) if request.by else (),
        labels,
        request.text,
        unit,
    )


def _require_constant(by: np.ndarray, group: np.ndarray, name: str) -> None:
    count = int(group.max()) + 1
    first = np.zeros(count, dtype=np.intp)
    first[group] = by
    if np.any(first[group] != by):
        raise StataError(459, f"residuals(): {name} is not constant within lowest-level groups")


def _gaps(values: np.ndarray, group: np.ndarray, name: str, structure: str) -> np.ndarray:
    """Distances between neighbours in time; the times are checked."""
    if structure != "exponential" and np.any(values != np.floor(values)):
        raise StataError(459, f"residuals(): t() variable {name} must be integer valued")
    if structure in WITH_LEVELS and np.any(values < 0):
        raise StataError(459, f"residuals(): t() variable {name} must be nonnegative")
    same, distance = group[1:] == group[:-1], np.diff(values)
    # Data that are in order already need no sorting.
    if np.any(group[1:] < group[:-1]) or np.any(same & (distance < 0.0)):
        order = np.lexsort((values, group))
        group = group[order]
        same, distance = group[1:] == group[:-1], np.diff(values[order])
    gaps = distance[same]
    if np.any(gaps == 0.0):
        raise StataError(451, f"repeated values of {name} within lowest-level groups")
    return np.asarray(gaps)


def observed_lags(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The distinct differences between times of a group, ascending."""
    order = np.lexsort((values, group))
    values, group = values[order], group[order]
    found = np.zeros(0)
    for shift in range(1, len(values)):
        same = group[shift:] == group[:-shift]
        if not same.any():
            break
        found = np.union1d(found, (values[shift:] - values[:-shift])[same])
    return found


def _label(data: Dataset, variable: str, value: float) -> str:
    text = data.label_of(variable, int(value)) if value == int(value) else None
    return text or format_value(value, data.variable(variable).format).strip()


def post_residuals(results: Results, residuals: ResidualDescription | None) -> None:
    """e() of the residual structure, from which :func:`stored_residuals` reads it back."""
    scalars, macros = results.scalars, results.macros
    if residuals is None:
        macros["rstructure"], macros["rstructlab"] = "independent", "Independent"
        return
    scalars["k_res"] = 1.0 + residuals.family().count
    scalars["nrgroups"] = float(max(len(residuals.by_values), 1))
    if residuals.order >= 0:
        name = {"ar": "ar_p", "ma": "ma_q"}.get(residuals.structure, "res_order")
        scalars[name] = float(residuals.order)
    macros["resopt"] = residuals.text
    macros["rstructure"] = residuals.structure
    macros["rstructlab"] = residuals.title
    if residuals.by:
        macros["rbyvar"] = residuals.by
        macros["rglabels"] = " ".join(f'"{label}"' for label in residuals.labels)
        results.matrices["rgvalues"] = NamedMatrix.plain(np.array([residuals.by_values]))
    if residuals.time:
        macros["timevar"] = residuals.time
    if residuals.times:
        results.matrices["tmap"] = NamedMatrix.plain(np.array([residuals.times]))


def stored_residuals(results: Results) -> ResidualDescription | None:
    """The residual structure that e() holds, None for independent ones of one variance."""
    scalars, macros = results.scalars, results.macros
    structure = macros.get("rstructure", "independent")
    if structure == "independent" and "rbyvar" not in macros:
        return None
    name = {"ar": "ar_p", "ma": "ma_q"}.get(structure, "res_order")

    def row(matrix: str) -> tuple[float, ...]:
        if matrix not in results.matrices:
            return ()
        return tuple(float(value) for value in results.matrices[matrix].values[0])

    return ResidualDescription(
        structure,
        int(scalars.get(name, -1)),
        macros.get("timevar", ""),
        macros.get("rbyvar", ""),
        row("tmap"),
        row("rgvalues"),
        tuple(unquoted(word) for word in quoted_words(macros.get("rglabels", ""))),
        macros.get("resopt", ""),
    )
