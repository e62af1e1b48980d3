"""What a release is made of: the package and nothing else, from versions that are pinned."""

from __future__ import annotations

import importlib.util
import io
import re
import tomllib
import urllib.error
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from msssm_ts.optional import EXTRAS, install

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    specification = importlib.util.spec_from_file_location("audit", ROOT / "benchmarks/audit.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def test_the_wheel_is_the_package(project: dict[str, Any]) -> None:
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["msssm_ts"]}
    files = [
        file
        for file in (ROOT / "msssm_ts").rglob("*")
        if file.is_symlink() or (file.is_file() and "__pycache__" not in file.parts)
    ]
    assert not [file for file in files if file.is_symlink()]
    # Code, the pieces of the report and the card, the server's page, the pretrained encoder: no
    # models, no data, no tests.
    assert Counter(file.suffix for file in files if file.suffix != ".py") == {
        ".html": 4,
        ".css": 1,
        ".md": 1,
        # Templates of an exported source, and the steps of three cores.
        ".c": 6,
        ".h": 1,
        ".typed": 1,
        ".safetensors": 2,
    }
    assert not [f for f in files if f.stem.startswith(("test", "conftest"))]
    large = {f.name for f in files if f.stat().st_size > 1e5}
    assert large == {"encoder.safetensors", "sound.safetensors"}


def test_the_source_distribution_has_no_tests(project: dict[str, Any]) -> None:
    (names,) = project["tool"]["hatch"]["build"]["targets"]["sdist"].values()
    assert "msssm_ts" in names
    assert not {"tests", "benchmarks", "kernels", "cli", "datasets"} & set(names)
    assert all((ROOT / name).exists() and not (ROOT / name).is_symlink() for name in names)


def test_the_lock_has_what_is_required_at_the_pinned_versions(
    project: dict[str, Any], audit: ModuleType
) -> None:
    locked: dict[str, set[str]] = {}
    for name, version in audit.pinned(LOCK.read_text(encoding="utf-8")):
        locked.setdefault(normal(name), set()).add(version)
    for name, version in audit.pinned((ROOT / "constraints.txt").read_text(encoding="utf-8")):
        assert locked[normal(name)] == {version}, name
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(line for extra in extras for line in extra)]
    named = {normal(_NAME.match(line)[0]) for line in wanted}  # type: ignore[index]
    assert not named - {"msssm-ts"} - set(locked)


def test_messages_name_what_the_extras_bring(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    assert {name: {*EXTRAS[name]} for name in EXTRAS} == {name: {*extras[name]} for name in EXTRAS}
    assert set(EXTRAS) == {*extras} - {"bench", "dev", "docs"}
    assert install("onnx").startswith("python -m pip install 'onnx>=")


def test_every_version_in_the_lock_has_hashes() -> None:
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    pins = [i for i, line in enumerate(lines) if "==" in line and not line.startswith(("#", " "))]
    assert len(pins) > 90
    for i in pins:
        assert lines[i].endswith(" \\")
        assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", lines[i + 1])


def test_audit(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    n_pins = len(audit.pinned(LOCK.read_text(encoding="utf-8")))
    monkeypatch.setattr(audit, "find_spec", lambda name: None)
    for answer, code, said in (
        (n_pins * [{}], 0, "0 findings"),
        ((n_pins - 1) * [{}] + [{"vulns": [{"id": "PYSEC-1"}]}], 1, "https://osv.dev/PYSEC-1"),
    ):
        body = audit.json.dumps({"results": answer}).encode()
        monkeypatch.setattr(
            audit.urllib.request, "urlopen", lambda *a, body=body, **k: io.BytesIO(body)
        )
        assert audit.main() == code
        assert said in capsys.readouterr().out

    def refuse(*arguments: object, **options: object) -> None:
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(audit.urllib.request, "urlopen", refuse)
    assert audit.main() == 1
    assert "cannot be asked (no route); nothing was checked" in capsys.readouterr().err
