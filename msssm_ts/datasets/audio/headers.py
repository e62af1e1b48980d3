"""Sound files that can be read, at one rate and with one number of channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.adapted import Adaptation, adapted
from msssm_ts.datasets.audio.decode import GOES_ON, Header, Unreadable, read_header
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.datasets.units import SOUND_UNIT
from msssm_ts.errors import InputError
from msssm_ts.series import Series

# What is said of channels of sound that are one now.
MIXED = "mixed down to one"
# Filters between rates that are further apart would be endless.
_FARTHEST = 1000


def readable(recordings: Recordings) -> tuple[Recordings, dict[Path, Header]]:
    """Read the headers of sound files, and leave out those that hold nothing to read.

    Returns
    -------
    recordings : Recordings
        The files that can be read; their account says which cannot, and why.
    headers : dict of Path to Header
        Those of all parts.

    Raises
    ------
    InputError
        If none of the files, or none of a class, or less than half can be read.
    """
    headers: dict[Path, Header] = {}
    dead: dict[Path, str] = {}
    whole = [recordings.whole(f) for f in recordings.files]
    for file in dict.fromkeys([*whole, *map(recordings.whole, recordings.every)]):
        try:
            headers[file] = read_header(file)
        except Unreadable as error:
            dead[file] = str(error)
    left = left_out(whole, [dead.get(file) for file in whole], recordings.labels)
    kept = [i for i, f in enumerate(whole) if f in headers]
    if len(kept) < len(recordings.files):
        recordings = recordings.take(kept)
    return recordings.adding(left), headers


def left_out(names: Sequence[Any], reasons: Sequence[str | None], labels: Any) -> Account:
    """Return an account of sounds that cannot be read; refuse where too much would be missing.

    Raises
    ------
    InputError
        If none of the sounds, or none of a class, or less than half can be read.
    """
    account = Account()
    dead = [i for i, why in enumerate(reasons) if why is not None]
    if not dead:
        return account
    alive = [i for i, why in enumerate(reasons) if why is None]
    first = f"{names[dead[0]]}: {reasons[dead[0]]}"
    # Several may be pieces of one.
    every, gone = set(names), {names[i] for i in dead}
    if len(every) == 1:
        raise InputError(f"{first}; remove or replace it")
    if len(gone) > len(every) / 2:
        raise InputError(
            f"{first}; remove or replace it: of {len(every)} files {len(gone)} cannot be read"
        )
    if labels is not None and labels.ndim == 1:
        lost = {str(labels[i]) for i in dead} - {str(labels[i]) for i in alive}
        if lost:
            raise InputError(
                f"{first}; remove or replace it: no other file of class "
                f"{enumerate_names(sorted(lost), 3)} can be read"
            )
    for why in dict.fromkeys(reasons[i] for i in dead):
        those = dict.fromkeys(names[i] for i in dead if reasons[i] == why)
        bad = [getattr(name, "name", name) for name in those]
        account = account.without(len(bad), "files", str(why), bad)
    return account


def alike(
    items: Sequence[Any],
    read: Callable[[Any], Series],
    headers: Sequence[Header],
    every: Sequence[Header],
    fields: dict[str, Any],
    *,
    mono: bool,
    source: str,
    files: Mapping[str, Header] | None = None,
) -> LabelledSeries:
    """Return sounds as series of one rate and number of channels.

    Parameters
    ----------
    items, read : sequence, callable
        The sounds, and what decodes one.
    headers, every : sequence of Header
        Theirs, and those of all parts: the rate that most have is taken.
    fields : dict
        Other fields of the series.
    mono : bool
        Mix the channels down to one, whatever there are.
    source : str
        For messages.
    files : dict of str to Header, optional
        Those that the sounds are pieces of, by name; the sounds themselves otherwise.

    Raises
    ------
    InputError
        If rates are too far apart to be brought together.
    """
    rates = Counter(h.rate for h in every)
    rate = max(rates, key=lambda r: (rates[r], r))
    for rare in rates:
        if max(rare, rate) > _FARTHEST * min(rare, rate):
            raise InputError(
                f"{source}: files of {rare} Hz beside files of {rate} Hz; take those of one kind"
            )
    mixed = mono or len({h.channels for h in every}) > 1
    channels = 1 if mixed else headers[0].channels
    account = fields.pop("account")
    account = account.took("rate", _among(f"{rate} Hz", rates[rate], len(every)))
    account = account.took("channels", MIXED if mixed else str(channels))
    files = files or dict(zip(fields["ids"], headers, strict=True))
    account = account.remarking(
        _on_rates([*files.values()], rate),
        _on_rates_of_classes(headers, fields["labels"]),
        _on_channels([*files.values()], mono) if mixed else "",
    )
    account = account.remarking(*_on_files([*files], [*files.values()]))
    adaptations = [Adaptation(mono=mixed, rate=h.rate, wanted=rate) for h in headers]
    ids = np.array(fields.pop("ids"))
    return LabelledSeries(
        adapted(items, read, [h.frames for h in headers], adaptations),
        sampling_rate=float(rate),
        units=(SOUND_UNIT,) * channels,
        ids=ids,
        source=source,
        account=account,
        **fields,
    )


def _among(what: str, count: int, of: int) -> str:
    if of == 1:
        return what
    return f"{what}, of all {of} files" if count == of else f"{what}, of {count} of {of} files"


def _on_rates(headers: Sequence[Header], rate: int) -> str:
    others = Counter(h.rate for h in headers if h.rate != rate)
    count = sum(others.values())
    if not count:
        return ""
    if len(others) == 1:
        return f"{count} of {len(headers)} files resampled from {next(iter(others))} to {rate} Hz"
    each = [f"{n} of {r} Hz" for r, n in others.most_common()]
    return f"{count} of {len(headers)} files resampled to {rate} Hz: {enumerate_names(each)}"


def _on_rates_of_classes(headers: Sequence[Header], labels: Any) -> str:
    """Say that the rate tells the classes apart, which resampling does not undo."""
    if labels is None or labels.ndim > 1:
        return ""
    rates: dict[str, set[int]] = {}
    for label, header in zip(labels, headers, strict=True):
        rates.setdefault(str(label), set()).add(header.rate)
    if len(rates) < 2 or any(len(r) > 1 for r in rates.values()):
        return ""
    if len(set.union(*rates.values())) < 2:
        return ""
    each = [f"{label} {min(r)} Hz" for label, r in sorted(rates.items())]
    return (
        f"the classes were recorded at different rates ({enumerate_names(each, 4)}), by which "
        "alone they can be told apart"
    )


def _on_channels(headers: Sequence[Header], asked: bool) -> str:
    several = Counter(h.channels for h in headers if h.channels > 1)
    count = sum(several.values())
    if not count:
        return "every file has one channel, so that --mono changes nothing" if asked else ""
    numbers = " or ".join(str(n) for n in sorted(several))
    return f"{count} of {len(headers)} files mixed down from {numbers} channels to one"


def _on_files(names: Sequence[str], headers: Sequence[Header]) -> list[str]:
    remarks = []
    for what in dict.fromkeys(h.remark for h in headers if h.remark):
        found = [n for n, h in zip(names, headers, strict=True) if h.remark == what]
        done = "which is left out" if what == GOES_ON else "what is there is read"
        remarks.append(f"{what}, {done}: {enumerate_names(found)}")
    bad = [(n, h) for n, h in zip(names, headers, strict=True) if h.not_numbers]
    if bad:
        where = enumerate_names([f"{n} from {h.first / h.rate:.3g} s" for n, h in bad])
        of = f"{len(bad)} {'file' if len(bad) == 1 else 'files'}"
        remarks.append(
            f"{sum(h.not_numbers for _, h in bad)} samples of {of} are NaN or infinite ({where}): "
            "they are missing values, which --missing interpolate fills; or remove the files"
        )
    return remarks
