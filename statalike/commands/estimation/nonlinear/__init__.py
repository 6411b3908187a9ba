"""``menl``: nonlinear mixed-effects regression ([ME] menl)."""
