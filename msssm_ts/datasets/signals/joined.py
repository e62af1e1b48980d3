"""Recordings of different recorders brought together: same leads, units and rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.adapted import Adaptation
from msssm_ts.datasets.leads import is_lead
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.signals.names import lead_key, numbered
from msssm_ts.datasets.signals.record import Format, Record
from msssm_ts.datasets.units import unit_factor
from msssm_ts.errors import InputError, OptionError
from msssm_ts.preparation.filters import rate_ratio, resampled_length
from msssm_ts.text import counted, plural

# Records without the leads of the others are left out if they are at most so many of all.
_FEW = 0.25
# Recordings of rates farther apart than this are no recordings of the same thing.
_APART = 100


@dataclass(frozen=True)
class Joined:
    """How each recording becomes series like those of the others.

    Parameters
    ----------
    form : Format
        How they are read.
    records : dict of Path to Record
        Those that have the channels.
    channels, units : tuple of str
        Of every series.
    rate : float or None
        Of every series.
    positions : dict of Path to tuple of int
        Where the channels stand in each record.
    factors : dict of Path to tuple of float or None
        What brings its values to the units.
    account : Account
        What was taken for what, and left out.
    """

    form: Format
    records: dict[Path, Record]
    channels: tuple[str, ...]
    units: tuple[str, ...]
    rate: float | None
    positions: dict[Path, tuple[int, ...]]
    factors: dict[Path, tuple[float, ...] | None]
    account: Account

    def rate_of(self, file: Path) -> float:
        """Return the rate that a recording is read at."""
        return self.records[file].rate(self.positions[file])

    def length_of(self, file: Path) -> int:
        """Count a recording's steps at that rate."""
        return self.records[file].length(self.positions[file])

    def stretches_of(self, file: Path) -> list[tuple[int, int]]:
        """Return what was recorded, in those steps."""
        return self.records[file].stretches_at(self.rate_of(file), self.length_of(file))

    def item(self, file: Path, start: int, stop: int) -> Any:
        """Return what is needed to read a piece of a recording."""
        return self.form.item(self.records[file], start, stop, self.positions[file])

    def adaptation(self, file: Path, steps: int = 0) -> Adaptation:
        """Return what is done to a piece of a recording, cut to so many steps where given."""
        return Adaptation(
            factors=self.factors[file],
            rate=self.rate_of(file),
            wanted=self.rate or 0.0,
            steps=steps,
        )


def join(
    records: Mapping[Path, Record], chosen: Sequence[Path], options: ReadOptions, form: Format
) -> Joined:
    """Find the channels that all recordings have, one unit for each, and one rate.

    Parameters
    ----------
    records : dict of Path to Record
        Of all parts, so that training and test part agree.
    chosen : sequence of Path
        Those of the part that was asked for.
    options : ReadOptions
        ``drop`` names signals to leave out.
    form : Format
        How they are read.

    Raises
    ------
    InputError
        If they have no channel in common, units of one do not go together, or ``drop`` names a
        signal that none has.
    """
    records, alike = _of_one_signal(records)
    keys, account = _common(records, chosen, options, form)
    first = records[next(f for f in records)]
    mine = [lead_key(n) for n in first.names]
    channels = tuple(n for n, key in zip(first.names, mine, strict=True) if key in keys)
    positions: dict[Path, tuple[int, ...]] = {}
    for file, record in records.items():
        place = {lead_key(n): i for i, n in enumerate(record.names)}
        positions[file] = tuple(place[lead_key(n)] for n in channels)
    units, factors, said = _units(records, positions, channels, form)
    account += said
    rate, said = _rate(records, positions, form)
    account += said
    for kind in dict.fromkeys(odd for r in records.values() for odd in r.odd):
        own = [f.name for f, r in records.items() if kind in r.odd]
        which = f" ({enumerate_names(own)})" if len(own) < len(records) else ""
        account = account.remarking(f"{form.counted(len(own))}{which}: {kind}")
    account = account.remarking(alike).took("channels", enumerate_names(channels, 12))
    if any(units):
        account = account.took("units", ", ".join(dict.fromkeys(u or "unknown" for u in units)))
    return Joined(form, records, channels, units, rate, positions, factors, account)


def _of_one_signal(records: Mapping[Path, Record]) -> tuple[dict[Path, Record], str]:
    """Take away the names of signals that are the only ones of their records, and called otherwise.

    That is where they say a place on the body or a device; leads of an ECG are other signals.
    """
    names = Counter(lead_key(r.names[0]) for r in records.values() if len(r.names) == 1)
    usual = max(names.values(), default=0)
    spelt = sorted({r.names[0] for r in records.values()})
    if names.total() < len(records) or usual >= (1 - _FEW) * len(records):
        return dict(records), ""
    if any(map(is_lead, spelt)):
        return dict(records), ""
    bare = {f: replace(r, names=numbered([None])) for f, r in records.items()}
    return bare, f"took the one signal of each for the same, though called {enumerate_names(spelt)}"


def _common(
    records: dict[Path, Record], chosen: Sequence[Path], options: ReadOptions, form: Format
) -> tuple[set[str], Account]:
    """Leads of all records; a few records that have none of them are taken out."""
    spelt: dict[str, str] = {}
    for record in records.values():
        for name in record.names:
            spelt.setdefault(lead_key(name), name)
    account = _without_wanted(records, chosen, options, form)
    dropped = {lead_key(d) for d in options.drop}
    unknown = [d for d in options.drop if lead_key(d) not in spelt]
    if unknown:
        raise OptionError(
            f"{_where(records)}: no channel {unknown[0]!r} (--drop); there are "
            f"{enumerate_names(list(spelt.values()), 12)}",
            "drop",
            unknown[0],
        )
    leads = {f: {lead_key(n) for n in r.names} - dropped for f, r in records.items()}
    everywhere = set.intersection(*leads.values())
    if not everywhere:
        if not any(leads.values()):
            raise InputError(f"{_where(records)}: --drop leaves no channel; keep one")
        counts = Counter(key for own in leads.values() for key in own)
        usual = counts.most_common(1)[0][0]
        without = [f for f, own in leads.items() if usual not in own]
        if len(without) > _FEW * len(records) or set(chosen) <= set(without):
            _refuse(records, leads)
        account = account.without(
            len(without), form.title, f"without channel {spelt[usual]}", [f.name for f in without]
        )
        for file in without:
            del records[file], leads[file]
        everywhere = set.intersection(*leads.values())
    some = {key for own in leads.values() for key in own} - everywhere
    elsewhere = sorted(spelt[key] for key in some)
    poorest = max(leads, key=lambda f: len(some - leads[f]))
    lacking = enumerate_names(sorted(spelt[key] for key in some - leads[poorest]))
    kept = [spelt[key] for key in spelt if key in everywhere]
    verb = "is" if len(kept) == 1 else "are"
    account = account.without(
        len(elsewhere),
        "channels",
        f"only {enumerate_names(kept)} {verb} in all {len(records)} {form.title}, {poorest.name} "
        f"lacks {lacking}",
        elsewhere,
    )
    gone = [spelt[key] for key in spelt if key in dropped]
    return everywhere, account.without(len(gone), "channels", "--drop", gone)


def _without_wanted(
    records: dict[Path, Record], chosen: Sequence[Path], options: ReadOptions, form: Format
) -> Account:
    """Take out records without all channels of the model, where others of the part have them."""
    wanted = {lead_key(name) for name in options.wanted if name}
    missing = {f: wanted - {lead_key(n) for n in r.names} for f, r in records.items()}
    without = [f for f, keys in missing.items() if keys]
    if not without or set(chosen) <= set(without):
        return Account()
    lacking = set().union(*(missing[f] for f in without))
    names = [name for name in options.wanted if lead_key(name) in lacking]
    for file in without:
        del records[file]
    own = [f.name for f in without if f in set(chosen)]
    which = f"{plural(len(names), 'channel')} {enumerate_names(names)}"
    return Account().without(len(own), form.title, f"without {which}, which the model needs", own)


def _refuse(records: Mapping[Path, Record], leads: Mapping[Path, set[str]]) -> None:
    first = next(iter(records))
    other = min(leads, key=lambda f: len(leads[f] & leads[first]))
    raise InputError(
        f"{other}: its channels {enumerate_names(records[other].names)} and those of {first}, "
        f"{enumerate_names(records[first].names)}, have none in common; read recordings of the "
        "same leads: a table of these, with their labels, leaves the others out"
    )


def _where(records: Mapping[Path, Record]) -> str:
    files = list(records)
    return str(files[0]) if len(files) == 1 else str(files[0].parent)


def _units(
    records: Mapping[Path, Record],
    positions: Mapping[Path, tuple[int, ...]],
    channels: Sequence[str],
    form: Format,
) -> tuple[tuple[str, ...], dict[Path, tuple[float, ...] | None], Account]:
    """Choose a unit for each channel, of the first record that says one, and factors to it."""
    units, unknown = [""] * len(channels), [0] * len(channels)
    source: list[Path | None] = [None] * len(channels)
    for file, record in records.items():
        for c, place in enumerate(positions[file]):
            unit = record.units[place]
            unknown[c] += not unit
            if unit and not units[c]:
                units[c], source[c] = unit, file
    factors: dict[Path, tuple[float, ...] | None] = {}
    brought: Counter[str] = Counter()
    for file, record in records.items():
        own, changes = [], set()
        for c, place in enumerate(positions[file]):
            unit = record.units[place]
            factor = unit_factor(unit, units[c]) if unit and units[c] else 1.0
            if factor is None:
                raise InputError(
                    f"{file}: {channels[c]} is in {unit}, but in {units[c]} in {source[c]}; leave "
                    f"the channel out with --drop {channels[c]!r}, or read them apart"
                )
            if factor != 1:
                changes.add(f"{unit} brought to {units[c]}")
            own.append(factor)
        brought.update(changes)
        factors[file] = tuple(own) if changes else None
    account = Account()
    for what, n in brought.items():
        account = account.remarking(f"{what} in {form.counted(n)}")
    n_unsaid = max((n for n, unit in zip(unknown, units, strict=True) if unit), default=0)
    if n_unsaid:
        which = [ch for ch, n, unit in zip(channels, unknown, units, strict=True) if n and unit]
        account = account.remarking(
            f"{form.counted(n_unsaid)} without a unit for "
            f"{enumerate_names(which)}, taken as that of the others"
        )
    return tuple(units), factors, account


def _rate(
    records: Mapping[Path, Record], positions: Mapping[Path, tuple[int, ...]], form: Format
) -> tuple[float | None, Account]:
    """Choose the rate of most recordings; of two as frequent the lower, which invents nothing."""
    account = Account()
    rates = Counter(r.rate(positions[f]) for f, r in records.items())
    known = [r for r in rates if r > 0]
    if not known:
        return None, account
    rate = min(known, key=lambda r: (-rates[r], r))
    if 0 in rates:
        n = rates[0]
        account = account.remarking(
            f"{form.counted(n)} without a sampling rate, taken as {rate:g} Hz"
        )
    slow: Counter[str] = Counter()
    for file, record in records.items():
        own = record.rate(positions[file])
        for place in positions[file]:
            if record.rates[place] == own:
                continue
            _check_ratio(file, record.rates[place], own)
            if 0 < record.rates[place] < own:
                slow[record.names[place]] += 1
        _check_ratio(file, own, rate)
        if own > 0 and not 1 / _APART <= own / rate <= _APART:
            raise InputError(
                f"{file}: sampled at {own:g} Hz, too far from the {rate:g} Hz of most; read it "
                "apart"
            )
    others = {r: rates[r] for r in sorted(known) if r != rate}
    if others:
        said = ", ".join(f"{n} of {r:g} Hz" for r, n in others.items())
        n = sum(others.values())
        account = account.remarking(
            f"{form.counted(n)} resampled to {rate:g} Hz, the rate of most: {said}"
        )
    if slow:
        account = account.remarking(
            f"{counted(len(slow), 'slower channel')} ({enumerate_names(list(slow))}) "
            "resampled to the rate of the fastest; --drop leaves channels out"
        )
    return rate, account.took("rate", f"{rate:g} Hz")


def _check_ratio(file: Path, rate: float, wanted: float) -> None:
    if rate <= 0 or wanted <= 0 or rate == wanted:
        return
    try:
        rate_ratio(rate, wanted)
        resampled_length(1, rate, wanted)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f"{file}: {error}; leave the slow channels, or the file, out") from error
