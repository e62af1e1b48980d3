"""Where runs of whole lines stand in a text file, so that they can be read apart."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.datasets.compressed import SUFFIXES, open_bytes
from msssm_ts.datasets.memory import allowed_bytes
from msssm_ts.datasets.tables.dialect import Dialect
from msssm_ts.errors import InputError

# Bytes of a run, about: decoding one takes milliseconds, and one is decoded for every series that
# is asked for out of order. Less where little memory may be taken.
_MOST, _LEAST, _SHARE = 1 << 20, 1 << 12, 64
# Where the byte of a line break is part of other characters.
_WIDE = "utf-16"


@dataclass(frozen=True)
class Span:
    """A run of whole lines.

    Parameters
    ----------
    start, stop : int
        Bytes of the file.
    lines_above : int
        How many lines of the file stand above it.
    checksum : int
        Of its bytes.
    """

    start: int
    stop: int
    lines_above: int
    checksum: int

    def read(self, file: Path, without: int = 0) -> bytes:
        """Return its bytes; of the first ``without`` lines of the file none.

        Raises
        ------
        InputError
            If they are no longer what they were.
        """
        with open_bytes(file) as stream:
            stream.seek(self.start)
            data = stream.read(self.stop - self.start)
        if zlib.crc32(data) != self.checksum:
            raise InputError(
                f"{file}: was changed while it was in use; start again once it stays as it is"
            )
        start = 0
        for _ in range(without - self.lines_above):
            start = data.find(b"\n", start) + 1 or len(data)
        return data[start:] if data[start:].strip(b"\r\n") else b""


def find_spans(file: Path, dialect: Dialect) -> list[Span] | None:
    r"""Divide a text table into runs of whole rows; None where that needs all of it.

    It does where it is compressed, a cell in quotation marks goes on in the next line, or the
    encoding is another below than it is above.

    Examples
    --------
    >>> import tempfile
    >>> from msssm_ts.datasets.tables.dialect import detect_dialect
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("label,t0\na,1\n")
    >>> [(s.start, s.stop) for s in find_spans(file, detect_dialect(file))]
    [(0, 13)]
    """
    if file.suffix.lower() in SUFFIXES or dialect.encoding == _WIDE:
        return None
    size = min(_MOST, max(_LEAST, allowed_bytes() // _SHARE))
    found: list[Span] = []
    above = 0
    with open_bytes(file) as stream:
        while data := stream.read(size):
            # What stands above the table is read with its first rows.
            while not data.endswith(b"\n") or above + data.count(b"\n") <= dialect.lines_above:
                line = stream.readline(allowed_bytes())
                if not line:
                    break
                data += line
                if len(data) > allowed_bytes():
                    return None
            if dialect.encoding == "utf-8-sig" and not data.isascii():
                try:
                    data.decode("utf-8")
                except UnicodeDecodeError:
                    return None
            if b'"' in data and any(line.count(b'"') % 2 for line in data.split(b"\n")):
                return None
            start = found[-1].stop if found else 0
            found.append(Span(start, start + len(data), above, zlib.crc32(data)))
            above += data.count(b"\n")
    return found
