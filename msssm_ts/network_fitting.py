"""The part of the estimator that trains networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import torch

from msssm_ts.early import EarlyClassifier
from msssm_ts.examples import Examples
from msssm_ts.inputs import Prepared
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.training import (
    Augmentation,
    Callback,
    ClassificationLoss,
    LabelledTensor,
    Trainer,
    TrainingSettings,
)
from msssm_ts.training.recipe import (
    auto_batch_size,
    auto_epochs,
    auto_stem_stride,
    clamp_scales,
)


class NetworkFitting(EarlyClassifier):
    """The part of :class:`msssm_ts.MSSSMClassifier` that trains networks."""

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
    mixup: float | Literal["auto"]
    shift: float | Literal["auto"]
    n_iter_no_change: int

    def _record(self, trainer: Trainer | None, began: float) -> None:
        raise NotImplementedError

    def _settings(
        self,
        training: Examples,
        validation: Examples | None,
        max_epochs: int | None,
        max_seconds: float | None,
    ) -> TrainingSettings:
        n_examples, lengths = len(training.targets), training.prepared.lengths
        length = -(-int(lengths.mean()) // self._stride(training.prepared))
        batch_size = self.batch_size or auto_batch_size(n_examples)
        return TrainingSettings(
            max_epochs=max_epochs or auto_epochs(n_examples, batch_size, length),
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
        in_vain: Callable[[torch.Tensor], bool] | None = None,
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
            trainer = Trainer(network, settings, loss, callbacks, self._augmentation(), in_vain)
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

    def _stride(self, training: Prepared) -> int:
        """Return how many steps of a series become one of the network."""
        if self.stem_stride == "auto":
            return auto_stem_stride(int(training.lengths.max()), training.sampling_rate)
        return self.stem_stride

    def _config(self, training: Prepared) -> MSSSMConfig:
        longest, stride = int(training.lengths.max()), self._stride(training)
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
