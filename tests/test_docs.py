"""The reference pages say what the code says."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
_spec = importlib.util.spec_from_file_location("build_docs", DOCS / "build.py")
assert _spec is not None
assert _spec.loader is not None
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)


@pytest.mark.parametrize("page", build.PAGES)
def test_pages_are_up_to_date(page: str) -> None:
    written = (DOCS / page).read_text(encoding="utf-8")
    assert written == build.PAGES[page](), "run: python docs/build.py"


def test_every_public_function_says_what_it_takes_and_returns() -> None:
    missing = []
    for name, thing in build.public_objects():
        for label, function in [("", thing), *build._methods(thing)]:
            text = inspect.getdoc(function) or ""
            if not text:
                missing.append(f"{name}.{label}: no docstring")
            if inspect.isclass(thing) and issubclass(thing, Exception):
                continue
            takes = inspect.signature(function).parameters.keys() - {"self", "cls"}
            if takes and "Parameters\n---" not in text:
                missing.append(f"{name}.{label}: no Parameters")
    assert missing == []
