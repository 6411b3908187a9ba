"""Graphs in files: a zip archive with the graph as JSON, under the suffix ``.gph``.

The file holds numbers and texts only and is read without running anything.  It is this program's
own format; Stata's graph files are another one.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from statalike.errors import StataError, file_could_not_be_opened, file_exists, file_not_found
from statalike.graphics import graph as graph_module
from statalike.graphics.graph import Graph

_MEMBER: Final = "graph.json"
_FORMAT: Final = "statalike graph 1"

#: the classes that a file may hold
_CLASSES: Final = {
    name: value
    for name, value in vars(graph_module).items()
    if dataclasses.is_dataclass(value) and isinstance(value, type)
}


def gph_path(text: str) -> Path:
    """The file a name stands for, with ``.gph`` added when it has no suffix."""
    path = Path(os.path.expanduser(text))
    return path if path.suffix else Path(f"{path}.gph")


def save_graph(graph: Graph, path: Path, *, replace: bool = False) -> None:
    """Write a graph beside its place and move it there; r(602), r(603)."""
    if path.exists() and not replace:
        raise file_exists(str(path))
    document = json.dumps({"format": _FORMAT, "graph": _plain(graph)}, allow_nan=False)
    write_beside(path, lambda file: _write_archive(file, document))


def _write_archive(file: Any, document: str) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_MEMBER, document)


def write_beside(path: Path, write: Any) -> None:
    """Call ``write`` with an open file beside ``path``, then move that file to its place.

    Nothing is left and the old file stays when writing fails; r(603) where it cannot be written.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        temporary = None
    except OSError:
        raise file_could_not_be_opened(str(path)) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def load_graph(path: Path) -> Graph:
    """Read a graph; r(601) when there is no such file, r(610) when it holds no graph."""
    if not path.is_file():
        raise file_not_found(str(path))
    try:
        with zipfile.ZipFile(path) as archive:
            document = json.loads(archive.read(_MEMBER))
        if document["format"] != _FORMAT:
            raise ValueError
        found = _rebuilt(document["graph"])
    except OSError:
        raise file_could_not_be_opened(str(path)) from None
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StataError(
            610, f"file {path} not a graph file of this program", hint="graph save writes them"
        ) from None
    if not isinstance(found, Graph):
        raise StataError(610, f"file {path} not a graph file of this program")
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it: fields that are not the class's default, arrays as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {}
        for field in dataclasses.fields(value):
            held = getattr(value, field.name)
            if held is not field.default and not _is_default(held, field):
                fields[field.name] = _plain(held)
        return {"class": type(value).__name__, **fields}
    if isinstance(value, np.ndarray):
        numbers = np.asarray(value, dtype=np.float64).tolist()
        return {"array": [x if math.isfinite(x) else None for x in numbers]}
    if isinstance(value, Mapping):
        return {"map": [[key, _plain(item)] for key, item in value.items()]}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _is_default(held: Any, field: dataclasses.Field[Any]) -> bool:
    return isinstance(held, str | int | float | bool | tuple) and held == field.default


def _rebuilt(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_rebuilt(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return np.array([np.nan if x is None else x for x in value["array"]], dtype=np.float64)
    if "map" in value:
        return {key: _rebuilt(item) for key, item in value["map"]}
    kind = _CLASSES[value["class"]]
    return kind(**{name: _rebuilt(item) for name, item in value.items() if name != "class"})
