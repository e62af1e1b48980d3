"""What the user says about DATA; everything else is seen by looking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from msssm_ts.datasets.columns import enumerate_names
from msssm_ts.errors import InputError

Split = Literal["train", "test"]
BeatClasses = Literal["aami", "symbols"]


@dataclass(frozen=True)
class ReadOptions:
    """Columns and cuts that the user named; None where the source is to be looked at.

    Parameters
    ----------
    label, id, group, time, channel, fold : str, optional
        Columns of a table: label, series identifier, what the series belongs to; in a long
        table also the time and the channel of a value; the part of a predefined split.
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

    def check_columns(self, columns: Iterable[str], file: str) -> None:
        """Raise InputError for a named column that a table does not have."""
        present = list(columns)
        for option in ("label", "id", "group", "time", "channel", "fold", "drop"):
            value = getattr(self, option)
            for name in value if isinstance(value, tuple) else (value,):
                if name is not None and name not in present:
                    raise InputError(
                        f"{file}: no column {name!r} (--{option}); it has "
                        f"{enumerate_names(present)}"
                    )
