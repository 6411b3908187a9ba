"""What ``merge`` and ``reshape`` say of their result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from statalike.output.number_columns import count_text
from statalike.output.styled import BLANK, Line, line, result, rule


def merge_report(counts: Mapping[int, int], variable: str, *, update: bool = False) -> list[Line]:
    """How many observations matched; ``counts`` are by result, ``variable`` is empty where none is
    made."""

    def row(label: str, count: int, code: int = 0) -> Line:
        shown = f"  ({variable}=={code})" if variable and code else ""
        return line(f"    {label:<23}", result(f"{count_text(count):>18}"), shown)

    alone = [counts.get(code, 0) for code in (1, 2)]
    lines = [line("    Result                      Number of obs"), line(f"    {'-' * 41}")]
    lines.append(row("Not matched", sum(alone)))
    if sum(alone):
        lines += [row("    from master", alone[0], 1), row("    from using", alone[1], 2), BLANK]
    matched = [counts.get(code, 0) for code in (3, 4, 5)]
    if not update:
        lines.append(row("Matched", matched[0], 3))
    else:
        lines += [
            row("Matched", sum(matched)),
            row("    not updated", matched[0], 3),
            row("    missing updated", matched[1], 4),
            row("    nonmissing conflict", matched[2], 5),
        ]
    return [*lines, line(f"    {'-' * 41}")]


@dataclass(frozen=True)
class ReshapeReport:
    """A dataset before and after; each of ``groups`` has the wide names and the long one."""

    to_long: bool
    observations: tuple[int, int]
    variables: tuple[int, int]
    j: str
    values: int
    groups: tuple[tuple[Sequence[str], str], ...]


def reshape_report(report: ReshapeReport) -> list[Line]:
    """The table that ``reshape`` prints."""
    before, after = ("Wide", "Long") if report.to_long else ("Long", "Wide")
    j_before, j_after = ("", report.j) if report.to_long else (report.j, "(dropped)")
    j_label = f"j variable ({report.values} values)"
    lines = [
        line(f"{'Data':<35}{before}   ->   {after}"),
        rule(77),
        _counted("Number of observations", report.observations),
        _counted("Number of variables", report.variables),
        line(f"{j_label}{j_before:>{39 - len(j_label)}}   ->   {j_after}"),
        line("xij variables:"),
    ]
    for wide, long in report.groups:
        names = " ".join(wide) if len(wide) <= 3 else f"{wide[0]} {wide[1]} ... {wide[-1]}"
        left, right = (names, long) if report.to_long else (long, names)
        lines.append(line(f"{left:>39}   ->   {right}"))
    return [*lines, rule(77)]


def _counted(label: str, counts: tuple[int, int]) -> Line:
    before, after = (count_text(count) for count in counts)
    width = 39 - len(label)
    return line(label, result(f"{before:>{width}}"), "   ->   ", result(f"{after:<12}"))
