"""``list``: the observations themselves ([D] list)."""

from __future__ import annotations

import numpy as np

from statalike.commands.registry import command
from statalike.data.formats import Format, format_column
from statalike.data.variable import Variable
from statalike.errors import StataError, no_variables_defined
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.output.listing import ListColumn, ListOptions, listing
from statalike.state import State

_DEFAULT_ABBREVIATION = 8
_EVERY = 5


@command(
    "list",
    "l",
    syntax="[varlist] [if] [in] [, noObs Clean Header Header(integer) noHeader COMpress "
    "SEParator(integer 5) SEPBY(varlist) DIVider TABle Display ABbreviate(integer 8) noLabel "
    "String(integer 0) FAST LInesize(integer 0)]",
    unsupported="nocompress Mean MEAN(string) SUM SUM(string) N N(string) LABVar(string) "
    "CONstant CONSTANT(string) NOTRim nodotz SUBVARname",
    help="show the values of variables",
    section="Description",
    by="each",
)
def list_(state: State, arguments: Arguments) -> None:
    if not arguments.varlist:
        raise no_variables_defined()
    mask = observations_mask(state, arguments.condition, arguments.observations)
    rows = np.flatnonzero(mask)
    options = _options(state, arguments, rows)
    if not len(rows):
        return
    longest = arguments.integer("string") or 0
    columns = [
        ListColumn(
            name,
            cells(state, name, rows, labels=not arguments.flag("nolabel"), longest=longest),
            left=_is_left(state.data.variable(name)),
        )
        for name in arguments.varlist
    ]
    first = 1 + (state.by_rows.start if state.by_rows is not None else 0)
    numbers = (rows + 2 - first).tolist()
    state.console.print()
    state.console.print_lines(listing(columns, numbers, options))


def _options(state: State, arguments: Arguments, rows: np.ndarray) -> ListOptions:
    layouts = [name for name in ("table", "display") if arguments.flag(name)]
    if len(layouts) > 1:
        raise StataError(198, "options table and display may not be combined")
    header = arguments.option("header")
    if header is not False and arguments.flag("noheader"):
        raise StataError(198, "options header and noheader may not be combined")
    return ListOptions(
        linesize=arguments.integer("linesize") or state.console.linesize,
        abbreviation=arguments.integer("abbreviate") or _DEFAULT_ABBREVIATION,
        clean=arguments.flag("clean"),
        numbers=not arguments.flag("noobs"),
        separator=_EVERY
        if arguments.option("separator") is None
        else arguments.option("separator"),
        breaks=_breaks(state, arguments.variables("sepby"), rows),
        header=not arguments.flag("noheader"),
        header_every=header if isinstance(header, int) and header is not True else 0,
        divider=arguments.flag("divider"),
        layout=layouts[0] if layouts else "auto",
    )


def _breaks(state: State, names: tuple[str, ...], rows: np.ndarray) -> list[bool] | None:
    """Whether a listed row differs from the one before in the variables of ``sepby()``."""
    if not names:
        return None
    differs = np.zeros(len(rows), dtype=bool)
    for name in names:
        values = state.data.variable(name).values[rows]
        differs[1:] |= np.asarray(values[1:] != values[:-1], dtype=bool)
    return [bool(each) for each in differs]


def _is_left(variable: Variable) -> bool:
    return Format.parse(variable.format).is_left_justified


def cells(
    state: State, name: str, rows: np.ndarray, *, labels: bool = True, longest: int = 0
) -> list[str]:
    """The values of chosen rows as texts, with value labels in the place of the numbers they
    label; ``longest`` cuts texts, 0 leaves them whole."""
    variable = state.data.variable(name).take(rows)
    if variable.is_string:
        texts = variable.strings().tolist()
        return [_cut(text, longest) for text in texts] if longest else texts
    numbers = variable.numbers()
    shown = [text.strip() for text in format_column(numbers, variable.format)]
    known = state.data.value_label_of(name) if labels else None
    if known is None:
        return shown
    distinct, place = np.unique(numbers, return_inverse=True)
    texts = [known.text(x) for x in distinct.tolist()]
    return [
        text if (text := texts[i]) is not None else shown[j] for j, i in enumerate(place.tolist())
    ]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}.."
