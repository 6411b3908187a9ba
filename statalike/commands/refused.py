"""Commands of Stata's that this program knows of and does not have: refused by name."""

from __future__ import annotations

from collections.abc import Callable

from statalike.commands.registry import Command, register
from statalike.errors import StataError
from statalike.state import State

_GRAPHS = "stcurve sts xtline tsline quantile symplot qchi pchi"
_ESTIMATION = (
    "meglm melogit meprobit mecloglog meologit meoprobit mepoisson menbreg mestreg metobit "
    "meintreg svy bayes regress logit logistic probit poisson nbreg ologit oprobit xtreg glm "
    "anova"
)
_POSTESTIMATION = "contrast pwcompare collect"
_PROGRAMMING = "program mata python shell"
_DATA = "merge append reshape collapse joinby import export odbc edit browse table tabstat"

REFUSED = tuple(f"{_GRAPHS} {_ESTIMATION} {_POSTESTIMATION} {_PROGRAMMING} {_DATA}".split())


def _refusal(name: str) -> Callable[[State, str], None]:
    def refuse(state: State, text: str) -> None:
        raise StataError(199, f"command {name} not yet supported")

    return refuse


def register_refused(known: set[str]) -> None:
    """Register a refusal for each of the names that no command has taken."""
    for name in REFUSED:
        if name not in known:
            register(
                Command(name, name, "text", _refusal(name), help="not yet supported", section="")
            )
