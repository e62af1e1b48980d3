"""The scikit-learn face of an encoder that learns without labels: a transformer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from msssm_ts.display import reporting
from msssm_ts.encoder_parameters import EncoderParameters
from msssm_ts.errors import InputError
from msssm_ts.fitted.encoder import FittedEncoder
from msssm_ts.fitted.encoder_file import load_encoder, save_encoder
from msssm_ts.fitted.parts import check_channel_names
from msssm_ts.fitting.asked_checkpoint import asked_checkpoint
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.known import encoder_file, with_encoder
from msssm_ts.fitting.pretrain import pretrained
from msssm_ts.fitting.record import from_json_parameters
from msssm_ts.parameter_rows import documented
from msssm_ts.parameters import specs
from msssm_ts.series.checks import check_times
from msssm_ts.sklearn_state import (
    checked_series,
    fitted_value,
    noticed_stamps,
    restore_width,
    source_of,
    warn_of_stamps,
)


@documented
@dataclass(eq=False, repr=False)
class MSSSMEncoder(
    EncoderParameters,
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Learns from series without labels what tells them apart, and turns each into a vector.

    The vector has mean, largest value and deviation over the steps of every layer of an MS-SSM
    network. Other estimators can learn from it; :class:`MSSSMClassifier` begins with the network
    (``init``, the file of :meth:`save`) or has it read by its member "encoder_ridge".

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    encoder_ : FittedEncoder
        What was learned, as a frozen value.
    history_ : dict of str to list
        The loss and more, one entry an epoch.
    n_channels_in_ : int
        Channels of the series.
    n_features_in_ : int
        Steps, where X was a table (n_samples, n_timepoints).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(20, 2, 30))
    >>> encoder = MSSSMEncoder(d_model=8, n_layers=2, max_epochs=1, random_state=0)
    >>> encoder.fit(X).transform(X).shape
    (20, 48)
    """

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        channel_names: Sequence[str] | None = None,
        sampling_rate: float | None = None,
        times: Any = None,
        origin: Mapping[str, Any] | None = None,
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
        resume: str | os.PathLike[str] | None = None,
    ) -> MSSSMEncoder:
        """Learn from series without labels.

        Parameters
        ----------
        X : array of shape (n_samples, n_timepoints) or (n_samples, n_channels, n_timepoints), \
or list of arrays of shape (n_channels, length)
            Series, of equal or different lengths; a :class:`msssm_ts.series.LazySeries` is read
            batch by batch.
        y : ignored
            Labels are not looked at.
        channel_names : sequence of str, optional
            Names of the channels, kept with the encoder.
        sampling_rate : float, optional
            In hertz, kept with the encoder.
        times : sequence of arrays of shape (length,), optional
            A time stamp a step, for a preparation that uses them; else uneven ones are warned of.
        origin : mapping, optional
            What was understood of the series' source.
        checkpoint : path or msssm_ts.fitting.Checkpoint, optional
            Folder to keep the work in while it goes on, once a minute.
        resume : path, optional
            Such a folder, to go on with what was cut short, with the same series and parameters.

        Returns
        -------
        MSSSMEncoder
            Itself.

        Raises
        ------
        ValueError
            If X cannot be used, a parameter is out of range, or the network cannot learn so.
        TrainingError
            If the loss is no longer finite.
        """
        own = self.get_params(deep=False)
        for name, _, spec in specs():
            if name in own:
                spec.check(name, own[name])
        series = checked_series(self, X)
        check_channel_names(channel_names, series[0].shape[0])
        source = source_of(self, series, channel_names, sampling_rate, origin)
        parameters, _ = with_encoder({name: default for name, default, _ in specs()} | own)
        asked = {name: parameters[name] for name in own}
        stamps = check_times(times, series)
        with (
            asked_checkpoint(checkpoint, resume) as kept,
            reporting(self.verbose, self.callbacks) as reporter,
        ):
            self.encoder_ = pretrained(series, parameters, source, stamps, reporter, kept, asked)
        warn_of_stamps(self.encoder_, stamps)
        return self

    def transform(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> NDArray[np.float64]:
        """Return a vector of each series.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series.
        sampling_rate : float, optional
            Of the series, in hertz, if it is another; they are resampled.
        channel_names : sequence of str, optional
            Names of the channels, if they are others; those of the encoder are chosen.
        times : as in :meth:`fit`
            A time stamp a step.

        Returns
        -------
        array of shape (n_samples, 3 · n_layers · d_model)

        Raises
        ------
        ValueError
            If X cannot be used, or has another width or number of channels.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        check_is_fitted(self)
        series = checked_series(self, X, self.encoder_, channel_names)
        stamps = noticed_stamps(self.encoder_, series, times)
        return self.encoder_.features(series, sampling_rate, channel_names, stamps)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the encoder to one file of safetensors, with all that it takes to use it.

        Parameters
        ----------
        path : path
            File to write.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        WritingError
            If the file cannot be written.
        """
        check_is_fitted(self)
        save_encoder(self.encoder_, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> MSSSMEncoder:
        """Return the encoder of a file, or of a folder that ``msssm-ts pretrain`` has made.

        Parameters
        ----------
        path : path
            The file, or the folder.

        Raises
        ------
        InputError
            If it is missing, damaged, foreign, or newer than this version can read.
        """
        found = load_encoder(encoder_file(path))
        try:
            encoder = cls(**from_json_parameters(found.record.parameters))
        except TypeError as error:
            raise InputError(f"{path}: has parameters of another version ({error})") from error
        encoder.encoder_ = found
        restore_width(encoder, found.source)
        return encoder

    @property
    def history_(self) -> dict[str, list[Any]]:
        """The loss and more, one entry an epoch."""
        return self._fitted("history_").record.history

    @property
    def n_channels_in_(self) -> int:
        """Channels of the series."""
        return self._fitted("n_channels_in_").source.n_channels

    @property
    def _n_features_out(self) -> int:
        """How many features :meth:`transform` gives; scikit-learn asks."""
        return self.encoder_.n_features

    def _fitted(self, asked: str) -> FittedEncoder:
        found: FittedEncoder = fitted_value(self, "encoder_", asked)
        return found

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is anything that encodes."""
        return "encoder_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing != "error"
        return tags
