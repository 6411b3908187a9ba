"""Curves through points: densities, running regressions, polynomials, splines."""
