"""The training loop: knows tensors and modules, nothing of files or terminals."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from msssm_ts.errors import TrainingError
from msssm_ts.model import MSSSMNetwork
from msssm_ts.training.aims import OwnAims
from msssm_ts.training.augmentation import Augmentation
from msssm_ts.training.bank import bank_of, behind_bank
from msssm_ts.training.batches import Batch
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
from msssm_ts.training.processes import ALONE, Part, Processes
from msssm_ts.training.progress import Callback, History, Progress
from msssm_ts.training.schedule import make_optimizer, steps_that_fit, warmup_cosine
from msssm_ts.training.settings import LabelledTensor, TrainingSettings
from msssm_ts.training.threads import threads_for


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
    processes : Processes
        Those that train the network together: each computes its part of every batch, and all
        take the same steps. Only the first has a keeper, callbacks and ``in_vain``.
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
        processes: Processes = ALONE,
    ):
        self.processes = processes
        self.in_vain, self.keeper = in_vain, keeper
        self.augmentation = augmentation or Augmentation()
        self.network, self.settings, self.callbacks = network, settings, callbacks
        self.loss = loss
        self._bank, self._aims = bank_of(network), OwnAims(network, processes)
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
        self.processes.begin_alike(network)
        optimizer = make_optimizer(
            network, settings.learning_rate, settings.ssm_learning_rate, settings.weight_decay
        )
        peaks = [group["lr"] for group in optimizer.param_groups]

        def set_rates(step: int) -> None:
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * warmup_cosine(step, max_steps)

        steps_per_epoch = -(-len(train) // settings.batch_size)
        max_steps = all_steps = settings.max_epochs * steps_per_epoch
        kept = self.processes.same(None if self.keeper is None else self.keeper.kept())
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
                for taken in self._parts(train, order[at.n_batches :]):
                    set_rates(self.n_steps)
                    asked = points.is_asked_to_stop
                    # The third is the batch.
                    with threads_for(network.config, taken[2]):
                        asked = self._step(train, *taken, generator, optimizer, at, asked)
                    if settings.max_seconds is not None:
                        seconds = time.perf_counter() - began
                        fitting = steps_that_fit(self.n_steps, seconds, settings.max_seconds)
                        max_steps = self.processes.same(min(all_steps, fitting))
                    self._report(progress((None, None), False))
                    if self.n_steps >= max_steps:
                        break
                    at.seconds = time.perf_counter() - began
                    self._keep(at, optimizer, epoch_began, generator, points, asked)
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
        all_asked: bool = False,
    ) -> None:
        """Keep the run if it is time to, or if it is about to be stopped.

        Of several processes none stops while another goes on: ``all_asked`` says whether they do.
        """
        asked = points.is_asked_to_stop if self.processes.is_alone else all_asked
        if self.keeper is not None and (asked or self.keeper.is_due()):
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
        if asked or self.processes.is_alone:
            points.reached()
        if asked:
            self.processes.stop()

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

    def _parts(
        self, train: LabelledTensor, order: Sequence[Tensor]
    ) -> Iterator[tuple[Tensor, Part, Batch]]:
        """Yield every batch's index, this process's part of it, and the series.

        Variations mix series and draw for all of them: where there are any, these are all of the
        batch; else they are those of the part.
        """
        parts = [self.processes.part(train.series.lengths[index]) for index in order]
        chosen = order
        if not self.augmentation.varies:
            chosen = [index[part.rows] for index, part in zip(order, parts, strict=True)]
        batches = train.series.batches(chosen)
        for index, part, (_, batch) in zip(order, parts, batches, strict=True):
            yield index, part, batch

    def _step(
        self,
        train: LabelledTensor,
        index: Tensor,
        part: Part,
        batch: Batch,
        generator: torch.Generator,
        optimizer: torch.optim.Optimizer,
        at: _Position,
        asked: bool,
    ) -> bool:
        """Learn from a batch; return whether one of the processes is asked to stop.

        Raises
        ------
        TrainingError
            If the loss or its gradient is not finite; the weights are those before.
        """
        network, processes = self.network, self.processes
        y = train.targets[index[part.rows]].to(next(network.parameters()).device)
        processes.seed_dropout(generator.initial_seed(), self.n_steps)
        logits, own_loss = self._varied_loss(train, index, part, batch, generator)
        own_loss = self._aims.added_to(own_loss, part.n)
        network.zero_grad(set_to_none=True)
        # The mean over the batch is the sum of the parts' means by their numbers of series.
        (own_loss * (part.n / len(index))).backward()  # type: ignore[no-untyped-call]
        processes.add_up([p.grad for p in network.parameters() if p.grad is not None])
        norm = nn.utils.clip_grad_norm_(network.parameters(), self.settings.clip_norm)
        total_loss, n_right, n_asked = processes.totals(
            [own_loss.item() * part.n, accuracy(logits, y).item() * part.n, float(asked)]
        )
        if not (math.isfinite(total_loss) and bool(torch.isfinite(norm))):
            raise TrainingError(
                f"the loss became {total_loss / len(index)} at step {self.n_steps + 1} (epoch "
                f"{at.epoch}): look for extreme values in the data, or lower the learning rate"
            )
        optimizer.step()
        self._aims.after_step()
        self.n_steps += 1
        at.n_batches += 1
        at.total_loss += total_loss
        at.n_right += n_right
        at.n_seen += len(index)
        return n_asked > 0

    def _varied_loss(
        self,
        train: LabelledTensor,
        index: Tensor,
        part: Part,
        batch: Batch,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Logits and loss of a part of a batch, varied; mixed series count for both labels."""
        device = next(self.network.parameters()).device
        # Stamps and gaps do not move along.
        timed = batch.observed is None and batch.times is None
        moved = self.augmentation.move(batch, generator)
        if self._bank is None:
            x = self.augmentation.vary(moved.x, moved.lengths, generator, timed)
            moved = moved._replace(x=x)
        varied, other, share = self.augmentation.mix(moved, generator)
        rows = part.rows
        if self.augmentation.varies:
            varied, other = varied.rows(rows), other[rows]
        lengths, rows_of = varied.lengths, (rows, len(index))
        if self._bank is not None and lengths is not None:
            lengths = -(-lengths // self._bank.stride)
        with behind_bank(
            self.network,
            lambda given: self.augmentation.vary(given, lengths, generator, timed, rows_of),
        ):
            logits: Tensor = self.network(*varied.to(device))
        loss = logits.new_zeros(())
        for factor, chosen in ((share, index[rows]), (1 - share, index[other])):
            if factor:
                weights = None if train.weights is None else train.weights[chosen].to(device)
                loss = loss + factor * self.loss(logits, train.targets[chosen].to(device), weights)
        return logits, loss

    def _validate(
        self, epoch: int, validation: LabelledTensor | None
    ) -> tuple[float | None, float | None]:
        """Score the epoch's weights and keep them if they are the best."""
        val_loss = val_accuracy = None
        if validation is not None:
            size = 4 * self.settings.batch_size
            logits = predict_logits(self.network, validation.series, size, self.processes)
            # Without smoothing: how probable the truth was.
            loss = replace(self.loss, label_smoothing=0.0)
            val_loss = loss(logits, validation.targets, validation.weights).item()
            val_accuracy = accuracy(logits, validation.targets).item()
            part = self.settings.max_epochs // 4
            if self.in_vain is not None and epoch in (part, 2 * part):
                self._given_up = self.in_vain(logits)
            # The last bits may be others on other machines.
            val_loss, val_accuracy, self._given_up = self.processes.same(
                (val_loss, val_accuracy, self._given_up)
            )
        if val_loss is None or val_loss < self._best_loss:
            self.best_epoch = epoch
            if val_loss is not None:
                self._best_loss = val_loss
                self._best_weights = copy.deepcopy(self.network.state_dict())
        return val_loss, val_accuracy

    def _report(self, progress: Progress) -> None:
        for callback in self.callbacks:
            callback(progress)
