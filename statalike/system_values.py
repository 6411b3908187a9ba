"""The values of ``c()`` that are no settings ([P] creturn)."""

from __future__ import annotations

import calendar
import datetime
import getpass
import os
import platform
import string
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from statalike.data.storage import BYTE, DOUBLE, FLOAT, INT, LONG

if TYPE_CHECKING:
    from statalike.state import State

Value = Callable[["State"], float | str]

_MONTHS = [str(name) for name in calendar.month_name][1:]
_WEEKDAYS = [str(name) for name in calendar.day_name]
_WEEKDAYS = [_WEEKDAYS[-1], *_WEEKDAYS[:-1]]


def _fixed(value: float | str) -> Value:
    return lambda state: value


def _date(state: State) -> str:
    now = datetime.datetime.now()
    return f"{now.day:2d} {_MONTHS[now.month - 1][:3]} {now.year}"


def _time(state: State) -> str:
    return datetime.datetime.now().strftime("%H:%M:%S")


def _user(state: State) -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _system(state: State) -> str:
    return {"Darwin": "MacOSX", "Windows": "Windows"}.get(platform.system(), "Unix")


def _directory(word: str) -> Value:
    return lambda state: state.ado_path.directory(word)


#: in the order in which ``creturn list`` shows them
SYSTEM_VALUES: dict[str, Value] = {
    "current_date": _date,
    "current_time": _time,
    "rmsg_time": _fixed(0.0),
    "stata_version": _fixed(18.0),
    "userversion": lambda state: state.settings.version,
    "flavor": _fixed("IC"),
    "bit": _fixed(64.0),
    "SE": _fixed(1.0),
    "MP": _fixed(0.0),
    "processors": lambda state: float(os.cpu_count() or 1),
    "mode": lambda state: state.mode,
    "console": _fixed("console"),
    "os": _system,
    "osdtl": lambda state: platform.release(),
    "hostname": lambda state: platform.node(),
    "machine_type": lambda state: platform.machine(),
    "byteorder": _fixed("lohi"),
    "username": _user,
    "sysdir_stata": _directory("STATA"),
    "sysdir_base": _directory("BASE"),
    "sysdir_site": _directory("SITE"),
    "sysdir_plus": _directory("PLUS"),
    "sysdir_personal": _directory("PERSONAL"),
    "sysdir_oldplace": _directory("OLDPLACE"),
    "tmpdir": lambda state: tempfile.gettempdir(),
    "adopath": lambda state: ";".join(state.ado_path.entries),
    "pwd": lambda state: os.getcwd(),
    "dirsep": _fixed("/"),
    "max_N_theory": _fixed(2147483619.0),
    "max_k_theory": lambda state: float(state.settings.maxvar),
    "max_matdim": _fixed(65534.0),
    "max_macrolen": _fixed(4227143.0),
    "macrolen": _fixed(4227143.0),
    "charlen": _fixed(67783.0),
    "max_cmdlen": _fixed(4227159.0),
    "cmdlen": _fixed(4227159.0),
    "namelenbyte": _fixed(128.0),
    "namelenchar": _fixed(32.0),
    "eqlen": _fixed(1337.0),
    "epsdouble": _fixed(float(np.finfo(float).eps)),
    "epsfloat": _fixed(float(np.finfo(np.float32).eps)),
    "smallestdouble": _fixed(2.0**-1022),
    "minbyte": _fixed(float(BYTE.minimum)),
    "maxbyte": _fixed(float(BYTE.maximum)),
    "minint": _fixed(float(INT.minimum)),
    "maxint": _fixed(float(INT.maximum)),
    "minlong": _fixed(float(LONG.minimum)),
    "maxlong": _fixed(float(LONG.maximum)),
    "minfloat": _fixed(float(FLOAT.minimum)),
    "maxfloat": _fixed(float(FLOAT.maximum)),
    "mindouble": _fixed(float(DOUBLE.minimum)),
    "maxdouble": _fixed(float(DOUBLE.maximum)),
    "maxstrvarlen": _fixed(2045.0),
    "maxstrlvarlen": _fixed(2000000000.0),
    "N": lambda state: float(state.data.n),
    "k": lambda state: float(len(state.data.variables)),
    "width": lambda state: float(state.data.record_width),
    "changed": lambda state: float(state.data.changed),
    "filename": lambda state: state.data.filename,
    "filedate": lambda state: state.data.timestamp,
    "frame": lambda state: state.memory.frame,
    "pi": _fixed(float(np.pi)),
    "alpha": _fixed(" ".join(string.ascii_lowercase)),
    "ALPHA": _fixed(" ".join(string.ascii_uppercase)),
    "Mons": _fixed(" ".join(name[:3] for name in _MONTHS)),
    "Months": _fixed(" ".join(_MONTHS)),
    "Wdays": _fixed(" ".join(name[:3] for name in _WEEKDAYS)),
    "Weekdays": _fixed(" ".join(_WEEKDAYS)),
    "rc": lambda state: float(state.return_code),
    "_rc": lambda state: float(state.return_code),
}
