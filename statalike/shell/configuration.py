"""The configuration file of the shell: what can be chosen, its defaults, and reading it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

COLOURS = ("auto", "always", "never")
EDITING_MODES = ("emacs", "vi")

DEFAULT_FILE = """\
# Configuration of the statalike shell.  A line without its # overrides the default it shows.

# color = "auto"             # auto, always or never
# banner = true              # name and version at the start
# editing_mode = "emacs"     # emacs or vi: the keys of the prompt
# suggestions = true         # show the rest of a command known from the history, in grey
# history_file = ""          # empty: the usual place
"""


class ConfigurationError(ValueError):
    """The configuration file cannot be read or has something in it that it cannot have."""


@dataclass(frozen=True)
class Configuration:
    """The choices of ``config.toml``; :data:`DEFAULT_FILE` describes each."""

    color: str = "auto"
    banner: bool = True
    editing_mode: str = "emacs"
    suggestions: bool = True
    history_file: str = ""


def read_configuration(path: Path) -> Configuration:
    """The configuration in a file; the defaults when there is none.

    Raises :class:`ConfigurationError` for a file that cannot be read, is not TOML, or has a key
    or a value that is not known.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Configuration()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"{path}: {problem}") from None
    import tomllib

    try:
        chosen = tomllib.loads(text)
        return configured(chosen)
    except ValueError as problem:
        raise ConfigurationError(f"{path}: {problem}") from None


def configured(chosen: dict[str, Any]) -> Configuration:
    """The defaults with these keys changed; ValueError says what is wrong with one."""
    known = {field.name: type(field.default) for field in fields(Configuration)}
    for key, value in chosen.items():
        if key not in known:
            raise ValueError(f"unknown key {key}")
        if type(value) is not known[key]:
            raise ValueError(f"{key} must be {_KINDS[known[key]]}")
        allowed = _ALLOWED.get(key)
        if allowed and value not in allowed:
            raise ValueError(f"{key} must be one of {', '.join(allowed)}, not {value}")
    return Configuration(**chosen)


_ALLOWED = {"color": COLOURS, "editing_mode": EDITING_MODES}
_KINDS: dict[type, str] = {str: "a text", bool: "true or false"}
