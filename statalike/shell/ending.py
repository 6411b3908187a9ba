"""How a run ends: the status of the process, the status file, the logs."""

from __future__ import annotations

import json
from pathlib import Path

from statalike.control_flow import ExitRequest
from statalike.errors import StataError
from statalike.session import Session

STOPPED_BY_ERROR = 1
INTERRUPTED = 130
LARGEST_STATUS = 255


def exit_status(failure: StataError | None) -> int:
    """The status the process ends with: 0, 1 after an error, 130 after a Break.

    After ``exit #`` it is that number, at most 255.
    """
    if failure is None:
        return 0
    if isinstance(failure.__cause__, ExitRequest):
        return requested_status(failure.code)
    if isinstance(failure.__cause__, KeyboardInterrupt):
        return INTERRUPTED
    return STOPPED_BY_ERROR


def requested_status(code: int) -> int:
    """The status for ``exit code``."""
    return min(max(code, 0), LARGEST_STATUS)


def close_logs(session: Session) -> None:
    """Close the logs that are still open, which shows nothing on the screen."""
    with session.state.console.quiet():
        session.state.console.close_all_logs()


def write_status(path: Path, failure: StataError | None, *, code: int = 0) -> None:
    """Write how a run ended as JSON: return code, message, and where the error arose.

    Without a failure the return code is ``code``.  ``file``, ``line`` and ``command`` are null for
    an error that arose in none.  Raises OSError.
    """
    origin = failure.origin if failure is not None else None
    status = {
        "rc": failure.code if failure is not None else code,
        "message": (origin.message if origin else failure.message) if failure else "",
        "file": (origin.file or None) if origin else None,
        "line": origin.line if origin else None,
        "command": origin.command if origin else None,
    }
    path.write_text(json.dumps(status) + "\n", encoding="utf-8")
