"""``profile.do``: commands that run when the program starts."""

from __future__ import annotations

from pathlib import Path

from statalike.session import Session
from statalike.shell.internal_errors import guarded


def run_profile(session: Session, path: Path, *, announced: bool) -> None:
    """Run a profile; its errors are shown and the session goes on."""
    if announced:
        session.state.console.print(f"running {path} ...")

    def run() -> None:
        session.interpreter.run_file(str(path), [], echo=False, stop=True, new_scope=True)

    guarded(session, lambda: session.attempt(run))
    if announced:
        session.state.console.print()
