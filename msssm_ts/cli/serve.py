"""``msssm-ts serve``: a model behind HTTP."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.shown.console import say, show, show_json
from msssm_ts.errors import InputError
from msssm_ts.model_path import resolve_model_path
from msssm_ts.optional import check_installed

# A name, or an address as it stands in URLs: no wildcard, scheme or port.
_HOST = re.compile(r"[\w.-]+|\[[0-9a-fA-F:.]+\]")


@guarded
def serve(
    model: options.Model,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; 0.0.0.0: all of this machine's.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; 0: one that is free.")
    ] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="TEXT",
            envvar="MSSSM_TS_TOKEN",
            help="Answer only requests that bring it (Authorization: Bearer TEXT).",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="NAME",
            help="Answer requests to this name, that of a proxy; may be repeated. [localhost; with "
            "--host: any]",
        ),
    ] = None,
    max_bytes: Annotated[
        str, typer.Option("--max-bytes", metavar="SIZE", help="Largest request: 500kB, 64MB.")
    ] = "64MB",
    max_series: Annotated[
        int, typer.Option("--max-series", min=1, metavar="N", help="Series in a request.")
    ] = 10_000,
    max_streams: Annotated[
        int, typer.Option("--max-streams", min=1, metavar="N", help="Streams open at a time.")
    ] = 16,
    max_memory: Annotated[
        str | None,
        typer.Option(
            "--max-memory",
            metavar="SIZE",
            help="Memory that the series of a request may take. [half of the free]",
        ),
    ] = None,
    batch_window: Annotated[
        float,
        typer.Option(
            "--batch-window",
            min=0,
            max=1000,
            metavar="MS",
            help="Milliseconds that a small request waits for others, to be predicted together; "
            "0: each by itself.",
        ),
    ] = 5.0,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Answer requests with MODEL over HTTP, and show a page to drop files on.

    POST /predict takes series as JSON, or files as predict reads them, and answers as predict does;
    POST /inspect looks at one series; WS /stream answers a causal model's steps as they come in;
    GET /info, /health and /openapi.json tell of the model, the server, and its requests.

    The address goes to stdout when the server listens. It keeps nothing that it is sent.
    """
    resolve_model_path(model)
    check_installed("serve", "serve")
    token = _checked_token(token)

    from msssm_ts.cli.terminal import terminal_of
    from msssm_ts.datasets.memory import parse_size
    from msssm_ts.serving.app import application
    from msssm_ts.serving.limits import Limits
    from msssm_ts.serving.run import address_of, is_local, listening, run

    for name in allow_host or ():
        if not _HOST.fullmatch(name):
            raise InputError(
                f"--allow-host {name}: must be the name alone, such as ecg.example.org, without "
                "http:// and without a port"
            )
    limits = Limits(
        max_bytes=parse_size(max_bytes, "--max-bytes"),
        max_series=max_series,
        max_streams=max_streams,
        token=token,
        window=batch_window / 1000,
        local=is_local(host),
        hosts=tuple(name.casefold() for name in allow_host or ()),
    )
    # An address that is taken is told before a large model is loaded.
    with listening(host, port) as listener:
        terminal = terminal_of(model, device, max_memory)
        app = application(terminal, limits, lambda error: _failed(error, debug))
        if token is None and not limits.local:
            say(
                f"anyone who reaches {host} may ask this model, for there is no --token; what they "
                "send is not encrypted",
                quiet=quiet,
            )
        address = address_of(listener, host)
        if json:
            show_json({"address": address, "port": listener.getsockname()[1]}, indent=None)
        else:
            show(address)
        sys.stdout.flush()
        say(f"serving {model} until Ctrl-C", quiet=quiet)
        run(app, listener, limits.max_bytes)


def _checked_token(token: str | None) -> str | None:
    """Return it; refuse one that no header can hold, or none where one is meant."""
    if token is not None and (
        not token.isascii() or not token.isprintable() or " " in token or not token
    ):
        raise InputError("--token: must be letters, digits and signs of ASCII, without blanks")
    return token


def _failed(error: Exception, debug: bool) -> None:
    if debug:
        import traceback

        for line in "".join(traceback.format_exception(error)).splitlines():
            say(line)
        return
    words = " ".join(str(error).split())
    say(f"a request failed: {type(error).__name__}: {words} (run again with --debug for more)")
