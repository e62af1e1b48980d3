"""Let the disk run full at every stage of every command that writes, and see what is left.

    python tests/fuzz/disk_full.py [--stages 10] [--only NAME]

Each command has written its files once, and writes them again where room for a part of them is left
only: from none to enough, in so many stages. As root on a small tmpfs; otherwise, or with --limit,
no file may become larger than that (RLIMIT_FSIZE). Allowed is success, or exit code 1 with one
sentence that names a file; every file is the old one or a whole new one, and nothing lies beside
them, but for what a download goes on from. A row for each stage; the exit code is 1 if one is at
fault.

Commands run in children of this process, which has imported everything and compiled the kernels.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from unittest import mock

import numpy as np

PAGE = 4096
# What another run of a command changes: times, and a picture of them.
_MAY_DIFFER = 0.05

Files = dict[str, bytes]


def commands(room: Path, disk: Path) -> dict[str, list[str]]:
    """Return what is run; all of it writes to the disk, and reads elsewhere."""
    data, model = str(room / "data.npz"), str(room / "network")
    known = {
        "fit": [
            *("fit", data, "--members", "network", "--width", "8", "--layers", "1"),
            *("--max-epochs", "1", "--out", str(disk / "run"), "--force"),
        ],
        "predict -o": ["predict", model, data, "-o", str(disk / "p.csv"), "--force"],
        "predict >": ["predict", model, data],
        "stream >": ["stream", model],
        "info >": ["info", model],
        "evaluate": ["evaluate", model, data, "--report", str(disk / "r.html"), "--force"],
        **{
            f"export {kind}": [
                *("export", model, "--format", kind, "--force"),
                *("-o", str(disk / f"model.{kind}")),
            ]
            for kind in ("onnx", "pt2", "safetensors")
        },
        "inspect": ["inspect", model, "-o", str(disk / "pictures"), "--force"],
        "inspect DATA": ["inspect", model, data, "-o", str(disk / "pictures"), "--force"],
        **{
            f"convert {kind}": ["data", "convert", data, str(disk / f"x.{kind}"), "--force"]
            for kind in ("csv", "npz", "parquet")
        },
        "preview": ["data", "preview", data, "-o", str(disk / "preview.png"), "--force"],
        "data get": ["data", "get", "FSDD", "--dir", str(disk)],
    }
    several = ("fit", "inspect", "inspect DATA")
    return known | {f"{name}, first": known[name] for name in several}


def prepare(room: Path) -> None:
    """Write the data, fit the model, and lay out a data set to be fetched."""
    import soundfile

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2, 60)), np.arange(40) % 2
    X[y == 1, 0] += np.sin(np.arange(60))
    np.savez(room / "data.npz", X=X, y=np.where(y, "wave", "noise"), fs=50.0)
    (room / "stdin").write_text("".join(f"{a},{b}\n" for a, b in X[0].T) * 8)
    done = run(
        [
            *("fit", str(room / "data.npz"), "--members", "network", "--width", "8", "--causal"),
            *("--layers", "1", "--max-epochs", "1", "--out", str(room / "network")),
        ],
        room,
    )
    if done.code:
        raise SystemExit(done.stderr)
    (room / "served").mkdir()
    with zipfile.ZipFile(room / "served" / "fsdd.zip", "w") as archive:
        for i in range(8):
            sound = io.BytesIO()
            soundfile.write(sound, rng.normal(size=8000), 8000, format="WAV")
            archive.writestr(f"fsdd-1/recordings/{i % 2}_theo_{i}.wav", sound.getvalue())


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Serve, until the other end has no room."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().do_GET()


@contextlib.contextmanager
def served(folder: Path) -> Iterator[None]:
    """Let the data set FSDD come from a server of our own."""
    from msssm_ts.datasets.named import RemoteFile, find_data_set, registry

    original = find_data_set("FSDD")
    assert original is not None
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/fsdd.zip"
        own = replace(original, files=(RemoteFile(url, "fsdd.zip"),))
        with (
            mock.patch.object(registry, "own_data_sets", return_value=[own]),
            mock.patch.dict(os.environ, {"no_proxy": "127.0.0.1"}),
        ):
            yield
        server.shutdown()


class Done:
    """What came of a command: its exit code, and what it said."""

    def __init__(self, code: int, stderr: str):
        self.code, self.stderr = code, stderr


def run(
    arguments: Sequence[str], room: Path, stdout: Path | None = None, limit: int | None = None
) -> Done:
    """Run a command in a fork, its results to a file, no file larger than a limit."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_command(arguments, room, stdout or Path(os.devnull), limit, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as stream:
        stderr = stream.read()
    return Done(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), stderr)


def _be_the_command(
    arguments: Sequence[str], room: Path, stdout: Path, limit: int | None, stderr: int
) -> None:
    stdin = room / "stdin"
    os.dup2(os.open(stdin if stdin.exists() else os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(stderr, 2)
    sys.stdin = open(0)  # noqa: SIM115
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
    kept = sys.stdout, sys.stderr
    code = 0
    try:
        from msssm_ts.cli.app import main

        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        sys.argv = ["msssm-ts", *arguments]
        main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 99
    for stream in (sys.stdout, *kept):
        # The interpreter's exit would say: Exception ignored.
        try:
            stream.flush()
        except OSError as error:
            os.write(2, f"Exception ignored: {error}\n".encode())
    os._exit(code)


def contents(disk: Path) -> Files:
    """Return every file of the disk."""
    files = (file for file in disk.rglob("*") if file.is_file() and file.name != "filler")
    return {str(file.relative_to(disk)): file.read_bytes() for file in files}


def restored(disk: Path, files: Files) -> None:
    """Bring the disk back to what it was."""
    for entry in disk.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for name, data in files.items():
        (disk / name).parent.mkdir(parents=True, exist_ok=True)
        (disk / name).write_bytes(data)
    # A tmpfs has one page at least.
    (disk / "filler").write_bytes(bytes(PAGE))


def is_whole(name: str, data: bytes, old: Files, new: Files) -> bool:
    """Whether a file is the old one or as good as the new one."""
    if data in (old.get(name), new.get(name)):
        return True
    return name in new and abs(len(data) - len(new[name])) <= _MAY_DIFFER * len(new[name]) + 64


def faults(name: str, done: Done, disk: Path, old: Files, new: Files, streams: bool) -> list[str]:
    """Say what is wrong."""
    found, after = [], contents(disk)
    lines = [line for line in done.stderr.splitlines() if line.startswith("msssm-ts:")]
    if done.code not in (0, 1) or "Traceback" in done.stderr or "ignored" in done.stderr:
        found.append(f"exit {done.code}: {done.stderr.strip()[-300:]}")
    if done.code == 1:
        if len(lines) != 1 or "cannot be written (" not in lines[0] or "--debug" in lines[0]:
            found.append(f"said {lines}")
        elif not (lines[0].startswith("msssm-ts: stdout:") if streams else str(disk) in lines[0]):
            found.append(f"names no file: {lines[0]}")
    for file, data in after.items():
        kept = {"data get": "/.downloads/"}.get(name, "/checkpoint/" if name[:3] == "fit" else "//")
        resumable = kept in f"/{file}"
        if file not in old and file not in new and not resumable:
            found.append(f"left {file}")
        elif not streams and not resumable and not is_whole(file, data, old, new):
            found.append(f"{file} is neither old nor new ({len(data)} bytes)")
    if lost := old.keys() - after.keys() if done.code else new.keys() - after.keys():
        found.append(f"lost {sorted(lost)}")
    return found


def sweep(name: str, arguments: list[str], room: Path, disk: Path, stages: int, tmpfs: bool) -> int:
    """Run a command at every stage; return how many were at fault.

    One that writes several files, and nothing was there (``first``), fails at each of them.
    """
    streams, first = name.endswith(">"), name.endswith("first")
    stdout = disk / "out.txt" if streams else None
    restored(disk, {})
    # The whole disk for the first time.
    resize(disk, None, tmpfs)
    done = run(arguments, room, stdout)
    if done.code:
        raise SystemExit(f"{name}: {done.stderr}")
    new = contents(disk)
    # What a shell redirects to is empty by then.
    old = {} if streams or first or name == "data get" else new
    largest, n_faults, succeeded = max(map(len, new.values())), 0, False
    pages = sum(-(-len(data) // PAGE) for data in new.values())
    if tmpfs:
        # Room for what is new beside what is there; a download has archive and contents at once.
        # A fit keeps its call, its identity and its finished members beside.
        beside = pages // 2 + 8 if name.startswith("fit") else 1
        enough = (3 if name == "data get" else 1) * pages + beside
        stages = enough + 1 if first else stages
        limits = sorted({round(k * enough * PAGE / (stages - 1)) for k in range(stages)})
    else:
        sizes = sorted({len(data) for data in new.values()})
        limits = sorted({0, *(size // 2 for size in sizes), *(s - 1 for s in sizes), 2 * largest})
    for limit in limits:
        resize(disk, None, tmpfs)
        restored(disk, old)
        resize(disk, limit, tmpfs)
        done = run(arguments, room, stdout, None if tmpfs else limit)
        found = faults(name, done, disk, old, new, streams)
        if (disk / "run" / "checkpoint" / "call.json").exists():
            resize(disk, None, tmpfs)
            again = run(["fit", "--resume", str(disk / "run"), "-q"], room)
            if again.code or set(contents(disk)) != set(new):
                found.append(f"cannot go on: {again.stderr} {sorted(contents(disk))}")
        n_faults += bool(found)
        succeeded = succeeded or not done.code
        said = next((s for s in done.stderr.splitlines() if s.startswith("msssm-ts:")), "")
        print(
            f"{name:18} {limit:8} exit {done.code}  {'; '.join(found) or 'ok':4}  "
            f"{said.replace(str(disk), '')}",
            flush=True,
        )
    if not succeeded:
        print(f"{name:18} never succeeded", flush=True)
    return n_faults + (not succeeded)


def resize(disk: Path, free: int | None, tmpfs: bool) -> None:
    """Leave so much room beside what is there; all there is without a number."""
    if not tmpfs:
        return
    status = os.statvfs(disk)
    used = (status.f_blocks - status.f_bfree) * status.f_frsize
    size = 256 * 2**20 if free is None else used + free // PAGE * PAGE
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def main() -> int:
    """Sweep all commands; return 1 if a stage is at fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stages", type=int, default=10, help="how many rooms are tried")
    parser.add_argument("--only", default="", metavar="NAME", help="commands with NAME in them")
    parser.add_argument("--limit", action="store_true", help="RLIMIT_FSIZE, as root, too")
    options = parser.parse_args()
    tmpfs = os.getuid() == 0 and not options.limit
    n_faults = 0
    for module in ("torch", "sklearn.linear_model", "matplotlib.figure", "pandas", "pyarrow"):
        # Once for all children.
        import_module(module)
    for module in ("msssm_ts.cli.app", "msssm_ts.estimator", "msssm_ts.datasets"):
        import_module(module)
    with tempfile.TemporaryDirectory(prefix="disk-full-") as folder:
        room, disk = Path(folder), Path(folder) / "disk"
        disk.mkdir()
        prepare(room)
        if tmpfs:
            subprocess.run(["mount", "-t", "tmpfs", "none", str(disk)], check=True)
        try:
            with served(room / "served"):
                for name, arguments in commands(room, disk).items():
                    if options.only in name:
                        n_faults += sweep(name, arguments, room, disk, options.stages, tmpfs)
        finally:
            if tmpfs:
                subprocess.run(["umount", str(disk)], check=True)
    print(f"{n_faults} at fault")
    return int(n_faults > 0)


if __name__ == "__main__":
    sys.exit(main())
