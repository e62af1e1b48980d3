"""What the server answers, as OpenAPI describes it, for the model that it serves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msssm_ts.beside import Beside
from msssm_ts.fitted.streaming import why_not_streamed
from msssm_ts.serving.fields import ANSWERING, READING, SHOW, Field
from msssm_ts.serving.limits import Limits
from msssm_ts.serving.requests import FORM, JSON
from msssm_ts.serving.terminal import Terminal
from msssm_ts.text import counted, size_text
from msssm_ts.version import __version__

Schema = dict[str, Any]

_KINDS: dict[str, Schema] = {
    "number": {"type": "number"},
    "yes or no": {"type": "boolean"},
    "text": {"type": "string"},
    "texts": {"type": "array", "items": {"type": "string"}},
}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_VALUES: Schema = {
    "type": "array",
    "items": {"type": ["number", "null"]},
    "minItems": 1,
    "description": "Values of one channel, step after step; null is a missing one.",
}
_ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "One sentence."}},
}
_REFUSALS = {
    "400": "The request, or its series, cannot be used.",
    "413": "It is larger than this server takes.",
    "415": "It is neither JSON nor a form.",
}


def document(terminal: Terminal, limits: Limits) -> Schema:
    """Return the description.

    Parameters
    ----------
    terminal : Terminal
        The model.
    limits : Limits
        What it says of sizes, and whether a token is wanted.
    """
    stream = why_not_streamed(terminal.model)
    streams = (
        "`/stream` is a WebSocket: each message is one step (a list with a number a channel, null "
        "a missing value) or a list of steps; each answer a list with a row a step. The message "
        '`"reset"` begins a new series.'
        if stream is None
        else f"`/stream` is not for this model: {stream}."
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "msssm-ts serve",
            "version": __version__,
            "description": f"A fitted model that labels time series. {streams}",
        },
        "paths": {
            "/predict": {"post": _post(terminal, limits, (), "Label series", _predictions())},
            "/inspect": {
                "post": _post(
                    terminal,
                    limits,
                    (SHOW,),
                    "Look at one series, as a page draws it",
                    _inspected(),
                )
            },
            "/info": {"get": _get("What the model's file says", {"type": "object"})},
            "/health": {"get": _get("Whether the server answers", _status()) | {"security": []}},
        },
        "components": {
            "schemas": {"Error": _ERROR, "Row": _row(terminal)},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [] if limits.token is None else [{"token": []}],
    }


def _post(
    terminal: Terminal, limits: Limits, more: Iterable[Field], summary: str, answer: Schema
) -> Schema:
    fields = [*ANSWERING, *more]
    refusals = dict(_REFUSALS)
    if limits.token is not None:
        refusals["401"] = "The token is missing, or another."
    return {
        "summary": summary,
        "description": f"At most {size_text(limits.max_bytes)} and {limits.max_series} series.",
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": _series(terminal, limits, fields),
                    "example": _example(terminal),
                },
                FORM: {"schema": _form(fields)},
            },
        },
        "responses": {
            "200": {"description": summary, "content": {JSON: {"schema": answer}}},
            **{
                status: {
                    "description": text,
                    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
                for status, text in refusals.items()
            },
        },
    }


def _get(summary: str, schema: Schema) -> Schema:
    answer = {"description": summary, "content": {JSON: {"schema": schema}}}
    return {"summary": summary, "responses": {"200": answer}}


def _status() -> Schema:
    return {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"const": "ok"}},
        "examples": [{"status": "ok"}],
    }


def _series(terminal: Terminal, limits: Limits, fields: Iterable[Field]) -> Schema:
    source = terminal.model.source
    n_channels = source.n_channels
    named: Schema = {"type": "object", "additionalProperties": _VALUES, "minProperties": 1}
    if terminal.model.preparation.channels is not None:
        named["description"] = f"Channels: {', '.join(terminal.model.preparation.channels)}."
    one = {
        "anyOf": [
            _VALUES,
            {"type": "array", "items": _VALUES, "minItems": 1},
            named,
        ]
    }
    return {
        "type": "object",
        "required": ["series"],
        "additionalProperties": False,
        "properties": {
            "series": {
                "description": "A list of series, of any lengths: each a list of numbers (one "
                "channel), a list of channels, or an object of channels by name. One series by "
                "itself may be a list of numbers or an object. This model reads "
                f"{counted(n_channels, 'channel')}.",
                "anyOf": [
                    _VALUES,
                    named,
                    {"type": "array", "items": one, "minItems": 1, "maxItems": limits.max_series},
                ],
            },
            "channel_names": {**_TEXTS, "description": "Where the channels are lists."},
            "sampling_rate": {
                "type": "number",
                "exclusiveMinimum": 0,
                "description": f"In hertz; the model's is {source.sampling_rate or 'unknown'}.",
            },
            "units": {**_TEXTS, "description": "Of each channel."},
            "ids": {"type": "array", "items": {"type": ["string", "integer"]}},
            "times": {
                "type": "array",
                "description": "Time stamps of the steps of each series, where they are uneven.",
            },
            "features": _features(terminal.model.beside),
            **{field.name: _field(field) for field in fields},
        },
    }


def _features(beside: Beside | None) -> Schema:
    wanted = () if beside is None or not beside.votes else beside.names
    schema: Schema = {
        "type": "object",
        "description": "What is known beside the series: by name, a list with an entry a series.",
        "additionalProperties": {"type": ["array", "number", "string", "null"]},
    }
    return {**schema, "required": list(wanted)} if wanted else schema


def _field(field: Field) -> Schema:
    kind = {"type": ["string", "integer"]} if field.kind == "text" else _KINDS[field.kind]
    return {**kind, "description": field.says}


def _form(fields: Iterable[Field]) -> Schema:
    return {
        "type": "object",
        "required": ["file"],
        "additionalProperties": False,
        "properties": {
            "file": {
                "description": "A file that msssm-ts predict reads, or the files of a recording.",
                "type": "array",
                "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                "minItems": 1,
            },
            **{f.name: {**_KINDS[f.kind], "description": f.says} for f in [*READING, *fields]},
        },
    }


def _row(terminal: Terminal) -> Schema:
    labels = terminal.model.labels
    values = labels.shown.tolist()
    probability = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
    kind: Schema = {"type": ["string", "null"]}
    if not labels.multilabel:
        kind = {"enum": [*values, None]}
    return {
        "type": "object",
        "required": ["id", "prediction", *(f"p_{name}" for name in values)],
        "additionalProperties": False,
        "properties": {
            "id": {"type": ["string", "integer"], "description": "Its own, or its number from 1."},
            "prediction": {
                **kind,
                "description": "Several labels between semicolons; null where none is answered.",
            },
            "set": {"type": "string", "description": "With coverage: classes between semicolons."},
            **{f"p_{name}": probability for name in values},
        },
    }


def _said() -> Schema:
    return {**_TEXTS, "description": "What was understood, as the terminal says it."}


def _predictions() -> Schema:
    return {
        "type": "object",
        "required": ["predictions", "said"],
        "additionalProperties": False,
        "properties": {
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
            "said": _said(),
        },
    }


def _inspected() -> Schema:
    curve = {"type": "array", "items": {"type": ["number", "null"]}}
    channel = {
        "type": "object",
        "required": ["name", "unit", "low", "high"],
        "properties": {
            "name": {"type": "string"},
            "unit": {"type": "string"},
            "low": {**curve, "description": "The least value of each stretch of steps."},
            "high": {**curve, "description": "The largest one."},
        },
    }
    falls = {
        "type": "object",
        "required": ["name", "values"],
        "properties": {
            "name": {"type": ["string", "null"], "description": "null: all channels together."},
            "values": {
                "type": "array",
                "items": {"type": "number"},
                "description": "How much the answer's probability falls when a stretch is hidden.",
            },
        },
    }
    importance = {
        "type": "object",
        "required": ["of", "begins", "ends", "channels"],
        "properties": {
            "of": {"type": "string", "description": "The answer that it is about."},
            "begins": {"type": "number", "description": "The first step that was looked at."},
            "ends": {"type": "number", "description": "The one after the last."},
            "channels": {"type": "array", "items": falls},
        },
    }
    properties = {
        "prediction": {"$ref": "#/components/schemas/Row"},
        "n_steps": {"type": "integer"},
        "sampling_rate": {"type": ["number", "null"]},
        "n_channels": {"type": "integer", "description": "Of which the first twelve are drawn."},
        "channels": {"type": "array", "items": channel},
        "importance": importance,
        "said": _said(),
    }
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _example(terminal: Terminal) -> Schema:
    """Return a request that this model answers."""
    model = terminal.model
    names = model.preparation.channels
    row = [0.0, 1.5, -0.5, 2.0, 0.25, 1.0, -1.0, 0.5] * 4
    channels: Any = [row] * model.source.n_channels
    if names is not None:
        channels = dict.fromkeys(names, row)
    example: Schema = {"series": [channels]}
    beside = model.beside
    if beside is not None and beside.votes:
        example["features"] = {name: [None] for name in beside.names}
    return example
