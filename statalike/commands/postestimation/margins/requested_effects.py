"""``dydx()`` and its relatives: which effects are asked for."""

from __future__ import annotations

import numpy as np

from statalike.commands.postestimation.margins.covariates import ModelCovariates
from statalike.commands.postestimation.margins.effects import Effect
from statalike.data.missing import MISSING
from statalike.design.columns import Column
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_varlist
from statalike.state import State

KINDS = ("dydx", "eyex", "dyex", "eydx")
TITLES = {"dydx": "dy/dx", "eyex": "ey/ex", "dyex": "dy/ex", "eydx": "ey/dx"}


def requested_effects(
    state: State, arguments: Arguments, covariates: ModelCovariates
) -> tuple[Effect, ...]:
    """The effects of the covariates that an option names, in the order of the list; none without.

    A factor gives an effect for each of its levels, compared with its base.  r(198) for two
    options, or for elasticities of what is not continuous; r(322) for what is no covariate.
    """
    chosen = [kind for kind in KINDS if arguments.typed(kind)]
    if not chosen:
        return ()
    if len(chosen) > 1:
        raise StataError(198, f"only one of {'() or '.join(chosen[:2])}() is allowed")
    (kind,) = chosen
    names: dict[str, None] = {}
    for item in parse_varlist(str(arguments.option(kind))):
        names.update(dict.fromkeys(covariates.chosen(item, kind)))
    if not names:
        raise StataError(198, f"option {kind}() incorrectly specified")
    effects: list[Effect] = []
    continuous = arguments.flag("continuous")
    for name in names:
        if name not in covariates.factors:
            effects.append(Effect(kind, name, scale=_spread(state, name)))
            continue
        if kind in ("eyex", "dyex") and not continuous:
            raise StataError(
                198,
                f"option {kind}() does not allow factor variables; option continuous makes their "
                "indicators continuous",
            )
        base = covariates.bases[name]
        for level in covariates.levels[name]:
            if continuous:
                effects.append(Effect(kind, name, level, None))
            else:
                effects.append(Effect(kind, name, level, base))
    return tuple(effects)


def _spread(state: State, name: str) -> float:
    """The standard deviation of a covariate in the data, or its size where that is zero."""
    values = Column.parse(name).evaluate(state.data)
    known = values[values < MISSING]
    spread = float(known.std()) if known.size else 1.0
    return spread or float(np.abs(known).max(initial=0.0)) or 1.0
