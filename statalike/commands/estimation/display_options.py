"""The display options that all estimation commands share ([R] Estimation options)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statalike.data.formats import Format
from statalike.errors import StataError
from statalike.output.coefficient_table import TableOptions
from statalike.output.number_columns import NumberFormats
from statalike.settings import Settings, check_level

#: in the language of ``syntax``
DISPLAY_OPTIONS = (
    "Level(cilevel) noCI noPValues noOMITted vsquish noEMPTYcells BASElevels ALLBASElevels "
    "noFVLABel fvwrap(integer 1) fvwrapon(string) cformat(string) pformat(string) "
    "sformat(string) noLSTRETCH COEFLegend"
)

_WIDEST = {"cformat": 9, "pformat": 5, "sformat": 8}


def number_formats(options: Mapping[str, Any], settings: Settings) -> NumberFormats:
    """The formats of coefficient tables, from the options or from ``set``; r(120), r(198)."""
    standard = NumberFormats()
    return NumberFormats(
        _format("cformat", options, settings) or standard.coefficient,
        _format("sformat", options, settings) or standard.statistic,
        _format("pformat", options, settings) or standard.p,
    )


def _format(name: str, options: Mapping[str, Any], settings: Settings) -> str:
    given = str(options.get(name) or "").strip()
    if not given:
        return str(getattr(settings, name))
    if Format.parse(given).width > _WIDEST[name]:
        raise StataError(198, f"invalid {name}(), width too large")
    return given


def confidence_level(options: Mapping[str, Any], settings: Settings) -> float:
    """The level of intervals in percent: the option's, or that of ``set level``."""
    given = options.get("level")
    return settings.level if given is None else check_level(float(given))


def table_options(options: Mapping[str, Any], settings: Settings) -> TableOptions:
    """What the display options ask of a coefficient table."""
    wrap_on = str(options.get("fvwrapon") or settings.fvwrapon)
    if wrap_on not in ("word", "width"):
        raise StataError(198, "option fvwrapon() incorrectly specified")
    all_bases = bool(options.get("allbaselevels")) or settings.showbaselevels == "all"
    return TableOptions(
        linesize=settings.linesize,
        interval=not options.get("noci"),
        pvalues=not options.get("nopvalues"),
        legend=bool(options.get("coeflegend")),
        base_levels=bool(options.get("baselevels")) or settings.showbaselevels == "on",
        all_base_levels=all_bases,
        omitted=not (options.get("noomitted") or settings.showomitted == "off"),
        empty_cells=not (options.get("noemptycells") or settings.showemptycells == "off"),
        squish=bool(options.get("vsquish")),
        value_labels=not (options.get("nofvlabel") or settings.fvlabel == "off"),
        wrap=int(options.get("fvwrap") or settings.fvwrap),
        wrap_on=wrap_on,
        stretch=not (options.get("nolstretch") or settings.lstretch == "off"),
        formats=number_formats(options, settings),
    )
