"""One series as a model sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted import FittedModel
from msssm_ts.members.network.network import NetworkMember, series_tensor
from msssm_ts.model import MSSSMNetwork
from msssm_ts.preparation import Preparer, prepared_rate
from msssm_ts.preparation.windows import window_starts
from msssm_ts.series.side_features import SideFeatures
from msssm_ts.training.batches import Batch


def network_of(model: FittedModel) -> MSSSMNetwork:
    """Return the first network that votes in a model.

    Raises
    ------
    InputError
        If none does.
    """
    for member in model.vote.members:
        if isinstance(member, NetworkMember):
            return member.network
    raise InputError(
        "this model has no network, whose inside could be looked at: train one with "
        "'msssm-ts fit ... --members network'"
    )


def _device(model: FittedModel) -> torch.device:
    networks = [m.network for m in model.vote.members if isinstance(m, NetworkMember)]
    return networks[0].head.weight.device if networks else torch.device("cpu")


def network_rate(model: FittedModel) -> float | None:
    """Return the rate of the series that the network sees, in hertz; frames a second of spectra."""
    preparation = model.preparation
    return prepared_rate(
        Preparer(preparation, model.source.sampling_rate, model.source.channel_names)
    )


@dataclass(frozen=True)
class View:
    """A series, or a window of it, prepared.

    Parameters
    ----------
    series : Batch
        Standardised, (1, l, n_channels), on the model's device.
    values : array of shape (n_channels, l)
        Before standardisation.
    channel_names : tuple of str
        Of the prepared series.
    rate : float or None
        In hertz.
    first : int
        The step of the whole series that the window begins with.
    window, n_windows : int
        Which window, from 1, and of how many: the one that speaks most for the prediction.
    output : int
        The prediction's place among the outputs.
    prediction : Any
        The most probable class, of the whole series.
    probability : float
        Its probability.
    times : array of shape (l,), optional
        Time stamps of the steps, where the model counts gaps.
    """

    series: Batch
    values: NDArray[np.floating[Any]]
    channel_names: tuple[str, ...]
    rate: float | None
    first: int
    window: int
    n_windows: int
    output: int
    prediction: Any
    probability: float
    times: NDArray[np.float64] | None = None


def view_series(
    model: FittedModel,
    values: NDArray[np.floating[Any]],
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    features: SideFeatures | None = None,
    times: NDArray[np.float64] | None = None,
) -> View:
    """Prepare one series as for prediction; of one that is cut, take the most telling window.

    Parameters
    ----------
    model : FittedModel
        The model.
    values : array of shape (n_channels, length)
        The series.
    sampling_rate, channel_names, features, times
        Of it, as for :meth:`msssm_ts.MSSSMClassifier.predict_proba`.

    Raises
    ------
    ValueError
        If the model cannot use the series.

    Examples
    --------
    >>> from msssm_ts import MSSSMClassifier
    >>> model = MSSSMClassifier("network", d_model=8, n_layers=1, max_epochs=1)
    >>> view = view_series(model.fit(np.eye(8), np.arange(8) % 2).model_, np.ones((1, 8)))
    >>> view.series.x.shape, view.n_windows
    (torch.Size([1, 8, 1]), 1)
    """
    names = None if channel_names is None else tuple(channel_names)
    stamps = None if times is None else [times]
    proba = model.predict_proba([values], sampling_rate, names, stamps, features)
    multilabel = model.labels.multilabel
    output = int(proba[0].argmax() if multilabel else model.labels.chosen_columns(proba)[0])
    checked = model.checked([values], names)
    prepared = model.prepared(checked, sampling_rate, names, stamps, features)
    standardized = model.standardized(prepared)
    window = 0
    if len(prepared.series) > 1:
        logits = model.logits(standardized)
        window = int((logits[:, output] - logits.mean(1)).argmax())
    tensor = series_tensor(standardized, getattr(torch, model.dtype))
    settings, rate = model.preparation, prepared.sampling_rate
    known = model.source.channel_names if names is None else names
    prepare = Preparer(settings, sampling_rate or model.source.sampling_rate, known)
    first = 0
    if settings.window is not None:
        size = settings.window_steps(rate)
        length = prepare.length(values.shape[1], times)
        first = int(window_starts(length, size, settings.overlap)[window])
    return View(
        tensor.batch(torch.tensor([window])).to(_device(model)),
        np.asarray(prepared.series[window]),
        prepare.output_channels(values.shape[0]),
        rate,
        first,
        window + 1,
        len(prepared.series),
        output,
        model.labels.shown[output],
        float(proba[0, output]),
        None if prepared.times is None else prepared.times[window],
    )
