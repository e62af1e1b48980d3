"""Text tables whose cells are all taken as text: lists of files, of labels, of patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.dialect import detect_dialect
from msssm_ts.datasets.tables.text import TextRows


@dataclass(frozen=True)
class Strings:
    """A table of text.

    Parameters
    ----------
    file : Path
        Where it stands.
    columns : tuple of str
        Their names; 1, 2, ... without a header.
    cells : dict of str to list of str
        Each column's cells, without space around them; empty where there is nothing.
    headed : bool
        Whether there is a header.
    place : callable
        Says in words where a row stands.
    remarks : tuple of str
        What was guessed when it was read.
    """

    file: Path
    columns: tuple[str, ...]
    cells: dict[str, list[str]]
    headed: bool
    place: Callable[[int], str]
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter(self.cells.values()), []))


def read_strings(file: Path) -> Strings:
    r"""Read a text table, as one with values is read: separator, encoding and header are seen.

    Raises
    ------
    InputError
        If it cannot be read as a table.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "labels.csv")
    >>> _ = file.write_text("file;label\na.wav;yes\n")
    >>> read_strings(file).cells
    {'file': ['a.wav'], 'label': ['yes']}
    """
    dialect = detect_dialect(file)
    rows = TextRows(file, dialect)
    rows, data = rows.read(Roles(dialect.columns), list(dialect.columns))
    cells = {
        name: [(value or "").strip() for value in data[name].to_pylist()]
        for name in dialect.columns
    }
    said = rows.dialect.remarks
    return Strings(file, dialect.columns, cells, dialect.headed, rows.place, said)
