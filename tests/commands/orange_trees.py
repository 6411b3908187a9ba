"""The circumferences of five orange trees (Draper and Smith 1998; R's ``Orange``)."""

from __future__ import annotations

import numpy as np

from statalike.session import Session
from tests.commands.mixed_sessions import with_data

AGES = [118, 484, 664, 1004, 1231, 1372, 1582]
CIRCUMFERENCES = [
    [30, 58, 87, 115, 120, 142, 145],
    [33, 69, 111, 156, 172, 203, 203],
    [30, 51, 75, 108, 115, 139, 140],
    [32, 62, 112, 167, 179, 209, 214],
    [30, 49, 81, 125, 142, 174, 177],
]
CURVE = "circumf = {phi1:}/(1+exp(-(age-{phi2})/{phi3})), define(phi1: U1[tree], xb)"


def orange_trees(command: str = "") -> Session:
    """A session with the data, after a command."""
    made = with_data(
        tree=np.repeat(np.arange(1.0, 6.0), 7),
        age=np.tile(np.array(AGES, dtype=float), 5),
        circumf=np.array(CIRCUMFERENCES, dtype=float).ravel(),
        plot=np.tile(np.array([1.0, 2, 1, 2, 1, 2, 1]), 5),
    )
    if command:
        made.run(f"quietly {command}")
    return made
