"""The server as a process: where it listens, and how it ends."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from typing import Any

from starlette.types import ASGIApp

from msssm_ts.errors import InputError

# What is being answered when the server is told to stop has so many seconds.
_LAST_SECONDS = 5
_LOCAL = ("127.0.0.1", "::1", "localhost")


def is_local(host: str) -> bool:
    """Whether only this machine reaches an address.

    Examples
    --------
    >>> is_local("127.0.0.1"), is_local("0.0.0.0")
    (True, False)
    """
    return host in _LOCAL


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is a free one.

    Raises
    ------
    InputError
        If there is no such address, or another program has it.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        where = f"--host {host} --port {port}"
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"{where}: another program listens there; take another --port, or 0 for a free one"
            ) from error
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{where}: cannot listen there ({reason}); take another") from error


def address_of(listener: socket.socket, host: str) -> str:
    """Return what a browser opens."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}/"


def run(app: ASGIApp, listener: socket.socket, max_bytes: int) -> None:
    """Serve until Ctrl-C, or a signal like it, which is raised anew when all is closed.

    Parameters
    ----------
    app : ASGI application
        From :func:`msssm_ts.serving.app.application`.
    listener : socket
        From :func:`listening`.
    max_bytes : int
        Of a message to a stream.
    """
    import uvicorn

    settings: dict[str, Any] = {
        # What goes wrong is said by the application, in a sentence.
        "log_config": None,
        "log_level": "critical",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "ws_max_size": max_bytes,
        "timeout_graceful_shutdown": _LAST_SECONDS,
    }
    # Requests that are none are refused in a sentence, too, not told on the terminal.
    logging.getLogger("python_multipart").addHandler(logging.NullHandler())
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        # A terminal that closes ends it as politely as the others, which uvicorn hears itself.
        signal.signal(hang_up, lambda number, frame: signal.raise_signal(signal.SIGTERM))
    uvicorn.Server(uvicorn.Config(app, **settings)).run(sockets=[listener])
