"""``msssm-ts data get``: fetch a data set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from msssm_ts.cli.errors import FAILED, guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.shown.console import say, show, show_json
from msssm_ts.errors import InputError
from msssm_ts.text import meant, visible

if TYPE_CHECKING:
    from msssm_ts.datasets.download import Report
    from msssm_ts.datasets.named import RemoteFile
    from msssm_ts.datasets.named.fetch import Reporter


@guarded
def get(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="As 'msssm-ts data list' shows it.", show_default=False
        ),
    ],
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir",
            metavar="DIR",
            help="Put it into a folder there; else where it is found by its name.",
        ),
    ] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Download a data set, check and unpack it.

    What an interrupted download has left is completed. The folders that are read by name are in
    the user's cache, or in $MSSSM_TS_DATA_DIR.
    """
    from msssm_ts.datasets.archives.archive import CARRIED
    from msssm_ts.datasets.download import DownloadError
    from msssm_ts.datasets.named import data_set_names, fetch, find_data_set, parse_request

    data_set = find_data_set(parse_request(name).name)
    if data_set is None:
        near = meant(name, data_set_names())
        raise InputError(f"{name}: no data set of that name; see msssm-ts data list{near}")
    if data_set.name in CARRIED and directory is None:
        say(f"{data_set.name} comes along with sktime: nothing to fetch", quiet=quiet)
        return
    place = None if directory is None else directory / (data_set.folder or data_set.name)
    try:
        with _progress(quiet) as reporter:
            root, fetched = fetch(data_set, place, reporter=reporter)
    except DownloadError as error:
        for line in str(error).splitlines():
            say(f"msssm-ts: {line}")
        raise typer.Exit(FAILED) from None
    if not fetched:
        say(f"{data_set.name} is already there", quiet=quiet)
    if json:
        show_json({"name": data_set.name, "folder": str(root), "fetched": fetched})
        return
    show(str(root))
    say(f"\nNext: msssm-ts fit {data_set.name if directory is None else root}", quiet=quiet)


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[Reporter]:
    """Progress bars on a terminal, a line for each file elsewhere."""
    from rich import progress

    from msssm_ts.display import draws_bars, stderr_console

    def nothing(done: int, total: int | None) -> None:
        pass

    if quiet or not draws_bars():

        def line(file: RemoteFile) -> Report:
            say(f"fetching {file.url}", quiet=quiet)
            return nothing

        yield line
        return
    with progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
        console=stderr_console(),
    ) as bar:

        def follow(file: RemoteFile) -> Report:
            task = bar.add_task(visible(file.name), total=file.n_bytes)
            return lambda done, total: bar.update(task, completed=done, total=total)

        yield follow
