"""Pictures of graphs: files in the formats of ``graph export``, and PNG bytes to be shown."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from statalike.errors import StataError
from statalike.graphics.gph_file import write_beside
from statalike.graphics.graph import Graph
from statalike.graphics.rendering.figure import graph_size, render

#: the formats, what Stata calls them, and whether they consist of pixels
FORMATS: Final[dict[str, tuple[str, bool]]] = {
    "png": ("PNG", True),
    "svg": ("SVG", False),
    "pdf": ("PDF", False),
    "eps": ("EPS", False),
    "ps": ("PostScript", False),
    "tif": ("TIFF", True),
    "jpg": ("JPEG", True),
}
SYNONYMS: Final = {"tiff": "tif", "jpeg": "jpg"}

#: pixels an inch of pictures whose size was not asked for
PIXELS_PER_INCH: Final = 150


def export_graph(
    graph: Graph,
    path: Path,
    kind: str,
    *,
    width: float | None = None,
    height: float | None = None,
    quality: int = 90,
    font: str = "",
) -> None:
    """Write a picture beside its place and move it there.

    ``width`` and ``height`` are pixels, for vector formats inches; with one of them the other
    keeps the graph's shape.  With both the shape of the graph is theirs.  r(603).
    """
    from dataclasses import replace

    inches = graph_size(graph)
    pixels = FORMATS[kind][1]
    if width is not None and height is not None:
        shape = width / height
        graph = replace(graph, xsize=inches[1] * shape, ysize=inches[1])
        inches = graph_size(graph)
    if not pixels and (width or height):
        scale = width / inches[0] if width is not None else (height or 1.0) / inches[1]
        graph = replace(graph, xsize=inches[0] * scale, ysize=inches[1] * scale)
    resolution = float(PIXELS_PER_INCH)
    if pixels and width is not None:
        resolution = width / inches[0]
    elif pixels and height is not None:
        resolution = height / inches[1]
    content = picture(graph, kind, resolution, quality=quality, font=font)
    write_beside(path, lambda file: file.write(content))


def picture(
    graph: Graph,
    kind: str = "png",
    resolution: float = PIXELS_PER_INCH,
    *,
    quality: int = 90,
    font: str = "",
) -> bytes:
    """The bytes of a picture; the same graph gives the same bytes."""
    import matplotlib

    figure = render(graph, font=font)
    buffer = io.BytesIO()
    arguments: dict[str, object] = {}
    if kind == "jpg":
        arguments["pil_kwargs"] = {"quality": quality}
    if kind in ("png", "svg", "pdf"):
        arguments["metadata"] = {
            "png": {"Software": None},
            "svg": {"Date": None},
            "pdf": {"CreationDate": None},
        }[kind]
    with matplotlib.rc_context({"svg.hashsalt": "statalike", "svg.fonttype": "path"}):
        figure.savefig(buffer, format=kind, dpi=resolution, **arguments)  # type: ignore[arg-type]
    return buffer.getvalue()


def kind_of(path: Path, asked: str = "") -> str:
    """The format of a picture by ``as()`` or the file's suffix; r(198) for an unknown one."""
    word = (asked or path.suffix.removeprefix(".")).lower()
    word = SYNONYMS.get(word, word)
    if word not in FORMATS:
        if not word:
            raise StataError(198, "output format not specified; the file's suffix tells it")
        raise StataError(198, f"output format {word} not supported")
    return word
