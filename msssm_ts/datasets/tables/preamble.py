"""What stands above a table: hints, comments, and lines that say something of all of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from msssm_ts.datasets.leads import are_leads
from msssm_ts.datasets.units import is_unit

# What begins a comment.
COMMENT = ("#", "%", "//")
_SEPARATOR = re.compile(r"\"?sep=(\\t|tab|.)\"?", re.IGNORECASE)
_RATE = re.compile(
    r"(sample|sampling|samp\.?|acquisition)[ _]?(rate|frequency|freq)\.?|fs|frequency|rate",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\s*[(\[].*?[)\]]\s*|:$")
_UNHEARD = re.compile(r"[\s\"'\ufeff]+")
_SAYS = re.compile(r"\s*[:=]\s*")
_TIME = re.compile(r"(elapsed )?(date)?time(stamp)?|t\b|date|seconds|sec\b", re.IGNORECASE)
_HERTZ = re.compile(r"([0-9.,]+)\s*(k?hz|hertz|sps|samples( per |/)s(ec(ond)?)?|)", re.IGNORECASE)
_SAID_HERTZ = re.compile(r"[0-9.,]+\s*(k?hz|hertz)", re.IGNORECASE)
# Watches write them in the language of their owner.
_UNIT_NAMES = ("unit", "units", "einheit", "unité", "unidad", "unità", "unidade", "eenheid")
_CHANNEL_NAMES = (
    *("lead", "channel", "sensor", "ableitung", "kanal", "dérivation", "derivación"),
    *("derivazione", "derivação", "afleiding"),
)
_NO_UNIT = {"", "-", "cal", "raw", "n/a", "none", "text", "[]", "()"}


@dataclass(frozen=True)
class Preamble:
    """Lines above a table.

    Parameters
    ----------
    facts : mapping from str to str
        Names and values that stand there, a line each.
    comments : mapping from str to str
        What comments say of all of the table (:func:`commented`).
    """

    facts: Mapping[str, str]
    comments: Mapping[str, str] = field(default_factory=dict)

    @property
    def _said(self) -> dict[str, str]:
        return {**self.comments, **self.facts}

    @property
    def rate(self) -> float | None:
        """The sampling rate that a line names, in hertz."""
        found = _HERTZ.fullmatch(self._said.get(self._rate_name, "").strip())
        number = _float(found[1]) if found else None
        if found and number is not None and found[2].casefold() == "khz":
            number *= 1000
        return number if number is not None and 0 < number < 1e9 else None

    @property
    def _rate_name(self) -> str:
        """The line that names it; else the only one that has hertz, whatever it is called."""
        said = self._said.items()
        named = [n for n, v in said if _is_rate(n) and _HERTZ.fullmatch(v.strip())]
        hertz = [n for n, value in said if _SAID_HERTZ.fullmatch(value.strip())]
        return next(iter(named or (hertz if len(hertz) == 1 else ())), "")

    @property
    def rate_that_is_none(self) -> str:
        """The comment that names a rate and tells none; empty where there is no such."""
        told = (f"{n}: {v}" for n, v in self.comments.items() if _is_rate(n))
        return "" if self.rate is not None else next(told, "")

    @property
    def unit(self) -> str:
        """The unit that a line names."""
        return self._fact(_UNIT_NAMES)

    @property
    def channel(self) -> str:
        """The channel that a line names."""
        return self._fact(_CHANNEL_NAMES)

    def unused(self, used: Collection[str] = ()) -> list[str]:
        """Return the names of lines that say nothing of use."""
        return [
            n
            for n in self.facts
            if n
            and n not in used
            and n.strip().rstrip(":").casefold() not in (*_UNIT_NAMES, *_CHANNEL_NAMES)
            and not (self.rate is not None and (_is_rate(n) or n == self._rate_name))
        ]

    def _fact(self, names: Collection[str]) -> str:
        for name, value in self._said.items():
            if name.strip().rstrip(":").casefold() in names:
                return value.strip()
        return ""


def named_separator(line: str) -> str | None:
    r"""Return the separator that a first line for spreadsheets names, such as ``sep=;``.

    Examples
    --------
    >>> named_separator("sep=;\n"), named_separator("label;t0\n")
    (';', None)
    """
    found = _SEPARATOR.fullmatch(line.lstrip("\ufeff").rstrip("\r\n;, "))
    if found is None:
        found = _SEPARATOR.fullmatch(line.lstrip("\ufeff").rstrip("\r\n"))
    if found is None:
        return None
    return "\t" if found[1].lower() in ("\\t", "tab") else found[1]


def is_comment(line: str) -> bool:
    """Whether a line is a comment.

    Examples
    --------
    >>> is_comment("# made by hand"), is_comment("a,1,2")
    (True, False)
    """
    return line.lstrip(' \t"').startswith(COMMENT)


def plain_header(line: str) -> str:
    r"""Return a header without what tools write otherwise when they repeat it below.

    Examples
    --------
    >>> plain_header('"label", T0\r\n') == plain_header("\ufefflabel,t0")
    True
    """
    return _UNHEARD.sub("", line).casefold()


def commented(lines: Sequence[str]) -> dict[str, str]:
    """Return what comments above a table say of all of it: a rate, be it one or not, or a unit.

    Examples
    --------
    >>> commented(["# made by hand: yes", "%Sample Rate = 250 Hz # as set", "# unit: mV"])
    {'Sample Rate': '250 Hz', 'unit': 'mV'}
    >>> Preamble({}, commented(["# fs: fast"])).rate_that_is_none
    'fs: fast'
    """
    found = {}
    for line in lines:
        name, *values = _SAYS.split(line.strip().strip('"').lstrip("#%/ \t"), maxsplit=1)
        value = values[0].partition("#")[0].strip(" ,;\t") if values else ""
        if value and (_is_rate(name) or name.casefold() in _UNIT_NAMES):
            found[name.strip()] = value
    return found


def first_of_table(table: Sequence[Sequence[str]], is_number: Sequence[bool]) -> int:
    """Return the first row that belongs to a table below lines with a name and a value each.

    Parameters
    ----------
    table : sequence of sequence of str
        Cells of the first rows.
    is_number : sequence of bool
        Which of the rows begin with a number.

    Examples
    --------
    >>> rows = [["Name", "x"], ["Rate", "512 Hz"], ["1.5"], ["2.5"], ["3"], ["4"]]
    >>> first_of_table(rows, [False, False, True, True, True, True])
    2
    """
    if len(table) < 4:
        return 0
    width = len(table[-1])
    start = len(table)
    while start and len(table[start - 1]) == width:
        start -= 1
    if width <= 3:
        # As wide as names and values are: the numbers tell where these end.
        start = next((i for i, number in enumerate(is_number) if number), len(table))
        if not all(is_number[start:]):
            return 0
        if 0 < start < len(table) and _is_below_header(table[start - 1], table[start]):
            start -= 1
        start -= start > 0 and _is_header(table[start - 1], width, start == 1)
    if len(table) - start < 3 or not all(0 < _filled(row) <= 3 for row in table[:start]):
        return 0
    return start


def _is_below_header(row: Sequence[str], values: Sequence[str]) -> bool:
    return are_units(row, values) or {c.strip().upper() for c in row} <= {"CAL", "RAW"}


def _is_header(row: Sequence[str], width: int, alone: bool) -> bool:
    """Whether a row above few columns of numbers names them, and is no name and value."""
    # pandas writes no name for the numbers of rows.
    unnamed = alone and bool(row) and not row[0].strip()
    if len(row) != width or _filled(row) < width - unnamed:
        return False
    named = alone or width != 2 or _TIME.match(row[0].strip()) is not None
    return named or are_leads(row)


def are_units(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row below the header gives units, for the numbers in the row below it.

    Examples
    --------
    >>> are_units(["s", "mV"], ["0.5", "3"]), are_units(["a", "b"], ["a", "c"])
    (True, False)
    """
    if len(cells) != len(below):
        return False
    plain = [unit_of(c).casefold() for c in cells]
    known = [is_unit(p) for p in plain]
    measured = sum(k and _float(b) is not None for k, b in zip(known, below, strict=True))
    return measured >= max(1, len(cells) / 3) and all(
        k or p in _NO_UNIT for k, p in zip(known, plain, strict=True)
    )


def joined_headers(names: Sequence[str], below: Sequence[str]) -> list[str]:
    """Return the names of columns whose steps a second row numbers, as pandas writes two levels.

    Empty where the row below the header is none of the kind.

    Examples
    --------
    >>> joined_headers(["acc", "acc", "gyr", "gyr", "label"], ["0", "1", "0", "1", ""])
    ['acc_0', 'acc_1', 'gyr_0', 'gyr_1', 'label']
    >>> joined_headers(["a", "b"], ["0", "1"])
    []
    """
    if len(names) != len(below):
        return []
    numbered: dict[str, list[str]] = {}
    for name, number in zip(names, below, strict=True):
        if number.strip():
            numbered.setdefault(name, []).append(number.strip())
    counts = [
        [str(i + first) for i in range(len(own))] for first in (0, 1) for own in numbered.values()
    ]
    n = len(numbered)
    alike = [*numbered.values()] in (counts[:n], counts[n:])
    if not numbered or not alike or min(map(len, numbered.values())) < 2 or "" in numbered:
        return []
    return [f"{a}_{b.strip()}" if b.strip() else a for a, b in zip(names, below, strict=True)]


def named_twice(names: Sequence[str], below: Sequence[str], values: Sequence[str]) -> list[str]:
    """Return the names of columns that two rows give, the first of them to several at once.

    Empty where the row below the header is none of the kind.

    Parameters
    ----------
    names, below, values : sequence of str
        The first three rows.

    Examples
    --------
    >>> named_twice(["acc", "acc", "about"], ["x", "y", "label"], ["1", "2", "a"])
    ['x', 'y', 'label']
    >>> named_twice(["acc", "acc", "gyr"], ["x", "y", "x"], ["1", "2", "3"])
    ['acc_x', 'acc_y', 'gyr_x']
    >>> named_twice(["acc", "acc", "time"], ["m/s^2", "m/s^2", "s"], ["1", "2", "3"])
    []
    """
    if not len(names) == len(below) == len(values) or len({*names}) == len(names):
        return []
    words = [b.strip() for b in below]
    pairs = {*zip(names, words, strict=True)}
    numbers = [_float(v) is not None for v in values]
    if not all(words) or len(pairs) < len(names) or 2 * sum(numbers) < len(names):
        return []
    if any(_float(w) is not None for w in words) or are_units(below, values):
        return []
    if len({*words}) == len(words):
        return words
    return [f"{a}_{b}" if a.strip() else b for a, b in zip(names, words, strict=True)]


def unit_of(cell: str) -> str:
    """Return a unit without the brackets around it.

    Examples
    --------
    >>> unit_of("[mV]"), unit_of("-")
    ('mV', '-')
    """
    text = cell.strip()
    if text[:1] in ("(", "[") and text[-1:] in (")", "]") and text.count(text[0]) == 1:
        text = text[1:-1]
    return text.strip()


def _is_rate(name: str) -> bool:
    return _RATE.fullmatch(_IN_BRACKETS.sub("", name).strip()) is not None


def _filled(row: Sequence[str]) -> int:
    return sum(bool(c.strip()) for c in row)


def _float(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
