"""docs/cores.md: the page as it stands, and its table over what is kept of experiments."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).parents[1]
BENCHMARKS = DOCS.parent / "benchmarks"


def cores_page() -> str:
    """Return the page on cores with the table over what is kept of their experiments."""
    sys.path.insert(0, str(BENCHMARKS))
    from core_tables import summary

    begin, end = "<!-- from benchmarks/results/cores -->", "<!-- to here -->"
    page = (DOCS / "cores.md").read_text(encoding="utf-8")
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    return before + "\n".join([begin, "", *summary(), "", end]) + after
