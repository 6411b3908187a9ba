"""What may be completed at the cursor: names of the kind that can stand there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from statalike.commands.registry import Command, all_commands, find_subcommand, subcommands
from statalike.language.functions.registry import names as function_names
from statalike.shell.command_line import CONTROL_WORDS, options_of
from statalike.shell.completion_context import Context, Kind, context_at
from statalike.shell.file_names import file_candidates
from statalike.shell.session_summary import SessionSummary


@dataclass(frozen=True)
class Candidate:
    """A completion: ``text`` takes the place of what stands from ``start`` to the cursor.

    ``shown`` is what a menu shows and ``description`` what stands beside it.
    """

    text: str
    start: int
    shown: str = ""
    description: str = ""


#: words that options with a text of their own understand
_OPTION_VALUES = {
    "covariance": "independent exchangeable identity unstructured",
    "vce": "oim robust cluster",
    "intmethod": "mvaghermite mcaghermite ghermite laplace",
    "dfmethod": "residual repeated anova satterthwaite kroger",
    "dftable": "default ci pvalue",
    "residuals": "independent exchangeable ar ma unstructured banded toeplitz exponential",
    "family": "gaussian bernoulli binomial gamma nbinomial ordinal poisson",
    "link": "identity log logit probit cloglog",
}
_SYSTEM_NAMES = {
    "_n": "number of the observation",
    "_N": "number of observations",
    "_pi": "3.14159...",
    "_rc": "return code of capture",
    "_b[": "a coefficient",
    "_se[": "a standard error",
}


def complete(text: str, cursor: int, summary: SessionSummary) -> list[Candidate]:
    """The completions at ``cursor`` in ``text``, sorted.

    Names match by their first letters; where none does, without regard to case.
    """
    context = context_at(text, cursor)
    if context.kind in (Kind.FILE, Kind.FOLDER):
        return [
            Candidate(each.text, context.start, each.shown)
            for each in file_candidates(
                context.word,
                summary.folder,
                suffixes=_suffixes(context.command),
                folders_only=context.kind is Kind.FOLDER,
                quoted=context.quoted,
            )
        ]
    known = _known(context, summary)
    names = [name for name in known if name.startswith(context.word)]
    if not names:
        low = context.word.lower()
        names = [name for name in known if name.lower().startswith(low)]
    if not context.word:
        names = [name for name in names if not name.startswith("_")] or names
    ending = _ending(context, text)
    return [
        Candidate(name + ending, context.start, name, known[name])
        for name in sorted(names, key=lambda name: (name.lower(), name))
    ]


def _ending(context: Context, text: str) -> str:
    """What closes a macro."""
    if context.kind is Kind.LOCAL:
        return "'"
    if context.kind is Kind.GLOBAL and text[: context.start].endswith("{"):
        return "}"
    return ""


def _suffixes(command: Command | None) -> tuple[str, ...]:
    """The suffixes of the files a command is about; () for any."""
    name = command.name if command is not None else ""
    if name in ("use", "save", "saveold", "append", "merge", "joinby"):
        return (".dta",)
    if name in ("do", "run", "include"):
        return (".do", ".ado")
    if name in ("estimates use", "estimates save"):
        return (".ster",)
    return ()


def _known(context: Context, summary: SessionSummary) -> Mapping[str, str]:
    """The names of a kind with their descriptions."""
    match context.kind:
        case Kind.COMMAND:
            return dict(_commands())
        case Kind.SUBCOMMAND:
            return dict(_subcommands(context.family))
        case Kind.OPTION:
            return {
                word: "required" if option.required else ""
                for option in options_of(context.command)
                for word in option.words
            }
        case Kind.OPTION_VALUE:
            return dict.fromkeys(_OPTION_VALUES.get(context.option, "").split(), "")
        case Kind.VARIABLE:
            return summary.variables
        case Kind.EXPRESSION:
            return dict(_in_expressions(summary))
        case Kind.LOCAL:
            return summary.locals
        case Kind.GLOBAL | Kind.GLOBAL_NAME:
            return summary.globals
        case Kind.SCALAR:
            return summary.scalars
        case Kind.MATRIX:
            return summary.matrices
        case Kind.ESTIMATES:
            return summary.estimates
        case Kind.VALUE_LABEL:
            return summary.value_labels
        case Kind.SETTING:
            return summary.settings
        case Kind.EXAMPLE:
            return _described(summary.examples(), "")
    return {}


def _commands() -> Iterator[tuple[str, str]]:
    for word in CONTROL_WORDS:
        yield word, ""
    for name, command in all_commands().items():
        if " " not in name:
            yield name, command.help


def _subcommands(family: str) -> Iterator[tuple[str, str]]:
    for name in subcommands(family):
        command = find_subcommand(family, name)
        yield name, command.help if command is not None else ""


def _in_expressions(summary: SessionSummary) -> Iterator[tuple[str, str]]:
    yield from _described((f"{name}(" for name in function_names()), "function").items()
    yield from _SYSTEM_NAMES.items()
    yield from summary.scalars.items()
    yield from summary.variables.items()


def _described(names: Iterable[str], description: str) -> dict[str, str]:
    return dict.fromkeys(names, description)
