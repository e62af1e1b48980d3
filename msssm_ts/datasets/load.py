"""Reading whatever the user names as DATA."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.datasets.archives.archive import CARRIED, read_carried
from msssm_ts.datasets.beside import chosen_features
from msssm_ts.datasets.by_group import compared_within_groups
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.damage import told_as_damage
from msssm_ts.datasets.files import read_file
from msssm_ts.datasets.folder import read_folder
from msssm_ts.datasets.labels import (
    lookalikes,
    on_groups,
    on_odd_rows,
    on_one_hot,
    refuse_unlearnable,
    spelt_alike,
)
from msssm_ts.datasets.memory import Within, demand, limited
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.named import (
    data_set_names,
    find_layout,
    parse_request,
    read_named,
    read_task,
)
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.readers import FRAMES
from msssm_ts.datasets.split import check_choice, on_folds, refuse_class, validation_mask
from msssm_ts.datasets.stores.address import check_opens, is_address, parse_address
from msssm_ts.datasets.stores.mirror import local_copy, named_by_address
from msssm_ts.datasets.tables.columns import LABEL, find_column
from msssm_ts.datasets.tables.frame import is_frame
from msssm_ts.datasets.wfdb.headers import header_of
from msssm_ts.errors import InputError, OptionError
from msssm_ts.model_path import names_beside
from msssm_ts.series import LazySeries
from msssm_ts.text import meant

# For files, and for folders.
_LABEL_REMEDY = (
    "name the label column with --label, or call it 'label'",
    "put the files of each class into a folder of its own, or a table with the columns file and "
    "label beside them, or say with --label-from where in their names the label stands",
)


def load(
    source: str | os.PathLike[str] | Any,
    options: ReadOptions | None = None,
    *,
    validation: str | None = None,
    needs_labels: bool = True,
) -> LabelledSeries:
    """Read labelled series from a file, a folder, or a data set by name.

    Parameters
    ----------
    source : str, path, or data frame of pandas or polars
        A table (.csv, .tsv, .txt, .parquet, .jsonl; wide or long), .ts, .arff, .npz, .npy or .mat
        file; a folder of WFDB records (.hea), EDF files, audio files in class folders, or archive
        files; or a data set by name, task and part, such as ``JapaneseVowels``,
        ``JapaneseVowels:test`` or ``PTB-XL/superdiag:train``; or a file or folder of a store by
        its address, such as ``s3://bucket/set`` (:mod:`msssm_ts.datasets.stores`).
    options : ReadOptions, optional
        Columns and cuts, found by looking otherwise; and how much memory reading may take.
    validation : str, optional
        Series to set aside, as ``COLUMN=VALUE`` (for example ``fold=9``) or as a text file that
        lists their ids, one a line.
    needs_labels : bool
        Refuse data without labels.

    Returns
    -------
    LabelledSeries

    Raises
    ------
    InputError
        If there is no such file or set, it cannot be understood, or it takes more memory than it
        may.

    Examples
    --------
    >>> load("JapaneseVowels").summary()
    '270 series, 12 channels × 7–26 steps, 9 classes: 1 2 3 4 5 6 7 8 9'
    """
    options = options or ReadOptions()
    if not (isinstance(source, (str, os.PathLike)) or is_frame(source)):
        raise InputError(
            f"{type(source).__name__}: neither a path nor a data frame; give a frame of pandas or "
            "polars, as .collect() makes of a lazy one"
        )
    if isinstance(source, str) and not source.strip():
        raise InputError("an empty name for the data; for the working folder give '.'")
    if validation is not None:
        check_choice(validation)
    if is_address(source):
        copy, address = local_copy(source)
        options = options if address.split is None else replace(options, split=address.split)
        with named_by_address(copy, address.url):
            data = load(copy, options, validation=validation, needs_labels=needs_labels)
        return replace(data, source=data.source.replace(str(copy), address.url))
    column, equals, _ = (validation or "").partition("=")
    if equals and options.fold is None:
        options = replace(options, fold=column)
    with limited(options.max_memory) as allowed:
        data = _load(source, replace(options, unlabelled=not needs_labels))
        if options.max_memory is not None and isinstance(data.values, LazySeries):
            # They are decoded later, perhaps in other processes.
            values = LazySeries(
                data.values.items, Within(data.values.read, allowed), data.values.lengths
            )
            data = replace(data, values=values)
        _check_held(data)
    data = compared_within_groups(chosen_features(data, options), options)
    if needs_labels and validation is None and options.split == "train":
        data = replace(data, account=data.account.remarking(on_folds(data)))
    if data.labels is not None and data.labels.ndim == 1:
        account = data.account.remarking(lookalikes(np.unique(data.labels)))
        account = account.remarking(on_odd_rows(data.labels, data.ids))
        data = replace(data, account=account)
    elif data.labels is not None:
        data = replace(data, account=data.account.remarking(on_one_hot(data.labels)))
    if data.groups is not None:
        kind = f"groups ({data.group_name})"
        said = [spelt_alike(np.unique(data.groups), kind)]
        if data.labels is not None and needs_labels and options.split == "train":
            said.append(on_groups(data.labels, data.groups, kind))
        data = replace(data, account=data.account.remarking(*said))
    data = replace(data, account=data.account.remarking(*_spelt_alike(data)))
    if needs_labels and data.labels is None:
        # What lies in a folder may be a table.
        folder = "layout" not in dict(data.account.taken)
        # What a reader found in place of labels helps more than a remedy for all.
        beside = () if data.features is None else data.features.names
        told = find_column(beside, LABEL, None)
        remedy = f"{told!r} is told beside the series (--with); take it back or name another"
        said = [] if told is None else [remedy]
        said += [r for r in data.account.remarks if "--label" in r]
        said += [e.text() for e in data.account.left_out if "for labels" in e.why]
        said += [e.text() for e in data.account.left_out if e.what in ("tables", "spreadsheets")]
        possible = dict(data.account.taken).get("possible labels")
        texts = [n for e in data.account.left_out if e.why == "text" for n in e.names]
        said += [f"name the label with --label, which {enumerate_names(texts, 6)} may be"] * bool(
            texts
        )
        said += [f"name one or more of {possible} with --label, commas between"] if possible else []
        raise InputError(
            f"{data.source}: no labels found; {said[0] if said else _LABEL_REMEDY[folder]}"
        )
    if needs_labels and data.labels is not None and options.split == "train":
        refuse_unlearnable(data.labels, data.source)
    if options.sampling_rate is not None:
        known = data.sampling_rate
        if known is not None and known != options.sampling_rate:
            raise OptionError(
                f"{data.source}: sampled at {known:g} Hz, as it says itself, not at "
                f"{options.sampling_rate:g} (--fs)",
                "sampling_rate",
            )
        data = replace(data, sampling_rate=options.sampling_rate)
    if validation is not None:
        refuse_class(data, validation)
        data = replace(data, validation=validation_mask(data, validation))
    return data


def has_test_part(
    training: LabelledSeries, source: str | os.PathLike[str], options: ReadOptions
) -> bool:
    r"""Tell whether a file or folder that was read has a test part beside what it was read for.

    Parameters
    ----------
    training : LabelledSeries
        What :func:`load` gave.
    source : str or path
        What it was given.
    options : ReadOptions
        With these.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("label,t0,t1\na,1,2\nb,3,4\n")
    >>> has_test_part(load(file), file, ReadOptions())
    False
    """
    by_address = isinstance(source, str) and is_address(source)
    if by_address and parse_address(str(source)).split is not None:
        return False
    if training.has_test_part is not None:
        return training.has_test_part
    if by_address:
        copy, address = local_copy(str(source))
        with named_by_address(copy, address.url):
            training = replace(training, source=training.source.replace(address.url, str(copy)))
            return has_test_part(training, copy, options)
    if Path(source).is_file() and "part" not in dict(training.account.taken):
        return False
    try:
        test = load(source, replace(options, split="test"), needs_labels=False)
    except InputError:
        return False
    if test.source != training.source or test.n_series != training.n_series:
        return True
    if training.ids is not None and test.ids is not None:
        return not np.array_equal(training.ids, test.ids)
    return not np.array_equal(training.values[0], test.values[0], equal_nan=True)


def check_there(source: str) -> None:
    """Refuse what is neither a path nor a data set's name; nothing is read.

    Raises
    ------
    InputError
        As :func:`load` does, with the nearest name.

    Examples
    --------
    >>> check_there("JapaneseVowels:test")
    >>> check_there("JapaneseVovels")
    Traceback (most recent call last):
    msssm_ts.errors.InputError: JapaneseVovels: no such file, and no data set of that name ...
    """
    if is_address(source):
        return check_opens(parse_address(source))
    name = source.partition(":")[0].partition("/")[0]
    if Path(source).exists() or name in CARRIED or name in data_set_names():
        return
    if header_of(Path(source)) is not None:
        return
    # A part or a task of a folder.
    if ":" not in source and find_layout(Path(source).parent) is None:
        raise _nowhere(source)


def _nowhere(text: str) -> InputError:
    if Path(text).is_symlink():
        return InputError(
            f"{text}: a link to {os.readlink(text)}, where nothing is; mend it, or name the file"
        )
    return InputError(
        f"{text}: no such file, and no data set of that name (these come along: "
        f"{enumerate_names(list(CARRIED), limit=20)}; see 'msssm-ts data list' for more)"
        f"{meant(text, [*names_beside(Path(text)), *data_set_names()], 0.66)}"
    )


def _spelt_alike(data: LabelledSeries) -> list[str]:
    """Say which ids, or channels, of a table of values or steps hardly differ: they may be one."""
    taken = dict(data.account.taken)
    if not taken.get("layout", "").startswith("long"):
        return []
    said = []
    for kind, role, names in (
        ("series", "id", data.ids),
        ("channels", "channel", data.channel_names),
    ):
        if role in taken and names is not None:
            said.append(spelt_alike(np.unique(np.asarray(names)), f"{kind} ({taken[role]})"))
    return said


def _check_held(data: LabelledSeries) -> None:
    """Refuse series that take more memory than they may, whatever their files promised."""
    if isinstance(data.values, LazySeries):
        # Decoded one by one; counting the channels of those without names would decode one.
        longest = int(data.lengths.max(initial=0)) * len(data.channel_names or (1,))
        demand(4 * longest, data.source, "one series")
    else:
        held = sum(v.nbytes for v in data.values) + sum(t.nbytes for t in data.times or ())
        demand(held, data.source, "the series")


def _load(source: Any, options: ReadOptions) -> LabelledSeries:
    if is_frame(source):
        return FRAMES(source, options)
    path = Path(source)
    if not path.exists():
        # WFDB's own programs are given records without suffix.
        record = header_of(path)
        if record is None:
            return _by_name(str(source), options)
        path = record
    # Readers have nets of their own; this is for what looks through folders and lists.
    with told_as_damage(path, "data that is read"):
        return read_folder(path, options) if path.is_dir() else read_file(path, options)


def _by_name(text: str, options: ReadOptions) -> LabelledSeries:
    """Read a named set, or FOLDER[/TASK][:PART] of one that lies elsewhere."""
    name, _, part = text.partition(":")
    if name in CARRIED:
        options.check_acting((), "sets that come along", text)
        split = parse_request(text).part or options.split
        return read_carried(name, split)
    named = read_named(text, options)
    if named is not None:
        return named
    folder, task = Path(text), ""
    if text.endswith((":train", ":test")):
        rest, _, part = text.rpartition(":")
        options = replace(options, split="test" if part == "test" else "train")
        folder = Path(rest)
        if folder.is_dir():
            return read_folder(folder, options)
    folder, task = folder.parent, folder.name
    layout = find_layout(folder) if folder.is_dir() else None
    if layout is not None and layout[0].tasks:
        return read_task(*layout, task, options, text)
    raise _nowhere(text)
