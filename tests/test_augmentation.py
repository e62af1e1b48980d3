"""How training series are varied: hidden stretches and bands, stretched time and frequency."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
import torch
from torch import Tensor

from msssm_ts.members.network.settings import augmentation
from msssm_ts.members.problem import Problem
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.parameters import Parameters
from msssm_ts.preparation import Preparation
from msssm_ts.preparation.apply import prepare_series
from msssm_ts.training import (
    Augmentation,
    ClassificationLoss,
    LabelledTensor,
    SeriesTensor,
    Trainer,
    TrainingSettings,
)
from msssm_ts.training.augmentation import stretched


def _drawn() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_masks_hide_stretches_of_time_and_of_bands() -> None:
    lengths = torch.full((200,), 50)
    lengths[::2] = 20
    x = torch.ones(200, 50, 11)
    hidden = Augmentation(masks=0.2, bands=10, rows=11).vary(x, lengths, _drawn()) == 0
    steps, bands = hidden.all(2), hidden.all(1)
    # Two stretches of up to a fifth each, of every series' own length.
    assert steps[1::2].sum(1).max() in range(16, 21)
    assert steps[::2, 20:].sum() == 0
    assert steps[::2].sum(1).max() in range(6, 9)
    assert bands.sum(1).max() in (3, 4)
    assert steps.any(0)[1:49].all()
    assert bands.any(0)[1:9].all()
    assert not bands[:, 10].any()
    # Nothing else is hidden, and every series has stretches of its own.
    assert torch.equal(hidden, steps[:, :, None] | bands[:, None])
    assert len({tuple(row) for row in steps.tolist()}) > 150


def test_narrow_takes_the_upper_bands_of_some() -> None:
    x = torch.ones(400, 3, 22)
    gone = Augmentation(narrow=0.3, bands=10, rows=11).vary(x, None, _drawn()) == 0
    assert torch.equal(gone, gone[:, :1].expand_as(gone))
    bands = gone[:, 0]
    assert 0.2 < bands[:, 9].double().mean() < 0.35
    # From one in the upper half on, alike in both channels; what is no band stays.
    assert torch.equal(bands[:, :10], bands[:, :10].cummax(1)[0])
    assert bands.any(0).tolist() == ([False] * 6 + [True] * 4 + [False]) * 2
    assert torch.equal(bands[:, :11], bands[:, 11:])


def test_warp_stretches_time_and_frequency_apart() -> None:
    place = torch.arange(50.0)
    lengths = torch.full((300,), 50)
    lengths[::2] = 20
    x = place[None, :, None].expand(300, 50, 1) + 1
    slow = Augmentation(warp=0.2)
    varied = slow.vary(x, lengths, _drawn())
    # Within a series' length, the middle stays; padding stays where it is.
    assert torch.equal(varied[::2, 20:], x[::2, 20:])
    assert varied[::2, :20].max() <= 20
    speed = (varied[1::2, 30, 0] - varied[1::2, 20, 0]) / 10
    assert 1.15 < speed.max() <= 1.2001
    assert 1 / 1.2001 <= speed.min() < 0.87
    torch.testing.assert_close(varied[1::2, 24:26].mean(1), torch.full((150, 1), 25.5))
    assert torch.equal(slow.vary(x, lengths, _drawn(), timed=False), x)
    # Two channels of ten bands and a level beside them: bands move alike at all steps.
    bands = torch.cat([torch.arange(10.0), torch.tensor([99.0])]).repeat(2)
    spectra = bands.expand(300, 8, 22)
    moved = Augmentation(warp=0.2, bands=10, rows=11).vary(spectra, None, _drawn())
    assert torch.equal(moved[..., [10, 21]], spectra[..., [10, 21]])
    assert torch.equal(moved[..., :11], moved[..., 11:])
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved))
    # From the lowest band on.
    assert torch.equal(moved[..., 0], spectra[..., 0])
    assert 0.3 < (moved[:, 0, 4] / 4 - 1).abs().max() * 2 <= 0.4001


class _Seen:
    """Records what the stem's projection is given, in training and in evaluation."""

    def __init__(self, network: MSSSMNetwork):
        stem = network.stem
        self.training: list[Tensor] = []
        self.evaluation: list[Tensor] = []

        def see(_: object, given: tuple[Tensor, ...], __: Tensor) -> None:
            (self.training if network.training else self.evaluation).append(given[0].detach())

        (stem.projection if network.config.stem_stride > 1 else stem).register_forward_hook(see)


@pytest.mark.parametrize(("stride", "channels", "bands"), [(1, 6, 0), (10, 1, 0), (10, 1, 40)])
def test_training_varies_spectra_before_the_network_and_behind_a_filter_bank(
    stride: int, channels: int, bands: int
) -> None:
    torch.manual_seed(0)
    size = {"d_model": 8, "n_layers": 1, "stem_stride": stride, "stem_bands": bands}
    network = MSSSMNetwork(MSSSMConfig(channels, 2, **size))
    seen = _Seen(network)
    rng = np.random.default_rng(0)
    data = LabelledTensor(
        SeriesTensor([rng.normal(size=(channels, 200)).astype("f4") + 5 for _ in range(8)]),
        torch.arange(8) % 2,
    )
    rows = bands or (6 if stride == 1 else 41)
    varied = Augmentation(masks=0.5, bands=rows, rows=rows)
    settings = TrainingSettings(2, 4, 1e-3, 1e-3, 0.0)
    Trainer(network, settings, ClassificationLoss(), augmentation=varied).run(data, _drawn(), data)
    assert len(seen.training) == 4
    assert all((x == 0).all(2).any() and (x == 0).all(1).any() for x in seen.training)
    assert all((x != 0).all() for x in seen.evaluation)


@pytest.mark.parametrize(
    ("features", "stem", "expected"),
    [
        ("raw", (1, 0), {"masks": 0.0, "warp": 0.0, "narrow": 0.0, "bands": 0, "rows": 1}),
        ("raw", (10, 0), {"masks": 0.1, "warp": 0.12, "narrow": 0.3, "bands": 40, "rows": 41}),
        ("raw", (10, 40), {"masks": 0.1, "warp": 0.12, "narrow": 0.3, "bands": 40, "rows": 40}),
        ("logmel", (1, 14), {"masks": 0.1, "warp": 0.12, "narrow": 0.3, "bands": 14, "rows": 14}),
        ("mfcc", (1, 0), {"masks": 0.1, "warp": 0.12, "narrow": 0.0, "bands": 0, "rows": 1}),
    ],
)
def test_sound_is_varied_by_default(
    features: str, stem: tuple[int, int], expected: dict[str, float]
) -> None:
    sound = [np.random.default_rng(i).normal(size=(1, 2000)).astype("f4") for i in range(2)]
    values = prepare_series(sound, Preparation(features=features, n_mels=14), 8000.0, None)  # type: ignore[arg-type]
    problem = Problem(values, np.array([0, 1]), 2)
    config = MSSSMConfig(14, 2, stem_stride=stem[0], stem_bands=stem[1])
    chosen = asdict(augmentation(vars(Parameters()), problem, config))
    assert {name: chosen[name] for name in expected} == expected
    given = vars(Parameters(masks=0.4, warp=0.3))
    own = augmentation(given, problem, config)
    assert (own.masks, own.warp) == (0.4, 0.3)


def test_each_series_is_stretched_by_its_own_factor_wherever_it_stands() -> None:
    x = torch.randn(3, 20, 2, generator=torch.Generator().manual_seed(0))
    factors, sizes = torch.tensor([0.8, 1.0, 1.25]), torch.tensor([20, 15, 18])
    together = stretched(x, factors, sizes, about=0.5)
    for i in range(3):
        alone = stretched(x[i : i + 1], factors[i : i + 1], sizes[i : i + 1], about=0.5)
        torch.testing.assert_close(together[i], alone[0], rtol=0, atol=0)
    assert torch.equal(together[1], x[1])
