"""``predict``: new variables from estimation results.

What can be predicted depends on the estimator; each registers a function under its ``e(cmd)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.data.storage import StorageType, storage_type
from statalike.errors import StataError, last_estimates_not_found, option_not_allowed
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.language.variable_lists import new_variables
from statalike.state import State

NUMERIC_TYPES = ("byte", "int", "long", "float", "double")

Predictor = Callable[["PredictRequest"], None]
_predictors: dict[str, Predictor] = {}
_options: dict[str, tuple[str, ...]] = {}

OF_MIXED_MODELS = "xb stdp fitted residuals rstandard reffects reses relevel scores"
OF_REGRESSION = (
    "xb stdp residuals rstandard stdf stdr rstudent cooksd leverage hat dfits welsch covratio "
    "dfbeta"
)
OF_GENERALIZED_MODELS = (
    "mu pr eta xb stdp density distribution residuals pearson deviance anscombe reffects reses "
    "mean median hazard surv e ystar scores outcome conditional marginal fixedonly nooffset means "
    "modes ebmeans ebmodes intpoints iterate tolerance"
)


def predictor(estimator: str, options: str = OF_MIXED_MODELS) -> Callable[[Predictor], Predictor]:
    """Register the function that predicts after an estimation command, and its options."""

    def decorate(function: Predictor) -> Predictor:
        _predictors[estimator] = function
        _options[estimator] = tuple(options.split())
        return function

    return decorate


@dataclass(frozen=True)
class PredictRequest:
    """What ``predict`` was asked for.

    ``names`` are new variables as typed (one may be a stub, ``re*``); ``rows`` (n,) are the
    observations to fill.
    """

    state: State
    arguments: Arguments
    names: tuple[str, ...]
    storage: StorageType
    rows: np.ndarray

    def flag(self, name: str) -> bool:
        return bool(self.arguments.options.get(name))

    def text(self, name: str) -> str:
        return str(self.arguments.options.get(name) or "")

    def add(self, name: str, values: np.ndarray, label: str) -> int:
        """Make a new variable from values (n,) on the chosen rows; the number of missing ones."""
        filled = np.where(self.rows, values, MISSING)
        self.state.data.add(name, filled, self.storage, label=label)
        return int(np.count_nonzero(filled >= MISSING))

    def single_name(self) -> str:
        """The one new variable; r(102), r(103) otherwise."""
        if len(self.names) != 1:
            raise StataError(103, "too many variables specified")
        return self.names[0]

    def report_missing(self, count: int) -> None:
        if count:
            noun = "value" if count == 1 else "values"
            self.state.console.print(f"({count:,} missing {noun} generated)")


def new_names(names: tuple[str, ...], count: int, state: State) -> tuple[str, ...]:
    """Names for ``count`` variables from a stub ``u*`` or a list of that length; r(110).

    A list may be a range, ``u1-u3``.
    """
    if len(names) == 1 and names[0].endswith("*"):
        names = tuple(f"{names[0][:-1]}{i}" for i in range(1, count + 1))
    names = tuple(variable.name for variable in new_variables(" ".join(names), state.data))
    if len(names) != count:
        code, what = (102, "few") if len(names) < count else (103, "many")
        raise StataError(
            code, f"too {what} variables specified; {count} needed, {len(names)} given"
        )
    return names


def effect_names(request: PredictRequest, count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names for ``count`` random effects and, where ``reses()`` asks for them, for their standard
    errors; r(110), r(198).
    """
    new = new_names(request.names, count, request.state)
    if not request.text("reses"):
        return new, ()
    errors = new_names(tuple(request.text("reses").split()), count, request.state)
    if set(errors) & set(new):
        raise StataError(198, "reses() names repeat those of the random effects")
    return new, errors


def add_group_scores(
    request: PredictRequest, names: Sequence[str], scores: Sequence[np.ndarray], group: np.ndarray
) -> None:
    """A variable for each parameter of e(b), with ``scores`` (G,) of groups in the last observation
    of each; ``group`` (n,) is that of each observation, -1 outside the estimation sample.
    """
    rows = np.flatnonzero(group >= 0)
    last = np.zeros(len(scores[0]), dtype=np.intp)
    np.maximum.at(last, group[rows], rows)
    stripes = request.state.e.matrices["b"].columns
    for name, stripe, values in zip(names, stripes, scores, strict=True):
        spread = np.full(len(group), MISSING)
        spread[last] = values
        request.add(name, spread, f"score for {stripe}")


@command(
    "predict",
    "predict",
    syntax=(
        "[anything] [if] [in] [, XB STDP FITted Residuals RSTAndard REFfects reses(string) "
        "RELevel(string) SCores STDF STDR RSTUdent COOKsd Leverage Hat DFIts Welsch COVratio "
        "DFBeta(varname) MU PR PR(string) ETA DENsity DISTribution PEArson DEViance ANScombe "
        "MEAN MEDian HAZard SURV E E(string) U UE XBU YSTAR(string) OUTcome(string) "
        "CONDitional CONDitional(string) MARGinal FIXEDonly NOOFFset MEANS MODES EBMEANs EBMODEs "
        "YHat PARAMeters PARAMeters(string) INTPoints(numlist min=1 max=1 integer) "
        "ITERate(numlist min=1 max=1 integer >=0) "
        "TOLerance(numlist min=1 max=1 >=0)]"
    ),
    help="make variables of predictions, residuals and random effects",
    section="Postestimation",
)
def predict(state: State, arguments: Arguments) -> None:
    estimator = state.e.macros.get("cmd", "")
    if not estimator:
        raise last_estimates_not_found()
    if estimator not in _predictors:
        raise StataError(321, f"predict is not available after {estimator}")
    for option in arguments.options:
        if option not in _options[estimator]:
            raise option_not_allowed(option)
    if (arguments.options.get("e") is True) != (estimator == "xtreg" and arguments.typed("e")):
        raise StataError(198, "option e incorrectly specified")
    names = tuple(arguments.body.split())
    if not names:
        raise StataError(100, "varlist required")
    storage = storage_type(state.settings.type)
    if len(names) > 1 and names[0] in NUMERIC_TYPES:
        storage, names = storage_type(names[0]), names[1:]
    request = PredictRequest(
        state,
        arguments,
        names,
        storage,
        observations_mask(state, arguments.condition, arguments.observations),
    )
    _predictors[estimator](request)
