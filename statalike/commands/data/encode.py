"""``encode`` and ``decode``: string variables to labelled numbers and back ([D] encode)."""

from __future__ import annotations

import numpy as np

from statalike.commands.data.generate import report_missing
from statalike.commands.registry import command
from statalike.data.labels import ValueLabel
from statalike.data.names import check_name
from statalike.data.storage import LONG, fixed_string, string_type
from statalike.data.variable import empty_column
from statalike.errors import StataError, already_defined
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.state import State

MOST_LABELS = 65_536


def _new_name(state: State, arguments: Arguments) -> str:
    name = check_name(arguments.string("generate") or "")
    if name in state.data:
        raise already_defined(name)
    return name


@command(
    "encode",
    "en",
    syntax="varname [if] [in] , Generate(name) [Label(name) noExtend]",
    help="make a labelled numeric variable from a string variable",
    section="Data",
)
def encode(state: State, arguments: Arguments) -> None:
    """Codes 1, 2, ... go to the distinct texts in the order of their bytes."""
    variable = state.data.variable(arguments.varlist[0])
    new = _new_name(state, arguments)
    if not variable.is_string:
        raise StataError(107, "not possible with numeric variable")
    mask = observations_mask(state, arguments.condition, arguments.observations)
    mask &= ~variable.missing()
    texts, place = np.unique(variable.strings()[mask], return_inverse=True)
    if len(texts) > MOST_LABELS:
        raise StataError(134, f"too many values: {len(texts):,} distinct texts")
    set_name = arguments.string("label") or new
    labels = state.data.value_labels.get(set_name) or ValueLabel(set_name, {})
    codes, labels = _coded(texts.tolist(), labels, extend=not arguments.flag("noextend"))
    state.data.value_labels[set_name] = labels
    column = empty_column(LONG, state.data.n)
    column[mask] = np.array(codes, dtype=np.int32)[place]
    state.data.add(new, column, LONG, format="%8.0g", label=variable.label, value_label=set_name)


def _coded(texts: list[str], labels: ValueLabel, *, extend: bool) -> tuple[list[int], ValueLabel]:
    """The code of each text, and the set of labels with the texts that it lacked."""
    known = {text: code for code, text in sorted(labels.mapping.items(), reverse=True)}
    following = max([code for code in labels.mapping if code < 2**31 - 30] + [0]) + 1
    added: dict[int, str] = {}
    codes = []
    for text in texts:
        code = known.get(text)
        if code is None:
            if not extend:
                message = f"label {labels.name} does not define a value for {text}"
                raise StataError(180, message)
            code, following = following, following + 1
            added[code] = text
        codes.append(code)
    return codes, labels.with_entries(added)


@command(
    "decode",
    "decode",
    syntax="varname [if] [in] , Generate(name) [MAXLength(integer 0)]",
    help="make a string variable from value labels",
    section="Data",
)
def decode(state: State, arguments: Arguments) -> None:
    name = arguments.varlist[0]
    variable = state.data.variable(name)
    new = _new_name(state, arguments)
    if variable.is_string:
        raise StataError(109, "type mismatch; variable is a string")
    if not variable.value_label:
        raise StataError(182, f"{name} not labeled")
    labels = state.data.value_label_of(name)
    mask = observations_mask(state, arguments.condition, arguments.observations)
    numbers, place = np.unique(variable.numbers(), return_inverse=True)
    shown = [(labels.text(x) if labels else None) or "" for x in numbers.tolist()]
    texts = np.array([*shown, ""], dtype=object)[:-1][place]
    texts[~mask] = ""
    longest = arguments.integer("maxlength") or 0
    kind = string_type(texts)
    if longest:
        kind = fixed_string(min(longest, kind.width))
    made = state.data.add(new, texts, kind, label=variable.label)
    report_missing(state, int(np.count_nonzero(made.missing())))
