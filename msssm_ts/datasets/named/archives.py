"""The UCR and UEA archives: each of their data sets by its name."""

from __future__ import annotations

import sys
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

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
    lists = _lists()
    return {**dict.fromkeys(lists.multivariate, "UEA"), **dict.fromkeys(lists.univariate, "UCR")}


@cache
def _lists() -> Any:
    """Return sktime's module of names by itself: the packages above it take seconds to import."""
    name = "sktime.datasets.tsc_dataset_names"
    package = find_spec("sktime")
    origin = None if package is None else package.origin
    file = None if origin is None else Path(origin).with_name("datasets") / "tsc_dataset_names.py"
    if name in sys.modules or file is None or not file.is_file():
        return import_module(name)
    spec = spec_from_file_location("msssm_ts_names_of_sktime", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
