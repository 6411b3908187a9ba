"""Tables of cases: one line of text a case, ``text`` or ``text ==> expected``.

Lines that start with ``*`` and blank lines are comments.  ``expected`` is what the tree prints as,
or ``r(198) message`` for an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    text: str
    expected: str

    @property
    def is_error(self) -> bool:
        return re.match(r"r\(\d+\)", self.expected) is not None


def cases(name: str) -> list[Case]:
    """The cases of ``name.do`` beside this file."""
    lines = (Path(__file__).parent / f"{name}.do").read_text(encoding="utf-8").splitlines()
    return [_case(line) for line in lines if line.strip() and not line.startswith("* ")]


def _case(line: str) -> Case:
    text, arrow, expected = line.partition(" ==> ")
    return Case(text, expected.strip() if arrow else text)
