"""Tables on stdout: ruled on a terminal, plain columns elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msssm_ts.cli.shown.console import results
from msssm_ts.text import visible


def show_table(
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Collection[str] = (),
    wrap: Collection[str] = (),
    title: str | None = None,
) -> None:
    """Write a table to stdout.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequences
        Their cells.
    right, wrap : collection of str
        Columns to align to the right, and to break into lines on a narrow terminal.
    title : str, optional
        Above the table, after an empty line.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = results()
    if not out.is_terminal:
        # Nothing may be cut to a width that nobody asked for.
        out.width = 100_000
    if title is not None:
        out.print()
    style = box.SIMPLE_HEAD if out.is_terminal else None
    table = Table(box=style, pad_edge=False, title_justify="left")
    if title is not None:
        table.title = Text(visible(title), "table.title")
    for name in header:
        # As Text, names are not markup.
        shown = Text(visible(name))
        table.add_column(
            shown, justify="right" if name in right else "left", no_wrap=name not in wrap
        )
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    out.print(table)
