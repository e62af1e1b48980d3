"""The UCR and UEA archives: each of their data sets by its name."""

from __future__ import annotations

from pathlib import Path

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.named.dataset import DataSet, RemoteFile, folder_with
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.errors import InputError

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

    def find_root(folder: Path) -> Path | None:
        for suffix in (".ts", ".tsv", ".arff", ".txt"):
            root = folder_with(folder, f"{name}_TRAIN{suffix}", f"{name}_TEST{suffix}")
            if root is not None:
                return root
        return None

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
        read=_read,
        find_root=find_root,
    )


def _read(folder: Path, task: str, options: ReadOptions) -> LabelledSeries:
    from msssm_ts.datasets.archive_folder import find_archive_file
    from msssm_ts.datasets.files import read_file

    file = find_archive_file(folder, options)
    if file is None:
        raise InputError(f"{folder}: no _TRAIN and _TEST files of an archive's set in it")
    return read_file(file, options)
