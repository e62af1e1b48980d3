"""Pieces of sound files, of which tables and label files speak."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msssm_ts.datasets.audio.decode import AudioExcerpt, Header, Unreadable, read_header
from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.datasets.recordings.meant import Cutter
from msssm_ts.errors import InputError


def _extent(file: Path) -> tuple[int, float]:
    """Return the steps and the rate of a sound file; no steps where it cannot be read."""
    try:
        header = read_header(file)
    except Unreadable:
        return 0, 1.0
    return header.frames, float(header.rate)


SOUND_CUTTER = Cutter(_extent)


def excerpts(
    recordings: Recordings, headers: Mapping[Path, Header]
) -> tuple[list[AudioExcerpt], list[Header]]:
    """Return where pieces of sound files lie, and a header for each.

    Parameters
    ----------
    recordings : Recordings
        The pieces.
    headers : dict of Path to Header
        Those of the files.

    Raises
    ------
    InputError
        If one does not lie in its file, or in a channel that is not there.
    """
    pieces, manifest = recordings.pieces, recordings.manifest
    assert pieces is not None
    assert manifest is not None
    items, own = [], []
    for key in recordings.files:
        file, channel = pieces.of[key].file, pieces.of[key].channel
        header = headers[file]
        try:
            start, stop = pieces.steps(key, header.frames, header.rate)
            if channel is not None and channel >= header.channels:
                raise InputError(
                    f"channel {channel + 1} of {file.name}, which has {header.channels}; mend it, "
                    f"or read all with --drop {pieces.channel}"
                )
        except InputError as error:
            raise InputError(f"{manifest.where(key)}: {error}") from error
        items.append(AudioExcerpt(str(file), start, stop, channel))
        channels = header.channels if channel is None else 1
        own.append(header._replace(frames=stop - start, channels=channels))
    return items, own
