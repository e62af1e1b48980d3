"""What the user says about DATA; everything else is seen by looking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.errors import InputError

# Options of the command line that are called otherwise than the field.
_OPTIONS = {"beat_classes": "--beats", "fold": "--validation COLUMN=VALUE"}

Split = Literal["train", "test"]
BeatClasses = Literal["aami", "symbols"]


@dataclass(frozen=True)
class ReadOptions:
    """Columns and cuts that the user named; None where the source is to be looked at.

    Parameters
    ----------
    label, id, group, time, channel, fold : str, optional
        Columns of a table: label, series identifier, what the series belongs to; in a long
        table also the time and the channel of a value; the part of a predefined split. Several
        label columns of 0 and 1, with commas between, are labels that a series can have at once.
    drop : tuple of str
        Columns to ignore.
    split : {"train", "test"}
        The part that is meant where a source has several and its name does not say.
    window : tuple of two floats, optional
        Seconds before and after an annotation: cut beats out of annotated records.
    beat_classes : {"aami", "symbols"}
        Labels of beats: the five of AAMI EC57, or the annotation symbols.
    sampling_rate : float, optional
        In hertz, for a source that does not say.
    label_from : str, optional
        Where in a file's name its label stands, for recordings: a pattern such as
        ``{group}-{label}-*``, or a regular expression with groups.
    annotator : str, optional
        Suffix of the annotation files beside WFDB records, such as ``qrs``.
    episodes : float, optional
        Cut annotated records into pieces of so many seconds, each labelled by the rhythm, or the
        stage of sleep, that is annotated for most of it.
    mono : bool
        Mix the channels of audio files down to one.
    axes : str, optional
        What the axes of an array are, such as ``series,steps,channels``.
    tables, recordings : tuple of Path
        Tables that list recordings, and those; where a table was named as the source. No option
        of the command line.
    """

    label: str | None = None
    id: str | None = None
    group: str | None = None
    time: str | None = None
    channel: str | None = None
    fold: str | None = None
    drop: tuple[str, ...] = ()
    split: Split = "train"
    window: tuple[float, float] | None = None
    beat_classes: BeatClasses = "aami"
    sampling_rate: float | None = None
    label_from: str | None = None
    annotator: str | None = None
    episodes: float | None = None
    mono: bool = False
    axes: str | None = None
    tables: tuple[Path, ...] = ()
    recordings: tuple[Path, ...] = ()

    def check_acting(self, acts_on: Iterable[str], title: str, source: str) -> None:
        """Raise InputError for an option that was given and has no effect on a kind of source.

        Parameters
        ----------
        acts_on : iterable of str
            The fields that have one.
        title : str
            The kind of source, in the plural.
        source : str
            Where it is.
        """
        # These act on every source, or where it is read.
        acting = {*acts_on, "split", "sampling_rate", "tables", "recordings"}
        for field in fields(self):
            if field.name not in acting and getattr(self, field.name) != field.default:
                option = _OPTIONS.get(field.name, f"--{field.name}").replace("_", "-")
                raise InputError(f"{source}: {option} has no effect on {title}; leave it out")

    def check_columns(self, columns: Iterable[str], file: str) -> None:
        """Raise InputError for a named column that a table does not have."""
        present = list(columns)
        named = {"label": label_columns(self.label, present), "drop": self.drop}
        for option in ("id", "group", "time", "channel", "fold"):
            named[option] = tuple(filter(None, [getattr(self, option)]))
        for option, names in named.items():
            for name in names:
                if name not in present:
                    raise InputError(
                        f"{file}: no column {name!r} (--{option}); it has "
                        f"{enumerate_names(present)}"
                    )


def label_columns(chosen: str | None, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the label columns that the user named: one, or several with commas between.

    Examples
    --------
    >>> label_columns("a, b", ["a", "b", "t0"])
    ('a', 'b')
    """
    if chosen is None:
        return ()
    if chosen in columns or "," not in chosen:
        return (chosen,)
    return tuple(dict.fromkeys(c.strip() for c in chosen.split(",") if c.strip()))
