"""``postfile``, ``post``, ``postclose``: a dataset made row by row ([P] postfile)."""

from __future__ import annotations

import os

from statalike.commands.registry import command
from statalike.data.dataset import Dataset
from statalike.data.names import is_name
from statalike.data.storage import DOUBLE, storage_type
from statalike.errors import StataError, file_exists, invalid_name, invalid_syntax
from statalike.evaluation import StateContext
from statalike.language.arguments import Arguments
from statalike.language.expressions import evaluate_scalar
from statalike.language.parenthesised import parenthesised
from statalike.language.parser import parse_expression, split_name
from statalike.language.variable_lists import new_variables
from statalike.postings import Posting
from statalike.state import State


def evaluated_row(state: State, text: str) -> list[float | str]:
    """The values of ``(exp) (exp) ...``."""
    context = StateContext(state)
    return [evaluate_scalar(parse_expression(each), context) for each in parenthesised(text)]


def _posting(state: State, name: str) -> Posting:
    found = state.postings.get(name)
    if found is None:
        raise StataError(111, f"post {name} not found")
    return found


@command(
    "postfile",
    "postfile",
    syntax="anything using/ [, Double REPLACE EVERY(integer 100)]",
    help="begin a file of results, to be filled by post",
    section="Programming",
)
def postfile(state: State, arguments: Arguments) -> None:
    """``postfile name newvarlist using file``; r(110), r(602)."""
    name, listed = split_name(arguments.body)
    if not is_name(name):
        raise invalid_name(name)
    if name in state.postings:
        raise StataError(110, f"post {name} already defined")
    variables = new_variables(listed.strip(), Dataset())
    if not variables:
        raise StataError(100, "newvarlist required")
    path = os.path.expanduser(arguments.using or "")
    path = path if os.path.splitext(path)[1] else f"{path}.dta"
    replace = arguments.flag("replace")
    if os.path.exists(path) and not replace:
        raise file_exists(path)
    standard = DOUBLE if arguments.flag("double") else storage_type(state.settings.type)
    kinds = tuple(
        (each.name, storage_type(each.storage) if each.storage else standard) for each in variables
    )
    state.postings[name] = Posting(path, kinds, replace=replace)


@command("post", "post", form="text", help="add an observation to a file of results")
def post(state: State, text: str) -> None:
    name, rest = split_name(text)
    _posting(state, name).post(evaluated_row(state, rest))


@command("postclose", "postclose", form="text", help="finish a file of results")
def postclose(state: State, text: str) -> None:
    from statalike.data.dta import write_dta

    name = text.strip()
    posting = _posting(state, name)
    write_dta(posting.dataset(), posting.path, replace=posting.replace)
    del state.postings[name]


@command("postutil", "postutil", form="text", help="list or forget unfinished files of results")
def postutil(state: State, text: str) -> None:
    if text == "clear":
        state.postings.clear()
    elif text == "dir":
        for name in state.postings:
            state.console.print(f"  {name}")
    else:
        raise invalid_syntax()
