"""WFDB records (PhysioNet): whole, cut into annotated beats, or into annotated rhythms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions, Split
from msssm_ts.datasets.parts import are_tests_beside
from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.datasets.signals.reader import Found, describe_recordings, find, whole_of
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.datasets.wfdb.annotations import ANNOTATORS, annotator_of, annotators_of, may_annotate
from msssm_ts.datasets.wfdb.comments import (
    chosen_diagnoses,
    fields_of_comments,
    label_key,
    labels_of,
    shown,
)
from msssm_ts.datasets.wfdb.cuts import Cut, choose_cut, cut_records
from msssm_ts.datasets.wfdb.form import WFDB
from msssm_ts.datasets.wfdb.headers import RecordHeader, as_spelt, content, segment_names
from msssm_ts.datasets.wfdb.listed import unlike_lists
from msssm_ts.errors import InputError

_DEFAULTS = ReadOptions()


def read_wfdb(
    source: Path, options: ReadOptions, *, parts: Mapping[str, Split] | None = None
) -> LabelledSeries:
    """Read WFDB records; signals are decoded when they are asked for.

    Records are series as a whole where a table in the folder gives each a label (columns
    ``record`` and ``label``, or a PhysioNet ``REFERENCE.csv``), or where their headers do, in
    comments such as ``#Dx: 164889003,59118001``. Otherwise, where annotations lie beside them,
    and always with ``options.window``, ``annotator`` or ``episodes``, every annotated beat is a
    series: its label is its class, its group the record (or the patient that the table gives), its
    id ``record:sample``. Where no beat is annotated but rhythms are, pieces of these are.
    Channels are those that all records have, by name, of training and test part alike, in one unit
    and at one rate.

    Parameters
    ----------
    source : Path
        A folder, or a header (.hea) or signal (.dat) file of one record.
    options : ReadOptions
        ``annotator``, ``window`` and ``beat_classes``, or ``episodes``, for what is annotated;
        ``label`` a column, or the key of a comment; ``split`` where the table has a column with
        train and test; ``drop`` for channels.
    parts : mapping of str to {"train", "test"}, optional
        A split by record, where no table in the folder has one; records that it does not name
        are left out.

    Raises
    ------
    InputError
        If no record can be read, they do not fit together, or an option has nothing to act on.

    Examples
    --------
    >>> import numpy as np, tempfile, wfdb
    >>> folder, values = tempfile.mkdtemp(), np.sin(np.arange(1000.0))[:, None]
    >>> wfdb.wrsamp("r1", 360, ["mV"], ["MLII"], values, fmt=["16"], write_dir=folder)
    >>> wfdb.wrann("r1", "atr", np.array([300, 600]), ["N", "V"], write_dir=folder)
    >>> read_wfdb(Path(folder), ReadOptions(beside=("none",))).summary()
    '2 series, 1 channel × 256 steps at 360 Hz, 2 classes: N V; grouped by record (1)'
    """
    files = _headers(source)
    if source.is_dir():
        below = files_below(source)
    else:
        below = [*options.recordings] or sorted(files[0].parent.iterdir())
    signals = _named_in_headers(below)
    cut = choose_cut(source, files, below, options)
    fields = {f: _fields(f) for f in files}
    # The user may name the key of a comment as the label, too.
    named = options.label is not None and label_key(fields, options.label) is not None
    key = label_key(fields, options.label if named else None)
    chosen = () if named else chosen_diagnoses(fields, options.label, str(source))
    named = named or bool(chosen)
    recordings = describe_recordings(
        source if source.is_dir() else files[0],
        replace(options, label=None) if named else options,
        WFDB,
        files=files,
        rest=_of_no_record(below, signals),
        by_folders=key is None and (cut is None or cut.detected),
    )
    recordings = _of_parts(source, recordings, parts, options)
    by_table = not named and recordings.labels is not None
    cutting = cut is not None and (cut.asked or not (by_table or _tells_more(key, named, cut)))
    if options.beat_classes != _DEFAULTS.beat_classes and not cutting:
        raise InputError(
            f"{source}: --beats has no effect on whole records"
            + ("; --window A,B cuts them into beats" if cut is not None else ", without beats")
        )
    found = find(files[0] if source.is_file() else source, options, WFDB, recordings=recordings)
    found = replace(found, source=str(source))
    found = _accounted(found, files, below, signals, cut if cutting else None)
    if cutting:
        assert cut is not None
        if key is not None and not cut.asked:
            found = _remarking(found, f"took what is annotated for labels, not #{shown(key)}:")
        return cut_records(found, cut, options)
    if not by_table and key is not None:
        found = _labelled(found, fields, key, chosen, guessed=options.label is None)
    elif key is not None and options.label is None and options.label_from is None:
        found = _remarking(found, f"took the table's labels, not #{shown(key)}:")
    return whole_of(found, options)


def _tells_more(key: str | None, named: bool, cut: Cut) -> bool:
    """Whether a comment in the headers is likelier to be the label than what is annotated."""
    return key is not None and (named or key == "dx" or cut.detected)


def _headers(source: Path) -> list[Path]:
    """List a folder's headers, without the segments that others join, or the one of a file."""
    if source.is_file():
        header = as_spelt(source.with_suffix(".hea"))
        if not header.exists():
            raise InputError(
                f"{source}: its header {header.name} is missing; put it into the same folder"
            )
        return [header]
    files = files_below(source)
    headers = with_suffix(files, WFDB.suffixes)
    if not headers:
        raise InputError(
            f"{source}: no WFDB header (.hea); found are {describe_files(files)}; give the "
            "folder with the records"
        )
    segments = {as_spelt(h.with_name(f"{n}.hea")) for h in headers for n in segment_names(h)}
    return [h for h in headers if h not in segments]


def _fields(file: Path) -> dict[str, str]:
    text = file.read_text(encoding="utf-8", errors="replace")
    lines = (line.strip() for line in text.splitlines())
    return fields_of_comments([x.lstrip("# ") for x in lines if x.startswith("#")])


def _of_parts(
    source: Path,
    recordings: Recordings,
    parts: Mapping[str, Split] | None,
    options: ReadOptions,
) -> Recordings:
    """Keep the records of a split by name, unless tables or folders have one."""
    if parts is None or any(role == "part" for role, _ in recordings.account.taken):
        return recordings
    every = [f for f in recordings.every if f.stem in parts]
    neither = [f.name for f in recordings.files if f.stem not in parts]
    chosen = [i for i, f in enumerate(recordings.files) if parts.get(f.stem) == options.split]
    if not chosen:
        raise InputError(f"{source}: none of the records of the {options.split} part is there")
    account = recordings.account.without(
        len(neither), "records", "in neither part of the split", neither
    )
    tests = are_tests_beside((parts[f.stem] for f in every), options.split)
    return replace(recordings.take(chosen), every=every, account=account, has_test_part=tests)


def _labelled(
    found: Found,
    fields: Mapping[Path, Mapping[str, str]],
    key: str,
    chosen: Sequence[str],
    *,
    guessed: bool,
) -> Found:
    """Label records by the comments of their headers."""
    files = found.recordings.files
    own = {f: fields[f] for f in found.joined.records}
    labels, label_names, kept, said = labels_of(own, files, key, chosen)
    without = [files[i].name for i in range(len(files)) if i not in set(kept)]
    if not kept:
        return found
    account = Account().took("label", f"comments #{shown(key)}: of the headers")
    account = account.without(
        len(without), "records", f"no #{shown(key)}: in their headers", without
    )
    if guessed:
        account = account.remarking(
            f"took #{shown(key)}: in the headers for labels; --label says otherwise"
        )
    account = account.remarking(*said)
    recordings = found.recordings.take(kept)
    recordings = replace(
        recordings, labels=labels, label_names=label_names, account=recordings.account + account
    )
    return replace(found, recordings=recordings, names=[found.names[i] for i in kept])


def _remarking(found: Found, said: str) -> Found:
    """Say that the labels are others than those in the headers."""
    recordings = found.recordings
    account = recordings.account.remarking(f"{said} of the headers; --label says otherwise")
    return replace(found, recordings=replace(recordings, account=account))


def _stems(below: Sequence[Path]) -> set[Path]:
    return {f.with_suffix("") for f in below if f.suffix.lower() == ".hea"}


def _named_in_headers(below: Sequence[Path]) -> set[Path]:
    """Return the files that headers name for signals, whatever they are called."""
    return {
        f.with_name(line.split()[0].replace("\\", "/").rpartition("/")[2])
        for f in below
        if f.suffix.lower() == ".hea"
        for line in content(f)[1:]
    }


def _of_no_record(below: Sequence[Path], signals: Set[Path]) -> list[Path]:
    """Return the files that are no part of a record, by their names, and may be tables."""
    stems = _stems(below)
    return [
        f
        for f in below
        if f not in signals
        and f.suffix.lower() not in (".hea", ".dat", ".mat")
        and annotator_of(f) not in ANNOTATORS
        and (f.with_suffix("") not in stems or not may_annotate(f))
    ]


def _accounted(
    found: Found,
    headers: Sequence[Path],
    below: Sequence[Path],
    signals: Set[Path],
    cut: Cut | None,
) -> Found:
    """Name the files beside records that are not used: signals without header, annotations."""
    account = found.recordings.account
    stems = _stems(below)
    if Path(found.source).is_dir():
        loose = [
            f.name
            for f in below
            if f.suffix.lower() in (".dat", ".mat")
            and f not in signals
            and f.with_suffix("") not in stems
        ]
        account = account.without(len(loose), "files", "no header for them", loose)
        annotators = {*ANNOTATORS, *([cut.annotator] if cut is not None else [])}
        orphans = [
            f.name
            for f in below
            if annotator_of(f) in annotators and f.with_suffix("") not in stems
        ]
        account = account.without(
            len(orphans), "annotation files", "no header of a record is called so", orphans
        )
        account = account.remarking(*unlike_lists(Path(found.source), headers, below))
    details = [found.joined.records[f].detail for f in found.recordings.files]
    account += _annotations_left(details, below, cut)
    return replace(found, recordings=replace(found.recordings, account=account))


def _annotations_left(
    headers: Sequence[RecordHeader], below: Sequence[Path], cut: Cut | None
) -> Account:
    counts = annotators_of([h.stem for h in headers], below)
    left = {a: n for a, n in counts.items() if cut is None or a != cut.annotator}
    names = [f".{a}" for a in left]
    return Account().without(
        sum(left.values()), "annotation files", "--annotator SUFFIX takes them for labels", names
    )
