"""Recordings of a folder, each a table: channels and units like those of the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.signals.names import lead_positions
from msssm_ts.datasets.units import unit_factor
from msssm_ts.errors import InputError
from msssm_ts.text import counted

# So few of all may have other channels, and are left out then.
FEW = 0.25
# Rates that clocks tell of the same recorder are within so much of one another.
_JITTER = 0.01


class OtherChannels(InputError):
    """A recording has not the channels of another."""


def all_alike(
    read: Sequence[tuple[int, LabelledSeries]],
) -> tuple[list[LabelledSeries], list[int], list[int]]:
    """Return the recordings of most files as those of the first of them, and which these are.

    Parameters
    ----------
    read : sequence of pairs of int and LabelledSeries
        Place and recordings of each file.

    Returns
    -------
    data : list of LabelledSeries
        With the same channels.
    owners, odd : list of int
        Places of these, and of a few files with other channels.

    Raises
    ------
    OtherChannels
        If more than a few files have others.
    InputError
        As :func:`like_first`.
    """
    kinds = [frozenset(found.channel_names or ()) for _, found in read]
    usual = Counter(kinds).most_common(1)[0][0]
    first = read[kinds.index(usual)][1]
    data, owners, odd = [], [], []
    for i, found in read:
        try:
            data.append(like_first(found, first))
        except OtherChannels:
            odd.append(i)
            if len(odd) > FEW * len(read):
                raise
        else:
            owners.append(i)
    return data, owners, odd


def like_first(found: LabelledSeries, first: LabelledSeries) -> LabelledSeries:
    """Return a file's recordings with channels in the order, and the units, of the first file.

    One channel is the same whatever it is called; several are told by name.

    Raises
    ------
    OtherChannels
        If it has others.
    InputError
        If it has a unit that measures something else.
    """
    if found.n_channels != first.n_channels:
        raise OtherChannels(
            f"{found.source}: {counted(found.n_channels, 'channel')}, but {first.source} has "
            f"{first.n_channels}; give recordings with the same channels: "
            "a table of these, with the columns file and label, leaves the others out"
        )
    order = list(range(first.n_channels))
    if found.channel_names and first.channel_names and first.n_channels > 1:
        places = lead_positions(found.channel_names, first.channel_names)
        if None in places:
            raise OtherChannels(
                f"{found.source}: channels {enumerate_names(found.channel_names, 6)}, but "
                f"{first.source} has {enumerate_names(first.channel_names, 6)}; give recordings "
                "with the same channels"
            )
        order = [p for p in places if p is not None]
    factors, remarks = _factors(found, first, order)
    if order == sorted(order) and np.all(factors == 1):
        return replace(found, account=found.account.remarking(*remarks))
    values = [v[order] * factors[:, None] for v in found.values]
    return replace(
        found,
        values=values,
        channel_names=first.channel_names,
        units=first.units,
        account=found.account.remarking(*remarks),
    )


def one_rate(rates: Counter[float | None]) -> tuple[float | None, str]:
    """Return the rate of recordings whose times tell nearly the same, and what is said of it.

    Parameters
    ----------
    rates : Counter
        How many recordings have each.

    Examples
    --------
    >>> one_rate(Counter([50.0, 50.0, 50.1])), one_rate(Counter([50.0, 100.0]))
    ((50.0, 'took rates of 50 to 50.1 Hz for 50 Hz'), (None, ''))
    """
    known = [r for r in rates if r is not None]
    if len(known) < len(rates) or max(known) > (1 + _JITTER) * min(known):
        return None, ""
    if len(rates) == 1:
        return known[0], ""
    usual = max(known, key=lambda r: (rates[r], r == round(r)))
    return usual, f"took rates of {min(known):g} to {max(known):g} Hz for {usual:g} Hz"


def _factors(
    found: LabelledSeries, first: LabelledSeries, order: list[int]
) -> tuple[np.ndarray, list[str]]:
    """Return by what each channel of the first is multiplied, and what is to be said of it."""
    factors, remarks = np.ones(len(order)), dict[str, None]()
    if first.units is None and found.units is None:
        return factors, []
    for channel, place in enumerate(order):
        unit = found.units[place] if found.units else ""
        wanted = first.units[channel] if first.units else ""
        factor = unit_factor(unit, wanted) if unit and wanted else 1.0
        if factor is None:
            raise InputError(
                f"{found.source}: channel {channel + 1} is in {unit}, but in {first.source} in "
                f"{wanted}; bring all recordings to one unit"
            )
        if factor != 1:
            remarks[f"{unit} brought to {wanted}, the unit of the first recording"] = None
        if bool(unit) != bool(wanted):
            remarks[f"recordings without a unit taken for {unit or wanted}, that of others"] = None
        factors[channel] = factor
    return factors, list(remarks)
