"""``estat df``: degrees of freedom of the fixed effects by several methods ([ME] estat df)."""

from __future__ import annotations

import dataclasses

import numpy as np

from statalike.commands.estimation.coefficient_rows import value_labels
from statalike.commands.estimation.degrees_of_freedom import (
    DegreesOfFreedomMethod,
    FixedEffectsInference,
    method_name,
    method_of,
    post_degrees_of_freedom,
)
from statalike.commands.postestimation.estat_mixed import active_mixed
from statalike.commands.postestimation.small_sample import inference_by
from statalike.commands.registry import command
from statalike.design.columns import Column
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.degrees_of_freedom_table import degrees_of_freedom_table
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@command(
    "estat df",
    "estat df",
    syntax="[, Method(string) POST POST(string) EIM OIM]",
    help="degrees of freedom of the fixed effects",
    section="Postestimation",
)
def estat_df(state: State, arguments: Arguments) -> None:
    active_mixed(state, "df")
    if "vcetype" in state.e.macros or "marginswtype" in state.e.macros:
        raise StataError(321, "estat df not allowed after weighted estimation or a robust vce")
    methods = _methods(state.e, arguments)
    posted = _posted(methods, arguments)
    found = [inference_by(state, method) for method in methods]
    results = state.e
    stripes = results.matrices["b"].columns[: int(results.scalars["k_f"])]
    _show(state, stripes, methods, found)
    state.r = _results(stripes, methods, found)
    if posted is not None:
        position = methods.index(posted)
        changed = results.copy()
        post_degrees_of_freedom(changed, posted, found[position])
        state.e = changed


def _methods(results: Results, arguments: Arguments) -> list[DegreesOfFreedomMethod]:
    """Those of ``method()``, or else that of the fit; r(198)."""
    typed = (arguments.string("method") or "").split()
    eim, oim = arguments.flag("eim"), arguments.flag("oim")
    if eim and oim:
        raise StataError(198, "only one of eim or oim is allowed")
    fitted = method_of(results)
    if typed:
        names = list(dict.fromkeys(method_name(word, "method") for word in typed))
    elif fitted is not None:
        names = [fitted.name]
    else:
        raise StataError(198, "option method() is required; mixed was fit without dfmethod()")
    observed = oim
    if fitted is not None and not typed and not eim:
        observed = observed or fitted.observed
    methods = [DegreesOfFreedomMethod(name) for name in names]
    if (eim or oim) and not any(method.approximate for method in methods):
        raise StataError(
            198, f"option {'eim' if eim else 'oim'} requires method satterthwaite or kroger"
        )
    return [
        dataclasses.replace(method, observed=observed and method.approximate) for method in methods
    ]


def _posted(
    methods: list[DegreesOfFreedomMethod], arguments: Arguments
) -> DegreesOfFreedomMethod | None:
    """The method that is to become that of the estimates; r(198)."""
    given = arguments.options.get("post")
    if not given:
        return None
    if given is True:
        if len(methods) > 1:
            raise StataError(198, "post(df_method) is required with several methods")
        return methods[0]
    words = str(given).split()
    if len(words) != 1:
        raise StataError(198, "only one method may be specified in post()")
    name = method_name(words[0], "post")
    for method in methods:
        if method.name == name:
            return method
    raise StataError(198, f"method {name} in post() must be one of those in method()")


def _show(
    state: State,
    stripes: tuple[Stripe, ...],
    methods: list[DegreesOfFreedomMethod],
    found: list[FixedEffectsInference],
) -> None:
    shown = [i for i, stripe in enumerate(stripes) if not Column.parse(stripe.name).omitted]
    state.console.print("\nDegrees of freedom")
    state.console.print_lines(
        degrees_of_freedom_table(
            state.e.macros["depvar"],
            [stripes[i].name for i in shown],
            [
                (method.title, inference.degrees_of_freedom[shown].tolist())
                for method, inference in zip(methods, found, strict=True)
            ],
            value_labels(state.data),
        )
    )


def _results(
    stripes: tuple[Stripe, ...],
    methods: list[DegreesOfFreedomMethod],
    found: list[FixedEffectsInference],
) -> Results:
    rows = tuple(Stripe("", method.name) for method in methods)
    table = np.array([inference.degrees_of_freedom for inference in found])
    results = Results(
        macros={"dfmethods": " ".join(method.name for method in methods)},
        matrices={"df": NamedMatrix(table, rows, stripes)},
    )
    for method, inference in zip(methods, found, strict=True):
        if method.name == "kroger":
            results.matrices["V_df"] = NamedMatrix.square(inference.standard_covariance, stripes)
    return results
