"""Plant small bugs in a copy of the package, one at a time, and see that the tests find them.

Run by hand, from anywhere: ``python tests/plant_bugs.py [--only NAME] [--list]``. With ``--only``
those bugs whose names contain NAME. A bug that survives wants a test. The bugs are in
``tests/planted``.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

from planted import commands, data, fitting, kernels, later, members, networks

ROOT = Path(__file__).resolve().parent.parent


class Bug(NamedTuple):
    """Replace ``before``, which occurs once in ``file``, by ``after``; ``tests`` then fail."""

    name: str
    file: str
    before: str
    after: str
    tests: str


BUGS = [
    Bug(name, file, *how)
    for room in (kernels, networks, members, fitting, data, later, commands)
    for file, rows in room.BUGS.items()
    for name, *how in rows
]


def copied(folder: Path) -> None:
    """Copy the package and its tests into a folder."""
    for name in ("msssm_ts", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def rewrite(file: Path, source: str) -> None:
    """Write a module, and drop what Python has compiled of it: its time and size may be alike."""
    file.write_text(source)
    Path(cache_from_source(str(file))).unlink(missing_ok=True)


def run_tests(
    folder: Path, file: str, changed: str | None, tests: str, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run tests in a copy of the tree, one file of which reads ``changed`` for as long."""
    environment = os.environ | {"MSSSM_TS_CACHE_DIR": str(folder / "cache")}
    if "triton" in file:
        environment |= {"TRITON_INTERPRET": "1", "MSSSM_TS_BACKEND": "triton"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    source = (folder / file).read_text()
    rewrite(folder / file, source if changed is None else changed)
    try:
        return subprocess.run(
            [*command, *shlex.split(tests)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
    finally:
        rewrite(folder / file, source)


def survives(bug: Bug, folder: Path) -> bool:
    """Whether the tests in a copy of the tree pass in spite of the bug."""
    source = (folder / bug.file).read_text()
    if (n := source.count(bug.before)) != 1:
        raise SystemExit(f"{bug.name}: {bug.file} has {n} times: {bug.before}")
    done = run_tests(folder, bug.file, source.replace(bug.before, bug.after), bug.tests)
    # 1: tests failed; anything else but 0 is a mistake in the table.
    if done.returncode not in (0, 1):
        raise SystemExit(f"{bug.name}: pytest could not run {bug.tests}\n{done.stdout}")
    return done.returncode == 0


def main() -> int:
    """Plant the bugs; return 1 if one survives."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="NAME", help="bugs with NAME in their names")
    parser.add_argument("--list", action="store_true", help="tell the bugs' names and stop")
    options = parser.parse_args()
    chosen = [bug for bug in BUGS if options.only in bug.name]
    if options.list:
        print(*(bug.name for bug in chosen), sep="\n")  # noqa: T201
        return 0
    n_survived = 0
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        copied(Path(name))
        for bug in chosen:
            alive = survives(bug, Path(name))
            n_survived += alive
            print(f"{'SURVIVED' if alive else 'killed':8}  {bug.name}", flush=True)  # noqa: T201
    print(f"{len(chosen) - n_survived} of {len(chosen)} killed, {n_survived} survived")  # noqa: T201
    return int(n_survived > 0)


if __name__ == "__main__":
    sys.exit(main())
