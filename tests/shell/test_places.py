"""Where files are kept; the configuration; the history."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from prompt_toolkit.history import InMemoryHistory

from statalike.shell import history, places
from statalike.shell.configuration import (
    DEFAULT_FILE,
    Configuration,
    ConfigurationError,
    read_configuration,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and folders")


@posix
def test_places_follow_the_platform(own_places: Path) -> None:
    if sys.platform.startswith("linux"):
        assert places.config_file() == own_places / "config" / "statalike" / "config.toml"
        assert places.history_file() == own_places / "state" / "statalike" / "history"


def test_the_configuration_may_be_elsewhere(
    own_places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATALIKE_CONFIG_HOME", str(own_places))
    assert places.config_folder() == own_places


def test_the_profile_of_the_working_folder_comes_first(
    own_places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATALIKE_CONFIG_HOME", str(own_places))
    assert places.profile() is None
    (own_places / "profile.do").touch()
    assert places.profile() == own_places / "profile.do"
    Path("profile.do").touch()
    assert places.profile() == Path.cwd() / "profile.do"


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_configuration(tmp_path / "none") == Configuration()


def test_the_commented_file_shows_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(DEFAULT_FILE)
    assert read_configuration(path) == Configuration()
    settings = [row.removeprefix("# ") for row in DEFAULT_FILE.splitlines() if " = " in row]
    path.write_text("\n".join(settings))
    assert read_configuration(path) == Configuration()
    assert len(settings) == len(Configuration.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 'auto'", "unknown key colour"),
        ("color = 'red'", "color must be one of auto, always, never, not red"),
        ("banner = 1", "banner must be true or false"),
        ("editing_mode = 1", "editing_mode must be a text"),
        ("banner =", "Invalid value"),
    ],
)
def test_bad_configurations_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read_configuration(path)


def test_the_history_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "history"
    kept = history.open_history(path)
    kept.append_string("display 1")
    kept.append_string("foreach v in a {\ndisplay 2\n}")
    again = history.open_history(path)
    assert list(again.load_history_strings()) == ["foreach v in a {\ndisplay 2\n}", "display 1"]


@posix
def test_the_history_is_the_owners_alone(tmp_path: Path) -> None:
    history.open_history(tmp_path / "history").append_string("display 1")
    assert stat.S_IMODE((tmp_path / "history").stat().st_mode) == 0o600


def test_a_history_that_cannot_be_kept_lasts_for_the_session(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert isinstance(history.open_history(tmp_path / "file" / "history"), InMemoryHistory)
    kept = history.open_history(tmp_path / "history")
    os.remove(tmp_path / "history")
    (tmp_path / "history").mkdir()
    kept.append_string("display 1")
    assert kept.get_strings() == ["display 1"]


def test_a_large_history_is_cut_at_an_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LARGEST_FILE", 400)
    path = tmp_path / "history"
    kept = history.open_history(path)
    for number in range(30):
        kept.append_string(f"display {number}")
    loaded = list(history.open_history(path).load_history_strings())
    assert path.stat().st_size <= 400
    assert loaded[0] == "display 29"
    assert all(entry.startswith("display ") for entry in loaded)
