"""``help``: what a command does, its syntax from the register, and its page.

Pages are markdown files in ``statalike/help``, named after a command or a topic.  A page may begin
with ``## Syntax`` and indented lines, for commands whose syntax the register does not know; the
first line of a topic's page, ``# ...``, is its title.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from statalike.commands.registry import (
    Command,
    all_commands,
    command,
    find_command,
    find_subcommand,
    subcommands,
)
from statalike.errors import StataError, suggestion
from statalike.output.help_page import command_page, contents_page, topic_page
from statalike.state import State

#: the help line of commands of Stata's that are refused
REFUSED = "not yet supported"

#: commands that are explained on the page of another one
SHARED_PAGES = {
    "_pctile": "xtile",
    "adopath": "program",
    "aorder": "split",
    "append": "merge",
    "args": "program",
    "bsample": "sample",
    "bysort": "by",
    "centile": "xtile",
    "char": "split",
    "ci": "xtile",
    "cloglog": "logit",
    "cmdlog": "log",
    "cwf": "frame",
    "discard": "program",
    "frames": "frame",
    "frget": "frame",
    "frlink": "frame",
    "fvunab": "tokenize",
    "gettoken": "tokenize",
    "lookfor": "ds",
    "macro shift": "tokenize",
    "logistic": "logit",
    "mark": "marksample",
    "markout": "marksample",
    "mkf": "frame",
    "nbreg": "logit",
    "numlist": "tokenize",
    "ologit": "logit",
    "oprobit": "logit",
    "poisson": "logit",
    "post": "postfile",
    "postclose": "postfile",
    "postutil": "postfile",
    "pwf": "frame",
    "restore": "preserve",
    "sleep": "timer",
    "sysdir": "program",
    "tsunab": "tokenize",
    "unab": "tokenize",
    "which": "program",
    "continue": "foreach",
    "creturn": "return",
    "cross": "contract",
    "decode": "encode",
    "ereturn": "return",
    "export": "import",
    "fillin": "contract",
    "insheet": "import",
    "insobs": "split",
    "isid": "duplicates",
    "joinby": "contract",
    "levelsof": "duplicates",
    "mvdecode": "recode",
    "mvencode": "recode",
    "outsheet": "import",
    "pctile": "xtile",
    "probit": "logit",
    "pwcorr": "correlate",
    "range": "split",
    "separate": "split",
    "tostring": "destring",
    "xpose": "split",
    "xtdescribe": "xtsum",
    "xttab": "xtsum",
    "estat hettest": "estat_vif",
    "estat ovtest": "estat_vif",
    "estat summarize": "estat_vce",
    "global": "macro",
    "graph dot": "graph_bar",
    "graph hbar": "graph_bar",
    "graph hbox": "graph_box",
    "graph twoway": "twoway",
    "gsort": "sort",
    "include": "do",
    "keep": "drop",
    "line": "twoway",
    "local": "macro",
    "mkmat": "matrix",
    "noisily": "quietly",
    "rm": "erase",
    "tempfile": "tempvar",
    "tempname": "tempvar",
    "pnorm": "qnorm",
    "pwd": "cd",
    "qqplot": "qnorm",
    "query": "set",
    "run": "do",
    "saveold": "save",
    "scatter": "twoway",
    "sreturn": "return",
    "svmat": "matrix",
    "sysuse": "webuse",
    "tab1": "tabulate",
    "tab2": "tabulate",
    "testparm": "test",
    "tsset": "xtset",
}

#: other names of topics
TOPIC_NAMES = {
    "#delimit": "comments",
    "datatypes": "data_types",
    "delimit": "comments",
    "else": "if",
    "exp": "expressions",
    "expression": "expressions",
    "factor_variables": "fvvarlist",
    "forvalues": "foreach",
    "fweight": "weights",
    "aweight": "weights",
    "pweight": "weights",
    "iweight": "weights",
    "function": "functions",
    "in": "if",
    "loops": "foreach",
    "missing_values": "missing",
    "operator": "expressions",
    "operators": "expressions",
    "qualifiers": "if",
    "r_codes": "return_codes",
    "random": "random_effects",
    "random_effects_equations": "random_effects",
    "re_equation": "random_effects",
    "storage_types": "data_types",
    "subscripting": "expressions",
    "tsvarlist": "varlist",
    "weight": "weights",
    "while": "foreach",
}


@command("help", "h", form="text", help="explain a command", section="Help")
def help_(state: State, text: str) -> None:
    words = text.split()
    linesize = state.settings.linesize
    if not words:
        entries = [
            (item.section or "Programming", item.name, item.help)
            for item in all_commands().values()
            if item.help != REFUSED
        ]
        entries += [("Topics", name, title(name)) for name in topics()]
        state.console.print_lines(contents_page(entries, linesize))
        return
    topic = _topic(words)
    found = None if topic else _find(words)
    if topic:
        _, text_after = _parts(topic)
        state.console.print_lines(topic_page(title(topic), text_after, linesize))
    elif found is not None:
        state.console.print_lines(
            command_page(
                found.name, found.minimum, found.help, synopses(found), page(found.name), linesize
            )
        )
    else:
        known = [*all_commands(), *topics(), *TOPIC_NAMES]
        raise StataError(
            111, f"help for {text.strip()} not found", hint=suggestion(" ".join(words), known)
        )


def _find(words: list[str]) -> Command | None:
    if len(words) > 1:
        head = find_command(words[0])
        found = find_subcommand(head.name, words[1]) if head else None
        if found is not None:
            return found
    return find_command(words[0])


def _topic(words: list[str]) -> str:
    """The topic that words name, or nothing; a command's full name comes first."""
    if " ".join(words) in all_commands():
        return ""
    name = "_".join(words).lower()
    name = TOPIC_NAMES.get(name, name)
    if name.endswith("()"):
        from statalike.language import functions

        return "functions" if name[:-2] in functions.names() else ""
    return name if name in topics() else ""


def synopses(found: Command) -> list[str]:
    """The lines of a command's syntax; a family lists those of its subcommands."""
    if found.form == "family":
        known = all_commands()
        lines = [
            line
            for word in subcommands(found.name)
            for line in synopses(known[f"{found.name} {word}"])
        ]
        return list(dict.fromkeys(lines))
    written, _ = _parts(page_name(found.name))
    own = [line for line in written if f"{line} ".startswith(f"{found.name} ")]
    if own or (written and not found.syntax):
        return own or written
    if found.form == "prefix":
        return [f"{found.name} ...: command"]
    if found.form == "text" and not found.syntax:
        return [f"{found.name} ..."]
    return [f"{found.name} {found.specification.synopsis}".strip()]


def page(name: str) -> str:
    """The text of a command's page without its syntax, or an empty one when it has none."""
    _, text = _parts(page_name(name))
    return text


def page_name(name: str) -> str:
    """The page that explains a command: its own, one it shares, or its family's."""
    own = name.replace(" ", "_")
    if own in _pages():
        return own
    found = all_commands().get(name)
    if found is not None and found.help == REFUSED:
        return "not_yet_supported"
    family = name.partition(" ")[0]
    return SHARED_PAGES.get(name, SHARED_PAGES.get(family, family))


def topics() -> list[str]:
    """The pages that have a title, sorted."""
    return [name for name, text in sorted(_pages().items()) if text.startswith("# ")]


def title(topic: str) -> str:
    """The first line of a topic's page."""
    return _pages()[topic].partition("\n")[0].removeprefix("# ")


@cache
def _pages() -> dict[str, str]:
    folder = resources.files("statalike").joinpath("help")
    if not folder.is_dir():
        return {}
    return {
        file.name.removesuffix(".md"): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".md")
    }


def _parts(name: str) -> tuple[list[str], str]:
    """The lines of a page's syntax, and the rest of its text without a title."""
    text = _pages().get(name, "")
    if text.startswith("# "):
        text = text.partition("\n")[2].lstrip()
    if not text.startswith("## Syntax\n"):
        return [], text
    written, heading, rest = text.removeprefix("## Syntax\n").partition("\n## ")
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    return lines, heading.lstrip("\n") + rest
