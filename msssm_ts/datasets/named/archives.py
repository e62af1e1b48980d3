"""The UCR and UEA archives: each of their data sets by its name."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.files import read_file
from msssm_ts.datasets.named.dataset import DataSet, RemoteFile, folder_with
from msssm_ts.datasets.options import ReadOptions

# The archives have the same series in several formats; the likeliest first.
_SUFFIXES = (".ts", ".tsv", ".arff", ".txt")
_CITATIONS = {
    "UCR": "Dau et al., The UCR time series archive, IEEE/CAA J. Autom. Sinica 6(6), 2019",
    "UEA": "Bagnall et al., The UEA multivariate time series classification archive, 2018, "
    "arXiv:1811.00075",
}


def archive_names() -> dict[str, str]:
    """Return every set's name and its archive, from the lists that sktime keeps.

    Examples
    --------
    >>> archive_names()["Coffee"], archive_names()["BasicMotions"]
    ('UCR', 'UEA')
    """
    from sktime.datasets.tsc_dataset_names import multivariate, univariate

    return {**dict.fromkeys(multivariate, "UEA"), **dict.fromkeys(univariate, "UCR")}


def archive_set(name: str, archive: str) -> DataSet:
    """Return what is known of a set of the archives."""
    return DataSet(
        name=name,
        title=f"{name} of the {archive} archive",
        size="univariate" if archive == "UCR" else "multivariate",
        licence="for research, with citation",
        citation=_CITATIONS[archive],
        homepage=f"https://timeseriesclassification.com/description.php?Dataset={name}",
        files=(
            RemoteFile(
                f"https://timeseriesclassification.com/aeon-toolkit/{name}.zip", f"{name}.zip"
            ),
        ),
        acts_on=None,
        read=partial(_read, name),
        find_root=partial(_find_root, name),
    )


def _find_root(name: str, folder: Path) -> Path | None:
    """Find the folder with both parts in the same format."""
    for suffix in _SUFFIXES:
        root = folder_with(folder, f"{name}_TRAIN{suffix}", f"{name}_TEST{suffix}")
        if root is not None:
            return root
    return None


def _read(name: str, folder: Path, task: str, options: ReadOptions) -> LabelledSeries:
    """Read a part with the reader of its format; .ts files with sktime's loader."""
    part = options.split.upper()
    files = (folder / f"{name}_{part}{suffix}" for suffix in _SUFFIXES)
    return read_file(next(f for f in files if f.exists()), options)
