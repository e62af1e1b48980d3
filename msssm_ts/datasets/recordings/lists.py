"""Lists of files that are no tables of columns: JSON, JSON lines, Kaldi's folders, plain lists."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.tables.columns import unique_names
from msssm_ts.datasets.tables.strings import Strings, read_strings
from msssm_ts.errors import InputError

JSON = (".json", ".jsonl", ".ndjson", ".labels")
# Nothing that is written for people's own data comes near.
_MOST_BYTES = 1 << 30
# Of an object about one file.
_KEYS = {"label", "file", "path", "audio_filepath", "file_name", "filename", "audio"}
# What JSON takes in memory for a byte of text, about.
_AMPLE = 8


def read_rows(file: Path) -> Strings:
    r"""Read what lists files: a text table, JSON of several forms, or a ``wav.scp`` of Kaldi.

    Raises
    ------
    InputError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "manifest.jsonl")
    >>> _ = file.write_text('{"audio_filepath": "a.wav", "label": "yes"}\n')
    >>> read_rows(file).cells
    {'audio_filepath': ['a.wav'], 'label': ['yes']}
    """
    if file.suffix.lower() in JSON:
        return _read_json(file)
    if file.name == "wav.scp":
        return _read_kaldi(file)
    if file.suffix.lower() == ".txt":
        return _read_txt(file)
    try:
        return read_strings(file)
    except InputError:
        even = _evenly_split(file)
        if even is None:
            raise
        return even


def _evenly_split(file: Path) -> Strings | None:
    """Read a table of text by the sign that splits all its lines into as many cells."""
    try:
        raw = file.read_bytes() if file.stat().st_size <= _MOST_BYTES else b""
    except OSError:
        return None
    if b"\0" in raw and not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    encoding = "utf-16" if b"\0" in raw else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return None
    for sign in (";", "\t", "|", ","):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
        try:
            rows = [(reader.line_num, [c.strip() for c in row]) for row in reader if row]
        except csv.Error:
            continue
        if len(rows) > 1 and len(rows[0][1]) > 1 and len({len(r) for _, r in rows}) == 1:
            columns = unique_names(rows[0][1], str(file))
            cells = {c: [r[k] for _, r in rows[1:]] for k, c in enumerate(columns)}
            return Strings(file, tuple(columns), cells, True, _at([n for n, _ in rows[1:]]))
    return None


def _at(lines: list[int]) -> Callable[[int], str]:
    return lambda row: f"line {lines[row]}"


def _text(file: Path) -> str:
    try:
        size = file.stat().st_size
        if size > _MOST_BYTES:
            raise InputError(f"{file}: too large for a list of files; split it")
        demand(_AMPLE * size, file, "the list")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 text; save it as such") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); see to it") from error


def _read_json(file: Path) -> Strings:
    text = _text(file)
    places: list[int] | None = None
    try:
        try:
            content = json.loads(text)
        except json.JSONDecodeError:
            lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
            content, places = [json.loads(line) for _, line in lines], [n for n, _ in lines]
    # Numbers of thousands of digits are refused, too.
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{file}: neither JSON nor a JSON object a line ({reason_of(error)}); mend that place"
        ) from error
    rows = _objects(content)
    columns = list(dict.fromkeys(k for row in rows for k in row))
    cells = {c: [row.get(c, "") for row in rows] for c in columns}

    def place(row: int) -> str:
        return f"entry {row + 1}" if places is None else f"line {places[row]}"

    return Strings(file, tuple(columns), cells, True, place)


def _objects(content: Any) -> list[dict[str, str]]:
    """Rows of a list of objects, of one below some key, or of an object with a key per file."""
    if isinstance(content, Mapping):
        lists = [v for v in content.values() if _is_table(v)]
        if len(lists) == 1:
            return _objects(lists[0])
        if _is_table([content]) and any(isinstance(v, Mapping) for v in content.values()):
            return [
                {"file": str(k), **_flat(v if isinstance(v, Mapping) else {"label": v})}
                for k, v in content.items()
            ]
        # One object of a .jsonl file of one line is a row.
        if _KEYS & set(content) and not any(isinstance(v, list) for v in content.values()):
            return [_flat(content)]
        if content and all(isinstance(v, str | int) for v in content.values()):
            return [{"file": str(k), "label": str(v)} for k, v in content.items()]
        return []
    if not _is_table(content):
        return []
    return [_flat(row) for row in content]


def _is_table(content: Any) -> bool:
    return (
        isinstance(content, list)
        and bool(content)
        and all(isinstance(row, Mapping) for row in content)
    )


def _flat(row: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            # Edge Impulse has {"type": "label", "label": "yes"}; others a path.
            inner = value.get(key, value.get("path", value.get("label", value.get("name"))))
            flat[str(key)] = _cell(inner)
        else:
            flat[str(key)] = _cell(value)
    return flat


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(_cell(v) for v in value)
    return "" if isinstance(value, Mapping) else str(value).strip()


def _read_kaldi(file: Path) -> Strings:
    """Return a row a recording: ``wav.scp``, and what ``text``, ``utt2spk`` and so on say of it."""
    recordings = _pairs(file)
    for name, command in recordings.items():
        if command.endswith("|") or command.startswith("|"):
            raise InputError(
                f"{file}: {name} is the output of a command ({command[:60]}), which is not run "
                "here; write its output to a file and name that"
            )
    segments = file.with_name(_SEGMENTS)
    cells = {"utterance": list(recordings), "wav": list(recordings.values())}
    where = ""
    if segments.exists():
        cells, where = _segments(segments, recordings), f" of {_SEGMENTS}"
    for other in sorted(file.parent.iterdir()):
        column = _column_of(other.name)
        if column is not None and other.is_file():
            values = _pairs(other)
            cells[column] = [values.get(utterance, "") for utterance in cells["utterance"]]
    return Strings(file, tuple(cells), cells, True, lambda row: f"line {row + 1}{where}")


def _segments(file: Path, recordings: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the cells of ``segments``: utterance, recording, start, end, and perhaps channel."""
    rows: list[list[str]] = []
    for number, line in enumerate(_text(file).rstrip().splitlines(), 1):
        values = line.split()
        if len(values) not in (4, 5):
            raise InputError(
                f"{file}, line {number}: not utterance, recording, start and end; mend it"
            )
        # A name that stands for no recording is told as one that is not there.
        values[1] = recordings.get(values[1], values[1])
        rows.append([*values, ""])
    columns = ("utterance", "wav", "start", "end", "channel")
    cells = {column: [row[i] for row in rows] for i, column in enumerate(columns)}
    return cells if any(cells["channel"]) else {c: cells[c] for c in columns[:-1]}


def _column_of(name: str) -> str | None:
    """Return the column that a file beside ``wav.scp`` becomes."""
    if name in ("utt2spk", "text"):
        return "speaker" if name == "utt2spk" else "text"
    other = name.startswith("utt2") and name not in _COUNTS
    return name.removeprefix("utt2") if other else None


_SEGMENTS = "segments"
# What Kaldi's scripts count.
_COUNTS = {"utt2dur", "utt2num_frames", "utt2uniq"}


def _pairs(file: Path) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in _text(file).splitlines():
        name, _, rest = line.strip().partition(" ")
        if "\t" in name:
            name, _, rest = line.strip().partition("\t")
        if name:
            pairs[name] = rest.strip()
    return pairs


def _read_txt(file: Path) -> Strings:
    """Read a table, or lines of a file's name and whatever follows it."""
    try:
        return read_strings(file)
    except InputError:
        lines = [(n, x.split(None, 1)) for n, x in enumerate(_text(file).splitlines(), 1)]
        rows = [(n, [*cells, ""][:2]) for n, cells in lines if cells]
        if not rows:
            raise
        cells = {"1": [c[0] for _, c in rows], "2": [c[1] for _, c in rows]}
        return Strings(file, ("1", "2"), cells, False, _at([n for n, _ in rows]))


def sources_of(tables: Iterable[Path]) -> list[Path]:
    """Return tables and the files that are read with them: ``text`` and so on of Kaldi."""
    found = list(tables)
    for table in tables:
        if table.name == "wav.scp":
            beside = table.parent.iterdir()
            found += [f for f in beside if f.name == _SEGMENTS or _column_of(f.name) is not None]
    return found
