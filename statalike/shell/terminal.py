"""The terminal's own settings while the shell has it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def without_control_echo() -> Iterator[None]:
    """Keep the terminal from writing ``^C`` into the output when a command is broken."""
    try:
        import termios
    except ImportError:  # no such settings on this system
        yield
        return
    try:
        handle = sys.stdin.fileno()
        before = termios.tcgetattr(handle)
    except (OSError, ValueError, termios.error):
        yield
        return
    changed = before.copy()
    changed[3] &= ~termios.ECHOCTL
    termios.tcsetattr(handle, termios.TCSANOW, changed)
    try:
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSANOW, before)
