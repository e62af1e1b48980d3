"""Whether a file whose suffix does not say so is a text table."""

from __future__ import annotations

from pathlib import Path

# What tables in text are called as well, as the UCI repository's are.
SUFFIXES = (".dat", ".data", ".asc", ".prn", ".tab")


def is_text_table(file: Path) -> bool:
    r"""Whether a file such as .dat is a table in text, rather than the signals of a record.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "subject101.dat")
    >>> _ = file.write_text("8.38 0 104 30.0\n8.39 0 NaN 30.1\n")
    >>> is_text_table(file)
    True
    """
    if file.suffix.lower() not in SUFFIXES or file.with_suffix(".hea").exists():
        return False
    return is_text(file)


def is_text(file: Path) -> bool:
    r"""Whether a file begins with lines of plain text.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "2004.02.12.39")
    >>> _ = file.write_text("0.5\t0.1\n")
    >>> is_text(file)
    True
    """
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        head = stream.read(4096)
    return bool(head) and b"\n" in head and not set(head) - set(range(32, 127)) - {9, 10, 13}
