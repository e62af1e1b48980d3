"""Tables of which each row is about a piece of a recording: which do, and the pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.recordings.meant import Cutter, cells_of, in_unit, pieces_meant
from msssm_ts.datasets.recordings.pieces import Piece, PieceColumns
from msssm_ts.datasets.recordings.tables import Listing
from msssm_ts.datasets.tables.columns import find_column
from msssm_ts.datasets.tree import relative_name
from msssm_ts.errors import InputError
from msssm_ts.text import counted

# A piece may end so much of its length behind its recording, for times are rounded.
_BEHIND = 0.1
# What lies so many times as far as its recording goes may be in another unit.
_FAR = 5
_CHANNEL = ("channel", "chan")


@dataclass
class Pieces:
    """Pieces of recordings, by the paths that stand for them.

    Parameters
    ----------
    columns : PieceColumns
        That say where they lie.
    channel : str
        Column of their channels; empty where there is none.
    of : dict of Path to Piece
        By the path that stands for each.
    behind : dict of Path to float
        Seconds by which some end behind their recordings, as far as that was seen.
    """

    columns: PieceColumns
    channel: str = ""
    of: dict[Path, Piece] = field(default_factory=dict)
    behind: dict[Path, float] = field(default_factory=dict)

    def whole(self, file: Path) -> Path:
        """Return the recording of a piece; what stands for none is one itself."""
        return self.of[file].file if file in self.of else file

    def again(self, key: Path) -> Path:
        """Return a further path for a piece that stands in another row with another label."""
        n = 2
        while (other := key.with_name(f"{key.name}#{n}")) in self.of:
            n += 1
        self.of[other] = self.of[key]
        return other

    def steps(self, key: Path, n_steps: int, rate: float) -> tuple[int, int]:
        """Return the first step of a piece, and the one behind its last.

        Parameters
        ----------
        key : Path
            That stands for it.
        n_steps, rate : int, float
            Of its recording.

        Raises
        ------
        InputError
            If it does not lie in its recording; the message goes on behind where the row stands.
        """
        piece = self.of[key]
        a_second = 1.0 if piece.in_samples else rate
        start, stop = round(piece.start * a_second), round(piece.stop * a_second)
        if start == stop:
            raise InputError("the piece is shorter than a sample; mend or remove the row")
        over = stop - n_steps
        if over <= 0:
            return start, stop
        if start >= n_steps or over > max(_BEHIND * (stop - start), 1):
            column = self.columns.start if start >= n_steps else self.columns.stop
            which = "begins" if start >= n_steps else "ends"
            raise InputError(
                f"the piece {which} behind the end of {piece.file.name} (column {column!r}: "
                f"{piece.start if start >= n_steps else piece.stop:g}, of "
                f"{n_steps / a_second:.6g}{'' if piece.in_samples else ' s'}); "
                f"{self._remedy(stop, n_steps, rate)}"
            )
        self.behind[key] = over / rate
        return start, n_steps

    def _remedy(self, stop: int, n_steps: int, rate: float) -> str:
        """Say what to do about a piece outside its recording: it may be in another unit."""
        if not any(self.columns.units) and stop > _FAR * n_steps:
            for unit, a_unit in (("milliseconds", 1000.0), ("samples", rate)):
                if stop / a_unit <= n_steps:
                    return f"mend it; or, {in_unit(self.columns, unit)}"
        return "mend it, or remove the row"

    def account(self) -> Account:
        """Say what was done to pieces that end behind their recordings."""
        if not self.behind:
            return Account()
        most, many = max(self.behind.values()), len(self.behind)
        ends = "ends" if many == 1 else "end"
        return Account().remarking(
            f"{counted(many, 'piece', 'pieces')} {ends} up to {most:.2g} s behind the recording: "
            "cut off there"
        )


@dataclass(frozen=True)
class Cut:
    """Tables and recordings, in the place of which pieces stand.

    Parameters
    ----------
    listings : list of Listing
        Tables with a row a piece.
    files : list of Path
        What stands for the pieces, and recordings of which there is none.
    pieces : Pieces
        Where they lie.
    account : Account
        What was taken for what.
    used : tuple of str
        Columns that say so.
    """

    listings: list[Listing]
    files: list[Path]
    pieces: Pieces
    account: Account
    used: tuple[str, ...]


def cut(
    folder: Path,
    listings: list[Listing],
    files: Sequence[Path],
    cutter: Cutter | None,
    free: Callable[[str], bool],
) -> Cut | None:
    """Take the rows of tables for pieces of recordings, where they are that; None where not.

    Parameters
    ----------
    folder : Path
        The recordings lie below it.
    listings : list of Listing
        Tables that list recordings.
    files : sequence of Path
        The recordings.
    cutter : Cutter, optional
        How pieces are read; None where they are not.
    free : callable
        Whether the user has said nothing else about a column.

    Raises
    ------
    InputError
        If pieces are meant, but not as they should be.
    """
    meant = pieces_meant(listings, cutter, free)
    if meant is None:
        return None
    columns, own = meant.columns, meant.listings
    channel = find_column([c for c in own[0].columns if free(c)], _CHANNEL, None)
    numbers = {} if channel is None else _channels(own, channel)
    pieces = Pieces(columns, channel if channel is not None and numbers else "")
    keyed = [_keyed(x, pieces, numbers) for x in own]
    by_file: dict[Path, list[Path]] = defaultdict(list)
    for key, piece in pieces.of.items():
        by_file[piece.file].append(key)
    new = [keyed[own.index(x)] if x in own else _spread(x, by_file) for x in listings]
    names = ", ".join(relative_name(x.table.file, folder) for x in own)
    account = Account().took(
        "pieces", f"columns {', '.join(columns.names)} of {names}, in {columns.in_words}"
    )
    if pieces.channel:
        first = min(numbers, key=lambda text: numbers[text])
        said = " (0 is the first)" if first == "0" else ""
        account = account.took("channel", f"column {channel} of {names}{said}")
    bare = sum(len(x.files) - len(y.files) for x, y in zip(own, keyed, strict=True))
    account = account.without(bare, "rows", f"of {names}, with neither start nor end")
    if not meant.sure:
        account = account.remarking(
            f"took columns {' and '.join(columns.names)} for pieces of the files; --drop "
            f"{columns.start} reads them whole"
        )
    in_order = [key for f in files for key in by_file.get(f) or [f]]
    used = (*columns.names, *([pieces.channel] if pieces.channel else []))
    return Cut(new, in_order, pieces, account, used)


def _channels(listings: Sequence[Listing], column: str) -> dict[str, int]:
    """Return the channel for each text of a column of numbers, or of A and B; else nothing."""
    texts = {c for x in listings if column in x.columns for c in x.table.cells[column]}
    if texts <= {"A", "B"}:
        return {text: "AB".index(text) for text in texts}
    if not all(t.isdecimal() for t in texts):
        return {}
    first = 0 if "0" in texts else 1
    return {text: int(text) - first for text in texts}


def _keyed(listing: Listing, pieces: Pieces, channels: Mapping[str, int]) -> Listing:
    """Return a table with the path that stands for its piece in each row.

    Rows with neither start nor end are of recordings in which there is nothing, as lists of events
    have them.
    """
    columns, table = pieces.columns, listing.table
    pairs: list[tuple[int, Path | None]] = []
    for row, file in enumerate(listing.files):
        cells = cells_of(listing, columns.names, row)
        if file is None or not any(cells):
            pairs += [(row, None)] if file is None else []
            continue
        try:
            start, stop = columns.ends(cells)
        except InputError as error:
            raise InputError(f"{table.file}, {table.place(row)}: {error}") from error
        number = None
        if pieces.channel in listing.columns:
            number = channels[table.cells[pieces.channel][row]]
        piece = Piece(file, start, stop, columns.in_samples, number)
        key = piece.key(tell_channel=len({*channels.values()}) > 1)
        pairs.append((row, key))
        pieces.of[key] = piece
    return _of_rows(listing, pairs)


def _spread(listing: Listing, by_file: Mapping[Path, Sequence[Path]]) -> Listing:
    """Return a table about whole recordings as one about all their pieces."""
    pairs: list[tuple[int, Path | None]] = []
    for row, file in enumerate(listing.files):
        keys = [None] if file is None else by_file.get(file) or [file]
        pairs += [(row, key) for key in keys]
    return _of_rows(listing, pairs)


def _of_rows(listing: Listing, pairs: Sequence[tuple[int, Path | None]]) -> Listing:
    """Return a table of some of the rows, each with what it is about."""
    rows, table = [row for row, _ in pairs], listing.table
    each = replace(
        table,
        cells={c: [cells[row] for row in rows] for c, cells in table.cells.items()},
        place=lambda row: table.place(rows[row]),
    )
    return replace(listing, table=each, files=[key for _, key in pairs])
