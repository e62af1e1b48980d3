"""docs/internals/mistakes.md: the table that the tests of mistakes go through."""

from __future__ import annotations

import re
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"


def mistakes_page() -> str:
    """Return what is said to mistakes: of those that the tests make."""
    sys.path.insert(0, str(TESTS))
    from mistakes import FILES, MISTAKES

    there = "; ".join(f"`{name}`: {what}" for name, what in FILES.items())
    parts = [
        "# Mistakes, and what is said to them",
        "",
        "Written by `docs/build.py` from `tests/mistakes.py`: `tests/test_mistakes.py` makes each "
        "of these, and sees to it that what is said, and the exit code, are these, that nothing "
        "goes to stdout, and that every file and folder is as it was. `…` stands for more text. "
        f"There are {there}. There is no `big.csv`: what is wrong with options is said before any "
        "data are read.",
        "",
        "Exit codes: 2 for what cannot be used, 1 for a failure at run time, 130 for Ctrl-C (and "
        "SIGTERM), at any moment; what is finished of a fit by then is kept, and `--resume` goes "
        "on with it.",
    ]
    for title, rows in MISTAKES.items():
        parts += ["", f"## {title}", "", "| `msssm-ts` … | | said |", "|---|---|---|"]
        for row in rows:
            said = re.sub(r"[*<|_]", r"\\\g<0>", row.said)
            parts.append(f"| `{row.typed}` | {row.code} | {said} |")
    return "\n".join(parts) + "\n"
