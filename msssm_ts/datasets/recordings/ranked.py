"""Label columns of which each row fills as many as it has labels: First_label, Second_label, ..."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_WHAT = "(label|class|diagnosis|dx)"
_NAME = re.compile(rf"({'|'.join(_ORDINALS)})[ _-]?{_WHAT}s?|{_WHAT}[ _-]?([1-5])")
_FLAGS = {"0", "1", "0.0", "1.0", "true", "false", "yes", "no"}


def ranked_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return columns that are called first label, second label and so on, in that order.

    Examples
    --------
    >>> ranked_columns(["Second_label", "First_label", "age"]), ranked_columns(["label", "label_2"])
    (('First_label', 'Second_label'), ())
    """
    found: dict[int, str] = {}
    for column in columns:
        match = _NAME.fullmatch(column.strip().casefold())
        if match is not None:
            rank = _ORDINALS.index(match[1]) + 1 if match[1] else int(match[4])
            found.setdefault(rank, column)
    whole = len(found) > 1 and sorted(found) == list(range(1, len(found) + 1))
    return tuple(found[i] for i in sorted(found)) if whole else ()


def are_ranked(columns: Sequence[str], cells: Mapping[str, Sequence[str]]) -> bool:
    """Whether rows fill the first of the columns always, and others as far as they have labels.

    Where all are filled, each column may be of another kind of label; columns of 0 and 1 say each
    whether there is a label.

    Examples
    --------
    >>> names = ("label1", "label2")
    >>> are_ranked(names, {"label1": ["a", "b"], "label2": ["b", ""]})
    True
    >>> are_ranked(names, {"label1": ["dog", "oak"], "label2": ["animal", "plant"]})
    False
    """
    if len(columns) < 2 or ranked_columns(columns) != tuple(columns):
        return False
    first, rest = cells[columns[0]], [cells[c] for c in columns[1:]]
    every = {c.casefold() for own in (first, *rest) for c in own}
    behind = {c for own in rest for c in own}
    return all(first) and "" in behind and len(behind) > 1 and not every <= {*_FLAGS, ""}


def union_of(
    columns: Sequence[str], entries: Mapping[Path, Mapping[str, str]]
) -> tuple[tuple[str, ...], dict[Path, tuple[int, ...]]]:
    """Return all labels in some columns, and 0 or 1 of each of them for every file."""
    own = {f: {_plain(cells.get(c, "")) for c in columns} - {""} for f, cells in entries.items()}
    labels = tuple(sorted({label for labels in own.values() for label in labels}))
    return labels, {f: tuple(int(n in labels_) for n in labels) for f, labels_ in own.items()}


def _plain(cell: str) -> str:
    # Empty cells below make pandas write whole numbers as 2.0.
    return cell.strip().removesuffix(".0")
