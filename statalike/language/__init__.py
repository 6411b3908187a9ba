"""Stata's language: source lines, macros, the grammar, expressions, and the `syntax` language."""
