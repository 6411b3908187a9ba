"""``covariance()`` of ``menl``: random effects gathered into blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from statalike.commands.estimation.nonlinear.description import CovarianceBlock
from statalike.data.dataset import Dataset
from statalike.errors import StataError, nearest
from statalike.language.suboptions import Suboptions, read_suboptions

_TYPES = ("identity", "independent", "exchangeable", "unstructured")
_COVARIANCE = Suboptions("anything [, IDentity INDependent EXchangeable UNstructured]")


def covariance_blocks(
    options: Sequence[str], effects: Mapping[str, tuple[str, ...]], data: Dataset
) -> tuple[CovarianceBlock, ...]:
    """The blocks of every level, outermost first; effects in no covariance() are independent.

    ``effects`` gives each random effect its level.  Raises r(111) for unknown names, r(198) for
    effects of different levels together or in two blocks.
    """
    explicit: list[CovarianceBlock] = []
    taken: set[str] = set()
    for text in options:
        block = _read(text, effects, data)
        twice = [name for name in block.effects if name in taken]
        if twice:
            raise StataError(198, f"random effect {twice[0]} in more than one covariance()")
        taken.update(block.effects)
        explicit.append(block)
    result: list[CovarianceBlock] = []
    for path in sorted(dict.fromkeys(effects.values()), key=len):
        result += [block for block in explicit if block.path == path]
        rest = tuple(name for name, own in effects.items() if own == path and name not in taken)
        if rest:
            result.append(CovarianceBlock(path, "independent", rest))
    return tuple(result)


def _read(text: str, effects: Mapping[str, tuple[str, ...]], data: Dataset) -> CovarianceBlock:
    arguments = read_suboptions(_COVARIANCE, text, data)
    chosen = [name for name in _TYPES if arguments.options.get(name)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {' or '.join(chosen)} is allowed in covariance()")
    names: dict[str, None] = {}
    for word in arguments.body.split():
        pattern = word.strip("{}")
        found = [name for name in effects if fnmatchcase(name, pattern)]
        if not found:
            near = nearest(pattern, effects)
            raise StataError(
                111,
                f"random effect {pattern} not found",
                hint=f"did you mean {near}?" if near else "in option covariance()",
            )
        names.update(dict.fromkeys(found))
    paths = {effects[name] for name in names}
    if len(paths) > 1:
        raise StataError(
            198,
            "option covariance() incorrectly specified",
            hint=f"{' '.join(names)} are random effects of different levels",
        )
    (path,) = paths
    return CovarianceBlock(path, chosen[0] if chosen else "independent", tuple(names))
