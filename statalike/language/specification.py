"""The ``syntax`` language: what a command takes, declared once.

``varlist(min=1 fv) [if] [in] [fw pw] [, noCONStant Level(cilevel) COVariance(string)]`` says which
parts a command line may or must have.  The same text reads the line
(:mod:`statalike.language.argument_reader`), completes it at the prompt and prints its synopsis.
The language is that of ``syntax`` in programs ([P] syntax), with these additions:

``level:``
    an equation's ``variable:`` before its list ([ME] mixed, random-effects equations);
``=anything``
    an assignment that stays text;
``NAME`` and ``NAME(string)``
    together: an option whose argument may be left out;
``(... repeated)``
    an option that may be typed more than once; its value is a tuple of texts;
``varlist(... random)``
    a list that may have ``R.varname``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from statalike.errors import StataError
from statalike.language.numlist import ANY_NUMBERS, NumlistRule
from statalike.language.variable_lists import NO_OPERATORS, Operators

if TYPE_CHECKING:
    from statalike.data.dataset import Dataset
    from statalike.language.arguments import Arguments
    from statalike.language.ast import CommandLine

BODY_KINDS: Final = frozenset(
    ["varlist", "varname", "newvarlist", "newvarname", "namelist", "name", "anything"]
)
OPTION_KINDS: Final = frozenset(
    (
        *BODY_KINDS - {"anything"},
        *("string", "integer", "real", "numlist", "cilevel", "passthru", "exp"),
    )
)
WEIGHT_KINDS: Final = {
    "fweight": ("fw", "frequency"),
    "aweight": ("aw", "cellsize"),
    "pweight": ("pw",),
    "iweight": ("iw",),
}


@dataclass(frozen=True)
class ListRule:
    """How many names a list has and of which variables.

    ``may_be_empty`` (``min=0``) is for ``_all`` where there are no variables.
    """

    minimum: int = 0
    maximum: int | None = None
    numeric: bool = False
    string: bool = False
    default_all: bool = False
    operators: Operators = NO_OPERATORS
    may_be_empty: bool = False


ANY_LIST: Final = ListRule()


@dataclass(frozen=True)
class OptionSpecification:
    """One option: its full name, the letters that suffice, and what its parentheses hold.

    ``kind`` is ``flag``, ``noflag`` (typed with or without ``no``; its name is without) or one of
    :data:`OPTION_KINDS`; ``asis`` keeps the quotes of a string.
    """

    name: str
    shortest: int
    kind: str = "flag"
    required: bool = False
    default: Any = None
    asis: bool = False
    optional_argument: bool = False
    repeated: bool = False
    supported: bool = True
    names: ListRule = ANY_LIST
    numbers: NumlistRule = ANY_NUMBERS

    def matches(self, typed: str) -> bool:
        """Whether ``typed`` is the option's name or an abbreviation long enough."""
        return self._fits(typed) or self.negated_by(typed)

    def negated_by(self, typed: str) -> bool:
        """Whether ``typed`` is the option with ``no`` before it."""
        return self.kind == "noflag" and typed.startswith("no") and self._fits(typed[2:])

    def _fits(self, typed: str) -> bool:
        return len(typed) >= self.shortest and self.name.startswith(typed)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names it has among the options that were read."""
        return (self.name, f"no{self.name}") if self.kind == "noflag" else (self.name,)

    @property
    def words(self) -> tuple[str, ...]:
        """What completion offers."""
        if self.kind == "noflag":
            return (f"no{self.name}",)
        return (self.name if self.kind == "flag" else f"{self.name}(",)

    @property
    def synopsis(self) -> str:
        shown = self.name if self.kind in ("flag", "noflag") else f"{self.name}({self.kind})"
        return f"no{shown}" if self.kind == "noflag" else shown


@dataclass(frozen=True)
class Specification:
    """What a command takes.  Parts are ``""`` (not allowed), ``"optional"`` or ``"required"``.

    ``bare`` are the parts that were written with a slash, ``if/``: a program gets them without
    their word.  ``body_name`` is the macro of ``anything(name=...)``.
    """

    body_kind: str = ""
    body: str = ""
    names: ListRule = ANY_LIST
    level: bool = False
    equal_ok: bool = False
    everything: bool = False
    assignment: str = ""
    assignment_is_text: bool = False
    condition: str = ""
    observations: str = ""
    using: str = ""
    weights: tuple[str, ...] = ()
    options: tuple[OptionSpecification, ...] = ()
    passes_rest: bool = False
    equations: Specification | None = None
    bare: frozenset[str] = frozenset()
    body_name: str = ""
    source: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str, *, equations: str = "", unsupported: str = "") -> Specification:
        """Read a specification; ``equations`` is the one for the parts after each ``||``.

        ``unsupported`` lists options, in the same language, that Stata has and this program does
        not: typing one is an error of its own.  Raises r(197) for a text that is none.
        """
        return _parse(text, equations, unsupported)

    def read(
        self, command_line: CommandLine, dataset: Dataset, *, abbreviations: bool = True
    ) -> Arguments:
        """The arguments of a command line, or Stata's error for what is wrong with it."""
        from statalike.language.argument_reader import read_arguments

        return read_arguments(self, command_line, dataset, abbreviations=abbreviations)

    @property
    def synopsis(self) -> str:
        """The specification in lower case, as ``help`` shows it after the command's name."""
        parts = list(_synopsis_of_parts(self))
        if self.equations is not None:
            parts.append(f"[|| {self.equations.synopsis}]...")
        optional = [option.synopsis for option in self.options if _shown(option, False)]
        required = [option.synopsis for option in self.options if _shown(option, True)]
        inside = " ".join([*optional, *(["*"] if self.passes_rest else [])])
        if required:
            parts.append(", " + " ".join([*required, *([f"[{inside}]"] if inside else [])]))
        elif inside:
            parts.append(f"[, {inside}]")
        return " ".join(parts).replace(" , ", ", ")

    @property
    def words(self) -> tuple[str, ...]:
        """The options that completion offers, those of the equations included."""
        own = [word for option in self.options if option.supported for word in option.words]
        inner = self.equations.words if self.equations is not None else ()
        return tuple(dict.fromkeys([*own, *inner]))


def _shown(option: OptionSpecification, required: bool) -> bool:
    return option.supported and option.required == required


def _synopsis_of_parts(specification: Specification) -> Iterator[str]:
    def shown(word: str, need: str) -> str:
        return word if need == "required" else f"[{word}]"

    if specification.level:
        yield "levelvar:"
    if specification.body_kind:
        yield shown(specification.body_kind, specification.body)
    if specification.assignment:
        yield shown("=exp", specification.assignment)
    for word, need in (
        ("using filename", specification.using),
        ("if", specification.condition),
        ("in", specification.observations),
    ):
        if need:
            yield shown(word, need)
    if specification.weights:
        yield "[weight]"


# --- reading a specification -------------------------------------------------------------------

_TOKEN = re.compile(r"\s*(?:([\[\],*])|(=/?)\s*(\w+)|(level:)|([^\W\d]\w*)(/?)(\()?)")
_PARENTHESES = re.compile(r"[()]")
_MODIFIER = re.compile(r"(\w+)\s*=\s*(\S+)|(>=|<=|>|<)\s*(\S+)|(range)\s*\(([^)]*)\)|(\S+)")
_CAPITAL = re.compile(r"[^\W\d_a-z]")


@dataclass(frozen=True)
class _Word:
    """An element of a specification with the text in its parentheses, and where it stood."""

    name: str
    argument: str | None
    optional: bool
    is_option: bool


def _invalid(text: str) -> StataError:
    return StataError(197, "invalid syntax", hint=f"in the specification: {text.strip()}")


@functools.lru_cache(maxsize=1024)
def _parse(text: str, equations: str, unsupported: str) -> Specification:
    specification = Specification(source=text)
    options: list[OptionSpecification] = []
    for word in _words(text):
        if word.is_option:
            if word.name == "*":
                specification = replace(specification, passes_rest=True)
            else:
                _add_option(options, _option(word, text))
        else:
            specification = _with_part(specification, word, text)
    for word in _words(f"[, {unsupported}]"):
        options.append(replace(_option(word, unsupported), supported=False))
    return replace(
        specification,
        options=tuple(options),
        equations=_parse(equations, "", "") if equations else None,
    )


def _words(text: str) -> Iterator[_Word]:
    position, depth, after_comma = 0, 0, False
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            raise _invalid(text)
        position = found.end()
        mark, equal, assigned, level, name, slash, opening = found.groups()
        if mark == "[":
            depth += 1
        elif mark == "]":
            depth -= 1
        elif mark == ",":
            after_comma = True
        elif mark == "*":
            yield _Word("*", None, True, True)
        elif equal:
            slash = "/" if equal == "=/" else ""
            yield _Word(f"={assigned}{slash}", None, depth > 0, False)
        elif level:
            yield _Word("level", None, False, False)
        else:
            argument = None
            if opening:
                end = _closing(text, position)
                argument, position = text[position:end].strip(), end + 1
            whole = name if after_comma else name + slash
            yield _Word(whole, argument, depth > 0, after_comma)
        if depth < 0:
            raise _invalid(text)
    if depth:
        raise _invalid(text)


def _closing(text: str, position: int) -> int:
    depth = 1
    for found in _PARENTHESES.finditer(text, position):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return found.start()
    raise _invalid(text)


def _with_part(specification: Specification, word: _Word, text: str) -> Specification:
    need = "optional" if word.optional else "required"
    name = word.name.removesuffix("/")
    if word.name.endswith("/"):
        bare = specification.bare | {weight_kind(name) or name}
        specification = replace(specification, bare=bare)
    if name in BODY_KINDS and not specification.body_kind:
        modifiers = _modifiers(word.argument)
        rule = _list_rule(name, modifiers, required=not word.optional)
        return replace(
            specification,
            body_kind=name,
            body=need,
            names=rule,
            equal_ok="equalok" in modifiers,
            everything="everything" in modifiers,
            body_name=modifiers.get("name", ""),
        )
    match name:
        case "=exp" | "=anything":
            as_text = name == "=anything"
            return replace(specification, assignment=need, assignment_is_text=as_text)
        case "if":
            return replace(specification, condition=need)
        case "in":
            return replace(specification, observations=need)
        case "using":
            return replace(specification, using=need)
        case "level":
            return replace(specification, level=True)
        case _:
            kind = weight_kind(name)
            if kind is None or not word.optional:
                raise _invalid(text)
            return replace(specification, weights=(*specification.weights, kind))


def weight_kind(typed: str) -> str | None:
    """``fweight`` for ``fw``, ``fweights`` or ``frequency``; None for what is no weight."""
    for kind, abbreviations in WEIGHT_KINDS.items():
        if typed in abbreviations or (len(typed) > 1 and f"{kind}s".startswith(typed)):
            return kind
    return None


def _add_option(options: list[OptionSpecification], option: OptionSpecification) -> None:
    """``NAME`` and ``NAME(string)`` are one option whose argument may be left out."""
    for index, other in enumerate(options):
        if other.name == option.name and "flag" in (other.kind, option.kind):
            whole = other if option.kind == "flag" else option
            shortest = min(option.shortest, other.shortest)
            options[index] = replace(whole, shortest=shortest, optional_argument=True)
            return
    options.append(option)


def _option(word: _Word, text: str) -> OptionSpecification:
    kind = "flag"
    name = word.name
    if word.argument is None and name.startswith("no") and _CAPITAL.search(name):
        name, kind = name[2:], "noflag"
    capitals = [found.end() for found in _CAPITAL.finditer(name)]
    option = OptionSpecification(
        name.lower(),
        shortest=capitals[-1] if capitals else len(name),
        kind=kind,
        required=not word.optional,
        default=False if kind in ("flag", "noflag") else None,
    )
    if word.argument is None:
        return option
    kind, _, rest = word.argument.partition(" ")
    if "(" in kind:
        kind, rest = kind.split("(", 1)[0], word.argument[len(kind.split("(", 1)[0]) :]
    if kind not in OPTION_KINDS:
        raise _invalid(text)
    modifiers = _modifiers(rest)
    return _with_modifiers(replace(option, kind=kind, default=None), modifiers, rest, text)


def _with_modifiers(
    option: OptionSpecification, modifiers: dict[str, str], rest: str, text: str
) -> OptionSpecification:
    match option.kind:
        case "integer" | "real":
            value = rest.strip()
            if not value:
                return option
            try:
                number = float(value)
            except ValueError:
                if value != ".":
                    raise _invalid(text) from None
                return option
            default: float = int(number) if option.kind == "integer" else number
            return replace(option, default=default, required=False)
        case "numlist":
            return replace(option, numbers=_numlist_rule(modifiers))
        case "varlist" | "varname" | "namelist" | "name" | "newvarlist" | "newvarname":
            return replace(option, names=_list_rule(option.kind, modifiers, required=True))
        case _:
            asis, repeated = "asis" in modifiers, "repeated" in modifiers
            return replace(option, asis=asis, repeated=repeated, default=() if repeated else None)


def _modifiers(text: str | None) -> dict[str, str]:
    """``min=1 fv >=0 range(>0 <1)`` → a mapping; limits keep their relation as key."""
    modifiers: dict[str, str] = {}
    for found in _MODIFIER.finditer(text or ""):
        name, value, relation, limit, _, inner, word = found.groups()
        if name:
            modifiers[name] = value
        elif relation:
            modifiers[relation] = limit
        elif inner is not None:
            modifiers.update(_modifiers(inner))
        else:
            modifiers[word] = ""
    return modifiers


def _count(modifiers: dict[str, str], key: str) -> int | None:
    value = modifiers.get(key, "")
    if value and not value.isdigit():
        raise _invalid(f"{key}={value}")
    return int(value) if value else None


def _list_rule(kind: str, modifiers: dict[str, str], *, required: bool) -> ListRule:
    single = kind in ("varname", "newvarname", "name")
    minimum, maximum = _count(modifiers, "min"), _count(modifiers, "max")
    if maximum is None and single:
        maximum = 1
    return ListRule(
        minimum=minimum if minimum is not None else int(required),
        maximum=maximum,
        numeric="numeric" in modifiers,
        string="string" in modifiers,
        may_be_empty=minimum == 0,
        default_all=kind == "varlist" and not required and modifiers.get("default") != "none",
        operators=Operators("fv" in modifiers, "ts" in modifiers, "random" in modifiers),
    )


def _numlist_rule(modifiers: dict[str, str]) -> NumlistRule:
    limits: list[tuple[str, float]] = []
    for relation in (">", ">=", "<", "<="):
        if relation in modifiers:
            try:
                limits.append((relation, float(modifiers[relation])))
            except ValueError:
                raise _invalid(modifiers[relation]) from None
    maximum = _count(modifiers, "max")
    rule = NumlistRule(
        minimum=_count(modifiers, "min") or 0,
        integer="integer" in modifiers,
        ascending="ascending" in modifiers,
        sort="sort" in modifiers,
        missing_okay="missingokay" in modifiers or "missingok" in modifiers,
        limits=tuple(limits),
    )
    return rule if maximum is None else replace(rule, maximum=maximum)
