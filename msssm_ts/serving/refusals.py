"""Requests that cannot be answered: a status and one sentence."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from msssm_ts.serving.json_text import as_json

# Too large, not allowed, of an unknown kind; all else that a client can put right is 400.
TOO_LARGE, NO_TOKEN, NOT_HERE, UNKNOWN_KIND, BAD = 413, 401, 403, 415, 400


class Refused(Exception):
    """A request that is refused.

    Parameters
    ----------
    status : int
        Of HTTP.
    sentence : str
        What, where, and what to do.
    """

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


class JsonResponse(Response):
    """A JSON value, as the command line writes it; NaN is not among it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes."""
        return as_json(content).encode()


def refusal(error: Refused) -> JsonResponse:
    """Return the response that says why."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == NO_TOKEN else {}
    return JsonResponse({"error": str(error)}, error.status, headers)
