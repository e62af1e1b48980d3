"""Rows as CSV, for programs that read them, and for spreadsheets that would run them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from msssm_ts.cli.shown.console import say
from msssm_ts.text import counted, visible

# What a spreadsheet may take for the start of a formula, full-width letters included.
_STARTS = tuple("=+-@\t\r＝＋－＠")


class CsvText:
    """Makes lines of CSV, and counts the cells that a spreadsheet may run.

    Parameters
    ----------
    safe : bool
        Put ' before such cells, so that a spreadsheet shows them as text.
    shown : bool
        For a terminal: control characters are written out. Otherwise names stay as they are.
    """

    def __init__(self, *, safe: bool = False, shown: bool = False):
        self._safe, self._shown = safe, shown
        self.n_risky = 0

    def line(self, cells: Iterable[Any]) -> str:
        r"""Return a line.

        Examples
        --------
        >>> CsvText(safe=True).line(["=1+1", "-1.5", -2, "a,b"])
        '\'=1+1,-1.5,-2,"a,b"\n'
        """
        row = [self._cell(cell) for cell in cells]
        # A reader takes a carriage return outside quotes for the end of the line.
        broken = any(isinstance(cell, str) and "\r" in cell for cell in row)
        text = io.StringIO()
        how = csv.writer(text, lineterminator="\n")
        if broken:
            how = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        how.writerow(row)
        return text.getvalue()

    def table(self, rows: list[dict[str, Any]]) -> str:
        """Return rows of the same names below those names."""
        return "".join(map(self.line, [rows[0], *(row.values() for row in rows)]))

    def say_risky(self, quiet: bool) -> None:
        """Say how many cells were written that a spreadsheet may run."""
        if not self._safe:
            say_risky(self.n_risky, quiet)

    def _cell(self, cell: Any) -> Any:
        if not isinstance(cell, str):
            return cell
        if runs(cell):
            self.n_risky += 1
            cell = f"'{cell}" if self._safe else cell
        return visible(cell) if self._shown else cell


def runs(cell: str) -> bool:
    """Whether a spreadsheet may take a text for a formula; numbers are what they look like.

    Examples
    --------
    >>> [runs(cell) for cell in ("=cmd()", "@SUM(1)", "-1.5e3", "+", "a=b")]
    [True, True, False, True, False]
    """
    if not cell.startswith(_STARTS):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


def say_risky(n_cells: int, quiet: bool) -> None:
    """Say how many cells a spreadsheet may run, if any."""
    if n_cells:
        begin = counted(n_cells, "name begins", "names begin")
        say(
            f"{begin} with =, +, - or @, which a spreadsheet may run as a formula; --safe-csv puts "
            "' before them",
            quiet=quiet,
        )
