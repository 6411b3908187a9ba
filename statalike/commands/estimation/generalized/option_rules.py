"""Which options of the generalized mixed commands go with which models; others are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from statalike.commands.estimation.generalized.outcomes import OutcomeRequest, PreparedOutcome
from statalike.errors import StataError, option_not_allowed

RATIOS = ("or", "irr", "eform", "tratio")
EXPOSED = ("meglm", "mepoisson", "menbreg")
WITHOUT_POINTS = ("laplace", "pclaplace")


def check_model_options(
    command: str, options: Mapping[str, Any], family: str, method: str, random_effects: bool
) -> None:
    """r(198) for options that the model would not obey.

    ``method`` is the method of integration; ``random_effects`` tells of equations after ``||``.
    """
    if not random_effects:
        raise StataError(198, f"{command} without random effects not yet supported")
    if options.get("exposure") and command not in EXPOSED:
        raise option_not_allowed("exposure")
    if options.get("noconstant") and family == "ordinal":
        raise StataError(198, "option noconstant not allowed with an ordinal outcome")
    if "intpoints" in options and method in WITHOUT_POINTS:
        raise StataError(198, f"option intpoints() not allowed with intmethod({method})")


def check_ratios(options: Mapping[str, Any], family: str, link: str, metric: str) -> None:
    """r(198) for exponentiated coefficients that a model does not have.

    ``metric`` is ``hazard`` or ``time`` for survival times, otherwise empty.
    """
    chosen = [name for name in RATIOS if options.get(name)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {chosen[0]} or {chosen[1]} is allowed")
    if options.get("or") and link != "logit":
        raise StataError(198, "option or not allowed with this link")
    if options.get("irr") and family not in ("poisson", "nbinomial"):
        raise StataError(198, "option irr not allowed with this family")
    if options.get("tratio") and metric == "hazard":
        raise StataError(198, "option tratio not allowed in the hazard metric")
    if options.get("nohr") and metric == "time":
        raise StataError(198, "option nohr not allowed in the accelerated failure-time metric")


def check_entry(outcome: OutcomeRequest, prepared: PreparedOutcome, first: np.ndarray) -> None:
    """r(459) when subjects come under observation late; ``first`` (n,) marks first records."""
    if outcome.model == "survival" and np.any(prepared.rows[1][first] > 0):
        raise StataError(459, "delayed entry is not allowed with mestreg")
