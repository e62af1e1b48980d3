"""Names of signals: numbered where two are equal, compared as people mean them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msssm_ts.datasets.units import named_unit

# What recorders write before the name of an ECG lead or an EEG derivation. Other sensors (EOG,
# EMG, Resp) stay: theirs would be other signals without it. MDC_ECG_LEAD_ is ISO/IEEE 11073-10101.
_PREFIX = re.compile(
    r"^(mdc_ecg_lead_|(lead|ableitung|abl|ecg|ekg|eeg)[\s_.:\-]+)(?=.*[a-z])", re.IGNORECASE
)
# Of the chest, as IEC and AHA call them.
_LIMBS = {"i", "ii", "iii", "avr", "avl", "avf"}
_CHEST = re.compile(r"([cv])([1-6])")
# An electrode of the 10-20 system and its kin, and a common reference that stands behind it.
_ELECTRODE = re.compile(r"((?:fp|af|fc|ft|cp|tp|po|[fctpoa])(?:z|\d{1,2}))-(?:ref|le|ar|avg)")
# EEG systems pad labels with dots ("Fc5."), others write spaces or underscores.
_FILLERS = re.compile(r"[\s_.]+")


def lead_key(name: object) -> str:
    """Return what two names of one lead have in common.

    Case, spaces and the usual prefixes do not matter.

    Examples
    --------
    >>> lead_key("aVR") == lead_key("Lead AVR") == lead_key("MDC_ECG_LEAD_AVR")
    True
    >>> lead_key("EEG Fpz-Cz") == lead_key("Fpz-Cz"), lead_key("MLII") == lead_key("II")
    (True, False)
    """
    text = str(name).strip()
    return _FILLERS.sub("", _PREFIX.sub("", text).casefold()) or text.casefold()


def same_lead(a: object, b: object) -> bool:
    """Whether two names mean the same lead.

    Examples
    --------
    >>> same_lead("aVR", "AVR"), same_lead("V1", "V2"), same_lead("EMG chin", "EOG chin")
    (True, False, False)
    """
    return lead_key(a) == lead_key(b)


def _other_code(key: str, limbs: bool) -> str:
    """Return a chest lead, beside others of an ECG, in the other code: IEC's C1 is AHA's V1."""
    found = _CHEST.fullmatch(key) if limbs else None
    return "" if found is None else f"{'v' if found[1] == 'c' else 'c'}{found[2]}"


def _electrode(key: str) -> str:
    """Return an electrode without the common reference behind it."""
    found = _ELECTRODE.fullmatch(key)
    return key if found is None else found[1]


def meant_names(names: Iterable[str], there: Sequence[str]) -> list[str | None]:
    """Return which of the names that there are each name means; None where it is none of them.

    One that is spelt so comes first, then one that means the same lead; then a unit behind either
    does not matter; at last C1 to C6 are V1 to V6, and EEG FP1-REF is Fp1.

    Examples
    --------
    >>> meant_names(["avr", "acc [g]", "V9", "C2"], ["aVR", "acc", "V2"])
    ['aVR', 'acc', None, 'V2']
    >>> meant_names(["C2"], ["V1", "V2"]), meant_names(["EEG FP1-REF", "EEG C3-A2"], ["Fp1", "C3"])
    ([None], ['Fp1', None])
    """
    exact = {n: n for n in there}
    meant = {lead_key(n): n for n in reversed(there)}
    bare = {lead_key(named_unit(n)[0]): n for n in reversed(there)}
    electrodes = {_electrode(lead_key(n)): n for n in reversed(there)}
    limbs = not _LIMBS.isdisjoint(meant)
    return [
        exact.get(n)
        or meant.get(lead_key(n))
        or bare.get(lead_key(named_unit(n)[0]))
        or meant.get(_other_code(lead_key(n), limbs))
        or electrodes.get(_electrode(lead_key(n)))
        for n in names
    ]


def lead_positions(names: Sequence[object], wanted: Iterable[object]) -> list[int | None]:
    """Return where each wanted lead stands among names; None for one that is not there.

    A name that is spelt exactly so comes before one that means the same.

    Examples
    --------
    >>> lead_positions(["I", "AVR"], ["aVR", "I", "V9"])
    [1, 0, None]
    """
    exact = {str(n): i for i, n in reversed(list(enumerate(names)))}
    meant = {lead_key(n): i for i, n in reversed(list(enumerate(names)))}

    limbs = not _LIMBS.isdisjoint(meant)

    def place(name: str) -> int | None:
        key = lead_key(name)
        return exact.get(name, meant.get(key, meant.get(_other_code(key, limbs))))

    return [place(str(w)) for w in wanted]


def numbered(names: Iterable[object]) -> tuple[str, ...]:
    """Return names of which no two mean the same; nameless signals are called by their place.

    Examples
    --------
    >>> numbered(["ECG", "ECG", None, "ecg"])
    ('ECG', 'ECG 2', 'channel 3', 'ecg 3')
    """
    originals = [" ".join(str(n or "").split()) for n in names]
    taken: set[str] = set()
    # Those that need no number keep their names, wherever they stand.
    every = {lead_key(n) for n in originals if n}
    out = []
    for place, original in enumerate(originals, 1):
        name = original or f"channel {place}"
        number = 1
        while lead_key(name) in taken or (number > 1 and lead_key(name) in every):
            number += 1
            name = f"{original or 'channel'} {number}"
        taken.add(lead_key(name))
        out.append(name)
    return tuple(out)
