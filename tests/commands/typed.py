"""Sessions that tests type commands into."""

from __future__ import annotations

from statalike.output.console import Console
from statalike.output.sinks import Capture
from statalike.session import Session

#: eight observations typed in, a string, labels, a missing value
SMALL = """
clear
set obs 8
generate byte id = _n
generate byte group = cond(_n <= 4, 1, 2)
generate x = id^2
replace x = . in 8
generate str5 name = "a" + string(id)
label define sides 1 "left" 2 "right"
label values group sides
label variable group "Side of the road"
"""


def session(commands: str = "") -> Session:
    """A session whose output nobody sees, after some commands."""
    made = Session(Console(Capture()))
    if commands:
        made.run(commands, quietly=True)
    return made


def small() -> Session:
    return session(SMALL)
