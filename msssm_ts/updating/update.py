"""A model and its sums before, and after series were added or taken away."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitting.data import TrainingData
from msssm_ts.members.normal_equations import NormalEquations
from msssm_ts.members.room import Room
from msssm_ts.parameter_checks import ClassWeight
from msssm_ts.series import Series, lengths_of
from msssm_ts.series.fingerprints import MOST
from msssm_ts.text import counted
from msssm_ts.training.progress import Reporter
from msssm_ts.updating.learned import Learned
from msssm_ts.updating.sums import Sums, class_weights_of, from_sums, used_features

Updated = tuple[FittedModel, Sums]
_FORGOTTEN = (
    "how unlike the training series others are is no longer known: it was measured beside series "
    "of which some are withdrawn"
)


_NOT_KEPT = (
    "training series that others could be compared with are no longer kept: some were withdrawn"
)


def summed(
    model: FittedModel,
    data: TrainingData,
    class_weight: ClassWeight,
    reporter: Reporter | None = None,
) -> Updated:
    """Return a model that was just fitted, its classifiers from sums over all series, and these.

    Parameters
    ----------
    model : FittedModel
        Of members that learn from sums; their penalties were chosen by some of the series.
    data : TrainingData
        All of them.
    class_weight : mapping, "balanced" or None
        As the fit had it.
    reporter : Reporter, optional
        Told how far it is.
    """
    began, weights = time.perf_counter(), class_weights_of(data.targets, class_weight)
    equations, learned = _over(model, data, weights, (None, None), reporter)
    sums = Sums(equations, learned, weights)
    model = sums.solved(model)
    record = replace(model.record, seconds=model.record.seconds + time.perf_counter() - began)
    return replace(model, record=record), sums


def with_series(
    model: FittedModel,
    sums: Sums,
    data: TrainingData,
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    reporter: Reporter | None = None,
    remark: str = "",
) -> Updated:
    """Return them with more series.

    Parameters
    ----------
    model, sums : FittedModel and Sums
        As they are; they stay so.
    data : TrainingData
        More series, labelled as the model's.
    sampling_rate, channel_names
        Of the series, where they are not the model's.
    reporter : Reporter, optional
        Told how far it is.
    remark : str
        What else the note says that the model gets.

    Raises
    ------
    ValueError
        If the series cannot be prepared as the model's.
    """
    where = (sampling_rate, channel_names)
    more, learned = _over(model, data, sums.class_weights, where, reporter)
    again = int(np.isin(learned.series, sums.learned.series).sum())
    remarks = [f"{again} of them had been learned before"] if again else []
    remarks += [remark] if remark else []
    every = sums.learned.with_others(learned)
    return _changed(model, sums, more, every, data.series, "added", remarks)


def without_series(
    model: FittedModel,
    sums: Sums,
    series: Sequence[Series],
    targets: NDArray[Any] | None = None,
    times: Any = None,
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    reporter: Reporter | None = None,
) -> Updated:
    """Return them without some of the series, as if these had never been learned.

    Their weights, and labels, are those that they were learned with.

    Parameters
    ----------
    model, sums : FittedModel and Sums
        As they are; they stay so.
    series : sequence of arrays of shape (n_channels, length)
        Checked; bit for bit as they were learned, in float32.
    targets : array, optional
        Labels, as the model encodes them, to be compared.
    times, sampling_rate, channel_names
        Of the series, where they are not the model's.
    reporter : Reporter, optional
        Told how far it is.

    Raises
    ------
    InputError
        If some were never learned, or too few classes would be left.
    """
    rows = sums.learned.places(series, targets)
    own = sums.learned.take(rows)
    rest = sums.learned.take(np.setdiff1d(np.arange(len(sums.learned)), rows))
    n_outputs = len(model.labels.classes)
    n_left = len(rest) if own.targets.ndim == 2 else sum(n > 0 for n in rest.counts(n_outputs))
    if n_left < (1 if own.targets.ndim == 2 else 2):
        raise InputError(
            f"without these {len(rows)} series, {len(rest)} would be left, of "
            f"{counted(n_left, 'class', 'classes')}; fit a model anew, or withdraw fewer"
        )
    where = (sampling_rate, channel_names)
    less = _equations(model, series, own, sums.class_weights, times, where, reporter, sign=-1)
    return _changed(model, sums, less, rest, (), "withdrawn")


def _over(
    model: FittedModel,
    data: TrainingData,
    class_weights: NDArray[np.float64],
    where: tuple[float | None, Sequence[str] | None],
    reporter: Reporter | None,
) -> tuple[tuple[NormalEquations, ...], Learned]:
    """Return sums over series, and which these are."""
    learned = Learned.of(data.series, data.targets.encoded, data.weights)
    own = _equations(model, data.series, learned, class_weights, data.times, where, reporter)
    return own, learned


def _equations(
    model: FittedModel,
    series: Sequence[Series],
    learned: Learned,
    class_weights: NDArray[np.float64],
    times: Any,
    where: tuple[float | None, Sequence[str] | None],
    reporter: Reporter | None,
    sign: int = 1,
) -> tuple[NormalEquations, ...]:
    """Return sums over series of each member, block by block; negative where the sign is −1."""
    values = model.standardized(model.prepared(series, *where, times))
    targets, owner = learned.targets[values.owner], values.owner
    several = targets.ndim == 2
    own = targets > 0 if several else targets[:, None] == np.arange(len(class_weights))
    signs = np.where(own, 1.0, -1.0)
    weights = sign * learned.weights[owner] * (1.0 if several else class_weights[targets])
    members, room = from_sums(model), Room.of(model.record.parameters)
    found = []
    for i, member in enumerate(members, 1):
        told = None if reporter is None else reporter.named(_title(i, len(members)))
        used = used_features(member)
        sums, size = NormalEquations.of(int(used.sum()), signs.shape[1]), room.block(len(used))
        for first in range(0, len(values), size):
            rows = np.arange(first, min(first + size, len(values)))
            # In float64, so that what is taken away is what was added.
            z = member.transform(values.take(rows))[:, used]
            sums.add(z, signs[rows], weights[rows])
            if told is not None:
                told.done(int(rows[-1]) + 1, len(values))
        found.append(sums)
    return tuple(found)


def _title(i: int, n: int) -> str:
    return "sums" if n == 1 else f"sums {i}/{n}"


def _changed(
    model: FittedModel,
    sums: Sums,
    change: Sequence[NormalEquations],
    learned: Learned,
    added: Sequence[Series],
    what: str,
    remarks: Sequence[str] = (),
) -> Updated:
    """Return model and sums after a change, and write down what it was."""
    pairs = zip(sums.equations, change, strict=True)
    sums = replace(sums, equations=tuple(old.merged(new) for old, new in pairs), learned=learned)
    record, n_outputs = model.record, len(model.labels.classes)
    facts = dict(record.training_data or {})
    before, counts = facts["counts"], learned.counts(n_outputs)
    # Which groups they are of is not kept.
    facts.pop("n_groups", None)
    lengths = lengths_of(added)
    facts |= {"n_series": len(learned), "counts": counts}
    facts["shortest"] = min(facts["shortest"], int(lengths.min(initial=facts["shortest"])))
    facts["longest"] = max(facts["longest"], int(lengths.max(initial=facts["longest"])))
    n_changed = abs(len(learned) - (record.training_data or {})["n_series"])
    said = [_note(model, n_changed, before, counts, what, remarks)]
    forgets = what == "withdrawn" and model.familiarity is not None
    if forgets:
        said.append(_FORGOTTEN)
    if what == "withdrawn" and model.exemplars is not None:
        said.append(_NOT_KEPT)
        model = replace(model, exemplars=None)
    at = np.linspace(0, len(learned) - 1, min(len(learned), MOST)).astype(np.int64)
    model = replace(
        model,
        source=replace(model.source, fingerprints=learned.series[at]),
        familiarity=None if forgets else model.familiarity,
        record=replace(record, training_data=facts, notes=(*record.notes, *said)),
    )
    return sums.solved(model), sums


def _note(
    model: FittedModel,
    n: int,
    before: list[int],
    after: list[int],
    what: str,
    remarks: Sequence[str],
) -> str:
    """Say what was changed, and when."""
    day = datetime.now(UTC).date().isoformat()
    changed = zip(model.labels.shown.tolist(), before, after, strict=True)
    by_class = ", ".join(f"{name}: {abs(b - a)}" for name, a, b in changed if a != b)
    return "; ".join([f"{day}: {n} series {what} ({by_class or 'no label'})", *remarks])
