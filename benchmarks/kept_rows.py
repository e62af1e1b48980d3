"""Rows of results that are kept as they come, and tables of them in Markdown."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class KeptRows:
    """A CSV file of results, a row a fit; what is there is not computed again.

    Parameters
    ----------
    file : Path
        The file; it is made with the first row.
    key : tuple of str
        Columns that say which fit a row is of.
    columns : tuple of str
        All of them.
    """

    file: Path
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[dict[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = []
        if self.file.exists():
            with self.file.open(newline="") as stream:
                reader = csv.DictReader(stream)
                if tuple(reader.fieldnames or ()) != self.columns:
                    raise SystemExit(
                        f"{self.file}: has other columns than {', '.join(self.columns)}; move it "
                        "away, or say --name"
                    )
                self.rows = list(reader)

    def has(self, **key: Any) -> bool:
        """Whether a fit is among the rows."""
        wanted = tuple(str(key[name]) for name in self.key)
        return wanted in {tuple(row[name] for name in self.key) for row in self.rows}

    def add(self, row: dict[str, Any]) -> None:
        """Write a row."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.file.exists()
        with self.file.open("a", newline="") as stream:
            writer = csv.DictWriter(stream, self.columns, lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow(row)
        self.rows.append({name: str(row[name]) for name in self.columns})


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(value: float | str, digits: int = 3) -> str:
    """Return a figure below 1 without the 0 before the point, as tables here have it."""
    text = f"{float(value):.{digits}f}"
    return text.removeprefix("0") if text.startswith("0.") else text
