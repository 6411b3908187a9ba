"""The page of a figure: texts and boxes in points, and how large texts are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statalike.graphics.colors import resolved_color
from statalike.graphics.graph_text import shown_text
from statalike.graphics.rendering.rectangle import Rectangle

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.figure import Figure

POINTS_PER_INCH = 72.0
#: line height over font size
LINE_HEIGHT = 1.25


class Canvas:
    """A figure of a size in inches, at one point for a pixel while it is laid out."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.figure: Figure = Figure(figsize=(width, height), dpi=POINTS_PER_INCH)
        self.page = Rectangle(0, 0, width * POINTS_PER_INCH, height * POINTS_PER_INCH)
        canvas = FigureCanvasAgg(self.figure)
        self.renderer: RendererAgg = canvas.get_renderer()  # type: ignore[no-untyped-call]

    def fraction(self, rectangle: Rectangle) -> tuple[float, float, float, float]:
        """Left, bottom, width and height as parts of the page."""
        page = self.page
        return (
            rectangle.left / page.width,
            rectangle.bottom / page.height,
            rectangle.width / page.width,
            rectangle.height / page.height,
        )

    def fill(self, rectangle: Rectangle, color: str, zorder: float = -10.0) -> None:
        """A filled rectangle without a line around it."""
        from matplotlib.patches import Rectangle as Patch

        left, bottom, width, height = self.fraction(rectangle)
        self.figure.add_artist(
            Patch(
                (left, bottom),
                width,
                height,
                facecolor=resolved_color(color),
                edgecolor="none",
                transform=self.figure.transFigure,
                zorder=zorder,
            )
        )

    def text(self, x: float, y: float, lines: tuple[str, ...], **looks: Any) -> None:
        """Lines of text at a place in points, with matplotlib's own looks."""
        text, style = joined(lines)
        self.figure.text(
            x / self.page.width,
            y / self.page.height,
            text,
            parse_math=False,
            linespacing=LINE_HEIGHT,
            **{**style, **looks},
        )


def joined(lines: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """Lines as one text without directives, bold or italic when all of them are."""
    shown = [shown_text(line) for line in lines]
    looks: dict[str, Any] = {}
    if shown and all(line.bold for line in shown):
        looks["fontweight"] = "bold"
    if shown and all(line.italic for line in shown):
        looks["fontstyle"] = "italic"
    return "\n".join(line.text for line in shown), looks
