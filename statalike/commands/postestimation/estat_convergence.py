"""``estat convergence``: whether the last estimates can be trusted, and why not.

It works after every estimator that leaves e(gradient), e(hessian) and e(boundary), see
:mod:`statalike.commands.estimation.convergence_results`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from statalike.commands.estimation.convergence_results import undetermined_parameters
from statalike.commands.estimation.linear_mixed import described_by
from statalike.commands.estimation.mixed_results import parameter_stripes
from statalike.commands.estimation.random_effects_rows import parameter_rows
from statalike.commands.postestimation.stored_estimates import active_estimates
from statalike.commands.registry import command
from statalike.data.missing import MISSING
from statalike.engine.convergence_diagnosis import (
    LARGEST_CONDITION,
    LARGEST_SCALED_GRADIENT,
    ConvergenceDiagnosis,
    diagnose,
)
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.convergence_report import (
    ConvergenceReport,
    ParameterDiagnosis,
    convergence_report,
)
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State


@command(
    "estat convergence",
    "estat conv",
    syntax="[, noTABle]",
    help="whether a fit can be trusted, and why not",
    section="Postestimation",
)
def estat_convergence(state: State, arguments: Arguments) -> None:
    results = active_estimates(state)
    if "gradient" not in results.matrices:
        raise StataError(
            321,
            "the last estimates have no derivatives of the log likelihood",
            hint="they are not computed with options emonly and nostderr",
        )
    stripes = results.matrices["gradient"].columns
    estimates = results.matrices["b"].values[0, -len(stripes) :]
    gradient = results.matrices["gradient"].values[0]
    found = diagnose(
        estimates,
        results.scalars["ll"],
        gradient,
        results.matrices["hessian"].values,
        results.matrices["boundary"].values[0] != 0,
        np.array([stripe in undetermined_parameters(results) for stripe in stripes]),
    )
    converged = bool(results.scalars["converged"])
    names = _descriptions(results, stripes)
    _return(state, found, converged, stripes)
    report = ConvergenceReport(
        facts=(
            ("Iterations", results.scalars["ic"]),
            ("Convergence declared", "yes" if converged else "no"),
            ("Scaled gradient g inv(-H) g'", _missing(found.scaled_gradient)),
            ("Largest relative gradient", float(np.max(found.relative_gradient))),
            ("Condition number of the scaled information", _missing(found.condition)),
        ),
        parameters=()
        if arguments.flag("notable")
        else _rows(found, [names[stripe] for stripe in stripes], estimates, gradient),
        verdict=_verdict(found, converged),
        reasons=_reasons(found, converged, [names[stripe] for stripe in stripes]),
        advice=_advice(found, converged),
    )
    state.console.print()
    state.console.print_lines(convergence_report(report, state.settings.linesize))


def _return(
    state: State, found: ConvergenceDiagnosis, converged: bool, stripes: tuple[Stripe, ...]
) -> None:
    trusted = converged and found.trustworthy
    state.r = Results(
        scalars={
            "trustworthy": float(trusted),
            "scaled_gradient": _missing(found.scaled_gradient),
            "condition": _missing(found.condition),
            "k_boundary": float(np.sum(found.at_boundary)),
            "k_flat": float(np.sum(found.flat)),
        },
        matrices={
            "relative_gradient": NamedMatrix.row(found.relative_gradient, stripes, "r1"),
            "boundary": NamedMatrix.row(found.at_boundary.astype(float), stripes, "r1"),
            "flat": NamedMatrix.row(found.flat.astype(float), stripes, "r1"),
        },
    )


def _missing(value: float) -> float:
    return value if np.isfinite(value) else MISSING


def _descriptions(results: Results, stripes: tuple[Stripe, ...]) -> Mapping[Stripe, str]:
    """What parameters are called; after ``mixed`` by level and effect."""
    names = {
        stripe: stripe.equation if stripe.name == "_cons" else str(stripe) for stripe in stripes
    }
    if results.macros.get("cmd") != "mixed":
        return names
    description = described_by(results)
    own = parameter_stripes(description)
    labels = [
        f"{level}: {name}"
        for level, equations in description.levels
        for equation in equations
        for name in parameter_rows(equation, standard_deviations=True)
    ]
    labels.append("sd(Residual)" if description.residuals is None else "lnsig_e")
    return {**names, **dict(zip(own, labels, strict=False))}


def _rows(
    found: ConvergenceDiagnosis, names: list[str], estimates: np.ndarray, gradient: np.ndarray
) -> list[ParameterDiagnosis]:
    def remark(position: int) -> str:
        if found.at_boundary[position]:
            return "at the boundary"
        if found.flat[position]:
            return "not determined"
        return "still rising" if found.steep[position] else ""

    return [
        ParameterDiagnosis(
            name,
            float(estimates[i]),
            float(gradient[i]),
            float(found.relative_gradient[i]),
            remark(i),
        )
        for i, name in enumerate(names)
    ]


def _verdict(found: ConvergenceDiagnosis, converged: bool) -> str:
    if not converged or not found.trustworthy:
        return "This fit should not be trusted."
    if found.at_boundary.any():
        return (
            "This fit is a maximum at the boundary of the parameter space. Standard errors and "
            "intervals of the parameters at the boundary mean nothing; the others are those of "
            "the model without them."
        )
    return "This fit is a maximum of the likelihood, and the data determine its parameters."


def _reasons(found: ConvergenceDiagnosis, converged: bool, names: list[str]) -> list[str]:
    def named(mask: np.ndarray) -> str:
        return ", ".join(name for name, marked in zip(names, mask, strict=True) if marked)

    reasons: list[str] = []
    if not converged:
        reasons.append("the iterations ended before the criteria of convergence were met.")
    if found.steep.any():
        reasons.append(
            f"the log likelihood still rises along {named(found.steep)}: this is not its maximum."
        )
    if found.flat.any():
        reasons.append(
            f"the log likelihood is flat along {named(found.flat)}: other values fit as well."
        )
    elif not np.isfinite(found.scaled_gradient):
        reasons.append("the Hessian is not negative definite: this may be a saddle point.")
    elif found.scaled_gradient > LARGEST_SCALED_GRADIENT and not found.steep.any():
        reasons.append("the scaled gradient is larger than 1e-5: there is more to gain.")
    if found.at_boundary.any():
        reasons.append(
            f"at the boundary, a variance of zero or a correlation of one: "
            f"{named(found.at_boundary)}."
        )
    return reasons


def _advice(found: ConvergenceDiagnosis, converged: bool) -> list[str]:
    advice: list[str] = []
    if found.at_boundary.any():
        advice.append(
            "leave out the random effects whose variance is zero; for a correlation of one, "
            "covariance(independent) or fewer random effects."
        )
    if found.flat.any():
        advice.append(
            "simplify the model: several variances cannot be told apart when groups have one "
            "observation each or when random effects depend on each other."
        )
    if not (converged and found.trustworthy) and not found.flat.any():
        advice += [
            "more iterations (iterate()), difficult, another technique(), or matlog;",
            "other starting values: from(), or more EM iterations (emiterate());",
            "covariates centred and in units that make their coefficients of similar size.",
        ]
    elif np.isfinite(found.condition) and found.condition > LARGEST_CONDITION:
        advice.append("covariates centred and in units that make their coefficients comparable.")
    return advice
