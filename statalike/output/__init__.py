"""Stata's tables and listings as styled text, and the console that shows them.

A table is a pure function from numbers and names to a list of styled lines; nothing here knows
commands or models.
"""
