"""An encoder that is pretrained on made-up tasks, and the member that reads it."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch

from msssm_ts import MSSSMClassifier
from msssm_ts.export.export import export_model
from msssm_ts.kernels.channel_pools import FEW_POOLS, MOST_POOLS, channel_pools
from msssm_ts.members.encoder_ridge.encoder_ridge import EncoderRidge
from msssm_ts.members.encoder_ridge.views import Views
from msssm_ts.members.network.initial import begun
from msssm_ts.model import MSSSMNetwork
from msssm_ts.pretraining.encoder import Encoder, encoder_config
from msssm_ts.pretraining.episodes import EpisodeLoss, EpisodeSettings, pretrain
from msssm_ts.pretraining.tasks import SeriesTasks
from msssm_ts.pretraining.weights import FILE, keep, shipped

SMALL = {"n_scales": 2, "d_model": 8, "n_layers": 2, "d_state": 8, "kernel_size": 4}
TASKS, SETTINGS = SeriesTasks(n_values=600, longest=40), EpisodeSettings(n_steps=3)


def small(seed: int = 0, n_pools: int = FEW_POOLS) -> Encoder:
    torch.manual_seed(seed)
    return Encoder(encoder_config(**SMALL), n_pools)


def waves(n: int, lengths: range, n_channels: int = 1) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    steps = [np.arange(rng.choice(lengths)) for _ in y]
    series = [
        np.sin(t * (0.9 if label else 0.5) + rng.uniform(0, 6, (n_channels, 1)))
        + 0.5 * rng.normal(size=(n_channels, len(t)))
        for t, label in zip(steps, y, strict=True)
    ]
    return [s.astype(np.float32) for s in series], y


@pytest.fixture(scope="module")
def fitted() -> MSSSMClassifier:
    X, y = waves(40, range(20, 60), n_channels=2)
    return MSSSMClassifier(members=["encoder_ridge"], random_state=0).fit(X, y)


def test_the_same_steps_give_the_same_weights() -> None:
    one, same, other = (
        pretrain(small(), TASKS, replace(SETTINGS, seed=seed)).state_dict() for seed in (0, 0, 1)
    )
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_the_script_gives_what_pretrain_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    script = importlib.import_module("pretrain")
    file = tmp_path / "encoder.safetensors"
    asked = f"pretrain.py --steps 1 --width 4 --out {file}"
    monkeypatch.setattr("sys.argv", asked.split())
    script.main()
    torch.manual_seed(script.SEED)
    own = Encoder(encoder_config(**(script.SIZES | {"d_model": 4})))
    keep(
        pretrain(own, SeriesTasks(), EpisodeSettings(1, seed=script.SEED)),
        tmp_path / "own.safetensors",
    )
    assert file.read_bytes() == (tmp_path / "own.safetensors").read_bytes()


def test_what_is_shipped_is_of_the_script_and_small() -> None:
    script = (Path(__file__).parents[1] / "benchmarks" / "pretrain.py").read_text()
    config = shipped().config
    assert f'"d_model": {config.d_model}, "n_layers": {config.n_layers}' in script
    assert FILE.stat().st_size < 4_000_000


def test_learning_gets_better() -> None:
    told: list[float] = []
    tasks = SeriesTasks(n_values=1500, longest=48)
    settings = EpisodeSettings(n_steps=60, learning_rate=5e-3)
    pretrain(small(), tasks, settings, lambda step, loss, right, seconds: told.append(loss))
    assert len(told) == 60
    assert np.mean(told[-20:]) < np.mean(told[:20]) - 0.05


def test_the_loss_asks_of_series_that_were_not_told() -> None:
    """Codes that say nothing of the classes of the others cannot be right by heart."""
    labels = torch.arange(2).repeat_interleave(40)
    noise = torch.randn(80, 300, generator=torch.Generator().manual_seed(0))
    assert float(EpisodeLoss()(noise, labels)[1]) < 0.8
    clear = noise + 4 * (2 * labels[:, None] - 1)
    assert float(EpisodeLoss()(clear, labels)[1]) == 1.0


def test_steps_take_as_much_as_they_are_told() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        tasks = TASKS(rng)
        n = [task.series.size for task in tasks]
        assert sum(n[:-1]) < TASKS.n_values <= sum(n)
        assert len({task.series.shape[2] for task in tasks}) == 1


def test_pools_are_what_they_are_called() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 23, 3))
    counted = rng.uniform(size=(5, 23)) < 0.7
    counted[0] = np.arange(23) < 2
    counted[1] = np.arange(23) == 5
    counted[2] = True
    found = channel_pools(torch.from_numpy(x), torch.from_numpy(counted), MOST_POOLS)
    for own, which, pools in zip(x, counted, found.numpy(), strict=True):
        kept = own[which]
        beside = which[1:] & which[:-1]
        changes = np.abs(np.diff(own, axis=0))[beside]
        place = np.arange(len(kept)) * 4 // len(kept)
        expected = [
            *(kept.mean(0), kept.max(0), np.sqrt(kept.var(0) + 1e-6), kept.min(0)),
            changes.mean(0) if len(changes) else np.zeros(3),
            *((kept > level).mean(0) for level in (0, 0.7)),
            *(kept[place == k].mean(0) if (place == k).any() else np.zeros(3) for k in range(4)),
        ]
        np.testing.assert_allclose(pools.reshape(11, 3), expected, atol=1e-12)
    whole = channel_pools(torch.from_numpy(x), None, MOST_POOLS)
    np.testing.assert_allclose(whole[2], found[2], atol=1e-12)
    assert torch.equal(
        found[:, :9], channel_pools(torch.from_numpy(x), torch.from_numpy(counted), 3)
    )


def test_a_file_with_other_pools_is_refused(fitted: MSSSMClassifier, tmp_path: Path) -> None:
    facts = fitted.model_.vote.members[0].state().facts
    assert facts["n_pools"] == MOST_POOLS
    with pytest.raises(ValueError, match="an encoder of 5 pools, not 3 or 11"):
        EncoderRidge.expected(dict(facts) | {"n_pools": 5}, 2, 2, False)


@pytest.mark.parametrize("n_pools", [FEW_POOLS, MOST_POOLS])
def test_padding_and_company_do_not_matter(n_pools: int) -> None:
    encoder, rng = small(n_pools=n_pools).eval(), np.random.default_rng(0)
    series = [rng.normal(size=(1, n)).astype(np.float32) for n in (1, 2, 7, 33)]
    alone = torch.cat([encoder(torch.from_numpy(s).mT.unsqueeze(0)) for s in series])
    lengths = torch.tensor([s.shape[1] for s in series])
    x = torch.full((4, 40, 1), 1e3)
    for i, s in enumerate(series):
        x[i, : s.shape[1], 0] = torch.from_numpy(s[0])
    torch.testing.assert_close(encoder(x, lengths), alone, rtol=1e-5, atol=1e-5)


def test_answers_do_not_depend_on_the_batch(fitted: MSSSMClassifier) -> None:
    X, _ = waves(40, range(20, 60), n_channels=2)
    together = fitted.predict_proba(X)
    alone = np.concatenate([fitted.predict_proba([x]) for x in X[:6]])
    np.testing.assert_allclose(together[:6], alone, atol=1e-6)


def test_is_saved_and_read_again(fitted: MSSSMClassifier, tmp_path: Path) -> None:
    X, y = waves(40, range(20, 60), n_channels=2)
    fitted.save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert (again.predict(X) == y).mean() > 0.9


def test_a_file_keeps_its_own_encoder(
    fitted: MSSSMClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of the package may ship another one."""
    X, _ = waves(40, range(20, 60), n_channels=2)
    fitted.save(tmp_path / "m.safetensors")
    keep(small(), tmp_path / "other.safetensors")
    monkeypatch.setattr("msssm_ts.pretraining.weights.FILE", tmp_path / "other.safetensors")
    shipped.cache_clear()
    try:
        again = MSSSMClassifier.load(tmp_path / "m.safetensors")
        assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    finally:
        shipped.cache_clear()


def test_many_channels_are_mixed() -> None:
    rng = np.random.default_rng(0)
    views = Views.draw([rng.normal(size=(20, 30)).astype(np.float32)], 0)
    shown = views.of(np.eye(20, 30, dtype=np.float32))
    assert shown.shape == (16, 30)
    assert (views.mix != 0).any(1).all()
    flat = Views.draw([np.ones((2, 30), np.float32)], 0)
    assert not flat.of(np.ones((2, 30), np.float32)).any()


def test_a_network_begins_with_the_encoder() -> None:
    """Blocks as they are; the stem too, of one channel."""
    config = replace(shipped().config, n_channels=4, n_outputs=3)
    network, known = begun(config, "pretrained"), shipped().state_dict()
    for name, weights in network.blocks.state_dict().items():
        assert torch.equal(weights, known[f"blocks.{name}"])
    single = begun(replace(config, n_channels=1), "pretrained")
    for name, weights in single.stem.state_dict().items():
        assert torch.equal(weights, known[f"stem.{name}"])
    torch.manual_seed(0)
    one = begun(config, "random")
    torch.manual_seed(0)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(),
               MSSSMNetwork(config).parameters(), strict=True))  # fmt: skip


def test_each_of_several_channels_comes_through() -> None:
    """All together as strong as the one that the encoder knows."""
    known, steps = shipped(), torch.randn(1, 2000, 4)
    config = replace(known.config, n_channels=4, n_outputs=3)
    torch.manual_seed(0)
    stem = begun(config, "pretrained").stem
    torch.manual_seed(0)
    assert torch.equal(stem.weight, begun(config, "pretrained").stem.weight)
    assert torch.equal(stem.bias, known.stem.bias)
    singular = torch.linalg.svdvals(stem.weight)
    assert singular.min() > 0.5 * singular.max()
    one, several = ((s(x) - s.bias).std() for s, x in ((known.stem, steps[..., :1]), (stem, steps)))
    assert 0.8 < several / one < 1.25


FEW = {"members": ["network"], "max_epochs": 1, "random_state": 0}


@pytest.mark.parametrize("several", [False, True])
def test_its_head_knows_classes_before_the_first_step(several: bool) -> None:
    """No step changes anything at this rate."""
    X, y = waves(60, range(20, 40))
    labels = np.stack([y, 1 - y], 1) if several else y
    model = MSSSMClassifier(**FEW, init="pretrained", learning_rate=1e-30).fit(X[:40], labels[:40])
    assert (model.predict(X[40:]) == labels[40:]).mean() > 0.9
    strength = model.model_.vote.members[0].network.head.weight.square().mean().sqrt()
    assert 0.01 < strength < 0.2001
    again = MSSSMClassifier(**FEW, init="pretrained", learning_rate=1e-30).fit(X[:40], labels[:40])
    assert np.array_equal(model.predict_proba(X), again.predict_proba(X))


@pytest.mark.parametrize(
    ("setting", "n_channels", "known"),
    [({}, 1, True), ({}, 2, False), ({"core": "s6"}, 1, False), ({"init": "random"}, 1, False)],
)
def test_networks_of_one_channel_begin_with_it_unasked(
    setting: dict[str, Any], n_channels: int, known: bool
) -> None:
    X, y = waves(20, range(20, 40), n_channels)
    model = MSSSMClassifier(**FEW, **setting, learning_rate=1e-30).fit(X, y)
    own = dict(model.model_.vote.members[0].network.blocks.named_parameters())
    shipped_blocks = dict(shipped().blocks.named_parameters())
    same = own.keys() == shipped_blocks.keys() and all(
        torch.allclose(own[name], shipped_blocks[name], atol=1e-6) for name in own
    )
    assert same is known


@pytest.mark.parametrize(
    ("setting", "n_channels"), [({"init": "random"}, 1), ({"init": "pretrained"}, 2), ({}, 2)]
)
def test_without_the_encoders_features_a_head_begins_at_random(
    setting: dict[str, Any], n_channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = MagicMock()
    monkeypatch.setattr("msssm_ts.members.network.network.set_head", settled)
    X, y = waves(20, range(20, 40), n_channels)
    MSSSMClassifier(**FEW, **setting).fit(X, y)
    settled.assert_not_called()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"n_layers": 2}, "n_layers is 3 there and 2 here"),
        ({"core": "s6"}, "core is lti there and s6 here"),
        ({"stem_stride": 5}, "takes in every step"),
    ],
)
def test_another_shape_cannot_begin_with_it(setting: dict[str, Any], said: str) -> None:
    """It is said before the other voters are fitted."""
    X, y = waves(20, range(40, 60))
    others = MagicMock()
    model = MSSSMClassifier(
        members=["scan_ridge", "network"], init="pretrained", callbacks=[others], **setting
    )
    with pytest.raises(ValueError, match=said):
        model.fit(X, y)
    others.stage.assert_not_called()


def test_is_exported(tmp_path: Path) -> None:
    X, y = waves(24, range(20, 30), n_channels=2)
    model = MSSSMClassifier(members=["encoder_ridge"], random_state=0).fit(X, y)
    report = export_model(model.model_, tmp_path / "m.pt2", "pt2")
    assert report.difference < 1e-5
