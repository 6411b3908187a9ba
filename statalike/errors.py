"""Every failure a user can see: Stata's message and Stata's return code.

A command that cannot do what it was asked raises :class:`StataError`; the session prints the
message, then ``r(code);``.  Messages that more than one place needs are made by the functions
below, so that their wording and code stand once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where an error arose: its message, the command's text, the line it began on, the do-file.

    ``file`` is empty for commands that came from no file.
    """

    message: str
    command: str
    line: int
    file: str = ""


class StataError(Exception):
    """A Stata error: return code, message and, where it helps, one line more.

    ``hint`` is printed after the message (a near name, the position in an expression).
    ``span`` is the (start, end) of the offending characters in the command's text.
    ``shown`` tells that the message has been printed already, so that an error which travels
    through a do-file is reported once.  ``origin`` is set by the interpreter.
    ``keeps_results`` marks the rare error that does not undo its command: an estimation that did
    not converge leaves its results, r(430).
    """

    def __init__(
        self,
        code: int,
        message: str = "",
        *,
        hint: str = "",
        span: tuple[int, int] | None = None,
        keeps_results: bool = False,
    ) -> None:
        super().__init__(message)
        self.keeps_results = keeps_results
        self.code = code
        self.message = message
        self.hint = hint
        self.span = span
        self.shown = False
        self.origin: Origin | None = None

    def __str__(self) -> str:
        return f"{self.message} r({self.code})" if self.message else f"r({self.code})"


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like ``name``, or an empty string when none is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    return close[0] if close else ""


def suggestion(name: str, known: Iterable[str]) -> str:
    """A hint line such as ``did you mean age?``, or an empty string."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else ""


def variable_not_found(name: str, known: Iterable[str] = ()) -> StataError:
    """``variable agee not found``, r(111)."""
    return StataError(111, f"variable {name} not found", hint=suggestion(name, known))


def name_not_found(name: str, known: Iterable[str] = ()) -> StataError:
    """``agee not found``, r(111): a name in an expression."""
    return StataError(111, f"{name} not found", hint=suggestion(name, known))


def ambiguous_abbreviation(name: str) -> StataError:
    return StataError(111, f"{name} ambiguous abbreviation")


def already_defined(name: str) -> StataError:
    return StataError(110, f"variable {name} already defined")


def type_mismatch() -> StataError:
    return StataError(109, "type mismatch")


def invalid_syntax(span: tuple[int, int] | None = None) -> StataError:
    return StataError(198, "invalid syntax", span=span)


def invalid_name(name: str) -> StataError:
    return StataError(198, f"{name} invalid name")


def option_not_allowed(name: str, known: Iterable[str] = ()) -> StataError:
    return StataError(198, f"option {name} not allowed", hint=suggestion(name, known))


def option_not_yet_supported(name: str) -> StataError:
    """An option of Stata's that this program does not have: refused, never ignored."""
    return StataError(198, f"option {name} not yet supported")


def no_observations() -> StataError:
    return StataError(2000, "no observations")


def insufficient_observations() -> StataError:
    return StataError(2001, "insufficient observations")


def last_estimates_not_found() -> StataError:
    return StataError(301, "last estimates not found")


def file_not_found(path: str) -> StataError:
    return StataError(601, f"file {path} not found")


def file_exists(path: str) -> StataError:
    return StataError(602, f"file {path} already exists")


def file_could_not_be_opened(path: str) -> StataError:
    return StataError(603, f"file {path} could not be opened")


def no_data_lost_unsaved() -> StataError:
    """``use`` or ``clear`` with unsaved changes in memory, r(4)."""
    return StataError(4, "no; dataset in memory has changed since last saved")


def no_variables_defined() -> StataError:
    """A command that needs data when there are none, r(111)."""
    return StataError(111, "no variables defined")
