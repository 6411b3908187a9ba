"""``vce(bootstrap)`` and ``vce(jackknife)``: an estimation command under its own prefix."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from statalike.commands.resampling import bootstrap, jackknife
from statalike.commands.resampling.replication import read_prefix
from statalike.commands.resampling.resampling_display import show_resampled
from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.parser import split_comma
from statalike.state import State


def resampled_variance(
    state: State, arguments: Arguments, estimate: Callable[[State, Arguments], None]
) -> bool:
    """Carry out ``vce(bootstrap, ...)`` or ``vce(jackknife, ...)``; whether that was asked for.

    ``estimate`` is the command's own handler, which is run without the option.
    """
    kind, options = split_comma(str(arguments.options.get("vce") or ""))
    chosen = next(
        (name for name in ("bootstrap", "jackknife") if len(kind) > 3 and name.startswith(kind)), ""
    )
    if not chosen:
        return False
    if arguments.weight is not None:
        raise StataError(101, f"weights not allowed with vce({chosen})")
    plain = dataclasses.replace(
        arguments, options={k: v for k, v in arguments.options.items() if k != "vce"}
    )
    module = bootstrap if chosen == "bootstrap" else jackknife
    request = read_prefix(state, chosen, f", {options or ''}", module.SYNTAX, module.UNSUPPORTED)
    line = arguments.text
    whole = dataclasses.replace(plain, condition=None, observations=None)
    resample = (
        bootstrap.bootstrap_estimates if chosen == "bootstrap" else jackknife.jackknife_estimates
    )
    resample(
        state, request, lambda: estimate(state, plain), line, line, lambda: estimate(state, whole)
    )
    show_resampled(state, {**plain.options, **request.options})
    return True
