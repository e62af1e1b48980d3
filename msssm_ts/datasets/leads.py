"""Names of leads and other channels, as people write them."""

from __future__ import annotations

import re


def lead_key(name: str) -> str:
    """Return what is the same for two names of one lead: neither case nor spaces count.

    Examples
    --------
    >>> lead_key("aVR") == lead_key("AVR "), lead_key("Lead II") == lead_key("ii")
    (True, True)
    """
    text = re.sub(r"[\s_]+", "", str(name)).casefold()
    return text.removeprefix("lead") or text
