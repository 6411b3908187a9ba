"""``stcurve``: survivor, hazard and cumulative hazard functions of ``mestreg`` ([ST] stcurve)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.generalized.description import (
    GeneralizedDescription,
    stored_description,
)
from statalike.commands.estimation.generalized.outcomes import outcome_family
from statalike.commands.graphics.drawing import draw_one_panel
from statalike.commands.graphics.style_options import LINES, StyleOptions
from statalike.commands.graphics.twoway_options import (
    TWOWAY_OPTIONS,
    UNSUPPORTED,
    AxisDefaults,
)
from statalike.commands.postestimation.generalized_estimates import estimated_point
from statalike.commands.postestimation.generalized_predictors import random_covariates
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.data.storage import DOUBLE
from statalike.engine.families.family import Array
from statalike.engine.families.survival import SurvivalFamily
from statalike.engine.generalized.marginal_prediction import marginal_hazard, prior_expectation
from statalike.errors import StataError, last_estimates_not_found
from statalike.evaluation import estimation_sample
from statalike.graphics.graph import Layer
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_initial_values, split_words
from statalike.language.suboptions import Suboptions, read_suboptions
from statalike.state import State

#: the functions, and what they are called along the axis and in a file
FUNCTIONS = {
    "survival": ("Survival", "surv"),
    "hazard": ("Hazard function", "haz"),
    "cumhaz": ("Cumulative hazard", "cumhaz"),
}
TIMES = 101
#: quadrature points of marginal functions
POINTS = 31
_CURVES = tuple(f"at{number}" for number in range(1, 11))
_AT = " ".join(f"{name.upper()}(string)" for name in ("at", *_CURVES))
_FILE = Suboptions("anything [, replace]")


@dataclass(frozen=True)
class CovariateProfile:
    """The model at given values of covariates: the fixed part of the linear predictor, the standard
    deviation of the random part, and own parameters of the family."""

    predictor: float
    deviation: float
    own: Array


@command(
    "stcurve",
    "stcurve",
    syntax=f"[, SURvival Hazard CUMHaz UNConditional FIXEDonly {_AT} Range(numlist min=2 max=2) "
    f"OUTfile(string asis) {LINES} {TWOWAY_OPTIONS}]",
    unsupported=f"{UNSUPPORTED} CIF ALPHA1 ATMeans Kernel(string) Width(real) NOBoundary "
    "CONDitional ADDPLOT(string)",
    help="survivor, hazard and cumulative hazard functions",
    section="Postestimation",
)
def stcurve(state: State, arguments: Arguments) -> None:
    if state.e.macros.get("cmd2") != "mestreg":
        raise last_estimates_not_found()
    options = arguments.options
    chosen = [name for name in FUNCTIONS if options.get(name)]
    if len(chosen) != 1:
        raise StataError(198, "one of survival, hazard or cumhaz must be specified")
    if options.get("unconditional") and options.get("fixedonly"):
        raise StataError(198, "only one of unconditional or fixedonly is allowed")
    (function,) = chosen
    marginal = not options.get("fixedonly")
    if marginal and not options.get("unconditional"):
        state.console.print("(option unconditional assumed)")
    state.console.print("note: function evaluated at specified values of selected covariates and")
    state.console.print("      overall means of other covariates (if any).")
    description = stored_description(state.e)
    data = _estimation_data(state)
    first = arguments.string("at")
    typed = [text for name in _CURVES if (text := arguments.string(name)) is not None]
    curves = [f"{first} {text}" for text in typed] if first and typed else typed or [first or ""]
    family = outcome_family(description.outcome)
    assert isinstance(family, SurvivalFamily)
    times = _times(arguments, data, function)
    values = []
    for text in curves:
        profile = _profile(state, description, data, text)
        values.append(survival_function(function, family, times, profile, marginal))
    _write(state, arguments, function, times, values)
    style = StyleOptions(arguments).style()
    title, _ = FUNCTIONS[function]
    layers = [
        Layer("line", {"x": times, "y": found}, number, text or title, style)
        for number, (text, found) in enumerate(zip(typed or curves, values, strict=True))
    ]
    title = f"Marginal {title[0].lower()}{title[1:]}" if marginal else title
    draw_one_panel(
        state,
        arguments,
        layers,
        AxisDefaults("Analysis time"),
        AxisDefaults(title),
        {"title": state.e.macros["title"]},
    )


def survival_function(
    function: str, family: SurvivalFamily, times: Array, profile: CovariateProfile, marginal: bool
) -> Array:
    """The survivor function, the hazard or the cumulative hazard at ``times`` (T,), with random
    effects integrated out or zero; nan where it is not defined.

    The marginal hazard is that of the marginal distribution, and the marginal cumulative hazard
    minus the logarithm of the marginal survivor function.
    """
    rows = np.stack([times, np.zeros_like(times), np.ones_like(times)])
    quantities = family.quantities(profile.own, family.quantity_positions(rows))
    eta = np.full(len(times), profile.predictor)
    deviation = np.full(len(times), profile.deviation if marginal else 0.0)

    def survivor(eta: Array) -> Array:
        return np.exp(family.log_survivor(times, eta.copy(), quantities))

    with np.errstate(all="ignore"):
        if function == "hazard":
            found = marginal_hazard(family, times, eta, quantities, deviation, POINTS)
        else:
            found = prior_expectation(survivor, eta, deviation, POINTS)
            found = np.where(times > 0.0, found, 1.0)
        return np.abs(np.log(found)) if function == "cumhaz" else found


def _estimation_data(state: State) -> Dataset:
    """The observations that the model was fitted to."""
    sample = estimation_sample(state)
    if sample is None or not sample.any():
        raise StataError(2000, "no observations")
    data = state.data.copy()
    data.keep_rows(sample)
    return data


def _times(arguments: Arguments, data: Dataset, function: str) -> Array:
    """Where the function is evaluated: ``range()``, or up to the last time; r(198)."""
    given = arguments.options.get("range")
    if given:
        low, high = (float(value) for value in given)
        if not 0.0 <= low < high:
            raise StataError(198, "range() must be two increasing nonnegative numbers")
    else:
        times = data.numbers("_t")
        low, high = (float(times.min()) if function == "hazard" else 0.0), float(times.max())
    return np.linspace(low, high, TIMES)


def _profile(
    state: State, description: GeneralizedDescription, data: Dataset, text: str
) -> CovariateProfile:
    """The model at the values of ``at()`` and the means of everything else; r(111), r(198)."""
    changed = data.copy()
    for item in parse_initial_values(text) if text.strip() else ():
        if not item.name:
            raise StataError(198, "option at() incorrectly specified")
        name = changed.unabbreviate(item.name)
        if name not in description.variables:
            raise StataError(111, f"{name} is not a covariate of the model")
        changed.set_values(name, np.full(changed.n, float(item.value)), DOUBLE)
    b = state.e.matrices["b"].values[0, : len(description.fixed.names)]
    matrix, _ = description.fixed.complete_matrix(changed)
    predictor = float(matrix.mean(axis=0) @ b[description.fixed.estimated])
    if description.offset:
        offset = description.offset_values(changed, np.ones(changed.n, dtype=bool))
        assert offset is not None
        predictor += float(np.mean(offset))
    variance = 0.0
    for covariates, root in random_covariates(changed, state.e, description):
        known = np.where(covariates < MISSING, covariates, 0.0)
        variance += float(np.sum((known.mean(axis=0) @ root) ** 2))
    own = estimated_point(state.e, description).own
    return CovariateProfile(predictor, float(np.sqrt(variance)), own)


def _write(
    state: State, arguments: Arguments, function: str, times: Array, values: list[Array]
) -> None:
    """The file of ``outfile()``: the times and a variable for each curve; r(198), r(602)."""
    text = arguments.string("outfile")
    if text is None:
        return
    from statalike.data.dta import save

    read = read_suboptions(_FILE, text, state.data)
    words = split_words(read.body)
    if len(words) != 1 or not words[0]:
        raise StataError(198, "option outfile() incorrectly specified")
    written = Dataset()
    _, stem = FUNCTIONS[function]
    for number, found in enumerate(values, 1):
        written.add(f"{stem}{number}", np.where(np.isfinite(found), found, MISSING), DOUBLE)
    written.add("_t", times, DOUBLE)
    path = words[0] if words[0].endswith(".dta") else f"{words[0]}.dta"
    save(written, path, replace=read.flag("replace"))
    state.console.print(f"file {path} saved")
