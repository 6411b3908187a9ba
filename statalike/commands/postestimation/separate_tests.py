"""Option ``mtest()``: tests of hypotheses one by one, their p-values adjusted ([R] test)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statalike.data.missing import MISSING
from statalike.engine.wald_test import WaldStatistic
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.output.separate_tests import ADJUSTMENTS
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results


def separate_tests_adjustment(arguments: Arguments) -> str | None:
    """The method of ``mtest()``: None without the option; r(198)."""
    if not arguments.typed("mtest"):
        return None
    given = (arguments.string("mtest") or "noadjust").strip()
    for name in ADJUSTMENTS:
        if name.startswith(given):
            return name
    raise StataError(198, f"mtest({given}) invalid")


def add_separate_tests(
    results: Results, singles: Sequence[WaldStatistic], p: Sequence[float], adjustment: str
) -> None:
    """Store r(mtmethod) and r(mtest), a row for each test with its statistic, df and p-value."""
    results.macros["mtmethod"] = adjustment
    rows = [[each.statistic, each.df, value] for each, value in zip(singles, p, strict=True)]
    table = np.array(rows, dtype=float)
    by_f = bool(singles) and singles[0].denominator is not None
    results.matrices["mtest"] = NamedMatrix(
        np.where(np.isfinite(table), table, MISSING),
        tuple(Stripe("", f"r{i}") for i in range(1, len(singles) + 1)),
        tuple(Stripe("", name) for name in ("F" if by_f else "chi2", "df", "p")),
    )
