"""Which columns of a wide table are the steps of its series."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.errors import InputError

# A name around its last number, and around its first.
_LAST = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)
_FIRST = re.compile(r"(\D*)(\d+)(.*)", re.DOTALL)
# What is numbered that is no step, and as many of it as there may be.
_CHANNEL = re.compile(
    r"(channel|chan|ch|sensor|electrode|kanal|canal|capteur|imu)[\s_.\-]*", re.IGNORECASE
)
_MOST_CHANNELS = 64
_ELECTRODE = re.compile(
    r"(EEG[ _.])?(Fp|AF|F|FT|FC|C|CP|T|TP|P|PO|O|A|M)(z|10|[1-9])", re.IGNORECASE
)
_Families = dict[tuple[str, str], list[tuple[float, str]]]


@dataclass(frozen=True)
class Steps:
    """Columns with the steps of the series of a wide table.

    Parameters
    ----------
    columns : tuple of str
        One channel after the other.
    channels : tuple of str, optional
        The channels' names, where there are several.
    left_out : tuple of str
        Columns that are no steps.
    numbered : bool
        Whether the columns' names number them.
    remark : str
        What is doubtful about it.
    """

    columns: tuple[str, ...]
    channels: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()
    numbered: bool = False
    remark: str = ""

    @property
    def by_channel(self) -> list[tuple[str, ...]]:
        """The columns of each channel."""
        n = len(self.columns) // len(self.channels or [0])
        return [self.columns[i : i + n] for i in range(0, len(self.columns), n)]


def find_steps(columns: Sequence[str], source: str = "") -> Steps:
    """Find the steps of a wide table among the columns that are nothing else.

    Numbered columns (t0, t1, ... or 0_x, 1_x, ...) are the steps where most columns are numbered;
    what stands among them, such as a patient's age, is left out. Several sets with the same numbers
    (ecg_0, ecg_1, ..., resp_0, resp_1, ...) are channels. Otherwise all columns are steps.

    Raises
    ------
    InputError
        If two channels of numbered columns differ in their numbers.

    Examples
    --------
    >>> find_steps(["age", "t0", "t1", "t2"]).left_out
    ('age',)
    >>> find_steps(["0_a", "1_a", "0_b", "1_b"]).channels
    ('a', 'b')
    >>> find_steps(["ch1", "ch2", "ch3"]).numbered, find_steps(["F3", "F4", "C3", "C4"]).numbered
    (False, False)
    """
    return _find_steps(tuple(columns), source)


# A table is asked more than once, and may have very many columns.
@lru_cache(maxsize=8)
def _find_steps(columns: tuple[str, ...], source: str) -> Steps:
    families = _families(columns)
    counted = sum(map(len, families.values()))
    if counted < max(3, len(columns) / 2) and not 2 <= len(columns) == counted:
        return Steps(columns)
    largest = max(map(len, families.values()))
    one_word = len(families) == 1 and _number_channels(*next(iter(families)), largest)
    if largest < 2 or one_word or _are_electrodes(columns, families):
        return Steps(columns)
    # Few numbered columns beside many are something else: q1, q2 of a form beside t0 ... t99.
    kept = {k: m for k, m in families.items() if len(m) >= max(2, largest / 10)}
    numbers = {k: tuple(n for n, _ in members) for k, members in kept.items()}
    if len(set(numbers.values())) > 1:
        _refuse_uneven(numbers, source)
        return Steps(columns)
    one = next(iter(numbers.values()))
    remark = ""
    if any(a >= b for a, b in pairwise(one)):
        if len(kept) > 1:
            # The numbers of each are in one order, whatever it is.
            return Steps(columns, remark=_all_steps(families))
        remark = "steps are taken in the order of the columns, whose numbers do not ascend"
    elif uneven := _uneven(one):
        remark = f"steps are taken as even, though the columns' numbers {uneven}"
    steps = tuple(column for members in kept.values() for _, column in members)
    taken = set(steps)
    names = tuple(_channel_name(*k) for k in kept) if len(kept) > 1 else None
    if names is not None and len(names) > len(one):
        remark = (
            f"took the numbered columns for {len(names)} channels of {len(one)} steps; rename "
            "them CHANNEL_STEP if it is otherwise"
        )
    left_out = tuple(c for c in columns if c not in taken)
    return Steps(steps, names, left_out, True, remark)


def _number_channels(before: str, behind: str, count: int) -> bool:
    """Whether numbers behind a word count channels, such as sensor_1: few of them."""
    return count <= _MOST_CHANNELS and _CHANNEL.fullmatch(before + behind) is not None


def _are_electrodes(columns: Sequence[str], families: _Families) -> bool:
    """Whether columns are called as the electrodes of an EEG are: F3, F4, C3, Cz."""
    return len(families) > 1 and all(_ELECTRODE.fullmatch(c) for c in columns)


def _uneven(numbers: Sequence[float]) -> str:
    """Say how ascending numbers are not even; empty where they are."""
    steps = [b - a for a, b in pairwise(numbers)]
    # Few of many are missing: others may count minutes, or wavelengths.
    if steps.count(1) >= 0.8 * len(steps):
        gone = [int(a + k) for a, b in pairwise(numbers) for k in range(1, min(int(b - a), 100))]
        if gone and len(gone) <= 0.2 * len(numbers):
            return f"leave out {enumerate_names(gone, 3)}"
    low, high = min(steps), max(steps)
    # Times are rounded when they are written.
    return f"are {low:.4g} to {high:.4g} apart" if high - low > 0.1 * high else ""


def _families(columns: Sequence[str]) -> _Families:
    """Columns by what stands around their number.

    Where names have two numbers, such as t3_ch1, the one that runs over more values counts.
    """
    last = _split(columns, _LAST)
    if not any(c.isdigit() for before, _ in last for c in before):
        return last
    first = _split(columns, _FIRST)
    if len(last) == len(first) or not _even(first):
        return last
    return first if not _even(last) or len(first) < len(last) else last


def _even(families: _Families) -> bool:
    return len({tuple(n for n, _ in members) for members in families.values()}) == 1


def _split(columns: Sequence[str], pattern: re.Pattern[str]) -> _Families:
    families: _Families = {}
    present = set(columns)
    for column in columns:
        number: float | None = None
        around = (column, "")
        try:
            number, around = float(column), ("", "")
        except ValueError:
            parts = pattern.fullmatch(column)
            if parts is not None:
                number, around = float(parts[2]), (parts[1], parts[3])
            elif f"{column}.1" in present:
                # As pandas numbers columns of one name: x, x.1, x.2.
                number, around = 0.0, (f"{column}.", "")
        if number is not None:
            families.setdefault(around, []).append((number, column))
    return families


def _channel_name(before: str, behind: str) -> str:
    inner = f"{before.rstrip(' _.-')} {behind.lstrip(' _.-')}".strip()
    return inner or before or behind


def _all_steps(families: _Families) -> str:
    names = ", ".join(_channel_name(*k) for k in list(families)[:4])
    return f"took all columns for steps of one channel, for the numbers of {names} do not ascend"


def _refuse_uneven(numbers: dict[tuple[str, str], tuple[float, ...]], source: str) -> None:
    """Refuse channels of different lengths; none where the names only happen to have numbers."""
    counted = sorted(((len(n), _channel_name(*k)) for k, n in numbers.items()), reverse=True)
    if counted[0][0] < 10:
        return
    said = ", ".join(f"{name!r} {count}" for count, name in counted[:4])
    raise InputError(
        f"{source}: the numbered columns are no channels of one length ({said} steps); leave out "
        "all but those that belong together with --drop 'NAME*', or give a long table with id, "
        "time, channel and value"
    )
