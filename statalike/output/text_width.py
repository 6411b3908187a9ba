"""Making text fit: abbreviated names, cut labels, wrapped paragraphs, centred titles."""

from __future__ import annotations

from statalike.data.formats import display_columns


def columns_of(text: str) -> int:
    """The columns a text takes on the screen; East Asian characters take two."""
    return len(text) if text.isascii() else display_columns(text)


def left_justified(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


def right_justified(text: str, width: int) -> str:
    return " " * (width - columns_of(text)) + text


def abbreviate(name: str, width: int) -> str:
    """A name shortened to ``width`` characters with ``~`` before its last character.

    ``abbreviate("intercept", 8)`` is ``interc~t``.  Stata never goes below five characters.
    """
    width = max(width, 5)
    if len(name) <= width:
        return name
    return f"{name[: width - 2]}~{name[-1]}"


def shorten_label(label: str, width: int) -> str:
    """A value label that fits in ``width`` characters of a table of estimates.

    A label of one word is abbreviated like a name; one of several words loses its end to ``..``.
    """
    if len(label) <= width:
        return label
    if " " in label.strip():
        return label[: max(width - 2, 1)] + ".."
    return abbreviate(label, width)


def centered(text: str, width: int) -> str:
    """Text in the middle of ``width`` columns, without blanks after it."""
    return " " * max((width - len(text)) // 2, 0) + text


def wrap_words(text: str, width: int) -> list[str]:
    """Text broken at blanks into lines of at most ``width`` characters.

    A word that is longer than a line is cut.
    """
    lines: list[str] = []
    current = ""
    for word in text.split():
        while len(word) > width:
            if current:
                lines.append(current)
                current = ""
            lines.append(word[:width])
            word = word[width:]
        if not word:
            continue
        if not current:
            current = word
        elif len(current) + 1 + len(word) <= width:
            current = f"{current} {word}"
        else:
            lines.append(current)
            current = word
    if current or not lines:
        lines.append(current)
    return lines


def wrap_paragraph(text: str, width: int, indent: int) -> list[str]:
    """Words wrapped to ``width``; every line but the first starts with ``indent`` blanks."""
    words = text.split()
    if not words:
        return [""]
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(" " * indent + word)
    return lines
