"""Where the picture of a graph appears: in a notebook, in the terminal, or in a file that is named.

In batch nothing is shown, as by Stata.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from statalike.graphics.graph import Graph
from statalike.output.sinks import Screen, is_terminal
from statalike.state import State

#: pixels an inch of a picture in a terminal
_TERMINAL_RESOLUTION = 110


def show(state: State, name: str, graph: Graph) -> None:
    """Show a graph where the session can show one."""
    if state.settings.graphics == "off":
        return
    notebook = _notebook_display()
    if notebook is not None:
        from statalike.graphics.picture import picture

        notebook(picture(graph, font=state.settings.fontface))
        return
    screen = state.console.screen
    if not state.interactive or not isinstance(screen, Screen):
        return
    from statalike.graphics.terminal_picture import terminal_protocol

    protocol = terminal_protocol() if is_terminal(screen.stream) else ""
    if protocol:
        state.console.flush()
        screen.stream.write(_terminal_picture(state, graph, protocol) + "\n")
        screen.stream.flush()
    else:
        state.console.print(f"(picture in {_write_picture(state, name, graph)})")


def _terminal_picture(state: State, graph: Graph, protocol: str) -> str:
    from statalike.graphics import terminal_picture
    from statalike.graphics.picture import picture

    png = picture(graph, resolution=_TERMINAL_RESOLUTION, font=state.settings.fontface)
    if protocol == "kitty":
        return terminal_picture.kitty_picture(png)
    if protocol == "iterm2":
        return terminal_picture.iterm2_picture(png)
    return terminal_picture.sixel_picture(_pixels(png))


def _pixels(png: bytes) -> Any:
    import io

    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def _write_picture(state: State, name: str, graph: Graph) -> Path:
    """The picture in a folder of the session's own among the temporary files."""
    from statalike.graphics.picture import picture

    if state.picture_folder is None:
        state.picture_folder = Path(tempfile.mkdtemp(prefix="statalike-"))
        atexit.register(shutil.rmtree, state.picture_folder, ignore_errors=True)
    path = state.picture_folder / f"{name}.png"
    path.write_bytes(picture(graph, font=state.settings.fontface))
    return path


def _notebook_display() -> Any:
    """A function that shows PNG bytes in the notebook that is running, or None."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import Image, display

    return lambda png: display(Image(png))
