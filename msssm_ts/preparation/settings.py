"""The settings of the preparation, kept with a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from typing import Any, Literal, get_args

from msssm_ts.series.outliers import Limits
from msssm_ts.text import meant

Features = Literal["raw", "logmel", "mfcc"]
Standardize = Literal["global", "mostly-centred", "centred", "series", "none"]
# Part of its own mean that is taken from every series, where any is.
OWN_MEAN = {"mostly-centred": 0.8, "centred": 1.0, "series": 1.0}
# Rates, seconds and amplitudes lie between one over that and that.
_LARGEST = 1e12
# Spectra that see a step: each costs as much as all steps of its frame.
_MOST_FRAMES = 256
# Of the mains, in hertz.
_POWERLINES = (50, 60)


@dataclass(frozen=True)
class Preparation:
    """What is done to every series, in this order; nothing by default.

    Parameters
    ----------
    channels : tuple of str, optional
        Channels to keep, by name, in this order.
    sampling_rate : float, optional
        Resample to this rate, in hertz.
    bandpass : tuple of two floats, optional
        Keep these frequencies, in hertz: Butterworth of order 3, forward and backward.
    features : {"raw", "logmel", "mfcc"}
        The signal itself; or, every ``frame_step``, the logarithm of its power in ``n_mels`` mel
        bands; or the first ``n_mfcc`` cepstral coefficients of those.
    n_mels, n_mfcc : int
        How many.
    frame_length, frame_step : float
        Of the spectra, in seconds: what each one sees, and from one to the next.
    standardize : {"global", "mostly-centred", "centred", "series", "none"}
        By the mean and deviation of the training series, channel by channel; "centred": by every
        series' own mean and the deviation of all, which for "logmel" and "mfcc" is the cepstral
        mean normalisation of speech recognisers; "mostly-centred": by four fifths of its own
        mean, so that what keeps still within a series, a hum, tells something yet; "series": by
        its own of both; or not at all.
    window : float, optional
        Cut series into windows of this many seconds (steps, where no rate is known).
    overlap : float
        Part of a window that the next one shares.
    limits : tuple of (low, high) or None, optional
        What values are limited to before anything else, a pair a channel (of ``channels``), None
        for a channel that is not; an empty tuple limits and refuses none. By default a fit
        limits the few values that lie far from all others of their channel, where there are any
        (:func:`msssm_ts.series.outliers.find_limits`).
    full_scale : float, optional
        Amplitude that spectra take for 1, against which nothing is heard below −80 dB. By default
        1, as sound has it; of series of quite another size a fit takes the power of two above
        their largest value.
    powerline : {50, 60}, optional
        Take the hum of the mains of this frequency out, in hertz, before ``bandpass``: a notch of
        quality 30, forward and backward (:func:`msssm_ts.preparation.filters.take_out_hum`).
    grid : float, optional
        Put series on an even grid of this step, in the unit of their time stamps, by lines between
        samples (:func:`msssm_ts.preparation.grid.on_grid`); ``stamps="grid"`` takes the series'
        typical gap.

    Examples
    --------
    >>> Preparation(bandpass=(0.5, 40.0)).check()
    >>> Preparation.from_dict(Preparation(features="mfcc").to_dict()).features
    'mfcc'
    """

    channels: tuple[str, ...] | None = None
    sampling_rate: float | None = None
    bandpass: tuple[float, float] | None = None
    features: Features = "raw"
    n_mels: int = 40
    n_mfcc: int = 13
    frame_length: float = 0.025
    frame_step: float = 0.010
    standardize: Standardize = "global"
    window: float | None = None
    overlap: float = 0.5
    limits: Limits | None = None
    full_scale: float | None = None
    powerline: float | None = None
    grid: float | None = None

    def check(self) -> None:
        """Raise ValueError for a setting out of range, naming it."""
        for name, allowed in (
            ("features", ("raw", "logmel", "mfcc")),
            ("standardize", get_args(Standardize)),
        ):
            if getattr(self, name) not in allowed:
                given = getattr(self, name)
                near = meant(str(given), allowed, 0.5)
                raise ValueError(f"{name} must be one of {allowed}, not {given!r}{near}")
        for name in ("sampling_rate", "window", "frame_length", "frame_step", "full_scale", "grid"):
            value = getattr(self, name)
            optional = name in ("sampling_rate", "window", "full_scale", "grid")
            if not (value is None and optional) and not _is_size(value):
                raise ValueError(f"{name} must be positive, up to {_LARGEST:g}, not {value!r}")
        for name in ("n_mels", "n_mfcc"):
            count = getattr(self, name)
            if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
                raise ValueError(f"{name} must be a whole number from 1, not {count!r}")
        if self.frame_length > _MOST_FRAMES * self.frame_step:
            raise ValueError(
                f"frame_length must be at most {_MOST_FRAMES} times frame_step, not "
                f"{self.frame_length:g} s for {self.frame_step:g} s"
            )
        if self.features == "mfcc" and self.n_mfcc > self.n_mels:
            raise ValueError(
                f"n_mfcc must be between 1 and n_mels ({self.n_mels}), not {self.n_mfcc}"
            )
        if not _is_number(self.overlap, -math.inf) or not 0 <= self.overlap < 1:
            raise ValueError(f"overlap must lie in [0, 1), not {self.overlap!r}")
        self._check_channels()
        if self.powerline is not None and not (
            _is_number(self.powerline, 0) and self.powerline in _POWERLINES
        ):
            raise ValueError(f"powerline must be 50 or 60 (hertz), not {self.powerline!r}")
        self._check_bandpass()
        self._check_limits()

    def _check_limits(self) -> None:
        for pair in self.limits or ():
            ends = pair if isinstance(pair, (tuple, list)) else ()
            if pair is not None and not (
                len(ends) == 2 and all(_is_number(x, -math.inf) for x in ends) and ends[0] < ends[1]
            ):
                raise ValueError(f"limits must be low < high or None for a channel, not {pair!r}")

    def _check_channels(self) -> None:
        # Equal names, and numbers for names, occur in files, and a model remembers what it saw.
        names = self.channels if isinstance(self.channels, (tuple, list)) else ()
        known = all(isinstance(name, (str, Real)) for name in names)
        if self.channels is not None and not (names and known):
            raise ValueError(f"channels must be names of channels, not {self.channels!r}")

    def _check_bandpass(self) -> None:
        if self.bandpass is None:
            return
        band = self.bandpass if isinstance(self.bandpass, (tuple, list)) else ()
        if len(band) != 2 or not all(map(_is_size, band)) or band[0] >= band[1]:
            raise ValueError(f"bandpass must be 0 < low < high in hertz, not {self.bandpass!r}")

    def check_at(self, sampling_rate: float | None) -> None:
        """Raise ValueError for what cannot be done to series of a rate, in hertz."""
        from msssm_ts.preparation.filters import rate_ratio
        from msssm_ts.preparation.spectral import check_filters, frame_sizes

        rate = sampling_rate and (self.sampling_rate or sampling_rate)
        needy = [
            n
            for n, wants in (
                ("features", self.features != "raw"),
                ("powerline", self.powerline is not None),
                ("bandpass", self.bandpass is not None),
            )
            if wants
        ]
        if rate is None or sampling_rate is None:
            if needy:
                raise ValueError(f"{needy[0]} needs the sampling rate of the series")
            return
        rate_ratio(sampling_rate, rate)
        if self.powerline is not None and self.powerline >= rate / 2:
            raise ValueError(
                f"powerline is {self.powerline:g} Hz, beyond what {rate:g} Hz can show"
            )
        if self.bandpass is not None and self.bandpass[0] >= rate / 2:
            raise ValueError(
                f"bandpass begins at {self.bandpass[0]:g} Hz, beyond what {rate:g} Hz can show"
            )
        if self.features != "raw":
            size, _ = frame_sizes(rate, self.frame_length, self.frame_step)
            check_filters(self.n_mels, size)

    @property
    def filters(self) -> bool:
        """Whether frequencies are taken away, by filters that run forward and backward.

        Examples
        --------
        >>> Preparation().filters, Preparation(powerline=50).filters
        (False, True)
        """
        return self.powerline is not None or self.bandpass is not None

    def window_steps(self, rate: float | None) -> int:
        """Count the steps of a window of prepared series.

        Without a rate in the settings windows are of so many steps, whatever rate other series
        have than those that the settings were made for.

        Parameters
        ----------
        rate : float or None
            Of the prepared series, in hertz.

        Examples
        --------
        >>> Preparation(window=2.0, sampling_rate=50.0).window_steps(50.0)
        100
        >>> Preparation(window=2.0).window_steps(50.0)
        2
        """
        known = rate if self.sampling_rate is not None else None
        return max(1, round((self.window or 0.0) * (known or 1.0)))

    @property
    def rows_per_channel(self) -> int:
        """Channels of a prepared series for each of those that it came with.

        Examples
        --------
        >>> Preparation(features="mfcc").rows_per_channel
        13
        """
        return {"raw": 1, "logmel": self.n_mels, "mfcc": self.n_mfcc}[self.features]

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        values = {name: _plain(value) for name, value in asdict(self).items()}
        # Versions that know nothing of these read the rest.
        later = ("limits", "full_scale", "powerline", "grid")
        unused = {name for name in later if values[name] is None}
        return {name: value for name, value in values.items() if name not in unused}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preparation:
        """Return the settings that :meth:`to_dict` gave.

        Raises
        ------
        ValueError
            For a setting that is unknown or out of range.
        """
        if not isinstance(values, Mapping):
            raise ValueError("the settings of a preparation have names")
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"unknown preparation settings: {', '.join(sorted(unknown))}")
        chosen: dict[str, Any] = {k: _tuples(v) for k, v in values.items()}
        settings = cls(**chosen)
        settings.check()
        return settings


def _is_number(value: object, above: float) -> bool:
    """Whether value is a finite number above another; True and False are none."""
    return (
        not isinstance(value, bool) and isinstance(value, Real) and above < float(value) < math.inf
    )


def _is_size(value: object) -> bool:
    """Whether value is a positive number with which reckoning goes neither to 0 nor to infinity."""
    return _is_number(value, 0) and 1 / _LARGEST <= float(value) <= _LARGEST  # type: ignore[arg-type]


def _tuples(value: Any) -> Any:
    """Return lists, also within lists, as tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, (list, tuple)) else value


def _plain(value: Any) -> Any:
    """Return numbers, also NumPy's, as Python's, which JSON knows."""
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value
