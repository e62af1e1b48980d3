"""Arrays by the names that people give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.labels import tidy_names
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.errors import InputError, OptionError
from msssm_ts.text import meant

SERIES = (
    *("X", "series", "data", "values", "signals", "samples", "inputs", "tracings", "signal"),
    *("ecg", "waveforms", "traces", "recordings"),
    # As numpy.savez calls what it is given without names.
    "arr_0",
)
RECORD = ("val",)
LABELS = ("y", "labels", "label", "targets", "target", "classes", "class", "arr_1")
RATE = ("sampling_rate", "fs", "freq", "frequency", "sample_rate", "sfreq", "rate")
GROUPS = (
    *("groups", "group", "records", "patients", "patient_id", "subjects", "subject", "speakers"),
)
IDS = ("ids", "id", "exam_id", "record_id")
CHANNEL_NAMES = ("channel_names", "channels", "ch_names", "lead_names", "leads")


class Names:
    """Arrays by their names, in any case, and which of them were of use."""

    def __init__(self, arrays: Mapping[str, Any], source: str) -> None:
        self.arrays, self.source = arrays, source
        self._by_name = {name.casefold(): name for name in reversed(list(arrays))}
        self._used: set[str] = set()

    def find(
        self, names: Sequence[str], chosen: str | None = None, option: str = ""
    ) -> tuple[Any, str]:
        """Return the array that the user named, or the first of some names, and its name."""
        if chosen is not None and chosen not in self.arrays:
            raise OptionError(
                f"{self.source}: no array {chosen!r} "
                f"({ReadOptions.command_line_name(option)}); it holds "
                f"{enumerate_names(list(self.arrays))}{meant(chosen, self.arrays)}",
                option,
            )
        wanted = [chosen] if chosen is not None else names
        exact = next((n for n in wanted if n in self.arrays), None)
        near = next((self._by_name[n] for n in map(str.casefold, wanted) if n in self._by_name), "")
        found = exact or near
        self._used.add(found)
        return self.arrays.get(found), found

    def per_series(
        self, names: Sequence[str], n: int, chosen: str | None = None, option: str = ""
    ) -> tuple[NDArray[Any] | None, str]:
        """Return an array with one value a series, and its name."""
        found, name = self.find(names, chosen, option)
        if found is None:
            return None, ""
        array = np.asarray(found)
        if array.size != n:
            raise InputError(
                f"{self.source}: {n} series in X, but {name} has shape {array.shape}; give one for "
                "each"
            )
        array = np.asarray(array.reshape(n))
        return (array if array.dtype.kind == "b" else tidy_names(array.tolist())), name

    def unused(self) -> list[str]:
        """Return the names of arrays that were of no use."""
        return [n for n in self.arrays if n not in self._used]


def texts_of(found: Any) -> tuple[str, ...] | None:
    """Return an array of names as texts.

    Examples
    --------
    >>> texts_of(np.array([" I", "II"])), texts_of(None)
    (('I', 'II'), None)
    """
    if found is None:
        return None
    return tuple(str(t).strip() for t in np.atleast_1d(np.asarray(found)).ravel())


def rate_of(found: Any, source: str) -> float | None:
    """Return a sampling rate out of an array of one number.

    Raises
    ------
    InputError
        If it is something else.

    Examples
    --------
    >>> rate_of(np.array([[250]]), "x.mat")
    250.0
    """
    if found is None:
        return None
    rate = np.asarray(found)
    if rate.size != 1 or rate.dtype.kind not in "iuf" or not 0 < float(rate.item()) < np.inf:
        raise InputError(
            f"{source}: the sampling rate must be one positive number, not {str(rate)[:40]!r}; "
            "mend it"
        )
    return float(rate.item())
