"""The functions of expressions, by section of the function reference."""

from statalike.language.functions import (
    continuous,
    date_masks,
    dates,
    discrete,
    location_scale,
    mathematical,
    pattern_matching,
    programming,
    random,
    selection,
    strings,
    studentized_range,
)
from statalike.language.functions.registry import FUNCTIONS, Function, find, names

__all__ = [
    "FUNCTIONS",
    "Function",
    "continuous",
    "date_masks",
    "dates",
    "discrete",
    "find",
    "location_scale",
    "mathematical",
    "names",
    "pattern_matching",
    "programming",
    "random",
    "selection",
    "strings",
    "studentized_range",
]
