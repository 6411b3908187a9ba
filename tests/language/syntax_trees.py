"""Generated syntax trees, and lines made of random pieces of the language."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from statalike.data.missing import DOUBLE_CODES
from statalike.language.ast import (
    Binary,
    Call,
    Clause,
    Coefficient,
    CommandLine,
    Expression,
    Group,
    Interaction,
    LabelValue,
    Name,
    Number,
    NumberList,
    NumberSequence,
    ObservationRange,
    Operated,
    OperatorVariable,
    Option,
    StoredResult,
    String,
    Subscript,
    Unary,
    VariableItem,
    VariableList,
    VariablePattern,
    VariableRange,
    Weight,
)

_KEYWORDS = {"if", "in", "using", "to"}
names = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: name not in _KEYWORDS
)
functions = names.filter(lambda name: name not in set("ersc"))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\"'`\n\r\0"), max_size=8)

numbers = st.one_of(
    st.integers(0, 10**6).map(float),
    st.floats(0, 1e300, allow_nan=False, allow_infinity=False),
    st.sampled_from([float(code) for code in DOUBLE_CODES]),
).map(Number)

_values = st.one_of(
    numbers,
    texts.map(String),
    names.map(Name),
    st.builds(StoredResult, st.sampled_from("ersc"), names),
    st.builds(
        Coefficient,
        st.sampled_from(["b", "se"]),
        st.sampled_from(["", "eq", "/a"]),
        st.sampled_from(["x", "_cons", "1.a#c.x", "var(U0)", "/v(_cons[s])"]),
    ),
    st.builds(OperatorVariable, st.sampled_from(["1", "2b", "c", "l2", "l2d", "1.l"]), names),
    st.builds(LabelValue, texts, names),
)


def _larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    operators = st.sampled_from(
        ["+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">=", "&", "|"]
    )
    indices = st.lists(inner, min_size=1, max_size=2).map(tuple)
    base = st.one_of(names.map(Name), st.builds(StoredResult, st.sampled_from("er"), names))
    return st.one_of(
        st.builds(Binary, operators, inner, inner),
        st.builds(Unary, st.sampled_from("-+!"), inner),
        st.builds(Call, functions, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Subscript, base, indices),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(_values, _larger, max_leaves=12)

# --- lists -------------------------------------------------------------------------------------

patterns = st.one_of(names, st.sampled_from(["x*", "a?c", "~z", "*", "_all", "b~e"])).map(
    VariablePattern
)
_ranges = st.builds(VariableRange, names.map(VariablePattern), names.map(VariablePattern))
_operators = st.sampled_from(
    ["i", "c", "ib3", "ib(last)", "i(1 3/5)", "2", "3bn", "io2", "l", "l2", "l(1/3)", "d.l"]
)


def _terms(inner: st.SearchStrategy[VariableItem]) -> st.SearchStrategy[VariableItem]:
    groups = st.lists(st.one_of(inner, _ranges), min_size=1, max_size=3).map(tuple)
    factors = st.one_of(patterns, groups.map(Group), st.builds(Operated, _operators, groups))
    left = st.one_of(factors, inner.filter(lambda item: not isinstance(item, VariableRange)))
    return st.one_of(factors, st.builds(Interaction, left, factors, st.booleans()))


variable_lists: st.SearchStrategy[VariableList] = st.lists(
    st.one_of(_ranges, st.recursive(patterns, _terms, max_leaves=6)), min_size=1, max_size=4
).map(tuple)

_plain_numbers = st.integers(0, 1000).map(float).map(Number)
number_lists: st.SearchStrategy[NumberList] = st.lists(
    st.one_of(
        _plain_numbers,
        st.builds(NumberSequence, _plain_numbers, st.none() | _plain_numbers, _plain_numbers),
    ),
    min_size=1,
    max_size=5,
).map(tuple)

# --- command lines -----------------------------------------------------------------------------

_bodies = st.sampled_from(
    ["", "x", "y x1-x3 i.a##c.(b d)", '"a, if b"', "id: week", "(a, b = c) [1, 2] {d, e}", "m:1 id"]
)
_options = st.builds(
    Option,
    names,
    st.none() | st.sampled_from(["", "90", "a(b, c) d", '"x) y"', "un, t(month)", "a==b"]),
)
_ends = st.one_of(st.integers(-50, 50), st.just(-1))
_clauses = st.builds(
    Clause,
    body=_bodies,
    assignment=st.none() | st.sampled_from(["1", "a == b", "x = 0", "{b1}/(1 + {b2})"]),
    condition=st.none() | expressions,
    observations=st.none() | st.builds(ObservationRange, _ends, _ends),
    weight=st.none() | st.builds(Weight, st.sampled_from(["", "pw", "fweight"]), expressions),
    using=st.none() | texts.map(str.strip).filter(bool),
    options=st.lists(_options, max_size=3).map(tuple),
    has_comma=st.just(True),
)
command_lines = st.builds(
    CommandLine, st.just("regress"), _clauses, st.lists(_clauses, max_size=2).map(tuple)
)

# --- random text -------------------------------------------------------------------------------

_PIECES = r"""
    regress mixed x y_1 _n _all if in using || | & , , : = == != <= ( ) [ ] { } " `" "' ' ` $x ${
    1 2.5 . .a 1e5 1/10 f/l -3/l [pw=w] [= #  ## i. c. ib3. L(1/2). ib(last). a* b?c x1-x5 - +
    * / ^ ! ~ ~= e(N) r(mean) _b[x] [eq]_b[x] _se[ cond( ln( ) "text" "te xt" `"a"b"' level(90)
    /* */ // /// ; } #delimit é 漢 \ @ % to 1(2)9 foo.bar 1.a#c.x \` \$ `x' `=1+1' `:a' `++i' end
"""


def random_line(generator: random.Random) -> str:
    """Up to 14 pieces of the language in any order, with and without blanks between them."""
    pieces = generator.choices(_PIECES.split(), k=generator.randint(0, 14))
    return "".join(piece + generator.choice(["", " ", " ", "  "]) for piece in pieces)
