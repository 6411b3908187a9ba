"""From margins to r() or e(), under the names of [R] margins, Stored results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.coefficient_rows import result_table
from statalike.commands.postestimation.margins.estimation import MarginsEstimates
from statalike.commands.postestimation.margins.plan import MarginsPlan
from statalike.data.missing import MISSING
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

NOT_ESTIMABLE = 8.0


@dataclass(frozen=True)
class MarginsRequest:
    """What was typed, as far as results remember it."""

    command_line: str
    expression: str
    level: float
    df: float | None
    variance: str = "delta"


def margins_results(
    state: State,
    plan: MarginsPlan,
    request: MarginsRequest,
    estimates: MarginsEstimates,
    variance: np.ndarray | None,
    inestimable: np.ndarray,
) -> Results:
    """r() of margins; margins that are not estimable are missing, with a variance of zero."""
    stripes = tuple(margin.stripe for margin in estimates.margins)
    estimable = ~inestimable & np.isfinite(estimates.values)
    b = np.where(estimable, estimates.values, MISSING)
    error = np.where(inestimable, NOT_ESTIMABLE, 0.0)
    results = Results()
    scalars, macros, matrices = results.scalars, results.macros, results.matrices
    sample = plan.sample
    scalars["N"] = sample.observations
    if sample.selected != sample.observations:
        scalars["N_sub"] = sample.selected
    if request.df is not None:
        scalars["df_r"] = request.df
    scalars |= {
        "k_predict": float(len(plan.statistics)),
        "k_margins": float(len(stripes)),
        "k_by": float(len(sample.groups)),
        "k_at": float(len(plan.points)),
        "level": request.level,
    }
    estimation = state.e.macros
    macros |= {
        "cmd": "margins",
        "cmdline": request.command_line,
        "est_cmd": estimation.get("cmd2", estimation.get("cmd", "")),
        "est_cmdline": estimation.get("cmdline", ""),
        "title": _title(plan, estimates),
        "model_vce": estimation.get("vce", ""),
        "model_vcetype": estimation.get("vcetype", ""),
        "vce": request.variance,
        "vcetype": "Delta-method" if request.variance == "delta" else "Unconditional",
        "margins": "asobserved",
    }
    if "clustvar" in estimation and request.variance == "unconditional":
        macros["clustvar"] = estimation["clustvar"]
        scalars["N_clust"] = state.e.scalars["N_clust"]
    if request.expression:
        macros["expression"] = request.expression
    else:
        macros["expression"] = f"predict({plan.statistics[0].options})"
        for number, statistic in enumerate(plan.statistics, 1):
            macros[f"predict{number}_opts"] = statistic.options
            macros[f"predict{number}_label"] = statistic.label
    if plan.effects:
        macros["derivatives"] = f"{plan.effects[0].kind[:2]}/{plan.effects[0].kind[2:]}"
        macros["xvars"] = " ".join(effect.name for effect in plan.effects)
    if sample.over:
        macros["over"] = " ".join(sample.over)
        if sample.within:
            macros["within"] = " ".join(sample.within)
        for number, group in enumerate(sample.groups, 1):
            pairs = zip(group.levels, sample.over, strict=True)
            macros[f"by{number}"] = " ".join(f"{level}.{name}" for level, name in pairs)
    if sample.weight_kind:
        macros["wtype"], macros["wexp"] = sample.weight_kind, f"= {sample.weight_text}"
    _post_points(results, plan, estimates)
    matrices["b"] = NamedMatrix.row(b, stripes)
    if variance is not None:
        kept = np.where(np.outer(estimable, estimable), variance, 0.0)
        matrices["V"] = NamedMatrix.square(kept, stripes)
        names = state.e.matrices["b"].columns
        if estimates.jacobian.shape[1] == len(names):
            jacobian = np.where(estimable[:, None], estimates.jacobian, 0.0)
            matrices["Jacobian"] = NamedMatrix(jacobian, stripes, names)
    row = NamedMatrix.row(estimates.counts, stripes)
    matrices["_N"] = row
    matrices["error"] = NamedMatrix.row(error, stripes)
    if variance is not None:
        matrices["table"] = result_table(results, request.level)
    return results


def _title(plan: MarginsPlan, estimates: MarginsEstimates) -> str:
    if plan.effects:
        start = "Average" if estimates.averages else "Conditional"
        return f"{start} marginal effects"
    return "Predictive margins" if estimates.averages else "Adjusted predictions"


def _post_points(results: Results, plan: MarginsPlan, estimates: MarginsEstimates) -> None:
    """r(at) and r(atstats#): a row for each point, in each group where groups differ."""
    if not any(plan.points):
        return
    columns: list[str] = []
    for name in plan.covariates.names:
        levels = plan.covariates.levels.get(name)
        columns += [f"{level}.{name}" for level in levels] if levels else [name]
    groups = estimates.points if groups_differ(estimates) else estimates.points[:1]
    rows: list[Stripe] = []
    values: list[np.ndarray] = []
    for point in range(len(plan.points)):
        for group, settings in enumerate(groups, 1):
            rows.append(Stripe(f"{group}._by" if len(groups) > 1 else "", f"{point + 1}._at"))
            found = {each.name: each.value for each in settings[point].legend}
            values.append(np.array([_entry(column, found) for column in columns]))
        texts = [f"{fixing.statistic or 'value'}" for fixing in plan.points[point].values()]
        results.macros[f"atstats{point + 1}"] = " ".join(texts)
    names = tuple(Stripe("", column) for column in columns)
    results.matrices["at"] = NamedMatrix(np.array(values), tuple(rows), names)


def groups_differ(estimates: MarginsEstimates) -> bool:
    """Whether a point has other values in other groups."""
    # By their texts: nan, which stands for what varies, is not equal to itself.
    first, *others = ([repr(point.legend) for point in group] for group in estimates.points)
    return any(other != first for other in others)


def _entry(column: str, found: dict[str, float]) -> float:
    if column in found:
        value = found[column]
        return MISSING if np.isnan(value) else value
    level, point, variable = column.partition(".")
    if point and variable in found and level.isdigit():
        value = found[variable]
        return MISSING if np.isnan(value) else float(value == int(level))
    return MISSING
