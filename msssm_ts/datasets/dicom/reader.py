"""Waveforms in DICOM files (PS3.3, C.10.9 Waveform Module), through the optional pydicom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.signals.about import facts
from msssm_ts.datasets.signals.record import Facts
from msssm_ts.datasets.signals.stored import Stored, stored_format
from msssm_ts.errors import InputError
from msssm_ts.optional import needed

# Transfer syntaxes that compress the whole file: Deflated Explicit VR Little Endian.
_DEFLATED = ("1.2.840.10008.1.2.1.99",)
# Waveform sample interpretations that are plain integers, and how numpy calls them.
_INTEGERS = {"SB": "<i1", "UB": "<u1", "SS": "<i2", "US": "<u2", "SL": "<i4", "UL": "<u4"}


def decode_dicom(file: Path) -> Stored:
    """Read the first multiplex group of a DICOM waveform.

    Raises
    ------
    InputError
        If there is no waveform in it, or it is damaged.
    """
    pydicom = needed("dicom", f"{file}: DICOM")
    try:
        demand(file.stat().st_size, file, "its elements")
        # It is unpacked at a blow, whatever it grows to.
        if pydicom.filereader.read_file_meta_info(file).get("TransferSyntaxUID") in _DEFLATED:
            raise InputError(
                f"{file}: compressed as a whole, which is not read; unpack it with dcmconv +te"
            )
        data = pydicom.dcmread(file)
        groups = list(getattr(data, "WaveformSequence", ()))
    except InputError:
        raise
    # pydicom raises what its parser happens to run into.
    except Exception as error:
        raise InputError(
            f"{file}: not a readable DICOM file ({reason_of(error)}); replace the file"
        ) from error
    if not groups:
        raise InputError(f"{file}: a DICOM file without a waveform; leave images out")
    try:
        little = data.file_meta.TransferSyntaxUID.is_little_endian
        return _group(file, groups[0], len(groups), little)._replace(about=_about(data))
    except InputError:
        raise
    # As above: elements are parsed when they are asked for.
    except Exception as error:
        raise InputError(
            f"{file}: its waveform cannot be understood ({reason_of(error)}); replace the file"
        ) from error


def _group(file: Path, group: Any, n_groups: int, little: bool) -> Stored:
    n, length = int(group.NumberOfWaveformChannels), int(group.NumberOfWaveformSamples)
    kind = _INTEGERS.get(str(group.WaveformSampleInterpretation))
    if kind is None:
        raise InputError(
            f"{file}: samples of kind {group.WaveformSampleInterpretation}; convert it to EDF"
        )
    bits = 8 * np.dtype(kind).itemsize
    if int(group.get("WaveformBitsAllocated") or bits) != bits:
        raise InputError(
            f"{file}: samples of kind {group.WaveformSampleInterpretation} in "
            f"{group.WaveformBitsAllocated} bits each, which contradict each other; replace it"
        )
    kind = kind if little else kind.replace("<", ">")
    raw = bytes(group.WaveformData)
    needed = n * length * np.dtype(kind).itemsize
    if not 0 < needed <= len(raw):
        raise InputError(
            f"{file}: breaks off after {len(raw)} of {needed} bytes of its waveform; replace it"
        )
    demand(8 * n * length, file, "its waveform")
    steps = np.frombuffer(raw[:needed], dtype=kind).reshape(length, n).T.astype(np.float64)
    names, units = [], []
    padding = group.get("WaveformPaddingValue")
    if padding is not None:
        steps[steps == np.frombuffer(_as_bytes(padding, kind), kind)[0]] = np.nan
    for row, channel in zip(steps, group.ChannelDefinitionSequence, strict=True):
        names.append(_name(channel))
        units.append(_calibrate(row, channel))
    odd = ["waveforms after the first are not read"] if n_groups > 1 else []
    if any(_is_late(channel) for channel in group.ChannelDefinitionSequence):
        odd.append("channels that were sampled later than others (skew) are taken as they stand")
    channels = zip(names, group.ChannelDefinitionSequence, strict=True)
    if flat := [name for name, channel in channels if _is_flat(channel)]:
        odd.append(f"a sensitivity of 0 leaves nothing of {enumerate_names(flat)}")
    # One byte makes their number even.
    if len(raw) > needed + 1:
        odd.append("its waveform goes on behind the samples that its header counts")
    return Stored(
        steps.astype(np.float32),
        tuple(names),
        tuple(units),
        float(group.SamplingFrequency),
        tuple(odd),
    )


def _is_late(channel: Any) -> bool:
    """Whether a channel's samples are not of the time at which they stand."""
    return any(float(channel.get(f"Channel{name}Skew") or 0) for name in ("Time", "Sample"))


def _is_flat(channel: Any) -> bool:
    return channel.get("ChannelSensitivity") is not None and not float(channel.ChannelSensitivity)


def _as_bytes(value: Any, kind: str) -> bytes:
    """Return a sample of the waveform, which pydicom gives as a number or as it is stored."""
    return bytes(value) if isinstance(value, bytes) else np.array(value, kind).tobytes()


def _about(data: Any) -> Facts:
    # "063Y"; other units are those of infants.
    years = str(data.get("PatientAge", "") or "")
    return facts(
        [
            ("age", int(years[:3]) if years[3:] == "Y" and years[:3].isdecimal() else ""),
            ("sex", data.get("PatientSex", "") or ""),
            ("patient", data.get("PatientID", "") or ""),
        ]
    )


def _name(channel: Any) -> str:
    source = next(iter(getattr(channel, "ChannelSourceSequence", ())), None)
    meaning = str(getattr(source, "CodeMeaning", "") or getattr(channel, "ChannelLabel", ""))
    # "Lead I (Einthoven)".
    return meaning.partition("(")[0].strip().removeprefix("Lead ").strip()


def _calibrate(row: np.ndarray[Any, Any], channel: Any) -> str:
    """Bring steps of the converter to a unit, in place; return it."""
    sensitivity = getattr(channel, "ChannelSensitivity", None)
    if sensitivity is None:
        return ""
    factor = float(getattr(channel, "ChannelSensitivityCorrectionFactor", None) or 1)
    row *= float(sensitivity) * factor
    row += float(getattr(channel, "ChannelBaseline", None) or 0)
    unit = next(iter(getattr(channel, "ChannelSensitivityUnitsSequence", ())), None)
    return str(getattr(unit, "CodeValue", ""))


DICOM = stored_format((".dcm", ".dicom"), decode_dicom)
