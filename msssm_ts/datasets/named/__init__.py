"""Data sets by name, in the layouts in which their authors publish them."""

from __future__ import annotations

from msssm_ts.datasets.named.dataset import DataSet, RemoteFile, data_folder
from msssm_ts.datasets.named.fetch import fetch
from msssm_ts.datasets.named.registry import (
    Request,
    data_set_names,
    find_data_set,
    find_layout,
    own_data_sets,
    parse_request,
    read_named,
    read_task,
)

__all__ = [
    "DataSet",
    "RemoteFile",
    "Request",
    "data_folder",
    "data_set_names",
    "fetch",
    "find_data_set",
    "find_layout",
    "own_data_sets",
    "parse_request",
    "read_named",
    "read_task",
]
