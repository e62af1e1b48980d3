"""In which encoding a text is written."""

from __future__ import annotations

import codecs
import re

# Bytes that are no ASCII, in one run.
_RUNS = re.compile(rb"[\x80-\xff]+")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_FOREIGN_WORD = re.compile("[\u00c0-\u00ff]{3}")
# One sign that is no ASCII, within or behind Latin letters; and any of them.
_IN_WORD, _FOREIGN = re.compile("[A-Za-z][^\0-\x7f](?![^\0-\x7f])"), re.compile("[^\0-\x7f]+")
# Two bytes a character, of the characters in daily use.
_CHINESE = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe])+")
# Signs that stand in tables of Western Europe, beside letters.
_WESTERN_SIGNS = set("°µ²³±·€£§©®™–—‘’“”«»…×÷¼½¾¹ºª¿¡´¨\xa0¬¦¢¥¶•†‡‰‹›„‚˜ˆ¯¸")


def find_encoding(data: bytes, complete: bool) -> tuple[str, str]:
    """Return the encoding of a text that begins with some bytes, and what to say of a guess.

    Parameters
    ----------
    data : bytes
        The beginning of the text, or all of it.
    complete : bool
        Whether it is all.

    Returns
    -------
    encoding : str
        Empty where it cannot be told.
    remark : str
        Empty where nothing was guessed.

    Examples
    --------
    >>> find_encoding("label,µV".encode(), True)
    ('utf-8-sig', '')
    >>> find_encoding("label,µV".encode("cp1252"), True)
    ('cp1252', 'took the text for Windows-1252; save it in UTF-8 if names look wrong')
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16", "") if _decodes(data, "utf-16", complete) else ("", "")
    if _decodes(data, "utf-8-sig", complete):
        return "utf-8-sig", ""
    for encoding, name, is_it in (
        ("gb18030", "Chinese in GB18030", _is_chinese),
        ("cp932", "Japanese in Shift-JIS", _is_japanese),
        ("cp1252", "Windows-1252", _is_western),
    ):
        if _decodes(data, encoding, complete) and is_it(data):
            return encoding, f"took the text for {name}; save it in UTF-8 if names look wrong"
    return "", ""


def _decodes(data: bytes, encoding: str, complete: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, complete)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(data: bytes) -> bool:
    """Pairs of bytes alone, and not within words of Latin letters, as two umlauts are."""
    runs = list(_RUNS.finditer(data))
    if not all(_CHINESE.fullmatch(r[0]) for r in runs):
        return False
    return all(
        len(r[0]) > 2
        or not (
            _ASCII_LETTER.match(data[r.start() - 1 : r.start()])
            or _ASCII_LETTER.match(data[r.end() : r.end() + 1])
        )
        for r in runs
    )


def _is_japanese(data: bytes) -> bool:
    text = data.decode("cp932", "ignore")
    if all(_IN_WORD.match(text, m.start() - 1) for m in _FOREIGN.finditer(text) if m.start()):
        # Umlauts swallow the letter behind them.
        return False
    foreign = [c for c in text if ord(c) > 127]
    known = sum("\u3000" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" for c in foreign)
    # Half the width, as single bytes are read, it is seldom written.
    return bool(foreign) and known >= 0.9 * len(foreign)


def _is_western(data: bytes) -> bool:
    text = data.decode("cp1252", "ignore")
    if _FOREIGN_WORD.search(text):
        # Cyrillic, Greek and the like, one byte a letter.
        return False
    foreign = [c for c in text if ord(c) > 127]
    return all((c.isalpha() and c < "\u0200") or c in _WESTERN_SIGNS for c in foreign)
