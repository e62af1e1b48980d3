"""The docs site: ``sphinx-build -W --keep-going -c docs . build/site``.

Pages are the Markdown files as they stand in the repository, the README first. docs/index.md is
the one list of pages: the navigation is made from it. Scripts in docs/gallery are run, and are
pages with what they draw and print. Links to other sites are checked by ``-b linkcheck``.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from msssm_ts.version import __version__

project = "msssm-ts"
release = __version__
language = "en_GB"
smartquotes = False
extensions = ["myst_parser", "sphinx_gallery.gen_gallery"]
root_doc = "README"
include_patterns = ["*.md", "docs/**"]
exclude_patterns = ["docs/gallery"]

# Links to headings are those that work on the repository's own pages as well.
myst_heading_anchors = 4

html_theme = "furo"
html_title = f"msssm-ts {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

sphinx_gallery_conf = {
    "examples_dirs": "docs/gallery",
    "gallery_dirs": "docs/examples",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "write_computation_times": False,
    "show_signature": False,
    "reset_modules": (),
    "image_srcset": ["2x"],
    "capture_repr": (),
}

ROOT = Path(__file__).parent.parent
GALLERY = Path("docs/gallery")
_PART = re.compile(r"^## (.+)$", re.MULTILINE)
_LINK = re.compile(r"^- \[[^]]+\]\(([^)]+)\)", re.MULTILINE)


def navigation(contents: str) -> str:
    """Return hidden tables of contents, one for each list of links in docs/index.md."""
    _, *parts = _PART.split(contents)
    tables = ["```{toctree}\n:hidden:\n\n/docs/index\n```"]
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        pages = [_page(link) for link in _LINK.findall(text)]
        tables.append(
            "\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```"])
        )
    return "\n\n".join(tables)


def _page(link: str) -> str:
    """Return the page that a link in docs/index.md leads to, from the root."""
    path = (ROOT / "docs" / link).resolve().relative_to(ROOT)
    if path == GALLERY:
        return "/docs/examples/index"
    return "/" + path.with_suffix("").as_posix()


def _adapt(app: Any, page: str, source: list[str]) -> None:
    """Lead to the pages that scripts become, and put the navigation behind the front page."""
    source[0] = re.sub(r"\]\(((?:docs/)?)gallery\)", r"](\1examples/index.rst)", source[0])
    if page == root_doc:
        source[0] += "\n\n" + navigation((ROOT / "docs/index.md").read_text(encoding="utf-8"))


def _add_front(app: Any, error: Exception | None) -> None:
    """Make the README's page the front page as well."""
    if error is None and app.builder.name == "html":
        shutil.copy(Path(app.outdir) / "README.html", Path(app.outdir) / "index.html")


def setup(app: Any) -> None:
    """Do what Sphinx has no setting for."""
    app.connect("source-read", _adapt)
    app.connect("build-finished", _add_front)
