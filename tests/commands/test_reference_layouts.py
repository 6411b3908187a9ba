"""Layouts of estimation results against unaltered terminal output.

The data behind the reference output are not public.  Each model is fitted to made-up data with the
same variables and labels; the tables must then agree in everything but the digits of numbers.
"""

from __future__ import annotations

import re

import pytest

from statalike.language.source import read_source
from statalike.session import Session
from tests.commands.typed import session
from tests.shared import needs_shared, shared_path

NUMBER = re.compile(r"(?<![\w.,~-]) *-?\.?\d[\d.,]*(?:e[+-]\d+)?(?: +(?=[A-Z]))?|(?<= ) +\.(?= |$)")


def masked(text: str) -> list[str]:
    """Lines with each number replaced by a sign at its right edge, without iterations."""
    text = re.sub(r"F\([^)]*\)", lambda found: "F(#)".ljust(len(found.group())), text)
    lines = [NUMBER.sub(lambda found: "#".rjust(len(found.group())), x) for x in text.split("\n")]
    kept = [x.rstrip() for x in lines if not x.startswith(("Iteration", "Grid node"))]
    return "\n".join(kept).strip("\n").split("\n")


def reference(name: str) -> tuple[str, str]:
    """The command line of a reference output, and what it printed."""
    text = shared_path("conformance", "layout", f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if not line.startswith("* ")]
    typed = [k for k, line in enumerate(lines) if line.startswith((". ", "> ", ">  "))]
    last = typed[-1]
    first = max(k for k in typed if lines[k].startswith(". "))
    command = "\n".join(line[2:] for line in lines[first : last + 1])
    # A line that the width of the terminal broke, not the writer.
    if "///" not in command:
        command = command.replace("\n", "")
    return command, "\n".join(lines[last + 1 :])


def fitted(data: str) -> Session:
    made = session()
    made.run(data)
    return made


def printed_by(made: Session, command: str) -> str:
    with made.state.console.captured() as capture:
        for unit in read_source(command):
            made.run_unit(unit)
    return capture.text


QUALITY_OF_LIFE = """
set obs 2000
set seed 7
generate household = ceil(_n / 2)
generate cluster = ceil(_n / 20)
generate u = rnormal()
bysort household: replace u = u[1]
generate age = 65 + 10 * rnormal()
generate agebelow52 = age < 52
generate ageabove82 = age > 82
generate socialclass = 1 + mod(_n, 6)
generate female = runiform() < .5
label define class 1 "Professional" 2 "Managerial and technical" 3 "Non-Manual" 4 "Skilled" 5 ///
    "Semi-skilled" 6 "Unskilled"
label values socialclass class
generate qol = 45 + 4 * u + 6 * rnormal() + 2 * female * u
"""
SLEEP = """
set obs 300
set seed 5
generate id = ceil(_n / 3)
bysort id: generate month = _n
generate group = 1 + mod(id, {groups})
label define group 1 "Control" 2 "Medication" 3 "Education"
label values group group
generate u = 15 * rnormal()
bysort id: replace u = u[1]
generate sleep = 350 + 5 * month + u + 25 * rnormal()
set cformat %9.2f
set linesize 106
"""
PHASES = """
set obs 600
set seed 6
generate id = ceil(_n / 8)
generate group = 1 + mod(id, 3)
label define group 1 "Control" 2 "Medication" 3 "Education"
label values group group
bysort id: generate obsday1m = 10 * (_n - 1)
generate trtphase = obsday1m >= 40
label define trtphase 0 "baseline" 1 "treatment"
label values trtphase trtphase
generate obsday2m = trtphase * (obsday1m - 40)
foreach name in a b c d {
    generate `name' = rnormal()
    bysort id: replace `name' = `name'[1]
}
generate sleep = 350 + 80 * a + (.7 + b) * obsday1m + 8 * c * trtphase + d * obsday2m
replace sleep = sleep + 10 * rnormal()
set cformat %9.2f
set linesize 106
"""
SCHOOLS = """
set obs 2000
set seed 8
generate schoolid = ceil(_n / 50)
generate ses = 25 + 5 * rnormal()
generate u = rnormal()
bysort schoolid: replace u = u[1]
generate stucomp = u + rnormal()
generate v = rnormal()
bysort schoolid: replace v = v[1]
generate write = 600 - 27 * stucomp + 20 * v + 4 * u * ses + 99 * rnormal()
set cformat %9.2f
set linesize 106
"""
RESTAURANTS = """
set obs 2700
set seed 9
generate restaurant = ceil(_n / 6)
foreach name in gender genderm {
    generate `name' = runiform() < .5
}
generate race = 1 + mod(_n, 3)
foreach name in grade tenure age income nworkers u {
    generate `name' = rnormal()
}
bysort restaurant: replace u = u[1]
generate complain = runiform() < invlogit(-1.5 + u + .2 * race)
"""
CLUSTERS = """
set obs 3000
set seed 12
generate cluster = ceil(_n / 30)
generate X1 = rnormal()
generate u = rnormal()
bysort cluster: replace u = u[1]
generate time = -ln(runiform()) * exp(.5 * X1 - u)
generate failed = time < 4
replace time = min(time, 4)
stset time, failure(failed)
"""

LAYOUTS = {
    "mixed-5": QUALITY_OF_LIFE,
    "mixed-6": QUALITY_OF_LIFE,
    "mixed-7": QUALITY_OF_LIFE,
    "mixed-9": SLEEP.format(groups=2),
    "mixed-10": SLEEP.format(groups=2),
    "mixed-11": SLEEP.format(groups=3),
    "mixed-13": PHASES,
    "mixed-15": SCHOOLS,
    "mixed-16": PHASES,
    "melogit-1": RESTAURANTS,
    "mestreg-4": CLUSTERS,
}


@needs_shared
@pytest.mark.parametrize("name", LAYOUTS)
def test_estimation_results(name: str) -> None:
    command, printed = reference(name)
    if name == "mestreg-4":
        # Its source left out what comes before the table.
        command = command.replace("nohr", "nohr nolog noshow")
    assert masked(printed_by(fitted(LAYOUTS[name]), command)) == masked(printed)
