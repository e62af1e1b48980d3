"""Named data sets, fetched into their folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from msssm_ts.datasets.download import DownloadError, Report, checksum, download
from msssm_ts.datasets.named.dataset import DataSet, RemoteFile
from msssm_ts.datasets.unpack import unpack

# For a file: what to call with its progress.
Reporter = Callable[[RemoteFile], Report]


def _silent(file: RemoteFile) -> Report:
    return lambda done, total: None


def fetch(
    data_set: DataSet, folder: Path | None = None, *, reporter: Reporter = _silent
) -> tuple[Path, bool]:
    """Download a data set, unless it is there; archives that lie in its folder are used.

    Parameters
    ----------
    data_set : DataSet
        The set.
    folder : Path, optional
        Where to put it; by default where :func:`msssm_ts.datasets.load` looks for it.
    reporter : callable
        From a file to the function that is called with its progress.

    Returns
    -------
    root : Path
        The set's root, which may lie below the folder.
    fetched : bool
        Whether anything was done.

    Raises
    ------
    DownloadError
        If files cannot be fetched; with one line for each, which says what to do by hand.
    InputError
        If an archive cannot be unpacked.
    """
    place = folder or data_set.place
    if place.is_dir() and (root := data_set.find_root(place)) is not None:
        return root, False
    downloads = place / ".downloads"
    here, failures = {}, []
    for file in data_set.files:
        # Put there by hand, as the messages below advise.
        by_hand = place / file.name
        here[file] = by_hand if by_hand.exists() else downloads / file.name
        if by_hand.exists() and file.sha256 is not None and checksum(by_hand) != file.sha256:
            failures.append(
                f"{by_hand} is not the file of {file.url}: its SHA-256 is not {file.sha256}; "
                "replace it, and run this again"
            )
        if here[file].exists():
            continue
        try:
            download(file.url, here[file], sha256=file.sha256, report=reporter(file))
        except DownloadError as error:
            failures.append(
                f"{error}; fetch it by other means, put it there as {by_hand}, and run this again"
            )
    if failures:
        raise DownloadError("\n".join(failures))
    for file, path in here.items():
        if file.is_archive:
            unpack(path, place)
        elif path.parent != place:
            path.replace(place / file.name)
    found = data_set.find_root(place)
    if found is None:
        raise DownloadError(
            f"{place}: what was fetched has not the layout of {data_set.name}; remove the folder "
            "and try again"
        )
    shutil.rmtree(downloads, ignore_errors=True)
    return found, True
