"""Reference material beside the checkout, for tests that can use it; absent on a user's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[2] / "shared"
SHARED: Path | None = _FOLDER if (_FOLDER / "conformance").is_dir() else None

needs_shared = pytest.mark.skipif(SHARED is None, reason="the reference material is not at hand")


def shared_path(*parts: str) -> Path:
    """A path in the reference material; only for tests marked ``needs_shared``."""
    assert SHARED is not None
    return SHARED.joinpath(*parts)
