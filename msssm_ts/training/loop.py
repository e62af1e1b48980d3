"""The training loop: knows tensors and modules, nothing of files or terminals."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from msssm_ts.errors import TrainingError
from msssm_ts.model import MSSSMNetwork
from msssm_ts.model.stem import FilterBankStem
from msssm_ts.training.augmentation import Augmentation
from msssm_ts.training.batches import Batch, SeriesTensor
from msssm_ts.training.keeping import (
    Keeper,
    Kept,
    SafePoints,
    as_array,
    as_state,
    optimizer_arrays,
    random_arrays,
    restore_optimizer,
    restore_random,
)
from msssm_ts.training.loss import ClassificationLoss, accuracy
from msssm_ts.training.memory import keep_freed_memory
from msssm_ts.training.prediction import predict_logits
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


@dataclass
class _Position:
    """Where a run is: in which epoch, after how many of its batches, with which sums over them."""

    epoch: int = 1
    n_batches: int = 0
    total_loss: float = 0.0
    n_right: float = 0.0
    n_seen: int = 0
    seconds: float = 0.0

    def next_epoch(self) -> _Position:
        return _Position(self.epoch + 1)


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
    keeper : Keeper, optional
        Where the run is kept while it goes on, and where one that was cut short is found: it
        then goes on with the same bits as if it had not been.
    """

    def __init__(
        self,
        network: MSSSMNetwork,
        settings: TrainingSettings,
        loss: ClassificationLoss,
        callbacks: Sequence[Callback] = (),
        augmentation: Augmentation | None = None,
        in_vain: Callable[[Tensor], bool] | None = None,
        keeper: Keeper | None = None,
    ):
        self.in_vain, self.keeper = in_vain, keeper
        self.augmentation = augmentation or Augmentation()
        self.network, self.settings, self.callbacks = network, settings, callbacks
        self.loss = loss
        banks = (m for m in network.modules() if isinstance(m, FilterBankStem))
        self._bank = next(banks, None)
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
        keep_freed_memory()
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
        optimizer = make_optimizer(
            network, settings.learning_rate, settings.ssm_learning_rate, settings.weight_decay
        )
        peaks = [group["lr"] for group in optimizer.param_groups]

        def set_rates(step: int) -> None:
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * warmup_cosine(step, max_steps)

        steps_per_epoch = -(-len(train) // settings.batch_size)
        max_steps = all_steps = settings.max_epochs * steps_per_epoch
        kept = None if self.keeper is None else self.keeper.kept()
        at = _Position() if kept is None else self._restore(kept, optimizer)
        set_rates(max(0, self.n_steps - 1))
        began = time.perf_counter() - at.seconds

        def progress(scores: tuple[float | None, float | None], is_epoch_end: bool) -> Progress:
            return Progress(
                at.epoch,
                settings.max_epochs,
                self.n_steps,
                max_steps,
                at.total_loss / at.n_seen,
                at.n_right / at.n_seen,
                *scores,
                optimizer.param_groups[0]["lr"],
                time.perf_counter() - began,
                is_epoch_end,
                self.best_epoch,
            )

        with SafePoints() as points:
            while at.epoch <= settings.max_epochs:
                network.train()
                if kept is None:
                    epoch_began = generator.get_state()
                else:
                    epoch_began = as_state(kept.arrays["random.epoch"])
                    generator.set_state(epoch_began)
                order = train.series.shuffled(settings.batch_size, generator)
                if kept is not None and at.n_batches:
                    generator.set_state(as_state(kept.arrays["random.batch"]))
                kept = None
                for index, batch in train.series.batches(order[at.n_batches :]):
                    set_rates(self.n_steps)
                    self._step(train, index, batch, generator, optimizer, at)
                    if settings.max_seconds is not None:
                        max_steps = self._steps_that_fit(time.perf_counter() - began, all_steps)
                    self._report(progress((None, None), False))
                    if self.n_steps >= max_steps:
                        break
                    at.seconds = time.perf_counter() - began
                    self._keep(at, optimizer, epoch_began, generator, points)
                scores = self._validate(at.epoch, validation)
                self.history.append(progress(scores, True))
                self._report(progress(scores, True))
                waited = at.epoch - (self.best_epoch or at.epoch)
                tired = settings.patience is not None and waited >= settings.patience
                if self._given_up or tired or self.n_steps >= max_steps:
                    break
                at = at.next_epoch()
                at.seconds = time.perf_counter() - began
                self._keep(at, optimizer, generator.get_state(), generator, points)

    def _keep(
        self,
        at: _Position,
        optimizer: torch.optim.Optimizer,
        epoch_began: Tensor,
        generator: torch.Generator,
        points: SafePoints,
    ) -> None:
        """Keep the run if it is time to, or if it is about to be stopped."""
        if self.keeper is not None and (points.is_asked_to_stop or self.keeper.is_due()):
            parts = {
                "network": {k: as_array(v) for k, v in self.network.state_dict().items()},
                "best": {k: as_array(v) for k, v in (self._best_weights or {}).items()},
                "optimizer": optimizer_arrays(optimizer),
                "random": random_arrays(
                    self.network, epoch=epoch_began, batch=generator.get_state()
                ),
            }
            facts = {
                "position": asdict(at),
                "n_steps": self.n_steps,
                "best_epoch": self.best_epoch,
                "best_loss": self._best_loss if math.isfinite(self._best_loss) else None,
                "history": vars(self.history),
            }
            arrays = {f"{part}.{k}": v for part, own in parts.items() for k, v in own.items()}
            self.keeper.keep(Kept(arrays, facts))
        points.reached()

    def _restore(self, kept: Kept, optimizer: torch.optim.Optimizer) -> _Position:
        """Be where a run was that was kept."""

        def part(name: str) -> dict[str, Any]:
            prefix = f"{name}."
            return {
                k.removeprefix(prefix): v for k, v in kept.arrays.items() if k.startswith(prefix)
            }

        device = next(self.network.parameters()).device
        self.network.load_state_dict({k: torch.from_numpy(v) for k, v in part("network").items()})
        best = {k: torch.tensor(v, device=device) for k, v in part("best").items()}
        self._best_weights = best or None
        restore_optimizer(optimizer, part("optimizer"))
        restore_random(self.network, part("random"))
        facts = kept.facts
        self.n_steps, self.best_epoch = facts["n_steps"], facts["best_epoch"]
        if facts["best_loss"] is not None:
            self._best_loss = facts["best_loss"]
        self.history = History(**copy.deepcopy(facts["history"]))
        return _Position(**facts["position"])

    def _steps_that_fit(self, seconds: float, all_steps: int) -> int:
        """Estimate how many steps the time is enough for, from those that were taken."""
        assert self.settings.max_seconds is not None
        left = max(0.0, self.settings.max_seconds - seconds)
        return min(all_steps, self.n_steps + int(left / max(seconds / self.n_steps, 1e-9)))

    def _step(
        self,
        train: LabelledTensor,
        index: Tensor,
        batch: Batch,
        generator: torch.Generator,
        optimizer: torch.optim.Optimizer,
        at: _Position,
    ) -> None:
        """Learn from a batch.

        Raises
        ------
        TrainingError
            If the loss or its gradient is not finite; the weights are those before.
        """
        network = self.network
        y = train.targets[index].to(next(network.parameters()).device)
        logits, loss = self._varied_loss(train, index, batch, generator)
        network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(network.parameters(), self.settings.clip_norm)
        if not bool(torch.isfinite(loss) & torch.isfinite(norm)):
            raise TrainingError(
                f"the loss became {loss.item()} at step {self.n_steps + 1} (epoch {at.epoch}): "
                "look for extreme values in the data, or lower the learning rate"
            )
        optimizer.step()
        self.n_steps += 1
        at.n_batches += 1
        at.total_loss += loss.item() * len(index)
        at.n_right += accuracy(logits, y).item() * len(index)
        at.n_seen += len(index)

    def _varied_loss(
        self, train: LabelledTensor, index: Tensor, batch: Batch, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Logits and loss of a batch, varied; mixed series count for both of their labels."""
        device = next(self.network.parameters()).device
        # Stamps and gaps do not move along.
        timed = batch.observed is None and batch.times is None
        moved = self.augmentation.move(batch, generator)
        if self._bank is None:
            x = self.augmentation.vary(moved.x, moved.lengths, generator, timed)
            moved = moved._replace(x=x)
        varied, other, share = self.augmentation.mix(moved, generator)
        with self._varied_behind_bank(varied.lengths, generator, timed):
            logits: Tensor = self.network(*varied.to(device))
        loss = logits.new_zeros(())
        for part, chosen in ((share, index), (1 - share, index[other])):
            if part:
                weights = None if train.weights is None else train.weights[chosen].to(device)
                loss = loss + part * self.loss(logits, train.targets[chosen].to(device), weights)
        return logits, loss

    @contextmanager
    def _varied_behind_bank(
        self, lengths: Tensor | None, generator: torch.Generator, timed: bool
    ) -> Iterator[None]:
        """Vary what a filter bank has made of the signal, where the network has one."""
        bank = self._bank
        if bank is None:
            yield
            return
        steps = None if lengths is None else -(-lengths // bank.stride)
        hook = bank.projection.register_forward_pre_hook(
            lambda _, given: (self.augmentation.vary(given[0], steps, generator, timed),)
        )
        try:
            yield
        finally:
            hook.remove()

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
