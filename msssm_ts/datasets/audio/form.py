"""Sound files as recordings of signals that have no names."""

from __future__ import annotations

from pathlib import Path

from msssm_ts.datasets.audio.decode import (
    AudioExcerpt,
    Unreadable,
    read_audio_excerpt,
    read_header,
)
from msssm_ts.datasets.audio.formats import SUFFIXES
from msssm_ts.datasets.signals.names import numbered
from msssm_ts.datasets.signals.record import Format, Record
from msssm_ts.datasets.units import SOUND_UNIT
from msssm_ts.errors import InputError
from msssm_ts.series import Series


def _header(file: Path) -> Record:
    try:
        header = read_header(file)
    except Unreadable as error:
        raise InputError(f"{file}: {error}; remove or replace it") from error
    n = header.channels
    return Record(
        file,
        numbered([None] * n),
        (SOUND_UNIT,) * n,
        (header.frames,) * n,
        (float(header.rate),) * n,
        odd=(header.remark,) if header.remark else (),
    )


def _item(
    record: Record, start: int, stop: int, signals: tuple[int, ...]
) -> tuple[AudioExcerpt, tuple[int, ...]]:
    return AudioExcerpt(str(record.file), start, stop), signals


def _read(item: tuple[AudioExcerpt, tuple[int, ...]]) -> Series:
    excerpt, signals = item
    return read_audio_excerpt(excerpt)[list(signals)]


SOUND = Format("files", SUFFIXES, _header, _item, _read)
