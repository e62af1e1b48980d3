"""The scikit-learn face of the model."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from msssm_ts.artifact import read_artifact, write_artifact
from msssm_ts.errors import InputError
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.series import Standardizer, as_series_list
from msssm_ts.training import Callback, SeriesTensor, Trainer, TrainingSettings, predict_logits
from msssm_ts.training.recipe import (
    auto_batch_size,
    auto_epochs,
    clamp_scales,
    resolve_device,
    stratified_split,
)


class MSSSMClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Time-series classifier with a multi-scale state-space model (MS-SSM).

    Parameters
    ----------
    n_scales : int, default=3
        Levels of the wavelet decomposition; fewer where the series are too short for them.
    core : {"s6", "lti"}, default="s6"
        Selective (input-dependent) or time-invariant state-space models.
    d_model : int, default=64
        Width.
    n_layers : int, default=3
        Blocks.
    d_state : int, default=20
        State per channel, shared out over the scales.
    kernel_size : int, default=8
        Taps of the decomposition's filters.
    bidirectional : bool, default=True
        Read the series in both directions; False gives a causal model.
    dropout : float, default=0.1
        Dropout after each block.
    pooling : {"mean", "max", "mean_max", "last"}, default="mean_max"
        From steps to one vector per series.
    max_epochs : int, optional
        Passes over the training data; chosen by the amount of data by default.
    batch_size : int, optional
        Series per step; chosen by the amount of data by default.
    learning_rate : float, default=2e-3
        Peak learning rate of AdamW.
    weight_decay : float, default=0.05
        AdamW's, not applied to the state-space parameters, biases, norms and filters.
    label_smoothing : float, default=0.1
        Probability mass that training spreads over the other classes.
    early_stopping : bool or "auto", default="auto"
        Set a stratified part of the training data aside, keep the weights that do best on it and
        stop when they no longer improve. "auto": from 300 series on.
    validation_fraction : float, default=0.15
        That part.
    n_iter_no_change : int, default=20
        Epochs without improvement before stopping.
    device : str, default="auto"
        "auto" is a CUDA card where there is one, else the CPU.
    random_state : int, RandomState or None, default=None
        Seed; the same seed on the same machine gives the same model, bit for bit on a CPU.
    verbose : int, default=0
        1 logs a line per epoch to the logger ``msssm_ts``.
    callbacks : sequence of callables, optional
        Each is called with a :class:`msssm_ts.training.Progress` after every step and epoch.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted.
    n_channels_in_ : int
        Channels of the training series.
    history_ : dict of str to list
        Losses, accuracies, learning rate and seconds, one entry per epoch.
    n_iter_, best_iter_ : int
        Epochs trained, and the epoch whose weights were kept.
    network_ : MSSSMNetwork
        The trained network.

    References
    ----------
    Karami, Behrouz, Zhong, Pascanu, Mirrokni, "MS-SSM: A Multi-Scale State Space Model for
    Efficient Sequence Modeling", COLM 2025, arXiv 2512.23824.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20, 30))
    >>> y = np.repeat(["calm", "loud"], 10)
    >>> X[y == "loud"] *= 5
    >>> clf = MSSSMClassifier(d_model=16, n_layers=1, max_epochs=5, random_state=0).fit(X, y)
    >>> clf.predict_proba(X[:3]).shape
    (3, 2)
    """

    def __init__(
        self,
        n_scales: int = 3,
        core: Literal["s6", "lti"] = "s6",
        d_model: int = 64,
        n_layers: int = 3,
        d_state: int = 20,
        kernel_size: int = 8,
        bidirectional: bool = True,
        dropout: float = 0.1,
        pooling: Literal["mean", "max", "mean_max", "last"] = "mean_max",
        max_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.05,
        label_smoothing: float = 0.1,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.15,
        n_iter_no_change: int = 20,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        callbacks: Sequence[Callback] | None = None,
    ):
        self.n_scales = n_scales
        self.core = core
        self.d_model = d_model
        self.n_layers = n_layers
        self.d_state = d_state
        self.kernel_size = kernel_size
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.pooling = pooling
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.callbacks = callbacks

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        channel_names: Sequence[str] | None = None,
        sampling_rate: float | None = None,
    ) -> MSSSMClassifier:
        """Train on labelled series.

        Parameters
        ----------
        X : array of shape (n_samples, n_timepoints) or (n_samples, n_channels, n_timepoints), \
or list of arrays of shape (n_channels, length)
            Series, of equal or different lengths.
        y : array of shape (n_samples,)
            Labels of any kind.
        channel_names : sequence of str, optional
            Names of the channels, kept with the model.
        sampling_rate : float, optional
            In hertz, kept with the model.

        Returns
        -------
        MSSSMClassifier
            Itself. A ``KeyboardInterrupt`` after the first step leaves it fitted with the best
            weights so far, and goes on to the caller.

        Raises
        ------
        ValueError
            If X or y cannot be used, or a parameter is out of range.
        TrainingError
            If the loss is no longer finite.
        """
        check_parameters(self)
        series = as_series_list(X)
        y = column_or_1d(y, warn=True)
        check_consistent_length(series, y)
        check_classification_targets(y)
        classes, targets = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"Classifier can't train when only one class is present: every label is "
                f"{classes[0]!r}"
            )
        n_channels = series[0].shape[0]
        if channel_names is not None and len(channel_names) != n_channels:
            raise ValueError(f"{len(channel_names)} channel_names for {n_channels} channels")
        self.classes_ = classes
        self.n_channels_in_ = n_channels
        self.n_features_in_ = series[0].shape[1]
        self.channel_names_ = None if channel_names is None else tuple(channel_names)
        self.sampling_rate_ = sampling_rate
        self._train(series, torch.from_numpy(targets.astype(np.int64)))
        return self

    def _train(self, series: list[NDArray[Any]], targets: torch.Tensor) -> None:
        began = time.perf_counter()
        seed = seed_from(self.random_state)
        generator = torch.Generator().manual_seed(seed)
        keep, held_out = self._split(targets.numpy(), seed)
        self.standardizer_ = Standardizer.fit([series[i] for i in keep])
        standardized = self.standardizer_.apply(series)

        def part(index: NDArray[np.int64]) -> tuple[SeriesTensor, torch.Tensor]:
            return SeriesTensor([standardized[i] for i in index]), targets[torch.from_numpy(index)]

        self.device_ = resolve_device(self.device)
        batch_size = self.batch_size or auto_batch_size(len(keep))
        settings = TrainingSettings(
            max_epochs=self.max_epochs or auto_epochs(len(keep), batch_size),
            batch_size=batch_size,
            learning_rate=self.learning_rate,
            ssm_learning_rate=min(self.learning_rate, 1e-3),
            weight_decay=self.weight_decay,
            label_smoothing=self.label_smoothing,
            patience=self.n_iter_no_change if len(held_out) else None,
        )
        # The caller's random numbers stay as they are.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            config = self._config(max(s.shape[1] for s in series))
            self.network_ = MSSSMNetwork(config).to(self.device_)
            trainer = Trainer(self.network_, settings, self._all_callbacks())
            try:
                trainer.run(*part(keep), generator, part(held_out) if len(held_out) else None)
            finally:
                self.history_ = vars(trainer.history)
                self.n_iter_ = len(trainer.history.epoch)
                self.best_iter_ = trainer.best_epoch or 0
                self.n_parameters_ = sum(p.numel() for p in self.network_.parameters())
                self.fit_seconds_ = time.perf_counter() - began
                self.seed_ = seed
                if not trainer.n_steps:
                    # Not one step was taken: nothing that could be called a model.
                    del self.network_

    def _config(self, longest: int) -> MSSSMConfig:
        return MSSSMConfig(
            n_channels=self.n_channels_in_,
            n_outputs=len(self.classes_),
            n_scales=clamp_scales(self.n_scales, longest),
            d_model=self.d_model,
            n_layers=self.n_layers,
            d_state=self.d_state,
            kernel_size=self.kernel_size,
            core=self.core,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            pooling=self.pooling,
        )

    def _split(
        self, targets: NDArray[np.int64], seed: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        wanted = len(targets) >= 300 if self.early_stopping == "auto" else self.early_stopping
        if not wanted:
            return np.arange(len(targets)), np.arange(0)
        return stratified_split(targets, self.validation_fraction, seed)

    def _all_callbacks(self) -> list[Callback]:
        from msssm_ts.training.progress import log_epoch

        return [*(self.callbacks or ()), *([log_epoch] if self.verbose else [])]

    def _logits(self, X: Any) -> torch.Tensor:
        check_is_fitted(self, "network_")
        series = as_series_list(X)
        n_channels = series[0].shape[0]
        if n_channels != self.n_channels_in_:
            raise ValueError(
                f"X has {n_channels} channels, but MSSSMClassifier was trained on "
                f"{self.n_channels_in_}"
            )
        batch_size = 4 * (self.batch_size or 16)
        return predict_logits(
            self.network_, SeriesTensor(self.standardizer_.apply(series)), batch_size
        )

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series; their lengths may differ from the training series'.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        ValueError
            If X cannot be used or has another number of channels.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        proba: NDArray[np.float64] = torch.softmax(self._logits(X).double(), -1).numpy()
        return proba

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable label of each series, shape (n_samples,); X as in fit."""
        best = self.predict_proba(X).argmax(1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one safetensors file (see :mod:`msssm_ts.artifact`).

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self, "network_")
        parameters = {
            k: v
            for k, v in self.get_params().items()
            if k != "callbacks" and not isinstance(v, np.random.RandomState)
        }
        header = {
            "estimator": type(self).__name__,
            "parameters": parameters,
            "network": asdict(self.network_.config),
            "classes": {"dtype": self.classes_.dtype.str, "values": self.classes_.tolist()},
            "standardizer": {
                "mean": self.standardizer_.mean.tolist(),
                "std": self.standardizer_.std.tolist(),
            },
            "channel_names": self.channel_names_,
            "sampling_rate": self.sampling_rate_,
            "training": {
                "history": self.history_,
                "n_iter": self.n_iter_,
                "best_iter": self.best_iter_,
                "n_timepoints": self.n_features_in_,
                "n_parameters": self.n_parameters_,
                "seconds": self.fit_seconds_,
                "seed": self.seed_,
                "device": self.device_,
                "threads": torch.get_num_threads(),
            },
            "versions": {
                **{name: version(name) for name in ("msssm-ts", "torch", "numpy", "numba")},
                "python": platform.python_version(),
            },
        }
        write_artifact(path, self.network_.state_dict(), header)

    @classmethod
    def load(cls, path: str | os.PathLike[str], device: str = "auto") -> MSSSMClassifier:
        """Read a model that :meth:`save` wrote, on any machine.

        Parameters
        ----------
        path : path
            Model file, or the run folder that holds it.
        device : str
            Where to run it.

        Raises
        ------
        InputError
            If the file is missing, damaged, or newer than this version can read.
        """
        tensors, header = read_artifact(path)
        try:
            estimator = cls(**header["parameters"])
            config = MSSSMConfig(**header["network"])
            training = header["training"]
            classes = header["classes"]
            estimator.classes_ = np.array(classes["values"], dtype=np.dtype(classes["dtype"]))
            estimator.n_channels_in_ = config.n_channels
            estimator.n_features_in_ = training["n_timepoints"]
            names = header["channel_names"]
            estimator.channel_names_ = None if names is None else tuple(names)
            estimator.sampling_rate_ = header["sampling_rate"]
            scale = header["standardizer"]
            estimator.standardizer_ = Standardizer(np.array(scale["mean"]), np.array(scale["std"]))
            estimator.history_ = training["history"]
            estimator.n_iter_, estimator.best_iter_ = training["n_iter"], training["best_iter"]
            estimator.n_parameters_ = training["n_parameters"]
            estimator.fit_seconds_, estimator.seed_ = training["seconds"], training["seed"]
            network = MSSSMNetwork(config)
            network.load_state_dict(tensors)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise InputError(
                f"{path}: its contents do not fit together ({error}); train again"
            ) from error
        estimator.device_ = resolve_device(device)
        estimator.network_ = network.to(estimator.device_).eval()
        return estimator


def seed_from(random_state: int | np.random.RandomState | None) -> int:
    """Return the seed that random_state stands for; drawn anew for None."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return int(random_state)


def check_parameters(estimator: MSSSMClassifier) -> None:
    """Raise ValueError or TypeError, naming it, for a parameter out of range."""
    at_least_one = ("n_scales", "d_model", "n_layers", "d_state", "kernel_size")
    for name in (*at_least_one, "max_epochs", "batch_size", "n_iter_no_change"):
        value = getattr(estimator, name)
        if value is None and name in ("max_epochs", "batch_size"):
            continue
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise TypeError(f"{name} must be an integer, not {value!r}")
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    choices = {
        "core": ("s6", "lti"),
        "pooling": ("mean", "max", "mean_max", "last"),
        "early_stopping": (True, False, "auto"),
    }
    for name, allowed in choices.items():
        if getattr(estimator, name) not in allowed:
            raise ValueError(f"{name} must be one of {allowed}, not {getattr(estimator, name)!r}")
    ranges = {"dropout": (0, 1), "validation_fraction": (0, 1), "label_smoothing": (0, 1)}
    for name, (low, high) in ranges.items():
        if not low <= getattr(estimator, name) < high:
            value = getattr(estimator, name)
            raise ValueError(f"{name} must lie in [{low}, {high}), not {value}")
    if estimator.learning_rate <= 0 or estimator.weight_decay < 0:
        raise ValueError("learning_rate must be positive and weight_decay not negative")
