"""What training chooses for itself: sizes by the amount of data."""

from __future__ import annotations

# Optimiser steps of a default run, and the steps of series that they may see in all: beside long
# series there are fewer, so that a run takes a minute or two on two cores.
N_STEPS = 1500
WORK = 8_000_000
# Of many short series each is seen so many times, while that is no more steps of series than this.
N_PASSES, MORE_WORK = 40, 16_000_000
# Sound, which is varied in training, is learned for longer, from half as many series a step.
N_SOUND_STEPS = 3000
# Epochs without improvement before a run stops; of one on sound, the part of all epochs: it
# improves most where the rate goes down at last.
PATIENCE, SOUND_PATIENCE = 20, 1 / 2
# Slowest sound, in hertz.
_SOUND = 4000.0


def auto_batch_size(n_series: int, sound: bool = False) -> int:
    """Series per step: an eighth of the data, between 8 and 64; of sound 32 at most.

    Examples
    --------
    >>> [auto_batch_size(n) for n in (20, 100, 5000)]
    [8, 12, 64]
    """
    return max(8, min(32 if sound else 64, n_series // 8))


def auto_epochs(n_series: int, batch_size: int, length: int, sound: bool = False) -> int:
    """Epochs that make about :data:`N_STEPS` steps, fewer on long series, at least 10.

    Series that are too many to be seen :data:`N_PASSES` times by then get more steps, up to
    :data:`MORE_WORK`; those of sound do not.

    Parameters
    ----------
    n_series, batch_size : int
        Of the training data.
    length : int
        Steps of a series as the network sees it, behind its stem.
    sound : bool
        Whether it is to be :data:`N_SOUND_STEPS`.

    Examples
    --------
    >>> auto_epochs(100, 12, 100), auto_epochs(300, 37, 1000), auto_epochs(7200, 64, 46)
    (167, 24, 40)
    """
    n_steps, each = N_SOUND_STEPS if sound else N_STEPS, -(-n_series // batch_size)
    least = 10
    if not sound and n_steps < N_PASSES * each:
        least = max(least, min(N_PASSES, MORE_WORK // (n_series * length)))
    return max(least, -(-min(n_steps, WORK // (batch_size * length)) // each))


def auto_stem_stride(longest: int, sampling_rate: float | None) -> int:
    """Choose the steps of a series per step of the network: 1, more for long series.

    Sound is looked at every 10 ms, as speech recognisers do; other series of more than 4096
    steps become about 500.

    Examples
    --------
    >>> auto_stem_stride(256, 360.0), auto_stem_stride(16000, 16000.0)
    (1, 160)
    >>> auto_stem_stride(20000, None)
    40
    """
    if longest <= 4096:
        return 1
    wanted = longest / 500
    if is_sound(sampling_rate):
        assert sampling_rate is not None
        wanted = sampling_rate / 100
    return 10 * max(1, round(wanted / 10))


def is_sound(sampling_rate: float | None) -> bool:
    """Whether series of a rate, in hertz, are taken for sound.

    Examples
    --------
    >>> is_sound(8000.0), is_sound(360.0), is_sound(None)
    (True, False, False)
    """
    return sampling_rate is not None and sampling_rate >= _SOUND
