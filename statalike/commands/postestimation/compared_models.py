"""Several sets of estimates side by side: which coefficients there are, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from statalike.commands.estimation.coefficient_rows import WaldInference, inference_of
from statalike.data.missing import MISSING
from statalike.errors import StataError
from statalike.evaluation import without_marks
from statalike.language.parser import split_prefix
from statalike.output.coefficient_names import components_of
from statalike.results.matrix import Stripe
from statalike.results.stores import Results


@dataclass(frozen=True)
class ComparedModel:
    """Estimates under their name; ``places`` are positions in e(b) by equation and bare name."""

    name: str
    results: Results
    inference: WaldInference
    places: dict[Stripe, int]

    def place(self, stripe: Stripe) -> int | None:
        """Where a coefficient stands in e(b), or None."""
        return self.places.get(stripe)


def compared_model(
    name: str, results: Results, level: float, equations: dict[str, str] | None = None
) -> ComparedModel:
    """One set of estimates; ``equations`` renames equations; r(301) without e(b) and e(V)."""
    if "b" not in results.matrices or "V" not in results.matrices:
        raise StataError(301, f"{name} has no coefficients")
    renamed = equations or {}
    places = {
        Stripe(renamed.get(s.equation, s.equation), without_marks(s.name)): i
        for i, s in enumerate(results.matrices["b"].columns)
    }
    return ComparedModel(name, results, inference_of(results, level), places)


def renamed_equations(models: Sequence[tuple[str, Results]], matches: str) -> list[dict[str, str]]:
    """For each model the new names of equations that ``equations()`` matches.

    ``1`` or ``name = 1:2`` says that the first equation of the first model and the second of the
    second are one; ``.`` leaves a model out.  r(198).
    """
    found: list[dict[str, str]] = [{} for _ in models]
    for number, item in enumerate(filter(None, (each.strip() for each in matches.split(","))), 1):
        name, equals, places = item.partition("=")
        called = name.strip() if equals else f"#{number}"
        pieces: list[str] = []
        rest: str | None = places.strip() if equals else item
        while rest is not None:
            piece, rest = split_prefix(rest)
            pieces.append(piece)
        if len(pieces) == 1:
            pieces *= len(models)
        if len(pieces) != len(models):
            raise StataError(198, f"equations({item}) does not name an equation for each model")
        for renaming, (_, results), piece in zip(found, models, pieces, strict=True):
            if piece == ".":
                continue
            own = list(dict.fromkeys(s.equation for s in results.matrices["b"].columns))
            if not piece.isdigit() or not 0 < int(piece) <= len(own):
                raise StataError(198, f"equations({item}) invalid")
            renaming[own[int(piece) - 1]] = called
    return found


def all_coefficients(models: Sequence[ComparedModel]) -> dict[str, list[Stripe]]:
    """The coefficients of all models by equation, in the order in which they are met.

    A constant stands behind the coefficients of all models; base levels are left out.
    """
    by_equation: dict[str, list[Stripe]] = {}
    for model in models:
        columns = model.results.matrices["b"].columns
        for stripe, position in model.places.items():
            if _is_base(columns[position].name):
                continue
            known = by_equation.setdefault(stripe.equation, [])
            if stripe not in known:
                known.append(stripe)
    for stripes in by_equation.values():
        stripes.sort(key=lambda stripe: stripe.name == "_cons")
    free = by_equation.pop("/", None)
    if free is not None:
        by_equation["/"] = free
    return by_equation


def _is_base(name: str) -> bool:
    return any("b" in part.flags for part in components_of(name))


def chosen_coefficients(
    by_equation: dict[str, list[Stripe]], keep: Sequence[str], drop: Sequence[str]
) -> dict[str, list[Stripe]]:
    """Those that ``keep()`` names, in its order, without those of ``drop()``; r(111).

    A name is that of a coefficient in every equation, ``eq:name``, or ``eq:`` for all of one.
    """
    everything = [stripe for stripes in by_equation.values() for stripe in stripes]

    def named(text: str) -> list[Stripe]:
        equation, colon, name = text.rpartition(":")
        found = [
            stripe
            for stripe in everything
            if (not colon or stripe.equation == equation)
            and (not name or stripe.name == without_marks(name) or _of_factor(stripe.name, name))
        ]
        if not found:
            raise StataError(111, f"coefficient {text} not found")
        return found

    chosen = everything
    if keep:
        chosen = list(dict.fromkeys(stripe for text in keep for stripe in named(text)))
    dropped = {stripe for text in drop for stripe in named(text)}
    kept: dict[str, list[Stripe]] = {}
    for equation in by_equation:
        own = [s for s in chosen if s.equation == equation and s not in dropped]
        if own:
            kept[equation] = own
    return kept


def _of_factor(name: str, text: str) -> bool:
    """Whether a coefficient is a level of a factor that is named as ``i.group``."""
    if not text.startswith("i."):
        return False
    parts = components_of(name)
    return len(parts) == 1 and parts[0].is_factor and parts[0].variable == text[2:]


def statistic_of(results: Results, name: str, criteria: dict[str, float]) -> float | str:
    """A scalar or text of e(), or ``aic``, ``bic`` and ``rank``; missing when there is none."""
    if name in results.scalars:
        return results.scalars[name]
    if name in criteria:
        return criteria[name]
    return results.macros.get(name, MISSING)


def numbers_of(model: ComparedModel, stripe: Stripe, *, exponentiated: bool) -> np.ndarray:
    """Coefficient, standard error, statistic, p-value and limits (6,); missing without one."""
    position = model.place(stripe)
    if position is None:
        return np.full(6, MISSING)
    found = model.inference
    numbers = np.array(
        [
            found.coefficients[position],
            found.standard_errors[position],
            found.statistics[position],
            found.p[position],
            found.lower[position],
            found.upper[position],
        ]
    )
    if exponentiated and stripe.equation != "/" and numbers[0] < MISSING:
        known = numbers < MISSING
        with np.errstate(over="ignore"):
            value = np.exp(numbers[0])
            numbers[1] = value * numbers[1] if known[1] else MISSING
            for i in (0, 4, 5):
                numbers[i] = np.exp(numbers[i]) if known[i] else MISSING
    return numbers
