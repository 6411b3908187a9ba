"""The table of estimates: coefficients, standard errors, tests and confidence intervals.

The table is as wide as its columns (64 characters with all of them) and a column of names of at
least 13, which grows with the names as long as the table fits in the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.output.coefficient_names import Block, Labels, blocks_of, components_of, no_labels
from statalike.output.number_columns import NumberFormats
from statalike.output.styled import Line, Segment, line, result
from statalike.output.text_width import abbreviate, shorten_label, wrap_words

NAME_WIDTH = 13


@dataclass(frozen=True)
class CoefficientRow:
    """One coefficient.  Missing numbers are Stata's.

    ``status`` is shown instead of everything after the coefficient: ``base``, ``omitted``,
    ``empty``, ``constrained``, ``exposure``, ``offset``.  ``tested=False`` leaves the columns of
    the test blank, as for ``/cut1``.  ``parameter`` rows such as ``var(_cons)`` end at the bar and
    are not taken for terms.  ``note``, even an empty one, stands in place of the other columns.
    ``label`` replaces the name, as a level in the block headed ``heading``: ``(2 vs 1)`` under
    ``month``.  ``standardised`` is the coefficient in standard deviations.  ``letters`` are
    those of the groups of means that do not differ.
    """

    name: str
    coefficient: float
    standard_error: float = MISSING
    statistic: float = MISSING
    p: float = MISSING
    lower: float = MISSING
    upper: float = MISSING
    df: float = MISSING
    status: str = ""
    tested: bool = True
    parameter: bool = False
    note: str | None = None
    legend: str = ""
    coefficient_format: str = ""
    heading: str = ""
    label: str = ""
    standardised: float = MISSING
    letters: str = ""


@dataclass(frozen=True)
class CoefficientSection:
    """Rows between two rules, with the name of their equation when it is shown.

    ``remark`` stands beside the name, ``(base outcome)`` for an equation without estimates.
    """

    rows: tuple[CoefficientRow, ...]
    title: str = ""
    remark: str = ""


@dataclass(frozen=True)
class CoefficientTable:
    """What a coefficient table shows.

    ``error_method`` is the word above the standard errors (``Robust``, ``Delta-method``,
    ``Linearized``); ``width_names`` are further names that the column of names is to have room
    for, whether or not they are shown.
    """

    sections: tuple[CoefficientSection, ...]
    dependent: str = ""
    coefficient_title: str = "Coefficient"
    statistic_title: str = "z"
    level: float = 95.0
    error_method: str = ""
    coefficient_above: str = ""
    test_above: str = ""
    interval_above: str = ""
    width_names: tuple[str, ...] = ()
    labels: Labels = no_labels


@dataclass(frozen=True)
class TableOptions:
    """The display options of estimation commands, in positive terms.

    ``standardised`` coefficients take the place of the intervals; ``groups`` shows letters of
    groups behind the standard errors, and nothing else.
    """

    linesize: int = 79
    interval: bool = True
    standardised: bool = False
    groups: bool = False
    pvalues: bool = True
    df: bool = False
    legend: bool = False
    base_levels: bool = False
    all_base_levels: bool = False
    omitted: bool = True
    empty_cells: bool = True
    squish: bool = False
    value_labels: bool = True
    wrap: int = 1
    wrap_on: str = "word"
    stretch: bool = True
    formats: NumberFormats = field(default_factory=NumberFormats)


def coefficient_table(table: CoefficientTable, options: TableOptions | None = None) -> list[Line]:
    """The lines of the table, from its first rule to its last."""
    options = options or TableOptions()
    labels = table.labels if options.value_labels else no_labels
    sections = [(section, _shown(section.rows, options)) for section in table.sections]
    layouts = [(section, rows, _blocks(rows, labels)) for section, rows in sections]
    number_width = _number_width(options)
    width = _name_width(table, layouts, number_width, options)
    full_rule = line("-" * (width + 1 + number_width))
    lines = [full_rule, *_headings(table, width, options)]
    for section, rows, blocks in layouts:
        lines.append(line("-" * width + "+" + "-" * number_width))
        if section.title:
            lines += [_name_line(piece.ljust(width)) for piece in _title_pieces(section, width)]
            if section.remark:
                lines[-1] = (*lines[-1], Segment(f"  {section.remark}"))
        lines += _section_lines(rows, blocks, width, options, lambda row: _numbers(row, options))
    return [*lines, full_rule]


def table_width(table: CoefficientTable, options: TableOptions) -> int:
    """The number of columns of a table, for what stands right-aligned above it."""
    return sum(len(segment.text) for segment in coefficient_table(table, options)[0])


def term_lines(
    rows: Sequence[CoefficientRow],
    labels: Labels,
    numbers: Callable[[CoefficientRow], list[Segment]],
) -> list[Line]:
    """Lines under the names of a coefficient table, without blank ones, with other numbers."""
    options = TableOptions(squish=True, stretch=False)
    return _section_lines(rows, _blocks(rows, labels), NAME_WIDTH, options, numbers)


def _shown(rows: Sequence[CoefficientRow], options: TableOptions) -> list[CoefficientRow]:
    """The rows that the display options let through.

    ``base_levels`` shows the base of a factor, and that of an interaction only where it does not
    follow from the factors by themselves.
    """
    mains: set[str] = set()
    if options.base_levels:
        firsts = [components_of(row.name)[0] for row in rows if "#" not in row.name]
        mains = {component.operated for component in firsts if component.is_factor}

    def base_shown(name: str) -> bool:
        components = components_of(name)
        factors = (c.operated for c in components if c.is_factor)
        return len(components) == 1 or any(factor not in mains for factor in factors)

    shown = {
        "base": lambda name: options.all_base_levels or (options.base_levels and base_shown(name)),
        "omitted": lambda name: options.omitted,
        "empty": lambda name: options.empty_cells,
    }
    return [row for row in rows if row.status not in shown or shown[row.status](row.name)]


def _blocks(rows: Sequence[CoefficientRow], labels: Labels) -> list[Block]:
    """Blocks over the rows; parameters are rows by themselves."""
    blocks: list[Block] = []
    start = 0
    while start < len(rows):
        row = rows[start]
        end = start
        if row.parameter:
            blocks.append(Block([], [start], [[row.name]]))
            start += 1
            continue
        if row.label:
            while end < len(rows) and rows[end].label and rows[end].heading == row.heading:
                end += 1
            blocks.append(_labelled(rows, range(start, end)))
            start = end
            continue
        while end < len(rows) and not (rows[end].parameter or rows[end].label):
            end += 1
        for block in blocks_of([row.name for row in rows[start:end]], labels):
            block.members = [start + i for i in block.members]
            blocks.append(block)
        start = end
    return blocks


def _labelled(rows: Sequence[CoefficientRow], members: range) -> Block:
    heading = rows[members[0]].heading
    return Block(
        heading.split("#") if heading else [],
        list(members),
        [[rows[i].label] for i in members],
        blank_before=True,
        blank_after=True,
        is_level=True,
    )


# --- widths -----------------------------------------------------------------------------------


def _number_width(options: TableOptions) -> int:
    if options.legend:
        return 64
    if options.groups:
        return 35
    width = 22
    if options.df:
        width += 14
    if options.pvalues:
        width += 17
    if options.interval:
        width += 25 if options.pvalues else 26
    return max(width, 23)


_Layout = tuple[CoefficientSection, list[CoefficientRow], list[Block]]


def _name_width(
    table: CoefficientTable, layouts: Sequence[_Layout], number_width: int, options: TableOptions
) -> int:
    if not options.stretch:
        return NAME_WIDTH
    needed = [len(name) + 1 for name in table.width_names]
    for section, _, blocks in layouts:
        needed.append(len(section.title) + 1)
        for block in blocks:
            needed.append(len("#".join(block.header)) + 1)
            extra = 2 if block.is_level else 1
            needed += [len("#".join(pieces)) + extra for pieces in block.labels]
    room = max(78, options.linesize - 1) - 1 - number_width
    return max(NAME_WIDTH, min(max(needed, default=0), room))


# --- headings ---------------------------------------------------------------------------------


def _headings(table: CoefficientTable, width: int, options: TableOptions) -> list[Line]:
    test_center = 33 + (14 if options.df else 0)
    if options.groups:
        test_center = 30
    above = [
        (table.coefficient_above, 11, "right"),
        (table.error_method, 18, "center"),
        (table.test_above, test_center, "center")
        if options.pvalues or options.groups
        else ("", 0, ""),
    ]
    interval_center = _number_width(options) - 10
    if options.interval and not options.groups:
        above.append((table.interval_above, interval_center, "center"))
    lines: list[Line] = []
    if any(text for text, _, _ in above):
        text = ""
        for word, position, how in above:
            if word:
                start = position - (len(word) if how == "right" else (len(word) + 1) // 2)
                text = text.ljust(start) + word
        lines.append(line(" " * width + "|" + text))
    dependent = abbreviate(table.dependent, width - 1).rjust(width - 1)
    return [*lines, line(f"{dependent} |{_column_titles(table, options)}")]


def _column_titles(table: CoefficientTable, options: TableOptions) -> str:
    title = table.coefficient_title
    text = title.rjust(11) if len(title) <= 11 else " " + title
    if len(text) == 11 and not text.startswith(" "):
        text = " " + text
    if options.legend:
        return f"{text}  Legend"
    error = "std. err." if table.error_method else "Std. err."
    text += error.rjust(23 - len(text))
    end = 22
    if options.groups:
        return text + "Groups".rjust(35 - len(text))
    if options.df:
        end += 14
        text += "df".rjust(end - len(text))
    if options.pvalues:
        name = table.statistic_title
        text += name.rjust(end + 8 - len(text))
        end += 17
        text += f"P>|{name}|".rjust(end - len(text))
    if options.interval:
        interval = "Beta" if options.standardised else f"[{table.level:g}% conf. interval]"
        text += interval.rjust(_number_width(options) - len(text))
    return text


# --- rows -------------------------------------------------------------------------------------


def _section_lines(
    rows: Sequence[CoefficientRow],
    blocks: Sequence[Block],
    width: int,
    options: TableOptions,
    numbers: Callable[[CoefficientRow], list[Segment]],
) -> list[Line]:
    lines: list[Line] = []
    blank = line(" " * width + "|")
    for i, block in enumerate(blocks):
        if i and not options.squish and (block.blank_before or blocks[i - 1].blank_after):
            lines.append(blank)
        if block.header:
            lines += [_name_line(text) for text in _broken(block.header, width, " ")]
        for member, pieces in zip(block.members, block.labels, strict=True):
            row = rows[member]
            names = _row_names(row, block, pieces, width, options)
            lines += [_name_line(text) for text in names[:-1]]
            lines.append(line(f"{names[-1]}|", *numbers(row)))
    return lines


def _name_line(text: str) -> Line:
    return line(f"{text}|")


def _title_pieces(section: CoefficientSection, width: int) -> list[str]:
    """An equation's name, broken after ``>`` when it is a path too long for the column."""
    if len(section.title) < width:
        return [section.title]
    parts = section.title.split(">")
    pieces = [f"{part}>" for part in parts[:-1]] + [parts[-1]]
    return [abbreviate(piece, width - 1) for piece in pieces]


def _row_names(
    row: CoefficientRow, block: Block, pieces: list[str], width: int, options: TableOptions
) -> list[str]:
    if row.parameter:
        return _parameter_names(row.name, width)
    if not block.is_level:
        if len(pieces) == 1:
            return [abbreviate(pieces[0], width - 1).rjust(width - 1) + " "]
        return _broken(pieces, width, " ")
    room = width - 2
    text = "#".join(pieces)
    if len(text) <= room:
        return [text.rjust(room) + "  "]
    if " vs " in text:
        parts = [
            part for contrast in _contrasts(text) for part in _fitting_contrast(contrast, room)
        ]
        return [part.rjust(room) + "  " for part in parts]
    if len(pieces) > 1:
        parts = [shorten_label(piece, room) for piece in pieces]
        return [f"{part} #".rjust(width) for part in parts[:-1]] + [parts[-1].rjust(room) + "  "]
    return [part.rjust(room) + "  " for part in _wrapped_label(text, room, options)]


def _contrasts(text: str) -> list[str]:
    """``(a vs b) (2 vs 1) 3`` in its contrasts."""
    return re.split(r"(?<=\)) (?=\()", text)


def _fitting_contrast(text: str, room: int) -> list[str]:
    """A contrast on one line, or on three when it is too long."""
    if len(text) <= room or " vs " not in text:
        return [shorten_label(text, room)]
    before, after = text.split(" vs ", 1)
    return [shorten_label(before, room), "vs", shorten_label(after, room)]


def _wrapped_label(text: str, room: int, options: TableOptions) -> list[str]:
    """A long value label on at most ``options.wrap`` lines, the last one shortened."""
    if options.wrap <= 1 or len(text) <= room:
        return [shorten_label(text, room)]
    if options.wrap_on == "width":
        chunks = [text[i : i + room] for i in range(0, len(text), room)]
    else:
        chunks = wrap_words(text, room)
    if len(chunks) <= options.wrap:
        return chunks
    kept = chunks[: options.wrap]
    kept[-1] = kept[-1][: room - 2] + ".."
    return kept


def _broken(pieces: Sequence[str], width: int, end: str) -> list[str]:
    """Names joined by ``#``, on several lines when they do not fit before the bar.

    A line that goes on ends with ``#`` at the bar.
    """
    whole = "#".join(pieces)
    if len(whole) < width:
        return [whole.rjust(width - 1) + end]
    lines: list[str] = []
    current = ""
    for i, piece in enumerate(pieces):
        tail = "#" if i < len(pieces) - 1 else ""
        if current and len(current) + len(piece) + len(tail) > width - (0 if tail else 1):
            lines.append(current)
            current = ""
        if len(piece) >= width and piece.startswith("c."):
            lines.append("c. ")
            piece = abbreviate(piece[2:], width - 1)
        elif len(piece) >= width:
            piece = abbreviate(piece, width - 1)
        current += piece + tail
    lines.append(current)
    return [
        text.rjust(width) if text.endswith(("#", " ")) else text.rjust(width - 1) + end
        for text in lines
    ]


def _parameter_names(name: str, width: int) -> list[str]:
    """``var(_cons)`` against the bar; ``cov(a,b)`` broken at its comma when it is too long."""
    if len(name) <= width:
        return [name.rjust(width)]
    head, comma, tail = name.partition(",")
    if comma:
        return [_fitting(head + comma, width).rjust(width), _fitting(tail, width).rjust(width)]
    return [_fitting(name, width).rjust(width)]


def _fitting(name: str, width: int) -> str:
    """A name such as ``var(e.ln_wage)`` with what is inside its parentheses abbreviated."""
    if len(name) <= width:
        return name
    opening, parenthesis, rest = name.partition("(")
    if not parenthesis:
        ending = rest_of = ""
        for mark in (")", ","):
            if name.endswith(mark):
                ending, rest_of = mark, name[: -len(mark)]
        return abbreviate(rest_of or name, width - len(ending)) + ending
    ending = rest[-1] if rest[-1:] in (")", ",") else ""
    inner = rest[: len(rest) - len(ending)]
    room = width - len(opening) - 1 - len(ending)
    prefix, dot, variable = inner.partition(".")
    if dot and len(prefix) < room - 5:
        return f"{opening}({prefix}.{abbreviate(variable, room - len(prefix) - 1)}{ending}"
    return f"{opening}({abbreviate(inner, room)}{ending}"


def _numbers(row: CoefficientRow, options: TableOptions) -> list[Segment]:
    formats = options.formats
    coefficient_format = row.coefficient_format or formats.coefficient
    coefficient = format_value(row.coefficient, coefficient_format).rjust(11)
    if row.status:
        return [result(coefficient), Segment(f"  ({row.status})")]
    if row.note is not None:
        return [result(coefficient), Segment(f"   {row.note}" if row.note else "")]
    if options.legend:
        return [result(coefficient), Segment(f"  {row.legend}")]
    text = coefficient + format_value(row.standard_error, formats.coefficient).rjust(11)
    if options.groups:
        return [result(text + row.letters.rjust(13) if row.letters else text)]
    if options.df:
        text += format_value(row.df, "%9.1f").rjust(14)
    if options.pvalues:
        if row.tested:
            text += format_value(row.statistic, formats.statistic).rjust(9)
            text += format_value(row.p, formats.p).rjust(8)
        else:
            text += " " * 17
    if options.interval and options.standardised:
        text += format_value(row.standardised, formats.coefficient).rjust(25)
    elif options.interval:
        text += format_value(row.lower, formats.coefficient).rjust(13 if options.pvalues else 14)
        text += format_value(row.upper, formats.coefficient).rjust(12)
    return [result(text.rstrip() if not options.interval else text)]
