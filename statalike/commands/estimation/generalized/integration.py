"""``intmethod()`` and ``intpoints()``: how random effects are integrated out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statalike.engine.generalized.objective import IntegrationMethod
from statalike.errors import StataError

METHODS: dict[str, IntegrationMethod] = {
    "mv": "mvaghermite",
    "mc": "mcaghermite",
    "pc": "pcaghermite",
    "gh": "ghermite",
    "lap": "laplace",
    "pclap": "pclaplace",
}
PINHEIRO_CHAO = ("pcaghermite", "pclaplace")


def integration_method(
    options: Mapping[str, Any], family: str, link: str, crossed: bool
) -> IntegrationMethod:
    """The method that ``intmethod()`` names, Laplace's for crossed effects; r(198)."""
    standard = "laplace" if crossed else "mvaghermite"
    typed = str(options.get("intmethod") or standard).strip()
    found: IntegrationMethod | None = None
    for short, full in METHODS.items():
        if typed.startswith(short) and full.startswith(typed):
            found = full
    if found is None:
        raise StataError(198, f"intmethod({typed}) not allowed")
    if found in PINHEIRO_CHAO and (family, link) not in (
        ("bernoulli", "logit"),
        ("binomial", "logit"),
        ("poisson", "log"),
    ):
        raise StataError(198, f"intmethod({found}) not allowed with this family and link")
    if crossed and found not in ("laplace", "pclaplace"):
        raise StataError(198, f"intmethod({found}) not yet supported with crossed random effects")
    if "intpoints" in options and found in ("laplace", "pclaplace"):
        raise StataError(198, f"option intpoints() not allowed with intmethod({found})")
    points = int(options.get("intpoints", 7))
    if not 1 <= points <= 195:
        raise StataError(198, "intpoints() must be between 1 and 195")
    return found
