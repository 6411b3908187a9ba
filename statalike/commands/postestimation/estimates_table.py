"""``estimates table``: coefficients of several models side by side ([R] estimates table)."""

from __future__ import annotations

import numpy as np

from statalike.commands.estimation.coefficient_rows import value_labels
from statalike.commands.postestimation.compared_models import (
    ComparedModel,
    all_coefficients,
    chosen_coefficients,
    compared_model,
    numbers_of,
    renamed_equations,
    statistic_of,
)
from statalike.commands.postestimation.estat_ic import information_criteria, parameters_estimated
from statalike.commands.postestimation.stored_estimates import estimates_named, expand_names
from statalike.commands.registry import command
from statalike.data.formats import Format
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.coefficient_names import components_of
from statalike.output.estimates_table import (
    ComparedRow,
    ComparedSection,
    EstimatesTable,
    estimates_table,
)
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

#: quantities in their order under each other, their place among the numbers, and their format
QUANTITIES = {"b": (0, "%10.0g"), "se": (1, "%10.0g"), "t": (2, "%10.2f"), "p": (3, "%10.4f")}
STYLES = ("oneline", "columns", "noline")
STARS = (0.05, 0.01, 0.001)


@command(
    "estimates table",
    "estimates tab",
    syntax="[anything] [, B B(string) SE SE(string) T T(string) P P(string) STAR "
    "STAR(numlist max=3 >0 <1) STATs(string) STFmt(string) EQuations(string) "
    "KEEP(string) DROP(string) EForm LABel VARLabel VARwidth(integer 12) "
    "MODELwidth(integer 0) NEWPanel STYle(string) TItle(string) Level(cilevel)]",
    unsupported="CODED NOEMPTYcells NOOMITted ALLBASElevels BASElevels vsquish noFVLABel "
    "fvwrap(integer 1) fvwrapon(string) NOLSTRETCH",
    help="coefficients of stored estimates side by side",
    section="Postestimation",
)
def estimates_table_command(state: State, arguments: Arguments) -> None:
    names = expand_names(state, arguments.body.split() or ["."])
    stored = [(name, estimates_named(state, name)) for name in names]
    renamed = renamed_equations(stored, arguments.string("equations") or "")
    level = state.settings.level
    models = [
        compared_model(name, results, level, equations)
        for (name, results), equations in zip(stored, renamed, strict=True)
    ]
    quantities, formats = _quantities(arguments)
    limits = _star_limits(arguments)
    if limits and len(quantities) > 1:
        raise StataError(198, "option star may not be combined with se, t, or p")
    chosen = chosen_coefficients(
        all_coefficients(models),
        (arguments.string("keep") or "").split(),
        (arguments.string("drop") or "").split(),
    )
    labels = _variable_labels(state) if _wants_labels(arguments) else {}
    sections = [
        ComparedSection(
            tuple(_row(stripe, models, quantities, limits, arguments, labels) for stripe in own),
            "" if equation == "/" else equation,
        )
        for equation, own in chosen.items()
    ]
    statistics = (arguments.string("stats") or "").split()
    if statistics:
        sections.append(_statistics(models, statistics, arguments))
    style = _style(arguments.string("style") or "oneline")
    table = EstimatesTable(
        tuple("Active" if name == "." else name for name in names),
        tuple(sections),
        formats,
        starred=bool(limits),
        legend=_legend(quantities, limits),
        labels=value_labels(state.data),
        title=arguments.string("title") or "",
        name_width=max(arguments.integer("varwidth") or 12, 5),
        model_width=arguments.integer("modelwidth") or 0,
        style=style,
        new_panel=arguments.flag("newpanel"),
    )
    state.r = _results(models, chosen, statistics)
    state.console.print()
    state.console.print_lines(estimates_table(table, state.settings.linesize))


def _quantities(arguments: Arguments) -> tuple[list[int], tuple[str, ...]]:
    """Which numbers stand under each other, and their formats; coefficients when none is named."""
    places: list[int] = []
    formats: list[str] = []
    named = [key for key in QUANTITIES if arguments.typed(key)]
    for key in ["b", *named] if "b" not in named else named:
        place, shape = QUANTITIES[key]
        given = arguments.string(key) if arguments.typed(key) else ""
        shape = given or shape
        Format.parse(shape)
        places.append(place)
        formats.append(shape)
    return places, tuple(formats)


def _star_limits(arguments: Arguments) -> tuple[float, ...]:
    """The p-values below which there are one, two and three stars, the largest first."""
    if not arguments.typed("star"):
        return ()
    given = arguments.option("star")
    limits = STARS if given is True or not given else tuple(given)
    return tuple(sorted(limits, reverse=True))


def _style(text: str) -> str:
    for style in STYLES:
        if text and style.startswith(text):
            return style
    raise StataError(198, f"style({text}) invalid")


def _legend(quantities: list[int], limits: tuple[float, ...]) -> str:
    if limits:
        texts = [f"{'*' * i} p<{limit:g}" for i, limit in enumerate(limits, 1)]
        return "Legend: " + "; ".join(texts)
    if len(quantities) > 1:
        names = [name for name, (place, _) in QUANTITIES.items() if place in quantities]
        return "Legend: " + "/".join(names)
    return ""


def _wants_labels(arguments: Arguments) -> bool:
    return arguments.flag("label") or arguments.flag("varlabel")


def _variable_labels(state: State) -> dict[str, str]:
    found = {name: variable.label for name, variable in state.data.variables.items()}
    return {**{name: label for name, label in found.items() if label}, "_cons": "Constant"}


def _row(
    stripe: Stripe,
    models: list[ComparedModel],
    quantities: list[int],
    limits: tuple[float, ...],
    arguments: Arguments,
    labels: dict[str, str],
) -> ComparedRow:
    numbers, stars, texts = [], [], []
    for model in models:
        own = numbers_of(model, stripe, exponentiated=arguments.flag("eform"))
        position = model.place(stripe)
        left_out = position is not None and own[1] >= MISSING and own[0] in (0.0, 1.0)
        text = ""
        if position is not None and left_out:
            name = model.results.matrices["b"].columns[position].name
            flags = [part.flags for part in components_of(name)]
            text = "(omitted)" if any("o" in each for each in flags) else ""
        texts.append(text)
        numbers.append([float(own[place]) for place in quantities])
        p = own[3]
        stars.append("*" * sum(p < limit for limit in limits) if p < MISSING else "")
    parameter = stripe.equation == "/" and "(" in stripe.name
    name = f"/{stripe.name}" if stripe.equation == "/" and not parameter else stripe.name
    return ComparedRow(
        name,
        numbers,
        stars=stars if limits else (),
        text=texts,
        parameter=parameter,
        label=labels.get(stripe.name, ""),
    )


def _statistics(
    models: list[ComparedModel], names: list[str], arguments: Arguments
) -> ComparedSection:
    """A row for each statistic; ``stfmt()`` is its format."""
    shape = arguments.string("stfmt") or QUANTITIES["b"][1]
    Format.parse(shape)
    rows = []
    for name in names:
        values: list[list[float]] = []
        texts: list[str] = []
        for model in models:
            value = _statistic(model, name)
            values.append([MISSING if isinstance(value, str) else value])
            texts.append(value if isinstance(value, str) else "")
        rows.append(ComparedRow(name, values, text=texts, formats=(shape,)))
    return ComparedSection(tuple(rows), statistics=True)


def _statistic(model: ComparedModel, name: str) -> float | str:
    criteria = information_criteria(model.name, model.results)
    computed = {
        "aic": criteria.aic,
        "bic": criteria.bic,
        "rank": parameters_estimated(model.results),
    }
    return statistic_of(model.results, name, computed)


def _results(
    models: list[ComparedModel], chosen: dict[str, list[Stripe]], statistics: list[str]
) -> Results:
    """r(coef): coefficient and variance of each model; r(stats); r(names)."""
    stripes = tuple(stripe for own in chosen.values() for stripe in own)
    columns = tuple(Stripe(model.name, what) for model in models for what in ("b", "var"))
    values = np.full((len(stripes), len(columns)), MISSING)
    for m, model in enumerate(models):
        for i, stripe in enumerate(stripes):
            own = numbers_of(model, stripe, exponentiated=False)
            error = own[1]
            values[i, 2 * m] = own[0]
            values[i, 2 * m + 1] = error**2 if error < MISSING else MISSING
    results = Results(
        macros={"names": " ".join(model.name for model in models)},
        matrices={"coef": NamedMatrix(values, stripes, columns)},
    )
    if statistics:
        table = np.full((len(statistics), len(models)), MISSING)
        for m, model in enumerate(models):
            for i, name in enumerate(statistics):
                value = _statistic(model, name)
                table[i, m] = MISSING if isinstance(value, str) else value
        rows = tuple(Stripe("", name) for name in statistics)
        heads = tuple(Stripe("", model.name) for model in models)
        results.matrices["stats"] = NamedMatrix(table, rows, heads)
    return results
