"""Which series are set aside: groups stay together, classes stay in training."""

from __future__ import annotations

import numpy as np
import pytest

from msssm_ts.fitting.split import split_targets, stratified_split
from msssm_ts.fitting.targets import encode_targets


@pytest.mark.parametrize("seed", range(6))
def test_a_group_stays_on_one_side_and_every_class_in_training(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 9, 60)
    y = rng.integers(0, 3, 60)
    # A class that one patient alone has.
    y[np.flatnonzero(groups == groups[0])[:2]] = 3
    kept, aside = split_targets(encode_targets(y), 0.2, seed, groups)
    assert sorted([*kept, *aside]) == list(range(60))
    assert len(aside)
    assert not set(groups[kept]) & set(groups[aside])
    assert set(y[kept]) == set(y)


def test_names_of_groups_may_be_of_any_kind() -> None:
    y = np.arange(40) % 2
    names = np.array([None, "p", 3, 2.5, ("a", 1)], dtype=object)[np.arange(40) // 8]
    kept, aside = split_targets(encode_targets(y), 0.2, 0, names)
    assert not {str(n) for n in names[kept]} & {str(n) for n in names[aside]}
    assert len(aside) == 8


def test_no_split_by_groups_where_one_would_take_a_class_away() -> None:
    y = np.array([0] * 10 + [1] * 10)
    kept, aside = split_targets(encode_targets(y), 0.3, 0, groups=y)
    assert (len(kept), len(aside)) == (20, 0)


def test_each_class_loses_its_share() -> None:
    y = np.repeat([0, 1, 2], [40, 20, 10])
    for seed in range(3):
        kept, aside = stratified_split(y, 0.3, seed)
        assert np.bincount(y[aside]).tolist() == [12, 6, 3]
        assert np.bincount(y[kept]).tolist() == [28, 14, 7]


def test_a_class_is_never_set_aside_whole() -> None:
    y = np.array([0, 1, 1, 2, 2, 2])
    kept, _ = stratified_split(y, 0.9, 0)
    assert set(y[kept]) == {0, 1, 2}
