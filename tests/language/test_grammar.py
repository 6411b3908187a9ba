"""Loading the parser: the table in the cache, and a cache that is of no use."""

from __future__ import annotations

from pathlib import Path

import pytest

from statalike.language import grammar
from statalike.language.ast import Name


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, empty."""
    folder = tmp_path / "cache"
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(folder))
    return folder


def check(load: object) -> None:
    assert callable(load)
    assert load().parse("x", start="expression") == Name("x")


load = grammar.load.__wrapped__


def test_the_table_is_written_once_and_read_back(cache: Path) -> None:
    check(load)
    (table,) = cache.iterdir()
    written = table.stat().st_mtime_ns
    check(load)
    assert [path.stat().st_mtime_ns for path in cache.iterdir()] == [written]


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"\x80\x04."])
def test_a_damaged_table_is_replaced(
    cache: Path, rubbish: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    check(load)
    (table,) = cache.iterdir()
    size = table.stat().st_size
    table.write_bytes(rubbish)
    check(load)
    assert table.stat().st_size > size // 2
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_cannot_be_made(cache: Path) -> None:
    cache.write_text("a file in the way")
    check(load)
    assert cache.read_text() == "a file in the way"


def test_every_start_rule_has_its_table() -> None:
    parser = grammar.load()
    assert set(parser.options.start) == set(grammar.START_RULES)
