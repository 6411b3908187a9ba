"""Prefixes that repeat a command: bootstrap, jackknife, permute, statsby and others."""
