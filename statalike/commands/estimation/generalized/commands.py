"""``melogit`` and the other generalized mixed commands ([ME] meglm, [ME] melogit, ...)."""

from __future__ import annotations

from collections.abc import Callable

from statalike.commands.estimation.generalized.estimation import (
    EQUATION,
    MODEL_OPTIONS,
    UNSUPPORTED,
    estimate,
    replay,
)
from statalike.commands.estimation.generalized.named_commands import NAMED_COMMANDS, NamedCommand
from statalike.commands.registry import command
from statalike.language.arguments import Arguments
from statalike.state import State

#: how an option for exponentiated coefficients is declared
_RATIOS = {"or": "OR", "irr": "IRR", "eform": "EForm"}


def _handler(named: NamedCommand) -> Callable[[State, Arguments], None]:
    def handle(state: State, arguments: Arguments) -> None:
        if not arguments.given:
            replay(state, arguments, named)
            return
        estimate(state, arguments, named, named.family, named.link)

    return handle


for _named in NAMED_COMMANDS.values():
    if _named.family:
        _ratios = " ".join(_RATIOS[name] for name in _named.ratios)
        command(
            _named.name,
            _named.minimum,
            syntax=(
                "[varlist(fv ts)] [if] [in] [fweight pweight] "
                f"[, noCONStant {_ratios} {MODEL_OPTIONS}]"
            ),
            equation=EQUATION,
            unsupported=UNSUPPORTED,
            help=_named.help,
            section="Estimation",
            by="each",
        )(_handler(_named))
