"""Downloads against a server of our own: resumed, checked, unpacked."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from commands import run
from recordings import write_sound

from msssm_ts.datasets import download as downloading
from msssm_ts.datasets.download import DownloadError, download
from msssm_ts.datasets.named import RemoteFile, fetch, find_data_set, registry
from msssm_ts.datasets.unpack import unpack
from msssm_ts.errors import InputError

CONTENT = bytes(range(256)) * 4000


class Server(ThreadingHTTPServer):
    """Serves ``files``; breaks off after ``limit`` bytes as often as ``failures`` says."""

    files: dict[str, bytes]
    etag = '"1"'
    limit = 300_000
    failures = 0
    requests: list[str | None]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        asked = self.headers.get("Range")
        self.server.requests.append(asked)
        if content is None:
            self.send_error(404)
            return
        start = 0
        if asked and self.headers.get("If-Range") == self.server.etag:
            start = int(re.findall(r"\d+", asked)[0])
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.end_headers()
                return
            self.send_response(206)
        else:
            self.send_response(200)
        body = content[start:]
        self.send_header("Content-Length", str(len(body)))
        if self.server.etag:
            self.send_header("ETag", self.server.etag)
        self.end_headers()
        if self.server.failures:
            self.server.failures -= 1
            body = body[: self.server.limit]
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(downloading.time, "sleep", lambda seconds: None)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.files, server.requests = {"/x.bin": CONTENT}, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _url(server: Server, name: str = "x.bin") -> str:
    return f"http://127.0.0.1:{server.server_port}/{name}"


def test_download_and_checksum(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    checksum = hashlib.sha256(CONTENT).hexdigest()
    download(_url(server), tmp_path / "x", sha256=checksum, report=lambda *a: seen.append(a))
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    with pytest.raises(DownloadError, match=f"has the SHA-256 {checksum}, not 00; it was thrown"):
        download(_url(server), tmp_path / "y", sha256="00")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_connection_that_breaks_off_is_taken_up_again(server: Server, tmp_path: Path) -> None:
    server.failures = 2
    download(_url(server), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert server.requests == [None, "bytes=300000-", "bytes=600000-"]


def test_a_later_call_resumes(server: Server, tmp_path: Path) -> None:
    server.failures, server.limit = 5, 100_000
    with pytest.raises(DownloadError, match="the connection broke off, 724000 bytes are missing"):
        download(_url(server), tmp_path / "x")
    assert not (tmp_path / "x").exists()
    server.failures = 0
    download(_url(server), tmp_path / "x")
    assert server.requests[-1] == "bytes=300000-"
    assert (tmp_path / "x").read_bytes() == CONTENT


@pytest.mark.parametrize("etag", ['"2"', ""])
def test_a_file_that_has_changed_begins_anew(server: Server, tmp_path: Path, etag: str) -> None:
    server.failures, server.limit = 3, 1000
    with pytest.raises(DownloadError):
        download(_url(server), tmp_path / "x")
    server.etag, server.failures = etag, 0
    server.files["/x.bin"] = CONTENT[::-1]
    download(_url(server), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT[::-1]


def test_a_part_that_is_complete(server: Server, tmp_path: Path) -> None:
    (tmp_path / ".x.part").write_bytes(CONTENT)
    (tmp_path / ".x.part.etag").write_text('"1"')
    download(_url(server), tmp_path / "x", sha256=hashlib.sha256(CONTENT).hexdigest())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x"]


def test_what_cannot_be_fetched(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"cannot be fetched \(.*Not Found"):
        download(_url(server, "nothing"), tmp_path / "x")
    assert not list(tmp_path.iterdir())


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tar(files: dict[str, bytes], link: bool = False) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            if link:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(("suffix", "pack"), [(".zip", _zip), (".tar.gz", _tar)])
def test_unpack(tmp_path: Path, suffix: str, pack: object) -> None:
    archive = tmp_path / f"a{suffix}"
    archive.write_bytes(pack({"set/a.txt": b"1", "set/deep/b.txt": b"2", "c": b"3"}))  # type: ignore[operator]
    unpack(archive, tmp_path / "out")
    unpack(archive, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["c", "set"]
    assert (tmp_path / "out" / "set" / "deep" / "b.txt").read_text() == "2"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.zip", _zip({"../evil": b"1"}), "evil would lie outside its folder"),
        ("a.zip", _zip({"/evil": b"1"}), "evil would lie outside its folder"),
        ("a.zip", _zip({"x\\..\\..\\evil": b"1"}), "evil would lie outside its folder"),
        ("a.tar.gz", _tar({"../evil": b"1"}), "evil would lie outside its folder"),
        ("a.tar.gz", _tar({"/evil": b"1"}), "evil would lie outside its folder"),
        ("a.tar.gz", _tar({"evil": b""}, link=True), "evil is neither file nor folder"),
        ("a.zip", b"no archive", "cannot be unpacked"),
        ("a.tar.gz", b"no archive", "cannot be unpacked"),
        ("a.tar.gz", _tar({"a": bytes(range(256)) * 99})[:200], "cannot be unpacked"),
    ],
    # Not the content: archives hold the time, and workers must agree on the names.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unpack_refuses(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    archive = tmp_path / "in" / name
    archive.parent.mkdir()
    archive.write_bytes(content)
    with pytest.raises(InputError, match=message):
        unpack(archive, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]


@pytest.fixture
def digits(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Serve a miniature of FSDD; return the folder of the data sets."""
    for number in (0, 7):
        write_sound(tmp_path / "set" / f"3_theo_{number}.wav")
    names = sorted((tmp_path / "set").iterdir())
    server.files["/fsdd.zip"] = _zip({f"fsdd-1/recordings/{p.name}": p.read_bytes() for p in names})
    original = find_data_set("FSDD")
    assert original is not None
    served = replace(original, files=(RemoteFile(_url(server, "fsdd.zip"), "fsdd.zip"),))
    monkeypatch.setattr(registry, "own_data_sets", lambda: [served])
    monkeypatch.setenv("MSSSM_TS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_get_then_load(digits: Path, server: Server) -> None:
    out, err = run("data", "get", "fsdd")
    assert out == f"{digits / 'FSDD' / 'fsdd-1'}\n"
    assert "Next: msssm-ts fit FSDD" in err
    assert [p.name for p in (digits / "FSDD").iterdir()] == ["fsdd-1"]
    out, _ = run("data", "info", "FSDD")
    assert "1 series, 1 channel × 800 steps at 8000 Hz" in out
    server.files.clear()
    _, err = run("data", "get", "FSDD")
    assert "already there" in err


def test_get_elsewhere(digits: Path, tmp_path: Path) -> None:
    out, _ = run("data", "get", "FSDD", "--dir", tmp_path / "mine", "--json")
    assert str(tmp_path / "mine" / "FSDD" / "fsdd-1") in out
    assert not digits.exists()


def test_get_without_the_file(digits: Path, server: Server) -> None:
    archive = server.files.pop("/fsdd.zip")
    _, err = run("data", "get", "FSDD", code=1)
    place = digits / "FSDD" / "fsdd.zip"
    assert _url(server, "fsdd.zip") in err
    assert f"put it there as {place}" in err
    assert "Traceback" not in err
    place.write_bytes(archive)
    run("data", "get", "FSDD")


def test_get_checks_what_was_put_there(
    digits: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    [served] = registry.own_data_sets()
    checked = replace(served, files=(replace(served.files[0], sha256="00"),))
    monkeypatch.setattr(registry, "own_data_sets", lambda: [checked])
    (digits / "FSDD").mkdir(parents=True)
    (digits / "FSDD" / "fsdd.zip").write_bytes(server.files["/fsdd.zip"])
    _, err = run("data", "get", "FSDD", code=1)
    assert "fsdd.zip is not the file of http" in err


def test_get_of_something_else(digits: Path, server: Server) -> None:
    server.files["/fsdd.zip"] = _zip({"README": b"nothing"})
    _, err = run("data", "get", "FSDD", code=1)
    assert "has not the layout of FSDD" in err


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [("nothing", 2, "no data set of that name"), ("JapaneseVowels", 0, "comes along")],
)
def test_get_needs_no_download(name: str, code: int, message: str) -> None:
    assert message in run("data", "get", name, code=code)[1]


def test_several_files_have_a_sentence_each(tmp_path: Path) -> None:
    data_set = find_data_set("CinC2017")
    assert data_set is not None
    files = tuple(RemoteFile(f"http://127.0.0.1:9/{n}", n) for n in ("a.zip", "b.csv"))
    with pytest.raises(DownloadError) as caught:
        fetch(replace(data_set, files=files), tmp_path)
    assert len(str(caught.value).splitlines()) == 2
