"""Reading recordings of one format, one alone or a folder of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.recordings.described import Recordings, describe
from msssm_ts.datasets.recordings.meant import Cutter
from msssm_ts.datasets.signals.about import told_by_headers
from msssm_ts.datasets.signals.build import whole
from msssm_ts.datasets.signals.joined import Joined, join
from msssm_ts.datasets.signals.opened import names_of, open_records
from msssm_ts.datasets.signals.record import Format
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.errors import InputError, OptionError

# Groups that need no table: each recording is one.
_OWN_GROUPS = ("record", "file")
# Headers that are looked at to see what they say of patients.
_GLANCE = 5


@dataclass(frozen=True)
class Found:
    """Recordings that can be read together.

    Parameters
    ----------
    recordings : Recordings
        Those of the part that was asked for, in order, and what is known of each.
    joined : Joined
        How they are read.
    names : list of str
        Their ids.
    source : str
        What was asked for.
    """

    recordings: Recordings
    joined: Joined
    names: list[str]
    source: str


def read_recordings(source: Path, options: ReadOptions, form: Format) -> LabelledSeries:
    """Read recordings, each a series, or several where long gaps divide it.

    Parameters
    ----------
    source : Path
        A folder, or one file.
    options : ReadOptions
        What the user named.
    form : Format
        How they are read.

    Raises
    ------
    InputError
        If none can be read, or they do not fit together.
    """
    found = find(source, options, form)
    return whole_of(found, options)


def whole_of(found: Found, options: ReadOptions) -> LabelledSeries:
    """Return recordings as series each."""
    recordings = found.recordings
    if options.group in _OWN_GROUPS:
        recordings = replace(recordings, groups=np.array(found.names), group_name="record")
    return whole(found.joined, recordings, found.names, found.source)


def find(
    source: Path,
    options: ReadOptions,
    form: Format,
    *,
    recordings: Recordings | None = None,
) -> Found:
    """Find recordings, what is said of them, and how they are read together.

    Parameters
    ----------
    source : Path
        A folder, or one file.
    options : ReadOptions
        What the user named.
    form : Format
        How they are read.
    recordings : Recordings, optional
        What is said of them, where that has been looked for already.

    Raises
    ------
    InputError
        If none can be read, they do not fit together, or an option finds nothing to act on.
    """
    if recordings is None:
        recordings = describe_recordings(source, options, form)
    recordings, records = open_records(recordings, form)
    joined = join(records, recordings.files, options, form)
    kept = [i for i, f in enumerate(recordings.files) if f in joined.records]
    if len(kept) < len(recordings.files):
        recordings = recordings.take(kept)
    recordings = replace(recordings, account=recordings.account + joined.account)
    recordings = told_by_headers(recordings, joined.records, options)
    folder = source.parent if source.is_file() else source
    return Found(recordings, joined, names_of(recordings.files, folder, form), str(source))


def describe_recordings(
    source: Path,
    options: ReadOptions,
    form: Format,
    *,
    files: Sequence[Path] | None = None,
    rest: Sequence[Path] | None = None,
    by_folders: bool = True,
) -> Recordings:
    """Find the recordings, and what tables, names and folders say of them.

    Parameters
    ----------
    source, options, form
        As for :func:`find`.
    files : sequence of Path, optional
        The recordings in a folder, where not every file with a suffix of the format is one.
    rest : sequence of Path, optional
        What else lies there and belongs to none of them; every other file where it is not said.
    by_folders : bool
        Whether the folders may be classes.

    Raises
    ------
    InputError
        If there are none, or an option finds nothing to act on.
    """
    if source.is_file():
        options = _knowing_headers([source], options, form)
        recordings = Recordings([source], [source])
        if options.label_from is not None:
            recordings = describe(
                source.parent, [source], [source], options, others=form.title, by_folders=False
            )
    else:
        below = files_below(source)
        found = with_suffix(below, form.suffixes) if files is None else list(files)
        if not found:
            raise InputError(
                f"{source}: no {', '.join(form.suffixes)} file; found are {describe_files(below)}"
            )
        options = _knowing_headers(found, options, form)
        if rest is None:
            rest = [f for f in below if f.suffix.lower() not in form.suffixes]
        recordings = describe(
            source,
            found,
            below,
            options,
            others=form.title,
            by_folders=by_folders,
            rest=rest,
            cutter=Cutter(partial(_extent, form=form), form.title),
        )
    _check_columns(source, recordings, options, form)
    return recordings


def _extent(file: Path, form: Format) -> tuple[int, float]:
    """Return the steps and the rate of a recording; no steps where it cannot be read."""
    try:
        record = form.header(file)
    except InputError:
        return 0, 1.0
    return record.length(), record.rate()


def _knowing_headers(files: Sequence[Path], options: ReadOptions, form: Format) -> ReadOptions:
    """Return options with what headers say of patients, where groups are to be taken from them."""
    if options.group is None or options.group in _OWN_GROUPS:
        return options
    names: set[str] = set()
    broken: list[InputError] = []
    looked_at = files[:_GLANCE]
    for file in looked_at:
        try:
            names.update(name for name, _ in form.header(file).about)
        except InputError as error:
            # It is left out, and said, when it is read for good.
            broken.append(error)
    if broken and len(broken) == len(looked_at):
        raise broken[0]
    return replace(options, headers=tuple(sorted(names)))


def _check_columns(
    source: Path,
    recordings: Recordings,
    options: ReadOptions,
    form: Format,
) -> None:
    """Refuse columns that the user named where there is no table to have them."""
    roles = {role for role, _ in recordings.account.taken}
    if "files" in roles:
        # A table lists them; what it does not have it has refused itself.
        return
    # What folders and names say has no column.
    own = {*_OWN_GROUPS, *options.headers}
    own |= set() if recordings.groups is None else {recordings.group_name}
    named = {
        "label": options.label,
        "group": None if (options.group or "").casefold() in own else options.group,
        "fold": options.fold if "fold" not in roles else None,
    }
    for field, name in named.items():
        option = options.command_line_name(field)
        if name is None:
            continue
        raise OptionError(
            f"{source}: no column {name!r} ({option}): there is no table that lists the "
            f"{form.title}; put one beside them, with the columns file and {name}",
            field,
        )
