"""The cache of compiled kernels: the same bits from it, and no harm from a broken one."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from msssm_ts.kernels import compiled_cache
from msssm_ts.kernels.compiled_cache import cache_directory, cache_report, has_compiled_kernels
from msssm_ts.kernels.jit import kernel

FINGERPRINT = """
import hashlib
from kernel_cases import ms_scan_inputs, outputs_and_gradients
from msssm_ts.kernels import ms_scan

inputs = ms_scan_inputs(8, 90, 32, S=3, K=4, n=4, lti=False)
for name, value in outputs_and_gradients(ms_scan, inputs).items():
    print(name, hashlib.sha256(value.detach().numpy().tobytes()).hexdigest()[:12])
"""
TINY = """
from test_compiled_cache import add
from msssm_ts.kernels.jit import kernel

print(kernel(add)(2.0, 3.0))
"""


def start_python(code: str, folder: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"MSSSM_TS_CACHE_DIR": str(folder), "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_compiling_and_loading_a_kernel_give_the_same_bits(tmp_path: Path) -> None:
    compiled = start_python(FINGERPRINT, tmp_path).communicate()
    files = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.nbc")}
    assert files
    assert compiled[0]
    assert start_python(FINGERPRINT, tmp_path).communicate() == compiled
    # The second process found what the first had left.
    assert files == {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.nbc")}


def add(a: float, b: float) -> float:
    return a + b


def called() -> tuple[int, int]:
    """Call a kernel as a new process does; return how often it was found, and was compiled."""
    compiled = kernel(add)
    assert compiled(2.0, 3.0) == 5.0
    return sum(compiled.stats.cache_hits.values()), sum(compiled.stats.cache_misses.values())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep kernels in a folder of the test's own, and let nothing appear among temporary files."""
    forget = (cache_directory, compiled_cache._mark_used, compiled_cache._tidy)
    monkeypatch.setenv("MSSSM_TS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(compiled_cache, "_told", False)
    for function in forget:
        function.cache_clear()
    yield tmp_path / "cache"
    assert not list((tmp_path / "temporary").iterdir())
    for function in forget:
        function.cache_clear()


def the_file(folder: Path) -> Path:
    (file,) = folder.rglob("*.nbc")
    return file


def test_a_kernel_is_compiled_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not has_compiled_kernels()
    assert called() == (0, 1)
    assert has_compiled_kernels()
    assert called() == (1, 0)
    assert cache_report() == str(the_file(folder).parent)
    assert not caplog.messages
    # For nobody else, and nothing half written beside it.
    assert all(f.stat().st_mode & 0o077 == 0 for f in (folder, *folder.rglob("*")))
    assert len(list(folder.rglob("*"))) == 2


@pytest.mark.parametrize(
    "source",
    ["simd.py", "linear/tile.py", "decimate/reference.py"],
)
def test_what_kernels_take_from_elsewhere_is_in_the_name_of_their_folder(
    source: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = shutil.copytree(Path(compiled_cache.__file__).parent, tmp_path / "kernels")
    monkeypatch.setattr(compiled_cache, "__file__", str(kernels / "compiled_cache.py"))
    before = cache_directory()
    cache_directory.cache_clear()
    (kernels / source).write_text((kernels / source).read_text() + "\n# Changed.\n")
    assert cache_directory() != before


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda f: f.write_bytes(f.read_bytes()[:-1]), id="one byte short"),
        pytest.param(lambda f: f.write_bytes(f.read_bytes()[:20]), id="shorter than its checksum"),
        pytest.param(lambda f: f.write_bytes(b""), id="empty"),
        pytest.param(lambda f: f.write_bytes(bytes(f.stat().st_size)), id="zeros"),
        pytest.param(lambda f: f.write_bytes(os.urandom(5000)), id="garbage"),
        pytest.param(flip, id="a bit flipped"),
        pytest.param(lambda f: f.write_bytes(b"x" + f.read_bytes()[1:]), id="another checksum"),
    ],
)
def test_a_damaged_file_is_compiled_anew(
    folder: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    called()
    damage(the_file(folder))
    assert called() == (0, 1)
    assert called() == (1, 0)
    file = the_file(folder)
    assert caplog.messages == [
        f"msssm-ts: cache of compiled kernels: {file} is damaged, and compiled anew; if that "
        f"comes again, delete {file.parent}"
    ]


def test_a_whole_file_that_numba_cannot_use_is_compiled_anew(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    called()
    compiled_cache._write(the_file(folder), b"not a pickle")
    assert called() == (0, 1)
    assert "is damaged" in caplog.text
    assert called() == (1, 0)


def a_file(folder: Path) -> str:
    folder.write_text("a file")
    return "not a directory"


def a_link_to_nothing(folder: Path) -> str:
    folder.symlink_to(folder.with_name("nothing"))
    return f"{folder} is a link to nothing"


def everybodys(folder: Path) -> str:
    folder.mkdir()
    folder.chmod(0o777)
    return f"{folder} can be written by others"


def below_the_groups(folder: Path) -> str:
    called()
    folder.chmod(0o770)
    return f"{folder} can be written by others"


def everybodys_file(folder: Path) -> str:
    called()
    the_file(folder).chmod(0o666)
    return f"{the_file(folder)} can be written by others"


def a_folder_in_the_files_place(folder: Path) -> str:
    called()
    file = the_file(folder)
    file.unlink()
    file.mkdir()
    return f"{file}: is a directory"


@pytest.mark.parametrize(
    "spoil",
    [
        a_file,
        a_link_to_nothing,
        everybodys,
        below_the_groups,
        everybodys_file,
        a_folder_in_the_files_place,
    ],
)
def test_a_cache_that_cannot_be_used_is_left_alone(
    folder: Path, spoil: Callable[[Path], str], caplog: pytest.LogCaptureFixture
) -> None:
    reason = spoil(folder)
    before = sorted(folder.parent.rglob("*"))
    assert called() == called() == (0, 1)
    (line,) = caplog.messages
    assert line.startswith("msssm-ts: cache of compiled kernels not used, each run compiles them")
    assert line.endswith(f"{reason}; mend that, or set MSSSM_TS_CACHE_DIR to a folder of your own")
    assert sorted(folder.parent.rglob("*")) == before


def test_what_cannot_be_used_is_reported(folder: Path) -> None:
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    assert cache_report() == f"none ({folder} can be written by others)"
    assert not has_compiled_kernels()
    folder.rmdir()
    folder.touch()
    assert cache_report() == f"none ({folder} cannot be written)"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_cache_that_cannot_be_written(
    folder: Path, code: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path, data: bytes) -> None:
        raise OSError(code, os.strerror(code), str(file))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert called() == called() == (0, 1)
    (line,) = caplog.messages
    assert os.strerror(code).lower() in line
    assert not [f for f in folder.rglob("*") if f.is_file()]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give away")
@pytest.mark.parametrize("which", ["folder", "file"])
def test_what_another_user_owns_is_not_believed(
    folder: Path, which: str, caplog: pytest.LogCaptureFixture
) -> None:
    called()
    place = folder if which == "folder" else the_file(folder)
    os.chown(place, 12345, -1)
    assert called() == (0, 1)
    assert f"{place} belongs to another user" in caplog.text


def test_others_may_write_where_they_cannot_replace(folder: Path) -> None:
    folder.parent.chmod(0o1777)
    called()
    assert called() == (1, 0)
    folder.parent.chmod(0o777)
    assert called() == (0, 1)


def test_a_cache_removed_meanwhile_comes_back(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    called()
    shutil.rmtree(folder)
    assert called() == (0, 1)
    assert called() == (1, 0)
    assert not caplog.messages


def test_a_link_in_the_way_is_followed(folder: Path) -> None:
    folder.with_name("elsewhere").mkdir(0o700)
    folder.symlink_to(folder.with_name("elsewhere"))
    called()
    assert called() == (1, 0)
    assert the_file(folder.with_name("elsewhere"))


def test_kernels_of_versions_long_unused_go(folder: Path) -> None:
    names = ["numba-" + 16 * "0", "kernels-" + 16 * "1", "data", "kernels-mine"]
    for name in (*names, "kernels-" + 16 * "2"):
        (folder / name).mkdir(parents=True)
        (folder / name / "x.nbc").touch()
    long_ago = time.time() - 31 * 86_400
    for name in names:
        os.utime(folder / name, (long_ago, long_ago))
    folder.chmod(0o700)
    called()
    left = {place.name for place in folder.iterdir()} - {cache_directory().name}
    assert left == {"data", "kernels-mine", "kernels-" + 16 * "2"}


def test_use_is_noted(folder: Path) -> None:
    called()
    os.utime(cache_directory(), (0, 0))
    compiled_cache._mark_used.cache_clear()
    called()
    assert time.time() - cache_directory().stat().st_mtime < 3600


def called_in_a_child() -> None:
    assert called() in ((1, 0), (0, 1))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="forks here only")
def test_processes_side_by_side(folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=called_in_a_child) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    assert the_file(folder)
    assert called() == (1, 0)


def test_a_process_says_it_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[31m"
    file.write_text("")
    result, line = start_python(TINY, file).communicate()
    assert result == "5.0\n"
    assert line.count("\n") == 1
    assert "/a\\x1b[31m/kernels-" in line
    assert "\x1b" not in line


def test_arrays_of_other_types_are_other_files(folder: Path) -> None:
    for dtype in (np.float32, np.float64):
        kernel(add)(np.ones(2, dtype), np.ones(2, dtype))
    assert len(list(folder.rglob("*.nbc"))) == 2
