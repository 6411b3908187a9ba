"""The maximisation options of ``menl`` ([ME] menl, menlmaxopts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statalike.commands.estimation.maximize_options import convergence_rules
from statalike.data.dataset import Dataset
from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.nonlinear.fit import NonlinearFitOptions
from statalike.errors import StataError
from statalike.language.suboptions import Suboptions, read_option_list
from statalike.settings import Settings

#: in the language of ``syntax``
FIT_OPTIONS = (
    "ITERate(numlist max=1) TOLerance(real 1e-6) LTOLerance(real 1e-7) NRTOLerance(numlist max=1) "
    "NONRTOLerance noLOg LOg PNLSopts(string) LMEopts(string) EMITERate(integer 25) "
    "EMTOLerance(real 1e-10) EMLOG"
)

_STEP_OPTIONS = Suboptions(
    "[, ITERate(integer 5) LTOLerance(real 1e-7) TOLerance(real 1e-6) NRTOLerance(real 1e-5) "
    "NONRTOLerance noLOg]",
    unsupported="LOg TRace GRADient SHOWSTEP HESSian SHOWTOLerance",
)
_INNER_ITERATIONS = 5


def fit_options(
    options: Mapping[str, Any], settings: Settings, *, iid: bool
) -> NonlinearFitOptions:
    """The engine's options; ``iid`` tells that the model is one of nonlinear least squares.

    r(198) for options of one algorithm with a model that is fitted by another.
    """
    for name in ("pnlsopts", "lmeopts"):
        if iid and options.get(name) is not None:
            raise StataError(198, f"option {name}() not allowed with nonlinear least squares")
    for name in ("nrtolerance", "nonrtolerance"):
        if not iid and options.get(name):
            shown = f"{name}()" if name == "nrtolerance" else name
            raise StataError(
                198,
                f"option {shown} not allowed",
                hint=f"specify {name} in pnlsopts() or lmeopts()",
            )
    for name in ("emiterate", "emtolerance"):
        if float(options.get(name, 0)) < 0:
            raise StataError(198, f"{name}() must be nonnegative")
    return NonlinearFitOptions(
        convergence_rules(options, settings),
        _step_rules("pnlsopts", options, settings),
        _step_rules("lmeopts", options, settings),
        int(options.get("emiterate", 25)),
        float(options.get("emtolerance", 1e-10)),
        not options.get("nostderr"),
    )


def _step_rules(name: str, options: Mapping[str, Any], settings: Settings) -> ConvergenceRules:
    """The rules of one of the two steps of the alternation."""
    typed = options.get(name)
    given: dict[str, Any] = {"iterate": _INNER_ITERATIONS}
    if typed is not None:
        given |= read_option_list(_STEP_OPTIONS, str(typed), Dataset()).options
    given["iterate"] = (float(given["iterate"]),)
    return convergence_rules(given, settings)
