"""``bar(#, ...)``, ``box(#, ...)`` and ``marker(#, ...)``: looks of the plots by their number."""

from __future__ import annotations

from statalike.commands.graphics.style_options import AREAS, MARKERS, StyleOptions
from statalike.data.dataset import Dataset
from statalike.errors import StataError
from statalike.graphics.graph import Style
from statalike.language.arguments import Arguments
from statalike.language.suboptions import Suboptions, read_suboptions

BAR_STYLES = (
    "bar(string asis repeated) box(string asis repeated) marker(string asis repeated) "
    "INTENSity(string)"
)
_AREA = Suboptions(f"anything [, {AREAS} COLor(string asis) BSTYle(string)]")
_MARKER = Suboptions(f"anything [, {MARKERS} COLor(string asis)]")


def bar_styles(arguments: Arguments, name: str = "bar") -> dict[int, Style]:
    """The style of each plot, from 0, for which one was asked; r(198)."""
    suboptions = _MARKER if name == "marker" else _AREA
    found: dict[int, Style] = {}
    texts = list(arguments.options.get(name, ()))
    if name == "bar":
        found.update(_marker_styles(arguments))
    for text in texts:
        read = read_suboptions(suboptions, text, Dataset())
        if not read.body.isdigit() or int(read.body) < 1:
            raise StataError(198, f"option {name}() incorrectly specified")
        found[int(read.body) - 1] = StyleOptions(read).style()
    intensity = arguments.options.get("intensity")
    if intensity is not None and name != "marker":
        share = str(intensity).strip().lstrip("*")
        if not share.replace(".", "").isdigit():
            raise StataError(198, "option intensity() incorrectly specified")
        level = float(share) if str(intensity).startswith("*") else float(share) / 100
        for position in range(15):
            style = found.get(position, Style())
            if not style.fill:
                found[position] = Style(**{**style.__dict__, "fill": f"*{level:g}"})
    return found


def _marker_styles(arguments: Arguments) -> dict[int, Style]:
    return bar_styles(arguments, "marker") if arguments.options.get("marker") else {}
