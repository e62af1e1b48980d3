"""Series that come in while they are answered, over WebSocket."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.websockets import WebSocket, WebSocketDisconnect

from msssm_ts.errors import InputError
from msssm_ts.fitted.streaming import Stream
from msssm_ts.serving.json_series import numbers
from msssm_ts.serving.json_text import as_json, read_json
from msssm_ts.serving.limits import Limits
from msssm_ts.serving.terminal import Terminal
from msssm_ts.text import counted

# Codes of WebSocket: what is asked cannot be; come again later.
_CANNOT, _LATER = 1008, 1013
_MESSAGE = "the message"


class Streams:
    """Who is listened to, and how many.

    Parameters
    ----------
    terminal : Terminal
        The model.
    thread : Executor
        Where it reads.
    limits : Limits
        How many at a time.
    """

    def __init__(self, terminal: Terminal, thread: Executor, limits: Limits):
        self._terminal, self._thread, self._most = terminal, thread, limits.max_streams
        self._open = 0

    async def listen(self, socket: WebSocket) -> None:
        """Answer one client until it goes.

        It is told the channels and classes first. Then each message is one step, a list with a
        number a channel, or several, a list of such lists, null a missing value; the answer is a
        list with a row a step: ``step``, ``prediction``, ``p_CLASS``. ``"reset"`` begins a new
        series. What cannot be read is answered with ``error``, and the stream is as it was.
        """
        await socket.accept()
        if self._open >= self._most:
            streams = counted(self._most, "stream is", "streams are")
            sentence = f"{streams} open, as many as this server has; come later"
            await self._refuse(socket, sentence, _LATER)
            return
        self._open += 1
        try:
            await self._answer(socket)
        except WebSocketDisconnect:
            pass
        finally:
            self._open -= 1

    async def _answer(self, socket: WebSocket) -> None:
        loop = asyncio.get_running_loop()
        try:
            if socket.url.query:
                raise InputError("this address takes no query")
            stream = await loop.run_in_executor(self._thread, Stream, self._terminal.model)
        except InputError as error:
            await self._refuse(socket, str(error), _CANNOT)
            return
        names = None if stream.channel_names is None else list(stream.channel_names)
        classes = stream.label_names.tolist()
        facts = {"n_channels": stream.n_channels, "channel_names": names, "classes": classes}
        rate = self._terminal.model.preparation.sampling_rate
        await _send(socket, {**facts, "sampling_rate": rate})
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            body = text if text is not None else message.get("bytes") or b""
            try:
                answer: Any = await loop.run_in_executor(self._thread, self._read, stream, body)
            except InputError as error:
                answer = {"error": str(error)}
            await _send(socket, answer)

    def _read(self, stream: Stream, body: str | bytes) -> Any:
        given = read_json(body, _MESSAGE)
        if given == "reset":
            stream.reset()
            return {"step": 0}
        before = stream.n_steps
        proba = stream.step(_steps(given, stream.n_channels))
        return [
            {"step": before + i, **self._terminal.stream_row(row)} for i, row in enumerate(proba, 1)
        ]

    async def _refuse(self, socket: WebSocket, sentence: str, code: int) -> None:
        await _send(socket, {"error": sentence})
        await socket.close(code)


async def _send(socket: WebSocket, value: Any) -> None:
    await socket.send_text(as_json(value))


def _steps(given: Any, n_channels: int) -> NDArray[np.float64]:
    """Return a message's steps, shape (n_channels, n_steps)."""
    if not isinstance(given, list) or not given:
        raise InputError(
            f'{_MESSAGE}: must be a list with a number a channel, a list of such lists, or "reset"'
        )
    steps = given if isinstance(given[0], list) else [given]
    rows = [numbers(step, f"{_MESSAGE}: step {i}") for i, step in enumerate(steps, 1)]
    for i, row in enumerate(rows, 1):
        if len(row) != n_channels:
            raise InputError(
                f"{_MESSAGE}: step {i} has {counted(len(row), 'value')}, but the model reads "
                f"{counted(n_channels, 'channel')}"
            )
    return np.stack(rows, axis=1)
