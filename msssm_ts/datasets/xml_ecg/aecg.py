"""The annotated ECG of HL7 (AnnotatedECG, aECG).

Source: Brown and Badilini, HL7 aECG Implementation Guide, 2005: a series holds a sequence set, in
which one sequence is the time (head and increment) and each other a lead (origin, scale, digits).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.signals.about import facts, years_between
from msssm_ts.datasets.signals.record import Facts
from msssm_ts.datasets.signals.stored import Stored
from msssm_ts.datasets.units import unit_factor
from msssm_ts.datasets.xml_ecg.tree import text_of
from msssm_ts.errors import InputError

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_NO_RATE = "the time between samples has no unit that is known, and so no rate; --fs says it"


def read_aecg(file: Path, root: Element) -> Stored:
    """Read the first rhythm of an aECG file.

    Raises
    ------
    InputError
        If there is no lead in it, or one is damaged.
    """
    sets = root.findall("component/series/component/sequenceSet")
    if not sets:
        raise InputError(f"{file}: there is no series of leads in it; replace the file")
    rates: list[float] = []
    odd: list[str] = []
    names: list[str] = []
    units: list[str] = []
    rows: list[NDArray[np.float64]] = []
    for sequence in sets[0].findall("component/sequence"):
        code, value = sequence.find("code"), sequence.find("value")
        name = "" if code is None else code.get("code", "")
        if code is None or value is None:
            odd.append(f"a sequence without {'a code' if code is None else 'values'} ({name})")
            continue
        if name.startswith("TIME_"):
            step = value.find("increment")
            if step is not None:
                seconds = _quantity(file, step) * _SECONDS.get(step.get("unit", "").casefold(), 0.0)
                rates.append(1 / seconds if seconds > 0 else 0.0)
            continue
        origin, scale = value.find("origin"), value.find("scale")
        if scale is None:
            raise InputError(f"{file}: lead {name} has no scale; replace the file")
        digits = np.array(_digits(file, name, text_of(value, "digits")))
        offset = _offset(file, name, origin, scale) if origin is not None else 0.0
        factor = _quantity(file, scale)
        if not factor:
            odd.append(f"a scale of 0 leaves nothing of lead {name}")
        rows.append(digits * factor + offset)
        names.append(name.removeprefix("MDC_ECG_LEAD_"))
        units.append(scale.get("unit", ""))
    if not rows or len({len(r) for r in rows}) > 1 or not len(rows[0]):
        raise InputError(
            f"{file}: its leads have {sorted({len(r) for r in rows})} samples; replace the file"
        )
    rate = rates[-1] if rates else 0.0
    if rates and not rate:
        odd.append(_NO_RATE)
    elif len(set(rates)) > 1:
        rest = enumerate_names([f"{r:g} Hz" for r in rates[:-1]])
        odd.append(f"its leads are taken for sampled at {rate:g} Hz, not at {rest}")
    if len(sets) > 1:
        odd.append("series after the first are not read")
    # Rates are whole where the increment is written with few digits.
    rate = round(rate) if rate and abs(rate - round(rate)) < 1e-3 * rate else rate
    return Stored(
        np.stack(rows).astype(np.float32),
        tuple(names),
        tuple(units),
        float(rate),
        tuple(odd),
        _about(root),
    )


def _about(root: Element) -> Facts:
    subject = next(root.iter("trialSubject"), None)
    if subject is None:
        return ()
    person = subject.find("subjectDemographicPerson")
    found = {} if person is None else {e.tag: e for e in person}
    then = next((e for e in root.iter("low") if e.get("value")), None)
    return facts(
        [
            ("age", years_between(_day(found.get("birthTime")), _day(then))),
            ("sex", _value(found.get("administrativeGenderCode"), "code")),
            ("patient", _value(subject.find("id"), "extension")),
        ]
    )


def _value(element: Element | None, name: str = "value") -> str:
    return "" if element is None else element.get(name, "")


def _day(element: Element | None) -> date | None:
    """Read a date such as 19500602 or 20200601120000.000."""
    try:
        return datetime.strptime(_value(element)[:8], "%Y%m%d").date()
    except ValueError:
        return None


def _quantity(file: Path, element: Element) -> float:
    text = element.get("value", "")
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{file}: {text!r} is no number; replace the file") from error


def _offset(file: Path, name: str, origin: Element, scale: Element) -> float:
    """Return the value of digit 0, in the unit of the scale."""
    value, own, wanted = _quantity(file, origin), origin.get("unit", ""), scale.get("unit", "")
    factor = unit_factor(own, wanted) if own and wanted else 1.0
    if factor is None and value:
        raise InputError(
            f"{file}: lead {name} has its origin in {own}, but its scale in {wanted}; replace the "
            "file"
        )
    return value * (factor or 1.0)


def _digits(file: Path, name: str, text: str) -> list[float]:
    try:
        return [float(t) for t in text.split()]
    except ValueError as error:
        raise InputError(f"{file}: lead {name} is no list of numbers; replace the file") from error
