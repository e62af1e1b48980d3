"""The options of what is done to series before the network sees them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.given.injected import injected, option, two_numbers
from msssm_ts.cli.panels import ADVANCED, PREPARATION
from msssm_ts.errors import InputError
from msssm_ts.text import meant

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.preparation import Preparation
    from msssm_ts.series.outliers import Limits

# From this rate on a series is taken for sound.
_SOUND = 4000.0


def _advanced(name: str, kind: Any, metavar: str, text: str, **about: Any) -> inspect.Parameter:
    """Return an option that few need, and whose absence leaves it to the preparation."""
    shown = typer.Option(
        f"--{name.replace('_', '-')}",
        metavar=metavar,
        help=text,
        rich_help_panel=ADVANCED,
        **about,
    )
    return option(name, Annotated[kind | None, shown])


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
        "powerline",
        Annotated[
            float | None,
            typer.Option(
                "--powerline", metavar="50|60", help="Take the hum of the mains out, in hertz."
            ),
        ],
    ),
    option(
        "bandpass",
        Annotated[
            str | None,
            typer.Option(
                "--bandpass",
                metavar="LO,HI",
                help="Keep these frequencies, in hertz; 0.5,1000 takes only the baseline's wander.",
            ),
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
            float | None,
            typer.Option("--overlap", help="Part of a window that the next one shares; else 0.5."),
        ],
    ),
    _advanced("mels", int, "N", "Mel bands of the spectra; else 40.", min=1),
    _advanced("cepstra", int, "N", "Cepstral coefficients of mfcc; else 13.", min=1),
    _advanced("frame_length", float, "SECONDS", "What each spectrum sees; else 0.025."),
    _advanced("frame_step", float, "SECONDS", "From one spectrum to the next; else 0.01."),
    _advanced(
        "full_scale",
        float,
        "AMPLITUDE",
        "What spectra take for 1, 80 dB below which nothing is heard; else 1, or by the series.",
    ),
    _advanced(
        "grid",
        float,
        "STEP",
        "Put series on an even grid of this step, in the unit of their time stamps; --stamps grid "
        "takes their typical gap.",
    ),
    _advanced(
        "limits",
        str,
        "LO,HI",
        "Limit values to these, in DATA's unit; none: not at all. Else the few values far from "
        "all others of their channel are limited.",
    ),
]
# Of the spectra: the settings that they are of, by option.
_OF_SPECTRA = {
    "mels": "n_mels",
    "cepstra": "n_mfcc",
    "frame_length": "frame_length",
    "frame_step": "frame_step",
    "full_scale": "full_scale",
}
# Others that are called otherwise than their settings.
_SPELT = {"rate": "sampling_rate", "crop": "window"}


def preparation_for(chosen: dict[str, Any], series: LabelledSeries) -> Preparation:
    """Return the settings that the options stand for, with these series.

    Raises
    ------
    InputError
        If they cannot be used.
    """
    features = chosen["features"]
    if features == "auto":
        features = "logmel" if (series.sampling_rate or 0) >= _SOUND else "raw"
    settings = _settings(chosen, features, _channels(chosen["channels"], series), series.n_channels)
    band, rate = settings.bandpass, settings.sampling_rate or series.sampling_rate
    hum = settings.powerline
    if hum is not None and rate is not None and hum >= rate / 2:
        raise InputError(
            f"--powerline {hum:g}: a signal of {rate:g} Hz ends at {rate / 2:g} Hz; leave it out, "
            f"or keep less than that (--bandpass 0.5,{0.4 * rate:g})"
        )
    if band is not None and rate is not None and band[0] >= rate / 2:
        raise InputError(
            f"--bandpass {band[0]:g},{band[1]:g}: a signal of {rate:g} Hz ends at {rate / 2:g} Hz; "
            "begin below that"
        )
    if series.sampling_rate is None:
        for wanted, name in (
            (settings.sampling_rate, "--rate"),
            (settings.powerline, "--powerline"),
            (settings.bandpass, "--bandpass"),
            (None if features == "raw" else features, "--features"),
        ):
            if wanted is not None:
                raise InputError(
                    f"{series.source}: {name} needs a sampling rate, and none is known"
                )
    return settings


def _checked(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return the options as they are.

    Raises
    ------
    InputError
        If they cannot be used, whatever the series: before those are read.
    """
    features = chosen["features"]
    if features == "auto":
        # What it becomes is known with the series; spectra are right for the settings of spectra.
        asked = any(chosen[name] is not None for name in _OF_SPECTRA)
        features = "raw" if not asked else "logmel" if chosen["cepstra"] is None else "mfcc"
    _settings(chosen, features, None, 1)
    return chosen


def _settings(
    chosen: dict[str, Any], features: str, channels: tuple[str, ...] | None, n_channels: int
) -> Preparation:
    """Return the settings that the options stand for; refuse those that cannot be used."""
    from msssm_ts.preparation import Preparation

    standardize = chosen["standardize"]
    if standardize == "auto":
        standardize = "global" if features == "raw" else "mostly-centred"
    settings = Preparation(
        channels=channels,
        sampling_rate=chosen["rate"],
        powerline=chosen["powerline"],
        bandpass=two_numbers(chosen["bandpass"], "--bandpass", "0.5,40"),
        features=features,  # type: ignore[arg-type]
        standardize=standardize,
        window=chosen["crop"],
        overlap=0.5 if chosen["overlap"] is None else chosen["overlap"],
        limits=_limits(chosen["limits"], chosen["channels"], n_channels),
        grid=chosen["grid"],
        **_of_spectra(chosen, features),
    )
    if chosen["overlap"] is not None and settings.window is None:
        raise InputError("--overlap has no effect without --crop; give both, or neither")
    try:
        settings.check()
    except ValueError as error:
        name, _, says = str(error).partition(" ")
        spelt = {field: own for own, field in (_OF_SPECTRA | _SPELT).items()}.get(name, name)
        raise InputError(f"--{spelt.replace('_', '-')} {says}") from error
    return settings


def _of_spectra(chosen: dict[str, Any], features: str) -> dict[str, Any]:
    """Return the settings of spectra that were asked for."""
    asked = {name: chosen[name] for name in _OF_SPECTRA if chosen[name] is not None}
    without = [
        f"--{name.replace('_', '-')}"
        for name in asked
        if features == "raw" or (name == "cepstra" and features != "mfcc")
    ]
    if without:
        needed = "mfcc" if without == ["--cepstra"] else "logmel or mfcc"
        raise InputError(
            f"{without[0]} has no effect without --features {needed}; give both, or neither"
        )
    return {_OF_SPECTRA[name]: value for name, value in asked.items()}


def _limits(text: str | None, channels: str | None, n_channels: int) -> Limits | None:
    """Return what values of each channel that is kept are limited to; None: as the fit finds."""
    if text is None:
        return None
    if text == "none":
        return ()
    limits = two_numbers(text, "--limits", "-5,5")
    assert limits is not None
    if limits[0] >= limits[1]:
        raise InputError(f"--limits {text}: must be the lower number, then the higher")
    n = n_channels if channels is None else len(channels.split(","))
    return (limits,) * n


def _channels(text: str | None, series: LabelledSeries) -> tuple[str, ...] | None:
    """Return the names of the chosen channels, as the data spells them."""
    from msssm_ts.cli.given.matching import why_missing
    from msssm_ts.datasets.signals.names import meant_names

    if text is None:
        return None
    wanted = [n.strip() for n in text.split(",")]
    if series.channel_names is None:
        raise InputError(
            f"{series.source}: --channels {text} chooses channels by name, but they have none; "
            "leave it out, or give DATA that names them"
        )
    chosen = meant_names(wanted, series.channel_names)
    for name, found in zip(wanted, chosen, strict=True):
        if found is None:
            raise InputError(
                f"{series.source}: there is no channel {name!r} (--channels); there are "
                f"{', '.join(series.channel_names)}{why_missing(series, name)}; no channel is "
                f"reconstructed from others{meant(name, series.channel_names)}"
            )
    names = tuple(name for name in chosen if name is not None)
    if len(set(names)) < len(names):
        raise InputError(f"--channels {text}: the same channel twice; name each once")
    return names


def notes(
    settings: Preparation, series: LabelledSeries, missing: str, *, ungrouped: bool = False
) -> list[str]:
    """Say what is done to the series that the user did not ask for, and what cannot be done."""
    from msssm_ts.series import LazySeries
    from msssm_ts.series.glance import missing_values

    lines = []
    if ungrouped and series.groups is None:
        lines.append("--ungrouped had nothing to act on: there are no groups (--group)")
    if settings.features != "raw":
        lines.append(
            f"sound: {settings.features} spectra every {1000 * settings.frame_step:g} ms "
            "(--features raw takes the waveform)"
        )
    rate = settings.sampling_rate or series.sampling_rate
    if settings.bandpass is not None and rate is not None and settings.bandpass[1] >= rate / 2:
        lines.append(
            f"--bandpass: a signal of {rate:g} Hz has nothing above {rate / 2:g} Hz, so that only "
            f"what is below {settings.bandpass[0]:g} Hz is taken away"
        )
    if settings.window is not None and series.sampling_rate is None:
        lines.append(
            f"--crop {settings.window:g}: taken for steps, for no sampling rate is known (--fs)"
        )
    if settings.window is not None:
        window = settings.window * (series.sampling_rate or 1)
        if window < 1 and series.sampling_rate is not None:
            raise InputError(
                f"--crop {settings.window:g}: less than a step of {series.sampling_rate:g} Hz; it "
                "counts in seconds"
            )
        if int(series.lengths.max()) <= window:
            lines.append(f"--crop {settings.window:g} had nothing to cut: no series is longer")
    if not isinstance(series.values, LazySeries):
        gaps = missing_values(series.values)
        if missing != "error" and gaps:
            done = "masked" if missing == "mask" else "interpolated"
            lines.append(f"{gaps}: {done} (--missing)")
        elif missing == "interpolate":
            lines.append("--missing interpolate has nothing to act on here: no value is missing")
        lines += _still(series)
    return lines


def _still(series: LabelledSeries) -> list[str]:
    """Say which channels never vary, beside others that do."""
    from msssm_ts.datasets.messages import enumerate_names
    from msssm_ts.series.glance import never_varying

    still = never_varying(series.values)
    if not still.any():
        return []
    names = series.channel_names or [str(c + 1) for c in range(series.n_channels)]
    said = enumerate_names([n for n, s in zip(names, still, strict=True) if s], 6)
    return [
        f"channels that never vary: {said}; they tell nothing now (--drop or --channels leaves "
        "them out)"
    ]


def preparing_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what :func:`preparation_for` takes from all options of a command."""
    return {p.name: options[p.name] for p in _PARAMETERS}


# They stand where the parameter ``preparing`` is, which gets their values.
prepares_series = injected("preparing", _PARAMETERS, _checked, PREPARATION)
