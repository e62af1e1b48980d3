"""How much a server takes, and from whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a request may bring.

    Parameters
    ----------
    max_bytes : int
        Of a request's body, or of a message to a stream.
    max_series : int
        In a request.
    max_streams : int
        Open at a time.
    token : str, optional
        What every request has to bring.
    window : float
        Seconds that a request waits for others, to be predicted together; 0: each by itself.
    local : bool
        Whether only this machine may ask: pages from elsewhere, whose names lead here, may not.
    hosts : tuple of str
        Other names by which the server may be called; if there are any, only by these.
    """

    max_bytes: int = 64_000_000
    max_series: int = 10_000
    max_streams: int = 16
    token: str | None = None
    window: float = 0.005
    local: bool = True
    hosts: tuple[str, ...] = ()
