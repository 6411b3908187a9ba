"""``estimates table``, files of estimates, notes, ``estimates for`` and ``estat vce``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from statalike.errors import StataError
from statalike.session import Session
from tests.commands.posted import posted, quiet_session
from tests.commands.typed import session as typed

NAMES = ["price:mpg", "price:1b.g", "price:2.g", "price:o.z", "price:_cons", "lnsig_e:_cons"]
B = np.array([0.5, 0.0, -1.25, 0.0, 2.0, 0.3])
V = np.diag([0.04, 0.0, 1.0, 0.0, 0.25, 0.01])


@pytest.fixture
def session() -> Session:
    found = quiet_session()
    found.state.e = posted(NAMES, B.tolist(), V, scalars={"N": 74.0, "ll": -10.0, "rank": 4.0})
    found.run("estimates store one", quietly=True)
    found.state.e = posted(["mpg", "w", "_cons"], [1.0, 2.0, 3.0], np.eye(3), scalars={"N": 60.0})
    found.run("estimates store two", quietly=True)
    return found


def test_quantities_and_statistics(session: Session) -> None:
    shown = session.output("estimates table one, b(%9.3f) se(%9.3f) t p stats(N ll bic cmd)")
    assert shown == (
        "\n"
        "---------------------------\n"
        "    Variable |     one     \n"
        "-------------+-------------\n"
        "price        |\n"
        "         mpg |      0.500  \n"
        "             |      0.200  \n"
        "             |       2.50  \n"
        "             |     0.0124  \n"
        "         2.g |     -1.250  \n"
        "             |      1.000  \n"
        "             |      -1.25  \n"
        "             |     0.2113  \n"
        "           z |  (omitted)  \n"
        "       _cons |      2.000  \n"
        "             |      0.500  \n"
        "             |       4.00  \n"
        "             |     0.0001  \n"
        "-------------+-------------\n"
        "lnsig_e      |\n"
        "       _cons |      0.300  \n"
        "             |      0.100  \n"
        "             |       3.00  \n"
        "             |     0.0027  \n"
        "-------------+-------------\n"
        "           N |         74  \n"
        "          ll |        -10  \n"
        "         bic |   37.21626  \n"
        "         cmd |      mixed  \n"
        "---------------------------\n"
        "           Legend: b/se/t/p\n"
    )


def test_published_layout_with_stars() -> None:
    """A table of a published page: stars, a factor's levels, parameters in sections."""
    session = typed("set obs 5\ngenerate site = _n")
    names = ["height:age_base", "height:1b.site", *[f"height:{i}.site" for i in range(2, 6)]]
    names += ["height:_cons", "lns1_1_1:_cons", "lnsig_e:_cons"]
    b = [0.214, 0, -3.316, -8.095, -11.510, -15.866, 8.233, 0.387, 1.064]
    variances = [1e-4, 0, *[1e-4] * 7]
    session.state.e = posted(names, b, np.diag(variances), outcome="height")
    session.run("estimates store M1", quietly=True)
    assert session.output("estimates table M1, b(%9.3f) star") == (
        "\n"
        "-----------------------------\n"
        "    Variable |      M1       \n"
        "-------------+---------------\n"
        "height       |\n"
        "    age_base |     0.214***  \n"
        "             |\n"
        "        site |\n"
        "          2  |    -3.316***  \n"
        "          3  |    -8.095***  \n"
        "          4  |   -11.510***  \n"
        "          5  |   -15.866***  \n"
        "             |\n"
        "       _cons |     8.233***  \n"
        "-------------+---------------\n"
        "lns1_1_1     |\n"
        "       _cons |     0.387***  \n"
        "-------------+---------------\n"
        "lnsig_e      |\n"
        "       _cons |     1.064***  \n"
        "-----------------------------\n"
        "Legend: * p<0.05; ** p<0.01; *** p<0.001\n"
    )


def test_equations_are_matched(session: Session) -> None:
    session.run("estimates table one two, equations(1)", quietly=True)
    found = session.state.r.matrices["coef"]
    by_name = {str(stripe): i for i, stripe in enumerate(found.rows)}
    assert found.values[by_name["#1:mpg"]].tolist() == pytest.approx([0.5, 0.04, 1, 1])
    assert [str(c) for c in found.columns] == ["one:b", "one:var", "two:b", "two:var"]
    session.run("estimates table one two, equations(sigma=2:.)", quietly=True)
    assert "sigma:_cons" in {str(s) for s in session.state.r.matrices["coef"].rows}
    for bad in ("equations(3)", "equations(1:1:1)", "equations(x)"):
        with pytest.raises(StataError):
            session.run(f"estimates table one two, {bad}")


def test_choosing_coefficients(session: Session) -> None:
    session.run("estimates table one two, keep(w mpg) stats(N)", quietly=True)
    rows = [str(s) for s in session.state.r.matrices["coef"].rows]
    assert rows == ["price:mpg", "w", "mpg"]
    assert session.state.r.matrices["stats"].values.tolist() == [[74, 60]]
    session.run("estimates table one, drop(lnsig_e: _cons i.g)", quietly=True)
    assert [str(s) for s in session.state.r.matrices["coef"].rows] == ["price:mpg", "price:z"]
    with pytest.raises(StataError) as raised:
        session.run("estimates table one, keep(nosuch)")
    assert raised.value.code == 111


def test_styles(session: Session) -> None:
    lines = session.output("estimates table one two, style(columns) keep(mpg) title(T)").split("\n")
    assert lines[1] == "T"
    assert lines[3] == "    Variable |     one     |     two     "
    assert lines[4] == "-------------+-------------+-------------"
    lines = session.output("estimates table one, style(noline) varwidth(20) keep(mpg)").split("\n")
    assert lines[2] == " " * 12 + "Variable       one     "
    assert lines[5].startswith(" " * 17 + "mpg  ")


def test_a_round_trip_through_a_file(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    session.run("estimates restore one\nestimates notes: of the file", quietly=True)
    session.run(f'estimates save "{path}"', quietly=True)
    session.run(f'estimates restore two\nestimates save "{path}", append', quietly=True)
    session.run(f'estimates clear\nestimates use "{path}"', quietly=True)
    e = session.state.e
    np.testing.assert_array_equal(e.matrices["V"].values, V)
    assert [str(s) for s in e.matrices["b"].columns] == NAMES
    assert "of the file" in session.output("estimates notes")
    session.run(f'estimates use "{path}", number(2)', quietly=True)
    assert session.state.e.scalars["N"] == 60
    session.run(f'estimates describe using "{path}"', quietly=True)
    assert session.state.r.scalars["nestresults"] == 2
    for line, code in (
        (f'estimates save "{path}"', 602),
        (f'estimates use "{path}x"', 601),
        (f'estimates use "{path}", number(3)', 198),
    ):
        with pytest.raises(StataError) as raised:
            session.run(line)
        assert raised.value.code == code
    other = tmp_path / "other.ster"
    other.write_bytes(b"\x7fstata")
    with pytest.raises(StataError) as raised:
        session.run(f'estimates use "{other}"')
    assert raised.value.code == 610


def test_the_estimation_sample_can_be_set() -> None:
    session = typed("set obs 9\ngenerate x = cond(_n < 3, ., _n)\ngenerate y = _n^2\nregress y x")
    assert "set by regress" in session.output("estimates esample")
    with pytest.raises(StataError):
        session.run("estimates esample: x")
    session.run("estimates esample: x y if _n < 8, replace", quietly=True)
    session.run("count if e(sample)", quietly=True)
    assert session.state.r.scalars["N"] == 5


def test_a_command_after_each_of_several(session: Session) -> None:
    active = session.state.e.scalars["N"]
    shown = session.output("estimates for one two, noheader: test mpg")
    assert shown.count("mpg = 0") == 2
    assert session.state.e.scalars["N"] == active
    with pytest.raises(StataError):
        session.run("estimates for one two: test w")
    assert session.output("estimates for one two, nostop: test w").count("Model") == 2
    assert session.state.e.scalars["N"] == active


def test_notes_are_numbered(session: Session) -> None:
    session.run("estimates notes: first\nestimates notes: second", quietly=True)
    assert session.output("estimates notes") == "\n  1.  first\n  2.  second\n"
    assert session.output("estimates notes drop in 1") == "(1 note dropped)\n"
    assert session.output("estimates notes list in 1") == "\n  1.  second\n"
    session.run("estimates restore two", quietly=True)
    assert "second" in session.output("estimates notes")
    for bad in ("estimates notes drop in 7", "estimates notes drop", "estimates notes:"):
        with pytest.raises(StataError):
            session.run(bad)


def test_covariances_of_several_equations(session: Session) -> None:
    session.run("estimates restore one", quietly=True)
    assert session.output("estat vce") == (
        "\n"
        "Covariance matrix of coefficients of mixed model\n"
        "\n"
        "        e(V) | price                           | lnsig_e   \n"
        "             |       mpg        2.g      _cons |     _cons \n"
        "-------------+---------------------------------+-----------\n"
        "price        |                                 |           \n"
        "         mpg |       .04                       |           \n"
        "         2.g |         0          1            |           \n"
        "       _cons |         0          0        .25 |           \n"
        "-------------+---------------------------------+-----------\n"
        "lnsig_e      |                                 |           \n"
        "       _cons |         0          0          0 |       .01 \n"
    )
    assert session.state.r.matrices["V"].shape == (4, 4)
    blocks = session.output("estat vce, block correlation")
    assert "Correlations between equations lnsig_e and price" in blocks
    assert "between" not in session.output("estat vce, diag")
    session.run("estat vce, equation(#2)", quietly=True)
    assert session.state.r.matrices["V"].values.tolist() == [[0.01]]
    with pytest.raises(StataError):
        session.run("estat vce, equation(nosuch)")


def test_correlations_in_the_published_layout() -> None:
    """A log of a course page, with correlations of its own."""
    session = quiet_session()
    R = np.array([[1, -0.4138, -0.7958], [-0.4138, 1, 0.5163], [-0.7958, 0.5163, 1]])
    session.state.e = posted(["mpg", "headroom", "length"], [1, 2, 3], R, command="mean")
    assert session.output("estat vce, corr") == (
        "\n"
        "Correlation matrix of coefficients of mean model\n"
        "\n"
        "        e(V) |      mpg  headroom    length \n"
        "-------------+-----------------------------\n"
        "         mpg |   1.0000                     \n"
        "    headroom |  -0.4138    1.0000           \n"
        "      length |  -0.7958    0.5163    1.0000 \n"
    )


def test_published_layout_with_free_parameters() -> None:
    """A table of a published page: one model has a logarithm, the other the variance itself."""
    session = quiet_session()
    names = [f"hosp:{name}" for name in ("loginc", "distance", "dropout", "college", "_cons")]
    b = [0.56220088, -0.07659154, -1.9977529, 1.0336304, -3.36984, 0.4372018]
    session.state.e = posted([*names, "/:lnsig2u"], b, np.eye(6))
    session.run("estimates store xt", quietly=True)
    b = [0.56220292, -0.07659161, -1.9977619, 1.0336349, -3.369853, 1.5484071]
    session.state.e = posted([*names, "/:var(_cons[mother])"], b, np.eye(6))
    session.run("estimates store me", quietly=True)
    assert session.output("estimates table xt me") == (
        "\n"
        "----------------------------------------\n"
        "    Variable |     xt           me      \n"
        "-------------+--------------------------\n"
        "hosp         |\n"
        "      loginc |  .56220088    .56220292  \n"
        "    distance | -.07659154   -.07659161  \n"
        "     dropout | -1.9977529   -1.9977619  \n"
        "     college |  1.0336304    1.0336349  \n"
        "       _cons |   -3.36984    -3.369853  \n"
        "-------------+--------------------------\n"
        "    /lnsig2u |   .4372018               \n"
        "        var( |\n"
        "_cons[mot~r])|               1.5484071  \n"
        "----------------------------------------\n"
    )


def test_groups_are_summarised_on_demand() -> None:
    session = typed(
        "set obs 60\nset seed 4\ngenerate id = mod(_n, 12)\ngenerate x = rnormal()\n"
        "generate y = x + id/3 + rnormal()\nmixed y x if _n > 12 || id:\n"
    )
    session.run("estat summarize, group", quietly=True)
    stats = session.state.r.matrices["stats"]
    assert [str(s) for s in stats.rows] == ["y", "x", "id"]
    ids = session.state.data.numbers("id")[12:]
    assert stats.values[2].tolist() == pytest.approx([ids.mean(), ids.std(ddof=1), 0, 11])
    assert "Estimation sample" not in session.output("estat summarize, noheader")
