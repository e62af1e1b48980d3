"""One series as a classifier sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted import FittedClassifier
from msssm_ts.model import MSSSMNetwork
from msssm_ts.preparation import Preparer, prepared_rate
from msssm_ts.preparation.windows import window_starts
from msssm_ts.training.batches import Batch


def network_of(classifier: FittedClassifier) -> MSSSMNetwork:
    """Return the network of a classifier.

    Raises
    ------
    InputError
        If it has none.
    """
    network: MSSSMNetwork | None = getattr(classifier, "network_", None)
    if network is None:
        raise InputError(
            "this model has no network, whose inside could be looked at: train one with "
            "'msssm-ts fit ... --preset network'"
        )
    return network


def network_rate(classifier: FittedClassifier) -> float | None:
    """Return the rate of the series that the network sees, in hertz; frames a second of spectra."""
    preparation = classifier.preparation_
    return prepared_rate(
        Preparer(preparation, classifier.sampling_rate_, classifier.channel_names_)
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


def view_series(
    classifier: FittedClassifier,
    values: NDArray[np.floating[Any]],
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
) -> View:
    """Prepare one series as for prediction; of one that is cut, take the most telling window.

    Parameters
    ----------
    classifier : FittedClassifier
        The model.
    values : array of shape (n_channels, length)
        The series.
    sampling_rate, channel_names
        As for :meth:`msssm_ts.MSSSMClassifier.predict_proba`.

    Raises
    ------
    ValueError
        If the classifier cannot use the series.

    Examples
    --------
    >>> from msssm_ts import MSSSMClassifier
    >>> model = MSSSMClassifier("network", d_model=8, n_layers=1, max_epochs=1)
    >>> view = view_series(model.fit(np.eye(8), np.arange(8) % 2), np.ones((1, 8)))
    >>> view.series.x.shape, view.n_windows
    (torch.Size([1, 8, 1]), 1)
    """
    names = None if channel_names is None else tuple(channel_names)
    proba = classifier.predict_proba([values], sampling_rate=sampling_rate, channel_names=names)
    output = int(proba[0].argmax())
    series = classifier._check_series([values], reset=False, channel_names=names)
    prepared = classifier._prepared(series, sampling_rate, names)
    tensor = classifier._tensor(prepared)
    window = 0
    if len(prepared.series) > 1:
        logits = classifier._logits(prepared)
        window = int((logits[:, output] - logits.mean(1)).argmax())
    settings, rate = classifier.preparation_, prepared.sampling_rate
    known = classifier.channel_names_ if names is None else names
    prepare = Preparer(settings, sampling_rate or classifier.sampling_rate_, known)
    first = 0
    if settings.window is not None:
        size = max(1, round(settings.window * (rate or 1.0)))
        length = prepare.length(values.shape[1])
        first = int(window_starts(length, size, settings.overlap)[window])
    return View(
        tensor.batch(torch.tensor([window])).to(torch.device(classifier.device_)),
        np.asarray(prepared.series[window]),
        prepare.output_channels(values.shape[0]),
        rate,
        first,
        window + 1,
        len(prepared.series),
        output,
        classifier.label_names[output],
        float(proba[0, output]),
    )
