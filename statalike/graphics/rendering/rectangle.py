"""Rectangles on a page, in points from its lower left corner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rectangle:
    """A part of the page."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def top(self) -> float:
        return self.bottom + self.height

    @property
    def smaller_side(self) -> float:
        return min(self.width, self.height)

    def without(
        self, left: float = 0.0, bottom: float = 0.0, right: float = 0.0, top: float = 0.0
    ) -> Rectangle:
        """What is left when strips are taken off the sides; never less than a point."""
        return Rectangle(
            self.left + left,
            self.bottom + bottom,
            max(self.width - left - right, 1.0),
            max(self.height - bottom - top, 1.0),
        )

    def shrunk(self, margin: float) -> Rectangle:
        return self.without(margin, margin, margin, margin)

    def cell(self, row: int, column: int, rows: int, columns: int, gap: float) -> Rectangle:
        """A cell of a grid with gaps between its rows and columns; row 0 is at the top."""
        width = (self.width - gap * (columns - 1)) / columns
        height = (self.height - gap * (rows - 1)) / rows
        return Rectangle(
            self.left + column * (width + gap),
            self.top - (row + 1) * height - row * gap,
            max(width, 1.0),
            max(height, 1.0),
        )

    def with_aspect(self, aspect: float) -> Rectangle:
        """The largest rectangle of that height over width in the middle."""
        width = min(self.width, self.height / aspect)
        height = width * aspect
        return Rectangle(
            self.left + (self.width - width) / 2,
            self.bottom + (self.height - height) / 2,
            width,
            height,
        )
