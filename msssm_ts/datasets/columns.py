"""Which column of a table is what."""

from __future__ import annotations

from collections.abc import Sequence

# Names that people give to columns, the likeliest first; case does not matter.
LABEL = ("label", "class", "target", "category", "y")
ID = ("id", "series_id", "case_id", "sample_id", "series", "case", "name")
GROUP = ("group", "record", "patient", "subject", "speaker", "patient_id", "subject_id")
TIME = ("time", "timestamp", "t", "step", "time_index")
CHANNEL = ("channel", "dimension", "dim", "dim_id", "lead", "sensor")
VALUE = ("value", "values")


def find_column(columns: Sequence[str], names: Sequence[str], chosen: str | None) -> str | None:
    """Return the chosen column, or the first that bears one of the names.

    Examples
    --------
    >>> find_column(["t0", "t1", "Class"], LABEL, None)
    'Class'
    """
    if chosen is not None:
        return chosen
    by_name = {str(c).strip().lower(): c for c in reversed(columns)}
    return next((by_name[n] for n in names if n in by_name), None)


def enumerate_names(names: Sequence[object], limit: int = 6) -> str:
    """Join names for a message, shortened.

    Examples
    --------
    >>> enumerate_names(["a", "b"])
    'a, b'
    >>> enumerate_names(range(9), limit=3)
    '0, 1, 2 … (9 in all)'
    """
    shown = ", ".join(str(n) for n in names[:limit])
    return shown if len(names) <= limit else f"{shown} … ({len(names)} in all)"
