"""placeholder"""


def fit_fixed_effects(*a): ...
