"""Training a network on series without labels: one loop for every objective."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from msssm_ts.errors import TrainingError
from msssm_ts.model import MSSSMNetwork
from msssm_ts.pretraining.objectives import Objective
from msssm_ts.training.batches import Batch, SeriesTensor
from msssm_ts.training.keeping import (
    Keeper,
    Kept,
    SafePoints,
    as_array,
    optimizer_arrays,
    restore_optimizer,
)
from msssm_ts.training.memory import keep_freed_memory
from msssm_ts.training.progress import Callback, History, Progress
from msssm_ts.training.schedule import make_optimizer, warmup_cosine
from msssm_ts.training.settings import TrainingSettings
from msssm_ts.training.threads import threads_for

# Steps of the network that one look at a series takes in; of longer ones a stretch is drawn.
_LONGEST = 2048
# Seconds from which on a finished run is kept until the rest of a fit is finished, too.
_LONG = 10.0
# Of one seed, for each step one: far from those of other seeds.
_APART = 1_000_003


@dataclass
class _Position:
    """Where a run is."""

    epoch: int = 1
    n_batches: int = 0
    n_steps: int = 0
    total: float = 0.0
    n_seen: int = 0
    seconds: float = 0.0


class Learner:
    """Trains a network's stem and blocks on series without labels.

    What a step draws follows from the seed and its number: a run that goes on takes the same steps
    as one that was not cut short.

    Parameters
    ----------
    network : MSSSMNetwork
        Trained in place, on its device; its head has no part.
    objective : Objective
        What is learned, with parameters of its own.
    settings : TrainingSettings
        How.
    seed : int
        Of all that is drawn.
    callbacks : sequence of callables
        Told a :class:`~msssm_ts.training.Progress` after every step and epoch.
    keeper : Keeper, optional
        Where the run is kept while it goes on, and found where it was cut short.

    Attributes
    ----------
    history : History
        The loss of every epoch.
    n_steps : int
        That were taken.
    """

    def __init__(
        self,
        network: MSSSMNetwork,
        objective: Objective,
        settings: TrainingSettings,
        seed: int,
        callbacks: Sequence[Callback] = (),
        keeper: Keeper | None = None,
    ):
        self.network, self.objective, self.settings = network, objective, settings
        self.seed, self.callbacks, self.keeper = seed, callbacks, keeper
        self.history = History()
        self._at = _Position()
        parts = [network.stem, network.blocks, network.norm, network.axis, objective]
        self._learning = nn.ModuleList([part for part in parts if part is not None])
        self._optimizer = make_optimizer(
            self._learning,
            settings.learning_rate,
            settings.ssm_learning_rate,
            settings.weight_decay,
        )

    @property
    def n_steps(self) -> int:
        """Steps of the optimiser."""
        return self._at.n_steps

    def run(self, series: SeriesTensor) -> None:
        """Learn.

        Raises
        ------
        TrainingError
            If the loss is not finite.
        """
        keep_freed_memory()
        settings, optimizer, at = self.settings, self._optimizer, self._at
        peaks = [group["lr"] for group in optimizer.param_groups]
        max_steps = all_steps = settings.max_epochs * -(-len(series) // settings.batch_size)
        kept = None if self.keeper is None else self.keeper.kept()
        if kept is not None:
            at = self._at = self._restored(kept)
            max_steps = int(kept.facts["max_steps"])
        began = time.perf_counter() - at.seconds
        self._learning.train()
        with torch.random.fork_rng(devices=[]), SafePoints() as points:
            while at.epoch <= settings.max_epochs and at.n_steps < max_steps:
                order = self._order(series, at.epoch)
                for _, batch in series.batches(order[at.n_batches :]):
                    for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                        group["lr"] = peak * warmup_cosine(at.n_steps, max_steps)
                    with threads_for(self.network.config, batch):
                        self._step(batch, at)
                    at.seconds = time.perf_counter() - began
                    if settings.max_seconds is not None:
                        max_steps = _fitting(at, settings.max_seconds, all_steps)
                    self._report(at, max_steps, False)
                    self._keep(at, max_steps, points)
                    points.reached()
                    if at.n_steps >= max_steps:
                        break
                if at.n_seen:
                    self.history.append(self._report(at, max_steps, True))
                at.epoch, at.n_batches, at.total, at.n_seen = at.epoch + 1, 0, 0.0, 0
            if self.keeper is not None and at.seconds > _LONG:
                # What comes behind may be cut short, too.
                self._keep(at, max_steps, points, finished=True)
        self.network.eval()

    def _order(self, series: SeriesTensor, epoch: int) -> list[Tensor]:
        """Return the batches of an epoch; what is too few to ask anything of is left out."""
        drawn = torch.Generator().manual_seed(self.seed * _APART - epoch)
        order = series.shuffled(self.settings.batch_size, drawn)
        least = min(self.objective.least_series, len(series))
        return [index for index in order if len(index) >= least]

    def _step(self, batch: Batch, at: _Position) -> None:
        drawn = torch.Generator().manual_seed(self.seed * _APART + at.n_steps)
        torch.manual_seed(self.seed * _APART + at.n_steps)
        device = next(self.network.parameters()).device
        longest = _LONGEST * self.network.config.stride
        looked_at = stretch_of(batch._replace(times=None), longest, drawn).to(device)
        loss = self.objective(self.network, looked_at, drawn)
        self._learning.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._learning.parameters(), self.settings.clip_norm)
        value = loss.item()
        if not (math.isfinite(value) and bool(torch.isfinite(norm))):
            raise TrainingError(
                f"the loss became {value} at step {at.n_steps + 1} (epoch {at.epoch}): look for "
                "extreme values in the data, or lower the learning rate"
            )
        self._optimizer.step()
        at.n_steps, at.n_batches = at.n_steps + 1, at.n_batches + 1
        at.total, at.n_seen = at.total + value * len(batch.x), at.n_seen + len(batch.x)

    def _report(self, at: _Position, max_steps: int, is_epoch_end: bool) -> Progress:
        epochs = self.settings.max_epochs
        steps_each = max(1, at.n_steps // max(1, at.epoch - (0 if is_epoch_end else 1)))
        if max_steps < epochs * at.n_batches:
            # There is time for some of them.
            epochs = max(at.epoch, -(-max_steps // steps_each))
        progress = Progress(
            *(at.epoch, epochs, at.n_steps, max_steps, at.total / at.n_seen, None, None, None),
            *(self._optimizer.param_groups[0]["lr"], at.seconds, is_epoch_end, None),
        )
        for callback in self.callbacks:
            callback(progress)
        return progress

    def _keep(
        self, at: _Position, max_steps: int, points: SafePoints, finished: bool = False
    ) -> None:
        keeper = self.keeper
        if keeper is None or not (finished or points.is_asked_to_stop or keeper.is_due()):
            return
        parts = {
            "network": {k: as_array(v) for k, v in self.network.state_dict().items()},
            "objective": {k: as_array(v) for k, v in self.objective.state_dict().items()},
            "optimizer": optimizer_arrays(self._optimizer),
        }
        facts = {"position": asdict(at), "max_steps": max_steps, "history": vars(self.history)}
        arrays = {f"{part}.{k}": v for part, own in parts.items() for k, v in own.items()}
        keeper.keep(Kept(arrays, copy.deepcopy(facts)))

    def _restored(self, kept: Kept) -> _Position:
        def part(name: str) -> dict[str, Any]:
            prefix = f"{name}."
            found = {k: v for k, v in kept.arrays.items() if k.startswith(prefix)}
            return {k.removeprefix(prefix): v for k, v in found.items()}

        for module, name in ((self.network, "network"), (self.objective, "objective")):
            module.load_state_dict({k: torch.from_numpy(v) for k, v in part(name).items()})
        restore_optimizer(self._optimizer, part("optimizer"))
        facts: Mapping[str, Any] = kept.facts
        self.history = History(**copy.deepcopy(facts["history"]))
        return _Position(**facts["position"])


def _fitting(at: _Position, max_seconds: float, all_steps: int) -> int:
    """Return how many steps the time is enough for, as those tell that were taken."""
    left = max(0.0, max_seconds - at.seconds)
    return min(all_steps, at.n_steps + int(left / max(at.seconds / at.n_steps, 1e-9)))


def stretch_of(batch: Batch, longest: int, generator: torch.Generator) -> Batch:
    """Draw a stretch of each series that is longer than that.

    Examples
    --------
    >>> batch = Batch(torch.arange(8.0).view(1, 8, 1))
    >>> stretch_of(batch, 3, torch.Generator().manual_seed(0)).x.shape
    torch.Size([1, 3, 1])
    """
    x, lengths, observed, _ = batch
    b, l, c = x.shape
    if l <= longest:
        return batch
    sizes = torch.full((b,), l) if lengths is None else lengths
    room = (sizes - longest).clamp(min=0)
    begin = (torch.rand(b, generator=generator) * (room + 1)).floor().long()
    source = begin[:, None] + torch.arange(longest)
    own = None if lengths is None else sizes.clamp(max=longest)
    seen = None
    if observed is not None:
        seen = observed.gather(1, source)
        # Something of each counts.
        seen[:, 0] |= ~seen.any(1)
    return Batch(x.gather(1, source[..., None].expand(-1, -1, c)), own, seen)
