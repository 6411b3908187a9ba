"""An interpreter of Stata syntax for multilevel mixed-effects models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statalike.errors import StataError
    from statalike.session import Session

__version__ = "0.1.0"
__all__ = ["Session", "StataError", "__version__"]


def __getattr__(name: str) -> Any:
    """``Session`` and ``StataError`` are imported when first asked for: the prompt starts fast."""
    if name == "Session":
        from statalike.session import Session

        return Session
    if name == "StataError":
        from statalike.errors import StataError

        return StataError
    raise AttributeError(f"module 'statalike' has no attribute {name!r}")
