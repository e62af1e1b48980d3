"""The addresses of the server, and what is done at each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from msssm_ts.errors import InputError
from msssm_ts.serving.batching import Batcher
from msssm_ts.serving.fields import SHOW
from msssm_ts.serving.guard import Guard
from msssm_ts.serving.inspecting import inspected
from msssm_ts.serving.limits import Limits
from msssm_ts.serving.openapi import document
from msssm_ts.serving.page import page
from msssm_ts.serving.refusals import BAD, JsonResponse, Refused, refusal
from msssm_ts.serving.requests import asked_in
from msssm_ts.serving.streams import Streams
from msssm_ts.serving.terminal import Terminal


def application(
    terminal: Terminal, limits: Limits, failed: Callable[[Exception], None] = lambda error: None
) -> ASGIApp:
    """Return the server of a model, an ASGI application.

    Parameters
    ----------
    terminal : Terminal
        What the command line does with the model.
    limits : Limits
        How much the server takes, and from whom.
    failed : callable
        Called with what nobody has foreseen, of which the client is told nothing but that.
    """
    # A thread each: files that take long to read do not keep the model from others' series.
    readers, model = ThreadPoolExecutor(1, "reading"), ThreadPoolExecutor(1, "model")
    batcher = Batcher(terminal.proba, model, limits.window)

    async def predict(request: Request) -> Response:
        async with asked_in(request, terminal, readers, limits.max_series, ()) as asked:
            answer = terminal.answering(asked.answering)
            rows, said = answer(asked.series, await batcher.proba(asked.series))
        return JsonResponse({"predictions": rows, "said": [*asked.said, *said]})

    async def inspect(request: Request) -> Response:
        async with asked_in(request, terminal, readers, limits.max_series, (SHOW,)) as asked:
            answer = terminal.answering(asked.answering)
            index = terminal.find(asked.series, asked.chosen)
            one = asked.series.take(np.array([index]))
            rows, said = answer(one, await batcher.proba(one))
            loop = asyncio.get_running_loop()
            shown = await loop.run_in_executor(model, inspected, terminal.model, one, 0)
        if asked.series.ids is None:
            rows[0]["id"] = index + 1
        if asked.chosen is None and (n := asked.series.n_series) > 1:
            said = [*said, f"the first of {n} series ({SHOW.name} chooses another)"]
        return JsonResponse({"prediction": rows[0], **shown, "said": [*asked.said, *said]})

    async def health(request: Request) -> Response:
        return JsonResponse({"status": "ok"})

    async def info(request: Request) -> Response:
        return JsonResponse(terminal.info)

    described = document(terminal, limits)

    async def openapi(request: Request) -> Response:
        return JsonResponse(described)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        for executor in (readers, model):
            executor.shutdown(wait=False, cancel_futures=True)

    def unforeseen(request: Request, error: Exception) -> Response:
        failed(error)
        sentence = "the server failed at this request; what it says on its terminal tells why"
        return JsonResponse({"error": sentence}, 500)

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/health", health),
            Route("/info", info),
            Route("/openapi.json", openapi),
            Route("/predict", predict, methods=["POST"]),
            Route("/inspect", inspect, methods=["POST"]),
            WebSocketRoute("/stream", Streams(terminal, model, limits).listen),
        ],
        exception_handlers={
            InputError: _told(lambda error: Refused(BAD, str(error))),
            Refused: _told(lambda error: error),
            HTTPException: _told(_no_such_address),
            ClientDisconnect: _told(lambda error: Refused(BAD, "the client has gone")),
            Exception: unforeseen,
        },
        lifespan=lifespan,
    )
    return Guard(app, limits)


def _told(as_refused: Callable[[Any], Refused]) -> Callable[[Request, Any], Awaitable[Response]]:
    async def told(request: Request, error: Exception) -> Response:
        return refusal(as_refused(error))

    return told


def _no_such_address(error: HTTPException) -> Refused:
    words = {
        404: "there is no such address; /openapi.json lists all",
        405: "this address wants another method; /openapi.json says which",
    }
    return Refused(error.status_code, words.get(error.status_code, error.detail))
