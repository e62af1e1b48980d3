"""Label files, one beside each recording: Audacity's tracks, Praat's TextGrids, Raven's tables."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.recordings.folders import read_folders
from msssm_ts.datasets.recordings.label_rows import READ, Row
from msssm_ts.datasets.recordings.meant import Cutter
from msssm_ts.datasets.recordings.pieces import piece_columns
from msssm_ts.datasets.recordings.tables import Listing
from msssm_ts.datasets.recordings.text_grids import Unclear
from msssm_ts.datasets.tables.numbers import as_float
from msssm_ts.datasets.tables.strings import Strings
from msssm_ts.datasets.tree import relative_name, with_suffix

GRID = ".textgrid"
LABEL_TEXTS = (".txt", ".csv", ".tsv")
# Raven's x.Table.1.selections.txt.
_SELECTIONS = re.compile(r"(\.Table\.\d+)?\.selections$", re.IGNORECASE)
# A first line is looked at to see what a text is.
_HEAD = 1 << 14


@dataclass(frozen=True)
class LabelFiles:
    """Label files as one table.

    Parameters
    ----------
    listing : Listing
        A row a stretch.
    files : tuple of Path
        The label files.
    recordings : list of Path
        Those that have labelled stretches.
    account : Account
        What they say that is none, and recordings without.
    """

    listing: Listing
    files: tuple[Path, ...]
    recordings: list[Path]
    account: Account


def owner_of(file: Path, by_stem: dict[Path, Path], *, loosely: bool = False) -> Path | None:
    """Return the recording that a label file is called after.

    Parameters
    ----------
    file : Path
        Perhaps a label file.
    by_stem : dict of Path to Path
        Recordings by their paths, with suffix and without.
    loosely : bool
        Whether more may stand between, as in ``x.msts.csv``, which annotate writes.

    Examples
    --------
    >>> by_stem = {Path("set/x"): Path("set/x.wav")}
    >>> owner_of(Path("set/x.Table.1.selections.txt"), by_stem).name
    'x.wav'
    >>> owner_of(Path("set/x.msts.csv"), by_stem, loosely=True).name
    'x.wav'
    >>> owner_of(Path("set/x.msts.csv"), by_stem)
    """
    if file.suffix.lower() not in (*LABEL_TEXTS, GRID):
        return None
    stem = file.with_suffix("")
    stem = stem.with_name(_SELECTIONS.sub("", stem.name) or stem.name)
    while stem not in by_stem and loosely and stem.suffix:
        stem = stem.with_suffix("")
    return by_stem.get(stem)


def by_stem(files: Sequence[Path]) -> dict[Path, Path]:
    """Return recordings by their paths with suffix and without, the first of two copies."""
    found = {f: f for f in files}
    for file in files:
        found.setdefault(file.with_suffix(""), file)
    return found


def _by_name(files: Sequence[Path]) -> dict[Path, Path]:
    """Return recordings by names without suffix, of those that no other has."""
    counts = Counter(file.stem for file in files)
    return {Path(file.stem): file for file in files if counts[file.stem] == 1}


def recording_of(file: Path, suffixes: Collection[str]) -> Path | None:
    """Return the recording beside a file that has labels of stretches of it; None where it has not.

    Parameters
    ----------
    file : Path
        Perhaps a label file.
    suffixes : collection of str
        Of recordings.
    """
    if file.suffix.lower() not in (*LABEL_TEXTS, GRID) or kind_of(file) in (None, "empty"):
        return None
    try:
        beside = with_suffix(sorted(file.absolute().parent.iterdir()), suffixes)
    except OSError:
        return None
    return owner_of(file.absolute(), by_stem(beside), loosely=True)


def find_label_files(
    folder: Path,
    files: Sequence[Path],
    below: Sequence[Path],
    options: ReadOptions,
    others: str,
    cutter: Cutter | None,
) -> LabelFiles | None:
    """Read the label files beside recordings, all of the kind that most have; None without any.

    Beside folders of classes they count if most recordings have one, and TextGrids if it is clear
    which tier has the labels. They do not where the files' names have them.

    Parameters
    ----------
    folder : Path
        The recordings lie below it.
    files : sequence of Path
        The recordings.
    below : sequence of Path
        Everything below the folder; or the files that the user named.
    options : ReadOptions
        Its ``label`` may name a tier of TextGrids.
    others : str
        What the recordings are called in messages.
    cutter : Cutter, optional
        How pieces are read: label files count only where they are.

    Raises
    ------
    InputError
        If one is damaged, or of several tiers none is named.
    """
    if cutter is None or cutter.whole or (options.label_from is not None and not options.tables):
        return None
    of_kind = _of_one_kind(below, files, loosely=bool(options.tables))
    if of_kind is None:
        return None
    kind, found = of_kind
    labelled = {owner for _, owner in found}
    in_classes = read_folders(folder, files, others).labels is not None
    if in_classes and len(labelled) <= len(files) / 2:
        return None
    try:
        return _joined(folder, files, kind, found, options, others)
    except Unclear:
        if in_classes:
            return None
        raise


def _of_one_kind(
    below: Sequence[Path], files: Sequence[Path], *, loosely: bool
) -> tuple[str, list[tuple[Path, Path]]] | None:
    """Return the label files of the kind that most recordings have, each with its recording.

    They lie beside it, or in a folder of their own if no other recording has its name. Where as
    many texts of other content are called after recordings, they are none.
    """
    stems, by_name = by_stem(files), _by_name(files)
    kinds: dict[str, list[tuple[Path, Path]]] = defaultdict(list)
    apart: list[tuple[Path, Path]] = []
    for file in below:
        owner = owner_of(file, stems, loosely=loosely)
        if owner is not None:
            kinds[kind_of(file) or ""].append((file, owner))
        elif (owner := owner_of(Path(file.name), by_name)) is not None:
            apart.append((file, owner))
    beside = {owner for kind, own in kinds.items() if kind for _, owner in own}
    for file, owner in apart:
        if owner not in beside:
            kinds[kind_of(file) or ""].append((file, owner))
    # An empty text is a track without labels, if others are tracks.
    empty, strange = kinds.pop("empty", []), kinds.pop("", [])
    if not kinds:
        return None
    kind = max(kinds, key=lambda k: len({owner for _, owner in kinds[k]}))
    suffixes = {file.suffix.lower() for file, _ in kinds[kind]}
    if sum(file.suffix.lower() in suffixes for file, _ in strange) >= len(kinds[kind]):
        return None
    return kind, sorted([*kinds[kind], *(empty if kind == "track" else [])])


def _joined(
    folder: Path,
    files: Sequence[Path],
    kind: str,
    found: Sequence[tuple[Path, Path]],
    options: ReadOptions,
    others: str,
) -> LabelFiles:
    """Read label files of a kind, and put them together."""
    rows, account = READ[kind](found, options)
    labelled = {owner for _, owner in found}
    said = account.line() or "the label files are empty"
    table = _as_table(folder, [f for f, _ in found], rows)
    owners = {row.recording for row in rows}
    account = account.without(
        len(files) - len(labelled),
        others,
        f"no {_TITLES[kind]} beside {'it' if len(files) - len(labelled) == 1 else 'them'}",
        [relative_name(f, folder) for f in files if f not in labelled],
    )
    bare = [f for f in files if f in labelled and f not in owners]
    account = account.without(
        len(bare), others, "no stretch has a label", [relative_name(f, folder) for f in bare]
    )
    if not rows:
        raise Unclear(
            f"{folder}: no stretch of any of the {others} has a label ({said}); label some, or "
            "take the label files away"
        )
    rows_of: list[Path | None] = [row.recording for row in rows]
    listing = Listing(table, rows_of, table.columns[0], None, of_pieces=True)
    named = tuple(file for file, _ in found)
    return LabelFiles(listing, named, [f for f in files if f in owners], account)


_TITLES = {"grid": "TextGrid", "table": "table of stretches", "track": "label track"}


def kind_of(file: Path) -> str | None:
    r"""Return of which kind a label file is: grid, table, track, empty; None where it is none.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.txt")
    >>> kinds = []
    >>> for text in ("0.5\t1.5\tdog\n", "Begin Time (s)\tEnd Time (s)\n", "hello\n"):
    ...     _ = file.write_text(text)
    ...     kinds.append(kind_of(file))
    >>> kinds
    ['track', 'table', None]
    """
    if file.suffix.lower() == GRID:
        return "grid"
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return None
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "utf-8-sig", "replace").lstrip()
    first = text.partition("\n")[0].rstrip()
    if not first:
        return "empty"
    columns = piece_columns([c.strip(' "') for c in re.split("[\t,;]", first)])
    # t0 and t1 are steps of a series rather.
    if columns is not None and columns.stop is not None and columns.start.casefold() != "t0":
        return "table"
    if file.suffix.lower() != ".txt":
        return None
    cells = first.split("\t")
    times = 1 < len(cells) < 4 and all(as_float(c.strip()) is not None for c in cells[:2])
    return "track" if times or first.startswith("\\\t") else None


def _as_table(folder: Path, files: Sequence[Path], rows: Sequence[Row]) -> Strings:
    """Put what label files say into one table."""
    columns = list(dict.fromkeys(c for row in rows for c in row.cells))
    name = "file" if "file" not in columns else "recording file"
    cells = {name: [relative_name(row.recording, folder) for row in rows]}
    cells |= {c: [row.cells.get(c, "") for row in rows] for c in columns}
    alone = len(files) == 1
    names = {f: relative_name(f, folder) for f in files}
    return Strings(
        files[0] if alone else folder / f"*{files[0].suffix}",
        tuple(cells),
        cells,
        True,
        lambda row: rows[row].place + ("" if alone else f" of {names[rows[row].file]}"),
    )
