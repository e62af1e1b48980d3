"""Ask whether vulnerabilities are known of the versions that requirements.lock pins.

    python benchmarks/audit.py

Runs ``pip-audit`` where it is installed (``python -m pip install pip-audit``); otherwise asks the
database of https://osv.dev, with nothing but the standard library. A row for each finding; the exit
code is 1 if there are any, and if nobody could be asked. Run by hand, before a release.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from importlib.util import find_spec
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
SERVICE = "https://api.osv.dev/v1/querybatch"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def pinned(text: str) -> list[tuple[str, str]]:
    r"""Return names and versions of a lock file.

    Examples
    --------
    >>> pinned("# no==1\na==1.0 ; sys_platform == 'linux' \\\n    --hash=x\nb-c==2.0rc1\n")
    [('a', '1.0'), ('b-c', '2.0rc1')]
    """
    return _PIN.findall(text)


def findings(pins: list[tuple[str, str]], answer: dict) -> list[tuple[str, str, str]]:
    """Return name, version and number of each vulnerability in an answer of the database.

    Examples
    --------
    >>> findings([("a", "1"), ("b", "2")], {"results": [{}, {"vulns": [{"id": "PYSEC-1"}]}]})
    [('b', '2', 'PYSEC-1')]
    """
    return [
        (name, version, found["id"])
        for (name, version), result in zip(pins, answer["results"], strict=True)
        for found in result.get("vulns", [])
    ]


def ask(pins: list[tuple[str, str]]) -> dict:
    """Ask the database about all pins at once."""
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in pins
    ]
    body = json.dumps({"queries": queries}).encode()
    request = urllib.request.Request(SERVICE, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def main() -> int:
    """Print what is known; return 1 if it is anything, or if it could not be asked."""
    if find_spec("pip_audit"):
        # Strict: what could not be looked up is no good news.
        command = ["-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes"]
        return subprocess.run([sys.executable, *command, "--requirement", str(LOCK)]).returncode
    pins = pinned(LOCK.read_text(encoding="utf-8"))
    try:
        found = findings(pins, ask(pins))
    except OSError as error:
        reason = getattr(error, "reason", error)
        sys.stderr.write(f"{SERVICE}: cannot be asked ({reason}); nothing was checked\n")
        return 1
    for name, version, number in found:
        print(f"{name:24} {version:16} {number}  https://osv.dev/{number}")
    print(f"{len(pins)} versions, {len(found)} findings")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
