"""Files of publication tables: text, Markdown, HTML, LaTeX, Word and Excel.

Word needs python-docx and Excel openpyxl, which are imported only here and only then.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, Final

from statalike.errors import StataError
from statalike.output.publication_table import PublicationTable, publication_lines


def write_table(table: PublicationTable, path: Path) -> None:
    """Write a table in the format of the file's suffix; r(198) for an unknown one, r(603)."""
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        known = " ".join(sorted(_WRITERS))
        raise StataError(198, f"file type {path.suffix or path.name} not supported", hint=known)
    try:
        writer(table, path)
    except OSError:
        raise StataError(603, f"file {path} could not be opened") from None


def _write_text(table: PublicationTable, path: Path) -> None:
    lines = ("".join(s.text for s in each).rstrip() for each in publication_lines(table))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


# --- Markdown -----------------------------------------------------------------------------------


def markdown(table: PublicationTable) -> str:
    """A table of GitHub's Markdown; labels under a heading are indented by wide blanks."""

    def row(cells: list[str]) -> str:
        return "| " + " | ".join(_markdown_text(cell) for cell in cells) + " |"

    lines = [f"**{_markdown_text(table.title)}**", ""] if table.title else []
    lines.append(row(["", *table.columns]))
    lines.append("| --- |" + " ---: |" * len(table.columns))
    for each in table.rows:
        cells = each.cells or ("",) * len(table.columns)
        lines.append(row(["\u2003" * each.indent + each.label, *cells]))
    for note in table.notes:
        lines += ["", _markdown_text(note)]
    return "\n".join(lines) + "\n"


def _markdown_text(text: str) -> str:
    for character in "\\|*_":
        text = text.replace(character, f"\\{character}")
    return text


# --- HTML ---------------------------------------------------------------------------------------


def html_document(table: PublicationTable) -> str:
    """A page with the table and the few styles it needs."""
    span = len(table.columns) + 1
    rows = ["<thead><tr><th></th>" + "".join(f"<th>{escape(c)}</th>" for c in table.columns)]
    rows[0] += "</tr></thead>"
    for block in table.blocks:
        rows.append("<tbody>")
        for row in block:
            cells = row.cells or ("",) * len(table.columns)
            style = f' style="padding-left:{1.5 * row.indent:g}em"' if row.indent else ""
            numbers = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            rows.append(f"<tr><th{style}>{escape(row.label)}</th>{numbers}</tr>")
        rows.append("</tbody>")
    if table.notes:
        notes = "<br>".join(escape(note) for note in table.notes)
        rows.append(f'<tfoot><tr><td colspan="{span}">{notes}</td></tr></tfoot>')
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(table.title or 'Table')}</title>\n<style>\n{_CSS}</style>\n</head>\n"
        f"<body>\n<table>\n{caption}" + "\n".join(rows) + "\n</table>\n</body>\n</html>\n"
    )


_CSS: Final = (
    "table{border-collapse:collapse;border-top:1px solid;border-bottom:1px solid}\n"
    "thead th{border-bottom:1px solid;font-weight:normal;padding:0 .6em}\n"
    "tbody th{font-weight:normal;text-align:left}\n"
    "td{text-align:right;padding:0 .6em;white-space:pre}\n"
    "tfoot td{text-align:left;border-top:1px solid;white-space:normal}\n"
)


# --- LaTeX --------------------------------------------------------------------------------------


def latex(table: PublicationTable) -> str:
    """A tabular environment with the rules of booktabs, in a table when it has a title."""
    body = [r"\begin{tabular}{l" + "r" * len(table.columns) + "}", r"\toprule"]
    heads = [_latex_text(column) for column in table.columns]
    body += [" & " + " & ".join(heads) + r" \\", r"\midrule"]
    for i, block in enumerate(table.blocks):
        if i:
            body.append(r"\midrule")
        for row in block:
            cells = [_latex_text(cell.rstrip()) for cell in row.cells or ("",) * len(heads)]
            label = r"\quad " * row.indent + _latex_text(row.label)
            body.append(" & ".join([label, *cells]) + r" \\")
    body.append(r"\bottomrule")
    for note in table.notes:
        body.append(
            rf"\multicolumn{{{len(heads) + 1}}}{{l}}{{\footnotesize {_latex_text(note)}}} \\"
        )
    body.append(r"\end{tabular}")
    if table.title:
        caption = rf"\caption{{{_latex_text(table.title)}}}"
        body = [r"\begin{table}[htbp]", r"\centering", caption, *body, r"\end{table}"]
    return "% needs \\usepackage{booktabs}\n" + "\n".join(body) + "\n"


_LATEX: Final = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
}


def _latex_text(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


# --- Word and Excel -----------------------------------------------------------------------------


def _write_word(table: PublicationTable, path: Path) -> None:
    docx = _imported("docx", "python-docx")
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    document = docx.Document()
    if table.title:
        document.add_paragraph(table.title).runs[0].bold = True
    grid = document.add_table(rows=0, cols=len(table.columns) + 1)
    grid.style = "Light List"
    for texts, indent in _grid(table):
        cells = grid.add_row().cells
        for j, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.add_run(text.rstrip())
            paragraph.paragraph_format.space_after = Pt(0)
            if j:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            elif indent:
                paragraph.paragraph_format.left_indent = Pt(12 * indent)
    for note in table.notes:
        document.add_paragraph(note)
    document.save(str(path))


def _write_excel(table: PublicationTable, path: Path) -> None:
    openpyxl = _imported("openpyxl", "openpyxl")
    from openpyxl.styles import Alignment, Font

    book = openpyxl.Workbook()
    sheet = book.active
    start = 1
    if table.title:
        sheet.cell(1, 1, table.title).font = Font(bold=True)
        start = 2
    number = start
    for number, (texts, indent) in enumerate(_grid(table), start):
        for j, text in enumerate(texts, 1):
            cell = sheet.cell(number, j, _excel_value(text) if j > 1 else text)
            cell.alignment = Alignment(indent=indent) if j == 1 else Alignment(horizontal="right")
    for position, note in enumerate(table.notes, number + 1):
        sheet.cell(position, 1, note)
    longest = max((len(row.label) + 2 * row.indent for row in table.rows), default=10)
    sheet.column_dimensions["A"].width = longest + 2
    book.save(str(path))


def _excel_value(text: str) -> str | float | None:
    """A plain number as a number, so that a sheet can go on with it."""
    text = text.strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _grid(table: PublicationTable) -> list[tuple[list[str], int]]:
    """All rows with the titles of the columns first: texts, and the indent of the label."""
    rows: list[tuple[list[str], int]] = [(["", *table.columns], 0)]
    for row in table.rows:
        cells = row.cells or ("",) * len(table.columns)
        rows.append(([row.label, *cells], row.indent))
    return rows


def _imported(module: str, package: str) -> Any:
    """A module that is not installed with the program; r(199) without it."""
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise StataError(
            199, f"package {package} is needed", hint='pip install "statalike[tables]"'
        ) from None


def _writing(text: Callable[[PublicationTable], str]) -> Callable[[PublicationTable, Path], None]:
    def write(table: PublicationTable, path: Path) -> None:
        path.write_text(text(table), encoding="utf-8")

    return write


_WRITERS: Final[dict[str, Callable[[PublicationTable, Path], None]]] = {
    ".txt": _write_text,
    ".md": _writing(markdown),
    ".html": _writing(html_document),
    ".htm": _writing(html_document),
    ".tex": _writing(latex),
    ".docx": _write_word,
    ".xlsx": _write_excel,
}
