"""Commands for generalized mixed models: one implementation, many names."""
