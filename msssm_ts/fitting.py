"""The part of the estimator that trains."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length

from msssm_ts.display import TrainingDisplay
from msssm_ts.examples import Examples, TrainingData
from msssm_ts.fitted import NETWORK_SHARE
from msssm_ts.inputs import sample
from msssm_ts.lazy import Series, take
from msssm_ts.network_fitting import NetworkFitting
from msssm_ts.parameters import seed_from
from msssm_ts.presets import PRESETS, Preset, PresetName
from msssm_ts.series import Standardizer
from msssm_ts.targets import (
    ClassWeight,
    best_thresholds,
    check_weights,
    encode_targets,
    loss_weights,
)
from msssm_ts.training import (
    Callback,
    ClassificationLoss,
    History,
    Trainer,
)
from msssm_ts.training.recipe import (
    resolve_device,
)
from msssm_ts.validation import split_targets
from msssm_ts.voters import Committee, Problem, QuantileTrees, ScanRidge, best_share

# A network whose best share is no more than that, after a quarter or half of its training, has
# not been worth the rest.
_NEXT_TO_NOTHING = 0.1
# Patients or speakers: what one or two of them say of a network need not hold for the next.
_FEWEST_GROUPS = 5
# Of a time budget, what the other voters may take before networks are trained: they are fitted
# again afterwards.
_FIRST_OF_TWO = 0.25


class TrainingClassifier(NetworkFitting):
    """The part of :class:`msssm_ts.MSSSMClassifier` that trains; parameters are described there."""

    preset: PresetName
    time_budget: float | None
    label_smoothing: float
    class_weight: ClassWeight
    early_stopping: bool | Literal["auto"]
    validation_fraction: float
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
        # Networks and their share of the vote need validation, and thresholds of several labels.
        if not in_parts and (preset.n_networks or self.multilabel_):
            keep, held_out = self._split(data, seed)
            if preset.has_committee and self._cannot_tell(data, held_out):
                keep, held_out = np.arange(len(data)), np.arange(0)
        weights, positive = loss_weights(data.targets, data.weights, self.class_weight)
        self.device_ = resolve_device(self.device)
        self.seed_ = seed
        self.training_data_ = data.facts()

        def examples(index: NDArray[np.int64]) -> Examples:
            values = self._prepared(take(data.series, index), self.sampling_rate_, None)
            # A window learns what its series is.
            source = index[values.owner]
            own = None if weights is None else weights[source]
            groups = data.groups
            if groups is None and len(np.unique(source)) < len(source):
                # Windows of one series tell of each other.
                groups = np.arange(len(data))
            together = None if groups is None else groups[source]
            return Examples(values, data.targets.encoded[source], own, together)

        self.committee_ = Committee()
        self.network_share_ = 1.0
        training = examples(keep)
        if not goes_on:
            self.standardizer_ = self._standardizer(training.prepared.series)
        validation = examples(held_out) if len(held_out) else None
        n_networks = preset.n_networks
        if preset.has_committee and validation is None and self.early_stopping == "auto":
            # Beside the others a network trained on so few series has not been worth its time,
            # and its share of the vote could not be measured (docs/recipe.md).
            n_networks = 0
        if not (goes_on and n_networks):
            self.networks_ = []
        with TrainingDisplay(quiet=not self.verbose) as shown:
            callbacks: list[Callback] = [*(self.callbacks or ()), shown]
            twice = validation is not None and not self.multilabel_
            if preset.has_committee:
                part = _FIRST_OF_TWO if twice else 1.0
                seconds = None if self.time_budget is None else part * self.time_budget
                self._fit_committee(training, preset, callbacks, seconds)
                preset = replace(
                    preset,
                    n_ridges=self.committee_.count(ScanRidge),
                    n_trees=preset.n_trees if self.committee_.count(QuantileTrees) else 0,
                )
            again = time.perf_counter() - began if preset.has_committee and twice else 0.0
            self._record(None, began)
            if n_networks:
                self._train_networks(
                    n_networks, training, validation, positive, max_epochs, callbacks, began, again
                )
            if self.committee_ and twice:
                # Voters need no validation: once the shares are known they learn from all series.
                self._fit_committee(examples(np.arange(len(data))), preset, callbacks)
            self.fit_seconds_ = time.perf_counter() - began
        if self.multilabel_ and validation is not None:
            proba = self._proba(validation.prepared)
            self.thresholds_ = best_thresholds(proba, validation.targets)

    def _train_networks(
        self,
        n_networks: int,
        training: Examples,
        validation: Examples | None,
        positive: NDArray[np.float64] | None,
        max_epochs: int | None,
        callbacks: Sequence[Callback],
        began: float,
        reserved: float,
    ) -> None:
        """Train networks and choose their part of the vote; ``reserved`` seconds are not theirs."""
        theirs = in_vain = None
        if self.committee_ and validation is not None:
            theirs = self._committee_proba(validation.prepared)
            in_vain = self._gives_up(validation, theirs)
        loss = ClassificationLoss(
            self.label_smoothing, None if positive is None else self._float_tensor(positive)
        )
        try:
            for i in range(n_networks):
                left = None
                if self.time_budget is not None:
                    spent = time.perf_counter() - began + reserved
                    left = max(0.0, self.time_budget - spent) / (n_networks - i)
                settings = self._settings(training, validation, max_epochs, left)
                self._train_network(
                    i, training, validation, settings, loss, callbacks, began, in_vain
                )
        finally:
            if self.committee_ and self.networks_:
                self.network_share_ = self._choose_share(validation, theirs)
                if not self.network_share_:
                    # What has no vote is not kept either.
                    self.networks_ = []
                    self.n_parameters_ = self.committee_.n_parameters

    def _cannot_tell(self, data: TrainingData, held_out: NDArray[np.int64]) -> bool:
        """Whether series set aside are of too few groups to measure a network's share by."""
        if data.groups is None or data.validation is not None or self.multilabel_:
            return False
        few = len(np.unique(data.groups[held_out])) < _FEWEST_GROUPS
        return self.early_stopping == "auto" and few

    def _choose_share(
        self, validation: Examples | None, theirs: NDArray[np.float64] | None
    ) -> float:
        """Return the networks' part of the vote, as the set-aside series tell it.

        ``theirs`` are the other voters' probabilities for those.
        """
        if validation is None or theirs is None:
            return NETWORK_SHARE
        ours = self._network_proba(validation.prepared)
        share = best_share(ours, theirs, validation.targets)
        # The same series have chosen the networks' weights: they look better there than they are.
        return share / 2

    def _gives_up(
        self, validation: Examples, theirs: NDArray[np.float64]
    ) -> Callable[[torch.Tensor], bool]:
        """Return what tells from validation logits that a network adds next to nothing."""

        def in_vain(logits: torch.Tensor) -> bool:
            proba = torch.sigmoid(logits) if self.multilabel_ else torch.softmax(logits, -1)
            share = best_share(proba.double().numpy(), theirs, validation.targets)
            return share <= _NEXT_TO_NOTHING

        return in_vain

    def _fit_committee(
        self,
        examples: Examples,
        preset: Preset,
        callbacks: Sequence[Callback],
        seconds: float | None = None,
    ) -> None:
        """Fit the voters beside the networks, as many as there is time for."""
        values = examples.prepared
        problem = Problem(
            self._standardized(values),
            examples.targets,
            len(self.classes_),
            examples.weights,
            examples.groups,
        )
        stages = [c.stage for c in callbacks if hasattr(c, "stage")]
        self.committee_ = Committee.fit(
            problem, preset.n_ridges, preset.n_trees, self.seed_, stages, seconds
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
