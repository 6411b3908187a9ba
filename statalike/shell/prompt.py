"""The prompt of a terminal: editing, history, completion, highlighting."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import Condition, emacs_mode, has_focus, is_searching
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import DynamicLexer, Lexer, PygmentsLexer
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.search import accept_search
from prompt_toolkit.styles import Style

from statalike.shell.entry import FIRST_PROMPT, further_prompt, is_complete
from statalike.shell.loading import SessionLoader

INDENT = "    "

#: colours by their names in the terminal's own palette
STYLE = Style.from_dict(
    {
        "pygments.keyword": "bold",
        "pygments.name.attribute": "ansicyan",
        "pygments.name.function": "ansiblue",
        "pygments.name.variable": "ansimagenta",
        "pygments.name.builtin": "ansiblue",
        "pygments.literal.string": "ansiyellow",
        "pygments.comment": "ansigreen",
        "pygments.operator.word": "bold",
    }
)


class TerminalPrompt:
    """A prompt with everything that a terminal allows.

    The session may still be loading: until it is there nothing is highlighted, and completion
    waits for it.  ``colour`` False shows no colours and no suggestions, which only colour tells
    from what was typed.
    """

    def __init__(
        self,
        loader: SessionLoader,
        history: History,
        *,
        editing_mode: str = "emacs",
        suggestions: bool = True,
        colour: bool = True,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._loader = loader
        self._delimiter = "cr"
        self._prompt: PromptSession[str] = PromptSession(
            FIRST_PROMPT,
            history=history,
            multiline=True,
            prompt_continuation=self._continuation,
            key_bindings=self._keys(),
            editing_mode=EditingMode.VI if editing_mode == "vi" else EditingMode.EMACS,
            enable_history_search=True,
            complete_while_typing=False,
            completer=SessionCompleter(loader),
            auto_suggest=AutoSuggestFromHistory() if suggestions and colour else None,
            lexer=DynamicLexer(self._lexer) if colour else None,
            style=STYLE,
            include_default_pygments_style=False,
            color_depth=None if colour else ColorDepth.DEPTH_1_BIT,
            enable_open_in_editor=True,
            enable_suspend=True,
            tempfile_suffix=".do",
            input=input,
            output=output,
        )
        self._prompt.app.after_render += lambda app: loader.start(app.invalidate)

    def read(self, delimiter: str) -> str:
        self._delimiter = delimiter
        return self._prompt.prompt().rstrip("\n")

    def _lexer(self) -> Lexer | None:
        return stata_lexer() if self._loader.ready is not None else None

    def _continuation(self, width: int, line_number: int, wrap_count: int) -> str:
        if wrap_count:
            return ""
        lines = self._prompt.default_buffer.text.split("\n")
        return further_prompt("\n".join(lines[:line_number]), self._delimiter)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        at_prompt = has_focus(DEFAULT_BUFFER)

        @keys.add("enter", filter=at_prompt)
        def enter(event: KeyPressEvent) -> None:
            """Run what is complete; a chosen menu entry is taken and nothing is run."""
            buffer = event.current_buffer
            menu = buffer.complete_state
            if menu is not None and menu.current_completion is not None:
                buffer.complete_state = None
            elif is_complete(buffer.text, self._delimiter):
                buffer.validate_and_handle()
            else:
                buffer.insert_text("\n")

        @keys.add("escape", "enter", filter=at_prompt & emacs_mode)
        def new_line(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        @keys.add("enter", filter=is_searching)
        def run_found(event: KeyPressEvent) -> None:
            """Run the command that a search has found, as readline does."""
            accept_search()
            enter(event)

        @keys.add("tab", filter=at_prompt & Condition(_at_indentation))
        def indent(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text(INDENT)

        return keys


def _at_indentation() -> bool:
    """Whether only blanks stand before the cursor on a line that is not the first."""
    document = get_app().current_buffer.document
    return document.cursor_position_row > 0 and not document.current_line_before_cursor.strip()


@cache
def stata_lexer() -> Lexer:
    from statalike.shell.highlighting import StataLexer

    return PygmentsLexer(StataLexer, sync_from_start=True)


class SessionCompleter(Completer):
    """Hands the completions of :func:`complete` on to the prompt."""

    def __init__(self, loader: SessionLoader) -> None:
        self._loader = loader

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        from statalike.shell.completion import complete
        from statalike.shell.session_summary import summary_of

        # whatever goes wrong here must not take the line away that is being typed
        with contextlib.suppress(Exception):
            summary = summary_of(self._loader.session().state)
            for each in complete(document.text, document.cursor_position, summary):
                yield Completion(
                    each.text,
                    each.start - document.cursor_position,
                    display=each.shown,
                    display_meta=each.description,
                )
