"""Which options of the generalized mixed commands go with which models; others are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statalike.errors import StataError

RATIOS = ("or", "irr", "eform", "tratio")
WITHOUT_POINTS = ("laplace", "pclaplace")


def check_model_options(options: Mapping[str, Any], family: str, method: str) -> None:
    """r(198) for options that a model of a ``family`` integrated by a ``method`` would not obey."""
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
