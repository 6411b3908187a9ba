"""The details of an internal error, kept in a file for a report."""

from __future__ import annotations

import platform
import sys
import traceback
from datetime import datetime
from pathlib import Path

from statalike import __version__
from statalike.shell.places import error_folder


def write_report(problem: BaseException) -> Path | None:
    """The file with the traceback and the versions; None when it cannot be written."""
    moment = datetime.now()
    path = error_folder() / f"{moment:%Y%m%d-%H%M%S-%f}.txt"
    details = "".join(traceback.format_exception(problem))
    about = f"statalike {__version__}, Python {sys.version}, {platform.platform()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{about}\n\n{details}", encoding="utf-8", errors="backslashreplace")
    except OSError:
        return None
    return path


def report_request(problem: BaseException) -> str:
    """Write the report and say where it is, or what went wrong when it cannot be written."""
    path = write_report(problem)
    if path is None:
        return f"{type(problem).__name__}: {problem}"
    return f"please report it with the details in {path}"
