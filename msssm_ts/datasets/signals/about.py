"""What the headers of recordings say of patients: features and groups for those who ask for them.

A fact is a name in small letters and a text: ``("age", "63")``, ``("sex", "F")``, ``("patient",
"p1")``; headers in free text may have more of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from msssm_ts.datasets.beside import features_of_texts
from msssm_ts.datasets.labels import tidy_names
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import NOTHING_BESIDE, ReadOptions
from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.datasets.signals.record import Facts, Record
from msssm_ts.series.side_features import SideFeatures

_UNKNOWN = {"", "unknown", "unspecified", "undefined", "n/a", "na", "nan", "none", "null", "x"}
# Facts that tell patients apart, which are groups and no features.
_WHO = ("patient",)
# Recorders spell these in many ways; a model of one shall understand another.
_SEX = {"m": "M", "male": "M", "man": "M", "f": "F", "female": "F", "woman": "F", "w": "F"}


def facts(said: Iterable[tuple[str, object]]) -> Facts:
    """Return what a header says, without what it leaves open; sexes are M and F.

    Examples
    --------
    >>> facts([("Age", 63), ("Sex", "Female"), ("patient", "")])
    (('age', '63'), ('sex', 'F'))
    """
    found: dict[str, str] = {}
    for name, value in said:
        key, text = " ".join(name.split()).casefold(), " ".join(str(value).split())
        key = "sex" if key == "gender" else key
        if key == "sex":
            text = _SEX.get(text.casefold(), text)
        if key and text.casefold() not in _UNKNOWN:
            found.setdefault(key, text)
    return tuple(found.items())


def years_between(birth: date | None, then: date | None) -> str:
    """Return an age in whole years; empty where it is not known, or makes no sense.

    Examples
    --------
    >>> years_between(date(1950, 6, 2), date(2020, 6, 1)), years_between(None, date(2020, 6, 1))
    ('69', '')
    """
    if birth is None or then is None:
        return ""
    years = then.year - birth.year - ((then.month, then.day) < (birth.month, birth.day))
    return str(years) if 0 <= years < 130 else ""


def told_by_headers(
    recordings: Recordings, records: Mapping[Path, Record], options: ReadOptions
) -> Recordings:
    """Add the features that the user asked for, and the groups, where headers say them.

    What a table says of the same name comes first.

    Parameters
    ----------
    recordings : Recordings
        What tables, names and folders say.
    records : dict of Path to Record
        Their headers.
    options : ReadOptions
        ``beside`` and ``group`` name facts.
    """
    said = [dict(records[f].about) for f in recordings.files]
    names = list(dict.fromkeys(name for own in said for name in own))
    recordings = _grouped(recordings, said, names, options)
    tabled = recordings.features
    free = [n for n in names if n not in (*_WHO, *(() if tabled is None else tabled.names))]
    wanted = options.beside_columns(free)
    if wanted:
        source = str(recordings.files[0].parent)
        columns = ([own.get(name, "") for own in said] for name in wanted)
        features = features_of_texts(wanted, columns, source)
        assert features is not None
        if tabled is not None:
            features = SideFeatures(
                (*tabled.names, *features.names), (*tabled.columns, *features.columns)
            )
        account = recordings.account.took("features in the headers", ", ".join(wanted))
        recordings = replace(recordings, features=features, account=account)
    rest = [n for n in free if n not in wanted]
    if rest and options.beside != NOTHING_BESIDE:
        account = recordings.account.took("possible features", enumerate_names(rest, 12))
        recordings = replace(recordings, account=account)
    return recordings


def _on_several(said: list[dict[str, str]], name: str) -> str:
    """Say that patients have several recordings, unless all are called alike."""
    counts = Counter(own[name] for own in said if name in own)
    several = sum(n > 1 for n in counts.values())
    if not several or len(counts) == 1:
        return ""
    return (
        f"{several} of {len(counts)} {name}s have several recordings; --group {name} keeps those "
        "together"
    )


def _grouped(
    recordings: Recordings,
    said: list[dict[str, str]],
    names: list[str],
    options: ReadOptions,
) -> Recordings:
    """Group recordings by a fact that the user named, where no table has such a column."""
    name = (options.group or "").casefold()
    if name not in names or recordings.group_name == options.group:
        possible = [n for n in names if n in _WHO and recordings.groups is None]
        account = recordings.account
        if possible:
            account = account.took("possible groups", ", ".join(possible))
            account = account.remarking(_on_several(said, possible[0]))
        return replace(recordings, account=account)
    groups = [own.get(name) or f.name for own, f in zip(said, recordings.files, strict=True)]
    account = recordings.account.took("group", f"{name} in the headers")
    without = [f.name for own, f in zip(said, recordings.files, strict=True) if name not in own]
    if without:
        account = account.remarking(
            f"{len(without)} without {name} in the header, each taken for a group of its own"
        )
    return replace(
        recordings, groups=tidy_names(groups), group_name=options.group or name, account=account
    )
