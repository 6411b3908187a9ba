"""What ``contrast`` and ``pwcompare`` leave in r() and, posted, in e()."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.postestimation.combination_inference import Combinations
from statalike.commands.postestimation.comparison_options import Adjustment
from statalike.language.arguments import Arguments
from statalike.output.styled import BLANK, Line, line
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

#: the code in r(error) of what is not estimable
NOT_ESTIMABLE = 8.0


def comparison_results(
    state: State, arguments: Arguments, title: str, adjustment: Adjustment
) -> Results:
    """r() with the macros that tell what was asked for, and the level."""
    macros = {
        "cmd": arguments.name,
        "cmdline": arguments.text,
        "est_cmd": state.e.macros.get("cmd", ""),
        "est_cmdline": state.e.macros.get("cmdline", ""),
        "title": title,
        "emptycells": (arguments.string("emptycells") or "strict").strip(),
        "mcmethod": adjustment.method,
        "mctitle": adjustment.title,
        "margin_method": "asobserved" if arguments.flag("asobserved") else "asbalanced",
    }
    if adjustment.all_terms:
        macros["mcadjustall"] = "adjustall"
    scalars = {"level": confidence_level(arguments.options, state.settings)}
    return Results(scalars, {name: text for name, text in macros.items() if text})


def title_lines(results: Results) -> list[Line]:
    """The title and how margins were formed."""
    return [
        line(results.macros["title"]),
        BLANK,
        line(f"Margins: {results.macros['margin_method']}"),
    ]


def add_combinations(
    results: Results,
    found: Combinations,
    names: tuple[Stripe, ...],
    coefficients: tuple[Stripe, ...],
    suffix: str = "",
    weights: str = "L",
) -> None:
    """Store estimates, their covariance and what they are combinations of.

    Names in r() are ``b``, ``V`` and ``error`` with the suffix, and ``weights``.
    """
    error = np.where(found.estimable, 0.0, NOT_ESTIMABLE)
    results.matrices |= {
        f"b{suffix}": NamedMatrix.row(np.where(found.estimable, found.estimates, 0.0), names),
        f"V{suffix}": NamedMatrix.square(found.covariance, names),
        f"error{suffix}": NamedMatrix.row(error, names),
        weights: NamedMatrix(found.weights, names, coefficients),
    }


def posted(estimates: Results, results: Results, b: str, covariance: str) -> Results:
    """e() made of r(), whose matrices ``b`` and ``covariance`` become e(b) and e(V)."""
    matrices = {
        name: matrix for name, matrix in results.matrices.items() if name not in (b, covariance)
    }
    matrices = {"b": results.matrices[b], "V": results.matrices[covariance], **matrices}
    scalars = {name: estimates.scalars[name] for name in ("N",) if name in estimates.scalars}
    macros = {**results.macros, "properties": "b V"}
    return Results(scalars | results.scalars, macros, matrices, estimates.sample)
