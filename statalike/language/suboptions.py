"""The argument of an option that has options of its own: ``title("Growth", size(large))``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from statalike.language.ast import Clause, CommandLine
from statalike.language.parser import split_comma, split_options
from statalike.language.specification import Specification

if TYPE_CHECKING:
    from statalike.data.dataset import Dataset
    from statalike.language.arguments import Arguments


@dataclass(frozen=True)
class Suboptions:
    """What the argument of an option may have, in the ``syntax`` language; parsed when used."""

    syntax: str
    unsupported: str = ""

    @cached_property
    def specification(self) -> Specification:
        return Specification.parse(self.syntax, unsupported=self.unsupported)


def read_suboptions(
    suboptions: Suboptions, text: str, dataset: Dataset, *, abbreviations: bool = True
) -> Arguments:
    """The text before the first comma as the body, what follows as options.

    Words such as ``in`` and ``using`` before the comma are part of the body, unlike in a command
    line.  Raises what reading a command line raises.
    """
    body, options = split_comma(text)
    clause = Clause(
        body=body,
        options=() if options is None else split_options(options),
        has_comma=options is not None,
    )
    return suboptions.specification.read(
        CommandLine("", clause), dataset, abbreviations=abbreviations
    )


def read_option_list(suboptions: Suboptions, text: str, dataset: Dataset) -> Arguments:
    """The argument of an option that is nothing but options: ``xscale(log range(1 100))``.

    A comma may stand before them.
    """
    return read_suboptions(suboptions, f", {text.strip().removeprefix(',')}", dataset)
