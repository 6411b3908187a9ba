"""``input``: observations typed in ([D] input)."""

from __future__ import annotations

import numpy as np

from statalike.commands.registry import command
from statalike.data.labels import ValueLabel
from statalike.data.missing import MISSING
from statalike.data.storage import StorageType, storage_type
from statalike.errors import StataError
from statalike.language.functions.strings import real
from statalike.language.parser import split_comma, split_words
from statalike.language.source import Unit
from statalike.language.variable_lists import new_variables
from statalike.state import State


@command("input", "inp", form="block", help="type in observations", section="Data")
def input_(state: State, text: str, body: tuple[Unit, ...]) -> None:
    """``input [newvarlist]``, lines of values, ``end``.

    Without data the lines are observations of the new variables.  With data and new variables the
    lines are their values in the observations that there are; without new variables they are
    further observations.  What is no number becomes missing, as does what a line lacks.
    """
    listed, options = split_comma(text)
    words = set((options or "").split())
    if not words <= {"automatic", "a", "label", "l"}:
        raise StataError(198, f"option {sorted(words)[0]} not allowed")
    data = state.data.copy()
    rows = [split_words(unit.text.replace(",", " ")) for unit in body if unit.text.strip()]
    if listed:
        made = new_variables(listed, data)
        kinds = [storage_type(each.storage or state.settings.type) for each in made]
        n = max(data.n, len(rows))
        grown = bool(data.variables)
        if data.n < n and grown:
            data.set_observations(n)
        for position, (each, kind) in enumerate(zip(made, kinds, strict=True)):
            texts = [row[position] if position < len(row) else "" for row in rows]
            texts += [""] * (n - len(texts))
            label = data.value_labels.get(each.value_label)
            values = _column(texts, kind, label)
            data.add(each.name, values, kind, value_label=each.value_label)
    else:
        if not data.variables:
            raise StataError(104, "nothing to input")
        before = data.n
        data.set_observations(before + len(rows))
        new = np.arange(before, data.n)
        for position, variable in enumerate(list(data.variables.values())):
            texts = [row[position] if position < len(row) else "" for row in rows]
            label = data.value_label_of(variable.name)
            values = _column(texts, variable.storage, label)
            if len(new):
                data.replace(variable.name, values, new)
    state.data = data


def _column(texts: list[str], kind: StorageType, label: ValueLabel | None) -> np.ndarray:
    if kind.is_string:
        kept = [text.encode()[: kind.width].decode("utf-8", "ignore") for text in texts]
        return np.array([*kept, ""], dtype=object)[:-1]
    numbers = []
    for text in texts:
        value = MISSING if text in ("", ".") else real(text)
        code = label.code(text) if label is not None and value == MISSING else None
        numbers.append(float(code) if code is not None else value)
    return np.array(numbers, dtype=float)
