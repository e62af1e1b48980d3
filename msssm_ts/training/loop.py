"""The training loop: knows tensors and modules, nothing of files or terminals."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.errors import TrainingError
from msssm_ts.training.batches import SeriesTensor
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
    label_smoothing : float
        Mass taken from the true class.
    patience : int or None
        Epochs without a better validation loss before training stops; None: never.
    clip_norm : float
        Largest norm of a step's gradient.
    """

    max_epochs: int
    batch_size: int
    learning_rate: float
    ssm_learning_rate: float
    weight_decay: float
    label_smoothing: float = 0.0
    patience: int | None = None
    clip_norm: float = 1.0


def predict_logits(network: nn.Module, series: SeriesTensor, batch_size: int) -> Tensor:
    """Return logits (n_series, n_outputs), on the CPU, in the order of the series."""
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    index, logits = [], []
    with torch.inference_mode():
        for chosen in series.in_order(batch_size):
            x, lengths = series.batch(chosen)
            lengths = lengths if lengths is None else lengths.to(device)
            logits.append(network(x.to(device), lengths).cpu())
            index.append(chosen)
    network.train(was_training)
    order = torch.cat(index)
    return torch.cat(logits)[torch.argsort(order)]


class Trainer:
    """Trains a network and keeps its best weights.

    After :meth:`run` returns or raises ``KeyboardInterrupt``, the network holds the best weights:
    those of the lowest validation loss, or without a validation set the latest.

    Parameters
    ----------
    network : nn.Module
        Maps (x, lengths) to logits; on the device to train on.
    settings : TrainingSettings
        How to train.
    callbacks : sequence of callables
        Called with a :class:`Progress` after every step and epoch.
    """

    def __init__(
        self, network: nn.Module, settings: TrainingSettings, callbacks: Sequence[Callback] = ()
    ):
        self.network, self.settings, self.callbacks = network, settings, callbacks
        self.history = History()
        self.n_steps = 0
        self.best_epoch: int | None = None
        self._best_loss = float("inf")
        self._best_weights: dict[str, Tensor] | None = None

    def run(
        self,
        train: SeriesTensor,
        targets: Tensor,
        generator: torch.Generator,
        validation: tuple[SeriesTensor, Tensor] | None = None,
    ) -> None:
        """Train.

        Parameters
        ----------
        train : SeriesTensor
            Training series.
        targets : integer Tensor of shape (n_series,)
            Class indices.
        generator : torch.Generator
            Order of the batches.
        validation : (SeriesTensor, Tensor), optional
            Series and class indices that decide which weights are best, and when to stop.

        Raises
        ------
        TrainingError
            If the loss is not finite; the network then holds its last good weights.
        """
        try:
            self._run(train, targets, generator, validation)
        finally:
            if self._best_weights is not None:
                self.network.load_state_dict(self._best_weights)
            self.network.eval()

    def _run(
        self,
        train: SeriesTensor,
        targets: Tensor,
        generator: torch.Generator,
        validation: tuple[SeriesTensor, Tensor] | None,
    ) -> None:
        settings, network = self.settings, self.network
        device = next(network.parameters()).device
        steps_per_epoch = -(-len(train) // settings.batch_size)
        max_steps = settings.max_epochs * steps_per_epoch
        optimizer = make_optimizer(
            network, settings.learning_rate, settings.ssm_learning_rate, settings.weight_decay
        )
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: warmup_cosine(step, max_steps)
        )
        began = time.perf_counter()
        for epoch in range(1, settings.max_epochs + 1):
            network.train()
            total_loss, n_right, n_seen = 0.0, 0, 0
            for index in train.shuffled(settings.batch_size, generator):
                x, lengths = train.batch(index)
                y = targets[index].to(device)
                logits = network(x.to(device), lengths if lengths is None else lengths.to(device))
                loss = functional.cross_entropy(logits, y, label_smoothing=settings.label_smoothing)
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
                total_loss += loss.item() * len(index)
                n_right += int((logits.argmax(-1) == y).sum())
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
            if settings.patience is not None and waited >= settings.patience:
                break

    def _validate(
        self, epoch: int, validation: tuple[SeriesTensor, Tensor] | None
    ) -> tuple[float | None, float | None]:
        """Score the epoch's weights and keep them if they are the best."""
        val_loss = val_accuracy = None
        if validation is not None:
            series, y = validation
            logits = predict_logits(self.network, series, 4 * self.settings.batch_size)
            val_loss = functional.cross_entropy(logits, y).item()
            val_accuracy = (logits.argmax(-1) == y).double().mean().item()
        if val_loss is None or val_loss < self._best_loss:
            self.best_epoch = epoch
            if val_loss is not None:
                self._best_loss = val_loss
                self._best_weights = copy.deepcopy(self.network.state_dict())
        return val_loss, val_accuracy

    def _report(self, progress: Progress) -> None:
        for callback in self.callbacks:
            callback(progress)
