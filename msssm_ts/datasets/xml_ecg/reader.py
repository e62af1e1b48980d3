"""ECGs as XML files, told apart by their outermost element."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msssm_ts.datasets.signals.stored import Stored, stored_format
from msssm_ts.datasets.xml_ecg.aecg import read_aecg
from msssm_ts.datasets.xml_ecg.muse import read_muse
from msssm_ts.datasets.xml_ecg.philips import read_philips
from msssm_ts.datasets.xml_ecg.tree import read_xml, root_name
from msssm_ts.errors import InputError

_READERS = {
    "RestingECG": read_muse,
    "AnnotatedECG": read_aecg,
    "restingecgdata": read_philips,
}
# Known by name; what else they are called, and what to do.
_OTHERS = {
    "CardiologyXML": "GE CardioSoft; export it as MUSE XML or EDF",
}


def decode_xml(file: Path) -> Stored:
    """Read an XML file that holds an ECG.

    Raises
    ------
    InputError
        If it holds none, or one of another kind.
    """
    root = read_xml(file)
    read = _READERS.get(root.tag)
    if read is None:
        kind = _OTHERS.get(
            root.tag, "none that is known: those are MUSE's, Philips' and HL7's; export it so"
        )
        raise InputError(f"{file}: an XML file of kind {root.tag!r}, {kind}")
    return read(file, root)


XML = stored_format((".xml",), decode_xml)


def are_xml_ecgs(files: Sequence[Path]) -> bool:
    """Whether XML files in a folder are ECGs, by the first few."""
    return any(root_name(f) in {*_READERS, *_OTHERS} for f in files[:5])
