"""What goes wrong: message, return code, and data that stay as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from statalike.errors import StataError
from tests.commands.typed import session, small

ERRORS: list[tuple[str, str, int]] = [
    # names
    ("list nosuch", "variable nosuch not found", 111),
    ("summarize grp", "variable grp not found", 111),
    ("tabulate nosuch", "variable nosuch not found", 111),
    ("describe nosuch", "variable nosuch not found", 111),
    ("drop nosuch", "variable nosuch not found", 111),
    ("sort nosuch", "variable nosuch not found", 111),
    ("gsort -nosuch", "variable nosuch not found", 111),
    ("rename nosuch y", "variable nosuch not found", 111),
    ("replace nosuch = 1", "variable nosuch not found", 111),
    ("generate y = nosuch", "nosuch not found", 111),
    ("egen y = mean(nosuch)", "nosuch not found", 111),
    ("egen y = rowmean(nosuch)", "variable nosuch not found", 111),
    ("label variable nosuch", "variable nosuch not found", 111),
    ("label list nosuch", "value label nosuch not found", 111),
    ("notes nosuch: text", "variable nosuch not found", 111),
    ("format nosuch %9.0g", "variable nosuch not found", 111),
    ("generate x = 1", "variable x already defined", 110),
    ("egen x = mean(id)", "variable x already defined", 110),
    ("rename x id", "variable id already defined", 110),
    ("encode name, generate(x)", "variable x already defined", 110),
    ("label define sides 3 up", "label sides already defined", 110),
    ("generate 1y = 1", "1y invalid name", 198),
    ("generate byte = 1", "byte invalid name", 198),
    # types
    ("generate str y = 1", "type mismatch", 109),
    ('generate byte y = "a"', "type mismatch", 109),
    ('replace x = "a"', "type mismatch", 109),
    ("replace name = 1", "type mismatch", 109),
    ('generate y = x + "a"', "type mismatch", 109),
    ("egen y = mean(name)", "type mismatch", 109),
    ("egen str5 y = mean(x)", "type mismatch", 109),
    ("encode x, generate(y)", "not possible with numeric variable", 107),
    ("decode x, generate(y)", "x not labeled", 182),
    ("label values name sides", "may not label strings", 182),
    ("format x %9s", "invalid %format for numeric variable x", 120),
    ("format x %9q", "invalid %format", 120),
    ("recast str5 x", "x is float; it cannot be str5", 109),
    ("xtset name", "string variables not allowed in varlist;\nname is a string variable", 109),
    # syntax
    ("generate y", "=exp required", 100),
    ("generate y = 1 +", "invalid syntax", 198),
    ("generate a b = 1", "too many variables specified", 103),
    ("drop", "varlist or in range required", 100),
    ("drop x if id == 1", "invalid syntax", 198),
    ("keep x in 1", "invalid syntax", 198),
    ("sort", "varlist required", 100),
    ("tabulate", "varlist required", 100),
    ("tabulate id x group", "too many variables specified", 103),
    ("order x, first last", "only one of first, last, before(), and after() is allowed", 198),
    ("rename x", "invalid syntax", 198),
    ("rename (x id) (a)", "lists of old and new names are not of the same length", 198),
    ("label define sides 3", "invalid syntax", 198),
    ('label define sides 1 "up", add', "invalid attempt to modify label", 180),
    ('label define new . "none"', "may not label system missing value", 180),
    ('label define new 1.5 "half"', "may not label 1.5", 198),
    ("egen y = foo(x)", "unknown egen function foo()", 133),
    ("egen y = pctile(x), p(100)", "p() must be between 0 and 100", 198),
    ("by group: egen y = tag(x)", "egen ... tag() may not be combined with by", 190),
    ("generate y = foo(x)", "unknown function foo()", 133),
    # options
    ("summarize x, detial", "option detial not allowed", 198),
    ("list, foo", "option foo not allowed", 198),
    ("list, mean", "option mean not yet supported", 198),
    ("list, table display", "options table and display may not be combined", 198),
    ("tabulate group, plot", "option plot not yet supported", 198),
    ("tabulate group, chi2", "option chi2 not allowed", 198),
    ("tabulate group id, sort", "option sort not allowed", 198),
    ("import dbase data", "import dbase not yet supported", 198),
    ("label save", "label save not yet supported", 198),
    # observations and weights
    ("list in 9", "observation numbers out of range", 198),
    ("replace x = 1 in 0/2", "observation numbers out of range", 198),
    ("summarize x [pweight=id]", "pweights not allowed", 101),
    ("summarize x [fweight=id/2]", "may not use noninteger frequency weights", 401),
    ("summarize x [aweight=-id]", "negative weights encountered", 402),
    ("tabulate group id [aweight=id], chi2", "aweights not allowed with tests of association", 101),
    ("assert x == 1", "7 contradictions in 8 observations\nassertion is false", 9),
    ("tsset group", "repeated time values in sample", 451),
    ("xtset group x2", "variable x2 not found", 111),
    (
        "generate half = id/2\nxtset group half",
        "time variable must contain only integer values",
        451,
    ),
    ("xtset", "panel variable not set", 459),
    ("tsset", "time variable not set", 111),
    # files
    ("use nosuch", "no; dataset in memory has changed since last saved", 4),
    ("sysuse auto", "no; dataset in memory has changed since last saved", 4),
    ("webuse pig", "no; dataset in memory has changed since last saved", 4),
    ("import spss nosuch", "no; dataset in memory has changed since last saved", 4),
    ("use nosuch, clear", "file nosuch.dta not found", 601),
    ("use x using nosuch, clear", "file nosuch.dta not found", 601),
    ("import spss nosuch, clear", "file nosuch.sav not found", 601),
    ("describe using nosuch", "file nosuch.dta not found", 601),
    ("use", "invalid file specification", 198),
    ("use a b", "invalid file specification", 198),
    ("use nosuch if x, clear", "invalid 'if'", 198),
    ("save", "invalid file specification", 198),
    ("save nosuchfolder/data", "file nosuchfolder/data.dta could not be opened", 603),
    ("saveold data, version(9)", "version() must be between 11 and 18", 198),
    ("clear everything", "everything not allowed", 198),
]


@pytest.mark.parametrize(("line", "message", "code"), ERRORS, ids=[line for line, _, _ in ERRORS])
def test_error(
    line: str, message: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = small()
    *before, last = line.split("\n")
    made.run("\n".join(before), quietly=True)
    data = made.state.data.copy()
    with pytest.raises(StataError) as raised:
        made.run(last, quietly=True)
    assert (raised.value.message, raised.value.code) == (message, code)
    assert made.state.data == data
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("list nmae", "did you mean name?"),
        ("generate y = gruop", "did you mean group?"),
        ("summarize x, detial", "did you mean detail?"),
    ],
)
def test_nearest_name_is_suggested(line: str, near: str) -> None:
    with pytest.raises(StataError) as raised:
        small().run(line)
    assert raised.value.hint == near


@pytest.mark.parametrize("line", ["summarize", "list", "codebook", "save data"])
def test_without_data(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StataError) as raised:
        session().run(line)
    assert (raised.value.message, raised.value.code) == ("no variables defined", 111)


def test_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "data.dta"
    path.write_text("precious")
    made = small()
    with pytest.raises(StataError) as raised:
        made.run(f'save "{path}"')
    assert raised.value.code == 602
    assert raised.value.message == f"file {path} already exists"
    assert path.read_text() == "precious"


def test_file_that_is_no_dataset(tmp_path: Path) -> None:
    path = tmp_path / "data.dta"
    path.write_bytes(b"no Stata data at all" * 10)
    made = small()
    before = made.state.data.copy()
    with pytest.raises(StataError) as raised:
        made.run(f'use "{path}", clear')
    assert raised.value.code == 610
    assert made.state.data == before


def test_new_name_that_is_none_is_explained() -> None:
    with pytest.raises(StataError) as raised:
        small().run("rename x iso_3166_alphanumeric_origin_country_code")
    assert raised.value.code == 198
    first, *others = raised.value.message.split("\n")
    assert first == "1 new variable name invalid"
    assert " ".join(text.strip() for text in others).startswith("You attempted to rename x to iso_")
    assert all(text.startswith("    ") for text in others)
