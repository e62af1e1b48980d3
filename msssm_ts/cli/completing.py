"""What the shell offers behind a command: files, and data sets by name."""

from __future__ import annotations

from pathlib import Path

from msssm_ts.model_path import names_beside


def data_that_begins(incomplete: str) -> list[str]:
    """Return the files and data sets whose names begin with what is typed.

    Examples
    --------
    >>> data_that_begins("JapaneseV")
    ['JapaneseVowels']
    """
    from msssm_ts.datasets.named import data_set_names

    # Behind a slash all that the folder holds is meant.
    files = names_beside(Path(f"{incomplete}x" if incomplete.endswith("/") else incomplete))
    found = [f"{f}/" if Path(f).is_dir() else f for f in files if f.startswith(incomplete)]
    if incomplete:
        found += [name for name in data_set_names() if name.startswith(incomplete)]
    return sorted(found)
