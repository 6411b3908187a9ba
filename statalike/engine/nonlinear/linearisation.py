"""A nonlinear mixed model linearised about fixed effects and random effects.

About b and u the model is ``y - mu + Z u = X d + Z v + e`` in the change d of the fixed effects and
the random effects v ([ME] menl, Methods and formulas, equation 27): a linear mixed model whose
cross-products serve the Gauss-Newton step of penalised least squares as well as the likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statalike.engine.collinearity import independent_columns
from statalike.engine.linear.coordinates import LevelCoordinates, level_coordinates
from statalike.engine.linear.cross_products import CrossProducts, root_block
from statalike.engine.linear.fixed_design import FixedDesign, orthonormalise
from statalike.engine.linear.model import Level, RandomEffects
from statalike.engine.linear.whitening import working_columns
from statalike.engine.nonlinear.grouped_observations import GroupedObservations

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Linearisation:
    """The model about ``fixed`` (p,) and ``effects[l]`` (G_l, q_l).

    Of the m observations in the likelihood: the predicted ``mean`` (m,), the ``outcome`` (m,)
    ``y - mu + Z u`` and the ``residual`` (m,) ``y - mu``, and the derivatives ``fixed_design``
    (m, p) and ``effects_design`` (m, q), the former of the fixed effects ``kept`` (a mask) alone:
    those whose derivatives depend linearly on the others' are not determined here and stay.
    Where the mean or a derivative is not defined the linearisation is not ``usable``.
    """

    fixed: Array
    effects: tuple[Array, ...]
    mean: Array
    residual: Array
    outcome: Array
    fixed_design: Array
    effects_design: Array
    kept: NDArray[np.bool_]
    usable: bool

    def expanded(self, change: Array) -> Array:
        """Changes of the fixed effects kept as one (p,) of all."""
        if len(change) == len(self.fixed):
            return change
        result = np.zeros(len(self.fixed))
        result[self.kept] = change
        return result


def linearise(
    observations: GroupedObservations,
    fixed: Array,
    effects: Sequence[Array],
    hold_fixed: bool = False,
) -> Linearisation:
    """Linearise the model, with ``hold_fixed`` in the random effects alone."""
    spread = observations.of_observations(effects)
    with np.errstate(all="ignore"):
        found = observations.model.mean_function.derivatives(fixed, spread)
        mean = observations.chosen(found.values)
        fixed_design = observations.chosen(found.fixed)
        effects_design = observations.chosen(found.effects)
        residual = observations.outcome - mean
        outcome = residual
        if spread.shape[1]:
            explained = np.einsum("ij,ij->i", effects_design, observations.chosen(spread))
            outcome = residual + explained
    usable = bool(
        np.isfinite(outcome).all()
        and np.isfinite(fixed_design).all()
        and np.isfinite(effects_design).all()
    )
    kept = np.ones(len(fixed), dtype=bool)
    if usable and len(fixed):
        kept = ~kept if hold_fixed else independent_columns(fixed_design, constant=False)
        if not kept.all():
            fixed_design = fixed_design[:, kept]
    return Linearisation(
        fixed,
        tuple(effects),
        mean,
        residual,
        outcome,
        fixed_design,
        effects_design,
        kept,
        usable,
    )


def linearised_products(
    observations: GroupedObservations, linearisation: Linearisation, weights: Array | None = None
) -> CrossProducts:
    """The cross-products of the linearised model, each observation multiplied by ``weights`` (m,).

    The coefficients of the fixed design are changes of the fixed effects.
    """
    outcome, fixed = linearisation.outcome, linearisation.fixed_design
    random = linearisation.effects_design
    if weights is not None:
        outcome = outcome * weights
        fixed, random = fixed * weights[:, None], random * weights[:, None]
    design = orthonormalise(outcome, fixed)
    none = np.zeros(0, dtype=np.intp)
    levels = tuple(
        level_coordinates(
            Level(
                none,
                tuple(
                    RandomEffects(random[:, list(block.columns)], block.structure)
                    for block in level.blocks
                ),
            ),
            count,
        )
        for level, count in zip(observations.model.levels, observations.groups.counts, strict=True)
    )
    return assembled_products(observations, design, levels)


def assembled_products(
    observations: GroupedObservations, design: FixedDesign, levels: tuple[LevelCoordinates, ...]
) -> CrossProducts:
    """Cross-products of a design and levels in working coordinates."""
    products = CrossProducts(
        observations.count, design, observations.groups, levels, (root_block(design),)
    )
    if not levels:
        return products
    blocks = level_blocks(products, working_columns(products))
    return CrossProducts(
        observations.count, design, observations.groups, levels, (products.blocks[0], *blocks)
    )


def level_blocks(products: CrossProducts, columns: Array) -> list[Array]:
    """The blocks of every level of ``CrossProducts``, outermost first, from working columns (c, m)
    of observations in the order of their groups.
    """
    groups = products.groups
    if not products.levels:
        return []
    assert groups.starts is not None
    blocks: list[Array] = []
    first = len(columns) - products.fixed_count - 1
    for number, level in enumerate(products.levels):
        first -= level.effect_count
        own = columns[first : first + level.effect_count]
        starts = groups.starts
        if number < groups.levels - 1:
            starts = starts[groups.run_starts(groups.levels - 1, number)]
        right = columns[first:]
        blocks.append(np.stack([np.add.reduceat(left * right, starts, axis=1) for left in own]))
    return blocks
