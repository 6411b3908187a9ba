"""The output of ``return list``, ``ereturn list`` and ``sreturn list``."""

from __future__ import annotations

from statalike.data.formats import full_precision
from statalike.output.styled import BLANK, Line, line, result
from statalike.results.stores import Results

NAME_WIDTH = 22


def stored_results(results: Results, store: str, linesize: int = 79) -> list[Line]:
    """Scalars, macros, matrices and functions of ``r()``, ``e()`` or ``s()``.

    ``store`` is the letter.  Long macros are cut at the end of the line.  Nothing is printed of
    kinds that are not there.
    """
    groups: list[tuple[str, list[Line]]] = [
        ("scalars", [_scalar(f"{store}({k})", v) for k, v in results.scalars.items()]),
        ("macros", [_macro(f"{store}({k})", v, linesize) for k, v in results.macros.items()]),
        (
            "matrices",
            [
                line(
                    f"{f'{store}({name})':>{NAME_WIDTH}} : ",
                    result(f" {matrix.shape[0]} x {matrix.shape[1]}"),
                )
                for name, matrix in results.matrices.items()
            ],
        ),
    ]
    if results.sample is not None:
        groups.append(("functions", [line(f"{f'{store}(sample)':>{NAME_WIDTH}}   ")]))
    lines: list[Line] = []
    for heading, rows in groups:
        if rows:
            if lines:
                lines.append(BLANK)
            lines += [line(f"{heading}:"), *rows]
    return lines


def _scalar(name: str, value: float) -> Line:
    return line(f"{name:>{NAME_WIDTH}} =  ", result(full_precision(value)))


def _macro(name: str, value: str, linesize: int) -> Line:
    room = max(linesize - NAME_WIDTH - 5, 10)
    text = value if len(value) <= room else value[: room - 2] + ".."
    return line(f"{name:>{NAME_WIDTH}} : ", result(f'"{text}"'))
