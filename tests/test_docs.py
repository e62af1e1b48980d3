"""The reference pages say what the code says."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
_spec = importlib.util.spec_from_file_location("build_docs", DOCS / "build.py")
assert _spec is not None
assert _spec.loader is not None
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

from pages import api, public  # noqa: E402 - found once build.py has named its folder


@pytest.mark.parametrize("page", build.PAGES)
def test_pages_are_up_to_date(page: str) -> None:
    written = (DOCS / page).read_text(encoding="utf-8")
    assert written == build.PAGES[page](), "run: python docs/build.py"


def _takes(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self", "cls"}


def test_every_public_function_says_what_it_takes_and_returns() -> None:
    missing = []
    for name, thing in public.public_objects():
        for label, function in [("", thing), *api.methods(thing)]:
            text = inspect.getdoc(function) or ""
            if not text:
                missing.append(f"{name}.{label}: no docstring")
            if inspect.isclass(thing) and issubclass(thing, BaseException):
                continue
            if _takes(function) and "Parameters\n---" not in text:
                missing.append(f"{name}.{label}: no Parameters")
    assert missing == []


def test_every_value_says_what_it_holds_and_does() -> None:
    missing = []
    for name, thing in public.values():
        if _takes(thing) and "Parameters\n---" not in (inspect.getdoc(thing) or ""):
            missing.append(f"{name}: no Parameters")
        for label, value in api.own(thing).items():
            value = value.__func__ if isinstance(value, classmethod) else value
            does = isinstance(value, property) or inspect.isfunction(value)
            if does and not value.__doc__:
                missing.append(f"{name}.{label}: no docstring")
    assert missing == []


def test_what_a_model_and_its_members_are_made_of_is_on_the_page() -> None:
    page = "".join(file.read_text(encoding="utf-8") for file in DOCS.glob("api/*.md"))
    for heading in (
        *("msssm_ts.fitted.FittedModel", "msssm_ts.members.member.Member"),
        *("msssm_ts.errors.Interrupted", "msssm_ts.members.MEMBERS", "msssm_ts.model.cores.CORES"),
    ):
        assert f"\n## {heading}\n" in page
    # Properties and methods of a value, and no trace of how Python makes them.
    assert "\n- `featured`\\\n" in page
    assert "\n### Vote.by_kind\n" in page
    assert "<factory>" not in page
    assert "(cls" not in page


def test_the_list_of_names_leads_to_every_section() -> None:
    contents = (DOCS / "api.md").read_text(encoding="utf-8")
    named = (*public.public_objects(), *public.values(), *public.registries())
    links = re.findall(r"\]\((api/\w+\.md)#([\w-]+)\) \| (?!\|)", contents)
    assert len(links) == len({name for name, _ in named}) == len(named)
    for page, anchor in links:
        headings = re.findall(r"^## (.+)$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {heading.replace(".", "").lower() for heading in headings}


def _links(page: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith(("http:", "https:", "#")):
            yield link.partition("#")[0]


PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(DOCS.parent.glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(DOCS.parent).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    lost = [link for link in _links(page) if not (page.parent / link).exists()]
    assert lost == []


def test_the_contents_name_every_page() -> None:
    listed = {(DOCS / link).resolve() for link in _links(DOCS / "index.md")}
    assert set(DOCS.rglob("*.md")) - {DOCS / "index.md"} <= listed


def test_files_that_contributing_names_are_there() -> None:
    root = DOCS.parent
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w-]+/)+[\w-]+\.py)`", text))
    rooms = (root, root / "msssm_ts", root / "msssm_ts/model/cores")
    assert len(named) > 40
    assert [name for name in sorted(named) if not any((r / name).exists() for r in rooms)] == []
