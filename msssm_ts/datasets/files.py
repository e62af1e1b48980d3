"""Single files: told apart by their suffix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.audio.embedded import holds_sound, read_embedded
from msssm_ts.datasets.audio.formats import UNDECODED, refuse_undecoded
from msssm_ts.datasets.compressed import SUFFIXES as COMPRESSED
from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.dicom.sign import SUFFIX, is_unnamed_dicom
from msssm_ts.datasets.not_read import remedy_of
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.readers import DATA_FILES, RECORDINGS, reader_of
from msssm_ts.datasets.readers import SUFFIXES as READ
from msssm_ts.datasets.recordings.label_files import LABEL_TEXTS, kind_of
from msssm_ts.datasets.recordings.listed import Listed, listed_in
from msssm_ts.datasets.tables.json_records import SUFFIXES as JSON
from msssm_ts.datasets.tables.text_files import is_text_table
from msssm_ts.errors import InputError

# Of files that are a data set each, the likeliest first.
SUFFIXES = tuple(s for r in DATA_FILES for s in r.suffixes)

# Files that tables may list.
LISTED = (*(s for r in RECORDINGS for s in r.suffixes), *UNDECODED)


def _refuse_others(file: Path, recording: bool) -> None:
    """Refuse what stands in place of a file that was not fetched: a pointer, or a page.

    Of recordings their readers know what they begin with.
    """
    with file.open("rb") as stream:
        head = stream.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith(b"version https://git-lfs"):
        raise InputError(f"{file}: a pointer of Git LFS, not the data; fetch it with git lfs pull")
    if not recording and head.startswith((b"<!doctype html", b"<html")):
        raise InputError(
            f"{file}: a web page, not the data; fetch the file itself, or export it as CSV"
        )


def without_json(files: Sequence[Path]) -> list[Path]:
    """Return files without JSON, which beside data of another kind says something of them.

    Examples
    --------
    >>> [f.name for f in without_json([Path("info.json"), Path("x.npz")])]
    ['x.npz']
    """
    others = [f for f in files if f.suffix.lower() not in JSON]
    return others or list(files)


def read_listed(listed: Listed, options: ReadOptions, source: str) -> LabelledSeries:
    """Read recordings that tables list, with the reader of their kind."""
    reader = next((r for s in listed.suffixes for r in RECORDINGS if s in r.suffixes), None)
    if reader is None:
        refuse_undecoded(Path(source), listed.recordings)
    assert reader is not None
    data = reader(listed.folder, listed.options(options))
    return replace(data, source=source)


def read_file(file: Path, options: ReadOptions) -> LabelledSeries:
    r"""Read one file, by its suffix.

    Raises
    ------
    InputError
        If the suffix is unknown, or the file cannot be understood.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("label,t0,t1\na,1,2\nb,3,4\n")
    >>> read_file(file, ReadOptions()).summary()
    '2 series, 1 channel × 2 steps, 2 classes: a b'
    """
    suffix = bare_suffix(file)
    listed = listed_in(file, LISTED)
    if listed is not None:
        return read_listed(listed, options, str(file))
    if suffix == ".parquet" and holds_sound(file):
        return read_embedded([file], options, str(file))
    if is_unnamed_dicom(file):
        suffix = SUFFIX
    reader = reader_of(".txt" if is_text_table(file) else suffix)
    if reader is None:
        refuse_undecoded(file, [file])
        remedy = remedy_of([file]) or f"known are {', '.join(READ)}"
        kind = suffix or file.suffix
        raise InputError(f"{file}: unknown kind of file {kind!r}; {remedy}")
    if not reader.compressed and file.suffix.lower() in COMPRESSED:
        raise InputError(f"{file}: only text tables are read compressed; unpack it")
    try:
        if not reader.recordings and not file.stat().st_size:
            raise InputError(f"{file}: the file is empty; replace it")
        _refuse_others(file, reader.recordings)
        return _telling_of_stretches(reader(file, options), file)
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({(error.strerror or str(error)).lower()}); see to it that "
            "you may read it"
        ) from error


def _telling_of_stretches(data: LabelledSeries, file: Path) -> LabelledSeries:
    """Say of a table of series that it looks like labels of a recording, which is not beside it."""
    wide = dict(data.account.taken).get("layout", "").startswith("wide")
    kind = kind_of(file) if wide and file.suffix.lower() in LABEL_TEXTS else None
    if kind != "table" and (kind != "track" or data.lengths.max() > 2):
        return data
    said = (
        f"if {file.name} labels stretches of a recording, put it beside that, under the same name: "
        "its times were taken for values"
    )
    return replace(data, account=data.account.remarking(said))
