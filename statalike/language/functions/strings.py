"""String functions ([FN] String functions).

Functions without ``u`` count bytes of UTF-8, as Stata does; those that begin with ``u`` count
characters.  Positions start at 1; a missing count stands for "as many as there are".
"""

from __future__ import annotations

import functools
import math
import re

from statalike.data.missing import MISSING, missing_code
from statalike.language.functions.registry import general, textual
from statalike.language.operators import multiply
from statalike.language.values import Value

_WORD = re.compile(r'`"(?:[^`"]|"(?!\')|`(?!"))*"\'|"[^"]*"|[^ ]+')
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_LONGEST_NAME = 32
_MANY = 2e9


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


# --- length and case ---------------------------------------------------------------------------


@textual("strlen", "s", "length")
def strlen(text: str) -> float:
    """The number of bytes."""
    return float(len(text) if text.isascii() else len(_bytes(text)))


@textual("ustrlen", "s", "udstrlen")
def ustrlen(text: str) -> float:
    return float(len(text))


@textual("strupper", "s", "upper")
def strupper(text: str) -> str:
    """ASCII letters in upper case."""
    if text.isascii():
        return text.upper()
    return "".join(c.upper() if c.isascii() else c for c in text)


@textual("strlower", "s", "lower")
def strlower(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(c.lower() if c.isascii() else c for c in text)


@textual("ustrupper", "s [s]")
def ustrupper(text: str, locale: str = "") -> str:
    return text.upper()


@textual("ustrlower", "s [s]")
def ustrlower(text: str, locale: str = "") -> str:
    return text.lower()


@textual("strproper", "s", "proper")
def strproper(text: str) -> str:
    """The first letter after each nonletter in upper case, the others in lower case."""
    letters = []
    inside = False
    for c in text:
        letter = c.isascii() and c.isalpha()
        letters.append((c.lower() if inside else c.upper()) if letter else c)
        inside = letter
    return "".join(letters)


@textual("ustrtitle", "s [s]")
def ustrtitle(text: str, locale: str = "") -> str:
    return " ".join(word[:1].title() + word[1:].lower() for word in text.split(" "))


# --- parts -------------------------------------------------------------------------------------


@textual("substr", "s n n", "bsubstr")
def substr(text: str, start: float, count: float) -> str:
    """``count`` bytes from byte ``start``, counted from the end when it is negative."""
    if text.isascii():
        return _part(text, start, count)
    stored = _bytes(text)
    first, last = _range(len(stored), start, count)
    return _decoded(stored[first:last])


@textual("usubstr", "s n n", "udsubstr")
def usubstr(text: str, start: float, count: float) -> str:
    return _part(text, start, count)


@textual("ustrleft", "s n")
def ustrleft(text: str, count: float) -> str:
    return _part(text, 1.0, count)


@textual("ustrright", "s n")
def ustrright(text: str, count: float) -> str:
    if count >= MISSING or count >= len(text):
        return text
    return text[len(text) - int(count) :] if count >= 1 else ""


def _part(text: str, start: float, count: float) -> str:
    first, last = _range(len(text), start, count)
    return text[first:last]


def _range(length: int, start: float, count: float) -> tuple[int, int]:
    if start >= MISSING or not -length <= int(start) <= length or int(start) == 0:
        return 0, 0
    first = int(start) - 1 if start > 0 else length + int(start)
    if count >= MISSING:
        return first, length
    return first, min(length, first + max(int(count), 0))


@textual("word", "s n")
def word(text: str, n: float) -> str:
    """The n-th word; counted from the end when n is negative.  Quotes bind words together."""
    words = _WORD.findall(text)
    if n >= MISSING or not 1 <= abs(int(n)) <= len(words):
        return ""
    found: str = words[int(n) - 1 if n > 0 else int(n)]
    if found.startswith('`"') and found.endswith("\"'"):
        return found[2:-2]
    return found[1:-1] if len(found) > 1 and found[0] == found[-1] == '"' else found


@textual("wordcount", "s")
def wordcount(text: str) -> float:
    return float(len(_WORD.findall(text)))


@textual("ustrword", "s n [s]")
def ustrword(text: str, n: float, locale: str = "") -> str:
    words = re.findall(r"\w+|[^\w\s]", text)
    if n >= MISSING or not 1 <= abs(int(n)) <= len(words):
        return ""
    return str(words[int(n) - 1 if n > 0 else int(n)])


@textual("ustrwordcount", "s [s]")
def ustrwordcount(text: str, locale: str = "") -> float:
    return float(len(re.findall(r"\w+|[^\w\s]", text)))


@textual("abbrev", "s n")
def abbrev(text: str, n: float) -> str:
    """The text shortened to n characters: its beginning, ``~`` and its last character.

    An n below 5 counts as 5.
    """
    width = len(text) if n >= MISSING else max(5, int(n))
    if len(text) <= width:
        return text
    return text[: width - 2] + "~" + text[-1]


# --- search and replacement --------------------------------------------------------------------


@textual("strpos", "s s")
def strpos(text: str, sought: str) -> float:
    """The byte where ``sought`` first stands, 0 when it does not; 0 for an empty ``sought``."""
    at = text.find(sought) if sought else -1
    return 0.0 if at < 0 else float(at + 1 if text.isascii() else len(_bytes(text[:at])) + 1)


@textual("strrpos", "s s")
def strrpos(text: str, sought: str) -> float:
    at = text.rfind(sought) if sought else -1
    return 0.0 if at < 0 else float(at + 1 if text.isascii() else len(_bytes(text[:at])) + 1)


@textual("ustrpos", "s s [n]")
def ustrpos(text: str, sought: str, start: float = 1.0) -> float:
    if not sought or start >= MISSING or start < 1:
        return 0.0
    return float(text.find(sought, int(start) - 1) + 1)


@textual("ustrrpos", "s s [n]")
def ustrrpos(text: str, sought: str, start: float = MISSING) -> float:
    if not sought:
        return 0.0
    end = len(text) if start >= MISSING else int(start) - 1 + len(sought)
    return float(text.rfind(sought, 0, end) + 1)


@textual("subinstr", "s s s n", "usubinstr")
def subinstr(text: str, old: str, new: str, count: float) -> str:
    """The first ``count`` occurrences of ``old`` replaced, all when it is missing."""
    if not old or count < 1:
        return text
    return text.replace(old, new, -1 if count > _MANY else int(count))


@textual("subinword", "s s s n")
def subinword(text: str, old: str, new: str, count: float) -> str:
    """Like ``subinstr()``, for whole words between blanks."""
    if not old or count < 1:
        return text
    pattern = rf"(?<![^ ]){re.escape(old)}(?![^ ])"
    return re.sub(pattern, lambda _: new, text, count=0 if count > _MANY else int(count))


@textual("indexnot", "s s")
def indexnot(text: str, characters: str) -> float:
    """The position of the first character that is not among ``characters``; 0 if there is none."""
    return next((at + 1.0 for at, c in enumerate(text) if c not in characters), 0.0)


@textual("strmatch", "s s")
def strmatch(text: str, pattern: str) -> float:
    """1 when the text fits a pattern of ``*`` (any characters) and ``?`` (one character)."""
    return float(_wildcard(pattern).fullmatch(text) is not None)


@functools.lru_cache(maxsize=256)
def _wildcard(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(c) or re.escape(c) for c in pattern), re.DOTALL)


# --- blanks ------------------------------------------------------------------------------------


@textual("strtrim", "s", "trim")
def strtrim(text: str) -> str:
    """Without blanks at either end."""
    return text.strip(" ")


@textual("strltrim", "s", "ltrim")
def strltrim(text: str) -> str:
    return text.lstrip(" ")


@textual("strrtrim", "s", "rtrim")
def strrtrim(text: str) -> str:
    return text.rstrip(" ")


@textual("stritrim", "s", "itrim")
def stritrim(text: str) -> str:
    """Runs of blanks inside the text made one blank."""
    body = text.strip(" ")
    if not body:
        return text
    start = text.index(body[0]) if text[0] == " " else 0
    return text[:start] + re.sub(" {2,}", " ", body) + text[start + len(body) :]


@textual("ustrtrim", "s")
def ustrtrim(text: str) -> str:
    return text.strip()


@textual("ustrltrim", "s")
def ustrltrim(text: str) -> str:
    return text.lstrip()


@textual("ustrrtrim", "s")
def ustrrtrim(text: str) -> str:
    return text.rstrip()


# --- making texts ------------------------------------------------------------------------------


@textual("strreverse", "s", "ustrreverse")
def strreverse(text: str) -> str:
    return text[::-1]


@textual("char", "n")
def char(code: float) -> str:
    """The ASCII character; empty outside 0..127, where single bytes are no characters."""
    return chr(int(code)) if 0 < code < 128 else ""


@textual("uchar", "n")
def uchar(code: float) -> str:
    if not 0 < code < 0x110000:
        return ""
    return "\ufffd" if 0xD800 <= int(code) < 0xE000 else chr(int(code))


@textual("plural", "n s [s]")
def plural(n: float, text: str, form: str = "+s") -> str:
    """The plural unless n is ±1: ``+es`` adds, ``-y`` takes away, anything else replaces."""
    if abs(n) == 1:
        return text
    if form.startswith("+"):
        return text + form[1:]
    if form.startswith("-"):
        return text.removesuffix(form[1:])
    return form


@textual("strtoname", "s [n]", "ustrtoname")
def strtoname(text: str, prefix: float = 1.0) -> str:
    """The text as a valid name: other characters become ``_``, a leading digit gets one before."""
    name = re.sub(r"\W", "_", text)
    if prefix and (not name or name[0].isdigit()):
        name = "_" + name
    return name[:_LONGEST_NAME]


@general("strdup", "s n")
def strdup(text: Value, count: Value) -> Value:
    """The text ``count`` times, as ``text*count``."""
    return multiply(text, count)


@textual("soundex", "s")
def soundex(text: str) -> str:
    """The four-character Soundex code (U.S. National Archives)."""
    letters = [c for c in text.upper() if "A" <= c <= "Z"]
    if not letters:
        return ""
    code = letters[0]
    last = _SOUNDEX.get(code, "")
    for letter in letters[1:]:
        digit = _SOUNDEX.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "HW":
            last = digit
    return (code + "000")[:4]


_SOUNDEX = {
    letter: str(digit)
    for digit, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), start=1)
    for letter in letters
}


# --- numbers and texts -------------------------------------------------------------------------


@textual("strofreal", "n [s]", "string")
def strofreal(x: float, fmt: str = "%9.0g") -> str:
    """The number in a display format, without blanks around it."""
    from statalike.data.formats import format_value

    return format_value(x, fmt).strip(" ")


@textual("real", "s")
def real(text: str) -> float:
    """The number that the text writes, or ``.``."""
    text = text.strip(" \t")
    if _NUMBER.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) and value < MISSING else MISSING
    if len(text) == 2 and text[0] == "." and "a" <= text[1] <= "z":
        return missing_code(text[1])
    return MISSING
