"""The table of ``estat ic`` and ``estimates stats``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statalike.data.formats import format_value
from statalike.data.missing import MISSING
from statalike.output.number_columns import count_text
from statalike.output.styled import BLANK, Line, line, result, rule
from statalike.output.text_width import abbreviate

TITLE = "Akaike's information criterion and Bayesian information criterion"


@dataclass(frozen=True)
class InformationCriteria:
    """Log likelihoods, degrees of freedom and criteria of one model, ``.`` for the active one."""

    model: str
    observations: float
    log_likelihood: float
    df: float
    aic: float
    bic: float
    null_log_likelihood: float = MISSING
    aicc: float = MISSING
    caic: float = MISSING

    def criterion(self, title: str) -> float:
        """``AICc`` or ``CAIC``."""
        return self.aicc if title == "AICc" else self.caic


def information_criteria_table(
    rows: Sequence[InformationCriteria],
    note: str = "Note: BIC uses N = number of observations.",
    further: tuple[str, ...] = (),
) -> list[Line]:
    """Title, table and note; columns of ``further`` criteria stand behind the others."""
    titles = "".join(f"{title:>11}" for title in further)
    width = 77 + len(titles)
    lines = [
        line("Information criteria" if further else TITLE),
        BLANK,
        rule(width),
        line(
            f"       Model |          N   ll(null)  ll(model)      df        AIC        BIC{titles}"
        ),
        line("-" * 13 + "+" + "-" * (width - 14)),
    ]
    for row in rows:
        numbers = (
            f"{count_text(row.observations):>11}"
            + format_value(row.null_log_likelihood, "%9.0g").rjust(11)
            + format_value(row.log_likelihood, "%9.0g").rjust(11)
            + format_value(row.df, "%8.0g").rjust(8)
            + format_value(row.aic, "%9.0g").rjust(11)
            + format_value(row.bic, "%9.0g").rjust(11)
            + "".join(format_value(row.criterion(t), "%9.0g").rjust(11) for t in further)
        )
        lines.append(line(f"{abbreviate(row.model, 12):>12} |", result(numbers)))
    return [*lines, rule(width), line(note)] if note else [*lines, rule(width)]
