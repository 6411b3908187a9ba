"""Sums over blocks of groups, in threads where there is more than one block.

NumPy lets go of the interpreter's lock in the loops that take the time, so threads share the work
of blocks; the sum is made in the order of the blocks and does not depend on their number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

Block = TypeVar("Block")


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(os.cpu_count() or 1, 8))


def sum_over_blocks(
    function: Callable[[Block], tuple[Any, ...]], blocks: Sequence[Block]
) -> tuple[Any, ...]:
    """The sums, element by element, of what ``function`` gives for each block."""
    if len(blocks) < 2:
        return function(blocks[0])
    total: tuple[Any, ...] | None = None
    for found in _executor().map(function, blocks):
        total = found if total is None else tuple(a + b for a, b in zip(total, found, strict=True))
    assert total is not None
    return total
