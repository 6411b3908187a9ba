"""Pictures in a terminal: the protocols of kitty and iTerm2, and sixel."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Final

import numpy as np

_CHUNK: Final = 4096
#: terminals that show sixel graphics, by what the environment says of them
_SIXEL_TERMINALS: Final = ("foot", "mlterm", "yaft", "contour", "sixel")


def terminal_protocol(environment: Mapping[str, str] | None = None) -> str:
    """``kitty``, ``iterm2``, ``sixel``, or nothing for a terminal not known to show pictures.

    It is what the terminal says of itself in the environment; multiplexers pass no pictures on.
    """
    names = os.environ if environment is None else environment
    term, program = names.get("TERM", ""), names.get("TERM_PROGRAM", "")
    if names.get("TMUX") or term.startswith(("screen", "tmux")):
        return ""
    if names.get("KITTY_WINDOW_ID") or "kitty" in term or program == "ghostty":
        return "kitty"
    if program in ("iTerm.app", "WezTerm"):
        return "iterm2"
    if names.get("KONSOLE_VERSION"):
        return "kitty"
    if any(word in term for word in _SIXEL_TERMINALS):
        return "sixel"
    return ""


def kitty_picture(png: bytes) -> str:
    """A PNG file in kitty's graphics protocol: base64 in chunks, the last one marked."""
    data = base64.standard_b64encode(png).decode("ascii")
    chunks = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
    parts = []
    for index, chunk in enumerate(chunks):
        more = int(index + 1 < len(chunks))
        keys = f"a=T,f=100,m={more}" if not index else f"m={more}"
        parts.append(f"\033_G{keys};{chunk}\033\\")
    return "".join(parts)


def iterm2_picture(png: bytes) -> str:
    """A PNG file in iTerm2's protocol for pictures in line."""
    data = base64.standard_b64encode(png).decode("ascii")
    return f"\033]1337;File=inline=1;size={len(png)}:{data}\a"


def sixel_picture(pixels: np.ndarray) -> str:
    """Pixels (height, width, 3 or 4) of bytes as sixel graphics in a cube of 216 colours."""
    levels = np.rint(pixels[:, :, :3] / 51.0).astype(np.int64)
    codes = levels @ np.array([36, 6, 1])
    height, width = codes.shape
    padded = np.full((-(-height // 6) * 6, width), -1)
    padded[:height] = codes
    used = np.unique(codes)
    parts = [f'\033Pq"1;1;{width};{height}']
    for code in used.tolist():
        red, green, blue = code // 36 * 20, code // 6 % 6 * 20, code % 6 * 20
        parts.append(f"#{code};2;{red};{green};{blue}")
    weights = 1 << np.arange(6)
    for band in padded.reshape(-1, 6, width):
        for code in np.unique(band[band >= 0]).tolist():
            bits = weights @ (band == code)
            parts.append(f"#{code}{_run_lengths(bits + 63)}$")
        parts.append("-")
    parts.append("\033\\")
    return "".join(parts)


def _run_lengths(characters: np.ndarray) -> str:
    """Characters by their codes, repeated ones as ``!count``."""
    starts = np.flatnonzero(np.r_[True, characters[1:] != characters[:-1]])
    counts = np.diff(np.r_[starts, len(characters)])
    return "".join(
        chr(code) * count if count < 4 else f"!{count}{chr(code)}"
        for code, count in zip(characters[starts].tolist(), counts.tolist(), strict=True)
    )
