"""Margins after ``logit``, ``poisson``, ``ologit`` and the other one-level models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from statalike.commands.estimation.single_level import COMMANDS
from statalike.commands.postestimation.margins.generalized_statistics import (
    GeneralizedPrediction,
    statistics_of_generalized,
)
from statalike.commands.postestimation.margins.statistics import (
    Statistic,
    margins_statistics,
    refuse_options,
)
from statalike.state import State

EVENTS = "Predicted number of events"


@margins_statistics(*(named.name for named in COMMANDS))
def statistics_of_single_level(
    state: State, options: Mapping[str, Any], text: str
) -> tuple[Statistic, ...]:
    """What generalized mixed models have without random effects: the mean, which is a probability
    of binary outcomes, the probability of each category, or the linear predictor.
    """
    refuse_options(options, ("mu", "pr", "xb", "nooffset", "outcome"))
    found = statistics_of_generalized(state, options, text)
    macros = state.e.macros
    if options.get("xb"):
        label = "Linear prediction"
    elif macros["family"] == "ordinal":
        return found
    else:
        label = f"Pr({macros['depvar']})" if macros["family"] == "bernoulli" else EVENTS
    return tuple(_labelled(each, label) for each in found)


def _labelled(statistic: Statistic, label: str) -> Statistic:
    assert isinstance(statistic, GeneralizedPrediction)
    return replace(statistic, label=label)
