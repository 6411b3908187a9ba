"""``recode``: new values by rules ([D] recode); ``mvdecode`` and ``mvencode``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from statalike.commands.registry import command
from statalike.data.labels import ValueLabel
from statalike.data.missing import MISSING, is_missing, missing_code
from statalike.data.names import check_name
from statalike.data.storage import smallest_type
from statalike.errors import StataError, already_defined, invalid_syntax
from statalike.evaluation import observations_mask
from statalike.language.arguments import Arguments
from statalike.language.numlist import read_numlist
from statalike.language.parenthesised import parenthesised
from statalike.language.parser import quoted_words
from statalike.language.quoting import unquoted
from statalike.state import State

_BARE_RULE = re.compile(r"[^=()]+=\s*\S+")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_MISSING = re.compile(r"\.[a-z]?")


@dataclass(frozen=True)
class Rule:
    """Ranges of values (both ends included), or a kind of them, and what they become.

    ``kind`` is ``missing``, ``nonmissing``, ``else`` or empty; ``value`` is None for ``copy``.
    """

    ranges: tuple[tuple[float, float], ...]
    kind: str
    value: float | None
    label: str = ""


def read_rules(text: str) -> list[Rule]:
    """The rules in ``(1 2 = 3 "few") (4/max = 5) (else = .)``, or without parentheses; r(198)."""
    text = text.strip()
    texts = parenthesised(text) if text.startswith("(") else _bare_rules(text)
    return [_rule(each) for each in texts]


def _bare_rules(text: str) -> list[str]:
    found = _BARE_RULE.findall(text)
    if not found or "".join(found).replace(" ", "") != text.replace(" ", ""):
        raise StataError(198, "unknown el in rule" if text else "no rules specified")
    return [each.strip() for each in found]


def _rule(text: str) -> Rule:
    left, equals, right = text.partition("=")
    words = quoted_words(right.strip())
    if not equals or not 1 <= len(words) <= 2:
        raise invalid_syntax()
    label = unquoted(words[1]) if len(words) == 2 else ""
    value = None if words[0] in ("copy", "cop", "co") else _number(words[0])
    kinds = {"mis": "missing", "nonm": "nonmissing", "else": "else", "*": "else"}
    ranges: list[tuple[float, float]] = []
    kind = ""
    for word in left.split():
        full = next((kinds[start] for start in kinds if word.startswith(start)), "")
        if full and (word == "*" or full.startswith(word)):
            kind = full
        else:
            ranges.append(_range(word))
    if (kind and ranges) or not (kind or ranges):
        raise invalid_syntax()
    return Rule(tuple(ranges), kind, value, label)


def _range(word: str) -> tuple[float, float]:
    first, slash, last = word.partition("/")
    if not slash:
        value = _number(first)
        return value, value
    low = -np.inf if first == "min" else _number(first)
    high = np.nextafter(MISSING, 0) if last == "max" else _number(last)
    return low, float(high)


def _number(word: str) -> float:
    if _MISSING.fullmatch(word):
        return missing_code(word[1:])
    if not _NUMBER.fullmatch(word):
        raise StataError(198, f"unknown el {word} in rule")
    return float(word)


def recoded(values: np.ndarray, rules: list[Rule]) -> np.ndarray:
    """New values (n,) by the first rule that fits each; those that none fits stay."""
    result = values.copy()
    done = np.zeros(len(values), dtype=bool)
    missing = is_missing(values)
    for rule in [*(r for r in rules if r.kind != "else"), *(r for r in rules if r.kind == "else")]:
        fits = _fitting(values, missing, rule) & ~done
        if rule.value is not None:
            result[fits] = rule.value
        done |= fits
    return result


def _fitting(values: np.ndarray, missing: np.ndarray, rule: Rule) -> np.ndarray:
    match rule.kind:
        case "missing":
            return missing
        case "nonmissing":
            return ~missing
        case "else":
            return np.ones(len(values), dtype=bool)
    fits = np.zeros(len(values), dtype=bool)
    for low, high in rule.ranges:
        fits |= (values >= low) & (values <= high)
    return fits


def _split(body: str) -> tuple[str, str]:
    """The variables and the rules of a command line."""
    opening = body.find("(")
    if opening >= 0:
        return body[:opening].strip(), body[opening:]
    words = body.split()
    for position, word in enumerate(words):
        if "=" in word or _NUMBER.match(word) or _MISSING.fullmatch(word):
            return " ".join(words[:position]), " ".join(words[position:])
    return body, ""


@command(
    "recode",
    "recode",
    syntax="anything(equalok) [if] [in] [, GENerate(string) PREfix(string) Label(name) "
    "COPYrest TEST]",
    help="change values by rules",
    section="Data",
)
def recode(state: State, arguments: Arguments) -> None:
    """``recode varlist (rule) (rule) ... [, generate(newvars)]``."""
    listed, text = _split(arguments.body)
    names = list(dict.fromkeys(state.data.expand(listed)))
    if not names:
        raise StataError(100, "varlist required")
    rules = read_rules(text)
    made = _new_names(state, arguments, names)
    labelled = {
        int(rule.value): rule.label for rule in rules if rule.label and rule.value is not None
    }
    if labelled and not made:
        raise StataError(198, "value labels of rules require option generate() or prefix()")
    mask = observations_mask(state, arguments.condition, arguments.observations)
    for position, name in enumerate(names):
        old = state.data.numbers(name)
        new = recoded(old, rules)
        if not made:
            changed = mask & (new != old)
            state.data.replace(name, new[mask], mask)
            _report(state, int(np.count_nonzero(changed)), f"changes made to {name}")
            continue
        target = made[position]
        result = np.where(mask, new, old if arguments.flag("copyrest") else MISSING)
        kind = smallest_type(result, state.data.variable(name).storage)
        label = f"RECODE of {name}"
        if state.data.variable(name).label:
            label += f" ({state.data.variable(name).label})"
        variable = state.data.add(target, result, kind, label=label[:80])
        if labelled:
            set_name = arguments.string("label") or target
            state.data.value_labels[set_name] = ValueLabel(set_name, labelled)
            state.data.put(replace(variable, value_label=set_name))
        different = int(np.count_nonzero(mask & (result != old)))
        _report(state, different, f"differences between {name} and {target}")


def _report(state: State, count: int, what: str) -> None:
    noun, _, rest = what.partition(" ")
    noun = noun[:-1] if count == 1 else noun
    state.console.print(f"({count:,} {noun} {rest})")


def _new_names(state: State, arguments: Arguments, names: list[str]) -> list[str]:
    generated, prefix = arguments.string("generate"), arguments.string("prefix")
    if generated and prefix:
        raise StataError(198, "options generate() and prefix() may not be combined")
    made = generated.split() if generated else [f"{prefix}{name}" for name in names if prefix]
    if made and len(made) != len(names):
        raise StataError(198, "generate() must name as many variables as are recoded")
    for name in made:
        if check_name(name) in state.data:
            raise already_defined(name)
    return made


# --- numbers that stand for missing values -------------------------------------------------------

_PART = re.compile(r"([^=\\]+)(?:=\s*(\.[a-z]?))?\s*(?:\\|$)")


def _changes(text: str) -> Iterator[tuple[tuple[float, ...], float]]:
    """The numbers of ``9 99 = .a \\ 98`` with the missing value of each part."""
    for found in _PART.finditer(text):
        yield read_numlist(found[1].strip()), missing_code((found[2] or ".")[1:])


@command(
    "mvdecode",
    "mvdecode",
    syntax="varlist [if] [in] , MV(string)",
    help="turn numbers into missing values",
    section="Data",
)
def mvdecode(state: State, arguments: Arguments) -> None:
    mask = observations_mask(state, arguments.condition, arguments.observations)
    changes = list(_changes(arguments.string("mv") or ""))
    if not changes:
        raise invalid_syntax()
    for name in arguments.varlist:
        if state.data.variable(name).is_string:
            continue
        old = state.data.numbers(name)
        new = old.copy()
        for numbers, code in changes:
            new[np.isin(old, numbers) & mask] = code
        count = int(np.count_nonzero(new != old))
        if count:
            state.data.replace(name, new)
            values = "value" if count == 1 else "values"
            state.console.print(f"{name:>12}: {count:,} missing {values} generated")


@command(
    "mvencode",
    "mvencode",
    syntax="varlist [if] [in] , MV(string) [OVERride]",
    help="turn missing values into numbers",
    section="Data",
)
def mvencode(state: State, arguments: Arguments) -> None:
    """``mv(9)`` for all, or ``mv(.a=8 \\ else=9)``; r(9) when a number is in use already."""
    mask = observations_mask(state, arguments.condition, arguments.observations)
    rules = _codes(arguments.string("mv") or "")
    for name in arguments.varlist:
        if state.data.variable(name).is_string:
            continue
        old = state.data.numbers(name)
        new = old.copy()
        left = mask & is_missing(old)
        for code, number in rules:
            fits = left if code is None else left & (old == code)
            if np.any(mask & (old == number)) and not arguments.flag("override"):
                raise StataError(9, f"{name} has the value {number:g} already; no action taken")
            new[fits] = number
            left = left & ~fits
        count = int(np.count_nonzero(new != old))
        if count:
            state.data.replace(name, new)
            values = "value" if count == 1 else "values"
            state.console.print(f"{name:>12}: {count:,} missing {values} recoded")


def _codes(text: str) -> list[tuple[float | None, float]]:
    rules: list[tuple[float | None, float]] = []
    for part in text.split("\\"):
        left, equals, right = part.partition("=")
        if not equals:
            rules.append((None, _number(left.strip())))
        else:
            code = left.strip()
            rules.append((None if code == "else" else _number(code), _number(right.strip())))
    return rules
