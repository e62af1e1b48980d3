"""Training on series that are prepared, cut, grouped, or read from disk as they are needed."""

from __future__ import annotations

import errno
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import run

import msssm_ts.preparation.apply
import msssm_ts.training.streaming
from msssm_ts import MSSSMClassifier
from msssm_ts.errors import WritingError
from msssm_ts.fitting.split import split_targets
from msssm_ts.fitting.targets import encode_targets
from msssm_ts.members import MEMBERS
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.preparation import Preparation, cut
from msssm_ts.preparation.windows import window_starts
from msssm_ts.series import LazySeries
from msssm_ts.training import Augmentation, StreamedSeries
from msssm_ts.training.batches import Batch

RATE = 100.0


def _model(**settings: Any) -> MSSSMClassifier:
    small = {
        "members": ["network"],
        "d_model": 8,
        "n_layers": 1,
        "max_epochs": 3,
        "random_state": 0,
        "d_state": 5,
    }
    return MSSSMClassifier(**small | settings)


def _tones(n: int, rate: float = RATE, seconds: float = 2.0, seed: int = 0) -> Any:
    """Two channels, the first a tone of 5 or 15 Hz, the second noise; and which it is."""
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % 2
    t = np.arange(int(seconds * rate)) / rate
    phase = rng.uniform(0, 6, (n, 1))
    tone = np.sin(2 * np.pi * np.where(kind, 15.0, 5.0)[:, None] * t + phase)
    return np.stack([tone, rng.normal(scale=0.3, size=tone.shape)], 1), kind


class _Reader:
    """Reads from an array, and counts; pickles for worker processes."""

    def __init__(self, X: Any):
        self.X = X

    def __call__(self, index: int) -> Any:
        return self.X[index]


def _lazy(X: Any) -> LazySeries:
    return LazySeries(range(len(X)), _Reader(X), [x.shape[1] for x in X])


def _weights(model: MSSSMClassifier) -> list[Any]:
    return [v.numpy() for v in model.network_.state_dict().values()]


def test_series_read_from_disk_train_like_series_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, y = _tones(24)
    ragged = [x[:, : 60 + 7 * i].astype(np.float32) for i, x in enumerate(X)]
    in_memory = _model().fit(ragged, y)
    kept = _model().fit(_lazy(ragged), y)
    monkeypatch.setattr(msssm_ts.preparation.apply, "IN_MEMORY", 0)
    streamed = _model().fit(_lazy(ragged), y)
    for a, b, c in zip(*map(_weights, (in_memory, kept, streamed)), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    proba = in_memory.predict_proba(ragged)
    np.testing.assert_array_equal(streamed.predict_proba(_lazy(ragged)), proba)


def _slow(X: Any) -> LazySeries:
    """Series that take longer to decode than to read back."""
    return LazySeries(range(len(X)), _SlowReader(X), [x.shape[1] for x in X])


class _SlowReader(_Reader):
    def __call__(self, index: int) -> Any:
        time.sleep(0.002)
        _READ.append(index)
        return self.X[index]


_READ: list[int] = []


@pytest.mark.parametrize("window", [None, 0.4])
def test_series_that_are_kept_prepared_are_read_once_and_teach_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, window: float | None
) -> None:
    X, y = _tones(24)
    ragged = [x[:, : 60 + 5 * i].astype(np.float32) for i, x in enumerate(X)]
    preparation = Preparation(bandpass=(2.0, 30.0), window=window)
    settings = {"members": ["network"], "max_epochs": 1, "early_stopping": True}
    settings["preparation"] = preparation

    def fitted(series: Any, **more: Any) -> MSSSMClassifier:
        return _model(**settings, **more).fit(series, y, sampling_rate=RATE)

    monkeypatch.setattr(msssm_ts.preparation.apply, "IN_MEMORY", 0)
    said = _Said()
    with monkeypatch.context() as without_room:
        without_room.setattr("msssm_ts.fitting.kept._SHARE_OF_DISK", 0.0)
        again_and_again = fitted(_slow(ragged), callbacks=[said])
    assert not any("kept in" in line for line, _ in said.lines)
    assert any("has no room for prepared series" in line for line, _ in said.lines)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    said = _Said()
    monkeypatch.setattr("msssm_ts.fitting.kept._n_workers", lambda _: 1)
    kept = fitted(_slow(ragged), callbacks=[said])
    [(line, n_before)] = [(line, n) for line, n in said.lines if "kept in" in line]
    assert str(tmp_path) in line
    assert _READ[n_before:] == list(range(len(ragged)))
    assert not list(tmp_path.iterdir())
    _assert_same(again_and_again, kept, ragged)
    monkeypatch.setattr("msssm_ts.fitting.kept._n_workers", lambda _: 2)
    _assert_same(again_and_again, fitted(_slow(ragged)), ragged)


def test_a_disk_that_fills_up_while_series_are_kept_ends_no_fit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    X, y = _tones(12)
    monkeypatch.setattr(msssm_ts.preparation.apply, "IN_MEMORY", 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def full(*_: Any) -> None:
        raise WritingError("x", OSError(errno.ENOSPC, "no space left on device"))

    monkeypatch.setattr("msssm_ts.fitting.kept.written", full)
    said = _Said()
    settings = {"members": ["scan_ridge"], "callbacks": [said]}
    model = _model(**settings).fit(_slow(X.astype(np.float32)), y)
    assert any("no space left" in line for line, _ in said.lines)
    assert model.score(X.astype(np.float32), y) > 0.9
    assert not list(tmp_path.iterdir())


class _Said:
    """A callback that is told what happens on the way; with how many series had been read then."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int]] = []

    def __call__(self, progress: Any) -> None:
        pass

    def say(self, line: str) -> None:
        self.lines.append((line, len(_READ)))


def _assert_same(a: MSSSMClassifier, b: MSSSMClassifier, X: Any) -> None:
    for x, z in zip(_weights(a), _weights(b), strict=True):
        np.testing.assert_array_equal(x, z)
    np.testing.assert_array_equal(
        a.predict_proba(X, sampling_rate=RATE), b.predict_proba(X, sampling_rate=RATE)
    )


def test_a_fit_to_windows_that_is_cut_short_keeps_the_members_that_are_finished() -> None:
    X, y = _tones(24)

    class Stops:
        def __call__(self, progress: Any) -> None:
            pass

        def stage(self, name: str, done: int, total: int) -> None:
            if name == "trees":
                raise KeyboardInterrupt

    model = MSSSMClassifier(
        members=["scan_ridge", "quantile_trees"], random_state=0, callbacks=[Stops()],
        preparation=Preparation(window=0.5),
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y, sampling_rate=RATE)
    assert [member.kind for member in model.model_.vote.members] == ["scan_ridge"]
    assert model.model_.record.estimate is not None
    assert model.score(X, y) > 0.9


def test_an_error_in_a_worker_arrives_as_it_is() -> None:
    X = [np.ones((1, 5)), np.full((1, 5), np.nan)]
    series = StreamedSeries(_lazy(X), np.array([5, 5]), n_workers=1)
    # Its process is let go here: a collection of garbage later on would wait 5 s for it.
    with closing(series.batches([torch.tensor([0])])) as batches:
        assert next(batches)[1].x.shape == (1, 5, 1)

    lazy = LazySeries([0, 1], _broken, [5, 5])
    with pytest.raises(OSError, match=r"^no such sound$"):
        next(StreamedSeries(lazy, np.array([5, 5]), n_workers=1).batches([torch.tensor([0])]))


def _broken(index: int) -> Any:
    raise OSError("no such sound")


def test_nan_in_a_lazy_series_is_refused_when_read() -> None:
    X, y = _tones(4)
    X[2, 1, 7] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        _model().fit(_lazy(X), y)
    assert _model(missing="mask").fit(_lazy(X), y).n_iter_ == 3


def test_groups_stay_on_one_side_and_no_class_is_lost() -> None:
    rng = np.random.default_rng(0)
    for seed in range(20):
        y = rng.integers(0, 3, 120)
        groups = rng.integers(0, 12, 120)
        kept, aside = split_targets(encode_targets(y), 0.2, seed, groups)
        assert sorted([*kept, *aside]) == list(range(120))
        assert not set(groups[kept]) & set(groups[aside])
        assert set(y[kept]) == {0, 1, 2}
        assert 5 < len(aside) < 50


def test_a_class_in_one_group_only_is_never_set_aside() -> None:
    y = np.repeat([0, 1, 2], 20)
    groups = np.concatenate([np.arange(40) % 4, np.full(20, 9)])
    for seed in range(5):
        kept, aside = split_targets(encode_targets(y), 0.2, seed, groups)
        assert len(aside)
        assert 9 not in groups[aside]
        assert set(y[kept]) == {0, 1, 2}


def test_without_a_split_by_groups_training_goes_on_and_says_so() -> None:
    X, y = _tones(20)
    with pytest.warns(UserWarning, match="no split by groups"):
        model = _model(early_stopping=True).fit(X, y, groups=y)
    assert model.history_["val_loss"] == [None] * 3
    assert any(
        note.startswith("trained without validation: no split by groups")
        for note in model.model_.record.notes
    )


def test_chosen_series_validate() -> None:
    X, y = _tones(20)
    aside = np.arange(20) < 6
    model = _model().fit(X, y, validation=aside)
    assert model.history_["val_loss"][0] is not None
    twin = _model().fit(X[~aside], y[~aside])
    np.testing.assert_array_equal(model.model_.standardizer.mean, twin.model_.standardizer.mean)
    with pytest.raises(ValueError, match="validation must set some"):
        _model().fit(X, y, validation=np.zeros(20, bool))
    with pytest.raises(ValueError, match="all series of a class"):
        _model().fit(X, y, validation=y == 1)
    with pytest.raises(ValueError, match="one entry a series"):
        _model().fit(X, y, groups=y[:3])


def test_preparation_is_kept_with_the_model(tmp_path: Path) -> None:
    X, y = _tones(20)
    settings = Preparation(
        channels=("ecg",), sampling_rate=50.0, bandpass=(1.0, 20.0), window=0.5, overlap=0.25
    )
    model = _model(preparation=settings).fit(
        X, y, channel_names=["ecg", "noise"], sampling_rate=RATE
    )
    assert model.network_.config.n_channels == 1
    model.save(tmp_path / "m.safetensors")
    loaded = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert loaded.model_.preparation == model.model_.preparation
    assert loaded.preparation == settings
    proba = model.predict_proba(X)
    assert proba.shape == (20, 2)
    np.testing.assert_array_equal(loaded.predict_proba(X), proba)
    # Channels are found by name, in any order and among others.
    swapped = loaded.predict_proba(X[:, ::-1], channel_names=["noise", "ecg"])
    np.testing.assert_array_equal(swapped, proba)
    with pytest.raises(ValueError, match="channel 'ecg', which is needed, is missing"):
        loaded.predict(X, channel_names=["a", "b"])


def test_another_sampling_rate_is_resampled() -> None:
    X, y = _tones(40)
    model = _model(max_epochs=30).fit(X, y, sampling_rate=RATE)
    slow, kind = _tones(20, rate=60.0, seed=5)
    assert (model.predict(slow, sampling_rate=60.0) == kind).mean() >= 0.9


def test_windows_vote() -> None:
    X, y = _tones(12)
    model = _model(preparation=Preparation(window=50, overlap=0.0)).fit(X, y)
    whole = model.predict_proba(X)
    parts = [model.predict_proba(X[:, :, a : a + 50]) for a in range(0, 200, 50)]
    np.testing.assert_allclose(whole, np.mean(parts, 0), atol=1e-6)


@pytest.mark.parametrize("kind", MEMBERS.own_names())
def test_windows_of_a_twelve_lead_ecg_vote_on_every_label(kind: str) -> None:
    """10 s cut into pieces of 2.5 s, as PTB-XL's best published networks do."""
    rng = np.random.default_rng(0)
    y = (rng.random((12, 3)) < 0.5).astype(int)
    X = rng.normal(size=(12, 12, 250)) + y.sum(1)[:, None, None]
    preparation = Preparation(window=2.5, overlap=0.5)
    model = _model(members=[kind], preparation=preparation).fit(X, y, sampling_rate=25.0)
    found, asked = window_starts(250, 62, 0.5), []
    for start in found:
        asked.append(model.predict_proba(X[:, :, start : start + 62], sampling_rate=25.0))
    assert len(found) == 8
    np.testing.assert_allclose(
        model.predict_proba(X, sampling_rate=25.0), np.mean(asked, 0), atol=1e-5
    )
    # A series is set aside with all its windows, or not at all.
    assert model.model_.record.training_data["n_series"] == 12


def test_spectra_and_filter_bank_learn_tones() -> None:
    rate = 8000.0
    rng = np.random.default_rng(0)
    y = np.arange(32) % 2
    t = np.arange(5000) / rate
    X = np.sin(2 * np.pi * np.where(y, 900.0, 600.0)[:, None] * t)
    X = (X * rng.uniform(0.5, 2, (32, 1)) + rng.normal(scale=0.2, size=X.shape)).astype(np.float32)
    for preparation in (None, Preparation(features="logmel"), Preparation(features="mfcc")):
        model = _model(max_epochs=12, preparation=preparation)
        model.fit(X[:24], y[:24], sampling_rate=rate)
        bank, stride = {"raw": (80, 320), "logmel": (1, 4), "mfcc": (1, 1)}[
            "raw" if preparation is None else preparation.features
        ]
        config = model.network_.config
        assert (config.stem_stride, config.stride) == (bank, stride)
        assert (model.predict(X[24:]) == y[24:]).all()


@pytest.mark.parametrize(
    ("stride", "bands"), [(2, 0), (7, 0), (10, 0), (40, 0), (10, 40), (1, 2), (1, 1)]
)
def test_padding_makes_no_difference_behind_a_stem(stride: int, bands: int) -> None:
    torch.manual_seed(0)
    stem = {"stem_stride": stride, "stem_bands": bands}
    network = MSSSMNetwork(MSSSMConfig(2, 3, d_model=16, n_layers=1, **stem)).eval()
    lengths = torch.tensor([301, 37, 120, 1])
    x = torch.randn(4, 301, 2) * (torch.arange(301) < lengths[:, None])[:, :, None]
    with torch.inference_mode():
        together = network(x, lengths)
        for i, n in enumerate(lengths.tolist()):
            alone = network(x[i : i + 1, :n])[0]
            torch.testing.assert_close(together[i], alone, atol=2e-6, rtol=0)


def test_shift_moves_series_within_their_length() -> None:
    x = torch.arange(1.0, 11.0).repeat(200, 1)[:, :, None]
    lengths = torch.full((200,), 10)
    lengths[::2] = 6
    x = x * (torch.arange(10) < lengths[:, None])[:, :, None]
    moved = Augmentation(shift=0.3).move(Batch(x, lengths, None), torch.Generator().manual_seed(0))
    assert torch.equal(moved.x[::2, 6:], torch.zeros(100, 4, 1))
    shifts = (moved.x - x)[1::2, 5, 0]
    assert set(shifts.tolist()) == {-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0}
    assert moved.x[::2, :6].min() >= 1
    assert moved.x[::2, :6].max() <= 6


def test_mixup_mixes_series_and_says_which() -> None:
    x = torch.eye(16)[:, None, :]
    mixed, other, share = Augmentation(mixup=0.5).mix(
        Batch(x, None, None), torch.Generator().manual_seed(0)
    )
    torch.testing.assert_close(mixed.x, share * x + (1 - share) * x[other])
    assert 0 <= share <= 1
    padded = Batch(x, torch.ones(16, dtype=torch.long), None)
    assert Augmentation(mixup=0.5).mix(padded, torch.Generator())[2] == 1.0


def test_several_labels_from_a_table_to_a_report(tmp_path: Path) -> None:
    X, kind = _tones(40)
    names = [f"t{i}" for i in range(50)]
    file = tmp_path / "x.csv"
    lines = [",".join(["fast", "loud", *names])]
    for i, x in enumerate(X[:, 0, :50]):
        loud = i % 3 == 0
        lines.append(",".join(map(str, [kind[i], int(loud), *(x * (5 if loud else 1))])))
    file.write_text("\n".join(lines) + "\n")
    out = tmp_path / "run"
    run("fit", file, "--label", "fast,loud", "--out", out, "--max-epochs", "25", "--quiet")
    report, _ = run("evaluate", out, file, "--label", "fast,loud")
    scores = dict(line.split("  ", 1) for line in report.splitlines() if "  " in line)
    assert float(scores["macro AUROC"]) > 0.9
    assert "fast" in report
    predicted, _ = run("predict", out, file, "--label", "fast,loud")
    assert predicted.splitlines()[0] == "id,prediction,p_fast,p_loud"
    assert {r.split(",")[1] for r in predicted.splitlines()[1:]} <= {
        "",
        "fast",
        "loud",
        "fast;loud",
    }


def test_preparation_options_of_the_command_line(tmp_path: Path) -> None:
    X, y = _tones(20, seconds=0.5)
    file = tmp_path / "x_TRAIN.csv"
    rows = [",".join(map(str, [label, *x])) for label, x in zip(y, X[:, 0], strict=True)]
    header = ",".join(["label", *(f"t{i}" for i in range(X.shape[2]))])
    file.write_text("\n".join([header, *rows]) + "\n")
    _, said = run(
        "fit", file, "--fs", "100", "--bandpass", "1,30", "--rate", "80", "--standardize", "series",
        "--crop", "0.3", "--class-weight", "balanced", "--out", tmp_path / "r", "--max-epochs", "2",
    )  # fmt: skip
    assert "× 50 steps at 100 Hz" in said
    kept = json.loads(run("info", tmp_path / "r", "--json")[0])["preparation"]
    assert kept == {
        "sampling_rate": 80.0, "bandpass": [1.0, 30.0], "standardize": "series", "window": 0.3,
    }  # fmt: skip
    shown, _ = run("info", tmp_path / "r")
    assert "bandpass 1.0 30.0" in " ".join(shown.split())
    _, said = run("predict", tmp_path / "r", file, "--fs", "50")
    assert "resampling from 50 Hz to the model's 80 Hz" in said
    for options, sentence in (
        (["--rate", "50"], "--rate needs a sampling rate"),
        (["--bandpass", "1"], "must be two numbers"),
        (["--fs", "100", "--bandpass", "30,1"], "bandpass must"),
        (["--powerline", "50"], "--powerline needs a sampling rate"),
        (["--fs", "100", "--powerline", "50"], "--powerline 50: a signal of 100 Hz ends at 50 Hz"),
        (["--fs", "500", "--powerline", "16.7"], "powerline must be 50 or 60 (hertz), not 16.7"),
        (["--fs", "-3"], "--fs -3: must be positive"),
        (["--features", "spectrum"], "features must be one of"),
        (["--validation", "fold=1"], "no column 'fold'"),
        (["--fs", "100", "--overlap", "1.5"], "overlap"),
    ):
        _, error = run("fit", file, *options, "--out", tmp_path / "s", code=2)
        assert sentence in error
        assert len(error.strip().splitlines()) <= 2


def test_windows_of_a_series_come_close_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msssm_ts.training.streaming, "_POOL", 2)
    owner = np.repeat(np.arange(6), 5)
    series = StreamedSeries(_lazy(_tones(30)[0]), np.full(30, 200), owner=owner)
    order = torch.cat(series.shuffled(4, torch.Generator().manual_seed(0)))
    assert sorted(order.tolist()) == list(range(30))
    pools = [set(owner[order[i : i + 10]].tolist()) for i in range(0, 30, 10)]
    assert [len(p) for p in pools] == [2, 2, 2]
    assert order[:10].tolist() != sorted(order[:10].tolist())


def test_a_series_is_decoded_once_for_its_windows() -> None:
    read: list[int] = []
    X, _ = _tones(4)
    lazy = LazySeries(range(4), lambda i: read.append(i) or X[i], [200] * 4)
    windows, owner, _ = cut(lazy, lazy.lengths, 50, 0.0)
    for i in (0, 9, 1, 8, 2, 15):
        np.testing.assert_array_equal(windows[i], X[owner[i]][:, 50 * (i % 4) : 50 * (i % 4) + 50])
    assert sorted(read) == [0, 2, 3]


@pytest.mark.parametrize("seconds", [0.005, 0.3])
def test_steady_sounds_are_told_apart_by_default(seconds: float, tmp_path: Path) -> None:
    """Of a hum the spectrum does not change: what is the mean of a clip is all there is."""
    soundfile = pytest.importorskip("soundfile")
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for kind, frequency in (("even", 900), ("odd", 1400)):
            folder = tmp_path / part / kind
            folder.mkdir(parents=True)
            for i in range(12):
                t = np.arange(int(seconds * 8000)) / 8000
                tone = np.sin(2 * np.pi * frequency * t + rng.uniform(0, 6))
                sound = rng.uniform(0.02, 0.2) * (tone + 0.3 * rng.normal(size=t.shape))
                soundfile.write(folder / f"{i}.wav", sound, 8000)
    fast = ("--preset", "fast", "--quiet", "--force", "--out", tmp_path / "run")
    run("fit", tmp_path / "train", *fast)
    out, _ = run("evaluate", tmp_path / "run", tmp_path / "test", "--json")
    assert json.loads(out)["accuracy"] > 0.95
    if seconds > 0.1:
        return
    # Where the whole mean is taken from clips of one frame, nothing is left.
    run("fit", tmp_path / "train", "--standardize", "centred", *fast)
    out, _ = run("evaluate", tmp_path / "run", tmp_path / "test", "--json")
    assert json.loads(out)["accuracy"] == 0.5
