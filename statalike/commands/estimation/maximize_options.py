"""The maximize options that all likelihood estimators share ([R] Maximize)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from statalike.engine.newton_raphson import ConvergenceRules
from statalike.engine.quasi_newton import ITERATIONS_BEFORE_SWITCHING, Technique, TechniquePhase
from statalike.errors import StataError
from statalike.language.parser import parse_techniques
from statalike.settings import Settings
from statalike.state import State

#: in the language of ``syntax``
MAXIMIZE_OPTIONS = (
    "DIFficult TECHnique(string) ITERate(numlist max=1) noLOg LOg TRace GRADient SHOWSTEP HESSian "
    "SHOWTOLerance TOLerance(real 1e-6) LTOLerance(real 1e-7) NRTOLerance(real 1e-5) "
    "QTOLerance(numlist max=1) NONRTOLerance FROM(string)"
)

TECHNIQUES: tuple[Technique, ...] = ("nr", "bhhh", "dfp", "bfgs")
#: Stata's bound of iterate()
MOST_ITERATIONS = 16_000


@dataclass(frozen=True)
class TraceContents:
    """What an iteration log shows beside the objective."""

    parameters: bool = False
    gradient: bool = False
    hessian: bool = False
    steps: bool = False
    tolerances: bool = False

    @property
    def matrices(self) -> bool:
        """Whether iterations are shown as blocks under a rule rather than as lines."""
        return self.parameters or self.gradient or self.hessian


def trace_contents(options: Mapping[str, Any]) -> TraceContents:
    """Which of ``trace``, ``gradient``, ``hessian``, ``showstep``, ``showtolerance`` are given."""
    return TraceContents(
        parameters=bool(options.get("trace")),
        gradient=bool(options.get("gradient")),
        hessian=bool(options.get("hessian")),
        steps=bool(options.get("showstep")),
        tolerances=bool(options.get("showtolerance")),
    )


def log_shown(state: State, options: Mapping[str, Any]) -> bool:
    """Whether an iteration log is shown: ``nolog``, ``log``, or else ``set iterlog``."""
    if options.get("nolog"):
        return False
    return bool(options.get("log")) or state.settings.iterlog == "on"


def convergence_rules(
    options: Mapping[str, Any], settings: Settings, refused: Sequence[Technique] = ()
) -> ConvergenceRules:
    """The engine's rules from the maximize options; r(198).

    ``refused`` are techniques that the command does not allow.
    """
    if options.get("log") and options.get("nolog"):
        raise StataError(198, "only one of log or nolog is allowed")
    given = {
        name: options.get(name)
        for name in ("iterate", "tolerance", "ltolerance", "nrtolerance", "qtolerance")
    }
    values = {
        name: float(value[0]) if isinstance(value, tuple) else float(value)
        for name, value in given.items()
        if value is not None
    }
    for name, value in values.items():
        if value < 0:
            raise StataError(198, f"{name}() must be nonnegative")
    iterations = values.get("iterate", float(settings.maxiter))
    if iterations != int(iterations) or iterations > MOST_ITERATIONS:
        raise StataError(198, f"iterate() must be an integer between 0 and {MOST_ITERATIONS}")
    standard = ConvergenceRules()
    return ConvergenceRules(
        iterations=int(iterations),
        parameter_tolerance=values.get("tolerance", standard.parameter_tolerance),
        value_tolerance=values.get("ltolerance", standard.value_tolerance),
        scaled_gradient_tolerance=values.get("nrtolerance", standard.scaled_gradient_tolerance),
        use_scaled_gradient=not options.get("nonrtolerance"),
        difficult=bool(options.get("difficult")),
        techniques=techniques(str(options.get("technique") or "nr"), refused),
        quasi_tolerance=values.get("qtolerance"),
    )


def techniques(typed: str, refused: Sequence[Technique] = ()) -> tuple[TechniquePhase, ...]:
    """The phases of ``technique(nr 5 bfgs 10)``; r(198)."""
    phases: list[TechniquePhase] = []
    for item in parse_techniques(typed):
        found = [name for name in TECHNIQUES if name == item.name]
        if not found:
            raise StataError(198, f"technique {item.name} not found")
        if found[0] in refused:
            raise StataError(198, f"technique {item.name} is not allowed with this command")
        count = ITERATIONS_BEFORE_SWITCHING if item.iterations is None else item.iterations
        if count < 1 or count != int(count):
            raise StataError(198, "option technique() incorrectly specified", span=item.span)
        phases.append(TechniquePhase(found[0], int(count)))
    return tuple(phases)
