"""Break the cache of compiled kernels in every way, and see that commands do their work.

    python tests/fuzz/cache.py [--only NAME]

``predict`` and ``fit --preset fast`` run in processes of their own with a whole cache, then with
each form of a broken one. The exit code must be 0, the answer that of the whole cache, stderr must
name the cache in one line where there is something to mend, and nothing may be left among the
temporary files. A row a run; the exit code is 1 if a row is at fault.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SAID = "msssm-ts: cache of compiled kernels"


def files(cache: Path) -> list[Path]:
    """Return the compiled kernels."""
    return sorted(cache.rglob("*.nbc"))


def changed(change: Callable[[bytes], bytes], at_most: int | None = None) -> Callable[[Path], None]:
    """Change the contents of the files, or of some: each takes its time to compile anew."""

    def spoil(cache: Path) -> None:
        for file in files(cache)[:at_most]:
            file.write_bytes(change(file.read_bytes()))

    return spoil


def flipped(data: bytes) -> bytes:
    """Flip one bit in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 16]) + data[middle + 1 :]


def a_file(cache: Path) -> None:
    """Put a file in the place of the folder."""
    shutil.rmtree(cache)
    cache.write_text("not a folder")


def dangling(cache: Path) -> None:
    """Put a link to nothing in the place of the folder."""
    shutil.rmtree(cache)
    cache.symlink_to(cache.with_name("nothing"))


def folders_for_files(cache: Path) -> None:
    """Put a folder in the place of every file."""
    for file in files(cache):
        file.unlink()
        file.mkdir()


def unwritable(cache: Path) -> None:
    """Leave an empty folder that nobody may write; root may, so /proc stands in for it there."""
    shutil.rmtree(cache)
    if os.getuid() == 0:
        cache.symlink_to("/proc/sys")
    else:
        cache.mkdir(0o500)


def full(cache: Path) -> None:
    """Leave an empty folder on a full disk."""
    shutil.rmtree(cache)
    cache.mkdir(0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", cache], check=True)
    (cache / "filler").write_bytes(bytes(40_000))


def emptied(cache: Path) -> None:
    """Remove the files, as a cleaner of disks does."""
    for file in files(cache):
        file.unlink()


def given_away(cache: Path) -> None:
    """Let another user own everything."""
    for place in (cache, *cache.rglob("*")):
        os.chown(place, 12345, 12345)


# What is said of it; None where there is nothing to mend.
FORMS: dict[str, tuple[Callable[[Path], None], str | None]] = {
    "whole": (lambda cache: None, None),
    "removed": (shutil.rmtree, None),
    "emptied": (emptied, None),
    "cut short": (changed(lambda data: data[: len(data) // 2]), "is damaged"),
    "one byte short": (changed(lambda data: data[:-1], at_most=2), "is damaged"),
    "empty files": (changed(lambda data: b"", at_most=2), "is damaged"),
    "zeros": (changed(lambda data: bytes(len(data)), at_most=2), "is damaged"),
    "garbage": (
        changed(lambda data: np.random.default_rng(0).bytes(len(data)), at_most=2),
        "is damaged",
    ),
    "a bit flipped": (changed(flipped, at_most=2), "is damaged"),
    "folders for files": (folders_for_files, "is a directory"),
    "a file for the folder": (a_file, "not a directory"),
    "a link to nothing": (dangling, "is a link to nothing"),
    "unwritable": (unwritable, "set MSSSM_TS_CACHE_DIR"),
    "everybody's": (lambda cache: cache.chmod(0o777), "can be written by others"),
    "the group's": (lambda cache: cache.chmod(0o770), "can be written by others"),
}
if os.name == "posix" and os.getuid() == 0:
    FORMS |= {
        "another user's": (given_away, "belongs to another user"),
        "a full disk": (full, "no space left"),
    }


def restored(cache: Path, whole: Path) -> None:
    """Bring the whole cache back."""
    if os.path.ismount(cache):
        subprocess.run(["umount", cache], check=True)
    if cache.is_symlink() or cache.is_file():
        cache.unlink()
    shutil.rmtree(cache, ignore_errors=True)
    shutil.copytree(whole, cache)


def run(arguments: list[str], room: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with the cache, and with a folder for temporary files of its own."""
    return subprocess.run(
        [sys.executable, "-m", "msssm_ts", *arguments],
        env=os.environ
        | {"MSSSM_TS_CACHE_DIR": str(room / "cache"), "TMPDIR": str(room / "temporary")},
        cwd=room,
        capture_output=True,
        text=True,
    )


def faults(
    done: subprocess.CompletedProcess[str], said: str | None, answer: str, right: str, room: Path
) -> list[str]:
    """Say what is wrong with a run."""
    lines = [line for line in done.stderr.splitlines() if "cache" in line or "Error" in line]
    found = []
    if done.returncode:
        found.append(f"exit code {done.returncode}: {done.stderr.strip()[-200:]}")
    if answer != right:
        found.append("another answer")
    if said is None and lines:
        found.append(f"said: {lines}")
    if said is not None and not (
        len(lines) == 1 and lines[0].startswith(SAID) and said in lines[0]
    ):
        found.append(f"said: {lines}")
    if left := list((room / "temporary").iterdir()):
        found.append(f"left {left}")
        shutil.rmtree(room / "temporary")
        (room / "temporary").mkdir()
    return found


def main() -> int:
    """Run every form; return 1 if one is at fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="NAME", help="forms with NAME in their names")
    options = parser.parse_args()
    n_faults = 0
    with tempfile.TemporaryDirectory(prefix="cache-") as name:
        room = Path(name)
        (room / "temporary").mkdir()
        fit = ["fit", "ItalyPowerDemand", "--preset", "fast", "--out", "run", "--seed", "0", "-q"]
        commands: dict[str, tuple[list[str], Callable[[str], str]]] = {
            "predict": (["predict", "run", "ItalyPowerDemand", "-q"], lambda stdout: stdout),
            "fit": (
                [*fit, "--force"],
                lambda stdout: run(["predict", "run", "ItalyPowerDemand", "-q"], room).stdout,
            ),
        }
        whole, cache = room / "whole", room / "cache"
        for arguments in (fit, commands["predict"][0]):
            done = run(arguments, room)
            if done.returncode:
                raise SystemExit(done.stderr)
        right = done.stdout
        shutil.copytree(cache, whole)
        for form, (spoil, said) in FORMS.items():
            for command, (arguments, answer_of) in commands.items():
                if options.only not in form:
                    continue
                restored(cache, whole)
                spoil(cache)
                start = time.monotonic()
                done = run(arguments, room)
                seconds = time.monotonic() - start
                if command == "fit":
                    restored(cache, whole)
                found = faults(done, said, answer_of(done.stdout), right, room)
                n_faults += bool(found)
                line = next((s for s in done.stderr.splitlines() if s.startswith(SAID)), "")
                print(
                    f"{form:22} {command:8} exit {done.returncode} {seconds:5.1f} s  "
                    f"{'; '.join(found) or 'ok'}  {line.replace(str(room), '')[:110]}",
                    flush=True,
                )
        restored(cache, whole)
    print(f"{n_faults} at fault")
    return int(n_faults > 0)


if __name__ == "__main__":
    sys.exit(main())
