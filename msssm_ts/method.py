"""How a part of a model is told of in a paper: a sentence, and what it cites."""

from __future__ import annotations

import re
from dataclasses import dataclass

_KEY = re.compile(r"@\w+\{([^,\s]+),")
_CITED = re.compile(r"@([\w:-]+)")


@dataclass(frozen=True)
class Method:
    """A sentence for a methods section, kept beside the code that it tells of.

    Parameters
    ----------
    sentence : str
        With citations as Pandoc writes them, ``[@key]`` or ``[@one; @two]``.
    references : tuple of str
        A BibTeX entry for each key.

    Raises
    ------
    ValueError
        If a key has no entry, or an entry is not cited.

    Examples
    --------
    >>> entry = "@book{vovk2005, title = {Algorithmic Learning in a Random World}}"
    >>> Method("Sets are conformal [@vovk2005].", (entry,)).keys
    ('vovk2005',)
    """

    sentence: str
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        cited = set(_CITED.findall(" ".join(re.findall(r"\[@[^\]]+\]", self.sentence))))
        if cited != set(self.keys):
            raise ValueError(f"cited are {sorted(cited)}, entries are of {sorted(self.keys)}")

    @property
    def keys(self) -> tuple[str, ...]:
        """The entries' keys, in their order."""
        found = [_KEY.match(entry.strip()) for entry in self.references]
        return tuple(match[1] if match else "" for match in found)
