"""Small ECGs in the formats of devices, for the tests of readers."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import numpy as np


def write_muse(file: Path, leads: dict[str, np.ndarray], *, head: str = "", cut: int = 0) -> None:
    """Write a MUSE XML file of leads in steps of 4.88 µV."""
    text = ""
    for name, values in leads.items():
        raw = values.astype("<i2").tobytes()
        said = len(values)
        text += (
            f"<LeadData><LeadSampleCountTotal>{said}</LeadSampleCountTotal><LeadID>{name}</LeadID>"
            "<LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit>"
            "<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits>"
            f"<WaveFormData>{base64.b64encode(raw[: len(raw) - cut]).decode()}</WaveFormData>"
            "</LeadData>"
        )
    wave = "<Waveform><WaveformType>{}</WaveformType><SampleBase>500</SampleBase>{}</Waveform>"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{head}<RestingECG>'
        + wave.format("Median", text)
        + wave.format("Rhythm", text)
        + "</RestingECG>"
    )


def write_ishne(
    file: Path, values: np.ndarray, *, samples: int | None = None, rate: int = 200
) -> None:
    """Write an ISHNE Holter file of 2.5 µV a step."""
    n, length = values.shape
    head = bytearray(522)
    head[:8] = b"ISHNE1.0"
    struct.pack_into("<iiii", head, 10, 0, length if samples is None else samples, 522, 522)
    struct.pack_into("<h", head, 156, n)
    struct.pack_into(f"<{n}h", head, 158, *(5 + i for i in range(n)))
    struct.pack_into(f"<{n}h", head, 206, *[2500] * n)
    struct.pack_into("<h", head, 272, rate)
    file.write_bytes(bytes(head) + values.T.astype("<i2").tobytes())


def write_dicom(
    file: Path,
    steps: np.ndarray,
    *,
    said: int | None = None,
    patient: tuple[str, str, str] | None = None,
) -> None:
    """Write a DICOM waveform of 2.5 µV a step, perhaps of a patient with id, age and sex."""
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence as Items

    channels = []
    for i in range(len(steps)):
        channel, source, unit = Dataset(), Dataset(), Dataset()
        source.CodeMeaning = f"Lead {'I' * (i + 1)} (Einthoven)"
        unit.CodeValue = "uV"
        channel.ChannelSourceSequence = Items([source])
        channel.ChannelSensitivity = "2.5"
        channel.ChannelSensitivityCorrectionFactor = "1"
        channel.ChannelBaseline = "0"
        channel.ChannelSensitivityUnitsSequence = Items([unit])
        channels.append(channel)
    group = Dataset()
    group.NumberOfWaveformChannels = len(steps)
    group.NumberOfWaveformSamples = steps.shape[1] if said is None else said
    group.SamplingFrequency = "500"
    group.WaveformBitsAllocated = 16
    group.WaveformSampleInterpretation = "SS"
    group.ChannelDefinitionSequence = Items(channels)
    group.WaveformData = steps.T.astype("<i2").tobytes()
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    data.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    data.WaveformSequence = Items([group])
    if patient is not None:
        data.PatientID, data.PatientAge, data.PatientSex = patient
    data.save_as(file, enforce_file_format=True)
