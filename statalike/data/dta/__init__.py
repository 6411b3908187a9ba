"""Stata's .dta files, formats 113 to 119, in both directions."""

from statalike.data.dta.reader import parse_dta, read_dta
from statalike.data.dta.writer import save, write_dta

__all__ = ["parse_dta", "read_dta", "save", "write_dta"]
