"""The grammar of graph specifications: plots, axis labels, keys, placed texts, statistics."""

from __future__ import annotations

import pytest

from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.language.ast import (
    LabelledValue,
    LegendKey,
    Number,
    NumberSequence,
    PlacedText,
    StatisticItem,
    TickCount,
    TickRule,
    VariablePattern,
)
from statalike.language.parser import (
    parse_axis_labels,
    parse_legend_keys,
    parse_placed_texts,
    parse_plots,
    parse_statistics,
)
from statalike.language.suboptions import Suboptions, read_option_list, read_suboptions


def test_plots_in_parentheses_and_between_bars() -> None:
    plots = parse_plots('(scatter y x if a > (b), mlabel(c) || lfit y x) (line z x, lp("-."))')
    assert [plot.name for plot in plots] == ["scatter", "lfit", "line"]
    assert [plot.clause.body for plot in plots] == ["y x", "y x", "z x"]
    assert plots[0].clause.condition_text == "a > (b)"
    assert plots[2].clause.options[0].argument == '"-."'


def test_one_plot_needs_no_parentheses() -> None:
    (plot,) = parse_plots("scatter y x, sort")
    assert (plot.name, plot.clause.body) == ("scatter", "y x")


@pytest.mark.parametrize("text", ["(scatter y x) line", "(scatter y x", "(scatter y x))"])
def test_plots_that_cannot_be_read(text: str) -> None:
    with pytest.raises(StataError) as caught:
        parse_plots(text)
    assert caught.value.code in (132, 198)


def test_axis_labels() -> None:
    assert parse_axis_labels('0(5)20 12 "twelve" #6 1/3') == (
        NumberSequence(Number(0.0), Number(5.0), Number(20.0)),
        LabelledValue(Number(12.0), "twelve"),
        TickCount(6),
        NumberSequence(Number(1.0), None, Number(3.0)),
    )
    assert parse_axis_labels("minmax ##2") == (TickRule("minmax"), TickCount(2, minor=True))
    assert parse_axis_labels("1 2 to 5") == (NumberSequence(Number(1.0), Number(1.0), Number(5.0)),)
    assert parse_axis_labels("-2 2") == (Number(-2.0), Number(2.0))
    assert parse_axis_labels("") == ()


@pytest.mark.parametrize("text", ['"a" 1', "1 a", "nonesuch", "#", '1/3 "a"', "1 x 2"])
def test_axis_labels_that_cannot_be_read(text: str) -> None:
    with pytest.raises(StataError) as caught:
        parse_axis_labels(text)
    assert caught.value.code in (121, 198)


def test_keys_of_a_legend() -> None:
    assert parse_legend_keys('2 "boys" "and men" - "heading" 1') == (
        LegendKey(2.0, ("boys", "and men")),
        LegendKey(None, ("heading",)),
        LegendKey(1.0),
    )


def test_placed_texts() -> None:
    assert parse_placed_texts('12 -3 "a" "b" 1.5 2 (9) `"say "c""\'') == (
        PlacedText(12.0, -3.0, ("a", "b")),
        PlacedText(1.5, 2.0, ('say "c"',), 9),
    )
    with pytest.raises(StataError):
        parse_placed_texts('12 "a"')
    with pytest.raises(StataError):
        parse_placed_texts('1 2 (13) "a"')


def test_statistics() -> None:
    assert parse_statistics("x (mean) y (p90) z = y") == (
        StatisticItem("", VariablePattern("x")),
        StatisticItem("mean", VariablePattern("y")),
        StatisticItem("p90", VariablePattern("y"), "z"),
    )


def test_suboptions_keep_words_of_command_lines() -> None:
    suboptions = Suboptions("[anything] [, Size(string)]")
    read = read_suboptions(suboptions, "Age in years if any, size(large)", Dataset())
    assert (read.body, read.string("size")) == ("Age in years if any", "large")
    assert read_suboptions(suboptions, '"a, b"', Dataset()).body == '"a, b"'
    with pytest.raises(StataError, match="option siz not allowed"):
        read_suboptions(suboptions, "a, siz", Dataset())


@pytest.mark.parametrize("text", ["log range(1 9)", ", log range(1 9)"])
def test_option_lists(text: str) -> None:
    read = read_option_list(Suboptions("[, LOG Range(numlist)]"), text, Dataset())
    assert read.flag("log")
    assert read.numbers("range") == (1.0, 9.0)
