"""The options of what is done to series before the network sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.injected import injected, option, two_numbers

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.preparation import Preparation

# From this rate on a series is taken for sound.
_SOUND = 4000.0

_PARAMETERS = [
    option(
        "features",
        Annotated[
            str,
            typer.Option(
                "--features",
                help="raw, logmel or mfcc; auto is logmel for sound (4 kHz and more), else raw.",
            ),
        ],
        "auto",
    ),
    option(
        "channels",
        Annotated[
            str | None,
            typer.Option("--channels", metavar="A,B", help="Channels to use, by name; else all."),
        ],
    ),
    option(
        "rate",
        Annotated[
            float | None, typer.Option("--rate", metavar="HZ", help="Resample to this rate.")
        ],
    ),
    option(
        "bandpass",
        Annotated[
            str | None,
            typer.Option("--bandpass", metavar="LO,HI", help="Keep these frequencies, in hertz."),
        ],
    ),
    option(
        "standardize",
        Annotated[
            str,
            typer.Option(
                "--standardize",
                help="By all series (global), by each one's own mean (centred), most of it "
                "(mostly-centred) or mean and deviation (series), or none; auto is mostly-centred "
                "for logmel and mfcc, else global.",
            ),
        ],
        "auto",
    ),
    option(
        "crop",
        Annotated[
            float | None,
            typer.Option(
                "--crop",
                metavar="SECONDS",
                help="Cut long series into windows that vote (steps, where no rate is known).",
            ),
        ],
    ),
    option(
        "overlap",
        Annotated[
            float, typer.Option("--overlap", help="Part of a window that the next one shares.")
        ],
        0.5,
    ),
]


def preparation_for(chosen: dict[str, Any], series: LabelledSeries) -> Preparation:
    """Return the settings that the options stand for, with these series.

    Raises
    ------
    InputError
        If they cannot be used.
    """
    from msssm_ts.errors import InputError
    from msssm_ts.preparation import Preparation

    features, standardize = chosen["features"], chosen["standardize"]
    if features == "auto":
        features = "logmel" if (series.sampling_rate or 0) >= _SOUND else "raw"
    if standardize == "auto":
        standardize = "global" if features == "raw" else "mostly-centred"
    names = chosen["channels"]
    settings = Preparation(
        channels=None if names is None else tuple(n.strip() for n in names.split(",")),
        sampling_rate=chosen["rate"],
        bandpass=two_numbers(chosen["bandpass"], "--bandpass", "0.5,40"),
        features=features,
        standardize=standardize,
        window=chosen["crop"],
        overlap=chosen["overlap"],
    )
    try:
        settings.check()
    except ValueError as error:
        raise InputError(f"{error} (--{str(error).partition(' ')[0]})") from error
    if series.sampling_rate is None:
        for wanted, name in (
            (settings.sampling_rate, "--rate"),
            (settings.bandpass, "--bandpass"),
            (None if features == "raw" else features, "--features"),
        ):
            if wanted is not None:
                raise InputError(
                    f"{series.source}: {name} needs a sampling rate, and none is known"
                )
    return settings


def notes(settings: Preparation, series: LabelledSeries, missing: str) -> list[str]:
    """Say what is done to the series that the user did not ask for."""
    import numpy as np

    from msssm_ts.series import LazySeries

    lines = []
    if settings.features != "raw":
        lines.append(
            f"sound: {settings.features} spectra every 10 ms (--features raw takes the waveform)"
        )
    if not isinstance(series.values, LazySeries):
        gaps = np.array([np.isnan(v).sum() for v in series.values])
        if missing != "error" and gaps.any():
            done = "masked" if missing == "mask" else "interpolated"
            lines.append(
                f"{gaps.sum()} values are missing in {(gaps > 0).sum()} series: {done} (--missing)"
            )
    return lines


# They stand where the parameter ``preparing`` is, which gets their values.
prepares_series = injected("preparing", _PARAMETERS, dict)
