"""Units of measured values, and what one is in another."""

from __future__ import annotations

import re

_PREFIX = {
    "p": 1e-12,
    "pico": 1e-12,
    "n": 1e-9,
    "nano": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "micro": 1e-6,
    "m": 1e-3,
    "milli": 1e-3,
    "c": 1e-2,
    "": 1.0,
    "k": 1e3,
    "kilo": 1e3,
}
# Spellings of a base, and what it is of the first of its kind.
_BASES = {
    "volt": {"v": 1.0, "volt": 1.0, "volts": 1.0},
    "ampere": {"a": 1.0, "amp": 1.0, "ampere": 1.0, "amperes": 1.0},
    "pascal": {"pa": 1.0, "pascal": 1.0, "mmhg": 133.322387415, "cmh2o": 98.0665},
    "tesla": {"t": 1.0, "tesla": 1.0},
    "acceleration": {"m/s2": 1.0, "m/s^2": 1.0, "m/s²": 1.0, "m/s/s": 1.0, "g": 9.80665},
    "turning": {"rad/s": 1.0, "dps": 0.017453292519943295, "deg/s": 0.017453292519943295},
    "siemens": {"s": 1.0, "siemens": 1.0},
    "temperature": {"degc": 1.0, "°c": 1.0, "celsius": 1.0, "degreec": 1.0, "degreescelsius": 1.0},
    "share": {"%": 0.01, "percent": 0.01, "pct": 0.01},
    "frequency": {"hz": 1.0, "bpm": 1 / 60, "/min": 1 / 60, "1/min": 1 / 60, "beats/min": 1 / 60},
}
# Of sound, whose values lie between -1 and 1.
SOUND_UNIT = "of full scale"
_SPACE = re.compile(r"\s+")


def unit_factor(unit: str, wanted: str) -> float | None:
    """Return by what values in a unit are multiplied to be in another; None where that is unknown.

    Case does not matter: nobody records megavolts.

    Examples
    --------
    >>> unit_factor("uV", "mV"), unit_factor("mv", "mV"), unit_factor("bpm", "mV")
    (0.001, 1.0, None)
    """
    if _plain(unit) == _plain(wanted):
        return 1.0
    here, there = _parsed(unit), _parsed(wanted)
    if here is None or there is None or here[0] != there[0]:
        return None
    return float(f"{here[1] / there[1]:.12g}")


def _plain(unit: str) -> str:
    return _SPACE.sub("", unit).casefold()


def _parsed(unit: str) -> tuple[str, float] | None:
    """Tell what is measured, and how much of its first unit this one is."""
    text = _plain(unit)
    for kind, bases in _BASES.items():
        if text in bases:
            return kind, bases[text]
    for kind, bases in _BASES.items():
        for base, size in bases.items():
            prefix = text.removesuffix(base)
            if text.endswith(base) and prefix in _PREFIX:
                return kind, _PREFIX[prefix] * size
    return None
