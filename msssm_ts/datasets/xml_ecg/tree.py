"""XML files as trees, without what makes untrusted ones dangerous."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from msssm_ts.datasets.memory import allowed_bytes, demand
from msssm_ts.errors import InputError

# What an element or an attribute takes in memory, beside its text.
_ELEMENT = 200


def read_xml(file: Path) -> Element:
    """Read an XML file; names of elements without their namespaces.

    A document type is skipped (MUSE names one), nothing that it points to is fetched, and entities
    of its own are refused: they can grow without end.

    Raises
    ------
    InputError
        If it is no XML, or defines entities.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    taken, allowed = 0, allowed_bytes()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal taken
        taken += _ELEMENT * (1 + len(attributes))
        if taken > allowed:
            demand(taken, file, "its elements")
        builder.start(_local(name), {_local(k): v for k, v in attributes.items()})

    def entity(*_: Any) -> None:
        raise InputError(
            f"{file}: defines entities of its own, which no ECG needs; export the file anew"
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: builder.end(_local(name))
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = entity
    try:
        demand(file.stat().st_size, file, "its text")
        with file.open("rb") as stream:
            parser.ParseFile(stream)
        return builder.close()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); replace the file") from error
    except (expat.ExpatError, AssertionError, LookupError) as error:
        raise InputError(f"{file}: not readable as XML ({error}); replace the file") from error


def root_name(file: Path) -> str:
    """Return the name of a file's outermost element; empty where it is no XML.

    Only its beginning is looked at.
    """
    found: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        found.append(_local(name))

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = start
    try:
        with file.open("rb") as stream:
            parser.Parse(stream.read(8192))
    # An encoding that is not known is a LookupError.
    except (OSError, expat.ExpatError, LookupError):
        pass
    return found[0] if found else ""


def text_of(element: Element | None, name: str) -> str:
    """Return the text of a child; empty where there is none."""
    found = None if element is None else element.find(name)
    return (found.text or "").strip() if found is not None else ""


def _local(name: str) -> str:
    return name.rpartition("}")[2]
