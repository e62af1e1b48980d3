"""MFER (ISO 22077): the rhythm of all leads.

A frame of samples has sequences, each of a block of samples a channel; what they mean is defined
before it, for all channels or for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.mfer import tags
from msssm_ts.datasets.signals.about import facts
from msssm_ts.datasets.signals.record import Facts
from msssm_ts.datasets.signals.stored import Stored, stored_format
from msssm_ts.errors import InputError

_DEFAULT_RATE = 1000.0
_NO_RATE = "no sampling rate in the file, taken as 1000 Hz, as MFER does"
_NO_UNIT = "no sensitivity in the file, taken as steps of the converter"
_FLAGS_LEFT = "channels of flags are not read"
_FRAMES_LEFT = "frames of other channels or rates than the first are not read"


@dataclass
class _State:
    """What has been defined so far; values as they stand in the file."""

    order: Literal["big", "little"] = "big"
    n_channels: int = 1
    kind: int = 0
    of_all: dict[int, bytes] = field(default_factory=dict)
    of_one: dict[int, dict[int, bytes]] = field(default_factory=dict)

    def of(self, channel: int) -> dict[int, bytes]:
        """Return the definitions of a channel; the lead of all is only that of the first."""
        common = {k: v for k, v in self.of_all.items() if k != tags.LEAD or not channel}
        return common | self.of_one.get(channel, {})

    def number(self, raw: bytes, *, signed: bool = False) -> int:
        """Read a whole number in the byte order of the file."""
        return int.from_bytes(raw, self.order, signed=signed)


@dataclass(frozen=True)
class _Channel:
    """What is defined of a channel."""

    name: str
    kind: np.dtype[Any]
    flags: bool
    block: int
    sequences: int
    rate: float
    scale: float
    unit: str
    offset: float
    null: float | None
    said: tuple[str, ...]


def decode_mfer(file: Path) -> Stored:
    """Read the rhythm of an MFER file.

    Raises
    ------
    InputError
        If it is damaged, holds none, or one that is compressed.
    """
    try:
        demand(file.stat().st_size, file, "its definitions")
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); replace the file") from error
    try:
        return _read(file, data)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file}: not a readable MFER file ({error}); replace the file") from error


def _read(file: Path, data: bytes) -> Stored:
    state, patient = _State(), dict[int, bytes]()
    channels: list[_Channel] = []
    frames: list[list[NDArray[np.float64]]] = []
    odd: list[str] = []
    for tag, channel, value in tags.definitions(data):
        if tag == tags.WAVE:
            if state.kind == tags.AVERAGED:
                odd.append("the averaged beat is not read")
                continue
            own = [_channel(state, k) for k in range(_checked(state.n_channels, value))]
            if channels and own != channels:
                odd.append(_FRAMES_LEFT)
                continue
            channels = own
            frames.append(_frame(file, value, channels))
        elif tag == tags.BYTE_ORDER:
            state.order = "little" if value[:1] == b"\1" else "big"
        elif tag == tags.CHANNELS and channel is None:
            state.n_channels, state.of_one = state.number(value) if value else 1, {}
        elif tag == tags.KIND and channel is None:
            state.kind = state.number(value[:2])
        elif tag == tags.COMPRESSION and state.number(value[:2]):
            raise InputError(
                f"{file}: its samples are compressed, which is not read; export it uncompressed, "
                "or as EDF or WFDB"
            )
        elif tag in tags.OF_SAMPLES:
            target = state.of_all if channel is None else state.of_one.setdefault(channel, {})
            # Without a value what was defined holds no longer.
            target.pop(tag, None)
            if value:
                target[tag] = value
        elif tag in (tags.PATIENT, tags.AGE, tags.SEX):
            patient[tag] = value
    chosen = [k for k, c in enumerate(channels) if not c.flags]
    if not chosen:
        raise ValueError("there are no samples in it")
    if len(chosen) < len(channels):
        odd.append(_FLAGS_LEFT)
    kept = [[rows[k] for k in chosen] for rows in frames]
    return _stored(file, [channels[k] for k in chosen], kept, odd, _about(patient))


def _stored(
    file: Path,
    channels: list[_Channel],
    frames: list[list[NDArray[np.float64]]],
    odd: list[str],
    about: Facts,
) -> Stored:
    """Put frames one behind the other."""
    if len({c.rate for c in channels}) > 1 or len({c.block * c.sequences for c in channels}) > 1:
        raise InputError(
            f"{file}: its channels have several rates, which are not read together; convert it to "
            "EDF or WFDB"
        )
    values = np.stack([np.concatenate(rows) for rows in zip(*frames, strict=True)])
    said = [*odd, *(what for c in channels for what in c.said)]
    return Stored(
        values.astype(np.float32),
        tuple(c.name for c in channels),
        tuple(c.unit for c in channels),
        channels[0].rate,
        tuple(dict.fromkeys(said)),
        about,
    )


def _checked(n_channels: int, wave: bytes) -> int:
    """Return a number of channels that samples can have."""
    if not 0 < n_channels <= len(wave):
        raise ValueError(f"{n_channels} channels in {len(wave)} bytes of samples")
    return n_channels


def _channel(state: _State, place: int) -> _Channel:
    own = state.of(place)
    code = state.number(own.get(tags.TYPE, b"\0"))
    if code not in tags.TYPES:
        raise ValueError(f"samples of type {code}")
    kind = np.dtype(tags.TYPES[code]).newbyteorder(state.order)
    block = state.number(own[tags.BLOCK]) if tags.BLOCK in own else 1
    if block < 1:
        raise ValueError("blocks without samples")
    said: list[str] = []
    if tags.INTERVAL not in own:
        said.append(_NO_RATE)
    scale, unit = _scale(state, own, said)
    lead = own.get(tags.LEAD, b"")
    number = state.number(lead[:2])
    return _Channel(
        tags.LEADS.get(number, lead[2:].decode("utf-8", "replace").strip("\0 ")),
        kind,
        code == tags.FLAGS,
        block,
        state.number(own.get(tags.SEQUENCES, b"\0")),
        _rate(state, own),
        scale,
        unit,
        _sample(own.get(tags.OFFSET), kind) or 0.0,
        _sample(own.get(tags.NULL), kind),
        tuple(said),
    )


def _power(state: _State, raw: bytes) -> tuple[int, float]:
    """Read a unit, an exponent of ten and a whole number."""
    if not 3 <= len(raw) <= 6:
        raise ValueError("a rate or a sensitivity of another length than 3 to 6 bytes")
    exponent = int.from_bytes(raw[1:2], "big", signed=True)
    return raw[0], state.number(raw[2:], signed=True) * 10.0**exponent


def _rate(state: _State, own: Mapping[int, bytes]) -> float:
    if tags.INTERVAL not in own:
        return _DEFAULT_RATE
    unit, value = _power(state, own[tags.INTERVAL])
    # Hertz, or seconds; others are no time.
    if unit not in (0, 1) or not 1e-6 < value < 1e9:
        raise ValueError(f"a sampling interval of {value:g} in unit {unit}")
    return round(value if unit == 0 else 1 / value, 6)


def _scale(state: _State, own: Mapping[int, bytes], said: list[str]) -> tuple[float, str]:
    """Return what a step is, and the unit."""
    if tags.SENSITIVITY not in own:
        said.append(_NO_UNIT)
        return 1.0, ""
    unit, value = _power(state, own[tags.SENSITIVITY])
    name, factor = tags.UNITS.get(unit, ("", 1.0))
    if not value:
        raise ValueError("a sensitivity of 0")
    return value * factor, name


def _sample(raw: bytes | None, kind: np.dtype[Any]) -> float | None:
    """Read a value that is written as a sample is."""
    if raw is None or len(raw) < kind.itemsize:
        return None
    return float(np.frombuffer(raw[: kind.itemsize], kind)[0])


def _frame(file: Path, wave: bytes, channels: list[_Channel]) -> list[NDArray[np.float64]]:
    """Take the samples of a frame apart, a row a channel."""
    if len({c.sequences for c in channels}) > 1:
        raise InputError(
            f"{file}: its channels have several numbers of sequences, which are not read; convert "
            "it to EDF or WFDB"
        )
    size = sum(c.block * c.kind.itemsize for c in channels)
    sequences = channels[0].sequences or len(wave) // size
    if not sequences or sequences * size > len(wave):
        raise ValueError(f"its samples break off after {len(wave)} of {sequences * size} bytes")
    demand(32 * sequences * sum(c.block for c in channels), file, "its samples")
    raw = np.frombuffer(wave[: sequences * size], np.uint8).reshape(sequences, size)
    rows, place = [], 0
    for channel in channels:
        width = channel.block * channel.kind.itemsize
        own = np.ascontiguousarray(raw[:, place : place + width]).view(channel.kind).ravel()
        place += width
        values = (own.astype(np.float64) + channel.offset) * channel.scale
        values[own == channel.null] = np.nan
        rows.append(values)
    return rows


def _about(patient: Mapping[int, bytes]) -> Facts:
    years = patient.get(tags.AGE, b"")[:1]
    return facts(
        [
            # 0 and 255 are ages that are not known.
            ("age", years[0] if years and 0 < years[0] < 130 else ""),
            ("sex", {b"\1": "M", b"\2": "F"}.get(patient.get(tags.SEX, b"")[:1], "")),
            (
                "patient",
                patient.get(tags.PATIENT, b"").decode("utf-8", "replace").partition("^")[0],
            ),
        ]
    )


MFER = stored_format((".mwf", ".mfer"), decode_mfer)
