"""One thing that was found in data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msssm_ts.datasets.messages import enumerate_names


@dataclass(frozen=True)
class Finding:
    """What was found, how often, where, and what to do about it.

    Parameters
    ----------
    kind : str
        A word for machines, such as ``leak``.
    text : str
        What, in words, with how many.
    count : int
        Of what ``text`` speaks of.
    advice : str
        What to do, with the option for it.
    where : tuple of str
        All places, of which a line names some.
    breaks : bool
        Whether scores, or labels, cannot be believed: a leak, or a contradiction.

    Examples
    --------
    >>> Finding("missing", "2 series have gaps", 2, "--missing mask", ("a", "b")).line()
    'missing: 2 series have gaps (a, b): --missing mask'
    """

    kind: str
    text: str
    count: int
    advice: str
    where: tuple[str, ...] = ()
    breaks: bool = False

    def line(self) -> str:
        """Say it in one line."""
        places = f" ({enumerate_names(self.where, 4)})" if self.where else ""
        return f"{self.kind.replace('_', ' ')}: {self.text}{places}: {self.advice}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it, with at most a thousand places."""
        return {
            "kind": self.kind,
            "text": self.text,
            "count": self.count,
            "where": list(self.where[:1000]),
            "advice": self.advice,
            "breaks": self.breaks,
        }
