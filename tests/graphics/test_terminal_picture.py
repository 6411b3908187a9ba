"""Pictures in terminals: which protocol, and what is sent."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from statalike.graphics.terminal_picture import (
    iterm2_picture,
    kitty_picture,
    sixel_picture,
    terminal_protocol,
)


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, ""),
        ({}, ""),
    ],
)
def test_protocols(environment: dict[str, str], protocol: str) -> None:
    assert terminal_protocol(environment) == protocol


def test_kitty_sends_chunks_that_join_to_the_file() -> None:
    content = bytes(range(256)) * 40
    sent = kitty_picture(content)
    chunks = re.findall(r"\033_G([^;]*);([^\033]*)\033\\", sent)
    assert [keys.rpartition("m=")[2] for keys, _ in chunks] == ["1"] * (len(chunks) - 1) + ["0"]
    assert chunks[0][0].startswith("a=T,f=100")
    assert all(len(data) <= 4096 for _, data in chunks)
    assert base64.b64decode("".join(data for _, data in chunks)) == content


def test_iterm2_sends_the_file_at_once() -> None:
    sent = iterm2_picture(b"abc")
    assert sent == "\033]1337;File=inline=1;size=3:YWJj\a"


def test_sixel_can_be_drawn_again() -> None:
    """Decoding gives the pixels in the nearest colours of the cube."""
    pixels = np.zeros((8, 5, 3), dtype=np.uint8)
    pixels[:, :, 0] = 255
    pixels[2:7, 1:3] = (0, 102, 204)
    sent = sixel_picture(pixels)
    assert sent.startswith('\033Pq"1;1;5;8') and sent.endswith("\033\\")
    body = sent[len('\033Pq"1;1;5;8') : -2]
    colors = {int(n): rgb for n, *rgb in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", body)}
    drawn = np.zeros((12, 5, 3))
    bands = re.sub(r"#\d+;2;\d+;\d+;\d+", "", body).split("-")
    for band, text in enumerate(bands):
        for number, runs in re.findall(r"#(\d+)([^#]*)", text):
            column = 0
            for count, character in re.findall(r"(?:!(\d+))?([?-~])", runs.rstrip("$")):
                for _ in range(int(count or 1)):
                    for bit in range(6):
                        if (ord(character) - 63) >> bit & 1:
                            drawn[6 * band + bit, column] = [int(c) for c in colors[int(number)]]
                    column += 1
    np.testing.assert_allclose(drawn[:8] * 2.55, pixels, atol=1)
