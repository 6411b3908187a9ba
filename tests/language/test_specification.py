"""The ``syntax`` language: what it reads, what it refuses and with which message."""

from __future__ import annotations

import random
from typing import Any

import pytest

from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.language.arguments import Arguments, NewVariable, single_spaced
from statalike.language.ast import (
    Binary,
    Group,
    Interaction,
    Name,
    Number,
    ObservationRange,
    Operated,
    VariablePattern,
)
from statalike.language.parser import parse_command_line
from statalike.language.specification import Specification
from tests.language import syntax_trees


def dataset() -> Dataset:
    data = Dataset()
    for name in ("id", "week", "weight", "price", "mpg", "x1", "x2", "x3"):
        data.add(name, [1.0, 2.0, 3.0, 4.0, 5.0])
    data.add("make", ["a", "b", "c", "d", "e"])
    return data


def read(specification: str, line: str, equations: str = "", unsupported: str = "") -> Arguments:
    parsed = Specification.parse(specification, equations=equations, unsupported=unsupported)
    return parsed.read(parse_command_line(line), dataset())


def error(specification: str, line: str, equations: str = "", unsupported: str = "") -> str:
    with pytest.raises(StataError) as caught:
        read(specification, line, equations, unsupported)
    return str(caught.value)


# --- parts -------------------------------------------------------------------------------------


def test_names_are_given_in_full() -> None:
    arguments = read("varlist", "summarize pr x1-x3 m*")
    assert arguments.varlist == ("price", "x1", "x2", "x3", "mpg", "make")
    assert arguments.given


def test_an_optional_list_stands_for_all_variables() -> None:
    arguments = read("[varlist]", "summarize")
    assert arguments.varlist == tuple(dataset().names)
    assert not arguments.given
    assert read("[varlist(default=none)]", "summarize").varlist == ()


def test_terms_have_full_names() -> None:
    arguments = read("varlist(fv ts)", "regress pri i.we*##c.mp L.x1-x2")
    price, mpg = VariablePattern("price"), Operated("c", (VariablePattern("mpg"),))
    weeks = Operated("i", (VariablePattern("week"), VariablePattern("weight")))
    lags = Operated("l", (VariablePattern("x1"), VariablePattern("x2")))
    assert arguments.terms == (price, Interaction(weeks, mpg, full=True), lags)
    assert arguments.varlist == ("price", "week", "weight", "mpg", "x1", "x2")


def test_a_pattern_in_an_interaction_becomes_a_group() -> None:
    (term,) = read("varlist(fv)", "regress x?#id").terms
    group = Group(tuple(VariablePattern(name) for name in ("x1", "x2", "x3")))
    assert term == Interaction(group, VariablePattern("id"))


def test_qualifiers() -> None:
    arguments = read(
        "varlist [if] [in] [aweight fweight] using",
        "x week if mpg>2 in -2/l [fw = week] using a.dta",
    )
    assert arguments.condition == Binary(">", Name("mpg"), Number(2.0))
    assert arguments.condition_text == "mpg>2"
    assert arguments.observations == ObservationRange(4, 5)
    assert arguments.weight is not None
    assert (arguments.weight.kind, arguments.weight.text) == ("fweight", "week")
    assert not arguments.weight.assumed
    assert arguments.using == "a.dta"


@pytest.mark.parametrize(
    ("typed", "kind", "assumed"),
    [
        ("[aw=mpg]", "aweight", False),
        ("[aweights=mpg]", "aweight", False),
        ("[frequency=mpg]", "fweight", False),
        ("[weight=mpg]", "aweight", True),
        ("[=mpg]", "aweight", True),
    ],
)
def test_kinds_of_weights(typed: str, kind: str, assumed: bool) -> None:
    weight = read("varlist [aw fw]", f"x id {typed}").weight
    assert weight is not None
    assert (weight.kind, weight.assumed) == (kind, assumed)


def test_new_variables() -> None:
    arguments = read("newvarlist =exp", "gen double y1-y3 byte yes:yesno z = 1")
    assert arguments.new_variables == (
        NewVariable("y1", "double"),
        NewVariable("y2", "double"),
        NewVariable("y3", "double"),
        NewVariable("yes", "byte", "yesno"),
        NewVariable("z"),
    )
    grouped = read("newvarlist", "predict float(a b) c").new_variables
    assert [variable.storage for variable in grouped] == ["float", "float", None]
    assert arguments.assignment == Number(1.0)


def test_other_bodies() -> None:
    assert read("namelist", "drop a b1 _c").names == ("a", "b1", "_c")
    assert read("name", "drop a").names == ("a",)
    assert read("anything", 'di "a" b (c, d)').body == '"a" b (c, d)'
    assert read("anything(equalok)", "test a b = 0").body == "a b = 0"
    everything = read("anything(everything) [, *]", "di a if b = 2 in 3, c d(e)")
    assert (everything.body, everything.rest) == ("a if b = 2 in 3", "c d(e)")
    menl = read("varname =anything", "menl week = {b1}*x1")
    assert (menl.assignment, menl.assignment_text) == (None, "{b1}*x1")


def test_the_command_as_typed() -> None:
    arguments = read("varlist [if]", '  summ   week  if make ==  "a  b"')
    assert arguments.name == "summ"
    assert arguments.text == 'summ week if make == "a  b"'
    assert single_spaced('a  `"b  c"\'  d') == 'a `"b  c"\' d'


# --- options -----------------------------------------------------------------------------------

OPTIONS = """[, noCONStant REML Level(cilevel) noLOg n(integer 5) Tolerance(real 1e-6)
    AT(numlist >0 integer max=3) TItle(string) saving(string asis) by(varname) keep(varlist)
    STub(name) PR PR(string) OVER(string repeated) EXp(exp) vce(passthru) GENerate(newvarlist)]"""


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        ("nocons", "noconstant", True),
        ("noconstant", "noconstant", True),
        ("const", "constant", True),
        ("reml", "reml", True),
        ("", "reml", False),
        ("", "level", None),
        ("l(90)", "level", 90.0),
        ("level(99.9)", "level", 99.9),
        ("nolo", "nolog", True),
        ("", "n", 5),
        ("n(7)", "n", 7),
        ("", "tolerance", 1e-6),
        ("t(1e-3)", "tolerance", 1e-3),
        ("at(1/3)", "at", (1.0, 2.0, 3.0)),
        ('ti("a b")', "title", "a b"),
        ("ti(a b)", "title", "a b"),
        ('saving("a b", replace)', "saving", '"a b", replace'),
        ("by(pri)", "by", "price"),
        ("keep(x* id)", "keep", ("x1", "x2", "x3", "id")),
        ("st(u)", "stub", "u"),
        ("pr", "pr", True),
        ("pr(.,3)", "pr", ".,3"),
        ("over(a) over(b c)", "over", ("a", "b c")),
        ("", "over", ()),
        ("ex(week + 1)", "exp", Binary("+", Name("week"), Number(1.0))),
        ("vce(cluster id)", "vce", "vce(cluster id)"),
        ("gen(u1 u2)", "generate", (NewVariable("u1"), NewVariable("u2"))),
    ],
)
def test_options(typed: str, name: str, value: Any) -> None:
    arguments = read(OPTIONS, f"x, {typed}")
    assert arguments.option(name) == value
    assert arguments.typed(name) == bool(typed)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("foo", "option foo not allowed r(198)"),
        ("foo(3)", "option foo() not allowed r(198)"),
        ("rem", "option rem not allowed r(198)"),
        ("reml(3)", "option reml() not allowed r(198)"),
        ("level", "option level not allowed r(198)"),
        ("noreml", "option noreml not allowed r(198)"),
        ("savin(x)", "option savin() not allowed r(198)"),
        ("Level(90)", "option Level() not allowed r(198)"),
        ("level(90) level(95)", "option level() not allowed r(198)"),
        ("level(5)", "level() must be between 10 and 99.99 inclusive r(198)"),
        ("level(abc)", "option level() incorrectly specified r(198)"),
        ("n(2.5)", "option n() incorrectly specified r(198)"),
        ("n(a)", "option n() incorrectly specified r(198)"),
        ("t()", "option tolerance() incorrectly specified r(198)"),
        ("at(0)", "at() invalid -- invalid numlist has elements outside of allowed range r(125)"),
        ("at(1/4)", "at() invalid -- invalid numlist has too many elements r(123)"),
        ("at(a)", "at() invalid -- invalid numlist r(121)"),
        ("by(zz)", "variable zz not found r(111)"),
        ("by(id week)", "by():  too many variables specified r(103)"),
        ("st(a-b)", "a-b invalid name r(198)"),
        ("gen(week)", "variable week already defined r(110)"),
        ("gen(2u)", "2u invalid name r(198)"),
    ],
)
def test_options_refused(typed: str, message: str) -> None:
    assert error(OPTIONS, f"x, {typed}") == message


def test_a_near_option_is_suggested() -> None:
    with pytest.raises(StataError) as caught:
        read(OPTIONS, "x, levle(90)")
    assert caught.value.hint == "did you mean level?"
    assert caught.value.span == (3, 12)
    with pytest.raises(StataError) as caught:
        read(OPTIONS, "x, level")
    assert caught.value.hint == "level takes an argument"


def test_required_options() -> None:
    specification = "varlist, by(varname) [n(integer 1)]"
    assert read(specification, "x id, by(week)").option("by") == "week"
    assert error(specification, "x id") == "option by() required r(198)"
    assert error(specification, "x id, n(3)") == "option by() required r(198)"


def test_options_of_stata_that_are_missing_are_refused_by_name() -> None:
    message = error("[, n(integer 1)]", "x, boot(3)", unsupported="BOOTstrap(string) FAST")
    assert message == "option bootstrap not yet supported r(198)"
    message = error("[, n(integer 1)]", "x, fast", unsupported="BOOTstrap(string) FAST")
    assert message == "option fast not yet supported r(198)"


def test_an_exact_name_wins_over_an_abbreviation() -> None:
    specification = "[, Replaceall Replace]"
    assert set(read(specification, "x, replace").options) == {"replace"}
    assert set(read(specification, "x, repl").options) == {"replaceall"}


def test_accessors() -> None:
    arguments = read(OPTIONS, "x, reml l(90) n(3) at(1 2) ti(a) by(id) pr")
    assert arguments.flag("reml")
    assert not arguments.flag("nolog")
    assert arguments.number("level") == 90.0
    assert arguments.integer("n") == 3
    assert arguments.numbers("at") == (1.0, 2.0)
    assert arguments.string("title") == "a"
    assert arguments.string("pr") == ""
    assert arguments.string("saving") is None
    assert arguments.variables("by") == ("id",)
    assert arguments.variables("keep") == ()
    with pytest.raises(KeyError):
        arguments.option("unheard_of")
    with pytest.raises(KeyError):
        arguments.typed("unheard_of")


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("specification", "line", "message"),
    [
        ("varlist", "x", "varlist required r(100)"),
        ("varlist(min=2)", "x id", "too few variables specified r(102)"),
        ("varlist(max=2)", "x id week mpg", "too many variables specified r(103)"),
        ("varname", "x id week", "too many variables specified r(103)"),
        ("varlist", "x foo", "variable foo not found r(111)"),
        ("varlist", "x wee* zz*", "variable zz* not found r(111)"),
        ("varlist", "x w", "w ambiguous abbreviation r(111)"),
        ("varlist", "x 5", "5 invalid name r(198)"),
        ("", "x id", "varlist not allowed r(101)"),
        ("", "x, y", "options not allowed r(101)"),
        ("varlist", "x id if 1", "if not allowed r(101)"),
        ("varlist", "x id in 1", "in not allowed r(101)"),
        ("varlist", "x id using y", "using not allowed r(101)"),
        ("varlist", "x id [fw=week]", "weights not allowed r(101)"),
        ("varlist", "x id = 3", "=exp not allowed r(101)"),
        ("varlist [if]", "x id if week = 3", "=exp not allowed r(101)"),
        ("varlist [fw]", "x id [aw=week]", "aweights not allowed r(101)"),
        ("varlist [fw]", "x id [foo=week]", "invalid syntax r(198)"),
        ("varlist if", "x id", "if required r(100)"),
        ("varlist using/", "x id", "using required r(100)"),
        ("newvarname =exp", "gen y", "=exp required r(100)"),
        ("newvarname =exp", "gen = 3", "varlist required r(100)"),
        ("newvarname =exp", "gen week = 3", "variable week already defined r(110)"),
        ("newvarname =exp", "gen y z = 3", "too many variables specified r(103)"),
        ("newvarname =exp", "gen y = 3 4", "invalid '4' r(198)"),
        ("newvarname =exp", "gen double = 4", "double invalid name r(198)"),
        ("newvarlist", "gen y y", "variable y already defined r(110)"),
        ("newvarlist", "gen y3-y1", "y3-y1 invalid name r(198)"),
        ("newvarlist", "gen float(a", "too many '(' or '[' r(132)"),
        ("namelist", "x", "name required r(100)"),
        ("namelist(max=1)", "x a b", "too many names specified r(103)"),
        ("name", "x 3", "3 invalid name r(198)"),
        ("anything", "x", "something required r(100)"),
        ("varlist [in]", "x id in 4/9", "observation numbers out of range r(198)"),
        ("varlist [in]", "x id in 0", "observation numbers out of range r(198)"),
        ("varlist [in]", "x id in 3/2", "observation numbers out of range r(198)"),
        ("varlist [in]", "x id in -9/l", "observation numbers out of range r(198)"),
        ("varlist", "x i.id", "factor variables and time-series operators not allowed r(101)"),
        ("varlist", "x id#week", "factor variables and time-series operators not allowed r(101)"),
        ("varlist(fv)", "x L.id", "time-series operators not allowed r(101)"),
        ("varlist(ts)", "x i.id", "factor variables not allowed r(101)"),
        ("varlist(ts)", "x id#week", "interactions not allowed r(101)"),
        ("varlist(fv)", "x foo.id", "foo: operator invalid r(198)"),
        ("varlist(fv ts)", "x R.id", "r: operator invalid r(198)"),
        (
            "varlist(fv)",
            "x i.make",
            "make:  string variables may not be used as factor variables r(109)",
        ),
        (
            "varlist(numeric)",
            "x id make",
            "string variables not allowed in varlist;\nmake is a string variable r(109)",
        ),
        (
            "varlist(string)",
            "x id",
            "numeric variables not allowed in varlist;\nid is a numeric variable r(109)",
        ),
        ("varlist", "x id || week:", "|| invalid name r(198)"),
    ],
)  # fmt: skip
def test_errors(specification: str, line: str, message: str) -> None:
    assert error(specification, line) == message


@pytest.mark.parametrize(
    "specification",
    [
        "[if",
        "if]",
        "varlist foo",
        "[foo]",
        "[, n(what)]",
        "[, n(string]",
        "[, n(integer x)]",
        "varlist varlist",
        "varlist(min=x)",
        "%",
    ],
)
def test_what_is_no_specification(specification: str) -> None:
    with pytest.raises(StataError) as caught:
        Specification.parse(specification)
    assert caught.value.code == 197


# --- equations ---------------------------------------------------------------------------------

MIXED = """[varlist(fv ts)] [if] [in] [fweight pweight]
    [, noCONStant REML Level(cilevel) noLOg RESiduals(string)]"""
NO_LEVEL = "invalid random-effects equation; level variable and : required r(198)"
NO_SUCH_LEVEL = "level() must be between 10 and 99.99 inclusive r(198)"
LEVELS = "level: [varlist(default=none fv ts random)] [pweight] [, noCONStant COVariance(string)]"


def test_equations() -> None:
    arguments = read(
        MIXED,
        "mixed weight i.week, nocons || id: mpg, cov(un)nolog || _all: R.pri, nocons reml",
        LEVELS,
    )
    assert set(arguments.options) == {"noconstant", "nolog", "reml"}
    first, second = arguments.equations
    assert (first.level, first.varlist, first.options) == ("id", ("mpg",), {"covariance": "un"})
    assert (second.level, second.options) == ("_all", {"noconstant": True})
    assert second.terms == (Operated("r", (VariablePattern("price"),)),)
    assert second.option("covariance") is None


def test_an_equation_may_have_weights_and_no_variables() -> None:
    (equation,) = read(MIXED, "mixed weight || mpg: [pw=id]", LEVELS).equations
    assert equation.level == "mpg"
    assert not equation.given
    assert equation.weight is not None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mixed weight || id", NO_LEVEL),
        ("mixed weight || foo:", "variable foo not found r(111)"),
        ("mixed weight || i.id:", "i.id invalid name r(198)"),
        ("mixed weight || id: if week", "if not allowed r(101)"),
        ("mixed weight || id: foo", "variable foo not found r(111)"),
        ("mixed weight || id:, foo", "option foo not allowed r(198)"),
        ("mixed weight, cov(un) || id:", "option cov() not allowed r(198)"),
        ("mixed weight || id: [fw=week]", "fweights not allowed r(101)"),
        ("mixed weight, reml || id:, level(3)", NO_SUCH_LEVEL),
    ],
)
def test_errors_in_equations(line: str, message: str) -> None:
    assert error(MIXED, line, LEVELS) == message


# --- what help and completion get --------------------------------------------------------------


def test_synopsis() -> None:
    specification = Specification.parse(MIXED, equations=LEVELS, unsupported="FOO")
    assert specification.synopsis == (
        "[varlist] [if] [in] [weight] [|| levelvar: [varlist] [weight] "
        "[, noconstant covariance(string)]]... "
        "[, noconstant reml level(cilevel) nolog residuals(string)]"
    )
    required = Specification.parse("varlist using/, by(varname) [n(integer 3) *]")
    assert required.synopsis == "varlist using filename, by(varname) [n(integer) *]"


def test_words_to_complete() -> None:
    specification = Specification.parse(MIXED, equations=LEVELS, unsupported="FOO")
    assert specification.words == (
        "noconstant",
        "reml",
        "level(",
        "nolog",
        "residuals(",
        "covariance(",
    )


def test_random_lines_give_arguments_or_a_stata_error() -> None:
    specification = Specification.parse(f"{MIXED} [using]", equations=LEVELS)
    generator, data = random.Random(3), dataset()
    for _ in range(1000):
        line = f"mixed {syntax_trees.random_line(generator)}"
        try:
            specification.read(parse_command_line(line), data)
        except StataError as caught:
            assert caught.message
