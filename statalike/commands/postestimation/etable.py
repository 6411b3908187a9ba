"""``etable``: a table of estimates for publication, shown and written to files ([R] etable)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from statalike.commands.estimation.display_options import confidence_level
from statalike.commands.estimation.linear_mixed import described_by
from statalike.commands.estimation.random_effects_rows import reported_parameters
from statalike.commands.postestimation.compared_models import (
    ComparedModel,
    all_coefficients,
    chosen_coefficients,
    compared_model,
    numbers_of,
    statistic_of,
)
from statalike.commands.postestimation.estat_ic import information_criteria
from statalike.commands.postestimation.stored_estimates import estimates_named, expand_names
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.formats import Format, format_value
from statalike.data.missing import MISSING
from statalike.errors import StataError, file_exists
from statalike.language.arguments import Arguments
from statalike.language.parser import parse_command_line, split_comma, split_words
from statalike.language.quoting import unquoted
from statalike.language.specification import Specification
from statalike.output.coefficient_names import Component, components_of
from statalike.output.publication_table import (
    PublicationRow,
    PublicationTable,
    publication_lines,
    with_aligned_stars,
)
from statalike.output.table_files import write_table
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

#: statistics of coefficients: places among the numbers, what stands around them
COEFFICIENT_STATISTICS = {
    "_r_b": ((0,), "%s"),
    "_r_se": ((1,), "(%s)"),
    "_r_z": ((2,), "%s"),
    "_r_p": ((3,), "%s"),
    "_r_lb": ((4,), "%s"),
    "_r_ub": ((5,), "%s"),
    "_r_ci": ((4, 5), "[%s]"),
}

#: labels and formats of statistics of models
MODEL_STATISTICS = {
    "N": ("Number of observations", "%9.0f"),
    "aic": ("AIC", "%9.2f"),
    "bic": ("BIC", "%9.2f"),
    "r2": ("R-squared", "%9.2f"),
    "r2_a": ("Adjusted R-squared", "%9.2f"),
    "ll": ("Log likelihood", "%9.2f"),
    "rmse": ("Root MSE", "%9.2f"),
    "chi2": ("Model chi-squared", "%9.2f"),
    "F": ("F statistic", "%9.2f"),
    "p": ("p-value", "%9.3f"),
    "rank": ("Parameters", "%9.0f"),
    "df_m": ("Model df", "%9.0f"),
}

COLUMNS = ("depvar", "dvlabel", "index", "estimates", "command", "title")
STARS = ((0.05, "*"), (0.01, "**"))


@command(
    "etable",
    syntax="[, ESTimates(string) COLumn(string) CSTAT(string asis repeated) "
    "MSTAT(string asis repeated) KEEP(string) DROP(string) SHOWSTARS SHOWSTARSNOTE "
    "STARS(string asis) TItle(string) NOTEs(string asis repeated) EXport(string asis) "
    "LEVel(cilevel) VARLabel noVARLabel EForm]",
    unsupported="REPLAY APPEND NAME(string) MARgins EQRecode(string) TITLESTyles(string) "
    "NOTESTyles(string) STYle(string) COLLECT(string) FVLabel SHOWEQ",
    help="a table of estimates for publication",
    section="Postestimation",
)
def etable(state: State, arguments: Arguments) -> None:
    names = expand_names(state, (arguments.string("estimates") or ".").split())
    level = confidence_level(arguments.options, state.settings)
    models = [_model(name, estimates_named(state, name), level) for name in names]
    export = _export_path(arguments)
    table = _table(state, arguments, models)
    if export is not None:
        write_table(table, export)
    state.console.print()
    state.console.print_lines(publication_lines(table))
    if export is not None:
        state.console.print(f"(collection ETable exported to file {export})")


def _model(name: str, results: Results, level: float) -> ComparedModel:
    """Estimates with variances in the place of their logarithms; the first equation is ``""``."""
    reported = _with_variances(results)
    columns = reported.matrices["b"].columns
    first = columns[0].equation if columns else ""
    return compared_model(name, reported, level, {first: ""} if first != "/" else {})


def _with_variances(results: Results) -> Results:
    """The same results with variance components as ``mixed`` shows them, named ``var(x[id])``."""
    if results.macros.get("cmd") != "mixed":
        return results
    names, values, covariance = reported_parameters(
        results, described_by(results), standard_deviations=False
    )
    count = int(results.scalars["k_f"])
    b, V = results.matrices["b"], results.matrices["V"].values
    parameters = tuple(
        Stripe("/", name if level == "Residual" else f"{name.removesuffix(')')}[{level}])")
        for level, name in names
    )
    stripes = (*b.columns[:count], *parameters)
    whole = np.zeros((len(stripes), len(stripes)))
    whole[:count, :count] = V[:count, :count]
    whole[count:, count:] = covariance
    changed = results.copy()
    changed.matrices["b"] = NamedMatrix.row(np.concatenate([b.values[0, :count], values]), stripes)
    changed.matrices["V"] = NamedMatrix.square(whole, stripes)
    return changed


def _export_path(arguments: Arguments) -> Path | None:
    """The file of ``export()``; r(602) when it exists and is not to be replaced."""
    text = arguments.string("export")
    if text is None:
        return None
    name, options = split_comma(text)
    given = Specification.parse("[, REPLACE]", unsupported="AS(string) MODify").read(
        parse_command_line(f"export, {options or ''}"),
        Dataset(),
    )
    path = Path(os.path.expanduser(unquoted(name.strip())))
    if path.exists() and not given.flag("replace"):
        raise file_exists(str(path))
    return path


# --- the table ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _CoefficientStatistic:
    """A statistic of coefficients: places among their numbers, a format, the text around it."""

    places: tuple[int, ...]
    shape: str
    around: str


def _table(state: State, arguments: Arguments, models: Sequence[ComparedModel]) -> PublicationTable:
    chosen = chosen_coefficients(
        all_coefficients(models),
        (arguments.string("keep") or "").split(),
        (arguments.string("drop") or "").split(),
    )
    statistics = _coefficient_statistics(arguments)
    limits = _star_limits(arguments)
    labels = _Labels(state, names=arguments.options.get("novarlabel") is True)
    rows: list[PublicationRow] = []
    for equation, stripes in chosen.items():
        if equation not in ("", "/"):
            rows.append(PublicationRow(equation))
        heading: tuple[str, ...] = ()
        for stripe in stripes:
            above, label = labels.of(stripe)
            if above and above != heading:
                rows.append(PublicationRow(" # ".join(above)))
            heading = above
            cells = _cells(models, stripe, statistics, limits, arguments.flag("eform"))
            for i, own in enumerate(cells):
                text, indent = (label, bool(above)) if i == 0 else ("", 0)
                rows.append(PublicationRow(text, tuple(own), int(indent)))
    notes = [unquoted(each) for each in arguments.option("notes") or ()]
    if arguments.flag("showstarsnote"):
        shown = [f"{star} p<{_short(limit)}" for limit, star in reversed(limits or STARS)]
        notes.append(", ".join(shown))
    return PublicationTable(
        tuple(_column_title(state, arguments, i, m) for i, m in enumerate(models, 1)),
        (tuple(rows), tuple(_model_rows(arguments, models))),
        arguments.string("title") or "",
        tuple(notes),
    )


def _short(limit: float) -> str:
    return f"{limit:g}".removeprefix("0")


def _column_title(state: State, arguments: Arguments, number: int, model: ComparedModel) -> str:
    typed = (arguments.string("column") or "depvar").strip()
    kind = next((each for each in COLUMNS if each.startswith(typed)), "")
    macros = model.results.macros
    depvar = macros.get("depvar", "")
    if kind == "dvlabel":
        known = depvar in state.data
        return (state.data.variable(depvar).label if known else "") or depvar
    titles = {
        "depvar": depvar or str(number),
        "index": str(number),
        "estimates": str(number) if model.name == "." else model.name,
        "command": macros.get("cmd2") or macros.get("cmd", ""),
        "title": macros.get("estimates_title") or macros.get("title", ""),
    }
    if kind not in titles:
        raise StataError(198, f"column({typed}) invalid")
    return titles[kind]


def _coefficient_statistics(arguments: Arguments) -> list[_CoefficientStatistic]:
    found = []
    for text in arguments.option("cstat") or ("_r_b", "_r_se"):
        name, shape, around = _statistic_request(text)
        if name not in COEFFICIENT_STATISTICS:
            raise StataError(198, f"cstat({name}) invalid")
        places, standard = COEFFICIENT_STATISTICS[name]
        found.append(_CoefficientStatistic(places, shape or "%9.3f", around or standard))
    return found


def _statistic_request(text: str) -> tuple[str, str, str]:
    """``name, nformat(%fmt) sformat(text)`` cut into its parts."""
    name, options = split_comma(text)
    given = Specification.parse("[, NFORMAT(string) SFORMAT(string) LABel(string)]").read(
        parse_command_line(f"statistic, {options or ''}"),
        Dataset(),
    )
    shape = given.string("nformat") or ""
    if shape:
        Format.parse(shape)
    around = given.string("sformat") or ""
    if around and "%s" not in around:
        raise StataError(198, f"sformat({around}) invalid")
    return name.strip(), shape, around or (given.string("label") or "")


def _star_limits(arguments: Arguments) -> tuple[tuple[float, str], ...]:
    """p-values and their stars, the largest first; none without ``showstars``; r(198)."""
    text = arguments.string("stars")
    if text is None:
        return STARS if arguments.flag("showstars") else ()
    words = split_words(split_comma(text)[0])
    try:
        pairs = [(float(words[i]), words[i + 1]) for i in range(0, len(words), 2)]
    except (ValueError, IndexError):
        raise StataError(198, f"stars({text}) invalid") from None
    return tuple(sorted(pairs, reverse=True))


def _cells(
    models: Sequence[ComparedModel],
    stripe: Stripe,
    statistics: Sequence[_CoefficientStatistic],
    limits: tuple[tuple[float, str], ...],
    exponentiated: bool,
) -> list[list[str]]:
    """The texts of a coefficient in all models, one row for each statistic."""
    numbers = [numbers_of(model, stripe, exponentiated=exponentiated) for model in models]
    width = max((len(star) for _, star in limits), default=0)
    tested = stripe.equation != "/"
    stars = [
        next((star for limit, star in reversed(limits) if tested and own[3] < limit), "")
        for own in numbers
    ]
    blank = [""] * len(models)
    rows = []
    for i, statistic in enumerate(statistics):
        texts = []
        for own in numbers:
            values = [float(own[place]) for place in statistic.places]
            known = all(value < MISSING for value in values)
            inner = ", ".join(format_value(value, statistic.shape).strip() for value in values)
            texts.append(statistic.around.replace("%s", inner) if known else "")
        rows.append(with_aligned_stars(texts, blank if i else stars, width))
    return [row for i, row in enumerate(rows) if i == 0 or any(text.strip() for text in row)]


def _model_rows(arguments: Arguments, models: Sequence[ComparedModel]) -> list[PublicationRow]:
    rows = []
    for text in arguments.option("mstat") or ("N",):
        name, shape, label = _statistic_request(text)
        standard, own_shape = MODEL_STATISTICS.get(name, (name, "%9.0g"))
        cells = []
        for model in models:
            criteria = information_criteria(model.name, model.results)
            value = statistic_of(
                model.results, name, {"aic": criteria.aic, "bic": criteria.bic, "rank": criteria.df}
            )
            if isinstance(value, str):
                cells.append(value)
            else:
                cells.append(
                    format_value(value, shape or own_shape).strip() if value < MISSING else ""
                )
        rows.append(PublicationRow(label or standard, tuple(cells)))
    return rows


class _Labels:
    """What rows are called: labels of variables and of their levels, or names."""

    def __init__(self, state: State, *, names: bool) -> None:
        self._data = state.data
        self._names = names

    def of(self, stripe: Stripe) -> tuple[tuple[str, ...], str]:
        """The heading above the row of a factor's level, and the row's own label."""
        if stripe.equation == "/":
            return (), stripe.name if "(" in stripe.name else f"/{stripe.name}"
        if stripe.name == "_cons":
            return (), "Intercept"
        parts = components_of(stripe.name)
        if not any(part.is_factor for part in parts):
            return (), " # ".join(self._variable(part) for part in parts)
        heading = tuple(self._variable(part) for part in parts)
        levels = [self._level(part) for part in parts if part.is_factor]
        return heading, " # ".join(levels)

    def _variable(self, part: Component) -> str:
        label = ""
        if not self._names and part.variable in self._data:
            label = self._data.variable(part.variable).label
        return (
            f"{part.operator}.{label or part.variable}" if part.operator else label or part.variable
        )

    def _level(self, part: Component) -> str:
        level = part.level or 0
        if part.variable in self._data:
            return self._data.label_of(part.variable, level) or str(level)
        return str(level)
