"""Names of the leads of an ECG, as tables head their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msssm_ts.datasets.units import without_unit

_LEAD = re.compile(
    r"((lead|ecg)[ _-]?)?(i|ii|iii|-?avr|avl|avf|v[1-9]r?|mlii|mliii|mlv?[1-6])", re.IGNORECASE
)


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


def is_lead(name: str) -> bool:
    """Whether a signal is called as a lead is.

    Examples
    --------
    >>> is_lead("Lead II"), is_lead("v4"), is_lead("MV")
    (True, True, False)
    """
    return _LEAD.fullmatch(name.strip()) is not None
