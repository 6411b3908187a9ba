"""``describe``: what a dataset holds, one line for each variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.output.styled import Line, line, result, rule
from statalike.output.text_width import abbreviate, wrap_words

_TYPE, _FORMAT, _VALUE_LABEL, _LABEL = 16, 24, 35, 46
_NAME_WIDTH, _VALUE_LABEL_WIDTH, _STAR = 15, 10, 44


@dataclass(frozen=True)
class VariableDescription:
    """A variable; ``has_notes`` puts a star before its label."""

    name: str
    storage: str
    format: str
    value_label: str = ""
    label: str = ""
    has_notes: bool = False


def dataset_heading(
    *,
    filename: str,
    observations: int,
    variables: int,
    label: str,
    timestamp: str,
    has_notes: bool,
    linesize: int = 79,
) -> list[Line]:
    """The lines above the list of variables: file, size, label and time stamp."""
    labels = _wrapped(label, linesize - 1)
    lines = [line("Contains data from ", result(filename)) if filename else line("Contains data")]
    lines.append(_counted(" Observations:", observations, labels[0]))
    lines += [line(" " * (_LABEL + 2), result(text)) for text in labels[1:]]
    lines.append(_counted("    Variables:", variables, timestamp))
    if has_notes:
        lines.append(line(" " * _LABEL, "(_dta has notes)"))
    return lines


def _counted(title: str, count: int, text: str) -> Line:
    return line(title, result(f"{count:>14,}"), " " * 18, result(text))


def variable_table(
    variables: Sequence[VariableDescription],
    *,
    linesize: int = 79,
    numbers: Sequence[int] | None = None,
    full_names: bool = False,
) -> list[Line]:
    """Name, storage type, display format, value label and label of each variable."""
    margin = "" if numbers is None else " " * 6
    width = linesize
    lines = [
        rule(width),
        line(f"{margin}Variable      Storage   Display    Value"),
        line(f"{margin}    name         type    format    label      Variable label"),
        rule(width),
    ]
    for i, variable in enumerate(variables):
        start = "" if numbers is None else f"{numbers[i]:>4}. "
        lines += _variable_lines(variable, start, linesize, full_names)
    if any(variable.has_notes for variable in variables):
        lines.append(line(" " * _STAR, "* indicated variables have notes"))
    lines.append(rule(width))
    return lines


def _variable_lines(
    variable: VariableDescription, start: str, linesize: int, full_names: bool
) -> list[Line]:
    name = variable.name if full_names else abbreviate(variable.name, _NAME_WIDTH)
    lines: list[Line] = []
    if len(name) > _NAME_WIDTH:
        lines.append(line(start, result(name)))
        start, name = " " * len(start), ""
    value_label = abbreviate(variable.value_label, _VALUE_LABEL_WIDTH)
    first, *others = _wrapped(variable.label, linesize - len(start))
    star = "* " if variable.has_notes else "  "
    left = f"{name:<{_TYPE}}{variable.storage:<{_FORMAT - _TYPE}}"
    left += f"{variable.format:<{_VALUE_LABEL - _FORMAT}}"
    left += f"{value_label:<{_STAR - _VALUE_LABEL}}"
    if len(value_label) > _STAR - _VALUE_LABEL and not variable.has_notes:
        star = " "
    lines.append(line(start, result(left), star, result(first)))
    indent = " " * (len(start) + _LABEL + 2)
    lines += [line(indent, result(text)) for text in others]
    return lines


def _wrapped(text: str, linesize: int) -> list[str]:
    """A label in the columns from 46 on, the lines after the first two columns further right."""
    room = max(linesize - _LABEL, 20)
    if len(text) <= room:
        return [text]
    words = wrap_words(text, room)
    rest = text[len(words[0]) :].strip()
    return [words[0], *wrap_words(rest, room - 2)]


def sort_line(names: Sequence[str], linesize: int = 79) -> list[Line]:
    """``Sorted by:`` and the keys."""
    title = "Sorted by: "
    if not names:
        return [line(title)]
    room = linesize - len(title)
    lines: list[str] = [""]
    for name in names:
        gap = "  " if lines[-1] else ""
        if lines[-1] and len(lines[-1]) + len(gap) + len(name) > room:
            lines.append(name)
        else:
            lines[-1] += gap + name
    return [
        line(title if i == 0 else " " * len(title), result(text)) for i, text in enumerate(lines)
    ]


CHANGED_NOTE = "     Note: Dataset has changed since last saved."


def name_columns(names: Sequence[str], linesize: int = 79) -> list[Line]:
    """Names side by side, down the columns: ``describe, simple`` and ``ds``."""
    if not names:
        return []
    width = max(map(len, names)) + 2
    columns = max(linesize // width, 1)
    rows = -(-len(names) // columns)
    lines = []
    for i in range(rows):
        row = names[i::rows]
        lines.append(line(result("".join(f"{name:<{width}}" for name in row).rstrip())))
    return lines
