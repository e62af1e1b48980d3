"""Whether a file whose suffix does not say so is a text table."""

from __future__ import annotations

from pathlib import Path


def is_text_table(file: Path) -> bool:
    r"""Whether a .dat file is a table in text, rather than the signals of a record.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "subject101.dat")
    >>> _ = file.write_text("8.38 0 104 30.0\n8.39 0 NaN 30.1\n")
    >>> is_text_table(file)
    True
    """
    if file.suffix.lower() != ".dat" or file.with_suffix(".hea").exists() or not file.is_file():
        return False
    with file.open("rb") as stream:
        head = stream.read(4096)
    return bool(head) and b"\n" in head and not set(head) - set(range(32, 127)) - {9, 10, 13}
