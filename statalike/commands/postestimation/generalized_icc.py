"""``estat icc`` after generalized mixed commands: correlations of latent responses."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.estimation.generalized.description import stored_description
from statalike.commands.postestimation.intraclass_correlations import show_intraclass_correlations
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.state import State

#: variances of the distributions that links stand for: logistic, normal, Gumbel
LATENT_VARIANCES = {"logit": np.pi**2 / 3.0, "probit": 1.0, "cloglog": np.pi**2 / 6.0}
LATENT_FAMILIES = ("bernoulli", "binomial", "ordinal")


def generalized_icc(state: State, arguments: Arguments) -> None:
    """Correlations of the responses that cross a threshold, or of Gaussian outcomes; r(321)."""
    results = state.e
    description = stored_description(results)
    family, link = description.outcome.family, description.outcome.link
    names = [name for name, _ in description.levels]
    if not names:
        raise StataError(321, "the model has no random effects")
    if "_all" in names:
        raise StataError(321, "estat icc is not allowed after crossed-effects models")
    b, V = results.matrices["b"], results.matrices["V"].values
    positions = {str(stripe): k for k, stripe in enumerate(b.columns)}
    variances: list[float] = []
    gradients: list[np.ndarray] = []
    for name in names:
        path = description.path(name)
        position = positions.get(f"/var(_cons[{path}])")
        if position is None:
            raise StataError(
                321, "estat icc is not allowed without a random intercept at every level"
            )
        variances.append(float(b.values[0, position]))
        gradients.append(np.eye(len(positions))[position])
    gradient = np.zeros(len(positions))
    residual = positions.get(f"/var(e.{description.outcome.column.name})")
    if family in LATENT_FAMILIES:
        variances.append(LATENT_VARIANCES[link])
    elif residual is not None and link == "identity":
        variances.append(float(b.values[0, residual]))
        gradient[residual] = 1.0
    else:
        raise StataError(321, f"estat icc is not allowed after {results.macros['cmd2']}")
    gradients.append(gradient)
    conditional = any(
        not column.constant
        for _, equations in description.levels
        for equation in equations
        for column in equation.columns
    )
    level = confidence_level(arguments.options, state.settings)
    show_intraclass_correlations(state, names, variances, gradients, V, level, conditional)
