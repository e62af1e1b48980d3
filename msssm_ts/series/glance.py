"""What a look at series tells of them: values that are missing, channels that never vary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series import Series
from msssm_ts.text import counted

# Hardly any series have so few steps and so many channels; what is turned by mistake has.
_FEW_STEPS, _MANY_CHANNELS, _TIMES_MORE = 12, 24, 10
# Neighbouring steps are at most so many times as far apart as each is spread.
_APART = 3


def missing_values(series: Sequence[Series], of: str = "") -> str:
    """Say how many values are missing; nothing if none is.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Looked at.
    of : str
        What they are among, with the word before it.

    Examples
    --------
    >>> missing_values([np.array([[1.0, np.nan]]), np.ones((1, 2))], " of 2")
    '1 value is missing in 1 of 2 series'
    """
    gaps = [int(np.isnan(one).sum()) for one in series]
    if not any(gaps):
        return ""
    return (
        f"{counted(sum(gaps), 'value is', 'values are')} missing in {sum(g > 0 for g in gaps)}{of} "
        "series"
    )


def looked_at(n_looked_at: int, n_series: int) -> str:
    """Say that these are not all series; nothing if they are.

    Examples
    --------
    >>> looked_at(32, 100), looked_at(100, 100)
    (' looked at of 100', '')
    """
    return "" if n_looked_at == n_series else f" looked at of {n_series}"


def never_varying(series: Sequence[Series]) -> NDArray[np.bool_]:
    """Return which channels have one value in all series (n_channels,); none if all of them do.

    Examples
    --------
    >>> never_varying([np.array([[0.0, 1.0], [5.0, 5.0]]), np.array([[2.0, 2.0], [5.0, 5.0]])])
    array([False,  True])
    """
    still = of_one_value(series)
    return still & ~still.all()


def of_one_value(series: Sequence[Series]) -> NDArray[np.bool_]:
    """Return which channels have one value in all series, or none (n_channels,).

    Examples
    --------
    >>> of_one_value([np.array([[5.0, 5.0], [5.0, np.nan]])])
    array([ True,  True])
    """
    low = np.fmin.reduce([np.fmin.reduce(one, axis=1) for one in series])
    high = np.fmax.reduce([np.fmax.reduce(one, axis=1) for one in series])
    still: NDArray[np.bool_] = ~(high > low)
    return still


def looks_turned(series: Sequence[Series]) -> bool:
    """Whether channels, many and alike, of a few steps are rather steps of a few channels.

    Channels are not alike where neighbours are further apart than each is spread.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Looked at where they have a few steps only.

    Examples
    --------
    >>> waves = [np.sin(np.arange(300.0))[:, None] + [0, 1] for _ in range(3)]
    >>> looks_turned(waves), looks_turned([wave.T for wave in waves])
    (True, False)
    >>> looks_turned([np.arange(300)[:, None] * [10, 10] + wave / 9 for wave in waves])
    False
    """
    steps = max(one.shape[1] for one in series)
    if steps > _FEW_STEPS or len(series[0]) < max(_MANY_CHANNELS, _TIMES_MORE * steps):
        return False
    values = np.ma.masked_invalid(np.concatenate(series, axis=1))
    apart = np.abs(values[1:] - values[:-1]).mean()
    return bool(apart < _APART * values.std(axis=1).mean())
