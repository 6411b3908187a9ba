"""Notes: numbered texts kept as the characteristics note0 (how many), note1, note2, ...

[D] notes.  They belong to the dataset (``_dta``) or to a variable.
"""

from __future__ import annotations

import re

from statalike.errors import StataError

Characteristics = dict[str, str]

_NOTE = re.compile(r"note([1-9]\d*)")


def notes_of(characteristics: Characteristics) -> list[tuple[int, str]]:
    """Number and text of each note, in order of number."""
    found = [(match, text) for name, text in characteristics.items() if (match := _numbered(name))]
    return sorted(found)


def _numbered(name: str) -> int:
    match = _NOTE.fullmatch(name)
    return int(match[1]) if match else 0


def add_note(characteristics: Characteristics, text: str) -> int:
    """Append a note; its number."""
    number = max((number for number, _ in notes_of(characteristics)), default=0) + 1
    characteristics[f"note{number}"] = text
    characteristics["note0"] = str(number)
    return number


def replace_note(characteristics: Characteristics, number: int, text: str) -> None:
    """Give a note another text; r(198) when there is no such note."""
    if f"note{number}" not in characteristics:
        raise StataError(198, f"note {number} not found")
    characteristics[f"note{number}"] = text


def drop_notes(characteristics: Characteristics, numbers: set[int] | None = None) -> None:
    """Take away the notes with these numbers, or all of them; the others keep their numbers."""
    for number, _ in notes_of(characteristics):
        if numbers is None or number in numbers:
            del characteristics[f"note{number}"]
    left = notes_of(characteristics)
    if left:
        characteristics["note0"] = str(left[-1][0])
    else:
        characteristics.pop("note0", None)


def renumber_notes(characteristics: Characteristics) -> None:
    """Number the notes 1, 2, ... without gaps."""
    texts = [text for _, text in notes_of(characteristics)]
    drop_notes(characteristics)
    for text in texts:
        add_note(characteristics, text)
