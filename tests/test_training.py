from __future__ import annotations

import numpy as np
import pytest
import torch

from msssm_ts.errors import TrainingError
from msssm_ts.fitting.split import stratified_split
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.training import (
    ClassificationLoss,
    LabelledTensor,
    Progress,
    SeriesTensor,
    Trainer,
    TrainingSettings,
    predict_logits,
)


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
    x, lengths, observed = series.batch(torch.tensor([2, 0]))
    assert observed is None
    assert x.shape == (2, 5, 1)
    assert lengths is not None
    assert lengths.tolist() == [5, 3]
    assert not x[1, 3:].any()
    assert SeriesTensor(_series([4, 4])).batch(torch.tensor([0, 1]))[1] is None


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
