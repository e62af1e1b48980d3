"""The test part that goes with training data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries, ReadOptions


def find_test_part(data: str, series: LabelledSeries, reading: ReadOptions) -> str | None:
    """Find what to evaluate on: the TEST file beside a TRAIN file, or the data's own test part."""
    from msssm_ts.datasets.load import has_test_part
    from msssm_ts.datasets.stores.address import is_address

    if is_address(data):
        return data if has_test_part(series, data, reading) else None
    path = Path(data)
    for train, test in (("TRAIN", "TEST"), ("Train", "Test"), ("train", "test")):
        beside = path.parent / path.name.replace(train, test)
        if beside != path and beside.exists():
            return str(beside)
    if path.exists():
        return data if has_test_part(series, data, reading) else None
    return data.partition(":")[0]
