"""Fetching a file over the network, with Stata's errors when that fails."""

from __future__ import annotations

import numpy as np

from statalike.errors import StataError, file_could_not_be_opened, file_not_found

LARGEST_DOWNLOAD = 1 << 30
_SCHEMES = ("http", "https", "ftp")


def is_url(name: str) -> bool:
    """Whether a file name is an address on the network."""
    scheme, mark, _ = name.partition("://")
    return bool(mark) and scheme.lower() in _SCHEMES


def fetch(url: str, timeout: float = 20.0) -> np.ndarray:
    """The bytes behind an address, shape (size,) of ``uint8``.

    ``timeout`` in seconds holds for connecting and for each wait for data.  Errors: r(601) the
    server has no such file, r(603) it does not hand it out, r(631) host not found, r(677) no
    connection, r(678) the connection broke, r(909) more than 1 GiB.
    """
    from http.client import HTTPException
    from socket import gaierror
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    host = url.partition("://")[2].partition("/")[0]
    hint = f"{host} cannot be reached; is there a network connection?"
    try:
        request = Request(url, headers={"User-Agent": "statalike"})
        with urlopen(request, timeout=timeout) as answer:
            content = answer.read(LARGEST_DOWNLOAD + 1)
            announced = int(answer.headers.get("Content-Length") or 0)
    except HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise file_not_found(url) from None
        refused = file_could_not_be_opened(url)
        refused.hint = f"server says {error.code} {error.reason}"
        raise refused from None
    except URLError as error:
        if isinstance(error.reason, gaierror):
            raise StataError(631, "host not found", hint=hint) from None
        raise StataError(677, "remote connection failed", hint=hint) from None
    except TimeoutError:
        raise StataError(677, "remote connection failed", hint=f"{host} did not answer") from None
    except (OSError, HTTPException):
        raise StataError(678, "remote connection closed", hint=hint) from None
    except ValueError:
        raise StataError(198, f"invalid file specification: {url}") from None
    if len(content) > LARGEST_DOWNLOAD:
        raise StataError(909, "op. sys. refuses to provide memory", hint=f"{url} is too large")
    if len(content) < announced:
        raise StataError(678, "remote connection closed", hint=hint)
    return np.frombuffer(content, dtype=np.uint8)
