"""``label``: texts for the dataset, its variables and their values ([D] label)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from statalike.commands.registry import command
from statalike.data.labels import FIRST_MISSING_LONG, ValueLabel, label_code
from statalike.data.missing import DOUBLE_CODES, missing_code, missing_text
from statalike.data.names import check_name
from statalike.errors import StataError, invalid_syntax
from statalike.language.parser import quoted_words, split_comma, split_name
from statalike.language.quoting import unquoted
from statalike.output.styled import line, result
from statalike.state import State

LONGEST_LABEL = 80
LONGEST_VALUE_LABEL = 32_000


@command("label", "la", form="family", help="give texts to data, variables and values")
def label(state: State, text: str) -> None:
    """Chooses ``label variable`` and so on."""


@command("label data", "label da", form="text", help="label the dataset", section="Data")
def label_data(state: State, text: str) -> None:
    state.data.label = _text(text)
    state.data.changed = True


@command("label variable", "label var", form="text", help="label a variable", section="Data")
def label_variable(state: State, text: str) -> None:
    words = quoted_words(text)
    if not words:
        raise StataError(100, "varlist required")
    name = state.data.unabbreviate(words[0])
    given = _text(text.strip()[len(words[0]) :])
    state.data.update(name, lambda variable: replace(variable, label=given))


def _text(text: str) -> str:
    """One text in quotes, or nothing; cut at 80 characters."""
    words = quoted_words(text)
    if len(words) > 1 or (words and not words[0].startswith(('"', "`"))):
        raise invalid_syntax()
    return unquoted(words[0])[:LONGEST_LABEL] if words else ""


@command("label define", "label de", form="text", help="define value labels", section="Data")
def label_define(state: State, text: str) -> None:
    given, after = split_comma(text)
    options = _options(after, ("add", "modify", "replace", "nofix"))
    if sum(option in options for option in ("add", "modify", "replace")) > 1:
        raise StataError(198, "only one of add, modify, and replace is allowed")
    name, rest = split_name(given.strip())
    if not name:
        raise StataError(100, "name required")
    check_name(name)
    entries = _entries(rest)
    old = state.data.value_labels.get(name)
    if old is None or "replace" in options:
        base: ValueLabel = ValueLabel(name, {})
    elif not options - {"nofix"}:
        raise StataError(110, f"label {name} already defined")
    else:
        base = old
        if "add" in options:
            _check_free(old, entries)
    state.data.value_labels[name] = base.with_entries(entries)
    state.data.changed = True


def _options(text: str | None, known: tuple[str, ...]) -> set[str]:
    words = (text or "").replace(",", " ").split()
    for word in words:
        if word not in known:
            raise StataError(198, f"option {word} not allowed")
    return set(words)


def _check_free(old: ValueLabel, entries: Mapping[int, str]) -> None:
    if any(code in old.mapping for code in entries):
        raise StataError(180, "invalid attempt to modify label")


def _entries(text: str) -> dict[int, str]:
    """``1 "one" 2 "two"`` as a mapping of codes; r(198)."""
    words = quoted_words(text)
    if len(words) % 2:
        raise invalid_syntax()
    entries = {}
    for value, given in zip(words[::2], words[1::2], strict=True):
        entries[_code(value)] = unquoted(given)[:LONGEST_VALUE_LABEL]
    return entries


def _code(text: str) -> int:
    """A value that can be labelled, as a long; r(198), and r(180) for the system missing value."""
    if text == ".":
        raise StataError(180, "may not label system missing value")
    try:
        number = missing_code(text[1:]) if text.startswith(".") else float(text)
    except (ValueError, KeyError):
        raise invalid_syntax() from None
    code = label_code(number)
    if code is None:
        raise StataError(198, f"may not label {text}")
    return code


@command("label values", "label val", form="text", help="attach value labels", section="Data")
def label_values(state: State, text: str) -> None:
    given, after = split_comma(text)
    _options(after, ("nofix",))
    words = given.split()
    if not words:
        raise StataError(100, "varlist required")
    known = words[-1] in state.data.value_labels or words[-1] == "."
    if known or (len(words) > 1 and words[-1] not in state.data):
        *words, name = words
    else:
        name = "."
    names = state.data.expand(words)
    if not names:
        raise StataError(100, "varlist required")
    for each in names:
        if state.data.variable(each).is_string:
            raise StataError(182, "may not label strings")
    if name != ".":
        check_name(name)
    attached = "" if name == "." else name
    for each in names:
        state.data.update(each, lambda variable: replace(variable, value_label=attached))


@command("label list", "label l", form="text", help="show value labels", section="Data")
def label_list(state: State, text: str) -> None:
    for name in _defined(state, text.split()):
        state.console.print(line(result(name), ":"))
        for code, shown in state.data.value_labels[name].sorted_entries():
            state.console.print(f"{_shown(code):>12} {shown}")


def _shown(code: int) -> str:
    if code < FIRST_MISSING_LONG:
        return str(code)
    return missing_text(float(DOUBLE_CODES[code - FIRST_MISSING_LONG])) or ""


@command("label dir", "label di", form="text", help="names of value labels", section="Data")
def label_dir(state: State, text: str) -> None:
    if text.strip():
        raise invalid_syntax()
    for name in state.data.value_labels:
        state.console.print(line(result(name)))


@command("label drop", "label drop", form="text", help="forget value labels", section="Data")
def label_drop(state: State, text: str) -> None:
    words = text.split()
    if not words:
        raise StataError(100, "name required")
    names = list(state.data.value_labels) if words == ["_all"] else _defined(state, words)
    for name in names:
        state.data.value_labels.pop(name, None)
    state.data.changed = True


@command("label copy", "label copy", form="text", help="copy value labels", section="Data")
def label_copy(state: State, text: str) -> None:
    given, after = split_comma(text)
    options = _options(after, ("replace",))
    words = given.split()
    if len(words) != 2:
        raise invalid_syntax()
    (old,) = _defined(state, words[:1])
    new = check_name(words[1])
    if new in state.data.value_labels and not options:
        raise StataError(110, f"label {new} already defined")
    state.data.value_labels[new] = ValueLabel(new, state.data.value_labels[old].mapping)
    state.data.changed = True


def _defined(state: State, names: list[str]) -> list[str]:
    """The names given, each of a set that exists, or all; r(111)."""
    for name in names:
        if name not in state.data.value_labels:
            raise StataError(111, f"value label {name} not found")
    return names or list(state.data.value_labels)


@command("label save", "label save", form="text", help="not supported", section="Data")
def label_save(state: State, text: str) -> None:
    raise StataError(198, "label save not yet supported")


@command("label language", "label lang", form="text", help="not supported", section="Data")
def label_language(state: State, text: str) -> None:
    raise StataError(198, "label language not yet supported")
