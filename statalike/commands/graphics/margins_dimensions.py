"""The dimensions that tell margins apart: covariates of ``at()``, factors, statistics, effects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.coefficient_rows import inference_of
from statalike.data.dataset import Dataset
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.output.coefficient_names import components_of, simplified
from statalike.results.stores import Results

#: the name of the comparison of one level with another
_PAIR = re.compile(r"[a-z]*(\d+)vs(\d+)\.(\w+)\Z")


@dataclass(frozen=True)
class Dimension:
    """A dimension of margins: its levels, and which one each margin has.

    ``codes`` (m,) are positions in ``values`` and ``texts``, which are in ascending order;
    ``labelled`` tells that texts are labels rather than numbers.
    """

    name: str
    title: str
    values: tuple[float, ...]
    texts: tuple[str, ...]
    labelled: bool
    codes: np.ndarray
    format: str = ""

    @property
    def positions(self) -> np.ndarray:
        """The value (m,) of each margin."""
        return np.asarray(self.values)[self.codes]

    def text(self, code: int, *, labels: bool = True) -> tuple[str, bool]:
        """The text of a level, and whether it is a label."""
        if self.labelled and (labels or not self.texts[code]):
            return self.texts[code], True
        return f"{self.values[code]:g}", False


@dataclass(frozen=True)
class PlottedMargins:
    """Margins (m,) with their limits, nan where missing, and the dimensions they vary in."""

    dimensions: tuple[Dimension, ...]
    values: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    title: str
    title_of_values: str

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def has_intervals(self) -> bool:
        return bool(np.any(np.isfinite(self.lower)))

    def dimension(self, word: str) -> Dimension:
        """The dimension of that name, ``x`` or ``at(x)``; r(198)."""
        name = word.removeprefix("at(").removesuffix(")") if word.startswith("at(") else word
        for dimension in self.dimensions:
            if dimension.name == name:
                return dimension
        raise StataError(198, f"'{word}' is not a dimension in the current margins results")


def plotted_margins(results: Results, data: Dataset, level: float) -> PlottedMargins:
    """The margins of r() (kept since ``margins``) with their dimensions."""
    results = _compared(results)
    b = results.matrices["b"]
    values = b.values[0]
    lower = upper = np.full(len(values), np.nan)
    if "V" in results.matrices:
        found = inference_of(results, level)
        lower, upper = (_known(limits) for limits in (found.lower, found.upper))
    kept = [
        k
        for k, stripe in enumerate(b.columns)
        if not (stripe.equation or stripe.name).partition(".")[0].endswith("b")
    ]
    levels, effects = _levels(results, kept)
    dimensions: list[Dimension] = []
    comparisons = _comparisons(results, kept, data)
    for name, own in levels.items():
        if name == "_at":
            dimensions += _at_dimensions(results, data, own)
        elif len(set(own.tolist())) > 1 or name not in ("_predict",):
            dimensions.append(_factor_dimension(name, own, data))
    if comparisons:
        dimensions.append(_text_dimension("_comparison", "Comparisons", comparisons))
    if len(set(effects)) > 1:
        dimensions.append(_text_dimension("_deriv", "Effects with respect to", effects))
    return PlottedMargins(
        tuple(dimensions),
        _known(values)[kept],
        lower[kept],
        upper[kept],
        _title(results, levels, effects),
        _title_of_values(results),
    )


def _known(values: np.ndarray) -> np.ndarray:
    return np.where(values < MISSING, values, np.nan)


def _levels(results: Results, kept: list[int]) -> tuple[Mapping[str, np.ndarray], list[str]]:
    """The level (m,) of every factor in the names of margins, and the effect each is of."""
    columns = [results.matrices["b"].columns[k] for k in kept]
    by_effect = "derivatives" in results.macros
    effects: list[str] = []
    found: dict[str, list[int]] = {}
    for stripe in columns:
        name = stripe.name
        if by_effect:
            effects.append(simplified(stripe.equation or name))
            name = stripe.name if stripe.equation else "_cons"
        if _are_compared(results):
            name = name.partition("@")[2]
        if name in ("_cons", ""):
            continue
        for component in components_of(name):
            found.setdefault(component.variable, []).append(component.level or 0)
    if any(len(own) != len(columns) for own in found.values()):
        raise StataError(198, "margins of several terms not yet supported by marginsplot")
    return {name: np.array(own) for name, own in found.items()}, effects


def _at_dimensions(results: Results, data: Dataset, points: np.ndarray) -> list[Dimension]:
    """The covariates that differ between points; the points themselves where these do not tell
    all of them apart.
    """
    at = results.matrices["at"]
    groups = {row.equation for row in at.rows}
    values = at.values if len(groups) == 1 else at.values[:: len(groups)]
    found: list[Dimension] = []
    told: list[np.ndarray] = []
    for name, column in _varying(at.columns, values):
        told.append(column)
        found.append(_measure_dimension(name, column[points - 1], data))
    unique = np.unique(np.stack(told, axis=1), axis=0) if told else np.zeros((1, 0))
    if len(unique) < len(values):
        texts = np.unique(points)
        found.append(
            Dimension(
                "_atopt",
                "at() option",
                tuple(texts.tolist()),
                tuple(str(k) for k in texts.tolist()),
                False,
                np.searchsorted(texts, points),
            )
        )
    return found


def _varying(columns: tuple[object, ...], values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Covariates whose values differ between the rows of r(at); levels of factors as one."""
    found: dict[str, np.ndarray] = {}
    for number, stripe in enumerate(columns):
        level, point, variable = str(stripe).partition(".")
        column = values[:, number]
        if point and level.isdigit():
            # An indicator of one marks the level; shares make no level of their own.
            own = found.setdefault(variable, np.full(len(column), np.nan))
            own[column == 1.0] = float(level)
        else:
            found[str(stripe)] = np.where(column < MISSING, column, np.nan)
    return [
        (name, column)
        for name, column in found.items()
        if not np.any(np.isnan(column)) and len(set(column.tolist())) > 1
    ]


def _measure_dimension(name: str, values: np.ndarray, data: Dataset) -> Dimension:
    distinct = np.unique(values)
    labels = [_label(data, name, value) for value in distinct.tolist()]
    title = data.variable(name).label or name if name in data else name
    return Dimension(
        name,
        title,
        tuple(distinct.tolist()),
        tuple(labels),
        all(labels),
        np.searchsorted(distinct, values),
    )


def _factor_dimension(name: str, levels: np.ndarray, data: Dataset) -> Dimension:
    if name == "_predict":
        distinct = np.unique(levels)
        texts = tuple(f"Outcome {level}" for level in distinct.tolist())
        values = tuple(float(level) for level in distinct.tolist())
        return Dimension(name, name, values, texts, True, np.searchsorted(distinct, levels))
    return _measure_dimension(name, levels.astype(np.float64), data)


def _text_dimension(name: str, title: str, own: list[str]) -> Dimension:
    distinct = list(dict.fromkeys(own))
    codes = np.array([distinct.index(text) for text in own])
    values = tuple(float(k) for k in range(1, len(distinct) + 1))
    return Dimension(name, title, values, tuple(distinct), True, codes)


def _compared(results: Results) -> Results:
    """The results with pairs of margins, where there are some, in the place of margins."""
    if "b_vs" not in results.matrices:
        return results
    found = results.copy()
    found.matrices |= {"b": results.matrices["b_vs"], "V": results.matrices["V_vs"]}
    return found


def _comparisons(results: Results, kept: list[int], data: Dataset) -> list[str]:
    """How each comparison reads, ``girls vs boys``; none for plain margins."""
    if not _are_compared(results):
        return []
    names = [results.matrices["b"].columns[k].name for k in kept]
    return [
        " ".join(_comparison(piece, data) for piece in name.partition("@")[0].split("#"))
        for name in names
    ]


def _are_compared(results: Results) -> bool:
    return "L" in results.matrices or "b_vs" in results.matrices


def _comparison(piece: str, data: Dataset) -> str:
    """``r2vs1.group`` → ``2 vs 1``, by value labels where there are some."""
    found = _PAIR.match(piece)
    if found is None:
        return piece
    first, second, variable = found.groups()
    texts = [_label(data, variable, float(level)) or level for level in (first, second)]
    return " vs ".join(texts)


def _label(data: Dataset, name: str, value: float) -> str:
    if name not in data or value != int(value):
        return ""
    return data.label_of(name, int(value)) or ""


def _title(results: Results, levels: Mapping[str, np.ndarray], effects: list[str]) -> str:
    """``Predictive margins of foreign``."""
    over = results.macros.get("over", "").split()
    subjects = [name for name in levels if name not in ("_at", "_predict", *over)]
    if effects and len(set(effects)) == 1:
        subjects = [effects[0]]
    title = results.macros["title"]
    return f"{title} of {'#'.join(subjects)}" if subjects else title


def _title_of_values(results: Results) -> str:
    """What the margins are of: the label of the statistic."""
    macros = results.macros
    label = macros.get("predict1_label", macros["expression"])
    if results.scalars.get("k_predict", 1.0) > 1:
        label = "Probability" if "Pr(" in label else label
    if "derivatives" in macros:
        return f"Effects on {label[0].lower() + label[1:] if label[1:2].islower() else label}"
    return label
