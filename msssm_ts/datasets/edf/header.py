"""Headers of EDF, EDF+ and BDF files.

Sources: Kemp et al., A simple format for exchange of digitized polygraphic recordings
(Electroencephalogr. Clin. Neurophysiol. 82, 1992); Kemp and Olivan, EDF+ (Clin. Neurophysiol. 114,
2003), https://www.edfplus.info/specs; BioSemi, https://www.biosemi.com/faq/file_format.htm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from msssm_ts.errors import InputError

_BDF = b"\xffBIOSEMI"
# Widths of the fields of each signal; those of one kind stand together.
_FIELDS = {
    "label": 16,
    "transducer": 80,
    "unit": 8,
    "physical_min": 8,
    "physical_max": 8,
    "digital_min": 8,
    "digital_max": 8,
    "filters": 80,
    "samples": 8,
    "reserved": 32,
}
_SIGNAL = sum(_FIELDS.values())
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")


@dataclass(frozen=True)
class EdfSignal:
    """What a header says of a signal.

    Parameters
    ----------
    label, unit : str
        Its name and the unit of its values.
    gain, offset : float
        Value of a step of the converter, and of its zero.
    samples : int
        In each data record.
    place : int
        Bytes of a data record before it.
    calibrated : bool
        Whether the ranges of the header say the gain.
    """

    label: str
    unit: str
    gain: float
    offset: float
    samples: int
    place: int
    calibrated: bool


@dataclass(frozen=True)
class EdfHeader:
    """What the header of a file says, as far as the file holds it.

    Parameters
    ----------
    file : Path
        The file.
    width : int
        Bytes of a sample.
    start : int
        Bytes before the first data record.
    n_records : int
        Data records.
    promised : int
        Those that the header speaks of; -1 where it does not know.
    duration : float
        Of a data record, in seconds.
    record_bytes : int
        Of a data record.
    gaps : bool
        Whether the recording may be interrupted (EDF+D).
    signals : tuple of EdfSignal
        What was measured.
    annotations : tuple of EdfSignal
        Signals that hold annotations.
    begin : datetime or None
        When the recording began, where the header says it.
    patient : str
        The patient's field, as it stands.
    beyond : int
        Data records behind those that the header speaks of.
    """

    file: Path
    width: int
    start: int
    n_records: int
    promised: int
    duration: float
    record_bytes: int
    gaps: bool
    signals: tuple[EdfSignal, ...]
    annotations: tuple[EdfSignal, ...]
    begin: datetime | None = None
    patient: str = ""
    beyond: int = 0


def read_edf_header(file: Path) -> EdfHeader:
    """Read the header of an EDF or BDF file, and compare it with the file's size.

    Raises
    ------
    InputError
        If it cannot be understood, or the file breaks off.
    """
    try:
        with file.open("rb") as stream:
            size = file.stat().st_size
            return _read(file, stream, size)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); replace the file") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split())
        raise InputError(f"{file}: not a readable EDF file ({reason}); replace the file") from error


def _read(file: Path, stream: BinaryIO, size: int) -> EdfHeader:
    head = stream.read(256)
    bdf = head[:8] == _BDF
    if len(head) < 256 or not (bdf or head[:8].strip() == b"0"):
        raise ValueError("it does not begin as one")
    reserved = _text(head[192:236])
    promised, duration = int(_number(head[236:244])), _number(head[244:252])
    n_signals = int(_number(head[252:256]))
    if n_signals < 1 or 256 + _SIGNAL * n_signals > size:
        raise ValueError(f"{n_signals} signals do not fit into {size} bytes")
    block = stream.read(_SIGNAL * n_signals)
    fields: dict[str, list[bytes]] = {}
    place = 0
    for name, width in _FIELDS.items():
        fields[name] = [block[place + i * width :][:width] for i in range(n_signals)]
        place += n_signals * width
    width = 3 if bdf else 2
    signals: list[EdfSignal] = []
    annotations: list[EdfSignal] = []
    place = 0
    for i in range(n_signals):
        signal = _signal({name: values[i] for name, values in fields.items()}, place)
        if signal.samples < 0:
            raise ValueError(f"signal {signal.label!r} has {signal.samples} samples a data record")
        place += signal.samples * width
        (annotations if signal.label in _ANNOTATIONS else signals).append(signal)
    start = 256 + _SIGNAL * n_signals
    there = (size - start) // place if place else 0
    if promised > there:
        raise InputError(
            f"{file}: breaks off after {there} of {promised} data records that its header "
            "promises; replace the file"
        )
    if signals and not (math.isfinite(duration) and duration > 0):
        raise ValueError(f"a data record lasts {duration:g} s")
    return EdfHeader(
        file,
        width,
        start,
        # A recorder that was stopped leaves -1, or 0.
        promised if promised > 0 else there,
        promised,
        duration,
        place,
        reserved.startswith(("EDF+D", "BDF+D")),
        tuple(s for s in signals if s.samples),
        tuple(annotations),
        _begin(head[168:184]),
        _text(head[8:88]),
        there - promised if promised > 0 else 0,
    )


def _begin(raw: bytes) -> datetime | None:
    """Read date and time, 23.11.05 14.30.00; years from 85 on are of the last century."""
    try:
        found = datetime.strptime(_text(raw), "%d.%m.%y%H.%M.%S")
    except ValueError:
        return None
    year = found.year % 100
    return found.replace(year=year + (1900 if year >= 85 else 2000))


def _signal(fields: dict[str, bytes], place: int) -> EdfSignal:
    low, high = _number(fields["physical_min"]), _number(fields["physical_max"])
    first, last = _number(fields["digital_min"]), _number(fields["digital_max"])
    calibrated = first != last and low != high
    gain = (high - low) / (last - first) if calibrated else 1.0
    return EdfSignal(
        _text(fields["label"]),
        _text(fields["unit"]),
        gain,
        low - gain * first if calibrated else 0.0,
        int(_number(fields["samples"])),
        place,
        calibrated,
    )


def _text(raw: bytes) -> str:
    """Text of a header: ASCII by the standard, others by habit."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\x00", " ").strip()


def _number(raw: bytes) -> float:
    text = _text(raw)
    try:
        # Some recorders write the decimal comma of their country.
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise ValueError(f"{text!r} is no number") from error
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no number")
    return number
