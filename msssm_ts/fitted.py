"""What a trained network answers about series."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from msssm_ts.errors import InputError
from msssm_ts.inputs import Prepared, StandardizedRead, prepare_series
from msssm_ts.lazy import LazySeries, Series
from msssm_ts.model import MSSSMNetwork
from msssm_ts.preparation import Preparation, vote
from msssm_ts.series import Missing, Standardizer, as_series_list, checked, is_table, without_torch
from msssm_ts.training import SeriesTensor, StreamedSeries, predict_embeddings, predict_logits
from msssm_ts.training.recipe import resolve_device


class FittedClassifier(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClassifierMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """The part of :class:`msssm_ts.MSSSMClassifier` that needs no labels.

    Its subclass has the constructor and trains; attributes are described there.
    """

    missing: Missing
    dtype: Literal["float32", "float64"]
    batch_size: int | None
    preparation: Preparation | None
    preparation_: Preparation
    classes_: NDArray[Any]
    multilabel_: bool
    thresholds_: NDArray[np.float64]
    n_channels_in_: int
    label_names_: tuple[str, ...] | None
    channel_names_: tuple[str, ...] | None
    sampling_rate_: float | None
    standardizer_: Standardizer
    network_: MSSSMNetwork
    device_: str
    history_: dict[str, list[Any]]
    n_iter_: int
    best_iter_: int
    n_parameters_: int
    fit_seconds_: float
    seed_: int

    @property
    def label_names(self) -> NDArray[Any]:
        """What the columns of probabilities are called: classes, or names of several labels."""
        names = self.label_names_
        return self.classes_ if names is None else np.array(names)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing != "error"
        tags.classifier_tags.multi_label = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Pickle from the CPU, so that a machine without this one's card can read it."""
        state: dict[str, Any] = super().__getstate__()
        if "network_" in state:
            state = state | {"network_": copy.deepcopy(self.network_).cpu()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "network_" in state:
            try:
                self.device_ = resolve_device(self.device_)
            except InputError:
                self.device_ = "cpu"
            self.network_.to(self.device_)

    def _check_series(
        self, X: Any, reset: bool, channel_names: Sequence[str] | None = None
    ) -> Sequence[Series]:
        if isinstance(X, LazySeries):
            series: Sequence[Series] = checked(X, self.missing)
        else:
            X = without_torch(X)
            series = as_series_list(X, self.missing)
        if not isinstance(X, LazySeries) and is_table(X):
            # The width and the columns' names must stay; with other input lengths are free.
            validate_data(self, X, reset=reset, skip_check_array=True)
        elif reset:
            for name in {"n_features_in_", "feature_names_in_"} & vars(self).keys():
                delattr(self, name)
        n_channels = series[0].shape[0]
        if channel_names is not None and len(channel_names) != n_channels:
            raise ValueError(f"{len(channel_names)} channel_names for {n_channels} channels")
        if reset:
            self.n_channels_in_ = n_channels
        elif n_channels != self.n_channels_in_ and (
            channel_names is None or self.channel_names_ is None
        ):
            raise ValueError(
                f"X has {n_channels} channels, but {type(self).__name__} was trained on "
                f"{self.n_channels_in_}"
            )
        return series

    def _check_source(
        self, channel_names: Sequence[str] | None, sampling_rate: float | None
    ) -> None:
        """Remember where the training series come from, and how others are made like them."""
        if channel_names is not None and len(channel_names) != self.n_channels_in_:
            raise ValueError(
                f"{len(channel_names)} channel_names for {self.n_channels_in_} channels"
            )
        self.channel_names_ = None if channel_names is None else tuple(channel_names)
        self.sampling_rate_ = sampling_rate
        chosen = self.preparation or Preparation()
        self.preparation_ = replace(
            chosen,
            channels=chosen.channels or self.channel_names_,
            sampling_rate=chosen.sampling_rate or sampling_rate,
        )

    def _prepared(
        self,
        series: Sequence[Series],
        sampling_rate: float | None,
        channel_names: Sequence[str] | None,
    ) -> Prepared:
        """Prepare series as those that were trained on; what is not said about them is theirs."""
        return prepare_series(
            series,
            self.preparation_,
            sampling_rate or self.sampling_rate_,
            channel_names or self.channel_names_,
        )

    def _float_tensor(self, values: NDArray[Any]) -> torch.Tensor:
        return torch.as_tensor(values, dtype=getattr(torch, self.dtype))

    def _tensor(self, values: Prepared) -> SeriesTensor:
        dtype, series = getattr(torch, self.dtype), values.series
        if isinstance(series, LazySeries):
            read = StandardizedRead(series, self.standardizer_, self.dtype)
            lazy = LazySeries(range(len(series)), read, series.lengths)
            cut = len(np.unique(values.owner)) < len(series)
            owner = values.owner if cut else None
            return StreamedSeries(lazy, series.lengths, dtype, owner=owner)
        return SeriesTensor(self.standardizer_.apply(series, self.dtype), dtype)

    def _through_network(
        self,
        function: Any,
        X: Any,
        sampling_rate: float | None,
        channel_names: Sequence[str] | None,
        activation: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> NDArray[np.float64]:
        """Return one row a series: the mean over its windows where it was cut."""
        check_is_fitted(self, "network_")
        series = self._check_series(X, reset=False, channel_names=channel_names)
        values = self._prepared(series, sampling_rate, channel_names)
        tensor = self._tensor(values)
        output: torch.Tensor = function(self.network_, tensor, 4 * (self.batch_size or 16))
        result: NDArray[np.float64] = (
            activation(output.double()) if activation else output.double()
        ).numpy()
        return vote(result, values.owner, len(series))

    def decision_function(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Return the network's confidence in each class.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series.
        sampling_rate : float, optional
            Of the series, in hertz, if it is not the training series'; they are resampled.
        channel_names : sequence of str, optional
            Names of the channels, if they are not the training series'; those are chosen.

        Returns
        -------
        array of shape (n_samples, n_classes), or (n_samples,) for two classes
            Logits; for two classes how much the second's is larger than the first's.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        """
        logits = self._through_network(predict_logits, X, sampling_rate, channel_names)
        if len(self.classes_) == 2 and not self.multilabel_:
            return logits[:, 1] - logits[:, 0]
        return logits

    def transform(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Return what the network's head sees of each series, for other estimators to build on.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series.
        sampling_rate : float, optional
            Of the series, in hertz, if it is not the training series'; they are resampled.
        channel_names : sequence of str, optional
            Names of the channels, if they are not the training series'; those are chosen.

        Returns
        -------
        array of shape (n_samples, d_model), or (n_samples, 2 · d_model) for "mean_max" pooling
            Pooled features.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        """
        return self._through_network(predict_embeddings, X, sampling_rate, channel_names)

    @property
    def _n_features_out(self) -> int:
        """How many features :meth:`transform` gives; scikit-learn asks."""
        return int(self.network_.head.in_features)

    def predict_proba(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series. Their lengths may differ from the training series', except in a table
            (n_samples, n_timepoints) where the training series came as one too.
        sampling_rate : float, optional
            Of the series, in hertz, if it is not the training series'; they are resampled.
        channel_names : sequence of str, optional
            Names of the channels, if they are not the training series'; those are chosen.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of ``classes_``; with several labels at once each on its own.

        Raises
        ------
        ValueError
            If X cannot be used, or has another width or number of channels.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        check_is_fitted(self, "network_")
        activation = torch.nn.Sigmoid() if self.multilabel_ else torch.nn.Softmax(-1)
        return self._through_network(predict_logits, X, sampling_rate, channel_names, activation)

    def predict(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> NDArray[Any]:
        """Return labels.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series.
        sampling_rate : float, optional
            Of the series, in hertz, if it is not the training series'; they are resampled.
        channel_names : sequence of str, optional
            Names of the channels, if they are not the training series'; those are chosen.

        Returns
        -------
        array of shape (n_samples,), or (n_samples, n_labels) of 0 and 1
            The most probable label; with several at once, those above ``thresholds_``.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        """
        return self._labels(
            self.predict_proba(X, sampling_rate=sampling_rate, channel_names=channel_names)
        )

    def _labels(self, proba: NDArray[np.float64]) -> NDArray[Any]:
        """Return the labels that probabilities (n_samples, n_classes) stand for."""
        labels: NDArray[Any] = (
            (proba >= self.thresholds_).astype(int)
            if self.multilabel_
            else self.classes_[proba.argmax(1)]
        )
        return labels
