"""ECGs that GE MUSE exports as XML (RestingECG).

There is no public specification; the elements are those that MUSE 7 to 9 write: a ``Waveform`` has
``SampleBase`` (hertz), and in each ``LeadData`` the samples as 16-bit integers, low byte first, in
base64, with ``LeadAmplitudeUnitsPerBit``.
"""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.signals.about import facts
from msssm_ts.datasets.signals.names import lead_key
from msssm_ts.datasets.signals.record import Facts
from msssm_ts.datasets.signals.stored import Stored
from msssm_ts.datasets.xml_ecg.tree import text_of
from msssm_ts.errors import InputError

# The electrocardiograph measures these; the other four follow from I and II.
_MEASURED = {"i", "ii", "v1", "v2", "v3", "v4", "v5", "v6"}
_LIMBS = ("III", "aVR", "aVL", "aVF")


def read_muse(file: Path, root: Element) -> Stored:
    """Read the rhythm of a MUSE file; of eight leads the other four are calculated.

    Raises
    ------
    InputError
        If there is no waveform in it, or one is damaged.
    """
    waveforms = root.findall("Waveform")
    if not waveforms:
        raise InputError(f"{file}: there is no waveform in it; export it from MUSE with them")
    rhythms = [w for w in waveforms if text_of(w, "WaveformType").casefold() == "rhythm"]
    waveform = (rhythms or waveforms)[0]
    rate = _number(file, text_of(waveform, "SampleBase"), "SampleBase")
    exponent = text_of(waveform, "SampleExponent")
    if exponent:
        rate *= 10.0 ** int(_number(file, exponent, "SampleExponent"))
    names, units, rows = [], [], []
    odd: list[str] = []
    leads = waveform.findall("LeadData")
    for data in leads:
        name = text_of(data, "LeadID")
        names.append(name)
        unit, remarks = _unit(data)
        units.append(unit)
        rows.append(_samples(file, data, name))
        if len(rows[-1]) > float(text_of(data, "LeadSampleCountTotal") or len(rows[-1])):
            remarks.append("its leads go on behind the samples that are counted")
        odd += [r for r in remarks if r not in odd]
    if not rows or not all(len(r) for r in rows):
        raise InputError(f"{file}: there is no lead with samples in it; replace the file")
    if len({len(r) for r in rows}) > 1:
        raise InputError(f"{file}: its leads have different numbers of samples; replace the file")
    values = np.stack(rows)
    if len(rhythms) < len(waveforms) and len(waveforms) > 1:
        odd.append("the median beats beside the rhythm are not read")
    if len(rhythms) > 1:
        odd.append("rhythms after the first are not read")
    if len({text_of(data, "LeadOffsetFirstSample") or "0" for data in leads}) > 1:
        odd.append("leads that begin later than others are taken for beginning with them")
    if {lead_key(n) for n in names} == _MEASURED and len(set(units)) == 1:
        values, names = _twelve(values, names), [*names, *_LIMBS]
        units = units[:1] * len(names)
        odd.append("III, aVR, aVL and aVF calculated from I and II")
    return Stored(
        values.astype(np.float32),
        tuple(names),
        tuple(units),
        rate,
        tuple(odd),
        _about(root),
    )


def _unit(data: Element) -> tuple[str, list[str]]:
    """Return the unit of a lead, empty where it has no scale, and what is guessed of it."""
    if not text_of(data, "LeadAmplitudeUnitsPerBit"):
        return "", ["no LeadAmplitudeUnitsPerBit: its values are steps of the converter"]
    said = text_of(data, "LeadAmplitudeUnits").casefold().removesuffix("s")
    if not said:
        return "uV", ["no LeadAmplitudeUnits: taken for microvolts"]
    return {"microvolt": "uV", "millivolt": "mV"}.get(said, said), []


def _about(root: Element) -> Facts:
    patient = root.find("PatientDemographics")
    in_years = text_of(patient, "AgeUnits").casefold() in ("", "years", "year")
    return facts(
        [
            ("age", text_of(patient, "PatientAge") if in_years else ""),
            ("sex", text_of(patient, "Gender")),
            ("patient", text_of(patient, "PatientID")),
        ]
    )


def _twelve(values: NDArray[np.float64], names: list[str]) -> NDArray[np.float64]:
    """Add the limb leads after Einthoven (III = II - I) and Goldberger."""
    one, two = (values[[lead_key(n) for n in names].index(k)] for k in ("i", "ii"))
    return np.vstack([values, two - one, -(one + two) / 2, one - two / 2, two - one / 2])


def _samples(file: Path, data: Element, name: str) -> NDArray[np.float64]:
    try:
        raw = base64.b64decode("".join(text_of(data, "WaveFormData").split()), validate=True)
    except ValueError as error:
        raise InputError(f"{file}: lead {name} is no base64 ({error}); replace the file") from error
    bits = text_of(data, "LeadSampleSize")
    if bits and bits != "2":
        raise InputError(f"{file}: lead {name} has samples of {bits} bytes; export it with 2")
    said = text_of(data, "LeadSampleCountTotal")
    n = len(raw) // 2
    if said and int(_number(file, said, "LeadSampleCountTotal")) > n:
        raise InputError(
            f"{file}: lead {name} breaks off after {n} of {said} samples; replace the file"
        )
    gain = text_of(data, "LeadAmplitudeUnitsPerBit")
    scale = _number(file, gain, "LeadAmplitudeUnitsPerBit") if gain else 1.0
    return np.frombuffer(raw[: 2 * n], dtype="<i2") * scale


def _number(file: Path, text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < abs(number) < 1e9:
        raise InputError(f"{file}: its {what} is {text!r}, which is no number; replace the file")
    return number
