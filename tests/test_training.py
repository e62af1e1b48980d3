from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from msssm_ts.errors import TrainingError
from msssm_ts.fitting.split import stratified_split
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.training import (
    Augmentation,
    ClassificationLoss,
    LabelledTensor,
    Progress,
    SeriesTensor,
    StreamedSeries,
    Trainer,
    TrainingSettings,
    memory,
    predict_logits,
)
from msssm_ts.training.batches import Batch, collate
from msssm_ts.training.loss import accuracy
from msssm_ts.training.schedule import warmup_cosine


def _series(lengths: list[int], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(1, n)) for n in lengths]


def _trainer(max_epochs: int = 3, **options: object) -> Trainer:
    torch.manual_seed(0)
    network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=16, n_layers=1, n_scales=2))
    settings = TrainingSettings(max_epochs, 4, 1e-2, 1e-3, 0.01, **options)  # type: ignore[arg-type]
    return Trainer(network, settings, ClassificationLoss())


def _labelled(n_series: int, seed: int = 0) -> LabelledTensor:
    return LabelledTensor(SeriesTensor(_series([20] * n_series, seed)), torch.arange(n_series) % 2)


def test_every_series_once_per_epoch_in_an_order_of_the_seed() -> None:
    for lengths in ([5] * 23, list(range(1, 24))):
        series = SeriesTensor(_series(lengths))
        orders = []
        for seed in (1, 1, 2):
            batches = series.shuffled(4, torch.Generator().manual_seed(seed))
            assert sorted(torch.cat(batches).tolist()) == list(range(23))
            orders.append(torch.cat(batches).tolist())
        assert orders[0] == orders[1] != orders[2]


def test_batches_pad_to_their_longest() -> None:
    series = SeriesTensor(_series([3, 9, 5]))
    x, lengths, observed, _ = series.batch(torch.tensor([2, 0]))
    assert observed is None
    assert x.shape == (2, 5, 1)
    assert lengths is not None
    assert lengths.tolist() == [5, 3]
    assert not x[1, 3:].any()
    assert SeriesTensor(_series([4, 4])).batch(torch.tensor([0, 1]))[1] is None


def test_the_last_time_stamp_goes_on_in_padding() -> None:
    series = SeriesTensor(_series([3, 9, 5]), times=[np.arange(n) / 2 for n in (3, 9, 5)])
    times = series.batch(torch.tensor([2, 0])).times
    assert times is not None
    assert times.tolist() == [[0.0, 0.5, 1.0, 1.5, 2.0], [0.0, 0.5, 1.0, 1.0, 1.0]]


def test_logits_come_in_the_order_of_the_series() -> None:
    network = _trainer().network
    values = _series([9, 2, 30, 4, 17])
    together = predict_logits(network, SeriesTensor(values), 2)
    for i, v in enumerate(values):
        alone = predict_logits(network, SeriesTensor([v]), 2)
        torch.testing.assert_close(together[i : i + 1], alone, rtol=0, atol=1e-6)
    assert network.training


def test_the_weights_of_the_best_epoch_are_kept() -> None:
    trainer = _trainer(12)
    seen = {}

    def remember(progress: Progress) -> None:
        if progress.is_epoch_end:
            seen[progress.epoch] = {k: v.clone() for k, v in trainer.network.state_dict().items()}

    trainer.callbacks = [remember]
    trainer.run(_labelled(16), torch.Generator().manual_seed(0), _labelled(8, seed=1))
    losses = trainer.history.val_loss
    assert trainer.best_epoch == int(np.argmin(losses)) + 1  # type: ignore[arg-type]
    assert trainer.best_epoch < 12, "random labels should overfit; the test shows nothing else"
    for name, value in trainer.network.state_dict().items():
        assert torch.equal(value, seen[trainer.best_epoch][name])


def test_patience_stops_the_run() -> None:
    trainer = _trainer(200, patience=3)
    trainer.run(_labelled(16), torch.Generator().manual_seed(0), _labelled(8, seed=1))
    assert trainer.best_epoch is not None
    assert len(trainer.history.epoch) == trainer.best_epoch + 3 < 200


def test_a_loss_that_is_not_finite_stops_with_the_last_good_weights() -> None:
    trainer = _trainer(5)
    train = _labelled(8)

    def poison(progress: Progress) -> None:
        if progress.step == 3:
            train.series._stacked[:] = torch.nan  # type: ignore[index]

    trainer.callbacks = [poison]
    with pytest.raises(TrainingError, match=r"became nan at step 4 \(epoch 2\).*learning rate"):
        trainer.run(train, torch.Generator().manual_seed(0))
    assert all(p.isfinite().all() for p in trainer.network.parameters())


def test_the_split_is_stratified_and_never_takes_a_whole_class() -> None:
    targets = np.array([0] * 50 + [1] * 20 + [2] * 1 + [3] * 2)
    kept, aside = stratified_split(targets, 0.2, seed=3)
    assert sorted([*kept, *aside]) == list(range(len(targets)))
    assert np.bincount(targets[aside], minlength=4).tolist() == [10, 4, 0, 0]
    again = stratified_split(targets, 0.2, seed=3)
    assert np.array_equal(again[1], aside)
    assert not np.array_equal(stratified_split(targets, 0.2, seed=4)[1], aside)
    assert set(targets[stratified_split(targets, 0.99, seed=0)[0]]) == {0, 1, 2, 3}


class _Plain(nn.Module):
    """Logits linear in the mean of a series; ``before`` is called at every training step."""

    def __init__(self, before: Callable[[], object] = lambda: None):
        super().__init__()
        self.linear = nn.Linear(1, 2)
        self.config = MSSSMConfig(n_channels=1, n_outputs=2)
        self.before = before

    def forward(self, x: Tensor, *_: Any) -> Tensor:
        if self.training:
            self.before()
        return self.linear(x.mean(1))


class _Scripted(_Plain):
    """In evaluation it gives one answer after the other, whatever the series."""

    def __init__(self, answers: Sequence[Any]):
        super().__init__()
        self.answers = [torch.as_tensor(a, dtype=torch.float32) for a in answers]

    def forward(self, x: Tensor, *_: Any) -> Tensor:
        return super().forward(x) if self.training else self.answers.pop(0)


def _plain_trainer(
    network: nn.Module,
    max_epochs: int,
    loss: ClassificationLoss | None = None,
    augmentation: Augmentation | None = None,
    in_vain: Callable[[Tensor], bool] | None = None,
    **options: Any,
) -> Trainer:
    settings = TrainingSettings(max_epochs, 4, 1e-2, 1e-3, 0.01, **options)
    loss = loss or ClassificationLoss()
    return Trainer(network, settings, loss, (), augmentation, in_vain)  # type: ignore[arg-type]


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _answers(margins: Sequence[float], n_series: int = 1) -> list[list[list[float]]]:
    """For each epoch logits of ``n_series`` series, in favour of class 0 by the margin."""
    return [[[m, 0.0]] * n_series for m in margins]


def _of_class_0(n_series: int = 1, weights: Tensor | None = None) -> LabelledTensor:
    targets = torch.zeros(n_series, dtype=torch.long)
    return LabelledTensor(SeriesTensor(_series([20] * n_series)), targets, weights)


def test_mixed_series_count_for_both_of_their_labels() -> None:
    network, augmentation = _Plain(), Augmentation(mixup=1.0)
    train = _labelled(4)
    generator = _generator()
    order = train.series.shuffled(4, generator)[0]
    mixed, other, share = augmentation.mix(train.series.batch(order), generator)
    assert 0.1 < share < 0.9
    y = train.targets[order]
    assert (y != y[other]).any()
    loss = ClassificationLoss()
    logits = network(mixed.x)
    expected = share * loss(logits, y) + (1 - share) * loss(logits, y[other])
    trainer = _plain_trainer(network, 1, augmentation=augmentation)
    trainer.run(train, _generator())
    assert trainer.history.train_loss[0] == pytest.approx(expected.item(), rel=1e-6)


def test_a_shift_moves_what_is_observed_along() -> None:
    x = torch.arange(10.0).repeat(50, 1)[:, :, None]
    observed = torch.rand(50, 10) < 0.5
    moved = Augmentation(shift=0.4).move(Batch(x, None, observed), _generator())
    assert moved.observed is not None
    assert not torch.equal(moved.x, x)
    came_from = moved.x[:, :, 0].long()
    assert torch.equal(moved.observed, observed.gather(1, came_from))


def test_the_best_epoch_is_that_of_the_most_probable_truth() -> None:
    """Smoothing would have the second epoch's certainty count against it."""
    network = _Scripted(_answers([2.0, 8.0, 1.0]))
    trainer = _plain_trainer(network, 3, ClassificationLoss(label_smoothing=0.2))
    trainer.run(_labelled(4), _generator(), _of_class_0())
    expected = [math.log1p(math.exp(-m)) for m in (2.0, 8.0, 1.0)]
    assert trainer.history.val_loss == pytest.approx(expected, rel=1e-3)
    assert trainer.best_epoch == 2


def test_validation_series_count_by_their_weights() -> None:
    network = _Scripted([[[3.0, 0.0], [0.0, 3.0]], [[0.0, 3.0], [4.0, 0.0]]])
    trainer = _plain_trainer(network, 2)
    weights = torch.tensor([1.8, 0.2])
    trainer.run(_labelled(4), _generator(), _of_class_0(2, weights))
    right, wrong, other = (math.log1p(math.exp(m)) for m in (-3.0, 3.0, -4.0))
    expected = [(1.8 * right + 0.2 * wrong) / 2, (1.8 * wrong + 0.2 * other) / 2]
    assert trainer.history.val_loss == pytest.approx(expected, rel=1e-5)
    assert trainer.best_epoch == 1


def test_training_series_count_by_their_weights() -> None:
    network, train = _Plain(), _labelled(4)
    weights = torch.tensor([0.0, 0.5, 1.0, 2.5])
    logits = network(train.series.batch(torch.arange(4)).x)
    expected = ClassificationLoss()(logits, train.targets, weights).item()
    trainer = _plain_trainer(network, 1)
    trainer.run(LabelledTensor(train.series, train.targets, weights), _generator())
    assert trainer.history.train_loss[0] == pytest.approx(expected, rel=1e-6)


def test_no_steps_gradient_is_longer_than_the_clip_norm() -> None:
    network = _Plain()
    trainer, norms = _plain_trainer(network, 2, clip_norm=0.01), []

    def measure(progress: Progress) -> None:
        gradients = [p.grad for p in network.parameters()]
        norms.append(torch.cat([g.flatten() for g in gradients if g is not None]).norm().item())

    trainer.callbacks = [measure]
    trainer.run(_labelled(8), _generator())
    assert max(norms) == pytest.approx(0.01, rel=1e-3)


def test_the_rate_warms_up_and_falls_along_a_cosine() -> None:
    rates = [warmup_cosine(s, 200) for s in range(200)]
    np.testing.assert_allclose(rates[:20], np.arange(1, 21) / 20)
    falling = 0.01 + 0.99 * np.cos(np.pi / 2 * np.arange(180) / 180) ** 2
    np.testing.assert_allclose(rates[20:], falling)


def test_every_step_has_its_own_rate() -> None:
    """The weights tell: under a steady gradient a step of AdamW is as long as its rate."""
    network = _Plain()
    trainer, seen = _plain_trainer(network, 10), []
    # A loss that is linear in the bias.
    trainer.loss = lambda logits, *rest: (logits * torch.tensor([1.0, -1.0])).sum()  # type: ignore[assignment]
    places = [network.linear.bias[0].item()]

    def note(progress: Progress) -> None:
        if not progress.is_epoch_end:
            seen.append(progress.learning_rate)
            places.append(network.linear.bias[0].item())

    trainer.callbacks = [note]
    trainer.run(_labelled(8), _generator())
    expected = [1e-2 * warmup_cosine(s, 20) for s in range(20)]
    np.testing.assert_allclose(seen, expected)
    np.testing.assert_allclose(-np.diff(places), expected, rtol=1e-2)


@pytest.mark.parametrize("patience", [1, 3])
def test_patience_counts_epochs_since_the_best(patience: int) -> None:
    network = _Scripted(_answers([1.0, 3.0, 2.0, 2.0, 2.9, 0.0, 0.0]))
    trainer = _plain_trainer(network, 7, patience=patience)
    trainer.run(_labelled(4), _generator(), _of_class_0())
    assert trainer.best_epoch == 2
    assert len(trainer.history.epoch) == 2 + patience


@pytest.mark.parametrize(("vain_at", "n_epochs"), [(1, 8), (2, 2), (3, 8), (4, 4), (5, 8)])
def test_a_network_is_given_up_after_a_quarter_or_half_only(vain_at: int, n_epochs: int) -> None:
    asked = []

    def in_vain(logits: Tensor) -> bool:
        asked.append(int(logits[0, 0]))
        return asked[-1] == vain_at

    network = _Scripted(_answers(range(1, 9)))
    trainer = _plain_trainer(network, 8, in_vain=in_vain)
    trainer.run(_labelled(4), _generator(), _of_class_0())
    assert asked == [epoch for epoch in (2, 4) if epoch <= n_epochs]
    assert len(trainer.history.epoch) == n_epochs


def test_a_run_takes_the_seconds_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that a training step moves on by a second."""
    now = [0.0]

    def tick() -> None:
        now[0] += 1.0

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    trainer = _plain_trainer(_Plain(before=tick), 100, max_seconds=7.0)
    rates: list[float] = []
    trainer.callbacks = [lambda p: rates.append(p.learning_rate)]
    trainer.run(_labelled(8), _generator())
    assert trainer.n_steps == 7
    # The schedule has come to its end, too.
    assert rates[-1] < 0.1 * max(rates)


def test_padding_is_not_counted() -> None:
    x, lengths, observed, _ = collate([torch.ones(n, 2) for n in (2, 5, 3)])
    assert lengths is not None
    assert lengths.tolist() == [2, 5, 3]
    assert observed is None
    assert x.sum((1, 2)).tolist() == [4.0, 10.0, 6.0]


def test_a_step_is_missing_where_every_channel_is() -> None:
    series = torch.ones(4, 2)
    series[1, 0] = series[2] = torch.nan
    x, lengths, observed, _ = collate([series, torch.ones(4, 2)])
    assert lengths is None
    assert observed is not None
    assert observed.tolist() == [[True, True, False, True], [True] * 4]
    assert x[0].tolist() == [[1, 1], [0, 1], [0, 0], [1, 1]]


def test_smoothing_takes_mass_from_the_true_class() -> None:
    logits = torch.randn(5, 3, dtype=torch.float64)
    targets = torch.tensor([0, 1, 2, 2, 1])
    mass = torch.full((5, 3), 0.3 / 3, dtype=torch.float64)
    mass[torch.arange(5), targets] += 0.7
    expected = -(mass * torch.log_softmax(logits, -1)).sum(1).mean()
    found = ClassificationLoss(label_smoothing=0.3)(logits, targets)
    torch.testing.assert_close(found, expected)


def test_several_labels_are_smoothed_and_their_presence_weighted() -> None:
    logits = torch.randn(5, 3, dtype=torch.float64)
    targets = (torch.rand(5, 3) < 0.5).double()
    positive = torch.tensor([1.0, 4.0, 0.5], dtype=torch.float64)
    answer = torch.where(targets > 0, 0.9, 0.1)
    p = torch.sigmoid(logits)
    per_label = -(positive * answer * torch.log(p) + (1 - answer) * torch.log(1 - p))
    found = ClassificationLoss(label_smoothing=0.2, positive_weight=positive)(logits, targets)
    torch.testing.assert_close(found, per_label.mean())


def test_time_stamps_go_with_their_series_and_go_on_in_padding() -> None:
    values = _series([3, 5, 4])
    stamps = [np.arange(len(v.T)) ** 2.0 + i for i, v in enumerate(values)]
    lengths = np.array([v.shape[1] for v in values])
    for series in (
        SeriesTensor(values, times=stamps),
        StreamedSeries(values, lengths, n_workers=0, times=stamps),
    ):
        ((_, batch),) = series.batches([torch.tensor([2, 0])])
        assert batch.times is not None
        assert batch.times.dtype == torch.float64
        assert batch.times.tolist() == [[2, 3, 6, 11], [0, 1, 4, 4]]
        assert batch.to(torch.device("cpu")).times is not None
        moved = Augmentation(shift=0.5).move(batch, torch.Generator().manual_seed(0))
        # Stamps stay with their values; where a value is repeated, no time goes by.
        assert moved.times.tolist() == [[2, 3, 6, 11], [0, 0, 1, 4]]
    even = SeriesTensor([np.ones((1, 4))] * 2, times=stamps[2:] * 2).batch(torch.tensor([0, 1]))
    # Series with stamps of their own are not mixed.
    mixed, _, share = Augmentation(mixup=0.3).mix(even, torch.Generator())
    assert share == 1.0
    assert torch.equal(mixed.x, even.x)


def test_the_accuracy_of_several_labels_is_over_all_answers() -> None:
    logits = torch.tensor([[1.0, -1.0, -2.0], [1.0, 3.0, -2.0]])
    targets = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert accuracy(logits, targets).item() == pytest.approx(5 / 6)


_ROUNDS = """
import resource, runpy, sys
import numpy as np

keep = runpy.run_path(sys.argv[1])["keep_freed_memory"]
print(keep() if sys.argv[2] == "keep" else False)
for i in range(6):
    # Ten arrays of 4 MB at a time, as of a step.
    arrays = [np.ones(1 << 19) for _ in range(10)]
    del arrays
    if i == 2:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 3)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="is of glibc")
def test_steps_do_not_ask_the_system_for_memory_again() -> None:
    found = {}
    for how in ("keep", "leave"):
        command = [sys.executable, "-c", _ROUNDS, memory.__file__, how]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found[how] = output.split()
    if found["keep"][0] == "False":
        pytest.skip("the C library is not glibc")
    # A page has 4096 bytes.
    assert float(found["keep"][1]) < 500 < 5000 < float(found["leave"][1])
