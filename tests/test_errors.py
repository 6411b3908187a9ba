"""What is wrong with a line, what is said of it, and the return code."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from tests.commands.typed import session, small

ERRORS: list[tuple[str, str | None, int]] = [
    # commands
    ("nosuch", "command nosuch is unrecognized", 199),
    ("bar x z", "command bar is unrecognized", 199),
    ("2sls help", "2sls is not a valid command name", 199),
    ("= 5", "= is not a valid command name", 199),
    ("'x", "'x is not a valid command name", 199),
    ("#nosuch", "#nosuch is not a valid command name", 199),
    ("!ls", "shell commands are not run", 199),
    ("su x, d, e", "invalid 'e'", 198),
    ("estat nosuch", "invalid subcommand nosuch", 321),
    ("label nosuch", "invalid subcommand nosuch", 198),
    ("estimates nosuch", "invalid subcommand nosuch", 198),
    ("macro", "subcommand required", 198),
    ("mata\nend", "command mata not yet supported", 199),
    ("marginsplot", "previous command was not margins", 301),
    # control flow
    ("foreach x in a", "{ required", 100),
    ("forvalues i = 1/5", "{ required", 100),
    ("forv i = 1/5", "{ required", 100),
    ("while 1", "{ required", 100),
    ("foreach x of {\n}", "invalid syntax", 198),
    ("foreach {\n}", "invalid syntax", 198),
    ("foreach x from a {\n}", "invalid syntax", 198),
    ("foreach x of nosuch a {\n}", "invalid syntax", 198),
    ("foreach v of varlist nosuch {\n}", "variable nosuch not found", 111),
    ("foreach i of numlist 1/ {\n}", "invalid numlist", 121),
    ("forvalues i 1/5 {\n}", "invalid syntax", 198),
    ("forvalues i = 1 {\n}", "invalid syntax", 198),
    ("forvalues i = 1(0)5 {\n}", "invalid syntax", 198),
    ("forvalues a b = 1/5 {\n}", "invalid syntax", 198),
    ("foreach v of newlist 1a {\n}", "1a invalid name", 198),
    ("foreach v in \"a {\n}", "too few quotes", 132),
    ("forvalues i = 1/. {\n}", "invalid syntax", 198),
    ("forvalues i = 1/nosuch {\n}", "invalid syntax", 198),
    ("while nosuch {\n}", "nosuch not found", 111),
    ("while {\n}", "invalid syntax", 198),
    ("if {\n}", "invalid syntax", 198),
    ("if", "invalid syntax", 198),
    ("if 1", "invalid syntax", 198),
    ("if nosuch display 1", "nosuch not found", 111),
    ("if name display 1", "type mismatch", 109),
    ("else display 1", "else without if", 198),
    ("else {\n}", "else without if", 198),
    ("if 0 {\n}\nelse x {\n}", "invalid syntax", 198),
    ("continue", "continue is allowed only inside foreach, forvalues and while", 198),
    ("summarize x {\n}", "summarize may not be followed by a block", 198),
    ("foreach x in a {\ndisplay 1\n} display 2",
     "program error:  code follows on the same line as close brace", 198),
    ("}", "program error:  matching open brace not found", 198),
    ("if 1 {", "unexpected end of file", 612),
    ("/* open", "unexpected end of file", 612),
    # the parts of a command
    ("summarize nosuch", "variable nosuch not found", 111),
    ("summarize x z", "variable z not found", 111),
    ("summarize x,", "", 0),
    ("summarize x, nosuch", "option nosuch not allowed", 198),
    ("summarize x, detail(1)", "option detail() not allowed", 198),
    ("summarize x, separator", "option separator not allowed", 198),
    ("summarize x, separator(a)", "option separator() incorrectly specified", 198),
    ("summarize x if", "invalid syntax", 198),
    ("summarize x if x >", "invalid syntax", 198),
    ("summarize x if nosuch", "nosuch not found", 111),
    ("summarize x if name > 1", "type mismatch", 109),
    ("summarize x in 0", "observation numbers out of range", 198),
    ("summarize x in 1/9", "observation numbers out of range", 198),
    ("summarize x in 3/2", "observation numbers out of range", 198),
    ("summarize x in a", "'a' invalid observation number", 198),
    ("summarize x [fw=x/2]", "may not use noninteger frequency weights", 401),
    ("summarize x [pw=id]", "pweights not allowed", 101),
    ("summarize x [nosuch=id]", None, 198),
    ("summarize x = 3", "=exp not allowed", 101),
    ("summarize x using y", "using not allowed", 101),
    ("count x", "varlist not allowed", 101),
    ("drop", "varlist or in range required", 100),
    ("drop x if id > 1", "invalid syntax", 198),
    ("drop x, nosuch", "options not allowed", 101),
    ("generate x = 1", "variable x already defined", 110),
    ("generate 1x = 1", "1x invalid name", 198),
    ("generate y", "=exp required", 100),
    ("generate byte y = name", "type mismatch", 109),
    ("generate y = x +", "invalid syntax", 198),
    ("generate y = nosuch(x)", "unknown function nosuch()", 133),
    ("generate y = log(x, 2)", "invalid syntax", 198),
    ("generate y = x y", "invalid 'y'", 198),
    ("generate y = (x", "too many '(' or '['", 132),
    ("generate y = x)", "too many ')' or ']'", 132),
    ('generate y = "a', "too few quotes", 132),
    ("generate y = x if", "invalid syntax", 198),
    ("replace nosuch = 1", "variable nosuch not found", 111),
    ("replace x = name", "type mismatch", 109),
    ("sort", "varlist required", 100),
    ("rename x 1y", None, 198),
    ("use nosuch, clear", "file nosuch.dta not found", 601),
    ("use nosuch", "no; dataset in memory has changed since last saved", 4),
    ("save", "invalid file specification", 198),
    ("mixed x || nosuch:", "variable nosuch not found", 111),
    ("mixed nosuch || group:", "variable nosuch not found", 111),
    ("mixed name || group:", None, 109),
    ("mixed x || group:, covariance(nosuch)", None, 198),
    ("predict y", "last estimates not found", 301),
    ("test x", "last estimates not found", 301),
    ("estat icc", "last estimates not found", 301),
    ("lincom x", "last estimates not found", 301),
    # macros and quotes
    ("display `begin", None, 198),
    ("display 'a'", "'a' invalid name", 198),
    ("display ``nosuch'", None, 198),
    ("display `=1/'", "invalid syntax", 198),
    ("display `:nosuch x'", "nosuch not a known extended macro function", 198),
    ('display "a', "too few quotes", 132),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "code"), ERRORS)
def test_message_and_code(text: str, message: str | None, code: int) -> None:
    made = small()
    try:
        made.run(text, quietly=True)
    except StataError as error:
        assert error.code == code
        assert message is None or error.message == message
    else:
        assert code == 0


HINTS = [
    ("sumarize x", "did you mean summarize?"),
    ("summarize grupo", "did you mean group?"),
    ("summarize x, detial", "did you mean detail?"),
    ("display gruop", "did you mean group?"),
    ("summarize x, detail(2)", "detail takes no argument"),
    ("qqqqq", ""),
]


@pytest.mark.parametrize(("text", "hint"), HINTS)
def test_hints(text: str, hint: str) -> None:
    with pytest.raises(StataError) as caught:
        small().run(text)
    assert caught.value.hint == hint


NO_DATA = [
    ("summarize", 111),
    ("list", 111),
    ("describe", 0),
    ("count", 0),
    ("display x", 111),
    ("summarize x", 111),
    ("generate x = 1", 0),
    ("sort x", 111),
    ("drop _all", 0),
    ("drop *", 0),
    ("clear", 0),
    ("save nothing", 111),
    ("mixed y x || id:", 111),
]


@pytest.mark.parametrize(("text", "code"), NO_DATA)
def test_without_data(text: str, code: int) -> None:
    try:
        session().output(text)
    except StataError as error:
        assert error.code == code
    else:
        assert code == 0


def test_an_error_prints_as_its_message_and_code() -> None:
    assert str(StataError(198, "invalid syntax")) == "invalid syntax r(198)"
    assert str(StataError(601)) == "r(601)"
