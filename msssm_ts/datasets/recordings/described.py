"""Recordings of any kind, and what patterns, tables and folders say of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.labels import text_of, tidy_labels, tidy_names
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import Part, are_tests_beside
from msssm_ts.datasets.recordings.cutting import Pieces
from msssm_ts.datasets.recordings.folders import Folders, read_folders, without_recordings
from msssm_ts.datasets.recordings.lists import sources_of
from msssm_ts.datasets.recordings.manifest import Manifest, find_manifest, matrix
from msssm_ts.datasets.recordings.meant import Cutter
from msssm_ts.datasets.recordings.pattern import (
    account_of_pattern,
    by_pattern,
    parts_by_pattern,
)
from msssm_ts.datasets.recordings.pieces import short_name
from msssm_ts.datasets.recordings.roles import column_of_group
from msssm_ts.datasets.recordings.tables import is_table
from msssm_ts.datasets.recordings.unread import unread
from msssm_ts.datasets.tree import relative_name
from msssm_ts.errors import InputError
from msssm_ts.series.side_features import SideFeatures

_NO_TRAINING = "took the validation part for training, for there is no other"


@dataclass(frozen=True)
class Recordings:
    """Files of the part that was asked for, and what is known of each.

    Parameters
    ----------
    files : list of Path
        The recordings.
    every : list of Path
        Those of all parts: what they have in common is looked for among them.
    labels : array of shape (n_files,) or (n_files, n_labels), optional
        Classes, or 0 and 1 for each of several labels.
    label_names : tuple of str, optional
        Of several labels.
    groups, folds : array of shape (n_files,), optional
        Patients or speakers; folds.
    group_name : str
        What the groups are called.
    validation : boolean array of shape (n_files,), optional
        Files of that part.
    account : Account
        What was taken for what.
    features : SideFeatures, optional
        What the user wants told beside them.
    has_test_part : bool, optional
        Whether there are files for tests beside these; None: nobody has looked.
    manifest : Manifest, optional
        What tables say of them, if they say it.
    pieces : Pieces, optional
        What the paths stand for, where they are pieces of files.
    """

    files: list[Path]
    every: list[Path]
    labels: NDArray[Any] | None = None
    label_names: tuple[str, ...] | None = None
    groups: NDArray[Any] | None = None
    group_name: str = "group"
    folds: NDArray[Any] | None = None
    validation: NDArray[np.bool_] | None = None
    account: Account = Account()  # noqa: RUF009
    features: SideFeatures | None = None
    has_test_part: bool | None = None
    manifest: Manifest | None = None
    pieces: Pieces | None = None

    def whole(self, file: Path) -> Path:
        """Return the file that a path stands for a piece of, or itself."""
        return file if self.pieces is None else self.pieces.whole(file)

    def adding(self, account: Account) -> Recordings:
        """Return the same with more in its account."""
        return replace(self, account=self.account + account)

    def take(self, index: Sequence[int] | NDArray[np.int64]) -> Recordings:
        """Return some of the files, or some of them several times, with what is known of them."""
        index = np.asarray(index, dtype=np.int64)

        def of(values: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if values is None else values[index]

        validation = of(self.validation)
        return replace(
            self,
            files=[self.files[i] for i in index],
            labels=of(self.labels),
            groups=of(self.groups),
            folds=of(self.folds),
            validation=validation if validation is not None and validation.any() else None,
            features=None if self.features is None else self.features.take(index),
        )

    def fields(self) -> dict[str, Any]:
        """Return what is known as fields of :class:`msssm_ts.datasets.LabelledSeries`."""
        return {
            "labels": self.labels,
            "label_names": self.label_names,
            "groups": self.groups,
            "group_name": self.group_name,
            "folds": self.folds,
            "validation": self.validation,
            "features": self.features,
            "account": self.account,
            "has_test_part": self.has_test_part,
        }


def describe(
    folder: Path,
    files: Sequence[Path],
    below: Sequence[Path],
    options: ReadOptions,
    *,
    others: str = "files",
    by_folders: bool = True,
    drop: Sequence[str] = (),
    rest: Sequence[Path] = (),
    manifest: Manifest | None = None,
    cutter: Cutter | None = None,
) -> Recordings:
    """Find out what is known of the recordings in a folder.

    Labels come from the files' names, where ``options.label_from`` says how; else from tables
    beside them; else from the folders that they lie in. Parts, groups and folds are taken from
    the first of these that says them.

    Parameters
    ----------
    folder : Path
        The files lie below it.
    files : sequence of Path
        The recordings: of those of several files, the one that stands for it.
    below : sequence of Path
        Everything below the folder.
    options : ReadOptions
        What the user named.
    others : str
        What the recordings are called in messages, in the plural.
    by_folders : bool
        Whether the folders may be classes.
    drop : sequence of str
        Columns of tables to leave out.
    rest : sequence of Path
        What lies beside the recordings and may be a table about them: what is none is said to be
        left out.
    manifest : Manifest, optional
        What tables say, where that is known; they are looked for otherwise.
    cutter : Cutter, optional
        How pieces of recordings are read, or why not; None where nobody knows.

    Raises
    ------
    InputError
        If what is said of them does not fit together, or the part is empty.
    """
    if options.label is not None and options.label_from is not None:
        raise InputError(
            f"{folder}: --label names a column, --label-from a place in the files' names; give one"
        )
    if manifest is None:
        manifest = find_manifest(folder, files, below, options, others, drop, cutter)
    tables = () if manifest is None else manifest.tables
    silent = manifest
    if manifest is not None and not manifest.says and not _named(options):
        # The folders, or the files' names, may say what the table does not.
        manifest = None
    account = Account() if manifest is None else manifest.account
    listed = list(files) if manifest is None else manifest.files
    pieces = None if manifest is None else manifest.pieces
    kind = others if pieces is None else "pieces"
    inside = read_folders(folder, listed, others)
    parts = None if manifest is None else manifest.part
    if parts is None and inside.parts is not None:
        parts = dict(zip(inside.files, inside.parts, strict=True))
        account += replace(inside.account, taken=_taken(inside.account, "part"), remarks=())
    named = by_pattern(folder, listed, options, others, None if pieces is None else pieces.whole)
    if parts is None and named is not None and "part" in named:
        parts, said = parts_by_pattern(named["part"], listed, options, kind)
        account += said
    if parts is not None and {*parts.values()} - {"test"} == {"validation"}:
        parts = {f: "test" if part == "test" else "train" for f, part in parts.items()}
        account = account.remarking(_NO_TRAINING if options.split == "train" else "")
    every = listed if parts is None else [f for f in listed if f in parts]
    chosen = every if parts is None else _of_part(folder, every, parts, options, kind)
    told = every if named is None else [f for f in every if f in named["label"]]

    labels: NDArray[Any] | None = None
    label_names = None
    if named is not None:
        labels = tidy_labels(named["label"].get(f, "") for f in chosen)
        account += account_of_pattern(named, chosen, options, kind)
        kept = [f in named["label"] for f in chosen]
        chosen, labels = [f for f, k in zip(chosen, kept, strict=True) if k], labels[kept]
    elif manifest is not None and manifest.several is not None:
        labels, label_names = matrix(manifest, chosen), manifest.label_names
    elif manifest is not None and manifest.label is not None:
        labels, without = _complete(manifest, chosen)
        why = f"no label in column {', '.join(manifest.label_names)}"
        account = account.without(len(without), kind, why, [f.name for f in without])
        if labels is None and not options.unlabelled:
            account = account.remarking(manifest.on_empty(len(chosen), others))
        gone = set(without)
        chosen = [f for f in chosen if f not in gone]
        if labels is not None and by_folders:
            told_by = dict(manifest.account.taken)["label"]
            table = next(t for t in tables if told_by.endswith(f" {relative_name(t, folder)}"))
            account = account.remarking(_rather_than_folders(labels, inside, chosen, table, folder))
    elif by_folders and inside.labels is not None:
        by_file = dict(zip(inside.files, inside.labels, strict=True))
        labels, loose = _of_folders([by_file[f] for f in chosen], chosen, options.split)
        account = account.without(
            len(loose), kind, "in no class folder", [relative_name(f, folder) for f in loose]
        )
        chosen = [f for f in chosen if f not in set(loose)]
        if labels is not None and silent is not None and len(np.unique(labels)) == 1:
            # One folder around everything is no class where a table may know better.
            labels = None
        if labels is not None:
            account += replace(inside.account, taken=_taken(inside.account, "label"), left_out=())
            account = account.remarking(_on_one_folder(labels, options, others))
            # Recordings that are left out are accounted for by who has left them out.
            kinds = {f.suffix.lower() for f in files}
            alike = [f for f in below if f.suffix.lower() in kinds]
            bare = without_recordings(folder, inside.files, inside.labels, [*files, *alike])
            account = account.without(len(bare), "folders", f"no {others} to read", bare)
    elif by_folders and named is None:
        account = account.remarking(*inside.account.remarks)
    if not chosen:
        raise InputError(
            f"{folder}: none of the {len(every)} {kind} of the {options.split} part has a label; "
            "see to their names, or to the table"
        )
    if labels is None and silent is not None:
        account = account.remarking(silent.no_label)
    if silent is not None and manifest is None:
        which = [relative_name(t, folder) for t in tables]
        account = account.without(len(which), "tables", "without label or part", which)

    groups, group_name = _groups(manifest, inside, named, chosen, pieces)
    if groups is not None and group_name == "folder":
        account += Account(taken=_taken(inside.account, "group"))
    folds = None
    if manifest is not None and manifest.fold is not None:
        folds = tidy_names(manifest.fold[f] for f in chosen)
    elif named is not None and "fold" in named:
        folds = tidy_names(named["fold"].get(f, "") for f in chosen)
    elif inside.folds is not None:
        of = dict(zip(inside.files, inside.folds, strict=True))
        folds = tidy_names(of.get(f, "") for f in chosen)
        account += Account(taken=_taken(inside.account, "fold"))
    validation = None
    if parts is not None:
        validation = np.array([parts[f] == "validation" for f in chosen])
    known = {*files, *sources_of(tables)}
    # Where tables are named, others do not count.
    rest = [f for f in rest if f not in known and not (options.tables and is_table(f))]
    account += unread(folder, rest, others, files)
    return Recordings(
        chosen,
        every,
        labels,
        label_names,
        groups,
        group_name,
        folds,
        validation if validation is not None and validation.any() else None,
        account,
        None if manifest is None else manifest.features(chosen),
        parts is not None and are_tests_beside((parts[f] for f in told), options.split),
        manifest,
        pieces,
    )


def _named(options: ReadOptions) -> bool:
    """Whether the user named a column, or the tables themselves."""
    columns = (options.label, column_of_group(options.group), options.fold)
    return any((*columns, options.tables))


def _on_one_folder(labels: NDArray[Any], options: ReadOptions, others: str) -> str:
    """Say that there is one class to be learned, the folder around everything."""
    if options.split != "train" or len(np.unique(labels)) > 1:
        return ""
    return (
        f"took the one folder {labels[0]} for the class; --label-from, or a table beside the "
        f"{others}, says otherwise"
    )


def _rather_than_folders(
    labels: NDArray[Any], inside: Folders, files: Sequence[Path], table: Path, folder: Path
) -> str:
    """Say that folders, too, look like classes, and divide the files otherwise than a table."""
    if inside.labels is None:
        return ""
    of = dict(zip(inside.files, inside.labels, strict=True))
    folders = [of.get(f, "") for f in files]
    names, different = {*folders} - {""}, np.unique(labels)
    pairs = set(zip(folders, labels.tolist(), strict=True))
    if len(names) < 2 or len(pairs) <= max(len(names), len(different)):
        return ""
    place = os.path.relpath(table, folder).replace(os.sep, "/")
    parts = next(f.relative_to(folder).parts[:-1] for f in files if of.get(f))
    level = parts.index(of[next(f for f in files if of.get(f))])
    pattern = "/".join("{label}" if k == level else "*" for k in range(len(parts)))
    return (
        f"took the labels of {place}, not the folders {enumerate_names(sorted(names), 6)}; "
        f"--label-from '{pattern}/*' takes these"
    )


def _taken(account: Account, role: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in account.taken if pair[0] == role)


def _of_part(
    folder: Path,
    files: Sequence[Path],
    parts: dict[Path, Part],
    options: ReadOptions,
    others: str,
) -> list[Path]:
    wanted = {"test"} if options.split == "test" else {"train", "validation"}
    chosen = [f for f in files if parts[f] in wanted]
    if not chosen:
        there = ", ".join(sorted(set(parts.values())))
        raise InputError(
            f"{folder}: no {others} of the {options.split} part; there are those of {there}: name "
            "the folder, or the table, to read"
        )
    return chosen


def _complete(manifest: Manifest, files: Sequence[Path]) -> tuple[NDArray[Any] | None, list[Path]]:
    """Labels from a table, None where none of the files has one; and the files without."""
    assert manifest.label is not None
    texts = [text_of(manifest.label[f]) for f in files]
    missing = [f for f, text in zip(files, texts, strict=True) if not text]
    if len(missing) == len(files):
        return None, []
    if missing and len(set(texts) - {""}) < 2:
        raise InputError(
            f"{manifest.where(missing[0])}: no label for {short_name(missing[0])!r}, and for "
            f"{len(missing)} of {len(files)} in all; fill it in, or remove the row"
        )
    return tidy_labels(text for text in texts if text), missing


def _of_folders(
    labels: Sequence[str], files: Sequence[Path], asked: str
) -> tuple[NDArray[Any] | None, list[Path]]:
    """Labels of the files in class folders, and the few that lie in none."""
    loose = [f for f, label in zip(files, labels, strict=True) if not label]
    if len(loose) == len(files) and asked == "test":
        # Series to be labelled.
        return None, []
    if len(loose) >= len(files) / 2:
        raise InputError(
            f"{loose[0]}: lies in no class folder, though other files do; move it into the one of "
            "its class, or away"
        )
    return np.array([label for label in labels if label]), loose


def _groups(
    manifest: Manifest | None,
    inside: Folders,
    named: dict[str, dict[Path, str]] | None,
    files: Sequence[Path],
    pieces: Pieces | None,
) -> tuple[NDArray[Any] | None, str]:
    own = {f: (f if pieces is None else pieces.whole(f)).name for f in files}
    if manifest is not None and manifest.group is not None:
        return tidy_names(manifest.group[f] for f in files), manifest.group_name
    if named is not None and "group" in named:
        return tidy_names(named["group"].get(f, own[f]) for f in files), "group"
    if inside.groups is not None:
        by_file = dict(zip(inside.files, inside.groups, strict=True))
        return np.array([by_file.get(f, "") or own[f] for f in files]), "folder"
    return None, "group"
