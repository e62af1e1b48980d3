"""Several labels in one cell, and the sign between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

_SIGNS = (";", "|", ",")
_KEY = re.compile(r"['\"]([^'\"]+)['\"]\s*:")
# Signs that stand in many a name as well.
_DOUBTFUL = ("+", "/", "&", " ")


@dataclass(frozen=True)
class Several:
    """Labels that stand together in cells.

    Parameters
    ----------
    sign : str
        Between them.
    labels : tuple of str
        All of them, sorted.
    example : str
        A cell with several.
    """

    sign: str
    labels: tuple[str, ...]
    example: str

    def flags(self, cell: str) -> tuple[int, ...]:
        """Return 0 or 1 for each label: whether a cell has it.

        Examples
        --------
        >>> Several(";", ("a", "b", "c"), "a;b").flags("c; a")
        (1, 0, 1)
        """
        there = set(_pieces(cell, self.sign))
        return tuple(int(label in there) for label in self.labels)

    def remark(self, column: str) -> str:
        """Say what was guessed."""
        return (
            f"took {self.sign!r} in column {column} for a sign between several labels, as in "
            f"{self.example!r}"
        )


def several_in_cells(cells: Iterable[str]) -> Several | None:
    """Find several labels of one cell; None where there is one in each.

    Plausible is a sign only if its pieces recur: there are fewer of them than different cells.

    Examples
    --------
    >>> several_in_cells(["a;b", "a", "b"]).labels
    ('a', 'b')
    >>> several_in_cells(["['a', 'b']", "['a']", "['b']"]).labels
    ('a', 'b')
    >>> several_in_cells(["{'AF': 100.0, 'SR': 0.0}", "{'SR': 0.0}"]).flags("{'AF': 50.0}")
    (1, 0)
    >>> several_in_cells(["rain, heavy", "dog"]) is None
    True
    """
    different = {*cells} - {""}
    for sign in _SIGNS:
        having = [c for c in different if sign in c]
        if having:
            pieces = _of_all(different, sign)
            # Printed as dicts, or as lists, there are several.
            fewer = len(pieces) < len(different) or all(c[0] in "{[" for c in different)
            if len(pieces) > 1 and fewer:
                return Several(sign, tuple(sorted(pieces)), min(having))
    return None


def known_in_cells(cells: Collection[str], names: Sequence[str]) -> Several | None:
    """Find labels that are known in cells with one or several; None where a cell has another.

    Examples
    --------
    >>> known_in_cells(["a", "c;a"], ["a", "b", "c"]).flags("c;a")
    (1, 0, 1)
    >>> known_in_cells(["a", "d"], ["a", "b", "c"]) is None
    True
    """
    for sign in _SIGNS:
        if _of_all(cells, sign) <= {*names}:
            return Several(sign, tuple(names), next(iter(cells), ""))
    return None


def on_other_signs(labels: Iterable[object]) -> str:
    """Say that classes look like several labels at once, with a sign that is none between them.

    Examples
    --------
    >>> on_other_signs(["a", "b+a", "a+b"])
    "took labels such as 'a+b' for classes of their own; for several labels write ';' for '+'"
    >>> on_other_signs(["a", "a;b"]).partition("several labels ")[2]
    'give a column of 0 and 1 for each, named with --label'
    >>> on_other_signs(["walking", "walking fast", "running"])
    ''
    """
    different = {str(label) for label in labels} - {""}
    for sign in (*_SIGNS, *_DOUBTFUL):
        having = sorted(c for c in different if sign in c)
        pieces = _of_all(different, sign) if having else set()
        certain = sign in _SIGNS
        fewer = len(pieces) < len(different) and pieces & different
        if len(pieces) > 1 and (_recur(having, different, sign) if certain else fewer):
            remedy = (
                "give a column of 0 and 1 for each, named with --label"
                if certain
                else f"write ';' for {sign!r}"
            )
            return (
                f"took labels such as {having[0]!r} for classes of their own; for several labels "
                f"{remedy}"
            )
    return ""


def _recur(having: Collection[str], different: Collection[str], sign: str) -> bool:
    """Whether a piece of a label with a sign is a label, too, or a piece of another."""
    counts = Counter(p for c in having for p in {*_pieces(c, sign)})
    return any(n > 1 or p in different for p, n in counts.items())


def _of_all(cells: Collection[str], sign: str) -> set[str]:
    return {p for c in cells for p in _pieces(c, sign)}


def _pieces(cell: str, sign: str) -> Sequence[str]:
    keys = _KEY.findall(cell) if cell.startswith("{") and cell.endswith("}") else []
    if keys:
        # Labels with a number each, as PTB-XL has them.
        return keys
    # As lists are printed.
    listed = cell.startswith("[") and cell.endswith("]")
    pieces = (cell[1:-1] if listed else cell).split(sign)
    return [t for p in pieces if (t := p.strip(" '\"" if listed else None))]
