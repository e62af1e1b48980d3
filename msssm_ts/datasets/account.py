"""What a reader understood: what was taken for what, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msssm_ts.datasets.messages import enumerate_names

# Why something that the user names with --drop is left out.
DROPPED = "as asked"


@dataclass(frozen=True)
class LeftOut:
    """Things of one kind that were left out for one reason.

    Parameters
    ----------
    count : int
        How many.
    what : str
        What they are, in the plural: "columns", "files", "records".
    why : str
        The reason.
    names : tuple of str
        Some of them, or all.
    """

    count: int
    what: str
    why: str = ""
    names: tuple[str, ...] = ()

    def text(self) -> str:
        """Say it in words.

        Examples
        --------
        >>> LeftOut(2, "files", "they hold no sound", ("a.wav", "b.wav")).text()
        '2 files (a.wav, b.wav: they hold no sound)'
        """
        alike = self.count != 1 or self.what == "series"
        what = self.what if alike else self.what.removesuffix("s")
        names = enumerate_names(self.names)
        inner = ": ".join(filter(None, (names, self.why)))
        return f"{self.count} {what} ({inner})" if inner else f"{self.count} {what}"


@dataclass(frozen=True)
class Account:
    """What was understood of a source; it goes with the series, and with a model of them.

    Parameters
    ----------
    taken : tuple of pairs of str
        What each column, file, folder or table was taken for: role and source, such as
        ``("label", "column class of labels.csv")``.
    left_out : tuple of LeftOut
        What does not become part of the series.
    remarks : tuple of str
        What was guessed or done to the values that a user should know, each with the option that
        says otherwise.

    Examples
    --------
    >>> account = Account().took("label", "column y").without(1, "columns", names=["age"])
    >>> account.line()
    'left out: 1 column (age)'
    """

    taken: tuple[tuple[str, str], ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()

    def took(self, role: str, what: str) -> Account:
        """Return the account with what was taken for something."""
        return Account((*self.taken, (role, what)), self.left_out, self.remarks)

    def without(
        self, count: int, what: str, why: str = "", names: Sequence[object] = ()
    ) -> Account:
        """Return the account with something that was left out; unchanged where it is nothing."""
        if not count:
            return self
        entry = LeftOut(count, what, why, tuple(str(n) for n in names))
        return Account(self.taken, (*self.left_out, entry), self.remarks)

    def remarking(self, *remarks: str) -> Account:
        """Return the account with remarks; empty ones are dropped."""
        return Account(self.taken, self.left_out, (*self.remarks, *filter(None, remarks)))

    def __add__(self, other: Account) -> Account:
        """Put two accounts of one source together."""
        return Account(
            self.taken + other.taken, self.left_out + other.left_out, self.remarks + other.remarks
        )

    def line(self) -> str:
        """Say what was left out, and what else there is to say, in one line."""
        said = ", ".join(entry.text() for entry in self.left_out)
        return "; ".join([*([f"left out: {said}"] if said else []), *self.remarks])

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "taken": dict(self.taken),
            "left_out": [
                {"count": e.count, "what": e.what, "why": e.why, "names": list(e.names)}
                for e in self.left_out
            ],
            "remarks": list(self.remarks),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Account:
        """Return the account that :meth:`to_dict` gave."""
        return cls(
            tuple(values.get("taken", {}).items()),
            tuple(
                LeftOut(e["count"], e["what"], e.get("why", ""), tuple(e.get("names", ())))
                for e in values.get("left_out", ())
            ),
            tuple(values.get("remarks", ())),
        )
