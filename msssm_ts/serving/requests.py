"""Requests with series, read: as JSON, or as files in a form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from msssm_ts.datasets import LabelledSeries
from msssm_ts.errors import InputError
from msssm_ts.serving.fields import ANSWERING, READING, SHOW, Field, from_form, from_json, inside
from msssm_ts.serving.json_series import check_known, series_of
from msssm_ts.serving.json_text import read_json
from msssm_ts.serving.refusals import BAD, TOO_LARGE, UNKNOWN_KIND, Refused
from msssm_ts.serving.terminal import Terminal
from msssm_ts.serving.uploads import kept_for_now

JSON, FORM = "application/json", "multipart/form-data"
T = TypeVar("T")
# Bytes that are read on the spot.
_AT_ONCE = 1 << 16
# Files of one recording, and fields that say how to read them.
_MOST_FILES, _MOST_FIELDS, _LONGEST_FIELD = 1000, 100, 10_000


@dataclass(frozen=True)
class Asked:
    """What a request asks.

    Parameters
    ----------
    series : LabelledSeries
        On the model's terms.
    said : list of str
        What was understood.
    answering : dict
        Options of answering, by the command line's names.
    chosen : str, optional
        The series to look at.
    told : callable
        From a sentence to one with names as the client gave them.
    """

    series: LabelledSeries
    said: list[str]
    answering: dict[str, Any]
    chosen: str | None
    told: Callable[[str], str]


@asynccontextmanager
async def asked_in(
    request: Request, terminal: Terminal, thread: Executor, max_series: int, more: Sequence[Field]
) -> AsyncIterator[Asked]:
    """Read a request; its files are there until the context ends.

    Parameters
    ----------
    request : Request
        With JSON, or a form with files.
    terminal : Terminal
        What reads.
    thread : Executor
        Where it is read.
    max_series : int
        In a request.
    more : sequence of Field
        Known beside those of every request with series.

    Raises
    ------
    InputError
        If it cannot be understood, or the model cannot use its series.
    Refused
        If it is of another kind, or too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    async with AsyncExitStack() as stack:
        if kind == JSON:
            body = await request.body()
            read = partial(_read_json, body, terminal, more)
            # Handing little to a thread takes longer than reading it.
            small = len(body) <= _AT_ONCE
            asked = read() if small else await _in(thread, read)
        elif kind == FORM:
            form = await stack.enter_async_context(_form_of(request))
            reading = _form_read(form.multi_items(), terminal, more)
            asked = await _in(thread, reading.__enter__)
            stack.push_async_callback(_in, thread, partial(reading.__exit__, None, None, None))
        else:
            raise Refused(
                UNKNOWN_KIND,
                f"{kind[:80] or 'no Content-Type'}: send series as {JSON}, or files as {FORM}",
            )
        if asked.series.n_series > max_series:
            raise Refused(
                TOO_LARGE,
                f"{asked.series.source}: {asked.series.n_series} series, but this server takes "
                f"{max_series} at a time (--max-series); send them in parts",
            )
        try:
            yield asked
        except InputError as error:
            raise InputError(asked.told(str(error))) from error


async def _in(thread: Executor, function: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, function)


@asynccontextmanager
async def _form_of(request: Request) -> AsyncIterator[FormData]:
    limits = {"max_files": _MOST_FILES, "max_fields": _MOST_FIELDS}
    try:
        form = await request.form(**limits, max_part_size=_LONGEST_FIELD)
    except HTTPException as error:
        raise Refused(BAD, f"the form cannot be read ({error.detail})") from error
    try:
        yield form
    finally:
        await form.close()


def _read_json(body: bytes, terminal: Terminal, more: Sequence[Field]) -> Asked:
    given = read_json(body, "the request")
    if not isinstance(given, dict):
        raise InputError('the request: must be an object, such as {"series": [[1, 2, 3]]}')
    known = [*ANSWERING, *more]
    check_known(given, [field.name for field in known])
    said = from_json(given, known)
    series, lines = terminal.matched(series_of(given))
    return Asked(series, lines, inside(said, ANSWERING), said.get(SHOW.name), str)


@contextmanager
def _form_read(
    items: Sequence[tuple[str, Any]], terminal: Terminal, more: Sequence[Field]
) -> Iterator[Asked]:
    files = [(name, item) for name, item in items if isinstance(item, UploadFile)]
    odd = [name for name, _ in files if name != "file"]
    if odd:
        raise InputError(f"{odd[0][:80]!r}: files come in the field file")
    texts = [(name, item) for name, item in items if not isinstance(item, UploadFile)]
    said = from_form(texts, [*ANSWERING, *READING, *more])
    if not files:
        raise InputError("no file came: send it in the field file")
    with kept_for_now([(item.filename or "", item.file) for _, item in files]) as uploaded:
        series, understood = terminal.read(uploaded.source, inside(said, READING))
        series, lines = terminal.matched(series)
        told = [uploaded.told(line) for line in (*understood, *lines)]
        series = replace(series, source=uploaded.told(series.source))
        answering, chosen = inside(said, ANSWERING), said.get(SHOW.name)
        yield Asked(series, told, answering, chosen, uploaded.told)
