"""By what a fit is known again: its data, its settings, what it ran on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import torch

from msssm_ts.errors import InputError
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.model_file import model_tensors
from msssm_ts.fitted.parts import Source
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.record import json_parameters, versions
from msssm_ts.series import LazySeries, Series
from msssm_ts.series.fingerprints import fingerprints
from msssm_ts.text import counted, plural
from msssm_ts.training.processes import current

# What may differ between a fit and its continuation: only what is shown.
_ONLY_SHOWN = ("verbose",)


def identity(
    data: TrainingData,
    parameters: Mapping[str, Any],
    source: Source,
    label_names: Iterable[str] | None,
    previous: FittedModel | None,
    seed: int,
) -> dict[str, Any]:
    """Return, as JSON holds it, what must be the same for a fit to be gone on with.

    ``data`` has a digest of each part, so that it can be said which one differs; of lazy series
    the fingerprints of some and all lengths are taken.
    """
    settings = json_parameters(parameters)
    if not isinstance(settings.get("random_state"), int):
        # Drawn: the seed says what came of it.
        settings.pop("random_state", None)
    known = {
        "seed": seed,
        "settings": {k: v for k, v in settings.items() if k not in _ONLY_SHOWN},
        "data": {
            "series": _of_series(data.series, source.fingerprints),
            "unlabelled series": _of_unlabelled(data),
            "labels": _digest([data.targets.encoded, data.targets.classes]),
            "weights": _digest([data.weights]),
            "groups": _digest([data.groups]),
            "validation series": _digest([data.validation]),
            "time stamps": _digest(data.times or []),
            "features beside the series": _digest(_of_features(data)),
            "channel names": source.channel_names,
            "sampling rate": source.sampling_rate,
            "label names": None if label_names is None else list(map(str, label_names)),
        },
        "previous": None if previous is None else _digest(_arrays_of(previous)),
        "versions": versions(),
        "threads": torch.get_num_threads(),
        "processes": current().count,
    }
    # Tuples become lists: what is read again is compared with it.
    return dict(json.loads(json.dumps(known)))


def check_same(ours: Mapping[str, Any], kept: Mapping[str, Any], where: str) -> list[str]:
    """Refuse to go on with a fit of other data or settings.

    Returns
    -------
    list of str
        Sentences about what may change the last bits.

    Raises
    ------
    InputError
        Naming what differs.
    """
    try:
        theirs, old = kept["settings"], kept["versions"]
        for name in sorted({*ours["settings"], *theirs}):
            mine, before = ours["settings"].get(name), theirs.get(name)
            if mine != before:
                raise InputError(
                    f"{where}: was fitted with {name}={before!r}, not {mine!r}; a fit that goes "
                    "on keeps its settings"
                )
        for part, value in ours["data"].items():
            if kept["data"][part] != value:
                raise InputError(
                    f"{where}: the {part} of the training data are not those of the fit that was "
                    "cut short; give the same data, or begin anew in another folder"
                )
        if kept["previous"] != ours["previous"] or kept["seed"] != ours["seed"]:
            raise InputError(
                f"{where}: that fit went on from another model or seed; begin anew in another "
                "folder"
            )
        if old["msssm-ts"] != ours["versions"]["msssm-ts"]:
            raise InputError(
                f"{where}: left by msssm-ts {old['msssm-ts']}, this is "
                f"{ours['versions']['msssm-ts']}; go on with that version, or begin anew"
            )
        said = [
            f"{name} is {version} now and was {old.get(name)}"
            for name, version in ours["versions"].items()
            if old.get(name) != version
        ]
        if kept["threads"] != ours["threads"]:
            n = ours["threads"]
            there = f"there {plural(n, 'is', 'are')} {counted(n, 'thread')}"
            said.append(f"{there} now and were {kept['threads']}")
        said = [f"{line}: the result may differ in its last bits" for line in said]
        before = kept.get("processes", 1)
        if before != ours["processes"]:
            said.append(
                f"processes: {ours['processes']} now, {before} before: dropout draws other numbers"
            )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{where}: what is known of the fit is damaged; begin anew") from error
    return said


def _of_series(series: Sequence[Series], known: Any) -> str:
    if isinstance(series, LazySeries):
        return _digest([known, series.lengths])
    return _digest(series)


def _of_unlabelled(data: TrainingData) -> str:
    series = data.unlabelled
    return "none" if series is None else _of_series(series, fingerprints(series))


def _of_features(data: TrainingData) -> Iterable[Any]:
    return () if data.features is None else (np.array(data.features.names), *data.features.columns)


def _arrays_of(model: FittedModel) -> Iterable[Any]:
    for name, tensor in sorted(model_tensors(model).items()):
        yield np.array(name)
        yield tensor


def _digest(arrays: Iterable[Any]) -> str:
    """Return a digest of arrays, their types and shapes."""
    found = blake2b(digest_size=16)
    for array in arrays:
        if array is None:
            found.update(b"none")
            continue
        values = np.ascontiguousarray(array)
        if values.dtype == object:
            values = np.array([f"{type(v).__name__} {v!r}" for v in values.ravel()])
        found.update(f"{values.dtype.str} {values.shape} ".encode())
        found.update(values.tobytes())
    return found.hexdigest()
