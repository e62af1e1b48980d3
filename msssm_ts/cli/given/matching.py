"""Data brought to a model's terms: names, units, labels; what differs is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.cli.given.glance import on_gaps, on_loudness, on_scale, some_of
from msssm_ts.datasets.adapted import Adaptation, adapted, in_units
from msssm_ts.datasets.audio.headers import MIXED
from msssm_ts.datasets.labels import spelt_alike
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.units import SOUND_UNIT
from msssm_ts.errors import InputError
from msssm_ts.text import counted, plural

# So many times as long as the model's series, and longer, is a recording of them.
_LONG = 5

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted import FittedModel
    from msssm_ts.fitted.parts import Source


def matched(series: LabelledSeries, model: FittedModel) -> tuple[LabelledSeries, list[str]]:
    """Return series with the model's names and units for channels, and what there is to say.

    Parameters
    ----------
    series : LabelledSeries
        As they were read.
    model : FittedModel
        To be asked about them.

    Raises
    ------
    InputError
        If a channel that the model needs is missing, or a unit measures something else.
    """
    from msssm_ts.fitted.told import stamps_line

    source, needed = model.source, model.preparation.channels
    said: list[str] = []
    if series.unit == SOUND_UNIT and source.n_channels == 1 < series.n_channels:
        series, said = _mixed_down(series, source)
    if needed is not None and series.channel_names is not None:
        series, renamed = _renamed(series, needed)
        said += renamed
        said += _channels(series, needed)
    elif series.n_channels != source.n_channels:
        names = f" ({enumerate_names(needed, 12)})" if needed and source.n_channels > 1 else ""
        raise InputError(
            f"{series.source}: {counted(series.n_channels, 'channel')}, but the model was trained "
            f"on {source.n_channels}{names}; {_other_channels(series, source.n_channels)}"
        )
    elif needed is not None and len(needed) > 1:
        said.append(f"channels have no names: taken for {enumerate_names(needed)}, in this order")
    elif series.channel_names is not None and series.n_channels > 1:
        names = enumerate_names(series.channel_names)
        said.append(f"the model knows no names of channels: taken in the order {names}")
    units = _units_of(source.channel_names, (source.origin or {}).get("units"))
    if units and series.units is None:
        said.append(f"no units known: taken for the model's {enumerate_names(_different(units))}")
    elif series.units is not None and any(series.units) and not units:
        own = enumerate_names(_different(series.units))
        said.append(f"the model knows no units: {own} makes no difference to it")
    before = series.account.remarks
    series = in_units(series, units, source.channel_names)
    said += series.account.remarks[len(before) :]
    said += _rate(series, model)
    some = some_of(series)
    if series.unit == SOUND_UNIT:
        said += on_loudness(some, model)
    else:
        said += on_gaps(series, some, model)
        said += on_scale(series, some, model, sizes=not units or series.units is None)
    said += _lengths(series, model)
    if model.needs_times:
        series = replace(series, times=series.stamps)
    if series.times is not None and (line := stamps_line(model, series.times)):
        series = series if model.needs_times else replace(series, times=None)
        said.append(line)
    series, more = _beside(series, model)
    return series, said + more


def known_labels(
    series: LabelledSeries, classifier: MSSSMClassifier
) -> tuple[LabelledSeries, list[str]]:
    """Return the series whose labels the model knows, and what there is to say.

    Raises
    ------
    InputError
        If the labels are of another kind than the model's, or it knows none of them.
    """
    if classifier.multilabel_ and not series.multilabel:
        series = _with_several(series, [str(n) for n in classifier.label_names])
    assert series.labels is not None
    if classifier.multilabel_ != series.multilabel:
        kinds = ("one label", "several labels")
        raise InputError(
            f"{series.source}: {kinds[series.multilabel]} a series, but the model was trained on "
            f"{kinds[classifier.multilabel_]}"
        )
    if series.multilabel:
        return _known_columns(series, [str(n) for n in classifier.label_names])
    from msssm_ts.analysis.results.evaluation import as_class_type

    classes = classifier.classes_
    labels = as_class_type(series.labels, classes)
    known = np.isin(labels, classes)
    if known.all():
        return series, []
    names = sorted({str(v) for v in series.labels[~known]})
    unknown = enumerate_names(names)
    alike = spelt_alike([*names, *classes.tolist()])
    if alike:
        unknown += f" ({alike})"
    if not known.any():
        raise InputError(
            f"{series.source}: the data has labels that the model has never seen: {unknown}; it "
            f"knows {enumerate_names(classes.tolist(), 20)}"
        )
    return series.take(np.flatnonzero(known)), [
        f"{(~known).sum()} of {len(known)} series are left out: the model has never seen their "
        f"labels {unknown}"
    ]


def _with_several(series: LabelledSeries, names: list[str]) -> LabelledSeries:
    """Take labels that are a model's, one or several in a cell, for those of a series."""
    from msssm_ts.datasets.several import known_in_cells

    cells = [str(label) for label in series.labels.tolist()] if series.labels is not None else []
    several = known_in_cells(cells, names)
    if several is None:
        return series
    flags = np.array([several.flags(cell) for cell in cells])
    return replace(series, labels=flags, label_names=several.labels)


def training_series(series: LabelledSeries, model: FittedModel) -> list[str]:
    """Say how many of the series the model was trained on."""
    checked = model.checked(series.as_estimator_input(), series.channel_names)
    n_seen, n_looked_at = model.source.n_seen(checked)
    if not n_seen:
        return []
    return [
        f"{n_seen} of {n_looked_at} series are among those that the model was trained on: the "
        "scores of these say nothing of new ones"
    ]


def why_missing(series: LabelledSeries, name: str) -> str:
    """Return why the reader left a channel out, where it did.

    Examples
    --------
    >>> from msssm_ts.datasets import LabelledSeries
    >>> from msssm_ts.datasets.account import Account
    >>> account = Account().without(1, "channels", "r7.hea lacks it", ["V2"])
    >>> why_missing(LabelledSeries([], account=account), "v2")
    ' (V2: r7.hea lacks it)'
    """
    from msssm_ts.datasets.signals.names import same_lead

    for left in series.account.left_out:
        for other in left.names if left.what in ("channels", "columns") and left.why else ():
            if same_lead(other, name):
                return f" ({other}: {left.why})"
    return ""


def _other_channels(series: LabelledSeries, wanted: int) -> str:
    """Return what to do about series with another number of channels than a model's."""
    if series.unit != SOUND_UNIT:
        remedy = "give series of as many, or fit a model of these"
        if series.n_channels == 1 and (series.lengths == wanted).all():
            remedy += (
                "; if rows are the steps of one series, give a table a column id that is the same "
                "in all of them, and say --axes steps,channels of an array"
            )
        return remedy
    if wanted == 1:
        return "--mono mixes them"
    mixed = any("mixed down" in remark for remark in series.account.remarks)
    return (
        "leave --mono out, or give files with as many"
        if mixed
        else "give files with as many, or fit with --mono, which takes files of any number"
    )


def _mixed_down(series: LabelledSeries, source: Source) -> tuple[LabelledSeries, list[str]]:
    """Mix the channels of sound where those of the model's were, because their numbers differed."""
    taken = (source.origin or {}).get("account", {}).get("taken", {})
    if taken.get("channels") != MIXED:
        return series, []
    values = adapted(
        range(series.n_series),
        series.values.__getitem__,
        series.lengths.tolist(),
        [Adaptation(mono=True)] * series.n_series,
    )
    said = f"mixed down from {series.n_channels} channels to one, as some of the model's data were"
    return replace(series, values=values, units=(SOUND_UNIT,)), [said]


def _renamed(series: LabelledSeries, names: tuple[str, ...]) -> tuple[LabelledSeries, list[str]]:
    """Call channels as the model does, where only case, spaces or a unit differ, and say so."""
    from msssm_ts.datasets.signals.names import meant_names

    own = series.channel_names or ()
    new = tuple(n or o for n, o in zip(meant_names(own, names), own, strict=True))
    if new == own or len(set(new)) < len(new):
        return series, []
    units = _units_of(own, series.units)
    pairs = [(o, n) for o, n in zip(own, new, strict=True) if o != n]
    theirs, ours = (enumerate_names(side) for side in zip(*pairs, strict=True))
    said = f"took {plural(len(pairs), 'channel')} {theirs} for the model's {ours}"
    return replace(series, channel_names=new, units=units), [said]


def _units_of(names: Sequence[str] | None, units: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the units of channels: those that are known, or stand in brackets behind names."""
    from msssm_ts.datasets.units import named_unit

    told = tuple(
        u or named_unit(n)[1] for n, u in zip_longest(names or (), units or (), fillvalue="")
    )
    return told if any(told) else None


def _channels(series: LabelledSeries, needed: tuple[str, ...]) -> list[str]:
    given = series.channel_names or ()
    missing = [name for name in needed if name not in given]
    if missing:
        raise InputError(
            f"{series.source}: {plural(len(missing), 'channel')} {enumerate_names(missing, 12)}, "
            f"which the model needs, {plural(len(missing), 'is', 'are')} missing; there are "
            f"{enumerate_names(given, 12)}{why_missing(series, missing[0])}; none is reconstructed "
            "from others: read recordings that have them, or fit a model of fewer with --channels"
        )
    others = [n for n in given if n not in needed]
    said = []
    if others:
        said.append(f"channels that the model does not use are left out: {enumerate_names(others)}")
    elif given != needed:
        said.append("channels in another order than the model's: taken by name")
    return said


def _rate(series: LabelledSeries, model: FittedModel) -> list[str]:
    wanted, given = model.preparation.sampling_rate, series.sampling_rate
    if wanted and given and given != wanted:
        lacking = f", with nothing above {given / 2:g} Hz in it" if given < wanted else ""
        return [f"resampling from {given:g} Hz to the model's {wanted:g} Hz{lacking}"]
    if wanted and not given:
        stamped = "" if series.times is None else ", of which time stamps tell nothing,"
        return [
            f"no sampling rate known{stamped or ':'} taken for the model's {wanted:g} Hz (--fs)"
        ]
    if given and not wanted:
        return [f"the model knows no sampling rate: {given:g} Hz makes no difference to it"]
    return []


def _beside(series: LabelledSeries, model: FittedModel) -> tuple[LabelledSeries, list[str]]:
    """Return series with the features that the model was trained with, and no others."""
    from msssm_ts.fitted.unseen import feature_lines

    wanted = () if model.beside is None or not model.beside.votes else model.beside.names
    there = () if series.features is None else series.features.names
    missing = [name for name in wanted if name not in there]
    if missing:
        seen = f"; there are {enumerate_names(there)}" if there else ""
        raise InputError(
            f"{series.source}: {enumerate_names(missing)}, which the model was trained with beside "
            f"the series, {plural(len(missing), 'is', 'are')} missing{seen}"
        )
    chosen = series.features.only(wanted) if series.features is not None and wanted else None
    return replace(series, features=chosen), feature_lines(model, series.features)


def _lengths(series: LabelledSeries, model: FittedModel) -> list[str]:
    """Say that series are of another length than all that were trained on."""
    facts = model.record.training_data or {}
    shortest, longest = facts.get("shortest"), facts.get("longest")
    if shortest is None or shortest != longest or model.preparation.window is not None:
        return []
    lengths, given = series.lengths, series.sampling_rate
    source = model.source.sampling_rate
    if source and given and source != given:
        lengths = np.round(lengths * source / given).astype(np.int64)
    # Resampled series may be a step longer.
    if (np.abs(lengths - longest) <= (1 if source and given and source != given else 0)).all():
        return []
    low, high = int(lengths.min()), int(lengths.max())
    steps = f"{low}" if low == high else f"{low} to {high}"
    recordings = given and low >= _LONG * longest
    what = "; annotate labels long recordings piece by piece" if recordings else ""
    return [f"series of {steps} steps, but all that the model was trained on have {longest}{what}"]


def _known_columns(series: LabelledSeries, names: list[str]) -> tuple[LabelledSeries, list[str]]:
    """Bring the columns of several labels into the model's order."""
    from msssm_ts.datasets.wfdb.diagnoses import meant

    assert series.labels is not None
    own = None if series.label_names is None else [str(n) for n in series.label_names]
    if own is None or own == names:
        return series, []
    # A model may know diagnoses by their codes.
    by_meaning = {meant(n): n for n in names}
    own = [n if n in names else by_meaning.get(meant(n), n) for n in own]
    if not set(own) & set(names):
        raise InputError(
            f"{series.source}: none of the labels {enumerate_names(own)} is the model's "
            f"({enumerate_names(names)})"
        )
    said = []
    unknown = [n for n in own if n not in names]
    if unknown:
        said.append(f"labels that the model does not know are left out: {enumerate_names(unknown)}")
    absent = [n for n in names if n not in own]
    if absent:
        said.append(
            f"labels that no series has, for the data does not name them: {enumerate_names(absent)}"
        )
    matrix: NDArray[Any] = np.stack(
        [
            series.labels[:, own.index(n)] if n in own else np.zeros(series.n_series, np.int64)
            for n in names
        ],
        axis=1,
    )
    return replace(series, labels=matrix, label_names=tuple(names)), said


def _different(units: Sequence[str]) -> list[str]:
    return [u for u in dict.fromkeys(units) if u]
