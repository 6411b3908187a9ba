"""Options that ``contrast``, ``pwcompare`` and comparisons of margins share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from statalike.errors import StataError
from statalike.language.arguments import Arguments
from statalike.language.suboptions import Suboptions, read_suboptions
from statalike.state import State

#: in the language of ``syntax``: how margins are formed, how results are shown
MARGIN_OPTIONS = (
    "ASOBServed ASBALanced EQuation(string) ATEQuations EMPTYCells(string) NOESTIMcheck "
    "ESTIMTOLerance(real .)"
)
REPORT_OPTIONS = (
    "Level(cilevel) MCOMPare(string) sort POST DF(real 0) SMALL EForm EForm(string) OR HR SHR IRR "
    "RRR TRatio vsquish noFVLABel fvwrap(integer 1) fvwrapon(string) cformat(string) "
    "pformat(string) sformat(string) noLSTRETCH"
)

#: the title that tables give to a method, by the method's name
ADJUSTMENTS = {
    "noadjust": "Unadjusted",
    "bonferroni": "Bonferroni",
    "sidak": "Sidak",
    "scheffe": "Scheffe",
    "tukey": "Tukey",
    "snk": "SNK",
    "duncan": "Duncan",
    "dunnett": "Dunnett",
}
_SHORTEST = {
    "noadjust": 5,
    "bonferroni": 3,
    "sidak": 2,
    "scheffe": 3,
    "tukey": 3,
    "snk": 3,
    "duncan": 4,
    "dunnett": 4,
}
SINGLE = ("noadjust", "bonferroni", "sidak", "scheffe")

_MCOMPARE = Suboptions("anything")

#: options that exponentiate, and what the column of estimates is then called
EXPONENTIATED = {
    "eform": "exp(b)",
    "or": "Odds ratio",
    "hr": "Haz. ratio",
    "shr": "SHR",
    "irr": "IRR",
    "rrr": "RRR",
    "tratio": "Time ratio",
}


@dataclass(frozen=True)
class Adjustment:
    """A key of ``ADJUSTMENTS``, within each term or, with ``all_terms``, over all of them."""

    method: str = "noadjust"
    all_terms: bool = False

    @property
    def title(self) -> str:
        return ADJUSTMENTS[self.method]

    @property
    def adjusts(self) -> bool:
        return self.method != "noadjust"


def read_adjustment(
    state: State, arguments: Arguments, allowed: Collection[str] = tuple(ADJUSTMENTS)
) -> Adjustment:
    """What ``mcompare()`` asks for; r(198) for a method that is not known or not allowed."""
    text = arguments.string("mcompare")
    if text is None:
        return Adjustment()
    words = read_suboptions(_MCOMPARE, text, state.data).body.split()
    method = next(
        (
            name
            for name, shortest in _SHORTEST.items()
            if words and len(words[0]) >= shortest and name.startswith(words[0].lower())
        ),
        None,
    )
    rest = [word for word in words[1:] if not (len(word) >= 3 and "adjustall".startswith(word))]
    if method is None or rest:
        raise StataError(198, f"option mcompare() invalid; method {text.strip()} not allowed")
    if method not in allowed:
        raise StataError(198, f"option mcompare() invalid; method {method} not allowed")
    all_terms = len(words) > 1
    if all_terms and method not in SINGLE:
        raise StataError(198, f"suboption adjustall not allowed with method {method}")
    return Adjustment(method, all_terms)


def exponentiation_title(arguments: Arguments) -> str:
    """The title of exponentiated estimates, empty when none was asked for; r(198)."""
    chosen = [name for name in EXPONENTIATED if arguments.option(name)]
    if len(chosen) > 1:
        raise StataError(198, f"only one of {' or '.join(chosen)} is allowed")
    if not chosen:
        return ""
    own = arguments.option(chosen[0])
    return own.strip() if isinstance(own, str) and own.strip() else EXPONENTIATED[chosen[0]]
