"""The functions of expressions: their names, arguments and how each is applied.

A function is registered by a decorator that gives its arguments as kinds, ``n`` a number, ``s`` a
text, ``v`` either, optional ones in brackets, dots after one that may be repeated or left out::

    @numeric("normalden", "n [n n]")        # vectorised on nonmissing numbers; missing → .
    @general("cond", "v v v [v]")           # gets the values as they are
    @textual("strpos", "s s")               # one observation at a time, on Python strings
    @syntactic("rowsof", "v")               # gets the unevaluated arguments

A wrong number of arguments is ``invalid syntax``, r(198); a text for a number (or the reverse)
``type mismatch``, r(109); an unknown name ``unknown function f()``, r(133).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from statalike.data.missing import MISSING
from statalike.errors import StataError, invalid_syntax, type_mismatch
from statalike.language.ast import Expression
from statalike.language.values import (
    Value,
    is_string,
    missing_mask,
    moderate,
    numbers,
    settled,
    texts,
)

if TYPE_CHECKING:
    from statalike.language.evaluation import Evaluation

Apply = Callable[["Evaluation", tuple[Expression, ...]], Value]
Implementation = TypeVar("Implementation", bound=Callable[..., Any])


@dataclass(frozen=True)
class Function:
    """A registered function.

    ``kinds`` are the kinds of its arguments, of which ``required`` must be given; the last one
    repeats when ``repeats`` is set.  ``section`` is the section of the function reference.
    ``whole`` marks functions that need all observations at once, ``random`` those that draw
    random numbers.  ``combine`` gives the function of values; it is None where the arguments are
    needed unevaluated.
    """

    name: str
    section: str
    kinds: tuple[str, ...]
    required: int
    repeats: bool
    apply: Apply
    whole: bool = False
    random: bool = False
    combine: Callable[..., Value] | None = None

    def check_count(self, given: int) -> None:
        """r(198) when ``given`` arguments are too few or too many."""
        if given < self.required or (given > len(self.kinds) and not self.repeats):
            raise invalid_syntax()


FUNCTIONS: dict[str, Function] = {}


def find(name: str) -> Function:
    """The function called ``name``; r(133) when there is none."""
    try:
        return FUNCTIONS[name]
    except KeyError:
        near = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.75)
        hint = f"did you mean {near[0]}()?" if near else ""
        raise StataError(133, f"unknown function {name}()", hint=hint) from None


def names() -> list[str]:
    """The names of all functions, sorted."""
    return sorted(FUNCTIONS)


def numeric(
    name: str, arguments: str, *aliases: str, scalar: Callable[..., float] | None = None
) -> Callable[[Implementation], Implementation]:
    """Register a vectorised function of numbers that is ``.`` wherever an argument is missing.

    The implementation gets ``float64`` arrays (at least one) and floats, none of them missing,
    and returns an array; infinities and NaN become ``.``.  ``scalar`` is used on plain floats,
    where ``ValueError``, ``OverflowError`` and ``ZeroDivisionError`` mean ``.``.
    """

    def register(implementation: Implementation) -> Implementation:
        def combine(*values: Value) -> Value:
            return on_numbers(implementation, scalar, [numbers(value) for value in values])

        apply = _on_values(combine, arguments)
        _register((name, *aliases), implementation, arguments, apply, combine=combine)
        return implementation

    return register


def general(name: str, arguments: str, *aliases: str) -> Callable[[Implementation], Implementation]:
    """Register a function that gets its values as they are, missing ones included."""

    def register(implementation: Implementation) -> Implementation:
        apply = _on_values(implementation, arguments)
        _register((name, *aliases), implementation, arguments, apply, combine=implementation)
        return implementation

    return register


def textual(name: str, arguments: str, *aliases: str) -> Callable[[Implementation], Implementation]:
    """Register a function of one observation: ``str`` and ``float`` in, ``str`` or ``float`` out.

    It is applied to each observation; missing numbers are given as they are.
    """

    def register(implementation: Implementation) -> Implementation:
        def combine(*values: Value) -> Value:
            return each_observation(implementation, values)

        apply = _on_values(combine, arguments)
        _register((name, *aliases), implementation, arguments, apply, combine=combine)
        return implementation

    return register


def syntactic(
    name: str, arguments: str, *aliases: str, whole: bool = False, random: bool = False
) -> Callable[[Implementation], Implementation]:
    """Register a function that gets the evaluation and its unevaluated arguments."""

    def register(implementation: Implementation) -> Implementation:
        _register((name, *aliases), implementation, arguments, implementation, whole, random)
        return implementation

    return register


def _register(
    names: tuple[str, ...],
    implementation: Callable[..., Any],
    arguments: str,
    apply: Apply,
    whole: bool = False,
    random: bool = False,
    combine: Callable[..., Value] | None = None,
) -> None:
    section = implementation.__module__.rpartition(".")[2]
    kinds, required, repeats = _read_arguments(arguments)
    for name in names:
        FUNCTIONS[name] = Function(
            name, section, kinds, required, repeats, apply, whole, random, combine
        )


def _read_arguments(arguments: str) -> tuple[tuple[str, ...], int, bool]:
    repeats = arguments.endswith("...")
    needed, _, optional = arguments.removesuffix("...").partition("[")
    required = tuple(needed.split())
    kinds = required + tuple(optional.strip(" ]").split())
    return kinds, len(required) - repeats, repeats


def _on_values(combine: Callable[..., Value], arguments: str) -> Apply:
    kinds, _, _ = _read_arguments(arguments)
    last = len(kinds) - 1

    def apply(evaluation: Evaluation, expressions: tuple[Expression, ...]) -> Value:
        values = [evaluation.value(expression) for expression in expressions]
        for position, value in enumerate(values):
            kind = kinds[min(position, last)]
            if kind != "v" and (kind == "s") != is_string(value):
                raise type_mismatch()
        return combine(*values)

    return apply


def on_numbers(
    implementation: Callable[..., Any],
    scalar: Callable[..., float] | None,
    values: list[float | np.ndarray],
) -> Value:
    """Apply a vectorised function where no argument is missing; ``.`` elsewhere."""
    if all(isinstance(value, float) for value in values):
        if any(value >= MISSING for value in values):
            return MISSING
        if scalar is not None:
            try:
                return settled(scalar(*values))
            except (ValueError, OverflowError, ZeroDivisionError):
                return MISSING
        result = implementation(*(np.array([value]) for value in values))
        return settled(float(np.asarray(result).reshape(-1)[0]))
    # NumPy's floats divide by zero without an exception, Python's do not.
    values = [np.float64(value) if isinstance(value, float) else value for value in values]
    if all(moderate(value) for value in values):
        return settled(np.asarray(implementation(*values)))
    missing = np.logical_or.reduce(
        np.broadcast_arrays(*(np.asarray(missing_mask(value)) for value in values))
    )
    if not missing.any():
        return settled(np.asarray(implementation(*values)))
    known = ~missing
    result = np.full(missing.shape, MISSING)
    if known.any():
        chosen = [value[known] if isinstance(value, np.ndarray) else value for value in values]
        result[known] = settled(np.asarray(implementation(*chosen)))
    return result


def each_observation(
    implementation: Callable[..., float | str], values: tuple[Value, ...]
) -> Value:
    """Apply a function of single texts and numbers to every observation."""
    plain = [texts(value) if is_string(value) else numbers(value) for value in values]
    size = next((len(value) for value in plain if isinstance(value, np.ndarray)), None)
    if size is None:
        return implementation(*plain)
    columns = [
        value.tolist() if isinstance(value, np.ndarray) else [value] * size for value in plain
    ]
    results = [implementation(*row) for row in zip(*columns, strict=True)]
    return gathered(results, implementation, columns)


def gathered(
    results: list[Any], implementation: Callable[..., Any], columns: list[list[Any]]
) -> np.ndarray:
    """A list of texts as an object array, a list of numbers as ``float64``."""
    if results:
        is_text = isinstance(results[0], str)
    else:
        is_text = implementation.__annotations__.get("return") == "str"
    if is_text:
        array = np.empty(len(results), dtype=object)
        array[:] = results
        return array
    return np.array(results, dtype=np.float64)
