"""Folders of recordings that are read one by one: which files below them are recordings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.archives.archive_folder import holds_parts
from msssm_ts.datasets.arrays.zarr_store import is_zarr
from msssm_ts.datasets.audio.formats import SUFFIXES as AUDIO
from msssm_ts.datasets.audio.formats import UNDECODED
from msssm_ts.datasets.audio.pieces import SOUND_CUTTER
from msssm_ts.datasets.compressed import SUFFIXES as COMPRESSED
from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.dicom.sign import is_unnamed_dicom
from msssm_ts.datasets.edf.header import read_edf_header
from msssm_ts.datasets.edf.states import pair_files
from msssm_ts.datasets.files import LISTED, without_json
from msssm_ts.datasets.mat_records.reader import are_records
from msssm_ts.datasets.named import find_layout
from msssm_ts.datasets.not_read import FORMATS
from msssm_ts.datasets.npy_records.reader import are_npy_records
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.readers import RECORDINGS, SUFFIXES
from msssm_ts.datasets.recordings.folders import read_folders
from msssm_ts.datasets.recordings.listed import listed_below
from msssm_ts.datasets.recordings.lists import read_rows
from msssm_ts.datasets.recordings.manifest import find_manifest
from msssm_ts.datasets.recordings.owners import by_owner
from msssm_ts.datasets.tables.by_columns import is_by_columns
from msssm_ts.datasets.tables.folders import names_others
from msssm_ts.datasets.tables.one_a_file import are_one_a_file
from msssm_ts.datasets.tables.partitions import is_partitioned
from msssm_ts.datasets.tree import count_by_suffix, files_below, is_about, with_suffix
from msssm_ts.datasets.wfdb.headers import as_spelt, segment_names
from msssm_ts.errors import InputError

# What is no recording for certain is left out; these are refused with a remedy when they are read.
_KNOWN = frozenset((*SUFFIXES, *UNDECODED, *FORMATS))
_TABLES = (".csv", ".tsv", ".txt")
_EDF = (".edf", ".bdf")
_RECORDED = tuple(s for r in RECORDINGS for s in r.suffixes if s != ".dat")


@dataclass(frozen=True)
class Sources:
    """Files that are a recording each, or a table of series.

    Parameters
    ----------
    files : tuple of Path
        In order.
    account : Account
        What else lies there, and why it is left out.
    tables : tuple of Path
        Those among it that list the recordings.
    """

    files: tuple[Path, ...]
    account: Account
    tables: tuple[Path, ...] = ()


def why_one(folder: Path) -> str | None:
    """Return why a folder is read as one data set; None where it is recordings side by side.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("A_TRAIN.tsv", "A_TEST.tsv"):
    ...     (folder / name).touch()
    >>> why_one(folder)
    'its files are parts of one (train, test)'
    """
    layout = find_layout(folder)
    if layout is not None:
        return f"it is laid out as {layout[0].name} is published"
    if holds_parts(folder):
        return "its files are parts of one (train, test)"
    if is_zarr(folder):
        return "it is a Zarr folder"
    below = files_below(folder)
    sounds = with_suffix(below, AUDIO)
    if sounds and _are_in_pieces(folder, sounds, below):
        return "labels in it are of pieces of its recordings"
    files = [f for f in below if bare_suffix(f) in _KNOWN]
    if are_npy_records(with_suffix(files, [".npy"])):
        return "its .npy files are a series each"
    if are_records(with_suffix(files, [".mat"])):
        return "its .mat files are a series each"
    if is_by_columns(folder):
        return "a table in it names the columns of another"
    text = [f for f in files if bare_suffix(f) in _TABLES]
    if are_one_a_file(folder, text, ReadOptions()):
        return "its files are a series each"
    if is_partitioned(folder, [f for f in files if bare_suffix(f) in (*_TABLES, ".parquet")]):
        return "its folders' names are columns"
    if not with_suffix(files, LISTED) and listed_below(files, LISTED) is not None:
        return "a table in it lists recordings that lie elsewhere"
    if files and read_folders(folder, files).parts is not None:
        return "its folders are parts of one (train, test)"
    return None


def sources_below(folder: Path) -> Sources:
    """Return the files below a folder that are to be read each by itself.

    What belongs to a recording (signals and annotations beside a header, segments of a record),
    tables that list the others, and what no reader reads are left out, and said.

    Parameters
    ----------
    folder : Path
        Looked through with all that is in it; links are followed.

    Raises
    ------
    InputError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in (".DS_Store", "README", "a.wav", "b.wav", "cover.jpg"):
    ...     (folder / name).touch()
    >>> found = sources_below(folder)
    >>> [f.name for f in found.files], found.account.line()
    (['a.wav', 'b.wav'], 'left out: 3 files (1 hidden, 1 about the data, 1 .jpg: no recordings)')
    """
    hidden: list[Path] = []
    below = files_below(folder, hidden)
    about = [f for f in below if is_about(f)]
    files = [f for f in below if not is_about(f)]
    own = _parts_of_records(files)
    files = [f for f in files if f not in own]
    known = {*without_json([f for f in files if bare_suffix(f) in _KNOWN or is_unnamed_dicom(f)])}
    unknown = [f for f in files if f not in known]
    files = [f for f in files if f in known]
    names = {f.name.casefold() for f in files}
    # A number alone may be a value.
    names |= {f.stem.casefold() for f in files if re.search("[^0-9.]", f.stem)}
    tables = {f for f in files if bare_suffix(f) in _TABLES and names_others(f, names)}
    notes = {f for f in files if f.suffix.lower() in _EDF and _is_without_signals(f)}
    recordings = [f for f in with_suffix(files, _RECORDED) if f not in notes]
    texts = [f for f in files if bare_suffix(f) in _TABLES and f not in tables]
    called = _called_after(texts, recordings)
    tables |= {f for f in texts if f not in called and _of_owners(f, folder, recordings)}
    counts = [
        *([f"{len(hidden)} hidden"] if hidden else []),
        *([f"{len(about)} about the data"] if about else []),
        *count_by_suffix(unknown),
    ]
    account = Account().without(
        len(hidden) + len(about) + len(unknown), "files", "no recordings", counts
    )
    account = account.without(
        len(tables), "tables", "they list recordings", [f.name for f in sorted(tables)]
    )
    account = account.without(
        len(notes), "files", "annotations without signals", [f.name for f in sorted(notes)]
    )
    account = account.without(
        len(called), "tables", "called after recordings", [f.name for f in sorted(called)]
    )
    notes |= called
    kept = tuple(f for f in files if f not in tables and f not in notes)
    return Sources(kept, account, tuple(sorted(tables)))


def _are_in_pieces(folder: Path, sounds: Sequence[Path], below: Sequence[Path]) -> bool:
    """Whether tables or label files in a folder cut its sound files into pieces."""
    try:
        manifest = find_manifest(folder, sounds, below, ReadOptions(), cutter=SOUND_CUTTER)
    except InputError:
        # It is no matter of recordings that are read one by one.
        return False
    return manifest is not None and manifest.pieces is not None


def companions(files: Sequence[Path]) -> dict[Path, tuple[Path, ...]]:
    """Return what lies beside each WFDB header and EDF file and belongs to it.

    Found once for all: each by itself would look through its folder again.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("1.hea", "1.dat", "1.atr", "2.hea"):
    ...     (folder / name).touch()
    >>> [f.name for f in companions([folder / "1.hea"])[folder / "1.hea"]]
    ['1.atr', '1.dat']
    """
    found: dict[Path, tuple[Path, ...]] = {}
    headers, edf = with_suffix(files, [".hea"]), with_suffix(files, _EDF)
    for folder in dict.fromkeys(f.parent for f in (*headers, *edf)):
        beside = sorted(folder.iterdir())
        by_stem: dict[Path, list[Path]] = {}
        for file in beside:
            by_stem.setdefault(file.with_suffix(""), []).append(file)
        for header in headers:
            if header.parent == folder:
                own = by_stem.get(header.with_suffix(""), ())
                found[header] = tuple(f for f in own if f != header)
        if any(f.parent == folder for f in edf):
            every = with_suffix(beside, _EDF)
            notes = [f for f in every if _is_without_signals(f)]
            paired, _ = pair_files([f for f in every if f not in set(notes)], notes)
            found |= {f: tuple(paired.get(f, ())) for f in edf if f.parent == folder}
    return found


def _parts_of_records(files: Sequence[Path]) -> set[Path]:
    """Return what belongs to WFDB records: signals, annotations, and segments that they join."""
    headers = with_suffix(files, [".hea"])
    segments = {as_spelt(h.with_name(f"{name}.hea")) for h in headers for name in _segments(h)}
    stems = {h.with_suffix("") for h in headers}
    folders = {h.parent for h in headers}
    return {
        f
        for f in files
        if f in segments
        or (
            f.suffix.lower() != ".hea"
            and (f.with_suffix("") in stems or (f.suffix.lower() == ".dat" and f.parent in folders))
        )
    }


def _called_after(texts: Sequence[Path], recordings: Sequence[Path]) -> set[Path]:
    """Return the texts about one recording each: x.txt, or x.msts.csv, beside x.wav."""
    stems = {f.with_suffix("") for f in recordings}
    return {
        f for f in texts if not stems.isdisjoint((stem := f.with_suffix(""), stem.with_suffix("")))
    }


def _of_owners(table: Path, folder: Path, recordings: Sequence[Path]) -> bool:
    """Whether a table has a row for each patient or speaker of recordings."""
    try:
        return bool(recordings) and by_owner(read_rows(table), folder, recordings) is not None
    except (InputError, OSError):
        return False


def _segments(header: Path) -> list[str]:
    try:
        return segment_names(header)
    except (InputError, OSError):
        # It is refused when it is read.
        return []


def _is_without_signals(file: Path) -> bool:
    """Whether an EDF file has annotations alone, of a recording beside it."""
    if file.suffix.lower() in COMPRESSED:
        return False
    try:
        return not read_edf_header(file).signals
    except (InputError, OSError):
        return False
