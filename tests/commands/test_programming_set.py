"""``set``, ``query``, ``return list`` and its relatives."""

from __future__ import annotations

import pytest

from statalike.errors import StataError
from tests.commands.typed import session, small

SETTINGS = [
    ("set level 90", "level", 90.0),
    ("set level 99.9", "level", 99.9),
    ("set more off", "more", "off"),
    ("set linesize 100", "linesize", 100),
    ("set lines 120", "linesize", 120),
    ("set type double", "type", "double"),
    ("set type double, permanently", "type", "double"),
    ("set cformat %9.2f", "cformat", "%9.2f"),
    ("set cformat %9.2f\nset cformat", "cformat", ""),
    ("set varabbrev off", "varabbrev", "off"),
    ("set seed 42", "seed", 42),
    ("set showbaselevels all", "showbaselevels", "all"),
    ("set iterlog off", "iterlog", "off"),
    ("set memory 100m", "level", 95.0),
    ("set trace off", "trace", "off"),
    ("set dp period", "dp", "period"),
]


@pytest.mark.parametrize(("text", "name", "value"), SETTINGS)
def test_settings(text: str, name: str, value: object) -> None:
    made = session(text)
    assert getattr(made.state.settings, name) == value
    shown = made.output(f"display c({name})").strip()
    assert shown == (f"{value:g}" if isinstance(value, int | float) else value)


def test_what_settings_do() -> None:
    made = session("set type double\nset obs 3\ngenerate x = 1\nset linesize 60")
    assert made.state.data.variable("x").storage.name == "double"
    assert made.state.console.linesize == 60
    assert made.output("query").count("\n    set ") > 10


def test_random_numbers_follow_the_seed() -> None:
    made = session("set seed 7")
    first = made.output("display runiform()")
    assert made.output("display runiform()") != first
    made.run("set seed 7")
    assert made.output("display runiform()") == first


def test_observations() -> None:
    made = session()
    assert made.output("set obs 5") == "Number of observations (_N) was 0, now 5.\n"
    assert made.output("set obs 5000") == "Number of observations (_N) was 5, now 5,000.\n"


ERRORS = [
    ("set", 198, "invalid syntax"),
    ("set nosuch 1", 198, "set nosuch not recognized"),
    ("set level 5", 198, "level() must be between 10 and 99.99 inclusive"),
    ("set level abc", 198, None),
    ("set level nan", 198, None),
    ("set linesize 30", 198, "linesize must be an integer between 40 and 255"),
    ("set linesize 99999999999999999999", 198, None),
    ("set more maybe", 198, None),
    ("set type text", 198, None),
    ("set cformat 9.2f", 120, "invalid %format"),
    ("set cformat %12.2f", 198, "invalid cformat, width too large"),
    ("set seed abc", 198, None),
    ("set seed 99999999999", 198, None),
    ("set obs abc", 198, "abc invalid obs no"),
    ("set obs -1", 198, "-1 invalid obs no"),
    ("set obs 2147483620", 198, "2147483620 invalid obs no"),
    ("set obs", 198, "nothing invalid obs no"),
    ("set obs 2", 198, "number of observations must be at least 8"),
    ("set level 90, nosuch", 198, "option nosuch not allowed"),
    ("set trace on", 198, "set trace on not yet supported"),
    ("set rmsg on", 198, "set rmsg on not yet supported"),
    ("set dp comma", 198, "set dp comma not yet supported"),
    ("return list nosuch", 198, "invalid syntax"),
    ("return nosuch", 198, "invalid subcommand nosuch"),
    ("return", 198, "subcommand required"),
    ("query nosuch", 198, "invalid syntax"),
]


@pytest.mark.parametrize(("text", "code", "message"), ERRORS)
def test_errors(text: str, code: int, message: str | None) -> None:
    made = small()
    before = dict(made.state.settings.__dict__)
    with pytest.raises(StataError) as caught:
        made.run(text)
    assert caught.value.code == code
    assert message is None or caught.value.message == message
    assert made.state.settings.__dict__ == before


def test_return_list() -> None:
    made = session("clear\nset obs 2\ngenerate x = _n\nquietly summarize x")
    assert made.output("return list").startswith(
        "\nscalars:\n                  r(N) =  2\n              r(sum_w) =  2\n"
        "               r(mean) =  1.5\n                r(Var) =  .5\n"
    )
    assert made.output("return list") == made.output("ret li")
    assert session().output("ereturn list") == session().output("sreturn list")
