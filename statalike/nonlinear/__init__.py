"""Substitutable expressions turned into differentiable functions of parameters and effects."""
