"""``import`` and ``export`` of delimited text and of Excel files ([D] import delimited, excel)."""

from __future__ import annotations

import os

from statalike.commands.data.use import check_unsaved, load
from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.delimited import DelimitedFormat, Writing, read_delimited, write_delimited
from statalike.data.excel import read_excel, sheet_names, write_excel
from statalike.errors import StataError, no_variables_defined
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.language.parser import split_words
from statalike.language.quoting import unquoted
from statalike.state import State

_TABS = {"tab": "\t", "\\t": "\t", "comma": ",", "space": " ", "whitespace": " "}


def _path(arguments: Arguments, extension: str) -> tuple[str, list[str]]:
    """The file, and the words before ``using``; r(198)."""
    words = split_words(arguments.body)
    if arguments.using is not None:
        path = arguments.using
    elif len(words) == 1:
        path, words = words[0], []
    else:
        raise StataError(198, "invalid file specification")
    return path if os.path.splitext(path)[1] else f"{path}{extension}", words


def _finish(state: State, data: Dataset, words: list[str]) -> None:
    if words:
        data.keep(data.expand(words))
    data.changed = True
    load(state, data)
    k = len(data.variables)
    state.console.print(f"({k:,} var{'' if k == 1 else 's'}, {data.n:,} obs)")


def _rows(text: str | None) -> tuple[int | None, int | None]:
    """``rowrange(2:10)``: the first and the last line."""
    if not text:
        return None, None
    first, colon, last = text.partition(":")
    if not all(not part or part.strip().isdigit() for part in (first, last)):
        raise StataError(198, "option rowrange() incorrectly specified")
    return int(first) if first.strip() else None, int(last) if colon and last.strip() else None


@command(
    "import delimited",
    "import delim",
    syntax="[anything] [using/] [, clear Delimiters(string asis) VARNames(string) case(string) "
    "ROWRange(string) ENCoding(string) STRINGCols(string) asdouble]",
    unsupported="BINDQuotes(string) COLRange(string) NUMERICCols(string) asfloat "
    "DECIMALSeparator(string) GROUPSeparator(string) STRIPQuotes(string) PARSELocale(string) "
    "EMPTYlines(string)",
    help="read a text file with delimiters",
    section="Files",
)
def import_delimited(state: State, arguments: Arguments) -> None:
    path, words = _path(arguments, ".csv")
    check_unsaved(state, clear=arguments.flag("clear"))
    given = split_words(arguments.string("delimiters") or "")
    delimiter = _TABS.get(given[0], given[0][:1]) if given else ""
    named = arguments.string("varnames")
    row: int | None = None
    if named in ("nonames", "non"):
        row = 0
    elif named:
        if not named.isdigit():
            raise StataError(198, "option varnames() incorrectly specified")
        row = int(named)
    case = arguments.string("case") or "lower"
    if case not in ("lower", "upper", "preserve"):
        raise StataError(198, f"case({case}) invalid")
    strings = arguments.string("stringcols")
    if strings not in (None, "_all"):
        raise StataError(198, "stringcols() takes _all only")
    first, last = _rows(arguments.string("rowrange"))
    chosen = DelimitedFormat(
        delimiter,
        row,
        case,
        arguments.string("encoding") or "utf-8",
        first,
        last,
        strings is not None,
        arguments.flag("asdouble"),
    )
    _finish(state, read_delimited(path, chosen), words)


@command(
    "insheet",
    "insheet",
    syntax="[anything] using/ [, clear Tab Comma Delimiter(string asis) CASE NONames Names Double]",
    help="read a text file with delimiters",
    section="Files",
)
def insheet(state: State, arguments: Arguments) -> None:
    check_unsaved(state, clear=arguments.flag("clear"))
    delimiter = "\t" if arguments.flag("tab") else "," if arguments.flag("comma") else ""
    delimiter = unquoted(arguments.string("delimiter") or "") or delimiter
    row = 0 if arguments.flag("nonames") else 1 if arguments.flag("names") else None
    case = "preserve" if arguments.flag("case") else "lower"
    path, words = _path(arguments, ".raw")
    chosen = DelimitedFormat(delimiter, row, case, doubles=arguments.flag("double"))
    _finish(state, read_delimited(path, chosen), words)


@command("export", "export", form="family", help="write data for other programs", section="Files")
def export(state: State, text: str) -> None:
    """Chooses ``export delimited`` and so on."""


def _to_write(state: State, arguments: Arguments) -> tuple[str, list[str]]:
    """The file and the variables; r(111) without data."""
    words = split_words(arguments.body)
    if arguments.using is not None:
        path = arguments.using
    elif len(words) == 1:
        path, words = words[0], []
    else:
        raise StataError(198, "invalid file specification")
    if not state.data.variables:
        raise no_variables_defined()
    return path, state.data.expand(words) if words else state.data.names


@command(
    "export delimited",
    "export delim",
    syntax="[anything] [using/] [if] [in] [, replace NOLabel noVARNames QUOTE "
    "Delimiter(string asis) DATAfmt]",
    help="write a text file with delimiters",
    section="Files",
)
@command(
    "outsheet",
    "outsheet",
    syntax="[anything] using/ [if] [in] [, replace NOLabel noVARNames QUOTE Comma "
    "NONames NOQuote Delimiter(string asis) DATAfmt]",
    help="write a text file with delimiters",
    section="Files",
)
def export_delimited(state: State, arguments: Arguments) -> None:
    path, names = _to_write(state, arguments)
    old = "comma" in arguments.defaults
    path = path if os.path.splitext(path)[1] else f"{path}{'.out' if old else '.csv'}"
    mask = observations_mask(state, arguments.condition, arguments.observations)
    given = split_words(arguments.string("delimiter") or "")
    delimiter = _TABS.get(given[0], given[0][:1]) if given else ","
    if old and not given and not arguments.flag("comma"):
        delimiter = "\t"
    nameless = arguments.options.get("novarnames") or arguments.options.get("nonames")
    if not os.path.exists(os.path.expanduser(path)) and arguments.flag("replace"):
        state.console.print(f"(file {path} not found)")
    write_delimited(
        state.data,
        path,
        names,
        mask,
        Writing(
            delimiter,
            not nameless,
            not arguments.flag("nolabel"),
            not arguments.flag("noquote") if old else arguments.flag("quote"),
            arguments.flag("datafmt"),
            arguments.flag("replace"),
        ),
    )
    if not old:
        state.console.print(f"file {path} saved")


@command(
    "import excel",
    "import exc",
    syntax="[anything] [using/] [, clear SHeet(string) CELLRAnge(string) FIRSTrow ALLSTRing "
    "case(string) DESCribe]",
    unsupported="LOCale(string) DATESTRing",
    help="read a worksheet of an Excel file",
    section="Files",
)
def import_excel(state: State, arguments: Arguments) -> None:
    path, words = _path(arguments, ".xlsx")
    if arguments.flag("describe"):
        state.console.print()
        state.console.print(f"{'Sheet':>15} | Range")
        state.console.print("-" * 16 + "+" + "-" * 20)
        for name, area in sheet_names(path):
            state.console.print(f"{name:>15} | {area}")
        return
    check_unsaved(state, clear=arguments.flag("clear"))
    case = arguments.string("case") or "preserve"
    if case not in ("lower", "upper", "preserve"):
        raise StataError(198, f"case({case}) invalid")
    data = read_excel(
        path,
        sheet=arguments.string("sheet") or "",
        cell_range=arguments.string("cellrange") or "",
        first_row=arguments.flag("firstrow"),
        case=case,
        all_strings=arguments.flag("allstring"),
    )
    _finish(state, data, words)


@command(
    "export excel",
    "export exc",
    syntax="[anything] [using/] [if] [in] [, replace SHeet(string) FIRSTrow(string) NOLabel]",
    unsupported="CELL(string) SHEETMODify SHEETREPlace DATEstring(string) MISSing(string) "
    "LOCale(string) KEEPCELLfmt",
    help="write a worksheet of an Excel file",
    section="Files",
)
def export_excel(state: State, arguments: Arguments) -> None:
    path, names = _to_write(state, arguments)
    path = path if os.path.splitext(path)[1] else f"{path}.xlsx"
    mask = observations_mask(state, arguments.condition, arguments.observations)
    first = arguments.string("firstrow")
    heads: list[str] | None = None
    if first:
        kind = "variables" if "variables".startswith(first) else "varlabels"
        if not kind.startswith(first):
            raise StataError(198, "option firstrow() incorrectly specified")
        heads = [
            state.data.variable(name).label or name if kind == "varlabels" else name
            for name in names
        ]
    write_excel(
        state.data,
        path,
        names,
        mask,
        sheet=arguments.string("sheet") or "Sheet1",
        heads=heads,
        labels=not arguments.flag("nolabel"),
        replace=arguments.flag("replace"),
    )
    state.console.print(f"file {path} saved")
