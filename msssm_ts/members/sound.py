"""What is taken for sound, and how networks take it in."""

from __future__ import annotations

from msssm_ts.model.config import N_FILTERS
from msssm_ts.series import Prepared

# Slowest sound, in hertz.
_SOUND = 4000.0


def own_stem(values: Prepared) -> tuple[int, int]:
    """Return the stride of a network's filter bank, and the bands that convolutions take in.

    Where nothing else is asked for: 1, 0 is a projection of every step.
    """
    stride = auto_stem_stride(int(values.lengths.max()), values.sampling_rate)
    if stride == 1:
        return 1, values.bands
    return stride, N_FILTERS if is_sound(values.sampling_rate) else 0


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
