"""What a prompt is, and one for terminals that can do nothing but show lines."""

from __future__ import annotations

from typing import Protocol

from statalike.shell.entry import FIRST_PROMPT, further_prompt, is_complete


class Prompt(Protocol):
    """Reads one entry: a command, a block, or several commands at once."""

    def read(self, delimiter: str) -> str:
        """The text of an entry.

        Raises KeyboardInterrupt when it was given up, EOFError at the end of the input.
        """


class PlainPrompt:
    """A prompt without keys of its own."""

    def read(self, delimiter: str) -> str:
        text = input(FIRST_PROMPT)
        while not is_complete(text, delimiter):
            text += "\n" + input(further_prompt(text, delimiter))
        return text
