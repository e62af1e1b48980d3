from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from scipy.signal import spectrogram

from msssm_ts import MSSSMClassifier
from msssm_ts.preparation import Preparation, Preparer, cut, prepared, prepared_rate, vote
from msssm_ts.preparation.filters import bandpass, resample, resampled_length, take_out_hum
from msssm_ts.preparation.spectral import frame_sizes, log_mel, mel_filters, mfcc, n_frames
from msssm_ts.preparation.windows import window_starts
from msssm_ts.series import LazySeries

LENGTHS = [1, 2, 3, 7, 399, 400, 401, 16000]
FULL = Preparation(
    channels=("II", "I"),
    sampling_rate=250.0,
    powerline=60,
    bandpass=(0.5, 40.0),
    features="mfcc",
    n_mels=24,
    n_mfcc=12,
    frame_length=0.1,
    frame_step=0.04,
    standardize="series",
    window=2.5,
    overlap=0.25,
)


def sine(frequency: float, rate: float, seconds: float = 4.0, phase: float = 0.3) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate + phase)[None]


def noise(*shape: int, dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


# Settings


@pytest.mark.parametrize("chosen", [Preparation(), FULL])
def test_settings_survive_json_and_pickle(chosen: Preparation) -> None:
    assert Preparation.from_dict(json.loads(json.dumps(chosen.to_dict()))) == chosen
    assert pickle.loads(pickle.dumps(chosen)) == chosen


def test_numpy_numbers_become_json() -> None:
    chosen = Preparation(
        sampling_rate=np.float32(250), bandpass=(np.float32(1), np.int64(40)), n_mels=np.int64(20)
    )
    chosen.check()
    assert Preparation.from_dict(json.loads(json.dumps(chosen.to_dict()))) == chosen


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channels": "II"}, "channels must be names"),
        ({"channels": ()}, "channels must be names"),
        ({"sampling_rate": 0}, "sampling_rate must be positive"),
        ({"sampling_rate": "fast"}, "sampling_rate must be positive"),
        ({"sampling_rate": True}, "sampling_rate must be positive"),
        ({"powerline": 55}, "powerline must be 50 or 60"),
        ({"powerline": "50"}, "powerline must be 50 or 60"),
        ({"powerline": True}, "powerline must be 50 or 60"),
        ({"bandpass": 40.0}, "0 < low < high"),
        ({"bandpass": (40.0,)}, "0 < low < high"),
        ({"bandpass": (40.0, 0.5)}, "0 < low < high"),
        ({"bandpass": (0.0, 40.0)}, "0 < low < high"),
        ({"bandpass": (1.0, np.inf)}, "0 < low < high"),
        ({"features": "cepstrum"}, "features must be one of"),
        ({"n_mels": 2.5}, "n_mels must be a whole number"),
        ({"n_mels": 0}, "n_mels must be a whole number"),
        ({"n_mfcc": 0}, "n_mfcc must be a whole number"),
        ({"features": "mfcc", "n_mfcc": 41}, "n_mfcc must be between"),
        ({"frame_length": None}, "frame_length must be positive"),
        ({"frame_step": -0.01}, "frame_step must be positive"),
        ({"standardize": "robust"}, "standardize must be one of"),
        ({"window": np.nan}, "window must be positive"),
        ({"overlap": 1.0}, "overlap must lie"),
        ({"overlap": -0.1}, "overlap must lie"),
        ({"overlap": "half"}, "overlap must lie"),
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Preparation(**wrong).check()
    with pytest.raises(ValueError, match=message):
        Preparation.from_dict(wrong)


def test_unknown_settings_are_named() -> None:
    with pytest.raises(ValueError, match="unknown preparation settings: notch, order"):
        Preparation.from_dict({"order": 3, "notch": 50, "n_mels": 40})


# Filters


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("frequency", "gain"), [(0.05, 0.0), (5, 1.0), (15, 1.0), (110, 0.0)])
def test_bandpass_of_a_sine(frequency: float, gain: float, dtype: str) -> None:
    wave = sine(frequency, 250.0, 60.0).astype(dtype)
    out = bandpass(wave, 0.5, 40.0, 250.0)
    assert out.dtype == dtype
    middle = slice(2500, -2500)
    # In phase with what came in: forward and backward cancel the delay.
    np.testing.assert_allclose(out[:, middle], gain * wave[:, middle], atol=0.01)


def test_bandpass_from_the_nyquist_frequency_is_a_highpass() -> None:
    wave = sine(45, 100.0, 60.0)
    np.testing.assert_allclose(
        bandpass(wave + 7, 0.5, 50.0, 100.0)[:, 1000:-1000], wave[:, 1000:-1000], atol=0.02
    )
    with pytest.raises(ValueError, match="begins at 60 Hz, but a signal of 100 Hz ends at 50 Hz"):
        bandpass(wave, 60.0, 80.0, 100.0)


@pytest.mark.parametrize("length", LENGTHS)
def test_bandpass_of_any_length(length: int) -> None:
    x = noise(2, length)
    out = bandpass(x, 0.5, 40.0, 250.0)
    assert out.shape == x.shape
    assert np.isfinite(out).all()
    np.testing.assert_allclose(bandpass(x[1:], 0.5, 40.0, 250.0), out[1:], atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seconds", [0.7, 10.0])
@pytest.mark.parametrize(("rate", "frequency"), [(360.0, 60.0), (500.0, 50.0), (125.0, 60.0)])
def test_hum_goes_and_beats_stay(rate: float, frequency: float, seconds: float, dtype: str) -> None:
    hum = np.concatenate([sine(frequency, rate, seconds, phase) for phase in (0.0, 1.5, 3.0)])
    t = np.arange(hum.shape[1]) / rate
    beats = 2 + np.exp(-((((t * 1.2 + 0.1) % 1 - 0.5) / 0.02) ** 2))
    out = take_out_hum((beats + hum).astype(dtype), frequency, rate)
    assert out.dtype == dtype
    # Up to the ends, whatever the phase there.
    np.testing.assert_allclose(out, np.broadcast_to(beats, out.shape), atol=0.03)
    clean = beats[None].astype(dtype)
    np.testing.assert_allclose(take_out_hum(clean, frequency, rate), clean, atol=0.005)
    # It is narrow.
    near = sine(0.9 * frequency, rate, 10.0)
    middle = slice(round(rate), -round(rate))
    np.testing.assert_allclose(
        take_out_hum(near, frequency, rate)[:, middle], near[:, middle], atol=0.08
    )


def test_hum_above_what_a_signal_shows() -> None:
    with pytest.raises(ValueError, match="powerline is 50 Hz, but a signal of 100 Hz ends at 50"):
        take_out_hum(noise(1, 100), 50.0, 100.0)
    with pytest.raises(ValueError, match="powerline is 50 Hz, beyond what 80 Hz can show"):
        Preparation(sampling_rate=80.0, powerline=50).check_at(500.0)


@pytest.mark.parametrize("length", LENGTHS)
def test_hum_of_any_length(length: int) -> None:
    x = noise(2, length)
    out = take_out_hum(x, 50.0, 250.0)
    assert out.shape == x.shape
    assert np.isfinite(out).all()
    np.testing.assert_allclose(take_out_hum(x[1:], 50.0, 250.0), out[1:], atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("rate", "wanted"), [(360.0, 250.0), (250.0, 360.0), (44100.0, 16000.0), (99.7, 50.1)]
)
def test_a_resampled_sine_is_the_sine_at_the_new_rate(
    rate: float, wanted: float, dtype: str
) -> None:
    frequency = min(rate, wanted) / 7
    out = resample((sine(frequency, rate) + 5).astype(dtype), rate, wanted)
    assert out.dtype == dtype
    truth = sine(frequency, wanted, 5.0)[:, : out.shape[1]] + 5
    middle = slice(out.shape[1] // 10, -(out.shape[1] // 10))
    np.testing.assert_allclose(out[:, middle], truth[:, middle], atol=5e-3)


def test_resampling_does_not_alias() -> None:
    out = resample(sine(90, 250.0), 250.0, 100.0)
    assert np.abs(out[:, 20:-20]).max() < 0.01


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("rate", "wanted"), [(360.0, 250.0), (1.0, 3.7), (8000.0, 100.0)])
def test_resampled_length(length: int, rate: float, wanted: float) -> None:
    out = resample(noise(1, length), rate, wanted)
    assert out.shape == (1, resampled_length(length, rate, wanted))
    assert np.isfinite(out).all()


def test_the_same_rate_changes_nothing() -> None:
    x = noise(1, 9)
    assert resample(x, 250.0, 250.0) is x


def test_rates_too_far_apart() -> None:
    with pytest.raises(ValueError, match=r"from 1e\+06 Hz to 10 Hz"):
        resample(noise(1, 9), 1e6, 10.0)


# Spectra


def test_mel_filters_are_triangles_that_cover_the_band() -> None:
    filters = mel_filters(40, 2048, 16000.0)
    frequency = np.fft.rfftfreq(2048, 1 / 16000)
    assert filters.shape == (40, 1025)
    assert filters.min() == 0
    assert filters.max() <= 1
    peaks = filters.argmax(1)
    assert (np.diff(peaks) > 0).all()
    for row, peak in zip(filters, peaks, strict=True):
        assert (np.diff(row[: peak + 1]) >= 0).all()
        assert (np.diff(row[peak:]) <= 0).all()
    # Neighbours cross-fade: between the first and the last centre they add up to 1.
    inside = slice(peaks[0] + 1, peaks[-1])
    np.testing.assert_allclose(filters.sum(0)[inside], 1, atol=1e-9)
    # Equal steps in mel: centres, as weighted means, agree with the formula.
    mel = np.linspace(*(2595 * np.log10(1 + f / 700) for f in (20.0, 8000.0)), 42)[1:-1]
    centres = 700 * (10 ** (mel / 2595) - 1)
    np.testing.assert_allclose(frequency[peaks], centres, atol=16000 / 2048)


@pytest.mark.parametrize(
    ("n_mels", "n_fft", "rate"), [(128, 256, 8000.0), (40, 8, 250.0), (1, 4, 160.0)]
)
def test_no_mel_filter_is_empty_or_written_to(n_mels: int, n_fft: int, rate: float) -> None:
    filters = mel_filters(n_mels, n_fft, rate)
    assert (filters.sum(1) > 0).all()
    with pytest.raises(ValueError, match="read-only"):
        filters[0, 0] = 1


@pytest.mark.parametrize("rate", [8000.0, 16000.0, 22050.0])
@pytest.mark.parametrize("frequency", [300, 1000, 2500, 3500])
def test_log_mel_of_a_tone_peaks_at_its_band(frequency: float, rate: float) -> None:
    bands = log_mel(sine(frequency, rate, 0.5), rate)
    mel = np.linspace(*(2595 * np.log10(1 + f / 700) for f in (20.0, rate / 2)), 42)[1:-1]
    nearest = np.abs(mel - 2595 * np.log10(1 + frequency / 700)).argmin()
    assert set(bands[:, 5:-5].argmax(0)) == {nearest}


def test_log_mel_is_calibrated_and_grows_with_the_logarithm_of_power() -> None:
    x = noise(1, 4000) * 0.1
    np.testing.assert_allclose(log_mel(3 * x, 16000.0), log_mel(x, 16000.0) + 2 * np.log(3))
    np.testing.assert_allclose(log_mel(0 * x, 16000.0), np.log(1e-8))


@pytest.mark.parametrize("length", [3000, 3001])
def test_log_mel_equals_scipys_spectrogram_in_mel_bands(length: int) -> None:
    x = noise(2, length)
    size, step = 400, 160
    out = log_mel(x, 16000.0)
    padded = np.pad(x, ((0, 0), (200, 600)))
    _, _, power = spectrogram(
        padded, 16000.0, "hann", size, size - step, 512, detrend=False, scaling="spectrum"
    )
    # SciPy doubles what lies between 0 and the Nyquist frequency; a unit sine has 1/2 there.
    power *= 2
    power[:, [0, -1]] *= 2
    truth = np.log((mel_filters(40, 512, 16000.0) @ power)[:, :, : out.shape[1]])
    np.testing.assert_allclose(out.reshape(2, 40, -1), truth, atol=1e-9)


def test_power_of_the_bands_is_that_of_the_signal() -> None:
    # Parseval: filters that add up to 1 neither lose power nor make any, white noise of variance
    # 1 has it evenly over all frequencies.
    power = np.exp(log_mel(noise(1, 160_000), 16000.0)).mean(1)
    weight = mel_filters(40, 512, 16000.0).sum(1)
    per_bin = 4 * (np.hanning(401)[:-1] ** 2).sum() / np.hanning(401)[:-1].sum() ** 2
    np.testing.assert_allclose(power / weight, per_bin, rtol=0.15)
    np.testing.assert_allclose(power.sum() / weight.sum(), per_bin, rtol=0.02)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_mel_in_blocks_and_channels_is_the_same(dtype: str) -> None:
    x = noise(2, 160 * 700, dtype=dtype)
    both = log_mel(x, 16000.0)
    assert both.dtype == dtype
    np.testing.assert_array_equal(both[40:], log_mel(x[1:], 16000.0))
    # Frame 600 sees the same steps as frame 10 of the series that begins 590 frames later.
    np.testing.assert_allclose(both[:, 600], log_mel(x[:, 590 * 160 :], 16000.0)[:, 10], rtol=1e-5)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("rate", [160.0, 8000.0, 16000.0, 22050.0])
def test_frames_of_any_length(length: int, rate: float) -> None:
    out = log_mel(noise(1, length), rate)
    assert out.shape == (40, n_frames(length, rate))
    assert out.shape[1] >= 1
    assert np.isfinite(out).all()


def test_mfcc_is_the_dct_of_log_mel() -> None:
    x = noise(2, 5000)
    bands = log_mel(x, 16000.0, 30, 0.03, 0.015).reshape(2, 30, -1)
    truth = dct(bands, type=2, axis=1, norm="ortho")[:, :13].reshape(26, -1)
    np.testing.assert_allclose(mfcc(x, 16000.0, 13, 30, 0.03, 0.015), truth)
    # All of the coefficients keep the bands' energy.
    energy = (mfcc(x, 16000.0, 40) ** 2).sum()
    np.testing.assert_allclose(energy, (log_mel(x, 16000.0) ** 2).sum())


def test_too_slow_for_spectra() -> None:
    with pytest.raises(ValueError, match=r"a frame of 0\.025 s at 100 Hz is too short"):
        log_mel(noise(1, 500), 100.0)
    assert frame_sizes(100.0, 0.5, 0.1) == (50, 10)


# One series


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("features", ["raw", "logmel", "mfcc"])
@pytest.mark.parametrize("rate", [250.0, 360.0, 3600.0])
def test_length_channels_and_dtype_are_as_said(
    dtype: str, length: int, features: Any, rate: float
) -> None:
    chosen = Preparation(("II",), 250.0, (0.5, 40.0), features, frame_length=0.1)
    prepare = Preparer(chosen, rate, ("I", "II"))
    out = prepare(noise(2, length, dtype=dtype))
    assert out.shape == (len(prepare.output_channels(2)), prepare.length(length))
    assert out.dtype == dtype
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(prepare))(noise(2, length, dtype=dtype)), out
    )


def test_order_of_the_steps() -> None:
    x = noise(3, 1000)
    out = Preparer(FULL, 360.0, ("I", "V1", "II"))(x)
    by_hand = take_out_hum(resample(x[[2, 0]], 360.0, 250.0), 60.0, 250.0)
    by_hand = bandpass(by_hand, 0.5, 40.0, 250.0)
    by_hand = mfcc(by_hand, 250.0, 12, 24, 0.1, 0.04)
    by_hand = (by_hand - by_hand.mean(1, keepdims=True)) / by_hand.std(1, keepdims=True)
    np.testing.assert_allclose(out, by_hand)


def test_nothing_by_default() -> None:
    x = noise(2, 9)
    x[0, 3] = np.nan
    assert Preparer(Preparation(), 250.0, None)(x) is x


def test_names_of_channels() -> None:
    names = Preparer(FULL, 360.0, ("I", "V1", "II")).output_channels(3)
    assert names[:2] == ("II mfcc00", "II mfcc01")
    assert names[12] == "I mfcc00"
    spectra = Preparer(Preparation(features="logmel"), 8000.0, None)
    assert spectra.output_channels(1)[3] == "mel03"
    assert spectra.output_channels(2)[40] == "channel 2 mel00"


def test_rate_of_the_prepared() -> None:
    assert prepared_rate(Preparer(Preparation(), None, None)) is None
    assert prepared_rate(Preparer(Preparation(sampling_rate=250.0), 360.0, None)) == 250.0
    spectra = Preparation(features="logmel")
    for rate in (250.0, 8000.0, 22050.0):
        prepare = Preparer(spectra, rate, None)
        frames = prepare(noise(1, round(20 * rate))).shape[1]
        assert prepared_rate(prepare) == pytest.approx(frames / 20, abs=0.06)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_standardisation_by_series(dtype: str) -> None:
    x = noise(5, 301, dtype=dtype)
    # A recording in volts is as good as one in microvolts; a large offset hides nothing.
    x *= np.array([1, 1e-7, 1e5, 1, 0], dtype)[:, None]
    x += np.array([0, 0, 0, 1e3, 3.3], dtype)[:, None]
    x[0, ::3] = np.nan
    out = Preparer(Preparation(standardize="series"), None, None)(x)
    assert out.dtype == dtype
    np.testing.assert_array_equal(np.isnan(out), np.isnan(x))
    np.testing.assert_allclose(np.nanmean(out, 1), 0, atol=1e-5)
    np.testing.assert_allclose(np.nanstd(out[:4], 1), 1, rtol=1e-5)
    np.testing.assert_allclose(out[4], 0, atol=1e-6)
    centred = Preparer(Preparation(standardize="centred"), None, None)(x)
    assert centred.dtype == dtype
    np.testing.assert_allclose(
        centred, x - np.nanmean(x.astype("f8"), 1)[:, None], rtol=1e-4, atol=1e-8
    )
    mostly = Preparer(Preparation(standardize="mostly-centred"), None, None)(x)
    assert mostly.dtype == dtype
    np.testing.assert_allclose(
        mostly, x - 0.8 * np.nanmean(x.astype("f8"), 1)[:, None], rtol=1e-4, atol=1e-8
    )


def test_a_channel_without_values_stays_missing() -> None:
    x = np.stack([np.full(5, np.nan), np.arange(5.0)])
    out = Preparer(Preparation(standardize="series"), None, None)(x)
    assert np.isnan(out[0]).all()
    assert np.isfinite(out[1]).all()


@pytest.mark.parametrize(
    "chosen",
    [
        Preparation(sampling_rate=100.0),
        Preparation(powerline=50),
        Preparation(bandpass=(1.0, 40.0)),
        Preparation(features="logmel"),
        Preparation(features="mfcc"),
    ],
)
def test_missing_values_are_refused_where_they_would_spread(chosen: Preparation) -> None:
    x = noise(1, 50)
    x[0, 7] = np.nan
    with pytest.raises(ValueError, match=r"missing values cannot be .* missing='interpolate'"):
        Preparer(chosen, 250.0, None)(x)


def test_channels_that_are_not_there() -> None:
    prepare = Preparer(Preparation(channels=("I", "V5")), None, ("I", "II"))
    with pytest.raises(ValueError, match=r"channel 'V5', .* is missing; there are I, II"):
        prepare(noise(2, 9))
    with pytest.raises(ValueError, match="a series has 3 channels, where there are 2 names: I, II"):
        prepare(noise(3, 9))
    # Without names nothing can be chosen.
    with pytest.raises(ValueError, match="a series has 3 channels, where there are 2 names: I, V5"):
        Preparer(Preparation(channels=("I", "V5")), None, None)(noise(3, 9))


@pytest.mark.parametrize(
    "chosen",
    [
        Preparation(powerline=50),
        Preparation(bandpass=(1.0, 40.0)),
        Preparation(features="logmel"),
    ],
)
def test_filters_need_a_rate(chosen: Preparation) -> None:
    with pytest.raises(ValueError, match="needs the sampling rate"):
        Preparer(chosen, None, None)(noise(1, 9))


# Many series


class Wave:
    """Reads a series, and counts how often."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, length: int) -> np.ndarray:
        self.reads += 1
        return noise(2, length)


def test_lazy_series_are_prepared_when_read() -> None:
    lengths = [1, 7, 400, 1001]
    read = Wave()
    prepare = Preparer(FULL, 360.0, ("I", "II"))
    lazy = prepared(LazySeries(lengths, read, lengths), prepare)
    assert isinstance(lazy, LazySeries)
    assert read.reads == 0
    at_once = prepared([noise(2, n) for n in lengths], prepare)
    assert isinstance(at_once, list)
    for restored in (lazy, pickle.loads(pickle.dumps(lazy))):
        assert restored.lengths.tolist() == [s.shape[1] for s in at_once]
        for one, other in zip(restored, at_once, strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(lazy.take([3])[0], at_once[3])


# Windows


@given(
    st.integers(1, 5000), st.integers(1, 600), st.floats(0, 1, exclude_max=True, allow_nan=False)
)
@settings(deadline=None, max_examples=200)
def test_windows_cover_the_series(length: int, size: int, overlap: float) -> None:
    starts = window_starts(length, size, overlap)
    assert starts[0] == 0
    assert starts[-1] == max(0, length - size)
    steps = np.diff(starts)
    assert (steps >= 1).all()
    assert (steps <= max(1, round(size * (1 - overlap)))).all()
    assert steps.size == 0 or steps.max() - steps.min() <= 1


def test_lazy_windows_are_those_of_a_list() -> None:
    lengths = np.array([250, 3, 100, 101])
    series = [noise(2, int(n)) for n in lengths]
    read = Wave()
    windows, owner, _ = cut(series, lengths, 100, 0.5)
    lazy, same, _ = cut(LazySeries(lengths.tolist(), read, lengths), lengths, 100, 0.5)
    assert owner.tolist() == [0, 0, 0, 0, 1, 2, 3, 3]
    assert owner.tolist() == same.tolist()
    assert isinstance(lazy, LazySeries)
    for one, other, length in zip(lazy, windows, lazy.lengths, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.shape == (2, length)
    # In order, a series is read once, however many windows it has.
    assert read.reads == 4


def test_lazy_windows_leave_behind_what_they_keep() -> None:
    long = LazySeries([100_000], Wave(), [100_000])
    windows, _, _ = cut(long, long.lengths, 10, 0.0)
    first = windows[0]
    sent = pickle.dumps(windows.read)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent)(windows.items[0]), first)


def test_lazy_windows_are_right_in_any_thread() -> None:
    lengths = np.arange(20, 40)
    series = LazySeries(lengths.tolist(), lambda n: np.full((1, n), float(n)), lengths)
    windows, owner, _ = cut(series, lengths, 10, 0.5)
    order = np.random.default_rng(0).permutation(np.tile(np.arange(len(owner)), 20))
    with ThreadPoolExecutor(8) as pool:
        for index, window in zip(order, pool.map(lambda i: windows[int(i)], order), strict=True):
            assert (window == lengths[owner[index]]).all()


def test_vote_is_the_mean_over_windows() -> None:
    owner = np.array([2, 0, 1, 1, 2, 2])
    for values in (noise(6), noise(6, 3), noise(6, 3, 2)):
        truth = np.stack([values[owner == i].mean(0) for i in range(3)])
        np.testing.assert_allclose(vote(values, owner, 3), truth)
    values = noise(3, 2)
    np.testing.assert_array_equal(vote(values, np.arange(3), 3), values)
    np.testing.assert_array_equal(vote(values, np.array([2, 0, 1]), 3), values[[1, 2, 0]])


def test_windows_of_steps_stay_so_whatever_rate_other_series_have() -> None:
    X = np.random.default_rng(0).normal(size=(12, 1, 60))
    X[::2] *= 3
    clf = MSSSMClassifier("fast", preparation=Preparation(window=20), random_state=0)
    proba = clf.fit(X, np.arange(12) % 2).predict_proba(X)
    with pytest.warns(UserWarning, match="knows no sampling rate: 50 Hz makes no difference"):
        np.testing.assert_array_equal(clf.predict_proba(X, sampling_rate=50.0), proba)
