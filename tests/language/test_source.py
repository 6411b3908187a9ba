"""Lines → units: comments, continuation, delimiters, blocks, and what cannot be read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.language.source import SourceReader, Unit, read_source
from tests.language import syntax_trees
from tests.shared import needs_shared, shared_path


def texts(source: str, delimiter: str = "cr") -> list[str]:
    return [unit.text for unit in read_source(source, delimiter)]


# --- comments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("* a comment", [""]),
        ("   * a comment", [""]),
        ("// a comment", [""]),
        ("version // number", ["version"]),
        ("version\t// number", ["version"]),
        ("version// number", ["version// number"]),
        ("use https://x.org/y.dta", ["use https://x.org/y.dta"]),
        ("gen y = 2*x", ["gen y = 2*x"]),
        ('di "a // b" // c', ['di "a // b"']),
        ('di "a /* b" /* c */', ['di "a /* b"']),
        ('di `"a "// b" c"\' // d', ['di `"a "// b" c"\'']),
        ("summarize /* in the middle */ price", ["summarize   price"]),
        ("/* whole */", [""]),
        ("/* a\nb */ summarize", ["summarize"]),
        ("/* a /* b\n*/ c */ summarize", ["summarize"]),
        ("summarize ///\n  price", ["summarize    price"]),
        ("summarize /// with a remark\n price /// and more\n weight", None),
        ("a///\nb", ["a///", "b"]),
        ("///\nsummarize", ["summarize"]),
        ("use a, /*\n*/ clear", ["use a,    clear"]),
        ("* comment ///\nstill comment\nx", ["", "x"]),
        ("* comment /* opened\nstill\n*/\nx", ["", "x"]),
        ("* don't \"stop\nx", ["", "x"]),
        ("x */ y", ["x */ y"]),
        ("", []),
        ("\n\n", ["", ""]),
        ('di "unfinished // x\ny', ['di "unfinished // x', "y"]),
    ],
)
def test_comments(source: str, expected: list[str] | None) -> None:
    if expected is None:
        expected = [" ".join(["summarize", "price", "weight"])]
        assert [" ".join(text.split()) for text in texts(source)] == expected
    else:
        assert texts(source) == expected


@needs_shared
def test_comments_of_a_transcript() -> None:
    """The comments of a real session (Stata 15) leave the commands that Stata ran."""
    transcript = shared_path("conformance", "layout", "comments-1.txt").read_text("utf-8")
    lines = [line[2:] for line in transcript.splitlines() if line.startswith((". ", "> "))]
    commands = [" ".join(text.split()) for text in texts("\n".join(lines)) if text]
    assert commands == [
        "version",
        "sysuse auto",
        "summarize price",
        "version",
        "version// Returns the Stata version number",
        "summarize price",
        "summarize price",
        "pwd",
    ]


# --- delimiters --------------------------------------------------------------------------------


def test_semicolons_end_commands_until_the_delimiter_changes_back() -> None:
    source = "#delimit ;\nuse\n  a\n  using b;\nx; y;\n* c\n c;\n#delimit cr\nz"
    assert texts(source) == ["#delimit ;", "use   a   using b", "x", "y", "", "#delimit cr", "z"]


def test_lines_stay_with_the_command_they_belong_to() -> None:
    units = list(read_source("#delimit ;\n// note\nuse\n a;\n// back\n#delimit cr\nx"))
    assert [unit.lines for unit in units] == [
        ("#delimit ;",),
        ("// note", "use", " a;"),
        ("// back", "#delimit cr"),
        ("x",),
    ]
    assert [unit.number for unit in units] == [1, 2, 5, 7]


@pytest.mark.parametrize("line", ["#delimit ;", "#d;", "#delim ;", "  #d ; // note"])
def test_spellings_of_delimit(line: str) -> None:
    assert texts(f"{line}\na\nb;") == ["#delimit ;", "a b"]


def test_semicolons_in_strings_do_not_end_commands() -> None:
    assert texts('di "a;b"; di 2;', ";") == ['di "a;b"', "di 2"]


def test_the_last_command_needs_no_semicolon() -> None:
    assert texts("a; b", ";") == ["a", "b"]
    assert texts("a;\nb", ";") == ["a", "b"]


def test_blocks_with_semicolons() -> None:
    (unit,) = read_source("foreach x in a b {;\n  di 1;\n};", ";")
    assert unit.header == "foreach x in a b"
    assert [inner.text for inner in unit.body or ()] == ["di 1"]


# --- blocks ------------------------------------------------------------------------------------


def test_a_block_has_its_commands() -> None:
    source = "foreach x of varlist a b {  // note\n  gen y = 1\n\n  di 2\n}\nz"
    block, after = read_source(source)
    assert block.header == "foreach x of varlist a b"
    assert block.terminator == "}"
    assert [unit.text for unit in block.body or ()] == ["gen y = 1", "", "di 2"]
    assert list(block.source_lines()) == source.splitlines()[:-1]
    assert block.closing == ("}",)
    assert (after.text, after.number) == ("z", 6)


def test_blocks_nest() -> None:
    (outer,) = read_source("if a {\nforvalues i=1/2 {\nx\n}\n}")
    assert outer.body is not None
    (inner,) = outer.body
    assert inner.header == "forvalues i=1/2"
    assert [unit.text for unit in inner.body or ()] == ["x"]


@pytest.mark.parametrize(
    "source",
    [
        "if x == 1 display 2",
        'di "{"',
        "di as txt {hline 10}",
        "menl y = {b1} + {b2}*x",
        "if x gen y",
    ],
)
def test_lines_that_open_no_block(source: str) -> None:
    (unit,) = read_source(source)
    assert unit.body is None


@pytest.mark.parametrize("header", ["capture", "quietly", "capture noisily", "else", "while 1"])
def test_any_line_that_ends_in_a_brace_opens_a_block(header: str) -> None:
    (unit,) = read_source(f"{header} {{\nx\n}}")
    assert unit.header == header
    assert unit.body is not None


@pytest.mark.parametrize(
    "header",
    [
        "program foo",
        "program define foo, rclass",
        "pr foo",
        "capture program define foo",
        "program trimean, rclass",
        "program drops",
    ],
)
def test_programs_end_with_end(header: str) -> None:
    unit, after = read_source(f"{header}\n  if x {{\n y\n }}\n z\nend\nw")
    assert (unit.text, unit.terminator, unit.closing) == (header, "end", ("end",))
    assert [inner.text for inner in unit.body or ()] == ["if x {", "z"]
    assert after.text == "w"


@pytest.mark.parametrize(
    "line",
    ["program drop foo", "program dir", "program list foo", "capture program drop _all"],
)
def test_other_uses_of_program_have_no_body(line: str) -> None:
    unit, after = read_source(f"{line}\nx")
    assert (unit.text, unit.body, after.text) == (line, None, "x")


@pytest.mark.parametrize("header", ["input x str5 y", "inp x", "input", "mata", "mata:", "python:"])
def test_data_and_other_languages_are_kept_raw(header: str) -> None:
    unit, after = read_source(f"{header}\n1 // 2\n * 3 {{\n\nend\nx")
    assert [inner.text for inner in unit.body or ()] == ["1 // 2", "* 3 {", ""]
    assert (unit.terminator, after.text) == ("end", "x")


def test_one_line_of_another_language_is_one_command() -> None:
    assert texts("mata: x = 1\ny") == ["mata: x = 1", "y"]


# --- what cannot be read -----------------------------------------------------------------------


def problem(unit: Unit) -> str:
    assert unit.problem is not None
    return str(unit.problem)


def test_a_brace_that_closes_nothing() -> None:
    first, second = read_source("x\n}")
    assert first.problem is None
    assert problem(second) == "program error:  matching open brace not found r(198)"


def test_code_after_a_closing_brace() -> None:
    (block,) = read_source("if x {\n y\n} else z")
    assert problem(block) == "program error:  code follows on the same line as close brace r(198)"


@pytest.mark.parametrize("source", ["if x {\ny", "program foo\ny", "input x\n1", "x\n/* y"])
def test_a_source_that_ends_too_early(source: str) -> None:
    units = list(read_source(source))
    assert problem(units[-1]) == "unexpected end of file r(612)"
    assert [line for unit in units for line in unit.source_lines()] == source.splitlines()


def test_a_program_that_ends_inside_a_block() -> None:
    unit, after = read_source("program foo\nif x {\ny\nend\nz")
    assert problem(unit) == "program error:  matching close brace not found r(198)"
    assert after.text == "z"


# --- line by line ------------------------------------------------------------------------------


def test_a_reader_tells_when_more_is_needed() -> None:
    reader = SourceReader()
    assert reader.feed("summarize ///") == []
    assert reader.incomplete
    assert not reader.in_block
    (unit,) = reader.feed("price")
    assert unit.lines == ("summarize ///", "price")
    assert not reader.incomplete
    assert reader.feed("foreach x in a {") == []
    assert (reader.incomplete, reader.in_block, reader.depth) == (True, True, 1)
    assert reader.feed("if `x' {") == []
    assert reader.depth == 2
    reader.feed("/* c")
    assert not reader.in_block
    reader.feed("*/ }")
    (block,) = reader.feed("}")
    assert block.body is not None
    assert not reader.incomplete


def test_a_reader_with_semicolons_is_incomplete_inside_a_command() -> None:
    reader = SourceReader(";")
    assert reader.feed("use") == []
    assert reader.incomplete
    assert [unit.text for unit in reader.feed("a;")] == ["use a"]
    assert not reader.incomplete
    assert reader.delimiter == ";"
    reader.feed("#delimit cr")
    assert reader.delimiter == "cr"


@given(st.integers(0, 10**6))
def test_no_line_is_lost_or_moved(seed: int) -> None:
    generator = random.Random(seed)
    lines = [syntax_trees.random_line(generator) for _ in range(generator.randint(0, 12))]
    units = list(read_source("\n".join([*lines, "x"])))
    read = [line for unit in units for line in unit.source_lines()]
    assert read == "\n".join([*lines, "x"]).splitlines()
