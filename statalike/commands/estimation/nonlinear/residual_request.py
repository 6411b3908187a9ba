"""What ``resvariance()``, ``rescorrelation()`` and ``rescovariance()`` of ``menl`` ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.language.suboptions import Suboptions, read_suboptions

MEAN = "_yhat"

VARIANCE_FUNCTIONS = ("identity", "linear", "power", "exponential", "distinct")
CORRELATIONS = (
    "identity", "exchangeable", "ar", "ma", "ctar1", "toeplitz", "banded", "unstructured",
)  # fmt: skip
COVARIANCES = ("identity", "independent", *CORRELATIONS[1:])

WITH_ORDER = ("ar", "ma", "toeplitz", "banded")
WITH_TIME = ("ar", "ma", "ctar1", "toeplitz")
WITH_INDEX = ("banded", "unstructured", "independent", "distinct")

#: in the language of ``syntax``; what each structure may have is checked below
_VARIANCE = Suboptions(
    "[anything] [, STrata(varname) noCONStant INDex(varname) GRoup(varname) BY(varname) T(varname)]"
)
_CORRELATION = Suboptions("[anything] [, BY(varname) GRoup(varname) INDex(varname) T(varname)]")


@dataclass(frozen=True)
class VarianceRequest:
    """``resvariance(function variable, ...)``; the variable may be ``_yhat``."""

    function: str = "identity"
    variable: str = ""
    strata: str = ""
    constant: bool = True
    index: str = ""
    group: str = ""
    by: str = ""


@dataclass(frozen=True)
class CorrelationRequest:
    """``rescorrelation(structure order, ...)``; no order is -1."""

    structure: str = "identity"
    order: int = -1
    time: str = ""
    index: str = ""
    by: str = ""
    group: str = ""


@dataclass(frozen=True)
class ResidualRequest:
    """Both, as ``rescovariance()`` gives them together; ``texts`` are the options as typed."""

    variance: VarianceRequest
    correlation: CorrelationRequest
    texts: Mapping[str, str]

    @property
    def group(self) -> str:
        """The variable of the lowest-level groups, empty for those of the random effects."""
        return self.correlation.group or self.variance.group

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that must not be missing."""
        v, c = self.variance, self.correlation
        names = (v.variable, v.strata, v.index, v.group, v.by, c.time, c.index, c.by, c.group)
        return tuple(dict.fromkeys(name for name in names if name and name != MEAN))


def read_residual_request(options: Mapping[str, Any], data: Dataset) -> ResidualRequest:
    """The residuals that the options ask for; r(198) for what does not go together."""
    names = ("rescovariance", "resvariance", "rescorrelation")
    texts = {name: str(options[name]) for name in names if options.get(name) is not None}
    if "rescovariance" in texts:
        for name in names[1:]:
            if name in texts:
                raise StataError(198, f"options rescovariance() and {name}() may not be combined")
        return _covariance(texts, data)
    variance = VarianceRequest()
    if "resvariance" in texts:
        variance = _variance(texts["resvariance"], data)
    correlation = CorrelationRequest()
    if "rescorrelation" in texts:
        correlation = _correlation("rescorrelation", texts["rescorrelation"], CORRELATIONS, data)
    if variance.group and correlation.group and variance.group != correlation.group:
        raise StataError(198, "group() in resvariance() and rescorrelation() must be the same")
    return ResidualRequest(variance, correlation, texts)


def _covariance(texts: Mapping[str, str], data: Dataset) -> ResidualRequest:
    """Variances and correlations at once: by() and index() separate the variances too."""
    found = _correlation("rescovariance", texts["rescovariance"], COVARIANCES, data)
    variance = VarianceRequest()
    if found.index:
        variance = VarianceRequest("distinct", index=found.index, group=found.group)
    elif found.by:
        variance = VarianceRequest("distinct", by=found.by, group=found.group)
    if found.structure in ("identity", "independent"):
        found = CorrelationRequest(group=found.group)
    return ResidualRequest(variance, found, texts)


def _variance(text: str, data: Dataset) -> VarianceRequest:
    option = "resvariance"
    arguments = read_suboptions(_VARIANCE, text, data)
    words = arguments.body.split()
    function = _chosen(option, words, VARIANCE_FUNCTIONS)
    names = {key: str(arguments.options.get(key) or "") for key in _NAMES}
    variable = ""
    if function in ("linear", "power", "exponential"):
        if len(words) != 2:
            raise _incorrect(option, f"{function} needs a variable")
        variable = words[1]
        if variable != MEAN:
            variable = data.unabbreviate(variable)
        elif function == "linear":
            raise _incorrect(option, "linear needs a variable; _yhat is not allowed")
    elif len(words) > 1:
        raise _incorrect(option, f"{words[1]} not allowed")
    constant = not arguments.options.get("noconstant")
    allowed = {
        "power": {"strata"},
        "exponential": {"strata"},
        "distinct": {"index", "group"},
    }.get(function, set())
    _check_suboptions(option, function, names, allowed)
    if not constant and function != "power":
        raise _incorrect(option, f"noconstant not allowed with {function}")
    if function == "distinct" and not names["index"]:
        raise _incorrect(option, "distinct requires index()")
    return VarianceRequest(
        function, variable, names["strata"], constant, names["index"], names["group"]
    )


_NAMES = ("strata", "index", "group", "by", "t")


def _correlation(
    option: str, text: str, known: tuple[str, ...], data: Dataset
) -> CorrelationRequest:
    arguments = read_suboptions(_CORRELATION, text, data)
    words = arguments.body.split()
    structure = _chosen(option, words, known)
    order = -1
    if len(words) > 2 or (len(words) == 2 and structure not in WITH_ORDER):
        raise _incorrect(option, f"{words[-1]} not allowed")
    if len(words) == 2:
        if not words[1].isdigit():
            raise _incorrect(option, f"{words[1]} is not an order")
        order = int(words[1])
        if order == 0 and structure != "banded":
            raise _incorrect(option, f"order of {structure} must be positive")
    elif structure in ("ar", "ma"):
        order = 1
    names = {key: str(arguments.options.get(key) or "") for key in _NAMES}
    allowed: set[str] = set()
    if structure in WITH_TIME:
        allowed = {"t", "by", "group"}
        if not names["t"]:
            raise _incorrect(option, f"{structure} requires t()")
    elif structure in WITH_INDEX:
        allowed = {"index", "group"}
        if not names["index"]:
            raise _incorrect(option, f"{structure} requires index()")
    elif structure == "exchangeable":
        allowed = {"by", "group"}
    elif option == "rescovariance":
        allowed = {"by"}
    _check_suboptions(option, structure, names, allowed)
    return CorrelationRequest(
        structure, order, names["t"], names["index"], names["by"], names["group"]
    )


def _chosen(option: str, words: list[str], known: tuple[str, ...]) -> str:
    """The structure that the first word abbreviates to two letters or more."""
    typed = words[0].lower() if words else ""
    found = [name for name in known if name.startswith(typed) and len(typed) >= 2]
    found = [name for name in found if name == typed] or found
    if len(found) != 1:
        raise _incorrect(option, f"{typed or 'nothing'} is none of {', '.join(known)}")
    return found[0]


def _check_suboptions(
    option: str, chosen: str, names: Mapping[str, str], allowed: set[str]
) -> None:
    for name, value in names.items():
        if value and name not in allowed:
            raise _incorrect(option, f"{name}() not allowed with {chosen}")


def _incorrect(option: str, hint: str) -> StataError:
    return StataError(198, f"option {option}() incorrectly specified", hint=hint)
