"""Names and numbers of things: what a user may call them, and how `NAME@VERSION` is read."""

from __future__ import annotations

import os
import re
import time
import unicodedata
from dataclasses import dataclass

from mlops_desktop.core.errors import UserError

NAME_LIMIT = 80
_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_sha256(text: str) -> bool:
    """True for the only kind of text that may become the path of a blob."""
    return _SHA256.fullmatch(text) is not None


def uuid7() -> str:
    """A time-ordered UUID (RFC 9562, version 7) as 36 characters."""
    raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def checked_name(name: str, what: str) -> str:
    """The name in Unicode's composed form, or a UserError that says which rule it breaks.

    Names appear in file names of exports, in URLs and on command lines, so separators, control
    characters and a leading dot or dash are refused.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not name:
        raise UserError(f"The {what} needs a name.", hint="Give it one or more letters or digits.")
    if len(name) > NAME_LIMIT:
        raise UserError(
            f"The {what} name is {len(name)} characters long.",
            hint=f"Use at most {NAME_LIMIT}.",
        )
    bad = sorted({c for c in name if c in '/\\@:*?"<>|#%' or not c.isprintable()})
    if bad or name[0] in ".-":
        shown = " ".join(repr(c) for c in bad) or repr(name[0])
        raise UserError(
            f"The {what} name {name!r} holds {shown}.",
            hint="Use letters, digits, spaces, dots, dashes and underscores.",
        )
    return name


@dataclass(frozen=True, slots=True)
class Ref:
    """`NAME`, `NAME@3`, `NAME@alias` or `NAME:alias`: a version of a dataset or model as a user
    writes it. The alias of a dataset version is its tag."""

    name: str
    version: int | None = None
    alias: str | None = None

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read what a user wrote. Whether it exists is not asked here."""
        name, at, tail = text.rpartition("@")
        if not at:
            name, at, tail = text.rpartition(":")  # No name holds one.
        if not at:
            return cls(text.strip())
        if not name or not tail:
            raise UserError(f"{text!r} is not a name with a version.", hint="Write NAME@3.")
        tail = tail.removeprefix("v") if tail[1:].isdigit() else tail
        if tail.isdigit():
            return cls(name.strip(), version=int(tail))
        return cls(name.strip(), alias=tail)

    def __str__(self) -> str:
        tail = self.alias if self.version is None else self.version
        return self.name if tail is None else f"{self.name}@{tail}"
