"""Series whose labels nobody knows, or looks at, beside those of DATA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msssm_ts.errors import InputError, OptionError
from msssm_ts.text import counted

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries, ReadOptions

# Options that name what a source without labels need not have.
_OF_LABELS = ("label", "group", "fold", "label_from", "beside")


def like(
    series: LabelledSeries,
    names: Sequence[str],
    reading: ReadOptions,
    tell: Callable[[str], object],
) -> Any:
    """Read series without labels as DATA was read; None where none are named.

    Parameters
    ----------
    series : LabelledSeries
        Of DATA.
    names : sequence of str
        Where the others are.
    reading : ReadOptions
        How DATA was read.
    tell : callable
        Told in a line what was understood.

    Returns
    -------
    sequence of arrays of shape (n_channels, length), or None
        Lazy where one of them is.

    Raises
    ------
    InputError
        If they cannot be read, or are series of another kind.
    """
    from msssm_ts.datasets.adapted import in_units
    from msssm_ts.series.lazy import joined

    if not names:
        return None
    found = []
    for name in names:
        more = _read(name, reading)
        _check_alike(series, more, name)
        n_said = len(more.account.remarks)
        more = in_units(more, series.units, series.channel_names)
        labels = "" if more.labels is None else "; labels are not looked at"
        tell(f"{name}: {more.summary()}{labels}")
        for line in (*more.account.remarks[n_said:], *_on_rate(series, more)):
            tell(f"{name}: {line}")
        if more.source == series.source:
            tell(f"{name}: the same series as those of DATA, which are learned from twice")
        found.append(more.values)
    return joined(found)


def _read(name: str, reading: ReadOptions) -> LabelledSeries:
    from msssm_ts.datasets import load

    while True:
        try:
            return load(name, reading, needs_labels=False)
        except OptionError as error:
            # What DATA has a column for, series without labels may have none for.
            if error.option not in _OF_LABELS or not getattr(reading, error.option):
                raise
            plain: Any = () if error.option == "beside" else None
            reading = replace(reading, **{error.option: plain})


def _on_rate(series: LabelledSeries, more: LabelledSeries) -> list[str]:
    """Say that only one side knows its sampling rate, so that they are taken for alike."""
    rates = (series.sampling_rate, more.sampling_rate)
    known = next((r for r in rates if r is not None), None)
    if None not in rates or known is None:
        return []
    whose = "no sampling rate known" if more.sampling_rate is None else "of DATA no rate is known"
    return [f"{whose}: taken as {known:g} Hz on either side"]


def _check_alike(series: LabelledSeries, more: LabelledSeries, name: str) -> None:
    if more.n_channels != series.n_channels:
        raise InputError(
            f"{name}: {counted(more.n_channels, 'channel')}, and {series.source or 'DATA'} has "
            f"{series.n_channels}; give series of the same ones"
        )
    if None not in (more.sampling_rate, series.sampling_rate) and (
        more.sampling_rate != series.sampling_rate
    ):
        raise InputError(
            f"{name}: at {more.sampling_rate:g} Hz, and {series.source or 'DATA'} at "
            f"{series.sampling_rate:g} Hz; resample one of them (msssm-ts data convert --rate)"
        )
    theirs, ours = more.channel_names, series.channel_names
    if theirs is not None and ours is not None and theirs != ours:
        raise InputError(
            f"{name}: the channels are {', '.join(theirs)}, and those of "
            f"{series.source or 'DATA'} {', '.join(ours)}; give the same ones, in that order"
        )
