"""``margins``: predictions averaged over observations, and effects on them ([R] margins)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statalike.commands.estimation.display_options import DISPLAY_OPTIONS, confidence_level
from statalike.commands.estimation.estimation_sample import set_estimation_sample
from statalike.commands.postestimation.margins.comparing import (
    requested_comparison,
    show_comparison,
)
from statalike.commands.postestimation.margins.display import show_margins
from statalike.commands.postestimation.margins.empty_cells import (
    inestimable,
    may_be_inestimable,
    whole_design,
)
from statalike.commands.postestimation.margins.estimation import estimate_margins
from statalike.commands.postestimation.margins.plan import MarginsPlan
from statalike.commands.postestimation.margins.reading import (
    listed_terms,
    margins_plan,
    residual_df,
)
from statalike.commands.postestimation.margins.results import MarginsRequest, margins_results
from statalike.commands.postestimation.margins.unconditional_variance import (
    unconditional_variance,
)
from statalike.commands.registry import command
from statalike.errors import StataError
from statalike.evaluation import estimation_sample
from statalike.language.arguments import Arguments
from statalike.output.notes import wrapped
from statalike.results.stores import Results
from statalike.state import State

#: ``emptycells()`` says how margins are made, so that there is no ``noemptycells``
DISPLAY = DISPLAY_OPTIONS.replace("noEMPTYcells ", "")


@command(
    "margins",
    syntax=(
        "[anything] [if] [in] [fweight aweight iweight pweight] [, at(string repeated) ATMeans "
        "ASBALanced over(varlist) WITHin(varlist) DYDX(string) EYEX(string) DYEX(string) "
        "EYDX(string) CONTinuous PREDict(string repeated) EXPression(string) "
        "noATLegend noLEGend POST noESTIMcheck FORCE noSE noCHAINrule "
        "EMPTYcells(string) vce(string) subpop(string) noWEIGHTs noESAMPle df(real 0) "
        "CONTRAST CONTRAST(string) PWCOMPare PWCOMPare(string) MCOMPare(string) "
        f"{DISPLAY}]"
    ),
    help="margins of predictions, and effects on them",
    section="Postestimation",
)
def margins(state: State, arguments: Arguments) -> None:
    method = variance_method(arguments)
    terms = listed_terms(state, arguments.body)
    over = (*arguments.variables("over"), *arguments.variables("within"))
    comparison = requested_comparison(arguments, terms, over, state.data)
    plan = margins_plan(state, arguments, terms)
    wanted = not arguments.options.get("nose")
    estimates = estimate_margins(state, plan, derivatives=wanted)
    lost = _inestimable(state, plan, arguments)
    variance = None
    if wanted:
        if method == "unconditional":
            variance = unconditional_variance(state, plan, estimates)
        else:
            V = state.e.matrices["V"].values
            variance = estimates.jacobian @ V @ estimates.jacobian.T
    request = MarginsRequest(
        arguments.text,
        arguments.string("expression") or "",
        confidence_level(arguments.options, state.settings),
        residual_df(state, arguments),
        method,
    )
    results = margins_results(state, plan, request, estimates, variance, lost)
    state.r = results
    if comparison is None:
        show_margins(state, plan, estimates, results, arguments.options)
    elif not (terms or over or len(plan.points) > 1 or len(plan.statistics) > 1):
        what = "pwcompare" if comparison.pairwise else "contrast"
        kind = "pairwise comparisons" if comparison.pairwise else "contrasts"
        state.console.print_lines(
            wrapped(
                f"note: ignoring {what} options because there are no margins for making {kind}.",
                state.settings.linesize,
                indent=0,
            )
        )
        show_margins(state, plan, estimates, results, arguments.options)
    else:
        results = show_comparison(state, plan, estimates, results, comparison)
        state.r = results
    state.memory.margins = results.copy()
    if arguments.flag("post"):
        post(state, results)


def variance_method(arguments: Arguments) -> str:
    """``delta`` or ``unconditional``, the method of standard errors; r(198) for others."""
    typed = arguments.string("vce")
    if typed is None or (typed and "delta".startswith(typed)):
        return "delta"
    if len(typed) >= 2 and "unconditional".startswith(typed):
        if arguments.options.get("nose"):
            raise StataError(198, "options nose and vce(unconditional) may not be combined")
        return "unconditional"
    raise StataError(198, f"vcetype {typed} not allowed")


def post(state: State, results: Results) -> None:
    """Make margins the active estimates."""
    sample = estimation_sample(state)
    kept = results.copy()
    table = kept.matrices.pop("table", None)
    kept.macros["properties"] = "b V" if "V" in kept.matrices else "b"
    state.e = kept
    if sample is not None:
        set_estimation_sample(state, sample)
    if table is not None:
        state.r = Results(scalars={"level": kept.scalars["level"]}, matrices={"table": table})


def _inestimable(state: State, plan: MarginsPlan, arguments: Arguments) -> np.ndarray:
    """Which margins are not estimable, a mask (m,); none with ``noestimcheck``."""
    count = len(plan.margins())
    columns = plan.statistics[0].columns
    sample = estimation_sample(state)
    if arguments.options.get("noestimcheck") or sample is None or not may_be_inestimable(columns):
        return np.zeros(count, dtype=bool)
    design = (whole_design(columns),)
    lost = inestimable(
        estimate_margins(state, plan, statistics=design).jacobian, columns, state.data, sample
    )
    if plan.effects and not plan.statistics[0].linear:
        # The effect on a function of the linear predictor needs its level as well.
        level = replace(plan, effects=())
        rows = estimate_margins(state, level, statistics=design).jacobian
        alone = inestimable(rows, columns, state.data, sample)
        lost = lost | np.tile(alone, len(plan.effects))
    return lost
