"""A disk that runs full: a sentence with the file's name, and what was there as it was.

``tests/fuzz/disk_full.py`` has every command at every stage.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from commands import run
from test_download import CONTENT, _url, _zip, server

from msssm_ts import MSSSMClassifier
from msssm_ts.atomic import _host, replacing
from msssm_ts.cli.shown.files import claim, make_folder, refuse_second_writer
from msssm_ts.datasets.download import download
from msssm_ts.datasets.unpack import unpack
from msssm_ts.errors import InputError, WritingError

__all__ = ["server"]
resource = pytest.importorskip("resource", reason="Windows has no limit on the size of files")

MESSAGE = """
from msssm_ts.cli.shown.console import say, show, write_any_text

write_any_text()
say("a message")
show("done")
"""


@contextmanager
def largest(n_bytes: int) -> Iterator[None]:
    """Let no file become larger: Python ignores the signal, and the write fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("full")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 1, 20)), np.arange(12) % 2
    np.savez(room / "data.npz", X=X, y=y)
    model = MSSSMClassifier(
        members=["network"], d_model=4, n_layers=1, max_epochs=1, random_state=0
    )
    (room / "run").mkdir()
    model.fit(X[:, 0], y).save(room / "run" / "model.safetensors")
    return room


def everything(folder: Path) -> dict[str, bytes]:
    return {str(f): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("predict run data.npz -o p.csv", "p.csv"),
        ("data convert data.npz x.npz", "x.npz"),
        ("data convert data.npz x.csv", "x.csv"),
        ("data convert data.npz x.parquet", "x.parquet"),
        ("data preview data.npz -o preview.png", "preview.png"),
        ("export run --format safetensors -o copy.safetensors", "copy.safetensors"),
    ],
)
def test_the_old_file_stays(
    room: Path, command: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(room)
    Path(file).write_text("the old one")
    before = everything(room)
    with largest(100):
        _, err = run(*command.split(), "--force", code=1)
    sentence = f"msssm-ts: {file}: cannot be written (file too large); what was there is as it was"
    assert err.splitlines()[-1] == sentence
    assert everything(room) == before


def test_a_download_does_not_blame_the_address(server: object, tmp_path: Path) -> None:
    with largest(300_000), pytest.raises(WritingError, match="cannot be written") as caught:
        download(_url(server), tmp_path / "x")  # type: ignore[arg-type]
    assert caught.value.out_of_room
    assert not (tmp_path / "x").exists()
    # What is there is gone on from.
    download(_url(server), tmp_path / "x")  # type: ignore[arg-type]
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert server.requests == [None, "bytes=300000-"]  # type: ignore[attr-defined]


def test_an_archive_is_not_blamed(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(_zip({"set/a.txt": b"1", "set/b.txt": bytes(2000)}))
    with largest(1000), pytest.raises(WritingError, match="out: cannot be written"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, WritingError), (errno.EACCES, InputError)]
)
def test_a_full_disk_is_no_bad_name(
    tmp_path: Path, code: int, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path) -> None:
        raise OSError(code, os.strerror(code), str(file))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(kind, match="cannot be written"):
        claim(tmp_path / "x.csv", force=False)
    with pytest.raises(kind, match="cannot be written"):
        make_folder(tmp_path / "folder")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that Linux has")
def test_results_and_messages_on_a_full_disk() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "msssm_ts", "--version"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=-1, text=True, env=environment)
        said = "stdout: cannot be written (no space left on device); the results are cut off"
        assert (done.returncode, done.stderr) == (1, f"msssm-ts: {said}\n")
        # What a command says on stderr is not what it is run for.
        command[1:] = ["-c", MESSAGE]
        done = subprocess.run(command, stdout=-1, stderr=full, text=True, env=environment)
        assert (done.returncode, done.stdout) == (0, "done\n")


def test_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    # As on a file system without leave to write: nothing is made, and nothing can be removed.
    monkeypatch.setattr(Path, "touch", refused)
    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(InputError, match=r"p\.csv: cannot be written \(read-only file system\)"):
        claim(tmp_path / "p.csv", force=False)


def test_a_file_that_another_process_is_writing(room: Path, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    predict = ("predict", room / "run", room / "data.npz", "--append", "-o", file)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        part = tmp_path / f".p.csv.{_host()}-{other.pid}-00000000.part"
        part.touch()
        assert "another process is writing it; wait for it" in run(*predict, code=2)[1]
        with pytest.raises(InputError, match="another process"):
            refuse_second_writer(file)
        other.communicate(b"\n")
    # It is over, and what it has left is nobody's.
    run(*predict)
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_link_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link, target = tmp_path / "answers.csv", tmp_path / "disk" / "a.csv"
    link.symlink_to(target)
    for text in ("first", "second"):
        with replacing(link) as temporary:
            temporary.write_text(text)
        assert link.is_symlink()
        assert target.read_text() == text
    link.unlink()
    link.symlink_to(tmp_path / "gone" / "a.csv")
    with pytest.raises(WritingError, match=r"answers\.csv: cannot be"), replacing(link) as to:
        to.write_text("nowhere")
