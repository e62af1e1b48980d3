"""The training loop: knows tensors and modules, nothing of files or terminals."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from msssm_ts.errors import TrainingError
from msssm_ts.model import MSSSMNetwork
from msssm_ts.training.augmentation import Augmentation
from msssm_ts.training.batches import Batch, SeriesTensor
from msssm_ts.training.loss import ClassificationLoss, accuracy
from msssm_ts.training.progress import Callback, History, Progress
from msssm_ts.training.schedule import make_optimizer, warmup_cosine


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Parameters
    ----------
    max_epochs, batch_size : int
        Length of the run.
    learning_rate, ssm_learning_rate, weight_decay : float
        Peak rates of AdamW.
    patience : int or None
        Epochs without a better validation loss before training stops; None: never.
    clip_norm : float
        Largest norm of a step's gradient.
    max_seconds : float or None
        Time for the whole run; the schedule is shortened to what the first steps say will fit.
    """

    max_epochs: int
    batch_size: int
    learning_rate: float
    ssm_learning_rate: float
    weight_decay: float
    patience: int | None = None
    clip_norm: float = 1.0
    max_seconds: float | None = None


@dataclass(frozen=True)
class LabelledTensor:
    """Series with what to learn about them.

    Parameters
    ----------
    series : SeriesTensor
        The series.
    targets : integer Tensor of shape (n_series,) or float Tensor of shape (n_series, n_labels)
        Class indices, or 0 and 1 for several labels at once.
    weights : Tensor of shape (n_series,), optional
        Weights in the loss.
    """

    series: SeriesTensor
    targets: Tensor
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)


def predict_logits(network: MSSSMNetwork, series: SeriesTensor, batch_size: int) -> Tensor:
    """Return logits (n_series, n_outputs), on the CPU, in the order of the series."""
    return _in_batches(network, network.forward, series, batch_size)


def predict_embeddings(network: MSSSMNetwork, series: SeriesTensor, batch_size: int) -> Tensor:
    """Return pooled features (n_series, n_features), on the CPU, in the order of the series."""
    return _in_batches(network, network.embed, series, batch_size)


def _in_batches(
    network: nn.Module, function: Callable[..., Tensor], series: SeriesTensor, batch_size: int
) -> Tensor:
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    index, outputs = [], []
    with torch.inference_mode():
        for chosen, batch in series.batches(series.in_order(batch_size)):
            outputs.append(function(*batch.to(device)).cpu())
            index.append(chosen)
    network.train(was_training)
    order = torch.cat(index)
    return torch.cat(outputs)[torch.argsort(order)]


class Trainer:
    """Trains a network and keeps its best weights.

    After :meth:`run` returns or raises ``KeyboardInterrupt``, the network holds the best weights:
    those of the lowest validation loss, or without a validation set the latest.

    Parameters
    ----------
    network : MSSSMNetwork
        On the device to train on.
    settings : TrainingSettings
        How to train.
    loss : ClassificationLoss
        What to minimise.
    callbacks : sequence of callables
        Called with a :class:`Progress` after every step and epoch.
    augmentation : Augmentation, optional
        How the training series are varied; not at all by default.
    in_vain : callable, optional
        Given the validation logits after a quarter and after half of the epochs, tells whether
        to stop there.
    """

    def __init__(
        self,
        network: MSSSMNetwork,
        settings: TrainingSettings,
        loss: ClassificationLoss,
        callbacks: Sequence[Callback] = (),
        augmentation: Augmentation | None = None,
        in_vain: Callable[[Tensor], bool] | None = None,
    ):
        self.in_vain = in_vain
        self.augmentation = augmentation or Augmentation()
        self.network, self.settings, self.callbacks = network, settings, callbacks
        self.loss = loss
        self.history = History()
        self.n_steps = 0
        self.best_epoch: int | None = None
        self._best_loss = float("inf")
        self._given_up = False
        self._best_weights: dict[str, Tensor] | None = None

    def run(
        self,
        train: LabelledTensor,
        generator: torch.Generator,
        validation: LabelledTensor | None = None,
    ) -> None:
        """Train.

        Parameters
        ----------
        train : LabelledTensor
            Training series.
        generator : torch.Generator
            Order of the batches.
        validation : LabelledTensor, optional
            Series that decide which weights are best, and when to stop.

        Raises
        ------
        TrainingError
            If the loss is not finite; the network then holds its last good weights.
        """
        try:
            self._run(train, generator, validation)
        finally:
            if self._best_weights is not None:
                self.network.load_state_dict(self._best_weights)
            self.network.eval()

    def _run(
        self,
        train: LabelledTensor,
        generator: torch.Generator,
        validation: LabelledTensor | None,
    ) -> None:
        settings, network = self.settings, self.network
        device = next(network.parameters()).device
        steps_per_epoch = -(-len(train) // settings.batch_size)
        max_steps = all_steps = settings.max_epochs * steps_per_epoch
        optimizer = make_optimizer(
            network, settings.learning_rate, settings.ssm_learning_rate, settings.weight_decay
        )
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: warmup_cosine(step, max_steps)
        )
        began = time.perf_counter()
        for epoch in range(1, settings.max_epochs + 1):
            network.train()
            total_loss, n_right, n_seen = 0.0, 0.0, 0
            order = train.series.shuffled(settings.batch_size, generator)
            for index, batch in train.series.batches(order):
                logits, loss = self._step(train, index, batch, generator)
                y = train.targets[index].to(device)
                network.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                norm = nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
                if not bool(torch.isfinite(loss) & torch.isfinite(norm)):
                    raise TrainingError(
                        f"the loss became {loss.item()} at step {self.n_steps + 1} (epoch "
                        f"{epoch}): "
                        "look for extreme values in the data, or lower the learning rate"
                    )
                optimizer.step()
                rate = float(scheduler.get_last_lr()[0])
                scheduler.step()
                self.n_steps += 1
                if settings.max_seconds is not None:
                    max_steps = self._steps_that_fit(time.perf_counter() - began, all_steps)
                total_loss += loss.item() * len(index)
                n_right += accuracy(logits, y).item() * len(index)
                n_seen += len(index)
                self._report(
                    Progress(
                        epoch,
                        settings.max_epochs,
                        self.n_steps,
                        max_steps,
                        total_loss / n_seen,
                        n_right / n_seen,
                        None,
                        None,
                        rate,
                        time.perf_counter() - began,
                        False,
                        self.best_epoch,
                    )
                )
                if self.n_steps >= max_steps:
                    break
            val_loss, val_accuracy = self._validate(epoch, validation)
            progress = Progress(
                epoch,
                settings.max_epochs,
                self.n_steps,
                max_steps,
                total_loss / n_seen,
                n_right / n_seen,
                val_loss,
                val_accuracy,
                rate,
                time.perf_counter() - began,
                True,
                self.best_epoch,
            )
            self.history.append(progress)
            self._report(progress)
            waited = epoch - (self.best_epoch or epoch)
            if self._given_up:
                break
            tired = settings.patience is not None and waited >= settings.patience
            if tired or self.n_steps >= max_steps:
                break

    def _steps_that_fit(self, seconds: float, all_steps: int) -> int:
        """Estimate how many steps the time is enough for, from those that were taken."""
        assert self.settings.max_seconds is not None
        left = max(0.0, self.settings.max_seconds - seconds)
        return min(all_steps, self.n_steps + int(left / max(seconds / self.n_steps, 1e-9)))

    def _step(
        self, train: LabelledTensor, index: Tensor, batch: Batch, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Logits and loss of a batch, varied; mixed series count for both of their labels."""
        device = next(self.network.parameters()).device
        varied, other, share = self.augmentation.mix(
            self.augmentation.move(batch, generator), generator
        )
        logits: Tensor = self.network(*varied.to(device))
        loss = logits.new_zeros(())
        for part, chosen in ((share, index), (1 - share, index[other])):
            if part:
                weights = None if train.weights is None else train.weights[chosen].to(device)
                loss = loss + part * self.loss(logits, train.targets[chosen].to(device), weights)
        return logits, loss

    def _validate(
        self, epoch: int, validation: LabelledTensor | None
    ) -> tuple[float | None, float | None]:
        """Score the epoch's weights and keep them if they are the best."""
        val_loss = val_accuracy = None
        if validation is not None:
            logits = predict_logits(self.network, validation.series, 4 * self.settings.batch_size)
            # Without smoothing: how probable the truth was.
            loss = replace(self.loss, label_smoothing=0.0)
            val_loss = loss(logits, validation.targets, validation.weights).item()
            val_accuracy = accuracy(logits, validation.targets).item()
            part = self.settings.max_epochs // 4
            if self.in_vain is not None and epoch in (part, 2 * part):
                self._given_up = self.in_vain(logits)
        if val_loss is None or val_loss < self._best_loss:
            self.best_epoch = epoch
            if val_loss is not None:
                self._best_loss = val_loss
                self._best_weights = copy.deepcopy(self.network.state_dict())
        return val_loss, val_accuracy

    def _report(self, progress: Progress) -> None:
        for callback in self.callbacks:
            callback(progress)
