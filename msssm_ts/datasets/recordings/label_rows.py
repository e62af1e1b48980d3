"""What label files of each kind say, a row a stretch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.messages import enumerate_names, no_column
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.recordings.label_tracks import read_label_track
from msssm_ts.datasets.recordings.lists import read_rows
from msssm_ts.datasets.recordings.pieces import piece_columns
from msssm_ts.datasets.recordings.tables import MORE_LABELS
from msssm_ts.datasets.recordings.text_grids import Interval, Tier, Unclear, read_text_grid
from msssm_ts.datasets.tables.columns import LABEL, find_column
from msssm_ts.datasets.tables.encoding import find_encoding
from msssm_ts.datasets.tables.numbers import as_float
from msssm_ts.errors import InputError, OptionError

# Tiers that are called so hold labels.
_TIERS = (*LABEL, *MORE_LABELS)
# What a text takes in memory for a byte of it, about.
_AMPLE = 8

# A label file and its recording.
Owned = tuple[Path, Path]
Content = TypeVar("Content")


class Row(NamedTuple):
    """What a label file says of a stretch of a recording.

    Parameters
    ----------
    recording, file : Path
        The recording, and the label file.
    place : str
        Where in it that stands.
    cells : dict of str to str
        By column.
    """

    recording: Path
    file: Path
    place: str
    cells: dict[str, str]


def _grids(found: Sequence[Owned], options: ReadOptions) -> tuple[list[Row], Account]:
    """Return the intervals of the tier that has the labels."""
    guesses: set[str] = set()
    grids = [(file, owner, _content(file, read_text_grid, guesses)) for file, owner in found]
    tiers = [tier for _, _, own in grids for tier in own]
    points = [t.name for t in tiers if t.of_points]
    kinds = list(dict.fromkeys(points))
    name, account = _chosen_tier(found[0][0], tiers, options.label)
    column = "label" if options.label is None else options.label
    rows: list[Row] = []
    for file, owner, own in grids:
        intervals = [i for tier in own if tier.name == name for i in tier.intervals]
        rows += [_row(file, owner, i, column) for i in intervals]
    without = [file.name for file, _, own in grids if all(t.name != name for t in own)]
    account = account.without(len(without), "TextGrids", f"no tier {name}", without)
    account = account.without(len(points), "tiers", "of points, which have no length", kinds)
    return _labelled(rows, column, account.remarking(*sorted(guesses)), "intervals")


def _chosen_tier(file: Path, tiers: Sequence[Tier], asked: str | None) -> tuple[str, Account]:
    """Return the name of the tier to take: as asked, the only one, or one called after labels.

    Raises
    ------
    InputError
        If there is none, or several, and none is named.
    """
    names = list(dict.fromkeys(t.name for t in tiers if not t.of_points))
    if not names:
        raise InputError(f"{file}: has no tier of intervals; add one in Praat")
    if asked is not None and asked not in names:
        said = no_column(asked, names, "label").replace("no column", "no tier")
        raise OptionError(f"{file}: {said}", "label", asked)
    name = asked or (names[0] if len(names) == 1 else find_column(names, _TIERS, None))
    if name is None:
        raise Unclear(
            f"{file}: has several tiers ({enumerate_names(names)}); say with --label which has the "
            "labels"
        )
    account = Account().took("tier", name)
    others = [n for n in names if n != name]
    account = account.without(len(others), "tiers", "", others)
    guessed = asked is None and bool(others)
    return name, account.remarking(
        f"took tier {name} for the labels; --label names another" if guessed else ""
    )


def _tracks(found: Sequence[Owned], options: ReadOptions) -> tuple[list[Row], Account]:
    """Return the labels of tracks, without ranges of frequencies."""
    rows: list[Row] = []
    ranges, guesses = 0, set[str]()
    for file, owner in found:
        track = _content(file, read_label_track, guesses)
        rows += [_row(file, owner, i, "label") for i in track.intervals]
        ranges += track.n_ranges
    account = Account().without(ranges, "frequency ranges", "a series holds every frequency")
    return _labelled(rows, "label", account.remarking(*sorted(guesses)), "labels")


def _row(file: Path, owner: Path, interval: Interval, column: str) -> Row:
    cells = {"start": repr(interval.start), "end": repr(interval.stop), column: interval.label}
    return Row(owner, file, f"line {interval.line}", cells)


def _labelled(
    rows: list[Row], column: str, account: Account, what: str
) -> tuple[list[Row], Account]:
    """Leave out points, and stretches without a label where others have one."""
    lasting = [r for r in rows if r.cells["start"] != r.cells["end"]]
    account = account.without(len(rows) - len(lasting), what, "of no length: start is end")
    labelled = [r for r in lasting if r.cells[column]]
    if not labelled:
        said = f"none of the {what} has a text: they are no labels" if lasting else ""
        return lasting, account.remarking(said)
    return labelled, account.without(len(lasting) - len(labelled), what, "without a label")


def _tables(found: Sequence[Owned], options: ReadOptions) -> tuple[list[Row], Account]:
    """Return the rows of tables of stretches, as Raven writes them."""
    rows: list[Row] = []
    points, guesses = 0, set[str]()
    for file, owner in found:
        table = read_rows(file)
        guesses |= {*table.remarks}
        columns = piece_columns(table.columns)
        if columns is None:
            raise InputError(
                f"{file}: its first line names start and end, but the table below has not these "
                "columns; see to its separators"
            )
        for row in range(len(table)):
            cells = {c: values[row] for c, values in table.cells.items()}
            ends = [as_float(cells[n]) for n in (columns.start, columns.stop) if n is not None]
            if ends[-1] == 0 if columns.lasts else ends[0] is not None and ends[0] == ends[-1]:
                points += 1
            else:
                rows.append(Row(owner, file, table.place(row), cells))
    account = Account().without(points, "rows", "of no length: start is end")
    return rows, account.remarking(*sorted(guesses))


def _content(file: Path, read: Callable[[str], Content], guesses: set[str]) -> Content:
    """Read the text of a label file, and add what was guessed of it.

    Raises
    ------
    InputError
        Naming the file.
    """
    try:
        demand(_AMPLE * file.stat().st_size, file, "the label file")
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); see to it") from error
    encoding, guessed = find_encoding(data, True)
    guesses |= {guessed} - {""}
    if not encoding:
        raise InputError(f"{file}: in no encoding that is known; save it in UTF-8")
    try:
        return read(data.decode(encoding))
    except InputError as error:
        raise type(error)(f"{file}, {error}") from error


READ: dict[str, Callable[[Sequence[Owned], ReadOptions], tuple[list[Row], Account]]] = {
    "grid": _grids,
    "track": _tracks,
    "table": _tables,
}
