"""``melogit`` and the other generalized mixed commands ([ME] meglm, [ME] melogit, ...)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from statalike.commands.estimation.generalized.estimation import (
    EQUATION,
    MODEL_OPTIONS,
    UNSUPPORTED,
    estimate,
    replay,
)
from statalike.commands.estimation.generalized.named_commands import NAMED_COMMANDS, NamedCommand
from statalike.commands.estimation.generalized.outcomes import (
    DEFAULT_LINKS,
    EXTREME,
    Distribution,
    is_allowed,
)
from statalike.commands.registry import command
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.state import State

#: how an option for exponentiated coefficients is declared
_RATIOS = {"or": "OR", "irr": "IRR", "eform": "EForm", "tratio": "TRatio"}
_CONSTANT, _OFFSET = "noCONStant", "OFFset(varname numeric)"
_EXPOSURE, _ASIS = "EXPosure(varname numeric)", "ASIS"
#: options of the fixed part where they are not noconstant and offset()
_FIXED_OPTIONS = {
    "meglm": f"{_CONSTANT} {_OFFSET} {_EXPOSURE} {_ASIS}",
    "melogit": f"{_CONSTANT} {_OFFSET} {_ASIS}",
    "meprobit": f"{_CONSTANT} {_OFFSET} {_ASIS}",
    "mecloglog": f"{_CONSTANT} {_OFFSET} {_ASIS}",
    "meologit": _OFFSET,
    "meoprobit": _OFFSET,
    "mepoisson": f"{_CONSTANT} {_OFFSET} {_EXPOSURE}",
    "menbreg": f"{_CONSTANT} {_OFFSET} {_EXPOSURE}",
}
#: options of single commands
_OWN_OPTIONS = {
    "meglm": "Family(string) Link(string)",
    "melogit": "BInomial(string)",
    "meprobit": "BInomial(string)",
    "mecloglog": "BInomial(string)",
    "menbreg": "Dispersion(string)",
    "metobit": "LL LL(string) UL UL(string)",
    "mestreg": "Distribution(string) TIME noHR noSHow",
}


FAMILIES = {
    "ga": "gaussian",
    "be": "bernoulli",
    "bi": "binomial",
    "gam": "gamma",
    "nb": "nbinomial",
    "or": "ordinal",
    "po": "poisson",
}
LINKS = {"iden": "identity", "log": "log", "logit": "logit", "probit": "probit", "clog": "cloglog"}


def _distribution(named: NamedCommand, state: State, options: Mapping[str, Any]) -> Distribution:
    """The distribution a command stands for, or that ``family()`` and ``link()`` choose; r(198)."""
    trials = str(options.get("binomial") or "").strip()
    if named.name == "metobit":
        return Distribution(
            named.family,
            named.link,
            model="tobit",
            lower=_limit(state, options, "ll"),
            upper=_limit(state, options, "ul"),
        )
    if named.name == "meintreg":
        return Distribution(named.family, named.link, model="interval")
    if named.name == "mestreg":
        return _survival(options)
    if named.family:
        dispersion = _dispersion(str(options.get("dispersion") or "mean"))
        family = "binomial" if trials else named.family
        return Distribution(family, named.link, _trials(state, trials), dispersion)
    typed, *rest = str(options.get("family") or "gaussian").split()
    family = _full_name(typed, FAMILIES, "family")
    if len(rest) > 1 or (rest and family not in ("binomial", "nbinomial")):
        raise StataError(198, "option family() incorrectly specified")
    link = options.get("link")
    link = DEFAULT_LINKS[family] if link is None else _full_name(str(link), LINKS, "link")
    if not is_allowed(family, link):
        raise StataError(198, f"link({link}) not allowed with family({family})")
    if family == "binomial":
        return Distribution(family, link, _trials(state, rest[0] if rest else "1"))
    if family == "nbinomial":
        return Distribution(family, link, dispersion=_dispersion(rest[0] if rest else "mean"))
    return Distribution(family, link)


SURVIVAL_DISTRIBUTIONS = {
    "e": "exponential",
    "w": "weibull",
    "ga": "gamma",
    "logl": "loglogistic",
    "ll": "llogistic",
    "logn": "lognormal",
    "ln": "lnormal",
}
_SYNONYMS = {"llogistic": "loglogistic", "lnormal": "lognormal"}


def _survival(options: Mapping[str, Any]) -> Distribution:
    """The distribution of survival times, and whether covariates act on the hazard or on time."""
    typed = options.get("distribution")
    if typed is None:
        raise StataError(198, "option distribution() required")
    name = _full_name(str(typed).strip(), SURVIVAL_DISTRIBUTIONS, "distribution")
    name = _SYNONYMS.get(name, name)
    proportional = name in ("exponential", "weibull")
    if options.get("time") and not proportional:
        raise StataError(198, f"option time not allowed with distribution({name})")
    metric = "hazard" if proportional and not options.get("time") else "time"
    return Distribution("survival", "log", model="survival", distribution=name, metric=metric)


def _limit(state: State, options: Mapping[str, Any], name: str) -> str:
    """A censoring limit: a number, a variable, or ``extreme`` where the option stands alone."""
    given = options.get(name)
    if not given:
        return ""
    if given is True:
        return EXTREME
    text = str(given).strip()
    try:
        float(text)
    except ValueError:
        return state.data.unabbreviate(text)
    return text


def _full_name(typed: str, names: Mapping[str, str], option: str) -> str:
    found = [
        full for short, full in names.items() if typed.startswith(short) and full.startswith(typed)
    ]
    if not found:
        raise StataError(198, f"{option}({typed}) not allowed")
    return found[-1] if typed.startswith("gam") else found[0]


def _dispersion(typed: str) -> str:
    for name in ("mean", "constant"):
        if typed and name.startswith(typed):
            return name
    raise StataError(198, f"dispersion({typed}) not allowed")


def _trials(state: State, typed: str) -> str:
    """A number or the name of a variable; r(111), r(198)."""
    if not typed:
        return ""
    try:
        number = float(typed)
    except ValueError:
        return state.data.unabbreviate(typed)
    if number < 1 or number != int(number):
        raise StataError(198, "binomial() must be a positive integer")
    return typed


def _handler(named: NamedCommand) -> Callable[[State, Arguments], None]:
    def handle(state: State, arguments: Arguments) -> None:
        if not arguments.given and not arguments.equations:
            replay(state, arguments, named)
            return
        distribution = _distribution(named, state, arguments.options)
        estimate(state, arguments, named, distribution)

    return handle


def _syntax(named: NamedCommand) -> str:
    """What a command accepts, in the ``syntax`` language."""
    options = (
        _FIXED_OPTIONS.get(named.name, f"{_CONSTANT} {_OFFSET}"),
        *(_RATIOS[name] for name in named.ratios),
        _OWN_OPTIONS.get(named.name, ""),
        MODEL_OPTIONS,
    )
    return f"[varlist(fv ts)] [if] [in] [fweight iweight pweight] [, {' '.join(options)}]"


for _named in NAMED_COMMANDS.values():
    command(
        _named.name,
        _named.minimum,
        syntax=_syntax(_named),
        equation=EQUATION,
        unsupported=UNSUPPORTED,
        help=_named.help,
        section="Estimation",
        by="each",
    )(_handler(_named))
