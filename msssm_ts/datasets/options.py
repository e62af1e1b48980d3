"""What the user says about DATA; everything else is seen by looking."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.errors import InputError

Split = Literal["train", "test"]
# What concerns signals that are annotated, or files beside others.
OF_RECORDINGS = ("window", "annotator", "label_from", "mono")
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
        Columns to ignore; patterns such as ``resp_*`` name several.
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

    def check_columns(self, columns: Iterable[str], file: str) -> None:
        """Raise InputError for a named column that a table does not have."""
        present = list(dict.fromkeys(columns))
        known = set(present)
        patterns = tuple(n for n in self.drop if n not in known and not fnmatch.filter(present, n))
        named = {"label": label_columns(self.label, present), "drop": patterns}
        for option in ("id", "group", "time", "channel", "fold"):
            named[option] = tuple(filter(None, [getattr(self, option)]))
        for option, names in named.items():
            for name in names:
                if name not in known:
                    raise InputError(
                        f"{file}: no column {name!r} (--{option}); it has "
                        f"{enumerate_names(present)}"
                    )

    def dropped(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the columns that the user left out.

        Examples
        --------
        >>> ReadOptions(drop=("r*", "a")).dropped(["a", "b", "r0", "r1"])
        ('a', 'r0', 'r1')
        """
        if not self.drop:
            return ()
        exact = set(self.drop)
        patterns = [n for n in self.drop if set("*?[") & set(n)]
        return tuple(
            c
            for c in columns
            if c in exact or any(fnmatch.fnmatchcase(c, pattern) for pattern in patterns)
        )

    def refuse_unused(self, names: Iterable[str], source: str, why: str) -> None:
        """Refuse options that name a column where none of the kind can act.

        Raises
        ------
        InputError
            For the first that the user gave.

        Examples
        --------
        >>> ReadOptions(time="t").refuse_unused(["time"], "x.csv", "a row is a series")
        Traceback (most recent call last):
        msssm_ts.errors.InputError: x.csv: --time t has no effect, for a row is a series; ...
        """
        for name in names:
            value = getattr(self, name)
            if value:
                values = value if isinstance(value, tuple) else (value,)
                said = "" if value is True else " " + ",".join(map(str, values))
                raise InputError(
                    f"{source}: --{name.replace('_', '-')}{said} has no effect, for {why}; leave "
                    "the option out"
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
