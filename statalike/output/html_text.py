"""Styled lines as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from statalike.output.styled import Line, Style

#: inline styles, so that the output keeps its looks wherever the notebook is shown
_CSS: dict[Style, str] = {
    Style.RESULT: "font-weight:bold",
    Style.COMMAND: "font-weight:bold;color:#0b5394",
    Style.INPUT: "font-weight:bold",
    Style.ERROR: "color:#c00000",
    Style.HEADING: "font-weight:bold",
}


def html_text(lines: Iterable[Line]) -> str:
    """A ``<pre>`` element whose characters are those of the lines."""
    rows = ("".join(_span(s.text, s.style) for s in styled) for styled in lines)
    return '<pre style="line-height:1.2;overflow-x:auto">' + "\n".join(rows) + "</pre>"


def _span(text: str, style: Style) -> str:
    css = _CSS.get(style)
    safe = escape(text, quote=False)
    return f'<span style="{css}">{safe}</span>' if css else safe
