"""Imports run one way, and bugs that are planted are bugs of the code as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from plant_bugs import BUGS, ROOT

PACKAGE = Path(__file__).parents[1] / "msssm_ts"


def _imported(node: ast.AST, modules: set[str]) -> Iterator[str]:
    """Yield what code imports when it runs, inside functions, too."""
    if (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    ):
        return
    if isinstance(node, ast.ImportFrom) and node.module is not None:
        for name in node.names:
            own = f"{node.module}.{name.name}"
            yield own if own in modules else node.module
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield from _imported(child, modules)


def test_no_module_imports_itself_by_way_of_others() -> None:
    files = {
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts): file
        for file in PACKAGE.rglob("*.py")
        # They only hand names on.
        if file.name != "__init__.py"
    }
    arrows = {
        module: {*_imported(ast.parse(file.read_text(encoding="utf-8")), {*files})} & {*files}
        for module, file in files.items()
    }
    assert len(arrows) > 600
    # Where there is a circle, it says which.
    TopologicalSorter(arrows).prepare()


def test_every_bug_can_be_planted() -> None:
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for file in {b.file for b in BUGS}}
    assert [bug.name for bug in BUGS if texts[bug.file].count(bug.before) != 1] == []
    asked = {word for bug in BUGS for word in bug.tests.split() if word.startswith("tests/")}
    assert [file for file in asked if not (ROOT / file.partition("::")[0]).is_file()] == []
