"""Log-mel spectrogram and cepstral coefficients."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series import Series

# Seconds, as speech recognisers have them.
FRAME_LENGTH, FRAME_STEP = 0.025, 0.010
# With fewer steps in a frame the Hann window leaves one or none of them.
_SHORTEST_FRAME = 4
# Steps of a frame, and numbers of a matrix of mel filters (64 MB).
_LONGEST_FRAME, _MOST_FILTERED = 1 << 20, 1 << 24
# Frames at once: they stay in the processor's cache, and ten minutes of sound need no gigabytes.
_BLOCK = 512
# Power below which nothing is heard, against a signal of amplitude 1 (−80 dB).
FLOOR = 1e-8


def frame_sizes(
    rate: float, frame_length: float = FRAME_LENGTH, frame_step: float = FRAME_STEP
) -> tuple[int, int]:
    """Return the steps in a frame and from one to the next.

    Parameters
    ----------
    rate : float
        In hertz.
    frame_length, frame_step : float
        In seconds.

    Raises
    ------
    ValueError
        If the rate is so low that a frame has too few steps for a spectrum, or so high that it has
        more than a million.

    Examples
    --------
    >>> frame_sizes(16000.0)
    (400, 160)
    """
    size = round(frame_length * rate)
    if size < _SHORTEST_FRAME:
        raise ValueError(
            f"a frame of {frame_length:g} s at {rate:g} Hz is too short for a spectrum, which "
            f"needs {_SHORTEST_FRAME} steps: choose a longer frame_length, or features='raw'"
        )
    if size > _LONGEST_FRAME:
        raise ValueError(
            f"a frame of {frame_length:g} s at {rate:g} Hz has {size} steps, and at most "
            f"{_LONGEST_FRAME} make a spectrum: choose a shorter frame_length"
        )
    return size, max(1, round(frame_step * rate))


def n_frames(
    n_timepoints: int,
    rate: float,
    frame_length: float = FRAME_LENGTH,
    frame_step: float = FRAME_STEP,
) -> int:
    """Count the frames of a series: one for every begun step, the first around its beginning.

    Examples
    --------
    >>> n_frames(16000, 16000.0), n_frames(1, 16000.0)
    (100, 1)
    """
    return -(-n_timepoints // frame_sizes(rate, frame_length, frame_step)[1])


def fft_size(size: int) -> int:
    """Return the power of two that a frame of ``size`` steps is filled up to.

    Examples
    --------
    >>> fft_size(400)
    512
    """
    return 1 << (size - 1).bit_length()


def check_filters(n_mels: int, size: int) -> None:
    """Refuse more mel bands than there is memory for, of frames of ``size`` steps.

    Raises
    ------
    ValueError
        Naming both numbers.
    """
    if n_mels * fft_size(size) > _MOST_FILTERED:
        raise ValueError(
            f"{n_mels} mel bands of frames of {size} steps are too many: choose a smaller n_mels "
            "or a shorter frame_length"
        )


def hann_window(size: int) -> NDArray[np.float64]:
    """Periodic Hann window, the power of a sine of amplitude 1 scaled to about 1.

    Examples
    --------
    >>> hann_window(4)
    array([0. , 0.5, 1. , 0.5])
    """
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    scaled: NDArray[np.float64] = 2 * hann / hann.sum()
    return scaled


@lru_cache(maxsize=8)
def mel_filters(n_mels: int, n_fft: int, rate: float) -> NDArray[np.float64]:
    """Triangular filters, equally spaced from 20 Hz to the Nyquist frequency on the mel scale.

    The scale is 2595·log10(1 + f/700) (O'Shaughnessy, "Speech Communication", 1987; HTK); each
    filter rises to 1 at its centre and ends at its neighbours'.

    Returns
    -------
    array of shape (n_mels, n_fft // 2 + 1)
        Read-only: all callers share it.

    Examples
    --------
    >>> mel_filters(40, 512, 16000.0).shape
    (40, 257)
    """
    low = min(20.0, rate / 100)
    first, last = (2595 * np.log10(1 + f / 700) for f in (low, rate / 2))
    edges = 700 * (10 ** (np.linspace(first, last, n_mels + 2) / 2595) - 1)
    frequency = np.fft.rfftfreq(n_fft, 1 / rate)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequency - left) / (centre - left)
    falling = (right - frequency) / (right - centre)
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    # A band narrower than the resolution of the spectrum takes the bin nearest to its centre.
    for row in np.flatnonzero(filters.sum(1) == 0):
        filters[row, np.abs(frequency - centre[row]).argmin()] = 1.0
    filters.flags.writeable = False
    return filters


@lru_cache(maxsize=8)
def _sparse_mel_filters(n_mels: int, n_fft: int, rate: float) -> Any:
    # At most two filters take a bin: 20 times fewer products than of the full matrix, and none
    # of the waiting for one another that the threads of a matrix library do at this size.
    from scipy.sparse import csr_array

    return csr_array(mel_filters(n_mels, n_fft, rate))


def log_mel(
    series: Series,
    rate: float,
    n_mels: int = 40,
    frame_length: float = FRAME_LENGTH,
    frame_step: float = FRAME_STEP,
) -> Series:
    """Logarithm of the power in mel bands, a frame every ``frame_step``.

    A sine of amplitude 1 at a band's centre has power 1 there. Power is held above 10⁻⁸.

    Parameters
    ----------
    series : array of shape (n_channels, length)
        Sound, of amplitude 1 at most, without missing values.
    rate : float
        In hertz.
    n_mels : int
        Bands.
    frame_length, frame_step : float
        In seconds. Frame i lies around step i · ``frame_step``, with zeros beyond the ends.

    Returns
    -------
    array of shape (n_channels · n_mels, :func:`n_frames`)

    Raises
    ------
    ValueError
        If a frame has too few steps for a spectrum.

    Examples
    --------
    >>> log_mel(np.zeros((1, 16000), np.float32), 16000.0).shape
    (40, 100)
    """
    size, step = frame_sizes(rate, frame_length, frame_step)
    check_filters(n_mels, size)
    n_fft = fft_size(size)
    frames = n_frames(series.shape[1], rate, frame_length, frame_step)
    before = size // 2
    behind = max(0, (frames - 1) * step + size - before - series.shape[1])
    # In float64: what rounds otherwise elsewhere then does not show in float32.
    hann = hann_window(size)
    filters = _sparse_mel_filters(n_mels, n_fft, rate)
    out = np.empty((len(series), n_mels, frames), series.dtype)
    for channel, bands in zip(series, out, strict=True):
        padded = np.pad(channel, (before, behind))
        windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::step][:frames]
        for begin in range(0, frames, _BLOCK):
            spectrum = np.fft.rfft(windows[begin : begin + _BLOCK] * hann, n_fft)
            power = spectrum.real**2 + spectrum.imag**2
            heard = np.maximum(filters @ np.ascontiguousarray(power.T), FLOOR)
            bands[:, begin : begin + _BLOCK] = np.log(heard)
    return out.reshape(-1, frames)


def mfcc(
    series: Series,
    rate: float,
    n_mfcc: int = 13,
    n_mels: int = 40,
    frame_length: float = FRAME_LENGTH,
    frame_step: float = FRAME_STEP,
) -> Series:
    """Mel-frequency cepstral coefficients: the orthonormal DCT of :func:`log_mel`.

    Davis and Mermelstein, "Comparison of parametric representations for monosyllabic word
    recognition", 1980.

    Returns
    -------
    array of shape (n_channels · n_mfcc, :func:`n_frames`)

    Examples
    --------
    >>> mfcc(np.zeros((2, 800)), 16000.0).shape
    (26, 5)
    """
    from scipy.fft import dct

    bands = log_mel(series, rate, n_mels, frame_length, frame_step)
    bands = bands.reshape(len(series), n_mels, -1)
    coefficients: Series = dct(bands.astype(np.float64), axis=1, norm="ortho")[:, :n_mfcc]
    return coefficients.reshape(len(series) * n_mfcc, -1).astype(series.dtype)
