"""TextGrids of Praat: labels of stretches of a recording, in tiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from msssm_ts.errors import InputError

# Praat reads free-standing texts, numbers and flags; what else stands there is a comment.
_TOKEN = re.compile(
    r'"(?P<text>(?:[^"]|"")*)"(?!\S)|(?<!\S)(?P<number>[-+]?\d\S*)(?!\S)|(?<!\S)(?P<flag><\w+>)(?!\S)'
    r"|![^\n]*"
)
_SIGN = re.compile(r'\s*(File type = )?"ooTextFile"')
_KINDS = ("IntervalTier", "TextTier")


class Unclear(InputError):
    """It is not clear whether, and how, label files are meant."""


class Interval(NamedTuple):
    """A stretch, in seconds, with its label, and the line that it stands in."""

    start: float
    stop: float
    label: str
    line: int


@dataclass(frozen=True)
class Tier:
    """A tier.

    Parameters
    ----------
    name : str
        Its name.
    intervals : list of Interval
        In order.
    of_points : bool
        Whether it has points in place of intervals.
    """

    name: str
    intervals: list[Interval] = field(default_factory=list)
    of_points: bool = False


def read_text_grid(text: str) -> list[Tier]:
    r"""Read a TextGrid in Praat's long or short text form.

    Raises
    ------
    InputError
        If it is none, or breaks off.

    Examples
    --------
    >>> head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n2\n<exists>\n1\n'
    >>> tier, = read_text_grid(head + '"IntervalTier"\n"words"\n0\n2\n1\n0\n2\n"an ""a"" here"\n')
    >>> tier.name, tier.intervals
    ('words', [Interval(start=0.0, stop=2.0, label='an "a" here', line=15)])
    """
    tokens = _Tokens(text)
    if _SIGN.match(text) is None or (tokens.text(), tokens.text()) != ("ooTextFile", "TextGrid"):
        raise Unclear("line 1: no TextGrid as text; save it in Praat with Save as text file")
    tokens.number()
    tokens.number()
    if tokens.flag() != "<exists>":
        return []
    tiers = []
    for _ in range(tokens.count()):
        kind = tokens.text()
        if kind not in _KINDS:
            raise InputError(f"line {tokens.line}: {kind!r} is no kind of tier; mend it in Praat")
        tier = Tier(tokens.text(), of_points=kind == "TextTier")
        tokens.number()
        tokens.number()
        n = tokens.count()
        for _ in range(n):
            if tier.of_points:
                tokens.number()
                tokens.text()
            else:
                start, stop = tokens.number(), tokens.number()
                tier.intervals.append(Interval(start, stop, tokens.text().strip(), tokens.line))
        tiers.append(tier)
    return tiers


class _Tokens:
    """What counts of a TextGrid, one after the other."""

    def __init__(self, text: str):
        self.line = 1
        self._content = text
        self._found: Iterator[re.Match[str]] = _TOKEN.finditer(text)
        self._place = 0

    def _next(self, group: str) -> str:
        for match in self._found:
            if match.lastgroup is None:
                continue
            self.line += self._content.count("\n", self._place, match.start())
            self._place = match.start()
            value = match[group]
            if value is None:
                raise InputError(
                    f"line {self.line}: {match[0][:40]!r} stands where a {group} should; mend it"
                )
            return value
        raise InputError(f"line {self.line}: breaks off behind it; save it again in Praat")

    def text(self) -> str:
        return self._next("text").replace('""', '"')

    def flag(self) -> str:
        return self._next("flag")

    def number(self) -> float:
        value = self._next("number")
        try:
            return float(value)
        except ValueError as error:
            raise InputError(f"line {self.line}: {value[:40]!r} is no number; mend it") from error

    def count(self) -> int:
        return int(self.number())
