"""The tasks that a network of sound learns from: made-up words, each said by several speakers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.generation import Task
from msssm_ts.generation.speech import draw_clips
from msssm_ts.preparation.spectral import log_mel
from msssm_ts.pretraining.sound import N_BANDS
from msssm_ts.training import Augmentation
from msssm_ts.training.batches import Batch

Spectra = NDArray[np.float16]
N_FRAMES = 100
# Words that are drawn together, so that some differ in one phone.
_TOGETHER = 8
# Rates of recordings, in hertz, and how often.
_RATES, _OFTEN = (16_000, 8_000, 22_050, 44_100), (0.6, 0.16, 0.12, 0.12)
# How spectra are varied beside what their making varies.
_VARIED = Augmentation(shift=0.1, masks=0.1, warp=0.12, narrow=0.3, bands=N_BANDS, rows=N_BANDS)
# Powers of ten below which nothing is heard; how much of a clip's mean is taken from it.
_FLOOR, _OWN_MEAN = (-8.0, -5.5), (0.7, 1.0)


def draw_spectra(
    seed: int, n_words: int, n_each: int, report: Callable[[int], None] | None = None
) -> Spectra:
    """Return log-mel spectra of words, each said by so many speakers.

    Parameters
    ----------
    seed : int
        What all is drawn with.
    n_words, n_each : int
        Words, a multiple of eight, and clips of each.
    report : callable, optional
        Told how many words there are.

    Returns
    -------
    float16 array of shape (n_words, n_each, 100, 40)
        A hundredth of the logarithm is more than half precision keeps wrong.

    Examples
    --------
    >>> draw_spectra(0, n_words=8, n_each=1).shape
    (8, 1, 100, 40)
    """
    spectra = np.empty((n_words // _TOGETHER, _TOGETHER * n_each, N_FRAMES, N_BANDS), np.float16)
    for k, own in enumerate(spectra):
        rng = np.random.default_rng([seed, k])
        rate = int(rng.choice(_RATES, p=_OFTEN))
        for spectrum, clip in zip(own, draw_clips(rng, _TOGETHER, n_each, rate), strict=True):
            spectrum[:] = log_mel(clip.sound[None].astype(np.float64), rate, N_BANDS)[
                :, :N_FRAMES
            ].T
        if report is not None:
            report((k + 1) * _TOGETHER)
    return spectra.reshape(n_words, n_each, N_FRAMES, N_BANDS)


@dataclass(frozen=True)
class SpokenTasks:
    """Draws a task: clips of some words, half of the time such as were drawn together.

    Parameters
    ----------
    spectra : float16 array of shape (n_words, n_each, n_frames, n_bands)
        As :func:`draw_spectra` returns them.
    n_classes, n_each : int
        Words of a task, a multiple of eight, and clips of each.

    Examples
    --------
    >>> draw = SpokenTasks(draw_spectra(0, n_words=16, n_each=2), n_classes=16, n_each=2)
    >>> [task.series.shape for task in draw(np.random.default_rng(0))]
    [(32, 40, 100)]
    """

    spectra: Spectra
    n_classes: int = 32
    n_each: int = 6

    def __call__(self, rng: np.random.Generator) -> list[Task]:
        """Return one task."""
        n_words, n_known = self.spectra.shape[:2]
        if rng.uniform() < 0.5:
            groups = rng.choice(n_words // _TOGETHER, self.n_classes // _TOGETHER, replace=False)
            words = (_TOGETHER * groups[:, None] + np.arange(_TOGETHER)).ravel()
        else:
            words = rng.choice(n_words, self.n_classes, replace=False)
        chosen = [self.spectra[w, rng.choice(n_known, self.n_each, replace=False)] for w in words]
        x = np.concatenate(chosen).astype(np.float32)
        x = np.maximum(x, np.float32(np.log(10) * rng.uniform(*_FLOOR)))
        x = x - np.float32(rng.uniform(*_OWN_MEAN)) * x.mean(1, keepdims=True)
        # As a band's deviation is taken from it, or as those behind a filter bank keep theirs.
        spread = x.std((0, 1)) + 0.1
        spread = spread if rng.uniform() < 0.7 else spread.mean()
        x = (x - x.mean((0, 1))) / spread * np.float32(np.exp(0.25 * rng.normal()))
        generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
        moved = _VARIED.move(Batch(torch.from_numpy(x)), generator).x
        varied = _VARIED.vary(moved, None, generator).numpy()
        return [Task(varied.transpose(0, 2, 1), np.repeat(np.arange(self.n_classes), self.n_each))]
