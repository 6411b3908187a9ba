"""Where use, webuse and sysuse find datasets; the network is a server in this process."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from statalike.data import recipes, sources
from statalike.data.dataset import Dataset
from statalike.data.downloads import fetch, is_url
from statalike.data.dta import read_dta, write_dta
from statalike.data.sources import cache_folder, example_names, find_dataset, web_address
from statalike.errors import StataError


def small(value: int = 1) -> Dataset:
    data = Dataset()
    data.add("x", [value])
    return data


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, no search path, an empty working directory, no proxy."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache" / "data")
    monkeypatch.delenv("STATALIKE_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[str] = []
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requests.append(self.path)
                path = folder / self.path.strip("/")
                if self.path.startswith("/forbidden"):
                    self.send_error(403)
                elif self.path.startswith("/cut"):
                    self.send_response(200)
                    self.send_header("Content-Length", "1000")
                    self.end_headers()
                    self.wfile.write(b"<stata_dta>")
                elif path.is_file():
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(path.read_bytes())
                else:
                    self.send_error(404)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "web").mkdir()
    server = Server(tmp_path / "web")
    yield server
    server.close()


def code_of(*arguments: object, **options: object) -> StataError:
    with pytest.raises(StataError) as error:
        find_dataset(*arguments, **options)  # type: ignore[arg-type]
    return error.value


def test_use_assumes_the_extension(tmp_path: Path) -> None:
    write_dta(small(1), "a")
    write_dta(small(2), "b.data")
    write_dta(small(3), "c.dta")
    os.rename("c.dta", "c")
    assert find_dataset("a").filename == "a.dta"
    assert find_dataset("a.dta").numbers("x").tolist() == [1]
    assert find_dataset("b.data").numbers("x").tolist() == [2]
    assert find_dataset("c").numbers("x").tolist() == [3]
    assert find_dataset(str(tmp_path / "work" / "a")).numbers("x").tolist() == [1]
    error = code_of("nosuch")
    assert (error.code, error.message) == (601, "file nosuch.dta not found")
    assert code_of("folder/nosuch").code == 601


def test_use_does_not_look_among_the_examples() -> None:
    assert code_of("diuretics").code == 601


def test_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_dta(small(5), tmp_path / "h")
    assert find_dataset("~/h").numbers("x").tolist() == [5]


def test_webuse_fetches_once(server: Server) -> None:
    write_dta(small(7), server.folder / "mine")
    data = find_dataset("mine", "webuse", address=server.address)
    assert data.numbers("x").tolist() == [7]
    assert data.filename == f"{server.address}/mine.dta"
    again = find_dataset("mine.dta", "webuse", address=server.address + "/")
    assert again.numbers("x").tolist() == [7]
    assert server.requests == ["/mine.dta"]
    assert "mine" in example_names()


def test_a_damaged_cache_is_fetched_anew(server: Server) -> None:
    write_dta(small(7), server.folder / "mine")
    find_dataset("mine", "webuse", address=server.address)
    cached = next(sources.cache_folder().rglob("mine.dta"))
    cached.write_bytes(cached.read_bytes()[:50])
    assert find_dataset("mine", "webuse", address=server.address).n == 1
    assert len(server.requests) == 2
    assert read_dta(cached).n == 1


def test_a_cache_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    write_dta(small(7), server.folder / "mine")
    assert find_dataset("mine", "webuse", address=server.address).n == 1


def test_use_of_an_address(server: Server) -> None:
    write_dta(small(8), server.folder / "mine")
    data = find_dataset(f"{server.address}/mine")
    assert data.numbers("x").tolist() == [8]
    assert data.filename == f"{server.address}/mine.dta"
    find_dataset(f"{server.address}/mine.dta")
    assert len(server.requests) == 2


def test_search_path_comes_before_recipes_for_webuse_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, value in (("one", 11), ("two", 12)):
        (tmp_path / folder).mkdir()
        write_dta(small(value), tmp_path / folder / "diuretics")
    write_dta(small(13), tmp_path / "two" / "other")
    paths = [str(tmp_path / name) for name in ("none", "one", "two")]
    monkeypatch.setenv("STATALIKE_DATA", os.pathsep.join(paths))
    assert find_dataset("diuretics", "webuse").numbers("x").tolist() == [11]
    assert find_dataset("other", "webuse").numbers("x").tolist() == [13]
    assert find_dataset("other", "sysuse").numbers("x").tolist() == [13]
    assert find_dataset("diuretics", "sysuse").n == 9
    assert {"other", "diuretics"} <= set(example_names())


@pytest.mark.parametrize(
    "url",
    [
        "https://www.stata-press.com/data/r18/diuretics",
        "http://www.stata-press.com/data/r17/diuretics.dta",
    ],
)
def test_examples_of_the_stata_press_by_address(url: str) -> None:
    data = find_dataset(url)
    assert data.n == 9
    assert data.filename == url.removesuffix(".dta") + ".dta"


def test_recipe_names() -> None:
    data = find_dataset("t43", "webuse")
    assert data.label == recipes.build("t43").label
    assert data.filename == "https://www.stata-press.com/data/r18/t43.dta"


def test_not_found_on_the_network(server: Server) -> None:
    error = code_of("nosuch", "webuse", address=server.address)
    assert error.code == 601
    assert error.message == f"file {server.address}/nosuch.dta not found"
    error = code_of("nosuch", "sysuse", address=server.address)
    assert (error.code, error.message) == (601, 'file "nosuch.dta" not found')
    error = code_of(f"{server.address}/forbidden.dta")
    assert error.code == 603
    assert "403" in error.hint
    assert code_of(f"{server.address}/cut.dta").code == 678


def test_what_is_fetched_must_be_a_dataset(server: Server) -> None:
    (server.folder / "page.dta").write_text("<html>sign in</html>")
    error = code_of("page", "webuse", address=server.address)
    assert error.code == 610
    assert not list(sources.cache_folder().rglob("*.dta"))


def test_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_host(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_host)
    error = code_of("pig", "webuse", address="http://www.stata-press.invalid/data/r18")
    assert (error.code, error.message) == (631, "host not found")
    assert "STATALIKE_DATA" in error.hint


def test_no_connection_and_no_answer() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        assert code_of(f"http://127.0.0.1:{port}/x.dta").code == 677
        listening.listen()
        error = code_of(f"http://127.0.0.1:{port}/x.dta", timeout=0.05)
        assert (error.code, error.message) == (677, "remote connection failed")


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a b", ".hidden", "a/b"])
def test_names_that_are_no_names(name: str) -> None:
    assert code_of(name, "webuse").code == 601


def test_addresses() -> None:
    assert web_address("www.stata-press.com/data/r17/") == "https://www.stata-press.com/data/r17"
    assert web_address("http://x.org/a") == "http://x.org/a"
    assert is_url("https://x.org/a.dta") and not is_url("C://x") and not is_url("data.dta")
    with pytest.raises(StataError) as error:
        fetch("http://[bad")
    assert error.value.code == 198


def test_cache_folder_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder().parts[-2:] == ("statalike", "data")
