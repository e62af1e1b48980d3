"""The part of the estimator that trains."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length

from msssm_ts.display import TrainingDisplay
from msssm_ts.early import EarlyClassifier
from msssm_ts.inputs import Prepared, sample
from msssm_ts.lazy import Series, take
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.parameters import seed_from
from msssm_ts.presets import PRESETS, Preset, PresetName
from msssm_ts.series import Standardizer
from msssm_ts.targets import (
    ClassWeight,
    Targets,
    best_thresholds,
    check_weights,
    encode_targets,
    loss_weights,
)
from msssm_ts.training import (
    Augmentation,
    Callback,
    ClassificationLoss,
    History,
    LabelledTensor,
    Trainer,
    TrainingSettings,
)
from msssm_ts.training.recipe import (
    auto_batch_size,
    auto_epochs,
    auto_stem_stride,
    clamp_scales,
    resolve_device,
)
from msssm_ts.validation import split_targets
from msssm_ts.voters import Committee, Problem


@dataclass(frozen=True)
class TrainingData:
    """What there is to learn from, one entry a series."""

    series: Sequence[Any]
    targets: Targets
    weights: NDArray[np.float64]
    groups: NDArray[Any] | None = None
    validation: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.series)

    def take(self, index: NDArray[np.int64]) -> TrainingData:
        """Return some of the series with all that belongs to them."""
        return TrainingData(
            take(self.series, index),
            self.targets[index],
            self.weights[index],
            None if self.groups is None else self.groups[index],
            None if self.validation is None else self.validation[index],
        )


@dataclass(frozen=True)
class Examples:
    """Prepared series, or windows of them, each with what it teaches.

    Parameters
    ----------
    prepared : Prepared
        The series.
    targets : array of shape (n_examples,) or (n_examples, n_labels)
        Class indices, or 0 and 1.
    weights : array of shape (n_examples,), optional
        Of the examples.
    """

    prepared: Prepared
    targets: NDArray[Any]
    weights: NDArray[np.float64] | None


class TrainingClassifier(EarlyClassifier):
    """The part of :class:`msssm_ts.MSSSMClassifier` that trains; parameters are described there."""

    preset: PresetName
    time_budget: float | None
    n_scales: int
    core: Literal["s6", "lti"]
    d_model: int
    n_layers: int
    d_state: int
    kernel_size: int
    bidirectional: bool
    dropout: float
    pooling: Literal["mean", "max", "mean_max", "last"]
    stem_stride: int | Literal["auto"]
    max_epochs: int | None
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    mixup: float | Literal["auto"]
    shift: float | Literal["auto"]
    class_weight: ClassWeight
    early_stopping: bool | Literal["auto"]
    validation_fraction: float
    n_iter_no_change: int
    device: str
    random_state: int | np.random.RandomState | None
    verbose: int
    callbacks: Sequence[Callback] | None

    def _check(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        goes_on: bool,
        classes: NDArray[Any] | None = None,
        groups: Any = None,
        validation: Any = None,
    ) -> TrainingData:
        """Return what there is to learn from, without series of no weight."""
        series = self._check_series(X, reset=not goes_on)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        targets = encode_targets(y, self.classes_ if goes_on else classes)
        check_consistent_length(series, targets.encoded)
        if goes_on and targets.multilabel != self.multilabel_:
            raise ValueError("y must be of the same kind as in the first fit: labels or a matrix")
        data = TrainingData(
            series,
            targets,
            check_weights(sample_weight, len(series)),
            *(None if v is None else np.asarray(v) for v in (groups, validation)),
        )
        for name, value in (("groups", data.groups), ("validation", data.validation)):
            if value is not None and value.shape != (len(series),):
                raise ValueError(f"{name} must have one entry a series, not shape {value.shape}")
        counted = np.flatnonzero(data.weights > 0)
        if len(counted) < len(series):
            data = data.take(counted)
            if not goes_on and classes is None:
                data = replace(data, targets=encode_targets(data.targets.labels))
        self.classes_ = data.targets.classes
        self.multilabel_ = data.targets.multilabel
        return data

    def _check_label_names(self, names: Sequence[str] | None) -> None:
        if names is not None and not (self.multilabel_ and len(names) == len(self.classes_)):
            raise ValueError(f"{len(names)} label_names, which y does not have columns for")
        self.label_names_ = None if names is None else tuple(map(str, names))

    def _train(
        self, data: TrainingData, goes_on: bool, max_epochs: int | None, in_parts: bool = False
    ) -> None:
        began = time.perf_counter()
        seed = seed_from(self.random_state)
        # What is learned in parts is a network's: voters want to see all series at once.
        preset = PRESETS["network" if in_parts else self.preset]
        keep, held_out = np.arange(len(data)), np.arange(0)
        # Voters need no validation; the thresholds of several labels do.
        if not in_parts and (preset.n_networks or self.multilabel_):
            keep, held_out = self._split(data, seed)
        weights, positive = loss_weights(data.targets, data.weights, self.class_weight)
        self.device_ = resolve_device(self.device)
        self.seed_ = seed

        def examples(index: NDArray[np.int64]) -> Examples:
            values = self._prepared(take(data.series, index), self.sampling_rate_, None)
            # A window learns what its series is.
            source = index[values.owner]
            own = None if weights is None else weights[source]
            return Examples(values, data.targets.encoded[source], own)

        self.committee_ = Committee()
        if not goes_on:
            self.networks_ = []
        training = examples(keep)
        if not goes_on:
            self.standardizer_ = self._standardizer(training.prepared.series)
        validation = examples(held_out) if len(held_out) else None
        with TrainingDisplay(quiet=not self.verbose) as shown:
            callbacks: list[Callback] = [*(self.callbacks or ()), shown]
            if preset.has_committee:
                everything = self.multilabel_ or validation is None
                voting = training if everything else examples(np.arange(len(data)))
                self._fit_committee(voting, preset, callbacks)
            self._record(None, began)
            for i in range(preset.n_networks):
                left = None
                if self.time_budget is not None:
                    spent = time.perf_counter() - began
                    left = max(0.0, self.time_budget - spent) / (preset.n_networks - i)
                settings = self._settings(training, validation, max_epochs, left)
                loss = ClassificationLoss(
                    self.label_smoothing, None if positive is None else self._float_tensor(positive)
                )
                self._train_network(i, training, validation, settings, loss, callbacks, began)
        if self.multilabel_ and validation is not None:
            proba = self._proba(validation.prepared)
            self.thresholds_ = best_thresholds(proba, validation.targets)

    def _fit_committee(
        self, examples: Examples, preset: Preset, callbacks: Sequence[Callback]
    ) -> None:
        """Fit the voters beside the networks."""
        values = examples.prepared
        problem = Problem(
            self._standardized(values),
            examples.targets,
            len(self.classes_),
            examples.weights,
            values.lengths,
        )
        stages = [c.stage for c in callbacks if hasattr(c, "stage")]
        self.committee_ = Committee.fit(
            problem, preset.n_ridges, preset.n_trees, self.seed_, stages
        )

    def _settings(
        self,
        training: Examples,
        validation: Examples | None,
        max_epochs: int | None,
        max_seconds: float | None,
    ) -> TrainingSettings:
        n_examples = len(training.targets)
        batch_size = self.batch_size or auto_batch_size(n_examples)
        return TrainingSettings(
            max_epochs=max_epochs or auto_epochs(n_examples, batch_size),
            batch_size=batch_size,
            learning_rate=self.learning_rate,
            ssm_learning_rate=min(self.learning_rate, 1e-3),
            weight_decay=self.weight_decay,
            patience=None if validation is None else self.n_iter_no_change,
            max_seconds=max_seconds,
        )

    def _train_network(
        self,
        number: int,
        training: Examples,
        validation: Examples | None,
        settings: TrainingSettings,
        loss: ClassificationLoss,
        callbacks: Sequence[Callback],
        began: float,
    ) -> None:
        """Train one of the networks, a new one or the one that is there."""
        seed = self.seed_ + number
        is_new = number >= len(self.networks_)
        # The caller's random numbers stay as they are.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            if is_new:
                self.networks_.append(MSSSMNetwork(self._config(training.prepared)))
            network = self.networks_[number]
            network.to(self.device_, getattr(torch, self.dtype))
            trainer = Trainer(network, settings, loss, callbacks, self._augmentation())
            generator = torch.Generator().manual_seed(seed)
            try:
                trainer.run(
                    self._labelled(training),
                    generator,
                    None if validation is None else self._labelled(validation),
                )
            finally:
                if is_new and not trainer.n_steps:
                    # Nothing that could be called a model.
                    self.networks_.pop()
                if not number:
                    self._record(trainer, began)
                self.fit_seconds_ = time.perf_counter() - began

    def _labelled(self, examples: Examples) -> LabelledTensor:
        weights = examples.weights
        return LabelledTensor(
            self._tensor(examples.prepared),
            torch.from_numpy(examples.targets),
            None if weights is None else self._float_tensor(weights),
        )

    def _augmentation(self) -> Augmentation:
        spectral = self.preparation_.features != "raw" or self.network_.config.stem_stride > 1
        return Augmentation(
            *(
                (value if spectral else 0.0) if chosen == "auto" else float(chosen)
                for chosen, value in ((self.shift, 0.1), (self.mixup, 0.3))
            )
        )

    def _standardizer(self, series: Sequence[Series]) -> Standardizer:
        if self.preparation_.standardize in ("global", "centred"):
            return Standardizer.fit(sample(series))
        return Standardizer.identity(series[0].shape[0])

    def _record(self, trainer: Trainer | None, began: float) -> None:
        """Keep what is told of a fit: of the first network's, or of one without a network."""
        history = History() if trainer is None else trainer.history
        self.history_ = vars(history)
        self.n_iter_ = len(history.epoch)
        self.best_iter_ = 0 if trainer is None else trainer.best_epoch or 0
        learned = sum(p.numel() for n in self.networks_ for p in n.parameters())
        self.n_parameters_ = learned + self.committee_.n_parameters
        self.fit_seconds_ = time.perf_counter() - began
        self.thresholds_ = np.full(len(self.classes_), 0.5)

    def _config(self, training: Prepared) -> MSSSMConfig:
        longest = int(training.lengths.max())
        stride = self.stem_stride
        if stride == "auto":
            stride = auto_stem_stride(longest, training.sampling_rate)
        return MSSSMConfig(
            n_channels=training.series[0].shape[0],
            n_outputs=len(self.classes_),
            n_scales=clamp_scales(self.n_scales, -(-longest // stride)),
            d_model=self.d_model,
            n_layers=self.n_layers,
            d_state=self.d_state,
            kernel_size=self.kernel_size,
            core=self.core,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            pooling=self.pooling,
            stem_stride=stride,
        )

    def _split(self, data: TrainingData, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which series train, and which are set aside."""
        everything = np.arange(len(data)), np.arange(0)
        if data.validation is not None:
            aside = data.validation.astype(bool)
            missing = set(data.targets.encoded[aside].tolist()) if not self.multilabel_ else set()
            if not aside.any() or aside.all():
                raise ValueError("validation must set some of the series aside, and leave some")
            if missing - set(data.targets.encoded[~aside].tolist() if missing else ()):
                raise ValueError(
                    "validation sets all series of a class aside: none is left to learn"
                )
            return np.flatnonzero(~aside), np.flatnonzero(aside)
        wanted = self.early_stopping
        if wanted == "auto":
            wanted = len(data) >= 300
        if not wanted:
            return everything
        keep, held_out = split_targets(data.targets, self.validation_fraction, seed, data.groups)
        if data.groups is not None and not len(held_out):
            warnings.warn(
                "no split by groups keeps every class among the training series: trained without "
                "validation",
                UserWarning,
                stacklevel=4,
            )
        return keep, held_out
