"""Write docs/api from docstrings, docs/cli.md from commands, docs/readers.md from readers.

docs/formats.md is what is read of a miniature of each format; docs/internals/mistakes.md is the
table that the tests of mistakes go through; of docs/cores.md only the table of experiments.

    python docs/build.py

Each is a module of ``docs/pages``. A test fails when the pages and the code drift apart.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from pages.api import API, api_contents, api_page
from pages.cli import cli_page
from pages.cores import cores_page
from pages.formats import formats_page
from pages.mistakes import mistakes_page
from pages.readers import readers_page

FOLDER = Path(__file__).parent

PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_contents,
    **{f"api/{page}.md": partial(api_page, page) for page in API},
    "cli.md": cli_page,
    "cores.md": cores_page,
    "formats.md": formats_page,
    "internals/mistakes.md": mistakes_page,
    "readers.md": readers_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
