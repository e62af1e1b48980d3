"""``msssm-ts pretrain``: an encoder that learns from series without looking at their labels."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.fit.model_options import chooses_encoder
from msssm_ts.cli.fit.preparing import prepares_series
from msssm_ts.cli.fit.resuming import ENCODER, resumable
from msssm_ts.cli.given import options
from msssm_ts.cli.given.config import configurable
from msssm_ts.cli.given.inputs import given
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say, show_json, show_pairs


@guarded
@configurable
@resumable
@reads_data
@prepares_series
@chooses_encoder
def pretrain(
    data: options.DataOrNone = None,
    call: Any = None,
    unlabelled: options.Unlabelled = None,
    without: Annotated[
        str | None,
        typer.Option(
            "--without",
            metavar="PART",
            help="Series to leave out, such as those of test patients: COLUMN=VALUE, or a file "
            "that lists ids; with groups, all series of theirs.",
        ),
    ] = None,
    modelling: Any = None,
    reading: Any = None,
    preparing: Any = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="ENCODER", help="Folder for the encoder.")
    ] = Path("encoder"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace an encoder in that folder.")
    ] = False,
    checkpoint_every: options.CheckpointEvery = 60.0,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Train an encoder on the series of DATA, without their labels.

    It learns to fill in hidden spans, to tell the next steps (--causal), to know two views of a
    series again (--objective contrast), or to tell it from noise (--objective diffusion). The
    folder gets encoder.safetensors, history.csv, loss_curve.png and config.toml; msssm-ts fit
    --init ENCODER begins with it. Of DATA that has a test part only the training part is read.
    Ctrl-C keeps what is done for --resume.
    """
    data = given(data)
    for name in unlabelled or ():
        given(name)
    # Not before: they bring torch along.
    from msssm_ts.cli.fit import run_folder
    from msssm_ts.cli.pretrain.pretraining import learned, summary, write

    with run_folder.opened(out, force, call, checkpoint_every, ENCODER) as checkpoint:
        asked = (data, tuple(unlabelled or ()), without, reading, preparing, modelling)
        encoder = learned(*asked, checkpoint, quiet)
        write(out, encoder, call.config)
        checkpoint.remove()
    for line in encoder.record.notes:
        say(line, quiet=quiet)
    command = f"msssm-ts fit {shlex.quote(data)} --init {shlex.quote(str(out))}"
    if json:
        show_json({"encoder": str(out / ENCODER), **summary(encoder), "next": command})
        return
    show_pairs({"encoder": out / ENCODER, **summary(encoder)})
    say(f"\nNext: {command}", quiet=quiet)
