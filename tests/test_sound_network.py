"""The network of sound that comes along: from made-up words to a vote on spoken ones."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError
from msssm_ts.export.export import export_model
from msssm_ts.generation.speech import draw_clips
from msssm_ts.generation.speech.speaker import say
from msssm_ts.generation.speech.words import Phone, Position
from msssm_ts.members.network.initial import begun, check_shape
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.stem import SpectrumStem
from msssm_ts.preparation import Preparation
from msssm_ts.pretraining.episodes import EpisodeSettings, pretrain
from msssm_ts.pretraining.sound import (
    SOUND_FILE,
    SoundEncoder,
    keep_sound,
    network_for_sound,
    sound_config,
    sound_network,
    take_over,
)
from msssm_ts.pretraining.spoken import SpokenTasks, draw_spectra

LOGMEL = Preparation(features="logmel", standardize="mostly-centred")


@cache
def clips(n_words: int, n_each: int, rate: int = 16_000) -> tuple[list[np.ndarray], np.ndarray]:
    made = draw_clips(np.random.default_rng(1), n_words, n_each, rate)
    return [c.sound[None] for c in made], np.array([f"word {c.word}" for c in made])


@cache
def fitted(rate: int = 16_000) -> MSSSMClassifier:
    X, y = clips(4, 6, rate)
    asked = {"preparation": LOGMEL, "random_state": 0}
    return MSSSMClassifier("fast", **asked).fit(X, y, sampling_rate=float(rate))


@pytest.mark.parametrize("rate", [4_000, 8_000, 22_050, 48_000])
def test_words_are_said_at_any_rate(rate: int) -> None:
    X, _ = clips(2, 2, rate)
    for sound in X:
        assert sound.shape == (1, rate)
        assert 0 < np.abs(sound).max() <= 1


def test_vowels_are_loud_where_their_formants_lie() -> None:
    """An open one at 800 and 1200 Hz, a closed one at 300 and 2300."""
    rng = np.random.default_rng(3)

    def said(*formants: float) -> tuple[float, float]:
        hiss = 4000.0, 1000.0
        position = Position(0.5, 1.0, 0.0, 0.0, (formants[0], formants[1], 3000.0), *hiss, 0.04)
        words = [say(rng, (Phone(True, (position,)),), 16_000) for _ in range(8)]
        power = np.mean([np.abs(np.fft.rfft(word)) ** 2 for word in words], 0)
        return float(power[900:1500].mean()), float(power[2000:2800].mean())

    (open_low, open_high), (closed_low, closed_high) = said(800, 1200), said(300, 2300)
    assert open_low / open_high > 10 * closed_low / closed_high


def test_the_same_seed_gives_the_same_tasks_whichever_are_drawn_before() -> None:
    many, few = draw_spectra(5, 16, 2), draw_spectra(5, 8, 2)
    assert np.array_equal(many[:8], few)
    assert not np.array_equal(many[:8], draw_spectra(6, 8, 2))
    draw = SpokenTasks(many, n_classes=8, n_each=2)
    (one,), (same,), (other,) = (draw(np.random.default_rng(k)) for k in (0, 0, 1))
    assert np.array_equal(one.series, same.series)
    assert not np.array_equal(one.series, other.series)
    assert one.labels.tolist() == np.repeat(np.arange(8), 2).tolist()
    # The two clips of a word are two speakers'.
    assert not np.array_equal(one.series[::2], one.series[1::2])


def test_the_script_gives_what_pretrain_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    script = importlib.import_module("pretrain")
    monkeypatch.setattr(script, "N_EACH", 6)
    file, own = tmp_path / "sound.safetensors", tmp_path / "own.safetensors"
    monkeypatch.setattr("sys.argv", f"pretrain.py sound --steps 1 --words 32 --out {file}".split())
    script.main()
    torch.manual_seed(script.SEED)
    encoder = SoundEncoder(sound_config())
    tasks = SpokenTasks(draw_spectra(script.SEED, 32, 6))
    settings = EpisodeSettings(1, learning_rate=script.SOUND_RATE, seed=script.SEED)
    keep_sound(pretrain(encoder, tasks, settings).network, own)
    assert file.read_bytes() == own.read_bytes()
    assert SOUND_FILE.stat().st_size == file.stat().st_size < 1_000_000


def test_words_that_it_has_not_heard_are_told_apart() -> None:
    """Of 16 new words said twice, the speakers new, too: 1 in 16 would be chance."""
    tasks = SpokenTasks(draw_spectra(99, 16, 6), n_classes=16, n_each=6)
    (task,) = tasks(np.random.default_rng(0))
    right = {}
    for name, network in (("known", sound_network()), ("drawn", MSSSMNetwork(sound_config()))):
        encoder = SoundEncoder(sound_config())
        encoder.network = network.eval()
        with torch.inference_mode():
            codes = encoder(torch.from_numpy(task.series).mT).numpy()
        codes = (codes - codes.mean(0)) / codes.std(0)
        asked, labels = codes[::2], task.labels[::2]
        near = ((asked[:, None] - codes[None, 1::2]) ** 2).sum(2).argmin(1)
        right[name] = float((task.labels[1::2][near] == labels).mean())
    assert right["known"] > 0.7 > right["drawn"] + 0.2


def test_fast_tells_words_apart_by_it() -> None:
    model = fitted()
    vote = model.model_.vote
    shares = {m.kind: w for m, w in zip(vote.members, vote.weights, strict=True)}
    assert shares["encoder_ridge"] > 0.4


def test_series_that_are_no_sound_are_read_by_the_encoder_of_series() -> None:
    X, y = clips(2, 4)
    for asked, rate in (({}, None), ({"preparation": Preparation(features="mfcc")}, 16_000.0)):
        short = [x[:, :2000] for x in X]
        model = MSSSMClassifier(members=["encoder_ridge"], random_state=0, **asked)
        (member,) = model.fit(short, y, sampling_rate=rate).model_.vote.members
        assert member.reading.objective == "series"
        assert not member.most_measured
    assert "encoder_ridge" not in {
        m.kind for m in MSSSMClassifier("fast").fit(short, y).model_.vote.members
    }


def test_networks_of_sound_begin_with_it_unless_told_otherwise() -> None:
    config = sound_config()
    known = sound_network().state_dict()

    def begins_alike(config: MSSSMConfig, init: Any) -> bool:
        own = begun(config, init).state_dict()
        return all(torch.equal(own[k], known[k]) for k in known if "blocks" in k)

    assert begins_alike(config, "auto")
    assert begins_alike(config, "pretrained")
    assert not begins_alike(config, "random")
    other = MSSSMConfig.from_dict({**vars(config), "n_scales": 2})
    assert len(begun(other, "auto").blocks) == 3
    with pytest.raises(InputError, match="n_scales is 3 there and 2 here"):
        check_shape(other, "pretrained")


def test_another_shape_is_said() -> None:
    X, y = clips(2, 4)
    asked = {"preparation": LOGMEL, "max_epochs": 1, "random_state": 0, "n_scales": 1}
    model = MSSSMClassifier(members=["network"], **asked).fit(X, y, sampling_rate=16_000.0)
    assert "another shape, n_scales is 3 there and 1 here" in " ".join(model.model_.record.notes)
    model.set_params(init="random").fit(X, y, sampling_rate=16_000.0)
    assert "another shape" not in " ".join(model.model_.record.notes)


def test_what_networks_begin_with_has_nothing_to_act_on_without_one() -> None:
    X, y = clips(2, 4)
    asked = {"preparation": LOGMEL, "init": "random", "random_state": 0}
    notes = MSSSMClassifier("fast", **asked).fit(X, y, sampling_rate=16_000.0).model_.record.notes
    assert "without a network, init='random' had nothing to act on" in notes


def test_several_spectra_are_read_as_one_was() -> None:
    one, two = network_for_sound(40, 1), network_for_sound(80, 1)
    x = torch.randn(3, 60, 40)
    assert isinstance(two.stem, SpectrumStem)
    # The same spectrum twice is as much as the square root of two of it.
    torch.testing.assert_close(
        two.embed(torch.cat([x, x], 2)), one.embed(x * 2**0.5), atol=1e-5, rtol=1e-4
    )


def test_a_waveform_goes_through_the_bank_into_it() -> None:
    network = network_for_sound(1, 160)
    fresh = take_over(MSSSMNetwork(sound_config(1, 160)))
    assert torch.equal(network.stem.filters, fresh.stem.filters)
    known = sound_network().stem.state_dict()
    assert all(torch.equal(known[k], v) for k, v in network.stem.projection.state_dict().items())


@pytest.mark.parametrize("preparation", [LOGMEL, Preparation()], ids=["logmel", "waveform"])
def test_files_and_exports_answer_the_same(preparation: Preparation, tmp_path: Path) -> None:
    X, y = clips(3, 4)
    model = MSSSMClassifier(members=["encoder_ridge"], preparation=preparation, random_state=0)
    model.fit(X, y, sampling_rate=16_000.0)
    model.save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    proba = model.predict_proba(X, sampling_rate=16_000.0)
    assert np.array_equal(again.predict_proba(X, sampling_rate=16_000.0), proba)
    alone = model.predict_proba(X[:1], sampling_rate=16_000.0)
    np.testing.assert_allclose(alone, proba[:1], atol=1e-6)
    report = export_model(again.model_, tmp_path / "m.onnx", "onnx")
    assert report.difference is not None
    assert report.difference < 1e-4


def test_fast_votes_of_words_are_exported(tmp_path: Path) -> None:
    report = export_model(fitted().model_, tmp_path / "m.onnx", "onnx")
    assert report.difference is not None
    assert report.difference < 1e-4
