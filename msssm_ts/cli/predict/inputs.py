"""What ``msssm-ts predict`` is given: files, folders of recordings, data sets."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.answering.answering import Asked
from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError
from msssm_ts.text import counted

if TYPE_CHECKING:
    from msssm_ts.datasets import ReadOptions

# What is said of the recordings in a folder, by tables or names; nothing else in it acts.
_OF_TABLES = ("label", "group", "fold", "label_from", "beside")


@dataclass(frozen=True)
class Input:
    """Something to be read, and its rows' name.

    Parameters
    ----------
    name : str
        A path, or a data set's name.
    one_of_many : bool
        Whether it is a file among others, rather than a data set by itself.
    beside : tuple of Path, optional
        What belongs to it, where that is known.
    copy : str, optional
        Where on this machine it is read, if its name is an address.
    """

    name: str
    one_of_many: bool = False
    beside: tuple[Path, ...] | None = None
    copy: str | None = None

    @property
    def place(self) -> str:
        """Where it is read, or the data set's name."""
        return self.copy or self.name

    @property
    def key(self) -> str:
        """What tells it from others, however it was written."""
        return key_of(self.name)


def key_of(name: str) -> str:
    """Return what tells a path from others, however it was written."""
    from msssm_ts.datasets.stores.address import is_address

    return name if is_address(name) else os.path.abspath(name)


def find_inputs(
    data: Sequence[str],
    reading: ReadOptions,
    header: Mapping[str, Any],
    asked: Asked,
    quiet: bool,
) -> list[Input]:
    """Return what is to be read one after the other, each once.

    A folder is read file by file, but for one that is a data set, or of which something is wanted
    that only tables in it say.

    Parameters
    ----------
    data : sequence of str
        As the user gave it.
    reading : ReadOptions
        What is said of it.
    header : mapping
        Of the model.
    asked : Asked
        What is wanted of it.
    quiet : bool
        Say nothing.

    Raises
    ------
    InputError
        If something is not there, or a folder has nothing to read.
    """
    from msssm_ts.datasets.stores.address import is_address

    several = len(data) > 1
    every: list[Input] = []
    for name in data:
        if is_address(name):
            every += _at_address(name, several, reading, header, asked, quiet)
            continue
        path = Path(name)
        if several and not path.exists():
            raise InputError(f"{name}: no such file or folder; of several PATHs each has to be one")
        if path.is_dir():
            own = _in_folder(path, reading, header, asked, quiet)
        else:
            own = [Input(name, one_of_many=several)]
        every += own
    found = {one.key: one for one in reversed(every)}
    if len(found) < len(every):
        twice = counted(len(every) - len(found), "path")
        say(f"{twice} named twice, or in a folder that is named, too: read once", quiet=quiet)
    # The first of each counts.
    inputs = [one for one in every if found.get(one.key) is one]
    if asked.early is not None and len(inputs) > 1:
        raise InputError("--early reads one file or data set at a time; give one of them")
    return _with_companions(inputs)


def _with_companions(inputs: list[Input]) -> list[Input]:
    from msssm_ts.datasets.sources import companions

    beside = companions([Path(one.place) for one in inputs if one.one_of_many])
    return [replace(one, beside=beside.get(Path(one.place))) for one in inputs]


def _at_address(
    name: str,
    several: bool,
    reading: ReadOptions,
    header: Mapping[str, Any],
    asked: Asked,
    quiet: bool,
) -> list[Input]:
    """Return what lies at an address, under names that begin with it."""
    from msssm_ts.datasets.stores.mirror import local_copy, named_by_address

    copy, address = local_copy(name)
    if not copy.is_dir() or address.split is not None:
        place = None if address.split is not None else str(copy)
        return [Input(name, one_of_many=several and not copy.is_dir(), copy=place)]
    with named_by_address(copy, address.url):
        own = _in_folder(copy, reading, header, asked, quiet, address.url)
    top = address.url.rstrip("/")
    return [
        replace(one, name=one.name.replace(str(copy), top, 1), copy=one.name)
        if one.one_of_many
        else Input(name)
        for one in own
    ]


def _in_folder(
    folder: Path,
    reading: ReadOptions,
    header: Mapping[str, Any],
    asked: Asked,
    quiet: bool,
    shown: str = "",
) -> list[Input]:
    from msssm_ts.datasets.sources import sources_below, why_one

    shown = shown or str(folder)
    sources = sources_below(folder)
    why = _wanted_of_all(reading, asked) or why_one(folder)
    beside = header.get("beside")
    if why is None and sources.tables and beside is not None and beside["facts"]:
        why = "the model wants what a table in it says beside the recordings"
    if why is not None:
        say(
            f"{shown}: read as one data set, for {why}; name what lies in it to have every file",
            quiet=quiet,
        )
        return [Input(str(folder))]
    line = sources.account.line()
    if not sources.files:
        raise InputError(
            f"{folder}: the folder has nothing to read ({line or 'no files'}); see 'msssm-ts data "
            "--help' for what is read"
        )
    said = counted(len(sources.files), "file")
    say(f"{shown}: {'; '.join(filter(None, (said, line)))}", quiet=quiet)
    return [Input(str(file), one_of_many=True) for file in sources.files]


def _wanted_of_all(reading: ReadOptions, asked: Asked) -> str | None:
    """Return what is wanted that no recording says by itself."""
    from msssm_ts.datasets.options import NOTHING_BESIDE

    given = reading.given()
    if reading.beside == NOTHING_BESIDE:
        given.pop("beside")
    for name in _OF_TABLES:
        if name in given:
            return f"{reading.command_line_name(name)} is about all of it"
    return None if asked.early is None else "--early compares with its labels"
