"""Which part of a model's preparation an exported file does, and what is left to its user."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msssm_ts.fitted import FittedModel
from msssm_ts.preparation import Preparation, Preparer, prepared_rate

_OWN = {
    "mostly-centred": "four fifths of its own mean",
    "centred": "its own mean",
    "series": "its own mean and deviation",
}


@dataclass(frozen=True)
class Boundary:
    """The preparation of a model, cut in two.

    Parameters
    ----------
    outside : Preparation
        Done to series before they are given to the file.
    inside : Preparation
        Done in the file.
    channels : tuple of str
        Names of the channels that the file takes.
    rate : float or None
        Sampling rate of what the file takes, in hertz, before features in the file.
    interpolates : bool
        Whether missing values are filled before.
    """

    outside: Preparation
    inside: Preparation
    channels: tuple[str, ...]
    rate: float | None
    interpolates: bool

    @property
    def known_rate(self) -> float:
        """The rate, where the preparation could not be without one."""
        assert self.rate is not None
        return self.rate

    @property
    def steps(self) -> list[str]:
        """What is left to the user, in order; empty where series are given as they are.

        Another sampling rate than ``rate`` is always the user's to change.
        """
        outside = self.outside
        said = ["fill gaps by linear interpolation"] if self.interpolates else []
        for i, pair in enumerate(outside.limits or ()):
            if pair is not None:
                name = outside.channels[i] if outside.channels else f"channel {i + 1}"
                said.append(f"limit {name} to {pair[0]:.9g} … {pair[1]:.9g}")
        if outside.powerline is not None:
            said.append(
                f"take out the hum of {outside.powerline:g} Hz (notch of quality 30, forward and "
                "backward, the hum going on beyond the ends)"
            )
        if outside.bandpass is not None:
            low, high = outside.bandpass
            said.append(
                f"band-pass {low:g} to {high:g} Hz (Butterworth of order 3, forward and backward)"
            )
        if outside.features != "raw":
            if outside.full_scale is not None:
                said.append(f"divide by {outside.full_scale:.9g}")
            said.append(f"turn into {outside.features} features")
        if outside.standardize in _OWN:
            said.append(f"standardise every series by {_OWN[outside.standardize]}")
        if outside.window is not None:
            unit = "s" if self.rate else "steps"
            said.append(
                f"cut into windows of {outside.window:g} {unit} (overlap {outside.overlap:g}), "
                "and average their probabilities"
            )
        return said


def find_boundary(model: FittedModel) -> Boundary:
    """Put as much of a model's preparation into the file as goes there.

    Filters run to and fro over the whole series and stay outside. So do windows, and with
    them what is to be done before a series is cut.
    """
    whole = model.preparation
    before = replace(whole, features="raw", standardize="none")
    if whole.window is None:
        outside, inside = before, whole
    elif whole.features == "raw" and whole.standardize in ("global", "none"):
        outside, inside = before, replace(whole, standardize="none")
    else:
        outside, inside = whole, Preparation()
    # Limits come before everything: into the file, unless there is something outside that is done
    # to values already limited.
    if not outside.filters and outside is not whole:
        outside = replace(outside, limits=None)
    else:
        inside = replace(inside, limits=None)
    prepare = Preparer(outside, model.source.sampling_rate, model.source.channel_names)
    channels = prepare.output_channels(model.source.n_channels)
    return Boundary(
        outside, inside, channels, prepared_rate(prepare), model.missing == "interpolate"
    )
