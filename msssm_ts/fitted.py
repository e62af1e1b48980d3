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
from msssm_ts.voters import Committee

# The networks' part of the vote, where others vote too and there is no validation to choose it.
NETWORK_SHARE = 0.25


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
    networks_: list[MSSSMNetwork]
    committee_: Committee
    network_share_: float
    device_: str
    training_data_: dict[str, Any] | None
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

    @property
    def network_(self) -> MSSSMNetwork:
        """The trained network, of several the first."""
        networks = self.__dict__.get("networks_")
        if not networks:
            raise AttributeError("there is no network: not fitted, or fitted with preset='fast'")
        first: MSSSMNetwork = networks[0]
        return first

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is anything that predicts."""
        return bool(self.__dict__.get("networks_") or self.__dict__.get("committee_"))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing != "error"
        tags.classifier_tags.multi_label = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Pickle from the CPU, so that a machine without this one's card can read it."""
        state: dict[str, Any] = super().__getstate__()
        if "networks_" in state:
            state = state | {"networks_": [copy.deepcopy(n).cpu() for n in self.networks_]}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "networks_" in state:
            try:
                self.device_ = resolve_device(self.device_)
            except InputError:
                self.device_ = "cpu"
            for network in self.networks_:
                network.to(self.device_)

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

    def _standardized(self, values: Prepared) -> Sequence[Series]:
        """Return the series standardised, lazy ones as lazy."""
        series = values.series
        if not isinstance(series, LazySeries):
            return self.standardizer_.apply(series, self.dtype)
        read = StandardizedRead(series, self.standardizer_, self.dtype)
        return LazySeries(range(len(series)), read, series.lengths)

    def _tensor(self, values: Prepared) -> SeriesTensor:
        dtype, series = getattr(torch, self.dtype), self._standardized(values)
        if isinstance(series, LazySeries):
            cut = len(np.unique(values.owner)) < len(series)
            owner = values.owner if cut else None
            return StreamedSeries(series, series.lengths, dtype, owner=owner)
        return SeriesTensor(series, dtype)

    def _by_series(
        self,
        function: Callable[[Prepared], NDArray[np.float64]],
        X: Any,
        sampling_rate: float | None,
        channel_names: Sequence[str] | None,
    ) -> NDArray[np.float64]:
        """Return one row a series: the mean over its windows where it was cut."""
        check_is_fitted(self)
        series = self._check_series(X, reset=False, channel_names=channel_names)
        values = self._prepared(series, sampling_rate, channel_names)
        return vote(function(values), values.owner, len(series))

    def _logits(self, values: Prepared) -> torch.Tensor:
        """Return the network's logits, or what would give the vote's probabilities."""
        if not self.committee_ and len(self.networks_) == 1:
            return self._outputs(values)[0]
        proba = torch.from_numpy(self._proba(values)).clamp(1e-12, 1 - 1e-12)
        return torch.logit(proba) if self.multilabel_ else torch.log(proba)

    def _outputs(self, values: Prepared) -> list[torch.Tensor]:
        """Return each network's logits."""
        tensor = self._tensor(values)
        size = 4 * (self.batch_size or 16)
        return [predict_logits(network, tensor, size).double() for network in self.networks_]

    def _proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return the vote's probabilities, a row for each prepared series or window."""
        share = self.network_share_ if self.committee_ else 1.0
        if not self.networks_ or not share:
            return self._committee_proba(values)
        proba = share * self._network_proba(values)
        return proba if share == 1 else proba + (1 - share) * self._committee_proba(values)

    def _network_proba(self, values: Prepared) -> NDArray[np.float64]:
        activation = torch.nn.Sigmoid() if self.multilabel_ else torch.nn.Softmax(-1)
        outputs = [activation(logits).numpy() for logits in self._outputs(values)]
        proba: NDArray[np.float64] = np.mean(outputs, axis=0)
        return proba

    def _committee_proba(self, values: Prepared) -> NDArray[np.float64]:
        return self.committee_.predict_proba(self._standardized(values))

    def decision_function(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Return the confidence in each class.

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
            Logits (of a vote: logarithms of its probabilities); for two classes how much the
            second's is larger than the first's.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        """
        logits = self._by_series(
            lambda values: self._logits(values).numpy(), X, sampling_rate, channel_names
        )
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
        """Return features of each series, for other estimators to build on.

        They are what the network's head sees; without a network, those of the first ridge
        classifier.

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
        array of shape (n_samples, n_features)
            d_model features, or 2 · d_model for "mean_max" pooling; thousands without a network.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        """
        return self._by_series(self._features, X, sampling_rate, channel_names)

    def _features(self, values: Prepared) -> NDArray[np.float64]:
        if not self.networks_:
            return self.committee_.transform(self._standardized(values))
        size = 4 * (self.batch_size or 16)
        return predict_embeddings(self.network_, self._tensor(values), size).double().numpy()

    @property
    def _n_features_out(self) -> int:
        """How many features :meth:`transform` gives; scikit-learn asks."""
        if not self.networks_:
            return self.committee_.n_features
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
        return self._by_series(self._proba, X, sampling_rate, channel_names)

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
