"""Where the program keeps its files: configuration, history, reports of internal errors.

The folders are the platform's own (on Linux those of XDG_CONFIG_HOME and XDG_STATE_HOME);
STATALIKE_CONFIG_HOME names another folder for the configuration.
"""

from __future__ import annotations

import os
from pathlib import Path

NAME = "statalike"
CONFIG_VARIABLE = "STATALIKE_CONFIG_HOME"
PROFILE = "profile.do"


def config_folder() -> Path:
    """The folder of ``config.toml`` and ``profile.do`` (it need not exist)."""
    given = os.environ.get(CONFIG_VARIABLE)
    if given:
        return Path(given).expanduser()
    from platformdirs import user_config_path

    return user_config_path(NAME, appauthor=False)


def state_folder() -> Path:
    """The folder of the history and of reports of internal errors (it need not exist)."""
    from platformdirs import user_state_path

    return user_state_path(NAME, appauthor=False)


def config_file() -> Path:
    return config_folder() / "config.toml"


def history_file() -> Path:
    return state_folder() / "history"


def error_folder() -> Path:
    """Where the details of internal errors are kept."""
    return state_folder() / "errors"


def profile() -> Path | None:
    """The ``profile.do`` to run at the start: of the working folder, else of the configuration."""
    for folder in (Path.cwd(), config_folder()):
        if (folder / PROFILE).is_file():
            return folder / PROFILE
    return None
