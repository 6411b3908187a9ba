"""Extended macro functions: what may stand after ``local name :`` ([P] macro)."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable
from pathlib import Path

from statalike.displayed_text import displayed_text
from statalike.errors import StataError, invalid_syntax
from statalike.evaluation import StateContext
from statalike.language.expressions import evaluate_scalar
from statalike.language.parser import parse_expression, quoted_words, split_comma, split_name
from statalike.language.quoting import closing_quote, unquoted
from statalike.macro_lists import list_function
from statalike.output.text_width import columns_of
from statalike.results.matrix import NamedMatrix, Stripe
from statalike.results.stores import Results
from statalike.state import State

Function = Callable[[State, str], str]


def extended_macro_function(state: State, text: str) -> str:
    """The value of a function such as ``word count a b``; r(198) for one there is not."""
    name, rest = split_name(text.strip())
    function = _FUNCTIONS.get(name)
    if function is None:
        raise StataError(198, f"{name} not a known extended macro function")
    return function(state, rest.strip())


def _variable(state: State, text: str) -> str:
    return state.data.unabbreviate(text.strip())


def _word(state: State, text: str) -> str:
    second, words = split_name(text)
    if second == "count":
        return str(len(quoted_words(words.strip())))
    number, of, words = text.partition(" of ")
    found = [unquoted(word) for word in quoted_words(words.strip())]
    index = _integer(state, number)
    return found[index - 1] if of and 1 <= index <= len(found) else ""


def _variable_label(state: State, text: str) -> str:
    word, name = split_name(text)
    if not "label".startswith(word):
        raise invalid_syntax()
    return state.data.variable(_variable(state, name)).label


def _value_label(state: State, text: str) -> str:
    word, name = split_name(text)
    if not "label".startswith(word):
        raise invalid_syntax()
    return state.data.variable(_variable(state, name)).value_label


def _label(state: State, text: str) -> str:
    """``label (variable) #``, ``label labelname #``, with a length; ``label labelname maxlength``.

    Option ``strict`` gives nothing for a value without a label.
    """
    given, options = split_comma(text)
    strict = (options or "").strip() == "strict"
    if given.startswith("("):
        inside, _, rest = given[1:].partition(")")
        name = state.data.variable(_variable(state, inside)).value_label
    else:
        name, rest = split_name(given)
    label = state.data.value_labels.get(name)
    words = rest.split()
    if words == ["maxlength"]:
        texts = label.mapping.values() if label else ()
        return str(max((columns_of(each) for each in texts), default=0))
    if not words:
        raise invalid_syntax()
    number = evaluate_scalar(parse_expression(words[0]), StateContext(state))
    if isinstance(number, str):
        raise invalid_syntax()
    shown = label.text(number) if label else None
    shown = shown if shown is not None else "" if strict else words[0]
    return shown[: _integer(state, words[1])] if len(words) > 1 else shown


def _constraint(state: State, text: str) -> str:
    return state.memory.constraints.get(_integer(state, text), "")


def _characteristic(state: State, text: str) -> str:
    """``char owner[name]``, or the names that ``char owner[]`` has."""
    found = re.fullmatch(r"(\w+)\s*\[\s*(\w*)\s*\]", text)
    if found is None:
        raise invalid_syntax()
    owner = found[1] if found[1] == "_dta" else _variable(state, found[1])
    texts = state.data.characteristics.get(owner, {})
    return str(texts.get(found[2], "")) if found[2] else " ".join(texts)


def _named_macro(state: State, text: str) -> str:
    """The contents of ``local name`` or ``global name``; r(198) for anything else."""
    kind, name = split_name(text)
    macros = {"local": state.macros, "loc": state.macros, "global": state.globals}.get(kind)
    if macros is None or not name.strip():
        raise invalid_syntax()
    return macros.get(name.strip(), "")


def _length(state: State, text: str) -> str:
    return str(len(_named_macro(state, text).encode()))


def _characters(state: State, text: str) -> str:
    return str(len(_named_macro(state, text)))


def _substitution(state: State, text: str) -> str:
    """``subinstr local name "from" "to" [, all word count(local n)]``."""
    given, options = split_comma(text)
    kind, rest = split_name(given)
    name, rest = split_name(rest)
    content = _named_macro(state, f"{kind} {name}")
    words = quoted_words(rest.strip())
    if len(words) != 2:
        raise invalid_syntax()
    old, new = (unquoted(word) for word in words)
    every = whole = False
    counted = ""
    for option in re.findall(r"\w+\s*\([^)]*\)|\w+", options or ""):
        if option == "all":
            every = True
        elif option == "word":
            whole = True
        elif option.startswith("count"):
            counted = option.partition("(")[2].rstrip(")")
        else:
            raise StataError(198, f"option {option} not allowed")
    if not old:
        return content
    pattern = re.escape(old)
    if whole:
        pattern = rf"(?<!\S){pattern}(?!\S)"
    changed, number = re.subn(pattern, lambda _: new, content, count=0 if every else 1)
    if counted:
        where, target = split_name(counted)
        macros = state.globals if where == "global" else state.macros
        macros[target.strip()] = str(number)
    return changed


def _piece(state: State, text: str) -> str:
    """``piece # # of "text" [, nobreak]``: the first piece no longer than so many characters."""
    numbers, of, rest = text.partition(" of ")
    words = numbers.split()
    if not of or len(words) != 2:
        raise invalid_syntax()
    wanted, longest = (_integer(state, word) for word in words)
    rest = rest.strip()
    end = closing_quote(rest, 0) if rest.startswith(('"', '`"')) else len(rest)
    remaining = unquoted(rest[:end]).strip()
    piece = ""
    for _ in range(wanted):
        if len(remaining) <= longest:
            piece, remaining = remaining, ""
            continue
        cut = remaining.rfind(" ", 0, longest + 1)
        cut = longest if cut <= 0 else cut
        piece, remaining = remaining[:cut].rstrip(), remaining[cut:].strip()
    return piece


def _list(state: State, text: str) -> str:
    return list_function(text, lambda name: state.macros.get(name, ""))


def _directory(state: State, text: str) -> str:
    """``dir "directory" files|dirs|other "pattern" [, nofail respectcase]``."""
    given, _ = split_comma(text)
    words = [unquoted(word) for word in quoted_words(given)]
    if not 2 <= len(words) <= 3 or words[1] not in ("files", "dirs", "other"):
        raise invalid_syntax()
    folder = Path(os.path.expanduser(words[0] or "."))
    pattern = words[2] if len(words) == 3 else "*"
    if not folder.is_dir():
        raise StataError(601, f"directory {words[0]} not found")
    fitting = {"files": os.path.isfile, "dirs": os.path.isdir}.get(words[1], os.path.islink)
    names = sorted(
        entry.name
        for entry in folder.iterdir()
        if fitting(entry) and fnmatch.fnmatch(entry.name.lower(), pattern.lower())
    )
    return " ".join(f'"{name}"' for name in names)


def _system_directory(state: State, text: str) -> str:
    return state.ado_path.directory(text.strip())


def _environment(state: State, text: str) -> str:
    return os.environ.get(text.strip(), "")


def _matrix(state: State, name: str) -> NamedMatrix:
    stored = re.fullmatch(r"([er])\((\w+)\)", name.strip())
    if stored:
        results: Results = getattr(state.memory, stored[1])
        found = results.matrices.get(stored[2])
    else:
        found = state.memory.matrices.get(name.strip())
    if found is None:
        raise StataError(111, f"matrix {name.strip()} not found")
    return found


def _stripes(rows: bool, shown: Callable[[Stripe], str]) -> Function:
    """A function that lists names of rows or columns of a matrix."""

    def function(state: State, text: str) -> str:
        name, options = split_comma(text)
        matrix = _matrix(state, name)
        names = [shown(stripe) for stripe in (matrix.rows if rows else matrix.columns)]
        if (options or "").strip() == "quoted":
            return " ".join(f'`"{each}"\'' for each in names)
        return " ".join(names)

    return function


def _names_in(letter: str) -> Function:
    """A function that lists the scalars, macros or matrices of r(), e() or s()."""

    def function(state: State, text: str) -> str:
        results: Results = getattr(state.memory, letter)
        kind = text.strip().strip("()")
        parts = {
            "scalars": list(results.scalars),
            "macros": list(results.macros),
            "matrices": list(results.matrices),
            "functions": [] if results.sample is None else ["sample"],
        }
        if kind not in parts:
            raise invalid_syntax()
        return " ".join(parts[kind])

    return function


def _all(state: State, text: str) -> str:
    """``all globals|scalars|matrices|programs ["pattern"]``."""
    words = [unquoted(word) for word in quoted_words(text)]
    memory = state.memory
    scalars = memory.scalars
    kinds = {
        "globals": list(memory.globals),
        "scalars": list(scalars),
        "matrices": list(memory.matrices),
        "programs": list(memory.programs),
        "numeric": [name for name, value in scalars.items() if not isinstance(value, str)],
        "string": [name for name, value in scalars.items() if isinstance(value, str)],
    }
    if words[:2] in (["numeric", "scalars"], ["string", "scalars"]):
        del words[1]
    if not words or words[0] not in kinds or len(words) > 2:
        raise invalid_syntax()
    pattern = words[1] if len(words) == 2 else "*"
    return " ".join(name for name in kinds[words[0]] if fnmatch.fnmatchcase(name, pattern))


def _copy(state: State, text: str) -> str:
    return _named_macro(state, text)


def _permanent_name(state: State, text: str) -> str:
    """A name for a variable that is in nobody's way: the given one, or it with a number."""
    name = re.sub(r"\W", "_", text.split(",")[0].strip())[:32]
    candidate, number = name, 1
    while candidate in state.data:
        candidate, number = f"{name[:28]}{number}", number + 1
    return candidate


def _temporary(kind: str) -> Function:
    def function(state: State, text: str) -> str:
        state.interpreter.run_line(f"{kind} __made")
        return state.macros.pop("__made")

    return function


def _properties(state: State, text: str) -> str:
    program = state.memory.programs.get(text.strip())
    return program.properties if program is not None else ""


def _integer(state: State, text: str) -> int:
    value = evaluate_scalar(parse_expression(text.strip()), StateContext(state))
    if isinstance(value, str) or value != int(value):
        raise StataError(198, f"{text} found where a whole number was expected")
    return int(value)


_FUNCTIONS: dict[str, Function] = {
    "word": _word,
    "variable": _variable_label,
    "var": _variable_label,
    "type": lambda state, text: state.data.variable(_variable(state, text)).storage.name,
    "format": lambda state, text: state.data.variable(_variable(state, text)).format,
    "value": _value_label,
    "val": _value_label,
    "label": _label,
    "lab": _label,
    "data": lambda state, text: state.data.label,
    "sortedby": lambda state, text: " ".join(state.data.sorted_by),
    "constraint": _constraint,
    "char": _characteristic,
    "length": _length,
    "strlen": _length,
    "ustrlen": _characters,
    "ulength": _characters,
    "udstrlen": lambda state, text: str(columns_of(_named_macro(state, text))),
    "subinstr": _substitution,
    "usubinstr": _substitution,
    "piece": _piece,
    "upiece": _piece,
    "udpiece": _piece,
    "list": _list,
    "display": displayed_text,
    "di": displayed_text,
    "dis": displayed_text,
    "disp": displayed_text,
    "dir": _directory,
    "sysdir": _system_directory,
    "environment": _environment,
    "env": _environment,
    "adosubdir": lambda state, text: unquoted(text)[:1].lower(),
    "rownames": _stripes(True, lambda stripe: stripe.name),
    "colnames": _stripes(False, lambda stripe: stripe.name),
    "roweq": _stripes(True, lambda stripe: stripe.equation or "_"),
    "coleq": _stripes(False, lambda stripe: stripe.equation or "_"),
    "rowfullnames": _stripes(True, str),
    "colfullnames": _stripes(False, str),
    "rowsof": lambda state, text: str(_matrix(state, text).shape[0]),
    "colsof": lambda state, text: str(_matrix(state, text).shape[1]),
    "rownumb": lambda state, text: _number_of(state, text, rows=True),
    "colnumb": lambda state, text: _number_of(state, text, rows=False),
    "r": _names_in("r"),
    "e": _names_in("e"),
    "s": _names_in("s"),
    "all": _all,
    "copy": _copy,
    "permname": _permanent_name,
    "tempvar": _temporary("tempvar"),
    "tempfile": _temporary("tempfile"),
    "properties": _properties,
}


def _number_of(state: State, text: str, *, rows: bool) -> str:
    """``colnumb matrix name``: the number of a row or column, ``.`` where there is none."""
    words = text.split()
    if len(words) != 2:
        raise invalid_syntax()
    matrix = _matrix(state, words[0])
    names = [str(each) for each in (matrix.rows if rows else matrix.columns)]
    return str(names.index(words[1]) + 1) if words[1] in names else "."
