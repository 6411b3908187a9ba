"""Graphs in files, and files that hold none."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.graphics.gph_file import gph_path, load_graph, save_graph
from statalike.graphics.graph import Graph, Legend, LegendItem
from statalike.graphics.picture import picture
from tests.graphics.drawn import drawn

COMMANDS = [
    "twoway (scatter weight week [aw=id], mlabel(name)) (lfitci weight week), by(girl, total)",
    "line weight low week, sort yline(20, lpattern(dash)) legend(label(1 a) order(2 1)) "
    'text(20 3 "here") ylabel(20 "twenty" 40, angle(0)) title("a" "b", size(small))'.replace(
        "label(1 a)", 'label(1 "a")'
    ),
    "graph box weight, over(girl) over(id)",
]


def _content(value: Any) -> Any:
    """A graph with arrays as lists, to be compared."""
    if isinstance(value, np.ndarray):
        return [None if np.isnan(x) else x for x in value.tolist()]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _content(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, tuple | list):
        return [_content(item) for item in value]
    if hasattr(value, "items"):
        return {key: _content(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("command", COMMANDS)
def test_a_graph_comes_back_as_it_was(command: str, tmp_path: Path) -> None:
    graph = drawn(command)
    save_graph(graph, tmp_path / "g.gph")
    assert _content(load_graph(tmp_path / "g.gph")) == _content(graph)


def test_its_picture_is_the_same(tmp_path: Path) -> None:
    graph = drawn(COMMANDS[1])
    save_graph(graph, tmp_path / "g.gph")
    again = load_graph(tmp_path / "g.gph")
    assert picture(again, resolution=40) == picture(graph, resolution=40)


def test_keys_of_mappings_stay_numbers(tmp_path: Path) -> None:
    legend = Legend(items=(LegendItem(0, ("x",)),), labels={0: ("a",)})
    save_graph(Graph(legend=legend), tmp_path / "g.gph")
    assert load_graph(tmp_path / "g.gph").legend == legend


def test_the_suffix() -> None:
    assert gph_path("a") == Path("a.gph")
    assert gph_path("a.b") == Path("a.b")


def test_files_are_not_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "g.gph"
    save_graph(Graph(), path)
    with pytest.raises(StataError) as caught:
        save_graph(Graph(), path)
    assert caught.value.code == 602
    save_graph(Graph(scheme="s1mono"), path, replace=True)
    assert load_graph(path).scheme == "s1mono"
    assert [entry.name for entry in tmp_path.iterdir()] == ["g.gph"]


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(StataError) as caught:
        save_graph(Graph(), tmp_path / "no" / "g.gph")
    assert caught.value.code == 603


def _archive(path: Path, document: object) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("graph.json", json.dumps(document))


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"format": "statalike graph 1", "graph": {"class": "Nothing"}},
        {"format": "statalike graph 1", "graph": {"class": "Axis"}},
        {"format": "statalike graph 1", "graph": {"class": "Graph", "nosuch": 1}},
        {"format": "another", "graph": {"class": "Graph"}},
    ],
)
def test_archives_that_hold_no_graph(document: object, tmp_path: Path) -> None:
    _archive(tmp_path / "g.gph", document)
    with pytest.raises(StataError) as caught:
        load_graph(tmp_path / "g.gph")
    assert caught.value.code == 610


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    (tmp_path / "g.gph").write_bytes(b"StataFileTM:00001:01100:LIVE GPH:")
    with pytest.raises(StataError) as caught:
        load_graph(tmp_path / "g.gph")
    assert caught.value.code == 610
    with pytest.raises(StataError) as caught:
        load_graph(tmp_path / "none.gph")
    assert caught.value.code == 601
