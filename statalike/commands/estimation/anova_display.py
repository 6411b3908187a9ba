"""The output of ``anova``, made from e()."""

from __future__ import annotations

from collections.abc import Iterator

from statalike.commands.estimation.distributions import f_tail
from statalike.commands.estimation.linear_regression import f_test_p
from statalike.data.missing import MISSING
from statalike.output.anova_table import (
    AnovaRow,
    AnovaTable,
    RepeatedBlock,
    RepeatedMeasures,
    RepeatedTest,
    anova_table,
    repeated_measures,
)
from statalike.results.stores import Results
from statalike.state import State


def show_anova(state: State) -> None:
    """Print the table of sums of squares, and that of repeated measures if there are any."""
    state.console.print()
    state.console.print_lines(anova_table(_table(state.e)))
    if "repvars" in state.e.macros:
        state.console.print()
        state.console.print()
        state.console.print_lines(repeated_measures(_repeated(state.e)))


def sum_of_squares_title(results: Results) -> str:
    return "Seq. SS" if results.macros["sstype"] == "sequential" else "Partial SS"


def term_numbers(results: Results) -> list[int]:
    """The numbers under which the terms are stored: 1 for ``term_1``."""
    found: list[int] = []
    while f"term_{len(found) + 1}" in results.macros:
        found.append(len(found) + 1)
    return found


def term_row(results: Results, number: int, *, tested: bool = True) -> AnovaRow:
    """The row of a term, with its test unless it serves as an error term here."""
    scalars = results.scalars
    f = scalars[f"F_{number}"] if tested else MISSING
    return AnovaRow(
        results.macros[f"term_{number}"],
        scalars[f"ss_{number}"],
        scalars[f"df_{number}"],
        f,
        _p(results, number, 1.0) if f < MISSING else MISSING,
    )


def _p(results: Results, number: int, factor: float) -> float:
    """The p-value of the test of a term with degrees of freedom multiplied by a factor."""
    scalars = results.scalars
    df, denominator = scalars[f"df_{number}"], scalars[f"dfdenom_{number}"]
    if not factor < MISSING:
        return MISSING
    return f_tail(df * factor, denominator * factor, scalars[f"F_{number}"])


def _table(results: Results) -> AnovaTable:
    scalars = results.scalars
    total_ss, total_df = scalars["mss"] + scalars["rss"], scalars["df_m"] + scalars["df_r"]
    return AnovaTable(
        scalars["N"],
        scalars["rmse"],
        scalars["r2"],
        scalars["r2_a"],
        AnovaRow("Model", scalars["mss"], scalars["df_m"], scalars["F"], f_test_p(scalars)),
        tuple(_sections(results)),
        AnovaRow("Residual", scalars["rss"], scalars["df_r"]),
        AnovaRow("Total", total_ss, total_df),
        sum_of_squares_title(results),
    )


def _sections(results: Results) -> Iterator[tuple[AnovaRow, ...]]:
    """The terms up to each error term, which ends its section; then those left."""
    rows: list[AnovaRow] = []
    numbers = term_numbers(results)
    names = {results.macros[f"term_{number}"]: number for number in numbers}
    errors = [results.macros.get(f"errorterm_{number}") for number in numbers]
    for position, number in enumerate(numbers):
        if errors[position] is None:
            continue
        rows.append(term_row(results, number))
        error = names.get(errors[position] or "")
        later = [e for e in errors[position + 1 :] if e is not None]
        if error is not None and (not later or later[0] != errors[position]):
            yield (*rows, term_row(results, error, tested=False))
            rows = []
    if rows:
        yield tuple(rows)


def _repeated(results: Results) -> RepeatedMeasures:
    macros, scalars = results.macros, results.scalars
    blocks: list[RepeatedBlock] = []
    while f"repvar{len(blocks) + 1}" in macros:
        number = len(blocks) + 1
        variables = tuple(macros[f"repvar{number}"].split("#"))
        feldt, geisser, box = (scalars[f"{name}{number}"] for name in ("hf", "gg", "box"))
        factors = (1.0, min(feldt, 1.0) if feldt < MISSING else MISSING, geisser, box)
        tests = tuple(_repeated_tests(results, variables, factors))
        blocks.append(RepeatedBlock(variables, feldt, geisser, box, tests))
    return RepeatedMeasures(
        macros["bse"],
        int(scalars["N_bse"]),
        scalars["df_bse"],
        macros["bseunit"],
        macros.get("bsepooled", ""),
        tuple(blocks),
    )


def _repeated_tests(
    results: Results, variables: tuple[str, ...], factors: tuple[float, ...]
) -> Iterator[RepeatedTest]:
    """The tests of the terms that have just these repeated variables, then their error term."""
    macros, scalars = results.macros, results.scalars
    repeated = set(macros["repvars"].split())
    last: tuple[str, float] | None = None
    for number in term_numbers(results):
        own = set(macros[f"term_{number}"].replace("|", "#").split("#")) & repeated
        if own != set(variables) or not scalars[f"F_{number}"] < MISSING:
            continue
        error = (macros[f"errorterm_{number}"], scalars[f"dfdenom_{number}"])
        if last is not None and last != error:
            yield RepeatedTest(*last)
        last = error
        p = tuple(_p(results, number, factor) for factor in factors)
        name = macros[f"term_{number}"]
        yield RepeatedTest(name, scalars[f"df_{number}"], scalars[f"F_{number}"], p)
    if last is not None:
        yield RepeatedTest(*last)
