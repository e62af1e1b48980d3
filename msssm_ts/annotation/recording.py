"""One long recording, read piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.adapted import Adaptation
from msssm_ts.datasets.audio.form import SOUND
from msssm_ts.datasets.audio.formats import refuse_undecoded
from msssm_ts.datasets.damage import told_as_damage
from msssm_ts.datasets.edf.form import EDF
from msssm_ts.datasets.ishne.reader import ISHNE
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.signals.joined import Joined, join
from msssm_ts.datasets.signals.names import lead_positions
from msssm_ts.datasets.signals.record import Format
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.datasets.wfdb.form import WFDB
from msssm_ts.datasets.wfdb.headers import as_spelt, header_of, segment_names
from msssm_ts.errors import InputError

_FORMATS = (WFDB, EDF, ISHNE, SOUND)
_SUFFIXES = (*(s for f in _FORMATS for s in f.suffixes), ".dat")
# Of each format, that are named.
_SHOWN = 6


@dataclass(frozen=True)
class Recording:
    """A recording, or some channels of it.

    Parameters
    ----------
    file : Path
        What stands for it: a header or the file itself.
    joined : Joined
        How it is read.
    mixed : bool
        Whether its channels are mixed down to one.
    """

    file: Path
    joined: Joined
    mixed: bool = False

    @property
    def stem(self) -> Path:
        """Its path without suffix."""
        return self.file.with_suffix("")

    @property
    def name(self) -> str:
        """What it is called."""
        return self.file.stem

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of its channels."""
        return self.joined.channels[:1] if self.mixed else self.joined.channels

    @property
    def units(self) -> tuple[str, ...]:
        """Of their values; empty where unknown."""
        return self.joined.units[:1] if self.mixed else self.joined.units

    @property
    def rate(self) -> float:
        """Steps a second of the fastest of its channels, to which the others are brought."""
        return self.joined.rate_of(self.file)

    @property
    def n_steps(self) -> int:
        """Steps at that rate."""
        return self.joined.length_of(self.file)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.n_steps / self.rate

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """What was recorded without a break, in steps."""
        return self.joined.stretches_of(self.file)

    @property
    def odd(self) -> tuple[str, ...]:
        """What is to be said of it."""
        return self.joined.account.remarks

    @property
    def frame_rate(self) -> float | None:
        """In what annotations of a WFDB record count, where they do not say otherwise."""
        return getattr(self.joined.records[self.file].detail, "frame_rate", None)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Decode a piece, (n_channels, n_steps).

        Raises
        ------
        InputError
            If it cannot be decoded.
        """
        values: NDArray[np.float32] = Adaptation(mono=self.mixed).apply(
            self.joined.form.read(self.joined.item(self.file, start, stop))
        )
        return values

    def only(self, names: Sequence[str]) -> Recording:
        """Return some channels under these names; case and spaces do not matter.

        Raises
        ------
        InputError
            If one is missing.
        """
        places = lead_positions(self.channels, names)
        missing = [n for n, place in zip(names, places, strict=True) if place is None]
        if missing:
            raise InputError(
                f"{self.file}: no channel {missing[0]!r}; there are "
                f"{enumerate_names(self.channels, 12)}"
            )
        found = [place for place in places if place is not None]
        own = self.joined.positions[self.file]
        some = replace(
            self.joined,
            channels=tuple(names),
            units=tuple(self.units[p] for p in found),
            positions={self.file: tuple(own[p] for p in found)},
        )
        return replace(self, joined=some)


def find_recordings(source: Path) -> list[Path]:
    """Return the file that a path means, or those in a folder, each of which is a recording.

    A WFDB record may be named by its header, its signals, or without suffix.

    Raises
    ------
    InputError
        If there is none.
    """
    if source.is_dir():
        return _below(source)
    if source.suffix.lower() == ".dat" or not source.exists():
        stem = source.with_suffix("") if source.suffix.lower() == ".dat" else source
        header = header_of(stem)
        if header is None and source.suffix.lower() in _SUFFIXES[:-1]:
            raise InputError(f"{source}: there is no such file")
        if header is None:
            raise InputError(f"{source}: there is no such recording, nor {stem.name}.hea beside it")
        return [header]
    if _format_of(source) is None:
        refuse_undecoded(source, [source])
        raise InputError(
            f"{source}: no recording that can be annotated; give a WFDB record, an EDF or BDF "
            "file, an ISHNE Holter file, or sound"
        )
    return [source]


def _below(folder: Path) -> list[Path]:
    below = files_below(folder)
    for form in _FORMATS:
        files = with_suffix(below, form.suffixes)
        if form is WFDB:
            segments = {as_spelt(h.with_name(f"{n}.hea")) for h in files for n in segment_names(h)}
            files = [f for f in files if f not in segments]
        if files:
            return files
    known = ", ".join(s for f in _FORMATS for s in f.suffixes[:_SHOWN])
    raise InputError(f"{folder}: no recording ({known}); found are {describe_files(below)}")


def open_recording(file: Path) -> Recording:
    """Read what a recording says of itself.

    Raises
    ------
    InputError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile, wfdb
    >>> folder, values = tempfile.mkdtemp(), np.zeros((720, 2))
    >>> wfdb.wrsamp("r", 360, ["mV"] * 2, ["II", "V1"], values, fmt=["16"] * 2, write_dir=folder)
    >>> recording = open_recording(Path(folder, "r.hea"))
    >>> recording.seconds, recording.only(["v1"]).read(0, 5).shape
    (2.0, (1, 5))
    """
    form = _format_of(file)
    assert form is not None
    with told_as_damage(file, form.title):
        record = form.header(file)
        return Recording(file, join({file: record}, [file], ReadOptions(), form))


def _format_of(file: Path) -> Format | None:
    return next((f for f in _FORMATS if file.suffix.lower() in f.suffixes), None)
