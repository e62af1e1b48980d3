"""Names of the leads of an ECG, as tables head their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LEAD = re.compile(
    r"((lead|ecg)[ _-]?)?(i|ii|iii|-?avr|avl|avf|v[1-9]r?|mlii|mliii|mlv?[1-6])", re.IGNORECASE
)
_UNIT = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*$")


def without_unit(column: str) -> tuple[str, str]:
    """Return the name of a column, and the unit in brackets behind it.

    Examples
    --------
    >>> without_unit("Lead I (mV)"), without_unit("V1")
    (('Lead I', 'mV'), ('V1', ''))
    """
    found = _UNIT.search(column)
    return (column.strip(), "") if found is None else (column[: found.start()].strip(), found[1])


def are_leads(columns: Sequence[str]) -> bool:
    """Whether columns are called as leads are; V1, V2 and so on alone may be anything's.

    Examples
    --------
    >>> are_leads(["I", "aVR", "V1 (mV)"]), are_leads(["V1", "V2"]), are_leads(["I", "age"])
    (True, False, False)
    """
    names = [without_unit(c)[0] for c in columns]
    limbs = [n for n in names if not n.casefold().startswith("v")]
    return bool(limbs) and all(_LEAD.fullmatch(n) for n in names)
