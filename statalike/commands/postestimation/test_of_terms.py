"""``test term [/ error term]`` after ``anova`` ([R] anova postestimation)."""

from __future__ import annotations

from collections.abc import Sequence

from statalike.commands.estimation.anova_display import (
    sum_of_squares_title,
    term_numbers,
    term_row,
)
from statalike.commands.estimation.distributions import f_tail
from statalike.data.missing import MISSING
from statalike.design.anova_terms import AnovaTerm, anova_terms
from statalike.design.terms import Factor
from statalike.errors import StataError
from statalike.language.ast import VariableList
from statalike.language.parser import parse_anova_model
from statalike.language.variable_lists import with_full_names
from statalike.output.anova_table import AnovaRow, term_test_table
from statalike.results.stores import Results
from statalike.state import State


def test_of_terms(state: State, text: str) -> bool:
    """Test a term of the model, by its own error term or by the one after a slash.

    False when the text names no terms, so that it must be about coefficients.
    """
    try:
        parts = parse_anova_model(text) if text else ()
    except StataError:
        return False
    numbers = [_term_number(state, part) for part in parts[:2]]
    if not numbers or None in numbers or len(parts) > 2:
        return False
    tested, *errors = [number for number in numbers if number is not None]
    results = state.e
    scalars = results.scalars
    if errors:
        error = errors[0]
        name = results.macros[f"term_{error}"]
        error_ss, error_df = scalars[f"ss_{error}"], scalars[f"df_{error}"]
    else:
        name = results.macros.get(f"errorterm_{tested}", "Residual")
        error_ss = scalars.get(f"ssdenom_{tested}", scalars["rss"])
        error_df = scalars.get(f"dfdenom_{tested}", scalars["df_r"])
    row = term_row(results, tested, tested=False)
    f = p = MISSING
    if row.df > 0 and error_df > 0 and error_ss > 0:
        f = row.sum_of_squares / row.df / (error_ss / error_df)
        p = f_tail(row.df, error_df, f)
    rows = [
        AnovaRow(row.name, row.sum_of_squares, row.df, f, p),
        AnovaRow(name, error_ss, error_df),
    ]
    state.r = Results(
        scalars={
            "ss": row.sum_of_squares,
            "df": row.df,
            "rss": error_ss,
            "df_r": error_df,
            "F": f,
            "p": p,
        }
    )
    state.console.print()
    state.console.print_lines(term_test_table(rows, sum_of_squares_title(results)))
    return True


def _term_number(state: State, part: VariableList) -> int | None:
    """The number of the one term that a list names, None when it names no term.

    Several terms at once are refused, r(198).
    """
    results = state.e
    try:
        wanted = anova_terms([with_full_names(part, state.data)], state.data)
    except StataError:
        return None
    if any(_single_level(named) for named in wanted):
        return None
    known = {results.macros[f"term_{number}"]: number for number in term_numbers(results)}
    numbers: Sequence[int | None] = [known.get(named.name) for named in wanted]
    if len(numbers) > 1 and None not in numbers:
        raise StataError(198, "tests of several terms together not yet supported after anova")
    return numbers[0] if len(numbers) == 1 else None


def _single_level(named: AnovaTerm) -> bool:
    """Whether a term is about chosen levels, ``2.drug``, and so about coefficients."""
    return any(isinstance(e, Factor) and e.levels is not None for e in named.term.elements)
