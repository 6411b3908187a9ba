"""The terms of a model turned into columns, the estimation sample, and the nesting of groups."""
