"""From a term of a list of contrasts to the matrix of its contrasts, with names and labels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from statalike.design.contrast_terms import ComparedFactor, ContrastTerm
from statalike.engine.contrast_coefficients import (
    adjacent_contrasts,
    grand_mean_contrasts,
    helmert_contrasts,
    polynomial_contrasts,
    reference_contrasts,
    reverse_adjacent_contrasts,
    reverse_helmert_contrasts,
)
from statalike.errors import StataError
from statalike.output.coefficient_names import Labels
from statalike.results.matrix import NamedMatrix

DEGREES = (
    *("linear", "quadratic", "cubic", "quartic", "quintic"),
    *("sextic", "septic", "octic", "nonic", "decic"),
)

#: how far coefficients of a custom contrast may be from adding up to zero
SUM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class FactorSettings:
    """What contrasts of factors are made from besides the terms.

    ``levels`` of every factor; their base levels; ``counts`` gives the numbers of observations at
    levels; ``matrices`` are the ones in memory, for custom contrasts; ``linear_combinations`` lets
    these add up to anything.
    """

    levels: Mapping[str, Sequence[int]]
    bases: Mapping[str, int]
    counts: Callable[[str], np.ndarray]
    matrices: Mapping[str, NamedMatrix]
    labels: Labels
    linear_combinations: bool = False


@dataclass(frozen=True)
class FactorContrasts:
    """Contrasts (m, n) of the n levels (or cells) of a factor, their labels and their names.

    A label is ``(2 vs 1)``; a name such as ``r2vs1`` stands before the point in a column's name.
    """

    coefficients: np.ndarray
    labels: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class TermRow:
    """A row of a table of tests: the positions of the contrasts that are tested together."""

    label: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class TermContrasts:
    """All contrasts (m, cells) of a term, and the groups of them that are tested together.

    Cells are those of ``term.variables``, the last factor fastest.  ``names`` are columns of r(b).
    """

    term: ContrastTerm
    coefficients: np.ndarray
    labels: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[TermRow, ...]


def term_contrasts(term: ContrastTerm, settings: FactorSettings) -> TermContrasts:
    """The contrasts of a term; r(198) for levels that its factors do not have."""
    factors = [factor_contrasts(factor, settings) for factor in term.compared]
    within = [_chosen_positions(f.variable, f.chosen, settings) for f in term.within]
    matrix: np.ndarray = np.ones((1, 1))
    for factor in factors:
        matrix = np.kron(matrix, factor.coefficients)
    for outer, positions in zip(term.within, within, strict=True):
        matrix = np.kron(matrix, np.eye(len(settings.levels[outer.variable]))[positions])
    outer_labels = _within_labels(term, within, settings)
    outer_names = _within_names(term, within, settings)
    parts = [range(len(factor.labels)) for factor in factors]
    combinations = list(itertools.product(*parts))
    separate = [bool(factor.operator) for factor in term.compared]
    labels: list[str] = []
    names: list[str] = []
    members: dict[tuple[str, ...], list[int]] = {}
    for combination in combinations:
        texts = [factor.labels[i] for factor, i in zip(factors, combination, strict=True)]
        joint = [
            text if own or not any(separate) else "(joint)"
            for text, own in zip(texts, separate, strict=True)
        ]
        shown = joint if any(separate) else []
        for outer_label, outer_name in zip(outer_labels, outer_names, strict=True):
            key = (" ".join(filter(None, [*shown, outer_label])), outer_name)
            members.setdefault(key, []).append(len(labels))
            labels.append(" ".join(filter(None, [*texts, outer_label])))
            names.append(_column_name(term, factors, combination, outer_name))
    rows = tuple(TermRow(key[0], tuple(found)) for key, found in members.items())
    return TermContrasts(term, matrix, tuple(labels), tuple(names), rows)


def _column_name(
    term: ContrastTerm, factors: Sequence[FactorContrasts], which: Sequence[int], within: str
) -> str:
    parts = [
        f"{factor.names[i]}.{'#'.join(compared.variables)}"
        for compared, factor, i in zip(term.compared, factors, which, strict=True)
    ]
    parts += [f"c{part.operators}.{part.variable}" for part in term.measures]
    return "#".join(parts) + (("|" if term.nested else "@") + within if within else "")


# --- the contrasts of one factor ---------------------------------------------------------------


def factor_contrasts(factor: ComparedFactor, settings: FactorSettings) -> FactorContrasts:
    """The contrasts that a factor's operator asks for; r(198)."""
    if factor.operator == "custom":
        return _custom(factor, settings)
    variable = factor.variables[0]
    levels = settings.levels[variable]
    texts = level_texts(variable, levels, settings.labels)
    if factor.operator in ("p", "q"):
        return _polynomials(factor, levels, settings)
    count = len(levels)
    weights = settings.counts(variable) if factor.weighted else np.ones(count)
    everything = range(count)
    match factor.operator:
        case "" | "r":
            base = _base_position(factor, settings)
            positions = [i for i in everything if i != base]
            matrix = reference_contrasts(count, base)
            second = [texts[base] if factor.operator else "base"] * count
            other = [levels[base]] * count
        case "a":
            positions, matrix = list(everything[:-1]), adjacent_contrasts(count)
            second, other = [*texts[1:], ""], [*levels[1:], 0]
        case "ar":
            positions, matrix = list(everything[1:]), reverse_adjacent_contrasts(count)
            second, other = ["", *texts[:-1]], [0, *levels[:-1]]
        case "g":
            positions, matrix = list(everything), grand_mean_contrasts(weights)
            second, other = ["mean"] * count, [0] * count
        case "h":
            positions, matrix = list(everything[:-1]), helmert_contrasts(weights)
            second = [f">{text}" for text in texts[:-2]] + [f" {texts[-1]}", ""]
            other = [0] * count
        case _:
            positions, matrix = list(everything[1:]), reverse_helmert_contrasts(weights)
            second = ["", f" {texts[0]}", *(f"<{text}" for text in texts[2:])]
            other = [0] * count
    kept = _kept(factor, [levels[i] for i in positions])
    chosen = [positions[i] for i in kept]
    if factor.operator in ("h", "j"):
        second = _aligned_bounds(second, chosen, texts)
    elif factor.operator in ("a", "ar"):
        second = _aligned(second, chosen)
    mark = factor.operator + ("w" if factor.weighted else "")
    paired = factor.operator in ("", "r", "a", "ar")
    return FactorContrasts(
        matrix[kept],
        tuple(f"({texts[i]} vs {second[i]})" for i in chosen),
        tuple(f"{mark}{levels[i]}" + (f"vs{other[i]}" if paired else "") for i in chosen),
    )


def level_texts(variable: str, levels: Sequence[int], labels: Labels) -> list[str]:
    """Value labels, or numbers where there are none."""
    return [labels(variable, level) or str(level) for level in levels]


def _aligned(texts: Sequence[str], chosen: Sequence[int]) -> list[str]:
    """Numbers among the chosen texts brought to one width."""
    shown = [texts[i] for i in chosen]
    if not all(text.isdigit() for text in shown):
        return list(texts)
    width = max(map(len, shown), default=0)
    return [text.rjust(width) for text in texts]


def _aligned_bounds(
    bounds: Sequence[str], chosen: Sequence[int], texts: Sequence[str]
) -> list[str]:
    """The same behind the sign of ``>300``."""
    if not all(text.isdigit() for text in texts):
        return list(bounds)
    width = max((len(bounds[i]) - 1 for i in chosen), default=0)
    return [bound[:1] + bound[1:].rjust(width) for bound in bounds]


def _kept(factor: ComparedFactor, levels: Sequence[int]) -> list[int]:
    """The positions of the contrasts that were chosen; r(198) when a level has none."""
    if factor.chosen is None:
        return list(range(len(levels)))
    for level in factor.chosen:
        if level not in levels:
            raise StataError(
                198, f"level {level} of {factor.variables[0]} has no contrast of this kind"
            )
    return [i for i, level in enumerate(levels) if level in factor.chosen]


def _base_position(factor: ComparedFactor, settings: FactorSettings) -> int:
    variable = factor.variables[0]
    levels = list(settings.levels[variable])
    match factor.base:
        case "first":
            return 0
        case "last":
            return len(levels) - 1
        case "freq":
            return int(np.argmax(settings.counts(variable)))
        case int(level):
            if level not in levels:
                raise StataError(198, f"{level} is not a level of {variable}")
            return levels.index(level)
    base = settings.bases.get(variable, levels[0])
    return levels.index(base) if base in levels else 0


def _polynomials(
    factor: ComparedFactor, levels: Sequence[int], settings: FactorSettings
) -> FactorContrasts:
    count = len(levels)
    points = np.asarray(levels if factor.operator == "p" else range(1, count + 1), dtype=float)
    weights = settings.counts(factor.variables[0]) if factor.weighted else np.ones(count)
    matrix = polynomial_contrasts(points, weights)
    degrees = range(1, count)
    kept = [i for i, d in enumerate(degrees) if factor.chosen is None or d in factor.chosen]
    if not kept:
        raise StataError(198, f"{factor.variables[0]} has no polynomial contrasts of this degree")
    mark = factor.operator + ("w" if factor.weighted else "")
    return FactorContrasts(
        matrix[kept],
        tuple(f"({_degree_name(i + 1)})" for i in kept),
        tuple(f"{mark}{i + 1}" for i in kept),
    )


def _degree_name(degree: int) -> str:
    return DEGREES[degree - 1] if degree <= len(DEGREES) else f"order {degree}"


def _custom(factor: ComparedFactor, settings: FactorSettings) -> FactorContrasts:
    cells = int(np.prod([len(settings.levels[name]) for name in factor.variables]))
    if factor.matrix:
        if factor.matrix not in settings.matrices:
            raise StataError(111, f"matrix {factor.matrix} not found")
        matrix = np.array(settings.matrices[factor.matrix].values, dtype=float)
    else:
        matrix = np.array([factor.coefficients])
    name = "#".join(factor.variables)
    if matrix.shape[1] != cells:
        raise StataError(
            503, f"contrast of {name} has {matrix.shape[1]} coefficients where {cells} are needed"
        )
    off = np.abs(matrix.sum(axis=1)) > SUM_TOLERANCE * np.abs(matrix).max(initial=1.0)
    if off.any() and not settings.linear_combinations:
        raise StataError(
            198,
            f"coefficients of the contrast of {name} do not sum to zero",
            hint="option lincom allows any linear combination",
        )
    numbers = range(1, len(matrix) + 1)
    return FactorContrasts(
        matrix, tuple(f"({number})" for number in numbers), tuple(f"c{n}" for n in numbers)
    )


# --- levels within which is compared -----------------------------------------------------------


def _chosen_positions(
    variable: str, chosen: Sequence[int] | None, settings: FactorSettings
) -> list[int]:
    levels = list(settings.levels[variable])
    if chosen is None:
        return list(range(len(levels)))
    for level in chosen:
        if level not in levels:
            raise StataError(198, f"{level} is not a level of {variable}")
    return [levels.index(level) for level in chosen]


def _within_labels(
    term: ContrastTerm, within: Sequence[Sequence[int]], settings: FactorSettings
) -> list[str]:
    names = [factor.variable for factor in term.within]
    levels = [
        [settings.levels[name][i] for i in positions]
        for name, positions in zip(names, within, strict=True)
    ]
    return cell_labels(names, list(itertools.product(*levels)), settings.labels)


def cell_labels(
    variables: Sequence[str], cells: Sequence[tuple[int, ...]], labels: Labels
) -> list[str]:
    """The text of each cell: labels joined by ``#``, or numbers in columns where none has one."""
    columns = list(zip(*cells, strict=True)) if variables else []
    if any(
        labels(name, level)
        for name, levels in zip(variables, columns, strict=True)
        for level in set(levels)
    ):
        return [
            "#".join(
                labels(name, level) or str(level)
                for name, level in zip(variables, cell, strict=True)
            )
            for cell in cells
        ]
    widths = [max(len(str(level)) for level in set(levels)) for levels in columns]
    return [
        " ".join(str(v).rjust(w) for v, w in zip(cell, widths, strict=True)).strip()
        for cell in cells
    ]


def _within_names(
    term: ContrastTerm, within: Sequence[Sequence[int]], settings: FactorSettings
) -> list[str]:
    names = [factor.variable for factor in term.within]
    parts = [
        [f"{settings.levels[name][i]}.{name}" for i in positions]
        for name, positions in zip(names, within, strict=True)
    ]
    return ["#".join(cell) for cell in itertools.product(*parts)]
