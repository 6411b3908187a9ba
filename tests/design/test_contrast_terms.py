"""Lists of contrasts as terms: operators, expansion, names, mistakes."""

from __future__ import annotations

import pytest

from statalike.data.dataset import Dataset
from statalike.design.contrast_terms import ComparedFactor, WithinFactor, contrast_terms
from statalike.errors import StataError
from statalike.language.parser import parse_contrast_list


def data() -> Dataset:
    made = Dataset()
    for name in ("a", "b", "c", "x"):
        made.add(name, [1, 2, 3])
    return made


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", ["a"]),
        ("i.a r.b", ["a", "b"]),
        ("a##b", ["a", "b", "a#b"]),
        ("r.a##b@c", ["a@c", "b@c", "a#b@c"]),
        ("a@b#c", ["a@b#c"]),
        ("a|b", ["a|b"]),
        ("(a b)@c", ["a@c", "b@c"]),
        ("a#c.x#c.x", ["a#c.x#c.x"]),
        ("c.x#a", ["a#c.x"]),
        ("{a#b 1 -1 -1 1 0 0 0 0 0}#r.c", ["a#b#c"]),
        ("r.(a b)", ["a", "b"]),
        ("a a", ["a"]),
    ],
)
def test_terms_and_their_names(text: str, names: list[str]) -> None:
    assert [term.name for term in contrast_terms(parse_contrast_list(text), data())] == names


@pytest.mark.parametrize(
    ("operators", "factor"),
    [
        ("r", ComparedFactor(("a",), "r")),
        ("rb2", ComparedFactor(("a",), "r", base=2)),
        ("r(1 3)b2", ComparedFactor(("a",), "r", chosen=(1, 3), base=2)),
        ("rb(last)", ComparedFactor(("a",), "r", base="last")),
        ("ar3", ComparedFactor(("a",), "ar", chosen=(3,))),
        ("a1", ComparedFactor(("a",), "a", chosen=(1,))),
        ("gw", ComparedFactor(("a",), "g", weighted=True)),
        ("h2", ComparedFactor(("a",), "h", chosen=(2,))),
        ("q(2/4)", ComparedFactor(("a",), "q", chosen=(2, 3, 4))),
        ("pw", ComparedFactor(("a",), "p", weighted=True)),
        ("ib3", ComparedFactor(("a",), base=3)),
        ("i(1 2)", ComparedFactor(("a",), chosen=(1, 2))),
    ],
)
def test_operators(operators: str, factor: ComparedFactor) -> None:
    (term,) = contrast_terms(parse_contrast_list(f"{operators}.a"), data())
    assert term.compared == (factor,)


def test_chosen_levels_after_the_at_sign() -> None:
    (term,) = contrast_terms(parse_contrast_list("a@b#2.c"), data())
    assert term.within == (WithinFactor("b"), WithinFactor("c", (2,)))
    assert not term.operated


@pytest.mark.parametrize("text", ["z.a", "rw.a", "gb2.a", "a@r.b", "a@c.x", "a#a", "r.(a#b)"])
def test_mistakes(text: str) -> None:
    with pytest.raises(StataError) as caught:
        contrast_terms(parse_contrast_list(text), data())
    assert caught.value.code == 198
