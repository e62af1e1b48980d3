"""Class probabilities while a series is still coming in."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted.answers import checked_proba
from msssm_ts.fitted.model import FittedModel
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model.stepping import recurrent_form, why_no_steps
from msssm_ts.preparation.settings import OWN_MEAN
from msssm_ts.series.checks import LARGEST
from msssm_ts.series.outliers import limited
from msssm_ts.text import counted


def why_not_streamed(model: FittedModel) -> str | None:
    """Say in a sentence why a model cannot read step by step; None where it can.

    What it does to a series must need neither later steps nor the whole of it.
    """
    members = model.vote.members
    if model.beside is not None and model.beside.votes:
        return (
            f"it answers by features beside the series, too ({', '.join(model.beside.names)}), "
            "which a stream does not have: train without them"
        )
    if len(members) != 1 or not isinstance(members[0], NetworkMember):
        return (
            "only a network alone reads step by step: train one, with 'msssm-ts fit ... --causal' "
            "or members=['network'], bidirectional=False"
        )
    config, done = members[0].network.config, model.preparation
    source, wanted = model.source.sampling_rate, done.sampling_rate
    reasons = (
        (why_no_steps(config), True),
        (
            "series on an even grid by their time stamps need samples that come later: fit with "
            "--stamps ignore, on samples spaced as the stream's",
            done.grid is not None,
        ),
        (
            f"resampling from {source or 0:g} Hz to {wanted or 0:g} Hz looks ahead: train on "
            "series that have the rate of the stream",
            bool(source and wanted and source != wanted),
        ),
        (
            "the notch for the mains runs backward too: train without it (--powerline), on series "
            "filtered as the stream will be",
            done.powerline is not None,
        ),
        (
            "the band-pass filter runs backward too: train without it (--bandpass), on series "
            "filtered as the stream will be",
            done.bandpass is not None,
        ),
        (
            f"{done.features} spectra are not made step by step: train on the signal itself, with "
            "--features raw",
            done.features != "raw",
        ),
        (
            f"standardising each series by itself ('{done.standardize}') needs the whole of it: "
            "train with --standardize global",
            done.standardize in OWN_MEAN,
        ),
        (
            "windows that vote (--crop) need the whole series: train without them",
            done.window is not None,
        ),
        (
            "interpolating a gap needs what comes after it: train with --missing mask",
            model.missing == "interpolate",
        ),
    )
    return next((reason for reason, holds in reasons if reason is not None and holds), None)


class Stream:
    """A causal model that reads one step after the other; from :meth:`MSSSMClassifier.stream`.

    A step takes the same time and the stream the same memory however long the series gets: what
    the model needs of the past is in ring buffers, states and running sums. The probabilities
    are those that ``predict_proba`` gives for the series up to that step. The model's weights are
    copied; it runs on the CPU, on one core, whatever the model's device.

    Parameters
    ----------
    model : FittedModel
        Causal.

    Raises
    ------
    InputError
        If the model needs later steps or the whole series.

    Examples
    --------
    >>> from msssm_ts import MSSSMClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(20, 30)), np.repeat(["calm", "loud"], 10)
    >>> X[y == "loud"] *= 5
    >>> settings = dict(d_model=16, n_layers=1, max_epochs=5, random_state=0)
    >>> model = MSSSMClassifier("network", bidirectional=False, **settings).fit(X, y)
    >>> stream = model.stream()
    >>> for value in X[0]:
    ...     proba = stream.step([value])
    >>> stream.n_steps, bool(np.abs(proba - model.predict_proba(X[:1])[0]).max() < 1e-5)
    (30, True)
    """

    def __init__(self, model: FittedModel):
        reason = why_not_streamed(model)
        if reason is not None:
            raise InputError(f"this model cannot read a stream: {reason}")
        network = cast(NetworkMember, model.vote.members[0]).network
        self.n_channels = network.config.n_channels
        self.channel_names = model.preparation.channels
        self.label_names = model.labels.shown
        self._missing, self._multilabel = model.missing, model.labels.multilabel
        self._standardizer, self._dtype = model.standardizer, model.dtype
        self._limits = model.preparation.limits or ()
        self._network = recurrent_form(network)
        self._begun = False

    @property
    def n_steps(self) -> int:
        """Steps read since the start, or the last :meth:`reset`."""
        return self._network.n_steps

    def reset(self) -> None:
        """Begin a new series."""
        self._network.reset()
        self._begun = False

    def step(self, values: Any) -> NDArray[np.float64]:
        """Read the next step, or several.

        Parameters
        ----------
        values : array of shape (n_channels,) or (n_channels, n_steps)
            One value per channel, in the units of the training series; or a chunk. NaN is a
            missing value, for models that were trained with ``missing="mask"``.

        Returns
        -------
        array of shape (n_classes,), or (n_steps, n_classes) for a chunk
            Probabilities, in the order of ``label_names``, of the series up to and with each
            step; NaN as long as every value was missing.

        Raises
        ------
        InputError
            If there are more or fewer channels, or a value is infinite, or missing in a model
            that takes none; the stream is then as it was before.
        """
        x = np.asarray(values, dtype=np.float64)
        chunk = x.ndim == 2
        if not chunk:
            x = x.reshape(-1, 1)
        if x.ndim != 2 or len(x) != self.n_channels:
            names = "" if self.channel_names is None else f" ({', '.join(self.channel_names)})"
            raise InputError(
                f"values of shape {np.shape(values)}, but the model reads "
                f"{counted(self.n_channels, 'channel')}{names}"
            )
        self._check_values(x)
        series = limited(x.astype(self._dtype), self._limits)
        # Steps first, as the network wants them.
        logits = self._network.run(self._standardizer.one(series, self._dtype).T)
        scores = torch.from_numpy(logits)
        proba: NDArray[np.float64] = (
            torch.sigmoid(scores) if self._multilabel else torch.softmax(scores, -1)
        ).numpy()
        # Of a series that has no value yet there is nothing to say.
        begun = self._begun | np.logical_or.accumulate(~np.isnan(x).all(0))
        if len(begun):
            self._begun = bool(begun[-1])
        checked_proba(proba[begun], self._multilabel)
        return proba if chunk else proba[0]

    def _check_values(self, x: NDArray[np.float64]) -> None:
        known = np.abs(x) <= LARGEST
        if known.all():
            return
        infinite = ~known & ~np.isnan(x)
        if infinite.any():
            channel = int(np.argwhere(infinite)[0, 0])
            raise InputError(
                f"channel {channel + 1} is infinite; numbers beyond 3.4e38, the "
                "largest of float32, count as such"
            )
        if self._missing == "error":
            channel = int(np.argwhere(~known)[0, 0])
            raise InputError(
                f"channel {channel + 1} is missing; a model trained with "
                "missing='mask' accepts that"
            )
