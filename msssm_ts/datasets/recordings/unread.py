"""What lies beside recordings and is none of them, and no table about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.not_read import SHEETS, remedy_of
from msssm_ts.datasets.recordings.label_files import GRID, kind_of
from msssm_ts.datasets.tree import (
    count_by_suffix,
    is_about,
    is_copied_link,
    leads_nowhere,
    relative_name,
    with_suffix,
)

# As many files are named one by one.
_FEW = 3


def unread(
    folder: Path, files: Sequence[Path], others: str, recordings: Sequence[Path] = ()
) -> Account:
    """Return an account that names files which are no recordings, and no table about them.

    Parameters
    ----------
    folder : Path
        They lie below it.
    files : sequence of Path
        Those that nothing is read of; what is about the data by its name is not named.
    others : str
        What the recordings are called, in the plural.
    recordings : sequence of Path
        Texts that are called after one of them are about what happens in it.

    Examples
    --------
    >>> files = [Path("set/b.pdf"), Path("set/b.xlsx"), Path("set/README.md")]
    >>> unread(Path("set"), files, "records").line().partition(": ")[2]
    '1 spreadsheet (b.xlsx: not read, save the sheet as CSV), 1 file (b.pdf: none of the ...'
    """
    rest = [f for f in files if not is_about(f)]
    broken = [f for f in rest if leads_nowhere(f)]
    copied = [f for f in rest if not f.suffix and is_copied_link(f)]
    gone = {*broken, *copied}
    plain = [f for f in rest if f not in gone]
    stems = {f.with_suffix("") for f in recordings}
    about = [f for f in plain if _after(f) & stems and _has_stretches(f)]
    plain = [f for f in plain if f not in {*about}]
    tables = [f for f in plain if f.suffix.lower() in (".csv", ".tsv")]
    plain = [f for f in plain if f not in set(tables)]
    sheets = with_suffix(plain, SHEETS)
    plain = [f for f in plain if f not in {*sheets}]
    names = [relative_name(f, folder) for f in plain]
    if len(names) > _FEW:
        names = count_by_suffix(plain)
    return (
        Account()
        .without(len(broken), "links", "to nothing", [relative_name(f, folder) for f in broken])
        .without(
            len(copied),
            "links",
            "copied as text; link or copy what is named there",
            [relative_name(f, folder) for f in copied],
        )
        .without(
            len(tables),
            "tables",
            f"without any of the {others}",
            [relative_name(f, folder) for f in tables],
        )
        .without(
            len(sheets),
            "spreadsheets",
            f"not read, {remedy_of(sheets)}",
            [relative_name(f, folder) for f in sheets],
        )
        .without(
            len(about),
            "texts",
            f"called after {others}, not taken for labels; stretches of x.wav are read from start, "
            "end and label in x.txt, x.csv or x.TextGrid where nothing else has labels",
            [relative_name(f, folder) for f in about],
        )
        .without(len(plain), "files", f"none of the {others} to read", names)
    )


def _has_stretches(file: Path) -> bool:
    """Whether a file may label stretches of a recording; any other table is one by itself."""
    suffix = file.suffix.lower()
    return suffix in (".txt", GRID) or (suffix in (".csv", ".tsv") and kind_of(file) == "table")


def _after(file: Path) -> set[Path]:
    """Return what a file may be called after: x of x.txt, and of x.Table.1.selections.txt."""
    first = file.name.partition(".")[0]
    return {file.with_suffix(""), file.with_name(first)}
