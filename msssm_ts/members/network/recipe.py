"""What training chooses for itself: sizes by the amount of data."""

from __future__ import annotations

# Optimiser steps of a default run, and the steps of series that they may see in all: beside long
# series there are fewer, so that a run takes a minute or two on two cores.
N_STEPS = 1500
WORK = 8_000_000
# Of many short series each is seen so many times, while that is no more steps of series than this.
N_PASSES, MORE_WORK = 40, 16_000_000
# Sound, which is varied in training, is learned for longer, from half as many series a step. Who
# begins with what knows words needs that many only where series are more than are seen so often.
N_SOUND_STEPS, N_SOUND_PASSES = 3000, 60
# Epochs without improvement before a run stops; of one on sound, the part of all epochs: it
# improves most where the rate goes down at last.
PATIENCE, SOUND_PATIENCE = 20, 1 / 2


def auto_batch_size(n_series: int, sound: bool = False) -> int:
    """Series per step: an eighth of the data, between 8 and 64; of sound 32 at most.

    Examples
    --------
    >>> [auto_batch_size(n) for n in (20, 100, 5000)]
    [8, 12, 64]
    """
    return max(8, min(32 if sound else 64, n_series // 8))


def auto_epochs(
    n_series: int, batch_size: int, length: int, sound: bool = False, knows: bool = False
) -> int:
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
    knows : bool
        Whether the network begins with one that knows sound.

    Examples
    --------
    >>> auto_epochs(100, 12, 100), auto_epochs(300, 37, 1000), auto_epochs(7200, 64, 46)
    (167, 24, 40)
    >>> auto_epochs(450, 32, 25, sound=True), auto_epochs(450, 32, 25, sound=True, knows=True)
    (200, 100)
    """
    n_steps, each = N_SOUND_STEPS if sound else N_STEPS, -(-n_series // batch_size)
    if sound and knows:
        n_steps = min(n_steps, max(N_STEPS, N_SOUND_PASSES * each))
    least = 10
    if not sound and n_steps < N_PASSES * each:
        least = max(least, min(N_PASSES, MORE_WORK // (n_series * length)))
    return max(least, -(-min(n_steps, WORK // (batch_size * length)) // each))
