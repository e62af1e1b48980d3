"""What stands before every request: who asks, how much it brings, and what browsers may do."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from msssm_ts.serving.limits import Limits
from msssm_ts.serving.refusals import BAD, NO_TOKEN, NOT_HERE, TOO_LARGE, Refused, refusal
from msssm_ts.text import size_text

_LOCAL = ("127.0.0.1", "localhost", "[::1]")
# A page that knows nothing of the model, and whether the server lives.
_OPEN = ("/", "/health")
# For everything that is no page; a page has its own.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_HEADERS = {
    "Content-Security-Policy": NOTHING,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """An application behind the server's limits.

    Parameters
    ----------
    app : ASGI application
        What answers.
    limits : Limits
        How much it takes, and from whom.
    """

    def __init__(self, app: ASGIApp, limits: Limits):
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it before any of its body is read."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answered = _with_headers(send)
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            self._check_token(scope["path"], headers)
            if scope["type"] == "http":
                if scope.get("query_string"):
                    raise Refused(BAD, "no address takes a query: options belong into the body")
                receive = self._limited(headers, receive)
        except Refused as error:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": str(error)[:120]})
            else:
                await refusal(error)(scope, receive, answered)
            return
        await self._app(scope, receive, send if scope["type"] == "websocket" else answered)

    def _check_host(self, headers: Mapping[str, str]) -> None:
        """Refuse pages from elsewhere, whose names lead here or which open streams."""
        host, origin = headers.get("host", ""), headers.get("origin")
        known = (*_LOCAL, *self._limits.hosts)
        if (self._limits.local or self._limits.hosts) and _bare(host).casefold() not in known:
            raise Refused(
                NOT_HERE,
                f"{host[:80]!r}: this server is not to be called so; start it with --allow-host "
                "for names other than 127.0.0.1 and localhost",
            )
        if origin is not None and origin.partition("://")[2] != host:
            raise Refused(
                NOT_HERE, f"{origin[:80]!r}: pages from elsewhere may not ask this server"
            )

    def _check_token(self, path: str, headers: Mapping[str, str]) -> None:
        token = self._limits.token
        if token is None or path in _OPEN:
            return
        kind, _, given = headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode(), token.encode())
        if kind.casefold() != "bearer" or not known:
            raise Refused(
                NO_TOKEN, "this server wants its token: send 'Authorization: Bearer TOKEN'"
            )

    def _limited(self, headers: Mapping[str, str], receive: Receive) -> Receive:
        """Return a receiver that stops at the limit; refuse what says itself that it is larger."""
        said, largest, count = headers.get("content-length", "0"), self._limits.max_bytes, 0
        if not said.isdecimal():
            raise Refused(BAD, "Content-Length is no number")
        if int(said) > largest:
            raise _too_large(largest)

        async def receive_limited() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > largest:
                raise _too_large(largest)
            return message

        return receive_limited


def _too_large(largest: int) -> Refused:
    return Refused(
        TOO_LARGE,
        f"the request is larger than the {size_text(largest)} that this server takes "
        "(--max-bytes); send less at a time",
    )


def _bare(host: str) -> str:
    """Return a host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
