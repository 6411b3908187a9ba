"""``reshape``: wide data into long ones and back ([D] reshape)."""

from __future__ import annotations

from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.reshaping import (
    Reshape,
    j_texts,
    long_name,
    to_long,
    to_wide,
    values_in_names,
    wide_name,
)
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.numlist import read_numlist
from statalike.output.combining_report import ReshapeReport, reshape_report
from statalike.state import State

#: where the last reshape is kept with the data, so that ``reshape wide`` alone goes back
_CHARACTERISTICS = {"stubs": "ReS_Xij", "i": "ReS_i", "j": "ReS_j", "string": "ReS_str"}


@command(
    "reshape",
    "resh",
    syntax="anything [, I(varlist) J(string) STRing]",
    unsupported="ATwl(string)",
    help="wide data into long ones and back",
    section="Data",
)
def reshape(state: State, arguments: Arguments) -> None:
    direction, *stubs = arguments.body.split()
    directions = [name for name in ("long", "wide") if name.startswith(direction)]
    if len(directions) != 1:
        raise StataError(198, f"reshape {direction} not yet supported")
    data = state.data
    request = _request(arguments, data, stubs)
    long = directions[0] == "long"
    if long:
        values = request.values or values_in_names(data, request)
    else:
        if any(long_name(stub) not in data for stub in request.stubs) or request.j not in data:
            for name in (*map(long_name, request.stubs), request.j):
                data.variable(name)
        texts = set(j_texts(data.variable(request.j)))
        is_string = data.variable(request.j).is_string
        values = tuple(sorted(texts, key=str if is_string else int))
    request = Reshape(request.stubs, request.i, request.j, values, request.string)
    result = to_long(data, request) if long else to_wide(data, request)
    _remember(result, request)
    groups = tuple(
        ([wide_name(stub, value) for value in values], long_name(stub)) for stub in request.stubs
    )
    state.data = result
    state.console.print()
    state.console.print_lines(
        reshape_report(
            ReshapeReport(
                long,
                (data.n, result.n),
                (len(data.names), len(result.names)),
                request.j,
                len(values),
                groups,
            )
        )
    )


def _request(arguments: Arguments, data: Dataset, stubs: list[str]) -> Reshape:
    """What is typed, or what the data remember of the last ``reshape``; r(198)."""
    kept = data.characteristics.get("_dta", {})
    if not stubs:
        if not kept.get(_CHARACTERISTICS["stubs"]):
            raise StataError(111, "data have not been reshaped yet")
        return Reshape(
            tuple(kept[_CHARACTERISTICS["stubs"]].split()),
            tuple(kept[_CHARACTERISTICS["i"]].split()),
            kept[_CHARACTERISTICS["j"]],
            string=kept.get(_CHARACTERISTICS["string"]) == "1",
        )
    i = arguments.variables("i")
    if not i:
        raise StataError(198, "option i() required")
    name, *values = (arguments.string("j") or "_j").split()
    string = arguments.flag("string")
    if values and not string:
        values = [f"{number:g}" for number in read_numlist(" ".join(values))]
    return Reshape(tuple(stubs), tuple(dict.fromkeys(i)), name, tuple(values), string)


def _remember(data: Dataset, request: Reshape) -> None:
    kept = data.characteristics_of("_dta")
    kept[_CHARACTERISTICS["stubs"]] = " ".join(request.stubs)
    kept[_CHARACTERISTICS["i"]] = " ".join(request.i)
    kept[_CHARACTERISTICS["j"]] = request.j
    kept[_CHARACTERISTICS["string"]] = "1" if request.string else "0"
