"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from statalike.errors import StataError, file_could_not_be_opened, file_exists


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], *, replace: bool) -> Iterator[BinaryIO]:
    """A new binary file that takes the place of ``path`` when the block ends well.

    It is written beside ``path`` under another name; whatever goes wrong, what stood at ``path``
    is untouched and nothing else is left.  r(602) when ``path`` exists and ``replace`` is False,
    r(603) when it cannot be written, r(693) when writing fails.
    """
    name = os.fspath(path)
    if "\0" in name:
        raise file_could_not_be_opened(name)
    target = Path(os.path.realpath(name))
    mode = _mode_of_existing(target, name)
    if mode is not None and not replace:
        raise file_exists(name)
    beside = target.with_name(f".{target.name[:100]}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode or 0o666)
    except OSError:
        raise file_could_not_be_opened(name) from None
    try:
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
            if mode is not None:
                beside.chmod(mode)
            beside.replace(target)
        except OSError as error:
            raise StataError(
                693, f"I/O error writing file {name}", hint=error.strerror or ""
            ) from None
    finally:
        beside.unlink(missing_ok=True)


def _mode_of_existing(target: Path, name: str) -> int | None:
    """The permissions of the file there, None when there is none; r(603) when it must stay."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    except OSError:
        raise file_could_not_be_opened(name) from None
    if not stat.S_ISREG(status.st_mode) or not os.access(target, os.W_OK):
        raise file_could_not_be_opened(name)
    return stat.S_IMODE(status.st_mode)
