"""Help pages on the screen: headings, syntax and wrapped text made from a page's markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from statalike.output.styled import BLANK, Line, Segment, Style, line

INDENT = 4


def command_page(
    name: str, minimum: str, summary: str, synopses: Sequence[str], page: str, linesize: int
) -> list[Line]:
    """A command's help: its name and purpose, its syntax, then the sections of its page.

    Pages are markdown: ``## Heading``, paragraphs, lists and indented or fenced examples.
    """
    short = f" (abbreviation: {minimum})" if minimum not in ("", name) else ""
    lines: list[Line] = [
        BLANK,
        line(Segment(name, Style.HEADING), f" -- {summary}{short}"),
        BLANK,
        line(Segment("Syntax", Style.HEADING)),
    ]
    for synopsis in synopses:
        lines += [
            line(Segment(row, Style.COMMAND))
            for row in textwrap.wrap(
                synopsis,
                max(linesize - INDENT, 40),
                initial_indent=" " * INDENT,
                subsequent_indent=" " * (2 * INDENT),
            )
        ]
    return [*lines, BLANK, *_body(page, linesize)]


def topic_page(title: str, page: str, linesize: int) -> list[Line]:
    """Help on a topic that is no command: its title, then the sections of its page."""
    return [BLANK, line(Segment(title, Style.HEADING)), BLANK, *_body(page, linesize)]


def _body(page: str, linesize: int) -> list[Line]:
    lines: list[Line] = []
    paragraph: list[str] = []
    fenced = False

    def flush() -> None:
        if paragraph:
            text = " ".join(paragraph).replace("`", "")
            hanging = INDENT + (2 if text.startswith("- ") else 0)
            lines.extend(
                line(row)
                for row in textwrap.wrap(
                    text,
                    max(linesize - 2, 40),
                    initial_indent=" " * INDENT,
                    subsequent_indent=" " * hanging,
                    break_on_hyphens=False,
                )
            )
            paragraph.clear()

    for row in page.splitlines():
        if row.startswith("```"):
            flush()
            fenced = not fenced
        elif fenced:
            lines.append(line(" " * INDENT, Segment(row, Style.COMMAND)))
        elif row.startswith("#"):
            flush()
            if lines and lines[-1] != BLANK:
                lines.append(BLANK)
            lines.append(line(Segment(row.lstrip("# "), Style.HEADING)))
        elif not row.strip():
            flush()
            if lines and lines[-1] != BLANK:
                lines.append(BLANK)
        elif row.startswith("- "):
            flush()
            paragraph.append(row)
        else:
            paragraph.append(row.strip())
    flush()
    return lines


def contents_page(entries: Sequence[tuple[str, str, str]], linesize: int) -> list[Line]:
    """All commands by section: (section, name, one line of help)."""
    lines: list[Line] = []
    for section in dict.fromkeys(section for section, _, _ in sorted(entries)):
        lines += [BLANK, line(Segment(section, Style.HEADING))]
        for of_section, name, summary in sorted(entries):
            if of_section == section:
                shown = f"{summary}"[: max(linesize - 30, 20)]
                lines.append(line("    ", Segment(f"{name:<22}", Style.COMMAND), "  ", shown))
    return [*lines, BLANK, line("Type help and a command's name for its syntax and options.")]
