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
# What people write for a unit, in brackets behind a name or below it, convertible or not.
_UNITS = {
    *("s", "ms", "us", "µs", "ns", "sec", "seconds", "v", "mv", "uv", "µv", "μv", "nv", "volt"),
    *("g", "mg", "m/s2", "m/s^2", "m/s²", "m/(s^2)", "m/(sec^2)", "m/s/s", "m/s", "rad/s", "deg/s"),
    *("dps", "°/s", "deg", "°", "rad", "ut", "µt", "μt", "gauss", "t", "hz", "khz", "bpm", "1/min"),
    *("°c", "degc", "c", "k", "%", "a", "ma", "ua", "µa", "w", "kw", "nm", "mm", "cm", "m", "km"),
    *("pa", "kpa", "hpa", "bar", "mbar", "mmhg", "psi", "kg", "n", "kn", "ohm", "ohms", "kohm"),
    *("us", "µs", "usiemens", "db", "rpm", "l/min", "ml", "no_units", "no units", "counts"),
    *("yyyy/mm/dd hh:mm:ss.000", "unix", "a.u.", "au"),
}
# Of sound, whose values lie between -1 and 1.
SOUND_UNIT = "of full scale"
_SPACE = re.compile(r"\s+")
_IN_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*$")


def without_unit(column: str) -> tuple[str, str]:
    """Return the name of a column, and what stands in brackets behind it.

    Examples
    --------
    >>> without_unit("Lead I (mV)"), without_unit("V1")
    (('Lead I', 'mV'), ('V1', ''))
    """
    found = _IN_BRACKETS.search(column)
    return (column.strip(), "") if found is None else (column[: found.start()].strip(), found[1])


def named_unit(column: str) -> tuple[str, str]:
    """Return the name of a column, and the unit behind it where what is in brackets is one.

    Examples
    --------
    >>> named_unit("acc_x [m/s^2]"), named_unit("sensor (left)"), named_unit("(g)")
    (('acc_x', 'm/s^2'), ('sensor (left)', ''), ('(g)', ''))
    >>> named_unit("a [mm/s2]")
    ('a', 'mm/s2')
    """
    name, unit = without_unit(column)
    # Words may end like units; mm/s2 is none of these.
    known = is_unit(unit) or (not unit.strip().isalnum() and _parsed(unit) is not None)
    return (name, unit.strip()) if name and known else (column, "")


def is_unit(text: str) -> bool:
    """Whether a text is a unit that people write.

    Examples
    --------
    >>> is_unit("mV"), is_unit("left")
    (True, False)
    """
    return text.strip().casefold() in _UNITS


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
