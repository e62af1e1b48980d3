"""Who votes, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msssm_ts.cli.shown.tables import show_table

_HEADER = ("member", "share", "accuracy", "errors alike", "seconds")


def show_members(rows: Sequence[dict[str, Any]]) -> None:
    """Write a row a member to stdout.

    Parameters
    ----------
    rows : sequence of dict
        From :func:`msssm_ts.fitted.told.member_rows`.
    """
    from msssm_ts.fitted.told import mean_alike

    shown = [
        (
            f"{i + 1} {row['kind']}",
            f"{row['weight']:.0%}",
            _number(row["accuracy"], ".3f"),
            _number(mean_alike(rows, i), ".2f"),
            _number(row["seconds"], ".1f"),
        )
        for i, row in enumerate(rows)
    ]
    show_table(_HEADER, shown, right=_HEADER[1:], title=_TITLE)


_TITLE = "who votes; accuracy on training series left out, errors alike: correlation with others'"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
