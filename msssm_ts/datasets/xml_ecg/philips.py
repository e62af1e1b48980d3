"""ECGs that Philips' electrocardiographs export as XML (SierraECG, PhilipsECG; 1.03 to 1.04.02).

Source: the schemas and the description in the Sierra ECG Tools,
https://github.com/sixlettervariables/sierra-ecg-tools: ``parsedwaveforms`` holds all leads, each
for ``durationperchannel`` milliseconds, as 16-bit integers, plain or in base64, perhaps compressed
(:mod:`msssm_ts.datasets.xml_ecg.xli`).
"""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.signals.about import facts
from msssm_ts.datasets.signals.names import lead_key
from msssm_ts.datasets.signals.record import Facts
from msssm_ts.datasets.signals.stored import Stored
from msssm_ts.datasets.xml_ecg.tree import text_of
from msssm_ts.datasets.xml_ecg.xli import read_chunks
from msssm_ts.errors import InputError

# Leads of the sets that files name without naming their leads.
_TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_SETS = ("STD-12", "10-WIRE")
_LIMBS = [lead_key(n) for n in _TWELVE[:6]]
_MOST_LEADS = 64


def read_philips(file: Path, root: Element) -> Stored:
    """Read the rhythm of a Philips file.

    Raises
    ------
    InputError
        If there is no waveform in it, or it is damaged.
    """
    waves = root.find("waveforms/parsedwaveforms")
    details = root.find("dataacquisition/signalcharacteristics")
    if waves is None:
        raise InputError(f"{file}: there is no waveform in it; export it with them")
    said = waves.attrib
    rate = _number(file, said.get("samplespersecond") or text_of(details, "samplingrate"), "rate")
    milliseconds = _number(file, said.get("durationperchannel", ""), "durationperchannel")
    length = round(milliseconds * rate / 1000)
    names = _names(file, waves, details)
    if not length > 0:
        raise InputError(f"{file}: its leads last {milliseconds:g} ms; replace the file")
    demand(24 * length * len(names), file, "its leads")
    try:
        values = _values(waves, names, length)
    except ValueError as error:
        raise InputError(f"{file}: {error}; replace the file") from error
    resolution = said.get("resolution") or text_of(details, "resolution")
    resolution = resolution or text_of(details, "signalresolution")
    zero = said.get("signaloffset") or text_of(details, "signaloffset") or "0"
    odd: tuple[str, ...] = ()
    unit, scale = "mV", 1e-3
    if resolution:
        scale *= _number(file, resolution, "resolution")
    else:
        unit, scale = "", 1.0
        odd = ("no resolution in the file, taken as steps of the converter",)
    offset = float(zero) if zero.lstrip("+-").isdecimal() else 0.0
    return Stored(
        ((values - offset) * scale).astype(np.float32),
        names,
        (unit,) * len(names),
        rate,
        odd,
        _about(root),
    )


def _names(file: Path, waves: Element, details: Element | None) -> tuple[str, ...]:
    labels = waves.get("leadlabels", "").split()
    count = waves.get("numberofleads") if labels else text_of(details, "numberchannelsallocated")
    n = int(_number(file, count or "", "number of leads")) if count or not labels else len(labels)
    if not 0 < n <= _MOST_LEADS:
        raise InputError(f"{file}: its header says {n} leads, of 1 to {_MOST_LEADS}")
    if labels:
        return tuple(labels[:n])
    known = {text_of(details, name) for name in ("acquisitiontype", "leadset")} & set(_SETS)
    return tuple(_TWELVE[i] if known and i < len(_TWELVE) else "" for i in range(n))


def _values(waves: Element, names: tuple[str, ...], length: int) -> NDArray[np.float64]:
    """Return the samples of all leads, (n_leads, length)."""
    text, n = waves.text or "", len(names)
    method = waves.get("compressmethod") or waves.get("compression") or ""
    packed = waves.get("compressflag", "").casefold() != "false" and method.casefold() not in (
        *("", "none", "uncompressed"),
    )
    encoding = waves.get("dataencoding", "Base64")
    if packed and (method.casefold() != "xli" or encoding != "Base64"):
        raise ValueError(f"its samples are compressed as {method} {encoding}, which is not read")
    if encoding == "Plain":
        found = np.array(text.split(), np.float64)
        if len(found) < n * length:
            raise ValueError(f"it breaks off after {len(found)} of {n * length} samples")
        return found[: n * length].reshape(n, length)
    raw = base64.b64decode("".join(text.split()), validate=True)
    if packed:
        values = read_chunks(raw, n, length)
        if [lead_key(name) for name in names[:6]] == _LIMBS:
            _limb_leads(values)
        return values.astype(np.float64)
    if len(raw) < 2 * n * length:
        raise ValueError(f"it breaks off after {len(raw)} of {2 * n * length} bytes")
    return np.frombuffer(raw[: 2 * n * length], "<i2").reshape(n, length).astype(np.float64)


def _limb_leads(values: NDArray[np.int64]) -> None:
    """Bring back III, aVR, aVL and aVF, of which what I and II do not tell is stored, in place."""
    one, two = values[0], values[1]
    three = two - one - values[2]
    values[2] = three
    values[3] = -values[3] - (one + two) // 2
    values[4] = (one - three) // 2 - values[4]
    values[5] = (two + three) // 2 - values[5]


def _about(root: Element) -> Facts:
    patient = root.find("patient/generalpatientdata")
    age = None if patient is None else patient.find("age")
    return facts(
        [
            ("age", text_of(age, "years")),
            ("sex", text_of(patient, "sex")),
            ("patient", text_of(patient, "patientid")),
        ]
    )


def _number(file: Path, text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise InputError(f"{file}: its {what} is {text!r}, which is no number; replace the file")
    return number
