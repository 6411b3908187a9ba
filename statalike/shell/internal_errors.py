"""Failures of the program itself: shown as an error, details kept in a file, session kept alive."""

from __future__ import annotations

from collections.abc import Callable

from statalike.control_flow import ExitRequest
from statalike.errors import StataError
from statalike.language.source import Unit
from statalike.session import Session
from statalike.shell.error_report import report_request

#: return code of a failure of the program itself
INTERNAL_ERROR = 9999


def guarded(session: Session, call: Callable[[], int]) -> int:
    """The return code of ``call``, one of the session's own methods that show errors.

    A failure that is none of the user's is shown as an error too, and is ``session.failure``.
    Only :class:`ExitRequest` and a broken pipe are passed on.
    """
    try:
        return call()
    except (ExitRequest, BrokenPipeError):
        raise
    except Exception as problem:
        session.failure = internal_error(problem)
        session.interpreter.show_error(session.failure)
        session.state.console.flush()
        return INTERNAL_ERROR


def run_guarded(session: Session, unit: Unit, *, echo: bool = False) -> int:
    """Run one command, with ``echo`` shown as in a do-file's log; its return code."""
    return guarded(session, lambda: session.run_unit(unit, echo=echo))


def internal_error(problem: BaseException) -> StataError:
    """The error to show for a failure that is none of the user's; details go to a file."""
    error = StataError(INTERNAL_ERROR, "unexpected internal error", hint=report_request(problem))
    error.__cause__ = problem
    return error
