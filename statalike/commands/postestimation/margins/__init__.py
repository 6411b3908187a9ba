"""``margins``: predictions averaged over observations, and how they change with covariates."""
