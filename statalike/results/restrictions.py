"""Linear restrictions on coefficients, and their text as ``test`` and ``lincom`` print it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statalike.results.matrix import NamedMatrix, Stripe


@dataclass(frozen=True)
class LinearRestrictions:
    """The restrictions R b = r on the coefficients of one set of estimates.

    ``estimates`` is e(b), ``weights`` is R (m, k) and ``constants`` is r (m,).
    """

    estimates: NamedMatrix
    weights: np.ndarray
    constants: np.ndarray

    def __len__(self) -> int:
        return len(self.constants)

    def followed_by(self, others: LinearRestrictions) -> LinearRestrictions:
        """These restrictions and then the others, on the same coefficients."""
        return LinearRestrictions(
            self.estimates,
            np.vstack([self.weights, others.weights]),
            np.concatenate([self.constants, others.constants]),
        )

    def only(self, position: int) -> LinearRestrictions:
        """One of the restrictions by itself."""
        chosen = slice(position, position + 1)
        return LinearRestrictions(self.estimates, self.weights[chosen], self.constants[chosen])

    @property
    def texts(self) -> tuple[str, ...]:
        """``[y]x - 2*[y]z = 3``: terms in the order of e(b), the constant on the right."""
        return tuple(
            f"{combination_text(row, self.estimates.columns)} = {_number(constant)}"
            for row, constant in zip(self.weights, self.constants, strict=True)
        )


def combination_text(weights: np.ndarray, names: tuple[Stripe, ...]) -> str:
    """A weighted sum of coefficients in words; 0 when every weight is zero."""
    text = ""
    for weight, name in zip(weights.tolist(), names, strict=True):
        if weight == 0:
            continue
        sign = "-" if weight < 0 else "+"
        lead = f" {sign} " if text else "- " if weight < 0 else ""
        size = "" if abs(weight) == 1 else f"{_number(abs(weight))}*"
        text += f"{lead}{size}{_bracketed(name)}"
    return text or "0"


def _bracketed(name: Stripe) -> str:
    return f"[{name.equation}]{name.name}" if name.equation else name.name


def _number(value: float) -> str:
    text = f"{value:.7g}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text
