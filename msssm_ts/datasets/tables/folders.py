"""Folders of text tables that belong together: a channel a file, or a recording a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import DROPPED, Account
from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.labels import tidy_labels, tidy_names
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import part_of
from msssm_ts.datasets.recordings.described import describe
from msssm_ts.datasets.recordings.lists import JSON
from msssm_ts.datasets.recordings.names import FileNames
from msssm_ts.datasets.recordings.tables import read_listing
from msssm_ts.datasets.tables.alike import FEW, all_alike, one_rate
from msssm_ts.datasets.tables.dialect import detect_dialect
from msssm_ts.datasets.tables.json_records import SUFFIXES as RECORDS
from msssm_ts.datasets.tables.json_table import read_json
from msssm_ts.datasets.tables.one_a_file import are_one_a_file
from msssm_ts.datasets.tables.recording import read_recording
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.datasets.tables.text_files import SUFFIXES
from msssm_ts.datasets.tables.text_table import read_text_table
from msssm_ts.datasets.tables.times import times_or_step
from msssm_ts.datasets.tree import files_below, with_suffix
from msssm_ts.datasets.values import check_values
from msssm_ts.errors import InputError, OptionError
from msssm_ts.text import counted

# So many are tried to be the first that others are compared with.
_TRIED = 4
_TEXT = (".csv", ".tsv", ".txt", *SUFFIXES)
_LABELS = re.compile(r"y|labels?|target", re.IGNORECASE)
_GROUPS = re.compile(r"subjects?|groups?|patients?|speakers?|users?", re.IGNORECASE)
_NAMES = re.compile(r"(activity|class|label)_?(labels|names)", re.IGNORECASE)
_ABOUT = re.compile(r"readme.*|licen[cs]e.*|features.*|.*info.*|notes?|source", re.IGNORECASE)


def read_matrices(folder: Path, options: ReadOptions) -> LabelledSeries | None:
    """Read a folder per part with a matrix of numbers per channel, as UCI's HAR set has it.

    ``train/y_train.txt`` has the labels, ``train/subject_train.txt`` the groups, and every file in
    a folder below ``train`` a channel, a row a series. Where there is no such folder,
    ``train/X_train.txt`` is the only channel. ``activity_labels.txt`` names the classes.

    Returns
    -------
    LabelledSeries or None
        None where the folder is none of the kind.

    Raises
    ------
    InputError
        If the files do not fit together.
    """
    parts = {part_of(d.name): d for d in sorted(folder.iterdir()) if d.is_dir()}
    part = parts.get("test" if options.split == "test" else "train")
    if part is None:
        return None
    own = {_bare(f): f for f in _text_files(part)}
    labels = next((f for name, f in own.items() if _LABELS.fullmatch(name)), None)
    below = [d for d in sorted(part.iterdir()) if d.is_dir()]
    channels = {_bare(f): f for d in below[:1] for f in _text_files(d)}
    if labels is None or not (channels or "X" in own):
        return None
    if not channels:
        channels = {"X": own["X"]}
    source = str(folder)
    options.refuse_unused(
        ["label", "id", "time", "channel", "fold"], source, f"{labels.name} says what series are"
    )
    groups = next((f for name, f in own.items() if _GROUPS.fullmatch(name)), None)
    gone = options.dropped(channels)
    kept = {name: f for name, f in channels.items() if name not in gone}
    cubes = [_matrix(f) for f in kept.values()]
    shapes = {c.shape: f for c, f in zip(cubes, kept.values(), strict=True)}
    if len(shapes) != 1:
        said = ", ".join(f"{f.name} {shape}" for shape, f in list(shapes.items())[:3])
        raise InputError(
            f"{part}: the files of channels differ in rows or steps ({said}); mend one"
        )
    series = list(np.stack(cubes, axis=1))
    check_values(series, lambda i, text: InputError(f"{part}, row {i + 1}: {text}"))
    found = _one_a_series(labels, len(series))
    names = next((f for f in _text_files(folder) if _NAMES.fullmatch(f.stem)), None)
    account = Account().took("layout", f"a file a channel in {part.name}")
    account = account.took("label", labels.name)
    account = account.took("channels", enumerate_names([f.name for f in kept.values()], 12))
    if names is not None:
        found = _named(found, names)
        account = account.took("names of labels", names.name)
    per_series: dict[str, Any] = {}
    if groups is not None:
        per_series["groups"] = tidy_names(_one_a_series(groups, len(series)))
        per_series["group_name"] = _bare(groups)
        account = account.took("group", groups.name)
    if options.group is not None and options.group != per_series.get("group_name"):
        raise OptionError(
            f"{source}: no file {options.group!r} with a line a series (--group); leave it out",
            "group",
        )
    used = {labels, groups, *channels.values()}
    rest = [f.name for f in own.values() if f not in used]
    account = account.without(len(rest), "files", f"in {part.name}", rest)
    account = account.without(len(gone), "channels", DROPPED, gone)
    return LabelledSeries(
        series,
        tidy_labels(found),
        channel_names=tuple(kept) if len(kept) > 1 else None,
        source=source,
        account=account,
        **per_series,
    )


def read_text_folder(folder: Path, options: ReadOptions) -> LabelledSeries | None:
    """Read a folder of text files that are recordings each; None where the first is none.

    A table among them that lists the others says what they are; else files in a folder per class
    have its name for a label. Pieces of one label each, cut out of recordings, are grouped by file
    where nothing else groups them.

    Raises
    ------
    InputError
        If the recordings differ in their channels.
    """
    files, tables = _recordings_and_tables(folder)
    if len(files) < 2:
        return None
    # What a table says is no matter of each file.
    own = replace(options, beside=())
    if tables:
        own = replace(own, label=None, group=None)
    why = "for a table lists the file" if tables else ""
    is_json = files[0].suffix.lower() in RECORDS
    if not is_json and not tables and are_one_a_file(folder, files, options):
        why = "for its folder has several such files (--label folder takes rows for series)"
    start, first = _first(_first_listed(folder, files, tables), files, own, why)
    if first is None:
        if own.label is not None and _recordings(start, replace(own, label=None)) is not None:
            raise OptionError(
                f"{folder}: --label {own.label} is neither a column of {start.name} nor a line "
                "above its values; leave it out where the folders are the classes",
                "label",
            )
        return None
    # Their own labels come before the folders'.
    by_folders = first.labels is None
    described = describe(
        folder,
        files,
        tables,
        options if tables else replace(options, label=None, group=None),
        by_folders=by_folders,
    )
    read: list[tuple[int, LabelledSeries]] = []
    broken: dict[int, str] = {}
    for i, file in enumerate(described.files):
        try:
            found = first if file == start else _recordings(file, own, why)
        except InputError as error:
            broken[i] = str(error).removeprefix(str(file)).lstrip(":, ").partition("; ")[0]
            if len(broken) > FEW * len(described.files):
                raise
            continue
        if found is not None:
            read.append((i, found))
    data, owners, odd = all_alike(read)
    joined = _joined(folder, data, [described.files[i] for i in owners])
    kept = {*owners, *odd, *broken}
    unread = [f.name for i, f in enumerate(described.files) if i not in kept]
    account = joined.account.without(len(unread), "files", "they are no recordings", unread)
    for i, why_not in broken.items():
        said = f"cannot be read, {why_not}"
        account = account.without(1, "files", said, [described.files[i].name])
    others = "other channels than those of the others"
    account = account.without(len(odd), "files", others, [described.files[i].name for i in odd])
    known = described.take(np.repeat(owners, [d.n_series for d in data])).fields()
    known = {name: value for name, value in known.items() if value is not None}
    if "groups" not in known:
        known.pop("group_name")
    return replace(joined, **known | {"account": described.account + account})


def _first(
    start: Path, files: Sequence[Path], options: ReadOptions, why: str
) -> tuple[Path, LabelledSeries | None]:
    """Return one of the first files that can be read, and its recordings."""
    for file in list(dict.fromkeys((start, *files)))[1:_TRIED]:
        try:
            return start, _recordings(start, options, why)
        except InputError:
            start = file
    return start, _recordings(start, options, why)


def _first_listed(folder: Path, files: Sequence[Path], tables: Sequence[Path]) -> Path:
    """Return the first file that a table lists; the first of all where none does."""
    names = FileNames(folder, files)
    listings = (read_listing(table, names) for table in tables)
    listed = {f for x in listings if x is not None for f in x.files}
    return next((f for f in files if f in listed), files[0])


def _recordings_and_tables(folder: Path) -> tuple[list[Path], list[Path]]:
    """Text files that may be recordings, and the tables among them that list others."""
    below = [f for f in files_below(folder) if not _ABOUT.fullmatch(f.stem)]
    files = [f for f in below if bare_suffix(f) in _TEXT]
    # JSON beside others says something of them; in folders of classes it is recordings, too.
    files = files or [f for f in with_suffix(below, RECORDS) if f.parent != folder]
    names = {f.name.casefold() for f in files}
    # A number alone may be a value.
    names |= {f.stem.casefold() for f in files if re.search("[^0-9.]", f.stem)}
    tables = [f for f in files if names_others(f, names)]
    rest = [f for f in files if f not in set(tables)]
    about = [f for f in with_suffix(below, JSON) if f not in files]
    tables += [f for f in about if names_others(f, names)]
    if not tables and any(part_of(_ending(f)) for f in rest if f.parent == folder):
        # The parts of a data set.
        return [], []
    return rest, tables


def names_others(file: Path, names: Set[str]) -> bool:
    """Whether a text file lists recordings: several of these names, in small letters, are cells."""
    try:
        with file.open("rb") as stream:
            head = stream.read(1 << 14).decode("utf-8", "replace").casefold()
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({(error.strerror or str(error)).lower()}); see to it that "
            "you may read it"
        ) from error
    cells = {c.strip() for c in re.split(r'[,;\t|"\r\n]', head)}
    others = names - {file.name.casefold(), file.stem.casefold()}
    return sum(re.split(r"[/\\]", c)[-1] in others for c in cells) > 1


def _joined(folder: Path, data: Sequence[LabelledSeries], files: Sequence[Path]) -> LabelledSeries:
    counts = [d.n_series for d in data]
    per_series: dict[str, Any] = {}
    paths = [f.relative_to(folder).with_suffix("").as_posix() for f in files]
    if all(d.labels is not None for d in data):
        per_series["labels"] = tidy_labels(
            np.concatenate([np.asarray(d.labels).astype(str) for d in data])
        )
    if all(d.ids is not None for d in data):
        ids = np.concatenate([np.asarray(d.ids).astype(str) for d in data])
        if len(np.unique(ids)) == len(ids):
            per_series["ids"] = ids
    if max(counts) == 1 and "ids" not in per_series:
        per_series["ids"] = np.array(paths)
    if all(d.groups is not None for d in data):
        per_series["groups"] = tidy_names(
            np.concatenate([np.asarray(d.groups).astype(str) for d in data])
        )
        per_series["group_name"] = data[0].group_name
    elif max(counts) > 1:
        per_series["groups"] = np.repeat(paths, counts)
        per_series["group_name"] = "file"
    rates = Counter(d.sampling_rate for d in data)
    rate, said = one_rate(rates)
    if rate is None and len(rates) > 1:
        shown = {r: "an unknown one" if r is None else f"{r:g} Hz" for r in rates}
        each = [f"{n} of {shown[r]}" for r, n in rates.items()]
        rarest = min(rates, key=lambda r: rates[r])
        odd = next(f for f, d in zip(files, data, strict=True) if d.sampling_rate == rarest)
        raise InputError(
            f"{folder}: recordings of different sampling rates ({', '.join(each)}, such as "
            f"{odd.name}); bring them to one, or list some alone in a table with the columns file "
            "and label"
        )
    if all(d.stamps is not None for d in data):
        per_series |= times_or_step([t for d in data for t in d.stamps or ()])
    account = _summed([d.account for d in data]).took("files", counted(len(data), "recording"))
    account = account.remarking(said)
    return LabelledSeries(
        [s for d in data for s in d.values],
        channel_names=data[0].channel_names,
        sampling_rate=rate,
        units=data[0].units,
        source=str(folder),
        account=account,
        **per_series,
    )


def _summed(accounts: Sequence[Account]) -> Account:
    """Return the account of files alike: what is left out of each is counted together."""
    first = accounts[0]
    total = Account(first.taken, (), tuple(dict.fromkeys(r for a in accounts for r in a.remarks)))
    counts: dict[tuple[str, str], int] = {}
    names: dict[tuple[str, str], dict[str, None]] = {}
    for entry in (e for a in accounts for e in a.left_out):
        key = (entry.what, entry.why)
        # A column is one column, in however many files.
        same = entry.what == "columns" and key in counts
        counts[key] = counts.get(key, 0) + (0 if same else entry.count)
        names.setdefault(key, {}).update(dict.fromkeys(entry.names))
    for (what, why), count in counts.items():
        total = total.without(count, what, why, list(names[what, why]))
    return total


def _recordings(file: Path, options: ReadOptions, why: str = "") -> LabelledSeries | None:
    """Return the recordings in a text file; None where it is a table of series."""
    if file.suffix.lower() in RECORDS:
        records = read_json(file, options)
        return records if records.n_series == 1 else None
    try:
        one = read_recording(file, options, why=why)
        if one is not None:
            return one if one.n_series and _says_what_it_is(one) else None
        table = read_text_table(file, options)
    except InputError as error:
        try:
            told = detect_dialect(file).preamble.facts
        except InputError:
            raise error from None
        if told:
            raise
        return None
    return table if dict(table.account.taken).get("layout", "").startswith("recordings") else None


def _says_what_it_is(data: LabelledSeries) -> bool:
    """Whether a file of one column can be a recording beside others, and no list of labels."""
    return data.sampling_rate is not None or bool(data.lengths[0] > 20)


def _text_files(folder: Path) -> list[Path]:
    return [
        f
        for f in sorted(folder.iterdir())
        if f.is_file() and not f.name.startswith(".") and bare_suffix(f) in _TEXT
    ]


def _bare(file: Path) -> str:
    """Return a file's name without the part in it: body_acc_x of body_acc_x_train.txt."""
    stem, _, ending = file.stem.rpartition("_")
    return stem if stem and part_of(ending) else file.stem


def _ending(file: Path) -> str:
    return re.split(r"[_\-. ]", file.name.removesuffix(file.suffix))[-1]


def _matrix(file: Path) -> NDArray[np.float64]:
    table, _ = read_text(file, ReadOptions())
    return table.numbers(table.columns)


def _one_a_series(file: Path, n_series: int) -> list[str]:
    table, _ = read_text(file, ReadOptions())
    if len(table) != n_series or len(table.columns) != 1:
        raise InputError(
            f"{file}: {counted(len(table), 'row')} of {counted(len(table.columns), 'cell')} for "
            f"{n_series} series; give one for each"
        )
    texts = table.texts(table.columns[0])
    texts.check_complete()
    return [str(t) for t in texts.different[texts.codes]]


def _named(labels: list[str], file: Path) -> list[str]:
    """Return names for numbers, from a file with a number and a name a line."""
    names: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        number, _, name = line.strip().partition(" ")
        if name.strip():
            names[number] = name.strip()
    unknown = sorted(set(labels) - set(names))
    if unknown:
        raise InputError(f"{file}: no name for label {unknown[0]!r}; add it, or remove the file")
    return [names[label] for label in labels]
