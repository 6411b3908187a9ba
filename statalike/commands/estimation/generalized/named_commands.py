"""The commands for generalized mixed models, and what distinguishes one from another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NamedCommand:
    """A command with its title and the distribution it stands for.

    ``family`` and ``link`` are empty where options choose them.  ``comparison`` names the model
    without random effects (chosen by family and link where empty), ``model`` is e(model), and
    ``ratios`` the options for exponentiated coefficients.
    """

    name: str
    minimum: str
    title: str
    family: str
    link: str
    comparison: str
    model: str
    ratios: tuple[str, ...]
    help: str


NAMED_COMMANDS = {
    named.name: named
    for named in (
        NamedCommand(
            "meglm",
            "meglm",
            "Mixed-effects GLM",
            "",
            "",
            "",
            "glm",
            ("eform", "irr", "or"),
            "fit multilevel mixed-effects generalized linear models",
        ),
        NamedCommand(
            "melogit",
            "melogit",
            "Mixed-effects logistic regression",
            "bernoulli",
            "logit",
            "logistic",
            "logistic",
            ("or",),
            "fit multilevel mixed-effects logistic models",
        ),
        NamedCommand(
            "meprobit",
            "meprobit",
            "Mixed-effects probit regression",
            "bernoulli",
            "probit",
            "probit",
            "probit",
            (),
            "fit multilevel mixed-effects probit models",
        ),
        NamedCommand(
            "mecloglog",
            "mecloglog",
            "Mixed-effects cloglog regression",
            "bernoulli",
            "cloglog",
            "cloglog",
            "cloglog",
            ("eform",),
            "fit multilevel mixed-effects complementary log-log models",
        ),
        NamedCommand(
            "meologit",
            "meologit",
            "Mixed-effects ologit regression",
            "ordinal",
            "logit",
            "ologit",
            "ologit",
            ("or",),
            "fit multilevel mixed-effects ordered logistic models",
        ),
        NamedCommand(
            "meoprobit",
            "meoprobit",
            "Mixed-effects oprobit regression",
            "ordinal",
            "probit",
            "oprobit",
            "oprobit",
            (),
            "fit multilevel mixed-effects ordered probit models",
        ),
        NamedCommand(
            "mepoisson",
            "mepoisson",
            "Mixed-effects Poisson regression",
            "poisson",
            "log",
            "Poisson",
            "Poisson",
            ("irr",),
            "fit multilevel mixed-effects Poisson models",
        ),
        NamedCommand(
            "menbreg",
            "menbreg",
            "Mixed-effects nbinomial regression",
            "nbinomial",
            "log",
            "nbinomial",
            "nbreg",
            ("irr",),
            "fit multilevel mixed-effects negative binomial models",
        ),
        NamedCommand(
            "metobit",
            "metobit",
            "Mixed-effects tobit regression",
            "gaussian",
            "identity",
            "tobit",
            "tobit",
            (),
            "fit multilevel mixed-effects tobit models",
        ),
        NamedCommand(
            "meintreg",
            "meintreg",
            "Mixed-effects interval regression",
            "gaussian",
            "identity",
            "interval",
            "interval",
            (),
            "fit multilevel mixed-effects interval models",
        ),
        NamedCommand(
            "mestreg",
            "mestreg",
            "Mixed-effects parametric survival regression",
            "survival",
            "log",
            "",
            "streg",
            ("tratio",),
            "fit multilevel mixed-effects parametric survival models",
        ),
    )
}
